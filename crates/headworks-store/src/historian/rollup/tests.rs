//! Rows against the samples they were made from.

mod answers;

use std::ops::ControlFlow;

use headworks_core::{Quality, Sample, TagIndex, Update, Value};

use super::row::{Row, is_good, one};
use super::*;
use crate::historian::segment;
use crate::historian::{Historian, RangeQuery, Retention, TierAges};
use crate::{Column, EmbeddedHistorian, HistorianOptions};

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;
const EVER: TimeRange = TimeRange {
    start_us: i64::MIN,
    end_us: i64::MAX,
};

/// Time, quality and number of a sample.
type Plain = (i64, u32, Option<f64>);

/// Returns the samples of a tag.
fn numbers(historian: &EmbeddedHistorian, tag: u32) -> Vec<Plain> {
    let query = RangeQuery {
        tags: vec![TagIndex(tag)],
        range: EVER,
        limit: usize::MAX,
    };
    let mut found = Vec::new();
    historian
        .read(&query, &mut |chunk| {
            for at in 0..chunk.times_us.len() {
                let quality = chunk.qualities[at];
                let value = match &chunk.values {
                    Column::Bool(values) => Value::Bool(values[at]).as_f64(),
                    Column::I64(values) => Some(values[at] as f64),
                    Column::U64(values) => Some(values[at] as f64),
                    Column::F64(values) => Some(values[at]),
                    Column::Text(_) | Column::Bytes(_) => None,
                };
                let is_bad = Quality::from_code(quality).is_bad();
                found.push((chunk.times_us[at], quality, value.filter(|_| !is_bad)));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

/// One row computed in the plainest way.
#[expect(
    clippy::cast_possible_truncation,
    reason = "sums of whole microseconds"
)]
fn row_of(start_us: i64, samples: &[Plain]) -> Row {
    let values: Vec<f64> = samples.iter().filter_map(|sample| sample.2).collect();
    let held = |wanted: &dyn Fn(&Plain) -> f64| -> f64 {
        samples
            .windows(2)
            .map(|pair| wanted(&pair[0]) * (pair[1].0 - pair[0].0) as f64)
            .sum()
    };
    let last = samples[samples.len() - 1];
    Row {
        start_us,
        samples: samples.len() as u64,
        numbers: values.len() as u64,
        bad: samples
            .iter()
            .filter(|sample| Quality::from_code(sample.1).is_bad())
            .count() as u64,
        good: samples.iter().filter(|sample| is_good(sample.1)).count() as u64,
        min: values.iter().copied().reduce(f64::min).unwrap_or(0.0),
        max: values.iter().copied().reduce(f64::max).unwrap_or(0.0),
        sum: values.iter().sum(),
        first: values.first().copied().unwrap_or(0.0),
        last: values.last().copied().unwrap_or(0.0),
        first_us: samples[0].0,
        last_us: last.0,
        area: held(&|sample| sample.2.unwrap_or(0.0)),
        usable_us: held(&|sample| f64::from(u8::from(sample.2.is_some()))) as i64,
        good_us: held(&|sample| f64::from(u8::from(is_good(sample.1)))) as i64,
        holds: last.2.is_some(),
        last_quality: last.1,
        worst_quality: samples.iter().map(|sample| sample.1).max().unwrap(),
    }
}

fn assert_near(found: f64, wanted: f64, size: f64) {
    assert!(
        found == wanted
            || (found - wanted).abs() <= 1e-9 * size
            // Of sums that no number can hold nothing else is asked.
            || !found.is_finite() && !wanted.is_finite(),
        "{found} is not {wanted}"
    );
}

fn assert_row(found: &Row, wanted: &Row, size: f64) {
    assert_near(found.sum, wanted.sum, size);
    assert_near(found.area, wanted.area, size * 1e12);
    // What no number can hold is no number, which equals nothing.
    let exact = |row: &Row| Row {
        sum: 0.0,
        area: 0.0,
        ..*row
    };
    assert_eq!(exact(found), exact(wanted));
}

/// Every row of every fine tier, and of the days, is what the samples say.
pub(in crate::historian) fn check(historian: &EmbeddedHistorian, tags: u32) {
    for tag in 0..tags {
        let samples = numbers(historian, tag);
        let values = samples.iter().filter_map(|sample| sample.2);
        let size: f64 = values.map(f64::abs).sum();
        for (tier, width_us) in [
            (Tier::Minute, 60 * SECOND_US),
            (Tier::FiveMinutes, 300 * SECOND_US),
            (Tier::Hour, HOUR_US),
            (Tier::Day, DAY_US),
        ] {
            let rows = historian.rollups().rows(tier, tag, EVER).unwrap();
            let same = |a: &Plain, b: &Plain| a.0.div_euclid(width_us) == b.0.div_euclid(width_us);
            let wanted: Vec<Row> = samples
                .chunk_by(same)
                .map(|part| row_of(part[0].0.div_euclid(width_us) * width_us, part))
                .collect();
            assert_eq!(rows.len(), wanted.len(), "{tier:?} of tag {tag}");
            for (found, wanted) in rows.iter().zip(&wanted) {
                assert_row(found, wanted, size);
            }
        }
    }
}

fn open(directory: &Path, zone: &str) -> EmbeddedHistorian {
    let options = HistorianOptions {
        time_zone: TimeZone::get(zone).unwrap(),
        ..HistorianOptions::default()
    };
    EmbeddedHistorian::open(directory, options).unwrap()
}

/// A sample a minute over whole days, the value the number of the minute.
fn fill(historian: &EmbeddedHistorian, tags: u32, days: std::ops::Range<i64>) {
    for tag in 0..tags {
        let batch: Vec<Update> = (days.start * 1_440..days.end * 1_440)
            .map(|minute| Update {
                tag: TagIndex(tag),
                sample: Sample::good(
                    minute * 60 * SECOND_US + 7 * SECOND_US,
                    Value::F64(minute as f64),
                ),
            })
            .collect();
        historian.append(&batch).unwrap();
    }
}

fn ages(raw: u32) -> TierAges {
    TierAges {
        raw: Some(raw),
        ..TierAges::default()
    }
}

fn rows(historian: &EmbeddedHistorian, tier: Tier, tag: u32) -> Vec<Row> {
    historian.rollups().rows(tier, tag, EVER).unwrap()
}

#[test]
fn days_and_weeks_are_those_of_the_plants_zone() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path(), "Europe/Berlin");
    // From the Saturday before the clocks change in Berlin, on 2026-03-29, to the Wednesday
    // after: 20_540 is 2026-03-28.
    fill(&historian, 1, 20_540..20_545);
    let now_us = 20_560 * DAY_US;
    let done = historian.maintain(now_us, &Retention::default()).unwrap();
    assert_eq!((done.rolled_up_days, done.held), (5, None));
    let days = rows(&historian, Tier::Day, 0);
    let lengths: Vec<u64> = days.iter().map(|row| row.samples).collect();
    // The first local day begins with what there is, at 1 o'clock; Sunday has 23 hours.
    assert_eq!(lengths, [1_380, 1_380, 1_440, 1_440, 1_440, 120]);
    assert_eq!(days[1].start_us, 20_541 * DAY_US - HOUR_US);
    assert_eq!(days[2].start_us, 20_542 * DAY_US - 2 * HOUR_US);
    let weeks = rows(&historian, Tier::Week, 0);
    let lengths: Vec<u64> = weeks.iter().map(|row| row.samples).collect();
    assert_eq!(lengths, [2_760, 4_440]);
    assert_eq!(weeks[1].start_us, 20_542 * DAY_US - 2 * HOUR_US);
}

#[test]
fn raw_goes_by_age_and_the_rows_stay() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path(), "UTC");
    fill(&historian, 2, 100..103);
    let before = {
        let now_us = 103 * DAY_US + 7 * HOUR_US;
        historian.maintain(now_us, &Retention::default()).unwrap();
        rows(&historian, Tier::Hour, 1)
    };
    assert_eq!(before.len(), 72);
    let now_us = 109 * DAY_US;
    let done = historian.maintain(now_us, &Retention::default()).unwrap();
    assert_eq!((done.dropped_files, done.dropped_samples), (2, 2 * 2_880));
    assert!(0 < done.freed_bytes);
    assert_eq!(numbers(&historian, 0).len(), 1_440);
    assert_eq!(rows(&historian, Tier::Hour, 1), before);
    // What comes late for a day whose samples are gone is added to its rows, and goes in turn.
    let late = Update {
        tag: TagIndex(1),
        sample: Sample::good(100 * DAY_US + 5, Value::F64(-9.0)),
    };
    historian.append(&[late]).unwrap();
    historian.close().unwrap();
    drop(historian);
    let historian = open(directory.path(), "UTC");
    historian.maintain(now_us, &Retention::default()).unwrap();
    let after = rows(&historian, Tier::Hour, 1);
    assert_eq!(
        (after.len(), after[0].samples, after[0].min),
        (72, 61, -9.0)
    );
    assert_eq!(after[0].max, before[0].max);
    assert_eq!(after[1..], before[1..]);
    assert_eq!(numbers(&historian, 1).len(), 1_440);
}

#[test]
fn tags_can_be_kept_longer_than_others() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path(), "UTC");
    fill(&historian, 3, 100..102);
    let retention = Retention {
        default: ages(2),
        tags: [(TagIndex(1), ages(30))].into(),
        size_max_bytes: None,
    };
    let now_us = 105 * DAY_US;
    historian.maintain(now_us, &retention).unwrap();
    let kept = |tag| numbers(&historian, tag).len();
    assert_eq!([kept(0), kept(1), kept(2)], [0, 2_880, 0]);
    for tag in 0..3 {
        assert_eq!(rows(&historian, Tier::Minute, tag).len(), 2_880);
    }
    // Nothing is left to do.
    let again = historian
        .maintain(now_us + 60 * SECOND_US, &retention)
        .unwrap();
    assert_eq!(again, crate::Upkeep::default());
}

#[test]
fn the_bound_of_the_size_drops_the_oldest_days_first() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path(), "UTC");
    fill(&historian, 20, 100..104);
    let now_us = 104 * DAY_US + 7 * HOUR_US;
    let forever = TierAges {
        raw: None,
        ..TierAges::default()
    };
    let mut retention = Retention {
        default: forever,
        ..Retention::default()
    };
    historian.maintain(now_us, &retention).unwrap();
    let bytes = |historian: &EmbeddedHistorian| -> u64 {
        let tiers = historian.tiers().into_iter();
        tiers.map(|report| report.bytes).sum::<u64>() + historian.stats().wal_bytes
    };
    let raw_day = historian.tiers()[0].bytes / 4;
    let max = bytes(&historian) - raw_day * 3 / 2;
    retention.size_max_bytes = Some(max);
    let done = historian.maintain(now_us, &retention).unwrap();
    assert_eq!((done.dropped_files, done.held), (2, None));
    assert!(bytes(&historian) <= max);
    assert_eq!(historian.tiers()[0].oldest_day, Some(102));
    retention.size_max_bytes = Some(1);
    let done = historian.maintain(now_us, &retention).unwrap();
    assert!(done.held.unwrap().contains("nothing more may go"));
    assert_eq!(rows(&historian, Tier::Day, 0).len(), 4);
}

#[test]
fn what_is_deleted_goes_from_the_rows_too() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path(), "UTC");
    fill(&historian, 2, 100..102);
    historian
        .maintain(102 * DAY_US + 7 * HOUR_US, &Retention::default())
        .unwrap();
    let range = TimeRange {
        start_us: 100 * DAY_US + HOUR_US / 2,
        end_us: 100 * DAY_US + 3 * HOUR_US,
    };
    assert_eq!(historian.delete(&[TagIndex(0)], range).unwrap(), 150);
    check(&historian, 2);
    assert_eq!(rows(&historian, Tier::Hour, 0)[0].samples, 30);
    assert_eq!(rows(&historian, Tier::Day, 0)[0].samples, 1_290);
    // Without samples a row goes when any of its time is deleted.
    historian
        .maintain(120 * DAY_US, &Retention::default())
        .unwrap();
    let hours = rows(&historian, Tier::Hour, 1).len();
    historian.delete(&[TagIndex(1)], range).unwrap();
    assert_eq!(rows(&historian, Tier::Hour, 1).len(), hours - 3);
    assert_eq!(rows(&historian, Tier::Day, 1).len(), 2);
}

#[test]
fn neighbours_add_up_to_what_one_row_of_all_is() {
    let samples = [
        (0, 0, Some(1.0)),
        (10, 0x8000_0000, None),
        (25, 0, Some(4.0)),
        (70, 0x4094_0000, Some(2.0)),
        (130, 0, Some(3.0)),
    ];
    let parts = [&samples[..2], &samples[2..3], &samples[3..]];
    let rows: Vec<Row> = parts.iter().map(|part| row_of(0, part)).collect();
    assert_eq!(one(0, &rows), Some(row_of(0, &samples)));
}

#[test]
fn every_flipped_bit_of_rows_is_noticed_or_harmless() {
    let rows: Vec<Row> = (0..50)
        .map(|n| {
            row_of(
                n * 60,
                &[(n * 60 + 3, 0, Some(n as f64)), (n * 60 + 9, 0, Some(1.5))],
            )
        })
        .collect();
    let mut bytes = Vec::new();
    codec::Encoder::new().encode(&rows, &mut bytes);
    assert_eq!(codec::decode(&bytes, 50).unwrap(), rows);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            // The checksum is looked at before; what comes here must not panic.
            drop(codec::decode(&bytes, 50));
            bytes[at] ^= 1 << bit;
        }
    }
    for length in 0..bytes.len() {
        assert!(codec::decode(&bytes[..length], 50).is_err());
    }
}

/// Writes a file of minutes as one of a version, `round` times anew.
fn write_minutes(directory: &Path, day: i32, version: u64, round: u32) {
    let disk = Disk::default();
    let directory = directory.join(name(Tier::Minute));
    let name = segment::Name {
        from: 1,
        round,
        ..segment::Name::of_seal(day, version)
    };
    let writer = segment::SegmentWriter::create(&disk, &directory, name).unwrap();
    let (temporary, _, _) = writer.finish(segment::Mark::Commit).unwrap();
    disk.rename(&temporary, &segment::path_of(&directory, name))
        .unwrap();
}

#[test]
fn files_that_were_replaced_go_at_the_start_however_old_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Rollups::open(directory.path(), &Disk::default(), TimeZone::UTC).unwrap();
    drop(open());
    // so far apart that the count of seals in the newest file does not reach back to the first
    let far = 10_000 << 20;
    assert!(u64::from(u32::MAX) < far);
    for (version, round) in [(5 << 20, 0), (far, 0), (far, 1)] {
        write_minutes(directory.path(), 20_000, version, round);
    }
    write_minutes(directory.path(), 20_001, 5 << 20, 0);
    let rollups = open();
    assert_eq!(rollups.known_version(20_000), far);
    assert_eq!(rollups.known_version(20_001), 5 << 20);
    let minutes = directory.path().join(name(Tier::Minute));
    let left = std::fs::read_dir(minutes).unwrap();
    let left = left.filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        path.extension().is_some_and(|extension| extension == "seg")
    });
    assert_eq!(left.count(), 2);
    let newest = rollups.catalog(Tier::Minute).of_day(20_000);
    assert_eq!(newest.len(), 1);
    assert_eq!(newest[0].footer.round, 1);
}
