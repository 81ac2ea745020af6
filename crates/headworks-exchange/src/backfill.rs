//! History that programs hand in: JSON lines, an object per sample or per column, or a compact
//! binary form.
//!
//! The binary form is a row of blocks, numbers little-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `HWB1` |
//! | 1 | kind of the values: 0 bool, 1 i64, 2 u64, 3 f64, 4 text |
//! | 1 | 1 when qualities follow, else 0 and all are good |
//! | 2 | bytes of the path |
//! | 4 | samples, at most 1,000,000 |
//! | | the path in UTF-8 |
//! | 8 each | times, microseconds since 1970-01-01 UTC |
//! | 1, 8, 8, 8 each | values; texts: 4 bytes of length each, then all texts |
//! | 4 each | qualities, status codes of OPC UA |
//!
//! What stands where the quality is bad has no meaning.

mod binary;
mod json;
mod sink;

use std::io::{BufReader, Read};

use headworks_store::{Ack, Historian};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::ExchangeError;
use crate::import::Limits;
use crate::tag::Tags;
use sink::Sink;

/// Refusals that are told with their reasons.
const REFUSALS_MAX: usize = 100;

/// How the samples of a stream are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// JSON lines.
    Jsonl,
    /// Blocks of columns.
    Binary,
}

/// Why samples were not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refusal {
    /// Line or block of the stream, from 1.
    pub line: u64,
    /// Place of the sample in its columns, from 0.
    pub index: Option<u64>,
    /// The tag, as far as it is known.
    pub tag: String,
    /// The reason.
    pub reason: String,
}

/// What became of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BackfillReport {
    /// Samples that were stored.
    pub accepted: u64,
    /// Samples that were not, and lines that could not be read.
    pub refused: u64,
    /// The first 100 of them.
    pub refusals: Vec<Refusal>,
    /// `durable` when the accepted samples survive a power cut, `buffered` when they will after
    /// the next group commit.
    pub ack: &'static str,
}

/// Whether to wait until samples survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// They will after the next group commit.
    Buffered,
    /// They do when the answer comes.
    Durable,
}

/// Stores a stream of samples. What cannot be taken is refused and told, the rest is stored; later
/// samples of the same time win.
///
/// # Errors
///
/// [`ExchangeError::Input`] when the stream breaks off or is not of its form; what stands before
/// was stored. What the store says.
pub fn store(
    stream: Stream,
    input: impl Read,
    tags: &Tags,
    limits: Limits,
    historian: &dyn Historian,
    durability: Durability,
) -> Result<BackfillReport, ExchangeError> {
    let mut sink = Sink::new(historian, tags, limits);
    let mut input = BufReader::with_capacity(256 << 10, input);
    let read = match stream {
        Stream::Jsonl => json::read(&mut input, &mut sink),
        Stream::Binary => binary::read(&mut input, &mut sink),
    };
    // What was read before a break is whole samples, and is stored.
    let flushed = sink.flush();
    if let Err(error) = read {
        return Err(told_with(error, sink.report.accepted));
    }
    flushed?;
    let ack = match durability {
        Durability::Buffered => sink.ack,
        Durability::Durable => {
            historian.sync()?;
            Ack::Durable
        }
    };
    sink.report.ack = match ack {
        Ack::Buffered => "buffered",
        Ack::Durable => "durable",
    };
    Ok(sink.report)
}

fn told_with(error: ExchangeError, accepted: u64) -> ExchangeError {
    match error {
        ExchangeError::Input { place, reason } => ExchangeError::Input {
            place,
            reason: format!(
                "{reason}; {accepted} samples before it were stored, and the same stream again \
                 stores none twice"
            ),
        },
        error => error,
    }
}

#[cfg(test)]
mod tests;
