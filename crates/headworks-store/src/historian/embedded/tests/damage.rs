//! Files that are not what they were.

use std::path::PathBuf;

use super::*;

/// Three tags in files and, later, in the log; returns what was appended.
fn fill(directory: &Path) -> Vec<Update> {
    let historian = open(directory);
    let mut all = Vec::new();
    for tag in 0..3 {
        all.extend(ramp(tag, 0, 300));
    }
    historian.append(&all).unwrap();
    historian.shared.seal_now().unwrap();
    for tag in 0..3 {
        let batch = ramp(tag, 300, 400);
        historian.append(&batch).unwrap();
        all.extend(batch);
    }
    all
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for part in ["seg", "wal"] {
        for entry in std::fs::read_dir(directory.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if !path.ends_with("latest.bin") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for part in ["seg", "wal"] {
        std::fs::create_dir(to.path().join(part)).unwrap();
        for entry in std::fs::read_dir(from.join(part)).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.path().join(part).join(entry.file_name())).unwrap();
        }
    }
    to
}

/// Returns how many samples are missing; none may be wrong.
fn check(directory: &Path, all: &[Update], context: &str) -> (usize, u64) {
    let historian = match EmbeddedHistorian::open(directory, HistorianOptions::default()) {
        Ok(historian) => historian,
        Err(error) => panic!("{context}: {error}"),
    };
    let mut found = 0;
    for tag in 0..3 {
        let samples = read(&historian, tag);
        assert!(
            samples.is_sorted_by(|a, b| a.time_us < b.time_us),
            "{context}"
        );
        for sample in &samples {
            let update = Update {
                tag: TagIndex(tag),
                sample: sample.clone(),
            };
            assert!(all.contains(&update), "{context}: {update:?}");
        }
        found += samples.len();
        let (buckets, _) = buckets(&historian, tag, ALL, 100 * SECOND_US);
        assert!(
            buckets.iter().map(|bucket| bucket.count).sum::<u64>() <= 400,
            "{context}"
        );
    }
    (all.len() - found, historian.stats().quarantined)
}

#[test]
fn a_flipped_bit_never_makes_wrong_samples_and_is_counted() {
    let origin = tempfile::tempdir().unwrap();
    let all = fill(origin.path());
    let files = files(origin.path());
    assert_eq!(files.len(), 2);
    for file in files {
        let length = std::fs::read(&file).unwrap().len();
        // A prime step visits every part of the file and every bit of a byte.
        for bit in (0..length * 8).step_by(211) {
            let directory = copy(origin.path());
            let path = directory
                .path()
                .join(file.strip_prefix(origin.path()).unwrap());
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, bytes).unwrap();
            let context = format!("{file:?} bit {bit}");
            let (missing, quarantined) = check(directory.path(), &all, &context);
            // The last frame of a log cannot be told from one whose writing was cut short.
            let in_log = file.extension().unwrap() == "wal";
            assert!(
                quarantined == 1 || in_log && missing == 100,
                "{context}: {missing}"
            );
            if in_log {
                assert!(missing <= 300, "{context}: {missing}");
            }
        }
    }
}

#[test]
fn a_truncated_file_never_makes_wrong_samples() {
    let origin = tempfile::tempdir().unwrap();
    let all = fill(origin.path());
    for file in files(origin.path()) {
        let length = std::fs::metadata(&file).unwrap().len();
        for left in (0..length).step_by(97) {
            let directory = copy(origin.path());
            let path = directory
                .path()
                .join(file.strip_prefix(origin.path()).unwrap());
            let open = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            open.set_len(left).unwrap();
            check(directory.path(), &all, &format!("{file:?} cut to {left}"));
        }
    }
}

#[test]
fn a_damaged_block_is_left_out_and_the_rest_of_its_file_answers() {
    let directory = tempfile::tempdir().unwrap();
    fill(directory.path());
    let path = directory.path().join("seg").join("000000-00000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let historian = open(directory.path());
    let (found, stats) = read_with(&historian, 0, ALL);
    assert_eq!((found.len(), stats.damaged), (100, 1));
    for tag in [1, 2] {
        assert_eq!(read(&historian, tag).len(), 400);
    }
    // Asking again does not count again.
    read(&historian, 0);
    assert_eq!(historian.stats().quarantined, 1);
    let want = FileDamage {
        file: path,
        kept_as: None,
        first_tag: Some(TagIndex(0)),
        last_tag: Some(TagIndex(0)),
        from_us: Some(0),
        to_us: Some(299 * SECOND_US),
        samples: Some(300),
        reason: "the checksum of the block does not fit".into(),
    };
    assert_eq!(historian.damage(), [want]);
}

#[test]
fn joining_keeps_a_damaged_file_and_copies_what_is_sound() {
    let directory = tempfile::tempdir().unwrap();
    let all = fill(directory.path());
    let path = directory.path().join("seg").join("000000-00000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let historian = open(directory.path());
    historian.shared.seal_now().unwrap();
    let now_us = 2 * 86_400 * SECOND_US;
    let done = historian.maintain(now_us, &Retention::default()).unwrap();
    assert_eq!((done.compacted_days, done.held), (1, None));
    let kept_as = directory.path().join("quarantine/000000-00000001.seg");
    assert_eq!(std::fs::read(&kept_as).unwrap(), bytes);
    assert!(!path.exists());
    assert_eq!(historian.stats().segments, 1);
    assert_eq!(read(&historian, 0).len(), 100);
    drop(historian);
    // The whole file is still told of, and nothing new is damaged.
    let (missing, quarantined) = check(directory.path(), &all, "joined");
    assert_eq!((missing, quarantined), (300, 1));
}

#[test]
fn a_damaged_directory_of_the_index_costs_no_sample() {
    let directory = tempfile::tempdir().unwrap();
    let all = fill(directory.path());
    let path = directory.path().join("seg").join("000000-00000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() - 64 - 2;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let (missing, quarantined) = check(directory.path(), &all, "directory");
    assert_eq!((missing, quarantined), (0, 1));
}

/// A last frame that is whole but does not fit its sum was not cut short by anything.
#[test]
fn damage_of_the_last_frame_is_told_from_a_cut() {
    let directory = tempfile::tempdir().unwrap();
    fill(directory.path());
    let path = directory.path().join("wal/00000002.wal");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() - 20;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let historian = open(directory.path());
    assert_eq!(historian.stats().quarantined, 1);
    let reason = &historian.damage()[0].reason;
    assert!(
        reason.starts_with("the checksum of a frame does not fit, at byte "),
        "{reason}"
    );
}

#[test]
fn a_file_without_a_footer_is_set_aside_under_another_name() {
    let directory = tempfile::tempdir().unwrap();
    fill(directory.path());
    let path = directory.path().join("seg").join("000000-00000001.seg");
    std::fs::write(&path, b"not a segment").unwrap();
    let historian = open(directory.path());
    assert_eq!(read(&historian, 0).len(), 100);
    assert!(!path.exists());
    let kept_as = directory.path().join("quarantine/000000-00000001.seg");
    assert!(kept_as.exists());
    let damage = historian.damage();
    assert_eq!((damage.len(), &damage[0].kept_as), (1, &Some(kept_as)));
    assert_eq!(
        (damage[0].from_us, damage[0].to_us),
        (Some(0), Some(86_399_999_999))
    );
    assert_eq!(historian.stats().quarantined, 1);
}

#[test]
fn files_of_a_seal_that_was_not_completed_are_not_read_twice() {
    let directory = tempfile::tempdir().unwrap();
    {
        let historian = open(directory.path());
        historian.append(&ramp(0, 86_300, 86_500)).unwrap();
    }
    let before = copy(directory.path());
    open(directory.path()).close().unwrap();
    // The first of the two files had its name, then the process was killed.
    let part = "000000-00000001.seg";
    let from = directory.path().join("seg").join(part);
    assert!(
        directory
            .path()
            .join("seg")
            .join("000001-00000001.seg")
            .exists()
    );
    std::fs::copy(from, before.path().join("seg").join(part)).unwrap();
    let historian = open(before.path());
    assert_eq!(read(&historian, 0).len(), 200);
    historian.close().unwrap();
    assert_eq!(historian.stats().segment_samples, 200);
}

#[test]
fn files_of_a_newer_program_are_refused_untouched() {
    for (part, offset) in [("seg/000000-00000001.seg", 8), ("wal/00000002.wal", 8)] {
        let directory = tempfile::tempdir().unwrap();
        fill(directory.path());
        let path = directory.path().join(part);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[offset] = 3;
        if part.starts_with("wal") {
            bytes[offset + 4..offset + 8].copy_from_slice(&(!3_u32).to_le_bytes());
        }
        std::fs::write(&path, &bytes).unwrap();
        let result = EmbeddedHistorian::open(directory.path(), HistorianOptions::default());
        assert!(
            matches!(result, Err(StoreError::TooNew { found: 3, .. })),
            "{part}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn a_damaged_list_of_newest_samples_is_made_again() {
    let origin = tempfile::tempdir().unwrap();
    {
        let historian = open(origin.path());
        historian.append(&ramp(0, 0, 10)).unwrap();
        historian
            .append(&[good(1, 5, Value::Text("on".into())), bad(2, 7)])
            .unwrap();
        historian.close().unwrap();
    }
    let tags = [0, 1, 2].map(TagIndex);
    let want = open(origin.path()).latest(&tags).unwrap();
    assert_eq!(want[1], Some(Sample::good(5, Value::Text("on".into()))));
    let bytes = std::fs::read(origin.path().join("seg/latest.bin")).unwrap();
    // A prime step visits every bit of a byte.
    for bit in (0..bytes.len() * 8).step_by(5) {
        let directory = copy(origin.path());
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(directory.path().join("seg/latest.bin"), bytes).unwrap();
        assert_eq!(
            open(directory.path()).latest(&tags).unwrap(),
            want,
            "bit {bit}"
        );
    }
}

/// The files under `tests/data/historian-1` were written by the program that knew only format 1.
#[test]
fn files_of_format_1_open_and_can_be_joined() {
    let origin = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/historian-1");
    let directory = copy(&origin);
    let want_0: Vec<Update> = ramp(0, 86_300, 86_500)
        .into_iter()
        .map(|update| match update.sample.time_us / SECOND_US {
            86_350 => good(0, 86_350 * SECOND_US, Value::I64(7)),
            _ => update,
        })
        .collect();
    let samples = |batch: Vec<Update>| -> Vec<Sample> {
        batch.into_iter().map(|update| update.sample).collect()
    };
    let check = |historian: &EmbeddedHistorian| {
        assert_eq!(read(historian, 0), samples(want_0.clone()));
        assert_eq!(read(historian, 1), samples(ramp(1, 0, 500)));
        let want = [good(2, 5, Value::Text("old".into())), bad(2, 7)];
        assert_eq!(read(historian, 2), samples(want.to_vec()));
        assert_eq!(historian.stats().quarantined, 0);
    };
    let historian = open(directory.path());
    check(&historian);
    let joined = historian.compact_all(9 * 86_400 * SECOND_US, &mut |_, _, _| {});
    assert_eq!(joined.unwrap(), 2);
    check(&historian);
    drop(historian);
    check(&open(directory.path()));
}
