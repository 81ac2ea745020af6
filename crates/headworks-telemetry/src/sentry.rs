//! Errors to a server that speaks the protocol of Sentry: one envelope per error over HTTP.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::export::{Endpoint, ExportStats, Exporter, agent};
use crate::line::{Level, Line, time_text};

/// Most errors that are sent within [`RATE_TIME`].
const RATE_MAX: usize = 60;
const RATE_TIME: Duration = Duration::from_secs(60);

/// Where errors are sent, and with which key: `https://KEY@HOST/PROJECT`. Its key is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn {
    key: String,
    url: String,
}

/// A text is no DSN. It is not quoted, because it may hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no DSN, e.g. https://KEY@sentry.example/PROJECT")]
pub struct DsnError;

/// The way to the server.
#[derive(Debug)]
pub(crate) struct Sentry {
    exporter: Exporter<Arc<Line>>,
    recent: Mutex<VecDeque<Instant>>,
}

impl FromStr for Dsn {
    type Err = DsnError;

    fn from_str(text: &str) -> Result<Dsn, DsnError> {
        parse(text).ok_or(DsnError)
    }
}

fn parse(text: &str) -> Option<Dsn> {
    let (scheme, rest) = text.split_once("://")?;
    let (user, place) = rest.split_once('@')?;
    let key = user.split(':').next().filter(|key| !key.is_empty())?;
    let (base, project) = place.trim_end_matches('/').rsplit_once('/')?;
    let is_word = |word: &str| word.chars().all(|it| it.is_ascii_alphanumeric());
    if project.is_empty() || !is_word(project) || !is_word(key) {
        return None;
    }
    // An old path of the base stays in front of `/api`.
    let (host, path) = base
        .split_once('/')
        .map_or((base, String::new()), |(host, path)| {
            (host, format!("/{path}"))
        });
    let url: Endpoint = format!("{scheme}://{host}{path}/api/{project}/envelope")
        .parse()
        .ok()?;
    Some(Dsn {
        key: key.to_owned(),
        url: format!("{}/", url.as_str()),
    })
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dsn")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Sentry {
    pub(crate) fn start(dsn: Dsn) -> std::io::Result<Sentry> {
        let agent = agent();
        let send = move |lines: &[Arc<Line>]| {
            // Not `all`: one that is refused does not keep the others back.
            let refused = lines.iter().filter(|line| !send(&agent, &dsn, line));
            refused.count() == 0
        };
        Ok(Sentry {
            exporter: Exporter::start("sentry", send)?,
            recent: Mutex::default(),
        })
    }

    /// Takes an error; beyond the rate it is dropped and counted.
    pub(crate) fn give(&self, line: Arc<Line>) {
        if self.has_turn(Instant::now()) {
            self.exporter.give(line);
        } else {
            self.exporter.note_dropped();
        }
    }

    fn has_turn(&self, now: Instant) -> bool {
        let mut recent = self.recent.lock();
        while recent
            .front()
            .is_some_and(|&first| RATE_TIME <= now.duration_since(first))
        {
            recent.pop_front();
        }
        let has_turn = recent.len() < RATE_MAX;
        if has_turn {
            recent.push_back(now);
        }
        has_turn
    }

    pub(crate) fn flush(&self, patience: Duration) {
        self.exporter.flush(patience);
    }

    pub(crate) fn stats(&self) -> ExportStats {
        self.exporter.stats()
    }
}

fn send(agent: &ureq::Agent, dsn: &Dsn, line: &Line) -> bool {
    let auth = format!(
        "Sentry sentry_version=7, sentry_client=headworks/{}, sentry_key={}",
        env!("CARGO_PKG_VERSION"),
        dsn.key
    );
    agent
        .post(&dsn.url)
        .header("content-type", "application/x-sentry-envelope")
        .header("x-sentry-auth", auth)
        .send(envelope(line))
        .is_ok()
}

/// An envelope: a line of its own, a line of its only item, the item.
fn envelope(line: &Line) -> String {
    let id = Uuid::now_v7().simple().to_string();
    let event = event(line, &id).to_string();
    let head = json!({ "event_id": id, "sent_at": time_text(line.time_us) });
    let item =
        json!({ "type": "event", "content_type": "application/json", "length": event.len() });
    format!("{head}\n{item}\n{event}\n")
}

fn event(line: &Line, id: &str) -> Value {
    let level = if line.level == Level::Error {
        "error"
    } else {
        "warning"
    };
    let mut event = json!({
        "event_id": id,
        "timestamp": time_text(line.time_us),
        "platform": "native",
        "level": level,
        "logger": line.module,
        "release": concat!("headworks@", env!("CARGO_PKG_VERSION")),
        "logentry": { "formatted": line.message },
        "tags": { "module": line.module },
        "extra": {
            "fields": line.fields,
            "spans": line.spans,
            "thread": line.thread,
            "causes": line.causes,
            "backtrace": line.backtrace,
        },
    });
    if line.backtrace.is_some() {
        event["exception"] = json!({ "values": [{ "type": "panic", "value": line.message }] });
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dsn_says_where_and_hides_its_key() {
        let dsn: Dsn = "https://abc123@sentry.example/42".parse().unwrap();
        assert_eq!(dsn.url, "https://sentry.example/api/42/envelope/");
        assert_eq!(dsn.key, "abc123");
        assert!(!format!("{dsn:?}").contains("abc123"));
        let dsn: Dsn = "http://k:old@host:9000/a/b/7".parse().unwrap();
        assert_eq!(
            (dsn.url.as_str(), dsn.key.as_str()),
            ("http://host:9000/a/b/api/7/envelope/", "k")
        );
        for text in [
            "",
            "https://host/1",
            "https://k@host",
            "https://k@host/",
            "ftp://k@host/1",
        ] {
            let error = text.parse::<Dsn>().unwrap_err();
            assert!(!error.to_string().contains("k@"), "{error}");
        }
    }

    #[test]
    fn the_rate_is_bounded() {
        let sentry = Sentry::start("http://k@127.0.0.1:1/1".parse().unwrap()).unwrap();
        let start = Instant::now();
        let turns = (0..100).filter(|_| sentry.has_turn(start)).count();
        assert_eq!(turns, RATE_MAX);
        assert!(sentry.has_turn(start + RATE_TIME));
    }
}
