use headworks_core::{Sample, Update, Value};

use super::*;
use crate::historian::{EmbeddedHistorian, Historian, HistorianOptions, Retention};

const SECOND_US: i64 = 1_000_000;

fn fill(directory: &Path) -> EmbeddedHistorian {
    let historian = EmbeddedHistorian::open(directory, HistorianOptions::default()).unwrap();
    for day in 0..2 {
        let start_us = day * 86_400 * SECOND_US;
        for tag in 0..3 {
            let ramp = (0..500_i64).map(|second| Update {
                tag: headworks_core::TagIndex(tag),
                sample: Sample::good(start_us + second * SECOND_US, Value::I64(second)),
            });
            historian.append(&ramp.collect::<Vec<_>>()).unwrap();
        }
    }
    historian
}

fn check(directory: &Path) -> (VerifyReport, Vec<FileReport>) {
    let mut reports = Vec::new();
    let totals = verify(directory, &mut |report| reports.push(report.clone())).unwrap();
    (totals, reports)
}

#[test]
fn sound_files_pass_beside_an_open_historian() {
    let directory = tempfile::tempdir().unwrap();
    let historian = fill(directory.path());
    historian.sync().unwrap();
    let (totals, _) = check(directory.path());
    assert_eq!(
        (totals.samples, totals.blocks, totals.damaged_files),
        (3_000, 6, 0)
    );
    historian.close().unwrap();
    let (totals, reports) = check(directory.path());
    assert_eq!(
        (totals.samples, totals.blocks, totals.damaged_files),
        (3_000, 6, 0)
    );
    let segments = reports
        .iter()
        .filter(|report| report.purpose == FileUse::Segment);
    assert_eq!(segments.count(), 2);
    let summary = summarize(directory.path(), 2).unwrap();
    assert_eq!(
        (summary.files, summary.samples, summary.tags),
        (2, 3_000, 3)
    );
    assert_eq!(summary.days[1].date.as_deref(), Some("1970-01-02"));
    assert_eq!(summary.largest_tags.len(), 2);
    assert_eq!(
        summary.bytes_per_sample,
        Some(summary.bytes as f64 / 3_000.0)
    );
}

#[test]
fn every_flipped_bit_of_a_segment_is_found() {
    let directory = tempfile::tempdir().unwrap();
    fill(directory.path()).close().unwrap();
    let path = directory.path().join("seg/000000-00000001.seg");
    let bytes = std::fs::read(&path).unwrap();
    for bit in (0..bytes.len() * 8).step_by(43) {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, bytes).unwrap();
        let (totals, _) = check(directory.path());
        assert_eq!(totals.damaged_files, 1, "bit {bit}");
    }
}

#[test]
fn damage_is_named_with_tag_and_time() {
    let directory = tempfile::tempdir().unwrap();
    fill(directory.path()).close().unwrap();
    let path = directory.path().join("seg/000001-00000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (_, reports) = check(directory.path());
    let problems: Vec<_> = reports.iter().flat_map(|report| &report.problems).collect();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].first_tag, Some(headworks_core::TagIndex(0)));
    assert_eq!(problems[0].from_us, Some(86_400 * SECOND_US));
    assert_eq!((problems[0].samples, &problems[0].file), (Some(500), &path));
}

#[test]
fn a_damaged_log_is_named_and_a_cut_one_only_noted() {
    let directory = tempfile::tempdir().unwrap();
    drop(fill(directory.path()));
    let path = directory.path().join("wal/00000001.wal");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    let (totals, reports) = check(directory.path());
    assert_eq!((totals.damaged_files, totals.samples), (0, 2_500));
    assert!(
        reports[0]
            .note
            .as_ref()
            .unwrap()
            .ends_with("a batch cut short")
    );
    for place in [3, 40] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(check(directory.path()).0.damaged_files, 1, "byte {place}");
    }
}

#[test]
fn joined_files_pass_and_nothing_is_nothing() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(check(directory.path()).0, VerifyReport::default());
    let historian = fill(directory.path());
    historian.close().unwrap();
    drop(historian);
    let historian = fill(directory.path());
    let now_us = 4 * 86_400 * SECOND_US;
    historian.maintain(now_us, &Retention::default()).unwrap();
    let (totals, _) = check(directory.path());
    assert_eq!((totals.samples, totals.damaged_files), (3_000, 0));
    let summary = summarize(directory.path(), 0).unwrap();
    // Two days of three tags with 500 samples a second apart.
    let minutes = summary.tiers[0];
    assert_eq!(
        (minutes.tier, minutes.files, minutes.rows),
        (Tier::Minute, 2, 54)
    );
    assert!(54 < totals.rows, "{totals:?}");
}
