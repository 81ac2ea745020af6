//! Sending to other servers: a bounded queue, a thread, a count of what went wrong.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Most things that wait to be sent.
const QUEUE_MAX: usize = 512;
/// Most things of one request.
const BATCH_MAX: usize = 256;
/// Longest wait for more things before a request.
const BATCH_WAIT: Duration = Duration::from_millis(500);
/// Longest time of a request.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// The address of a server: `http://` or `https://`, host, port, path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint(String);

/// A text is no address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address of a server, e.g. http://127.0.0.1:4318")]
pub struct EndpointError(String);

/// What became of things that were to be sent, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportStats {
    /// Accepted by the other server.
    pub sent: u64,
    /// Refused by it, or it did not answer.
    pub failed: u64,
    /// Dropped because too many waited or the rate is bounded.
    pub dropped: u64,
}

/// The way to another server.
#[derive(Debug)]
pub(crate) struct Exporter<T> {
    queue: SyncSender<Message<T>>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

enum Message<T> {
    One(T),
    Flush(SyncSender<()>),
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Endpoint, EndpointError> {
        let refused = || EndpointError(text.to_owned());
        let uri: ureq::http::Uri = text.parse().map_err(|_| refused())?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        if !is_http || !has_host || uri.query().is_some() || text.contains('@') {
            return Err(refused());
        }
        Ok(Endpoint(text.trim_end_matches('/').to_owned()))
    }
}

impl Endpoint {
    /// Returns the address without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: String) -> Result<Endpoint, EndpointError> {
        text.parse()
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> String {
        endpoint.0
    }
}

impl<T: Send + 'static> Exporter<T> {
    /// Starts the thread; `send` returns whether the other server took all.
    pub(crate) fn start(
        name: &str,
        send: impl FnMut(&[T]) -> bool + Send + 'static,
    ) -> std::io::Result<Exporter<T>> {
        let (queue, messages) = sync_channel(QUEUE_MAX);
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        std::thread::Builder::new()
            .name(name.into())
            .spawn(move || send_all(&messages, &counted, send))?;
        Ok(Exporter { queue, counts })
    }

    /// Takes one; it is dropped and counted when too many wait.
    pub(crate) fn give(&self, one: T) {
        if self.queue.try_send(Message::One(one)).is_err() {
            self.note_dropped();
        }
    }

    /// Counts one that was not given.
    pub(crate) fn note_dropped(&self) {
        self.counts.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until what was given is sent, but not longer than `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        let (done, sent) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            sent.recv_timeout(patience).ok();
        }
    }

    pub(crate) fn stats(&self) -> ExportStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ExportStats {
            sent: read(&self.counts.sent),
            failed: read(&self.counts.failed),
            dropped: read(&self.counts.dropped),
        }
    }
}

/// Sends batch by batch. What fails is counted, never logged: that line could come here again.
fn send_all<T>(
    messages: &Receiver<Message<T>>,
    counts: &Counts,
    mut send: impl FnMut(&[T]) -> bool,
) {
    while let Ok(first) = messages.recv() {
        let (batch, flushed) = gather(first, messages);
        if !batch.is_empty() {
            let count = if send(&batch) {
                &counts.sent
            } else {
                &counts.failed
            };
            count.fetch_add(
                batch.len().try_into().unwrap_or(u64::MAX),
                Ordering::Relaxed,
            );
        }
        if let Some(done) = flushed {
            done.try_send(()).ok();
        }
    }
}

/// Waits a little for more; somebody who waits for the end ends the batch.
fn gather<T>(
    first: Message<T>,
    messages: &Receiver<Message<T>>,
) -> (Vec<T>, Option<SyncSender<()>>) {
    let end = Instant::now() + BATCH_WAIT;
    let mut batch = Vec::new();
    let mut next = Ok(first);
    loop {
        match next {
            Ok(Message::One(one)) => batch.push(one),
            Ok(Message::Flush(done)) => return (batch, Some(done)),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return (batch, None);
            }
        }
        if BATCH_MAX <= batch.len() {
            return (batch, None);
        }
        next = messages.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}

/// Returns a client for the thread of an exporter.
pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(SEND_TIMEOUT))
        .max_redirects(0)
        .proxy(None)
        .build();
    config.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_addresses_of_servers() {
        let endpoint: Endpoint = "https://otel.example:4318/base/".parse().unwrap();
        assert_eq!(endpoint.as_str(), "https://otel.example:4318/base");
        for text in [
            "",
            "otel:4318",
            "ftp://a",
            "http://",
            "http://u:p@a",
            "http://a/?b=c",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_wait_is_counted() {
        let (go, wait) = sync_channel::<()>(0);
        let exporter = Exporter::start("test", move |_: &[u32]| wait.recv().is_ok()).unwrap();
        for number in 0..5_000 {
            exporter.give(number);
        }
        let dropped = exporter.stats().dropped;
        assert!(4_000 < dropped && dropped < 5_000, "{dropped}");
        drop(go); // the other server is gone
        exporter.flush(Duration::from_secs(5));
        while exporter.stats().failed + dropped < 5_000 {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(exporter.stats().sent, 0);
    }
}
