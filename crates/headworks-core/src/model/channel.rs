//! Channels: the ways on which people are told of alarms.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::alarm::check_language;
use super::device::{check_description, check_lines, check_name};
use super::object::{FieldError, Kind, ObjectBody};
use super::roster::{check_count, check_email, english};
use super::route::{BodyType, WebhookMethod};

mod presets;
mod template;
#[cfg(test)]
mod tests;

pub use presets::{ChannelPreset, channel_presets};
pub use template::{PLACEHOLDERS, fill_template};

/// A way on which people are told of alarms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Name on screen, unique among channels.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
    /// Whether anything is sent.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Language of what is sent to nobody by name, e.g. `de`; English when it is not known.
    #[serde(default = "english")]
    #[schemars(length(min = 2, max = 35))]
    pub language: String,
    /// Where to and how.
    pub target: ChannelTarget,
}

/// Where a channel leads, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    deny_unknown_fields,
    try_from = "ReadTarget"
)]
#[schemars(!try_from)]
pub enum ChannelTarget {
    /// E-mail to the people whom the policy names, over the mail server of the settings.
    Email {
        /// Addresses that get every message too, such as a list of a team.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 20), inner(length(min = 3, max = 254)))]
        to: Vec<String>,
    },
    /// A request to a web server, one per message.
    Webhook(Webhook),
}

/// A target as it is read: field by field, so that a mistake is told where it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadTarget {
    kind: TargetKind,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    method: WebhookMethod,
    #[serde(default)]
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body_type: BodyType,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum TargetKind {
    Email,
    Webhook,
}

/// A request to a web server. Address and headers may hold `${secret:name}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// How it is sent.
    #[serde(default)]
    pub method: WebhookMethod,
    /// Where to: `http://` or `https://`, without a user or password.
    #[schemars(length(min = 1, max = 2000))]
    pub url: String,
    /// Further headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "headers_schema")]
    pub headers: BTreeMap<String, String>,
    /// What the body is; what placeholders stand for is written as JSON strings need it.
    #[serde(default)]
    pub body_type: BodyType,
    /// The body, with placeholders such as `{title}` and `{text}`.
    #[schemars(length(min = 1, max = 16_000))]
    pub body: String,
}

/// Most addresses of a channel, and most headers.
const LIST_MAX: usize = 20;
/// Most characters of an address or the value of a header.
const TEXT_MAX: usize = 2000;
/// Most characters of a body.
const BODY_MAX: usize = 16_000;
/// Most characters of the name of a header.
const HEADER_NAME_MAX: usize = 100;
/// Headers that are made when the request is sent.
const OWN_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

const fn yes() -> bool {
    true
}

fn headers_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": LIST_MAX,
        "propertyNames": { "type": "string", "minLength": 1, "maxLength": HEADER_NAME_MAX },
        "additionalProperties": { "type": "string", "maxLength": TEXT_MAX },
    })
}

impl TryFrom<ReadTarget> for ChannelTarget {
    type Error = &'static str;

    fn try_from(read: ReadTarget) -> Result<ChannelTarget, &'static str> {
        let webhook = Webhook {
            method: read.method,
            url: read.url,
            headers: read.headers,
            body_type: read.body_type,
            body: read.body,
        };
        match read.kind {
            TargetKind::Email if webhook == Webhook::default() => {
                Ok(ChannelTarget::Email { to: read.to })
            }
            TargetKind::Email => Err("of the kind email has addresses in `to` and nothing else"),
            TargetKind::Webhook if read.to.is_empty() => Ok(ChannelTarget::Webhook(webhook)),
            TargetKind::Webhook => Err("of the kind webhook has no field `to`"),
        }
    }
}

impl ObjectBody for Channel {
    const KIND: Kind = Kind::Channel;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        check_description(&self.description)?;
        check_language("/language", &self.language)?;
        match &self.target {
            ChannelTarget::Email { to } => {
                check_count("/target/to", to.len(), 0, LIST_MAX)?;
                let mut places = to.iter().enumerate();
                places.try_for_each(|(place, email)| {
                    check_email(&format!("/target/to/{place}"), email)
                })
            }
            ChannelTarget::Webhook(webhook) => webhook.check(),
        }
    }
}

impl Channel {
    /// Returns the addresses that get every message; none for a webhook.
    pub fn addresses(&self) -> &[String] {
        match &self.target {
            ChannelTarget::Email { to } => to,
            ChannelTarget::Webhook(_) => &[],
        }
    }
}

impl Webhook {
    fn check(&self) -> Result<(), FieldError> {
        check_url("/target/url", &self.url)?;
        check_count("/target/headers", self.headers.len(), 0, LIST_MAX)?;
        for (name, value) in &self.headers {
            check_header(name, value)?;
        }
        check_lines("/target/body", &self.body, BODY_MAX)?;
        if self.body.trim().is_empty() {
            return Err(FieldError::new("/target/body", "is empty"));
        }
        let is_json = self.body_type == BodyType::Json;
        template::check(&self.body, is_json)
            .map_err(|reason| FieldError::new("/target/body", reason))
    }
}

fn check_header(name: &str, value: &str) -> Result<(), FieldError> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || HEADER_NAME_MAX < name.len() || !name.bytes().all(is_known) {
        let shown: String = name.chars().take(40).collect();
        let reason = format!("{shown:?} is no name of a header");
        return Err(FieldError::new("/target/headers", reason));
    }
    let field = format!("/target/headers/{name}");
    if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(FieldError::new(
            field,
            "is made by the program; leave it out",
        ));
    }
    let is_plain = |letter: char| letter == ' ' || letter.is_ascii_graphic();
    if TEXT_MAX < value.len() || !value.chars().all(is_plain) {
        let reason = format!("has to be at most {TEXT_MAX} characters of ASCII in one line");
        return Err(FieldError::new(field, reason));
    }
    check_secrets(&field, value)
}

/// Checks an address as far as it can be without what its secrets hold.
fn check_url(field: &str, url: &str) -> Result<(), FieldError> {
    let refused = |reason: &str| Err(FieldError::new(field, reason));
    let is_odd = |letter: char| letter.is_control() || letter.is_whitespace();
    if url.is_empty() || TEXT_MAX < url.chars().count() || url.contains(is_odd) {
        return refused("has to be 1 to 2000 characters without blanks");
    }
    check_secrets(field, url)?;
    if url.starts_with("${secret:") {
        return Ok(());
    }
    let Some(rest) = ["http://", "https://"]
        .into_iter()
        .find_map(|scheme| url.strip_prefix(scheme))
    else {
        return refused("begins neither with http:// nor with https://");
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match &rest[..end] {
        "" => refused("names no host"),
        host if host.contains('@') => {
            refused("holds a user or a password; give a header Authorization with a secret instead")
        }
        _ => Ok(()),
    }
}

/// Checks that what begins like a secret is one.
fn check_secrets(field: &str, text: &str) -> Result<(), FieldError> {
    for part in text.split("${").skip(1) {
        let name = part
            .strip_prefix("secret:")
            .and_then(|rest| rest.split_once('}'));
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let fits = name
            .is_some_and(|(name, _)| (1..=64).contains(&name.len()) && name.bytes().all(is_known));
        if !fits {
            return Err(FieldError::new(field, "write ${secret:name} for a secret"));
        }
    }
    Ok(())
}
