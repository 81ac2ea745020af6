//! The guarded way out over HTTP: what webhooks of routes and notification go through.
//!
//! Whoever may configure a webhook must not reach what only this machine can reach. So the
//! address that a name resolves to is checked, not the name, and the address that was checked is
//! the one that is connected to; every redirect is checked the same way. [`Guard`] says which
//! addresses are out of bounds, [`Client`] sends, [`Secrets`] fills in `${secret:name}` at the
//! last moment. An answer is read to [`ANSWER_BYTES_MAX`], whatever its length; there is a time
//! for all of it. Proxies that the environment names are not used.

mod client;
mod connect;
mod guard;
mod secrets;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

pub use client::Client;
pub use guard::Guard;
use headworks_core::model::{BodyType, Webhook, WebhookMethod};
use ipnet::IpNet;
pub use secrets::{SecretValue, Secrets};

/// Most bytes of an answer that are read.
pub const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Most bytes of the body of a request.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Most redirects that are followed.
pub const REDIRECTS_MAX: usize = 3;

/// What the way out is told.
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    /// Addresses that may be reached although they are loopback, link-local or the like.
    pub allow: Vec<IpNet>,
    /// Certificates of own authorities, as PEM file, besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Longest time to resolve a name, connect and shake hands.
    pub connect_timeout: Duration,
    /// Longest time for a request with its redirects and its answer.
    pub timeout: Duration,
}

/// A request to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Where to, `http` or `https`; may hold `${secret:name}`.
    pub url: String,
    /// Headers besides the usual ones; values may hold `${secret:name}`.
    pub headers: Vec<(String, String)>,
    /// Media type of the body, when no header says another one.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// POST.
    #[default]
    Post,
    /// PUT.
    Put,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// The beginning of the body as text, with `***` in the place of secrets.
    pub text: String,
    /// Whether there was more.
    pub is_cut: bool,
    /// How long the server asks to wait before the next request.
    pub retry_after: Option<Duration>,
    /// How long it took.
    pub took: Duration,
}

/// Why a request brought no answer. Neither holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// It cannot work as it is configured; another try would not help.
    #[error("{reason}")]
    Refused {
        /// What is wrong and what to do.
        reason: String,
    },
    /// It did not work this time.
    #[error("{reason}")]
    Failed {
        /// What happened.
        reason: String,
    },
}

impl Default for OutboundSettings {
    fn default() -> OutboundSettings {
        OutboundSettings {
            allow: Vec::new(),
            ca_file: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
        }
    }
}

impl Request {
    /// Returns the request of a webhook with this body.
    pub fn of(webhook: &Webhook, body: String) -> Request {
        let headers = webhook.headers.iter();
        Request {
            method: match webhook.method {
                WebhookMethod::Post => Method::Post,
                WebhookMethod::Put => Method::Put,
            },
            url: webhook.url.clone(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            content_type: match webhook.body_type {
                BodyType::Json => "application/json",
                BodyType::Text => "text/plain; charset=utf-8",
            },
            body: body.into_bytes(),
        }
    }
}

impl Answer {
    /// Returns whether the request was taken.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns whether the same request may be taken later: the server is busy or failed.
    pub fn is_worth_another_try(&self) -> bool {
        matches!(self.status, 408 | 425 | 429) || 500 <= self.status
    }
}

impl OutboundError {
    fn refused(reason: impl Into<String>) -> OutboundError {
        OutboundError::Refused {
            reason: reason.into(),
        }
    }

    fn failed(reason: impl Into<String>) -> OutboundError {
        OutboundError::Failed {
            reason: reason.into(),
        }
    }
}
