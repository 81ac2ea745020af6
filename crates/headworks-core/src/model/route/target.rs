//! Where routes lead: one type per kind of target, and a line per kind in each `match` here.
//!
//! How a kind of target is added: `headworks_logic::router`.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::model::device::{check_lines, check_text};
use crate::model::object::{FieldError, ObjectId};
use crate::route::message;

mod read;

/// A place to which a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RouteTarget {
    /// A tag that is written.
    Tag(TagTarget),
    /// A web service that is told.
    Webhook(WebhookTarget),
}

/// A tag that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagTarget {
    /// The tag; it stays the target when it is renamed.
    pub tag: ObjectId,
}

/// A web service that is told, by a request of its own for each value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookTarget {
    /// Where to, `http` or `https`; `${secret:name}` stands for a named secret.
    #[schemars(length(min = 1, max = 2000))]
    pub url: String,
    /// How.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub method: WebhookMethod,
    /// Headers, with `${secret:name}` for named secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "headers_schema")]
    pub headers: BTreeMap<String, String>,
    /// What the body is.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub body_type: BodyType,
    /// The body, with `{path}`, `{value}` and the other places of the documentation; an object
    /// with everything that is known when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 8000))]
    pub body: String,
    /// Milliseconds that one try may take.
    #[serde(default = "default_timeout_ms")]
    #[schemars(range(min = 100, max = 60_000))]
    pub timeout_ms: u32,
    /// Tries before it goes to the dead letters.
    #[serde(default = "default_tries")]
    #[schemars(range(min = 1, max = 10))]
    pub tries: u8,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum WebhookMethod {
    /// `POST`.
    #[default]
    Post,
    /// `PUT`.
    Put,
}

/// What a body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyType {
    /// `application/json`: what is filled in is escaped, and the body is checked.
    #[default]
    Json,
    /// `text/plain`.
    Text,
}

/// Time for one try where none is given.
const TIMEOUT_MS_DEFAULT: u32 = 10_000;
/// Tries where none are given.
const TRIES_DEFAULT: u8 = 3;
const URL_MAX: usize = 2000;
const HEADERS_MAX: usize = 16;
const HEADER_NAME_MAX: usize = 64;
const HEADER_VALUE_MAX: usize = 2000;
const BODY_MAX: usize = 8000;

const fn default_timeout_ms() -> u32 {
    TIMEOUT_MS_DEFAULT
}

const fn default_tries() -> u8 {
    TRIES_DEFAULT
}

fn headers_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": HEADERS_MAX,
        "propertyNames": { "type": "string", "minLength": 1, "maxLength": HEADER_NAME_MAX },
        "additionalProperties": { "type": "string", "maxLength": HEADER_VALUE_MAX },
    })
}

impl RouteTarget {
    /// Returns the kind as the API writes it.
    pub const fn kind(&self) -> &'static str {
        match self {
            RouteTarget::Tag(_) => "tag",
            RouteTarget::Webhook(_) => "webhook",
        }
    }

    /// Returns what tells it from other targets of its kind, with the kind: by it a dead letter
    /// finds its target again.
    pub fn place(&self) -> String {
        match self {
            RouteTarget::Tag(target) => format!("tag {}", target.tag),
            RouteTarget::Webhook(target) => format!("webhook {}", target.url),
        }
    }

    /// Returns the tag that is written; none for other kinds.
    pub const fn tag(&self) -> Option<ObjectId> {
        match self {
            RouteTarget::Tag(target) => Some(target.tag),
            RouteTarget::Webhook(_) => None,
        }
    }

    pub(super) fn check(&self, field: &str) -> Result<(), FieldError> {
        match self {
            RouteTarget::Tag(_) => Ok(()), // that it is there is the business of the hub
            RouteTarget::Webhook(target) => target.check(field),
        }
    }
}

impl WebhookTarget {
    fn check(&self, field: &str) -> Result<(), FieldError> {
        self.check_url(&format!("{field}/url"))?;
        self.check_headers(&format!("{field}/headers"))?;
        self.check_body(&format!("{field}/body"))?;
        for (name, found, min, max) in [
            ("timeout_ms", self.timeout_ms, 100, 60_000),
            ("tries", self.tries.into(), 1, 10),
        ] {
            if !(min..=max).contains(&found) {
                let reason = format!("{found}; {min} to {max} are allowed");
                return Err(FieldError::new(format!("{field}/{name}"), reason));
            }
        }
        Ok(())
    }

    fn check_url(&self, field: &str) -> Result<(), FieldError> {
        check_text(field, &self.url, URL_MAX)?;
        let rest = self.url.strip_prefix("https://");
        let rest = rest.or_else(|| self.url.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
        let reason = match host {
            None => "must begin with http:// or https://",
            Some("") => "names no host",
            Some(host) if host.contains('@') => {
                "holds a user or password; put them into a header with ${secret:name}"
            }
            Some(_) if self.url.contains(char::is_whitespace) => "holds a blank",
            Some(_) => return Ok(()),
        };
        Err(FieldError::new(field, reason))
    }

    fn check_headers(&self, field: &str) -> Result<(), FieldError> {
        let count = self.headers.len();
        if HEADERS_MAX < count {
            let reason = format!("{count} headers; at most {HEADERS_MAX} are allowed");
            return Err(FieldError::new(field, reason));
        }
        for (name, value) in &self.headers {
            let shown: String = name.chars().take(HEADER_NAME_MAX).collect();
            if name.is_empty() || HEADER_NAME_MAX < name.len() || !name.bytes().all(is_token) {
                let reason = format!("{shown:?} is no name of a header");
                return Err(FieldError::new(field, reason));
            }
            if OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                let reason = format!("{shown:?} is set by the program; leave it out");
                return Err(FieldError::new(field, reason));
            }
            check_text(&format!("{field}/{name}"), value, HEADER_VALUE_MAX)?;
        }
        Ok(())
    }

    fn check_body(&self, field: &str) -> Result<(), FieldError> {
        check_lines(field, &self.body, BODY_MAX)?;
        if self.body.is_empty() {
            return Ok(());
        }
        message::check(&self.body, self.body_type).map_err(|reason| FieldError::new(field, reason))
    }
}

/// Headers that belong to the transport; another value would let one request pass for two.
const OWN_HEADERS: [&str; 6] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "upgrade",
];

/// Returns whether a byte may stand in the name of a header; RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
