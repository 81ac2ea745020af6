//! Questions to a store, with the answers in plain lists.

use std::ops::ControlFlow;

use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use headworks_store::{
    Bucket, BucketQuery, Buckets, Chunk, Column, Historian, RangeQuery, TimeRange,
};

/// Samples of a chunk one by one.
pub(crate) fn samples(chunk: &Chunk) -> Vec<Sample> {
    let value = |at: usize| match &chunk.values {
        Column::Bool(values) => Value::Bool(values[at]),
        Column::I64(values) => Value::I64(values[at]),
        Column::U64(values) => Value::U64(values[at]),
        Column::F64(values) => Value::F64(values[at]),
        Column::Text(values) => Value::Text(values[at].clone()),
        Column::Bytes(values) => Value::Bytes(values[at].clone()),
    };
    let sample = |at: usize| {
        let quality = Quality::from_code(chunk.qualities[at]);
        Sample {
            time_us: chunk.times_us[at],
            value: (!quality.is_bad()).then(|| value(at)),
            quality,
        }
    };
    (0..chunk.times_us.len()).map(sample).collect()
}

/// Reads one tag.
pub(crate) fn read(store: &dyn Historian, tag: u32, range: TimeRange) -> Vec<Sample> {
    let query = RangeQuery {
        tags: vec![TagIndex(tag)],
        range,
        limit: usize::MAX,
    };
    let mut found = Vec::new();
    store
        .read(&query, &mut |chunk| {
            assert_eq!(chunk.tag, TagIndex(tag));
            found.extend(samples(chunk));
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

pub(crate) fn buckets(
    store: &dyn Historian,
    tag: u32,
    range: TimeRange,
    bucket_us: i64,
) -> Vec<Bucket> {
    let query = BucketQuery {
        tags: vec![TagIndex(tag)],
        buckets: Buckets::Every {
            range,
            width_us: bucket_us,
        },
        time_weighted: false,
    };
    let mut found = Vec::new();
    store
        .aggregate(&query, &mut |bucket| {
            found.push(*bucket);
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

pub(crate) fn of(batch: &[Update]) -> Vec<Sample> {
    batch.iter().map(|update| update.sample.clone()).collect()
}
