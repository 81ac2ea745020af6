//! The seam between the hub and a driver.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::ObjectId;
use headworks_core::{TagIndex, Update, Value};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::link::{ConfigError, LinkConfig};
use crate::stats::LinkStats;
use crate::wire_log::WireLog;

/// A boxed future, so that drivers of all protocols are one type.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One configured connection.
///
/// A driver never retries a lost link, never logs a retry and never scales a value: back-off,
/// scaling, quality rules, access rights and alarms belong to the hub, so that no driver can get
/// them wrong.
pub trait Driver: Send + fmt::Debug {
    /// Opens the link and runs until `cx.stop` is cancelled or the link fails.
    ///
    /// The hub calls it again after a failure, so what the driver has learned of its devices
    /// survives in `self`.
    ///
    /// # Errors
    ///
    /// [`DriverError::Link`] when another try may help, [`DriverError::Unusable`] when it cannot.
    fn run<'a>(&'a mut self, cx: &'a mut DriverContext) -> BoxFuture<'a, Result<(), DriverError>>;
}

/// All that a driver may touch.
#[derive(Debug)]
pub struct DriverContext {
    /// Takes samples with raw values; bounded, so that a full hub slows the driver down.
    ///
    /// A tag that cannot be read is sent once as a bad sample when that begins, not every scan.
    /// A driver with nothing to read sends one empty batch when the link is open, so that people
    /// see it running before they have made their first tag.
    pub samples: mpsc::Sender<Vec<Update>>,
    /// Writes and other orders of people; they go before reads.
    pub commands: mpsc::Receiver<Command>,
    /// Cancelled when the link is to end; the driver returns within a second.
    pub stop: CancellationToken,
    /// Counters per device.
    pub stats: Arc<LinkStats>,
    /// Frames as they were on the wire, when somebody wants to see them.
    pub wire_log: Arc<WireLog>,
    /// The wall clock.
    pub clock: Clock,
}

/// The wall clock as the hub hands it out: microseconds since 1970-01-01 UTC.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

/// An order to a running driver.
#[derive(Debug)]
pub enum Command {
    /// Write a raw value, confirmed by reading it back where the device allows.
    Write {
        /// The tag.
        tag: TagIndex,
        /// The value before scaling, to be rounded and range-checked by the codec.
        value: Value,
        /// Takes the outcome.
        reply: oneshot::Sender<Result<WriteReport, WriteError>>,
    },
    /// Read every tag of a device now.
    Poll {
        /// The device.
        device: ObjectId,
        /// Takes the outcome when all its tags were tried.
        reply: oneshot::Sender<PollReport>,
    },
    /// Ask a station something that no tag wants, in the protocol's own words, between the polls.
    ///
    /// What discovery needs on a link that is in use.
    Ask {
        /// The question.
        question: Question,
        /// Takes the bytes of the answer.
        reply: oneshot::Sender<Result<Vec<u8>, AskFailure>>,
    },
    /// Take over changed devices and tags without dropping the link.
    ///
    /// Answered with an error, and nothing changed, when the settings of the connection itself
    /// differ: then the hub restarts the driver.
    Reconfigure {
        /// The whole new configuration, checked.
        link: LinkConfig,
        /// Takes the outcome.
        reply: oneshot::Sender<Result<(), ConfigError>>,
    },
}

/// A question in the protocol's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Which station on the link.
    pub station: u8,
    /// The bytes of the request, without its frame.
    pub request: Vec<u8>,
    /// Longest wait for the answer, from when it is sent.
    pub timeout: Duration,
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskFailure {
    /// The protocol has no such questions, or the bytes are none.
    #[error("it cannot be asked: {reason}")]
    Unusable {
        /// Why.
        reason: String,
    },
    /// The station refused.
    #[error("the device refused: {reason}")]
    Refused {
        /// The protocol's number of the reason.
        code: u8,
        /// The same in words.
        reason: String,
    },
    /// Nothing came in time.
    #[error("no answer from the device")]
    NoAnswer,
    /// Something came that is no answer.
    #[error("no valid answer from the device: {reason}")]
    Broken {
        /// What is wrong with it.
        reason: String,
    },
    /// The link is down, or too many wait already.
    #[error("the link is down: {reason}")]
    LinkDown {
        /// Why.
        reason: String,
    },
}

/// A write that reached the device.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteReport {
    /// The raw value read back, when the device could be read.
    pub read_back: Option<Value>,
    /// Whether what was read back is what was written.
    pub confirmed: bool,
}

/// Why a write did not happen, or may not have.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WriteError {
    /// The value does not fit the tag.
    #[error("{reason}")]
    Value {
        /// What is wrong and what would fit.
        reason: String,
    },
    /// The tag cannot be written by this protocol.
    #[error("the tag cannot be written: {reason}")]
    ReadOnly {
        /// Why.
        reason: String,
    },
    /// The device refused.
    #[error("the device refused: {reason}")]
    Refused {
        /// The device's own reason.
        reason: String,
    },
    /// No answer: the value may or may not have arrived.
    #[error("no answer from the device: {reason}")]
    NoAnswer {
        /// What was waited for.
        reason: String,
    },
    /// The link is down or the driver has no such tag at present.
    #[error("the link is down: {reason}")]
    LinkDown {
        /// Why.
        reason: String,
    },
}

/// What a manual poll brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollReport {
    /// Tags that were read well.
    pub good: u32,
    /// Tags that could not be read.
    pub bad: u32,
    /// The first error, when there was one.
    pub error: Option<String>,
}

/// Why a driver ended.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// Retrying may help; the supervisor reconnects with back-off.
    #[error("link to {endpoint} is down: {reason}")]
    Link {
        /// Where the device is.
        endpoint: String,
        /// What happened, e.g. `connection refused`.
        reason: String,
    },
    /// Retrying cannot help; the supervisor parks the driver until its configuration changes.
    #[error("{endpoint} cannot work: {reason}")]
    Unusable {
        /// Where the device is.
        endpoint: String,
        /// What is wrong and what would be right.
        reason: String,
    },
}

impl Clock {
    /// Returns a clock that asks `now_us`.
    pub fn new(now_us: impl Fn() -> i64 + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now_us))
    }

    /// Returns the time in microseconds since 1970-01-01 UTC.
    pub fn now_us(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
