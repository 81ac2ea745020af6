//! A message to one reader, as it is kept until it is sent.

use headworks_core::model::Person;
use serde::{Deserialize, Serialize};

use super::engine::Message;

/// A message to one reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// What happened.
    pub message: Message,
    /// Name of the policy, as it was; empty for a test.
    pub policy_name: String,
    /// Name of the channel, as it was.
    pub channel_name: String,
    /// Who it is for; nobody by name when it goes to a web server.
    pub person: Option<Person>,
    /// Language of the reader.
    pub language: String,
    /// What has happened in one line, for the log.
    pub title: String,
    /// Whether somebody tries the channel.
    pub is_test: bool,
}

impl Letter {
    /// Returns who it goes to, for the log.
    pub fn recipient(&self) -> String {
        let person = self.person.as_ref();
        person.map_or(String::new(), |person| {
            match person.name.is_empty() || person.name == person.email {
                true => person.email.clone(),
                false => format!("{} <{}>", person.name, person.email),
            }
        })
    }
}
