//! Stores and samples of tests.

use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use tempfile::TempDir;

use crate::historian::{EmbeddedHistorian, Historian, HistorianOptions};

pub(crate) const SECOND_US: i64 = 1_000_000;
pub(crate) const TAG: TagIndex = TagIndex(7);

/// A store with samples of [`TAG`].
pub(crate) fn store(samples: &[Sample]) -> (TempDir, EmbeddedHistorian) {
    let directory = TempDir::new().unwrap();
    let store = EmbeddedHistorian::open(directory.path(), HistorianOptions::default()).unwrap();
    let updates: Vec<Update> = samples
        .iter()
        .map(|sample| Update {
            tag: TAG,
            sample: sample.clone(),
        })
        .collect();
    store.append(&updates).unwrap();
    (directory, store)
}

pub(crate) fn good(second: i64, value: f64) -> Sample {
    Sample::good(second * SECOND_US, Value::F64(value))
}

pub(crate) fn uncertain(second: i64, value: f64) -> Sample {
    Sample {
        quality: Quality::from_code(0x4000_0000),
        ..good(second, value)
    }
}

pub(crate) fn bad(second: i64) -> Sample {
    Sample::bad(second * SECOND_US, Quality::BAD)
}

/// Never gives up.
pub(crate) fn patient() -> Option<super::Stop> {
    None
}
