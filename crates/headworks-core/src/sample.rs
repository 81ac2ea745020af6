//! Samples: what a tag was, how good, and when.

use serde::{Deserialize, Serialize};

use crate::quality::Quality;
use crate::value::Value;

/// The number of a tag inside the hub and in the historian.
///
/// Given once when the tag is created, never given again, and dense, so that it is an index into
/// tables of the data space. Only the edges of the system know paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagIndex(pub u32);

impl TagIndex {
    /// Returns the number as an index into a table.
    pub const fn as_usize(self) -> usize {
        self.0 as usize
    }
}

/// The value of one tag at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Device time if the protocol carries it, else time of receipt, in microseconds since
    /// 1970-01-01 UTC.
    pub time_us: i64,
    /// The value; a bad sample has none, and only a bad sample has none.
    pub value: Option<Value>,
    /// How far the value can be trusted.
    pub quality: Quality,
}

impl Sample {
    /// Returns a good sample.
    pub fn good(time_us: i64, value: Value) -> Sample {
        Sample {
            time_us,
            value: Some(value),
            quality: Quality::GOOD,
        }
    }

    /// Returns a sample without a value.
    ///
    /// # Panics
    ///
    /// When `quality` is not bad: a usable sample must carry its value.
    pub fn bad(time_us: i64, quality: Quality) -> Sample {
        assert!(quality.is_bad(), "{quality} needs a value");
        Sample {
            time_us,
            value: None,
            quality,
        }
    }
}

/// A new sample of a tag on its way through the hub.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// Which tag.
    pub tag: TagIndex,
    /// What it is now.
    pub sample: Sample,
}
