//! What all objects share: an id, a revision and the way they are checked.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The lasting identity of an object: a UUID, version 7 for new ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ObjectId(pub Uuid);

/// The kinds of objects in the configuration store.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A place of the plant.
    Asset,
    /// A configured link through one driver.
    Connection,
    /// What all devices of a type have in common.
    Template,
    /// An addressable thing behind a connection.
    Device,
    /// One data point.
    Tag,
    /// Devices and tags that belong together.
    Group,
    /// What an operator is to be told of.
    Alarm,
    /// A way of samples to other tags and to web services.
    Route,
    /// A way on which people are told of alarms.
    Channel,
    /// People, and who of them is on duty when.
    Roster,
    /// Who is told of which alarms.
    Policy,
    /// A page of widgets.
    Dashboard,
    /// A picture that pages of widgets show.
    Picture,
    /// How long samples are kept.
    Retention,
    /// What the plant's own texts are in another language.
    Dictionary,
}

/// An object as it is kept: its body with identity and revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Object<T> {
    /// Lasting identity.
    pub id: ObjectId,
    /// Counts the changes of the object, from 1.
    pub revision: u64,
    /// Time of the last change, microseconds since 1970-01-01 UTC.
    pub updated_us: i64,
    /// What was configured.
    #[serde(flatten)]
    pub body: T,
}

/// The typed body of a kind.
pub trait ObjectBody: Serialize + DeserializeOwned + JsonSchema {
    /// The kind of this body.
    const KIND: Kind;

    /// Checks what one object can know of itself.
    ///
    /// # Errors
    ///
    /// The first field that cannot work, with the reason.
    fn check(&self) -> Result<(), FieldError>;
}

/// A field that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct FieldError {
    /// JSON pointer of the field within the object, e.g. `/settings/port`.
    pub field: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl FieldError {
    /// Returns the error of a field.
    pub fn new(field: impl Into<String>, reason: impl fmt::Display) -> FieldError {
        FieldError {
            field: field.into(),
            reason: reason.to_string(),
        }
    }
}

impl Kind {
    /// Every kind, those first on which others rest.
    pub const ALL: [Kind; 15] = [
        Kind::Asset,
        Kind::Connection,
        Kind::Template,
        Kind::Device,
        Kind::Tag,
        Kind::Group,
        Kind::Alarm,
        Kind::Route,
        Kind::Channel,
        Kind::Roster,
        Kind::Policy,
        Kind::Dashboard,
        Kind::Picture,
        Kind::Retention,
        Kind::Dictionary,
    ];

    /// Returns the name as the store and the API write it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Asset => "asset",
            Kind::Connection => "connection",
            Kind::Template => "template",
            Kind::Device => "device",
            Kind::Tag => "tag",
            Kind::Group => "group",
            Kind::Alarm => "alarm",
            Kind::Route => "route",
            Kind::Channel => "channel",
            Kind::Roster => "roster",
            Kind::Policy => "policy",
            Kind::Dashboard => "dashboard",
            Kind::Picture => "picture",
            Kind::Retention => "retention",
            Kind::Dictionary => "dictionary",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Kind, FieldError> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| {
                FieldError::new(
                    "/kind",
                    format_args!("{text:?} is not one of {:?}", Kind::ALL),
                )
            })
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for ObjectId {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<ObjectId, FieldError> {
        text.parse().map(ObjectId).map_err(|_| {
            let shown: String = text.chars().take(40).collect();
            FieldError::new("/id", format_args!("{shown:?} is not a UUID"))
        })
    }
}
