//! One question at a time: what "test connection" and `probe` need.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use super::frame::{Direction, Framing, Step};
use super::inbox::Inbox;
use super::pdu::{Answer, AnswerError, Request};
use super::settings::ConnectionSettings;
use super::transport::{self, Stream};

/// An open link that asks one question at a time and keeps what was on the wire.
#[derive(Debug)]
pub struct Client {
    stream: Stream,
    framing: Framing,
    inbox: Inbox,
    transaction: u16,
    timeout: Duration,
    exchange: Vec<String>,
    connect_time: Duration,
    round_trip: Option<Duration>,
}

/// Lines of the exchange that are kept.
const EXCHANGE_MAX: usize = 1000;

/// Pieces of late answers that are dropped before a line counts as noise.
const DRAINS_MAX: u32 = 64;

/// Why a question got no good answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The link failed or could not be opened.
    #[error("{place}: {reason}")]
    Link {
        /// Where the device is.
        place: String,
        /// What happened and what may help.
        reason: String,
    },
    /// Nothing came in time.
    #[error(
        "unit {unit} does not answer within {timeout_ms} ms; check that it is on and that the \
         unit id and the transport are right"
    )]
    Silence {
        /// The unit asked.
        unit: u8,
        /// The wait, in milliseconds.
        timeout_ms: u128,
    },
    /// Another unit answered.
    #[error("unit {found} answered where unit {want} was asked")]
    Unit {
        /// The unit asked.
        want: u8,
        /// The unit that answered.
        found: u8,
    },
    /// The device refused, or its answer was not valid.
    #[error("{0}")]
    Answer(#[from] AnswerError),
}

impl Client {
    /// Opens the link of checked settings.
    ///
    /// # Errors
    ///
    /// [`AskError::Link`] with place, reason and remedy.
    pub async fn open(settings: &ConnectionSettings) -> Result<Client, AskError> {
        let begin = Instant::now();
        let stream = transport::open(settings)
            .await
            .map_err(|reason| AskError::Link {
                place: transport::place(settings),
                reason,
            })?;
        Ok(Client {
            stream,
            framing: transport::framing(settings.transport),
            inbox: Inbox::new(),
            transaction: 0,
            timeout: Duration::from_millis(settings.timeout_ms.into()),
            exchange: Vec::new(),
            connect_time: begin.elapsed(),
            round_trip: None,
        })
    }

    /// Sets how long an answer is waited for.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Returns how long it took to open the link.
    pub fn connect_time(&self) -> Duration {
        self.connect_time
    }

    /// Returns the time between the last request and its answer.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Returns what was sent and received, as lines of hexadecimal digits.
    pub fn exchange(&self) -> &[String] {
        &self.exchange
    }

    /// Sends a request and returns the data of its answer, none for a write.
    ///
    /// # Errors
    ///
    /// [`AskError`]; after [`AskError::Silence`] on a serial line, open a new client, because the
    /// answer may still come.
    pub async fn ask(&mut self, unit: u8, request: &Request) -> Result<Vec<u8>, AskError> {
        self.transaction = self.transaction.wrapping_add(1);
        let mut out = Vec::new();
        let encode = |out: &mut Vec<u8>| request.encode(out);
        self.framing
            .encode(self.transaction, unit, encode, &mut out);
        self.note("->", &out);
        let begin = Instant::now();
        let limit = self.timeout;
        let asked = async {
            self.stream
                .write_all(&out)
                .await
                .map_err(|error| lost(&error))?;
            self.stream.flush().await.map_err(|error| lost(&error))?;
            self.answer(unit, request).await
        };
        let silence = AskError::Silence {
            unit,
            timeout_ms: limit.as_millis(),
        };
        let answered = tokio::time::timeout(limit, asked)
            .await
            .unwrap_or(Err(silence));
        self.round_trip = Some(begin.elapsed());
        answered
    }

    /// Drops whatever still comes, until nothing came for `quiet`.
    ///
    /// # Errors
    ///
    /// [`AskError::Link`] when the link fails meanwhile.
    pub async fn drain(&mut self, quiet: Duration) -> Result<(), AskError> {
        for _ in 0..DRAINS_MAX {
            self.inbox.clear();
            let filled = tokio::time::timeout(quiet, self.inbox.fill(&mut self.stream)).await;
            match filled {
                Ok(filled) => filled.map_err(|error| lost(&error))?,
                Err(_) => break,
            }
        }
        self.inbox.clear();
        Ok(())
    }

    async fn answer(&mut self, unit: u8, request: &Request) -> Result<Vec<u8>, AskError> {
        loop {
            let step = self
                .framing
                .decode(self.inbox.bytes(), Direction::Answer)
                .map_err(|error| broken(error.to_string()))?;
            let frame = match step {
                Step::More => {
                    let filled = self.inbox.fill(&mut self.stream).await;
                    filled.map_err(|error| lost(&error))?;
                    continue;
                }
                Step::Skip(count) => {
                    self.inbox.consume(count);
                    continue;
                }
                Step::Frame(frame) => frame,
            };
            let whole = self.inbox.bytes()[..frame.consumed].to_vec();
            self.inbox.consume(frame.consumed);
            self.note("<-", &whole);
            if frame
                .transaction
                .is_some_and(|found| found != self.transaction)
            {
                continue; // a late answer to an earlier question
            }
            if frame.unit != unit {
                let (want, found) = (unit, frame.unit);
                return Err(AskError::Unit { want, found });
            }
            return Ok(match request.decode_answer(&whole[frame.pdu])? {
                Answer::Data(data) => data.to_vec(),
                Answer::Done => Vec::new(),
            });
        }
    }

    fn note(&mut self, arrow: &str, bytes: &[u8]) {
        if EXCHANGE_MAX <= self.exchange.len() {
            return;
        }
        let mut line = arrow.to_owned();
        for byte in bytes {
            line.push_str(&format!(" {byte:02X}"));
        }
        self.exchange.push(line);
    }
}

fn lost(error: &std::io::Error) -> AskError {
    broken(transport::lost_reason(error))
}

fn broken(reason: String) -> AskError {
    let place = "the link".to_owned();
    AskError::Link { place, reason }
}
