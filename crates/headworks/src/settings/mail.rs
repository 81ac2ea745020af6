//! `[mail]`: the mail server over which people are told of alarms.

use std::path::PathBuf;

use headworks_logic::notification::{MailEncryption, MailSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Outbound, SettingsError};

/// The mail server over which people are told of alarms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Mail {
    /// Name or address of the server; empty for none.
    pub(crate) host: String,
    /// Its port: 587 with `starttls`, 465 with `tls`, as a rule.
    pub(crate) port: u16,
    /// How the connection is encrypted.
    pub(crate) encryption: Encryption,
    /// Who signs in; empty for nobody.
    pub(crate) user: String,
    /// File that holds the password, read for each message.
    pub(crate) password_file: PathBuf,
    /// Address that messages come from.
    pub(crate) from: String,
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encryption {
    /// It begins in the clear and must be turned into TLS.
    #[default]
    Starttls,
    /// TLS from the beginning.
    Tls,
    /// Not at all, where the network is trusted.
    None,
}

impl Default for Mail {
    fn default() -> Mail {
        Mail {
            host: String::new(),
            port: 587,
            encryption: Encryption::Starttls,
            user: String::new(),
            password_file: PathBuf::new(),
            from: String::new(),
        }
    }
}

impl Mail {
    /// Returns what notification is told; nothing when there is no mail server.
    ///
    /// # Errors
    ///
    /// What does not fit together.
    pub(crate) fn settings(
        &self,
        outbound: &Outbound,
    ) -> Result<Option<MailSettings>, SettingsError> {
        if self.host.is_empty() {
            return Ok(None);
        }
        let refused = |reason: &str| {
            Err(SettingsError::Argument {
                reason: reason.to_owned(),
            })
        };
        if !self.from.contains('@') {
            return refused("mail.host needs mail.from, the address that messages come from");
        }
        if self.user.is_empty() != self.password_file.as_os_str().is_empty() {
            return refused("mail.user and mail.password_file go together; set both or none");
        }
        if !self.user.is_empty() && self.encryption == Encryption::None {
            return refused(
                "mail.user with mail.encryption = \"none\" would send the password in the clear; \
                 use \"starttls\" or \"tls\"",
            );
        }
        Ok(Some(MailSettings {
            host: self.host.clone(),
            port: self.port,
            encryption: match self.encryption {
                Encryption::Starttls => MailEncryption::Starttls,
                Encryption::Tls => MailEncryption::Tls,
                Encryption::None => MailEncryption::None,
            },
            user: self.user.clone(),
            password_file: self.password_file.clone(),
            from: self.from.clone(),
            ca_file: outbound.settings().ca_file,
        }))
    }
}
