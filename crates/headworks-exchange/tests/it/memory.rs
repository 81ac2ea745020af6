//! Exports hold a bound of memory, however long they are.

use std::ops::ControlFlow;

use headworks_core::{Sample, TagIndex, Update};
use headworks_exchange::export::{self, Format, Layout};
use headworks_exchange::{ExportOptions, ExportPlan};
use headworks_store::{
    Ack, Bucket, BucketQuery, Chunk, Column, Historian, HistorianStats, RangeQuery, ReadStats,
    StoreError, TimeRange,
};

use crate::rig::{Rig, T0};

/// A historian that makes its samples up: one a millisecond, for ever.
struct Endless;

impl Historian for Endless {
    fn append(&self, _: &[Update]) -> Result<Ack, StoreError> {
        Ok(Ack::Buffered)
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn latest(&self, tags: &[TagIndex]) -> Result<Vec<Option<Sample>>, StoreError> {
        Ok(vec![None; tags.len()])
    }

    fn read(
        &self,
        query: &RangeQuery,
        sink: &mut dyn FnMut(&Chunk) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        for &tag in &query.tags {
            let mut start = (query.range.start_us + 999) / 1000 * 1000;
            while start < query.range.end_us {
                let end = query.range.end_us.min(start + 8_192_000);
                let times: Vec<i64> = (start..end).step_by(1000).collect();
                let chunk = Chunk {
                    tag,
                    values: Column::F64(times.iter().map(|&time| time as f64 * 0.1).collect()),
                    qualities: vec![0; times.len()],
                    times_us: times,
                };
                if sink(&chunk).is_break() {
                    return Ok(ReadStats::default());
                }
                start = end;
            }
        }
        Ok(ReadStats::default())
    }

    fn aggregate(
        &self,
        _: &BucketQuery,
        _: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        Ok(ReadStats::default())
    }

    fn before(&self, tags: &[TagIndex], _: i64) -> Result<Vec<Option<Sample>>, StoreError> {
        Ok(vec![None; tags.len()])
    }

    fn delete(&self, _: &[TagIndex], _: TimeRange) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn note_dropped(&self, _: u64) {}

    fn stats(&self) -> HistorianStats {
        HistorianStats::default()
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Returns the most memory that this process has held, in bytes.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}

/// Exports so many seconds of four tags and returns the rows.
fn export(rig: &Rig, format: Format, layout: Layout, secs: i64) -> u64 {
    let options = ExportOptions {
        format,
        layout,
        start_us: Some(T0),
        end_us: Some(T0 + secs * 1_000_000),
        ..ExportOptions::default()
    };
    let plan = ExportPlan::new(options, rig.tags.clone(), T0).unwrap();
    let mut sink = std::io::sink();
    let scratch = rig.directory.path();
    let go_on = &mut crate::rig::go_on;
    export::write_to(&Endless, &plan, &mut sink, scratch, go_on)
        .unwrap()
        .rows
}

#[test]
fn ten_times_the_rows_take_no_more_memory() {
    let rig = Rig::new();
    for (format, layout, secs) in [
        (Format::Csv, Layout::Long, 50),
        (Format::Csv, Layout::Wide, 50),
        (Format::Jsonl, Layout::Long, 50),
        (Format::Parquet, Layout::Long, 100),
        (Format::Xlsx, Layout::Long, 5),
    ] {
        let few = export(&rig, format, layout, secs);
        let before = peak_bytes();
        let many = export(&rig, format, layout, secs * 10);
        assert_eq!(many, few * 10, "{format:?}");
        let grown = peak_bytes() - before;
        assert!(
            grown < 24 << 20,
            "{format:?} {layout:?} took {grown} bytes more"
        );
    }
}
