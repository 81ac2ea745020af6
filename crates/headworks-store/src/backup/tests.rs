use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use headworks_core::alarm::{Entry, Input, Ledger, Machine, Rule, Verdict};
use headworks_core::model::{Kind, Priority};
use headworks_core::{Sample, TagIndex, Update, Value};
use sha2::{Digest, Sha256};

use super::*;
use crate::{
    AlarmJournal, Change, EmbeddedHistorian, Historian, HistorianOptions, ObjectStore, RangeQuery,
    Retention, TimeRange,
};

const TAGS: u32 = 20;
const NOW_US: i64 = 1_795_000_000_000_000;
const DAY_US: i64 = 86_400_000_000;
const ALL: TimeRange = TimeRange {
    start_us: i64::MIN,
    end_us: i64::MAX,
};

/// Small limits, so that a short run holds many seals.
fn open(directory: &Path) -> EmbeddedHistorian {
    let options = HistorianOptions {
        group_commit: Duration::from_millis(20),
        memory_bytes_max: 60_000,
        ..HistorianOptions::default()
    };
    EmbeddedHistorian::open(directory, options).unwrap()
}

/// Batches lie 100 s apart.
fn batch(number: i64) -> Vec<Update> {
    let update = |tag| Update {
        tag: TagIndex(tag),
        sample: Sample::good(
            number * 100_000_000 + i64::from(tag),
            Value::F64(number as f64 / 4.0),
        ),
    };
    (0..TAGS).map(update).collect()
}

/// Returns the times of a tag's samples.
fn times(historian: &EmbeddedHistorian, tag: u32) -> Vec<i64> {
    let mut times = Vec::new();
    let query = RangeQuery {
        tags: vec![TagIndex(tag)],
        range: ALL,
        limit: usize::MAX,
    };
    let stats = historian.read(&query, &mut |chunk| {
        times.extend_from_slice(&chunk.times_us);
        ControlFlow::Continue(())
    });
    assert_eq!(stats.unwrap().damaged, 0);
    times
}

/// Returns a hash of every sample, every newest sample and every object with its history.
fn answers(historian: &EmbeddedHistorian, objects: &ObjectStore) -> String {
    let mut hash = Sha256::new();
    let tags: Vec<_> = (0..TAGS).map(TagIndex).collect();
    for &tag in &tags {
        let query = RangeQuery {
            tags: vec![tag],
            range: ALL,
            limit: usize::MAX,
        };
        let (mut times, mut rest) = (Vec::new(), Vec::new());
        let stats = historian.read(&query, &mut |chunk| {
            times.extend_from_slice(&chunk.times_us);
            let crate::Column::F64(values) = &chunk.values else {
                panic!("{:?}", chunk.values);
            };
            rest.extend(values.iter().map(|value| value.to_bits()));
            rest.extend(chunk.qualities.iter().map(|&quality| u64::from(quality)));
            ControlFlow::Continue(())
        });
        assert_eq!(stats.unwrap().damaged, 0);
        rest.sort_unstable();
        hash.update(format!("{times:?}{rest:?}"));
    }
    hash.update(format!("{:?}", historian.latest(&tags).unwrap()));
    for object in objects.load_all().unwrap() {
        hash.update(format!("{object:?}"));
        hash.update(format!("{:?}", objects.history(object.id).unwrap()));
    }
    format!("{:x?}", hash.finalize())
}

fn add_object(objects: &ObjectStore, body: &str) {
    let change = Change::Create {
        kind: Kind::Tag,
        id: None,
        body: body.to_owned(),
    };
    objects.commit(&[change], "test", NOW_US).unwrap();
}

/// A plant of some days, still open, whose newest samples are in the log only.
fn plant(data: &Path) -> (EmbeddedHistorian, ObjectStore) {
    let (historian, objects) = (open(data), ObjectStore::open(data).unwrap());
    for number in 0..3_000 {
        historian.append(&batch(number)).unwrap();
    }
    for number in 0..50 {
        add_object(&objects, &number.to_string());
    }
    historian
        .maintain(4 * DAY_US, &Retention::default())
        .unwrap();
    let gone = TimeRange {
        start_us: DAY_US,
        end_us: DAY_US + 3_600_000_000,
    };
    assert!(0 < historian.delete(&[TagIndex(3)], gone).unwrap());
    for number in 3_000..3_100 {
        historian.append(&batch(number)).unwrap();
    }
    (historian, objects)
}

#[test]
fn the_restored_plant_answers_the_same_and_goes_on() {
    let (data, target, other) = three_directories();
    let (historian, objects) = plant(data.path());
    let (alarms, _) = AlarmJournal::open(data.path()).unwrap();
    alarms.append(&[raised()]).unwrap();
    let backups = Backups::at(target.path());
    let created = backups.create(data.path(), NOW_US).unwrap();
    let expected = answers(&historian, &objects);
    assert!(0 < historian.stats().in_memory, "the log matters");
    historian.append(&batch(9_000)).unwrap();
    add_object(&objects, "later");
    drop(alarms);
    assert_eq!(backups.verify(&created.id).unwrap(), []);
    backups.restore(&created.id, other.path(), false).unwrap();
    let (restored, its_objects) = (open(other.path()), ObjectStore::open(other.path()).unwrap());
    assert_eq!(answers(&restored, &its_objects), expected);
    let (its_alarms, _) = AlarmJournal::open(other.path()).unwrap();
    assert_eq!(its_alarms.entries_after(0, 10).unwrap(), [raised()]);
    assert_eq!(restored.stats().quarantined, 0);
    restored.append(&batch(9_001)).unwrap();
    add_object(&its_objects, "goes on");
    restored.close().unwrap();
    assert!(!data.path().join("backup-hold").exists());
}

/// An alarm that was raised.
fn raised() -> Entry {
    let rule = Rule {
        on_delay_us: 0,
        off_delay_us: 0,
        re_alarm_us: None,
        shelve_max_us: 1,
        latching: false,
    };
    let mut ledger = Ledger::new(None);
    let input = Input::Condition(Verdict::True);
    let mut machine = Machine::default();
    machine.apply(&rule, &mut ledger, NOW_US, input).unwrap();
    Entry {
        number: 1,
        alarm: "0192d3c0-0000-7000-8000-000000000001".parse().unwrap(),
        name: "Pressure".into(),
        path: None,
        priority: Priority::High,
        text: "too high".into(),
        value: None,
        limit: None,
        first_out: false,
        transition: ledger.drain().next().unwrap(),
    }
}

fn three_directories() -> (tempfile::TempDir, tempfile::TempDir, tempfile::TempDir) {
    let new = || tempfile::tempdir().unwrap();
    (new(), new(), new())
}

#[test]
fn a_backup_beside_a_writer_has_what_was_acknowledged_before_it() {
    let (data, target, _) = three_directories();
    let historian = open(data.path());
    let backups = Backups::at(target.path());
    let (next, stop) = (AtomicI64::new(0), AtomicBool::new(false));
    let mut made = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                let number = next.load(Ordering::SeqCst);
                historian.append(&batch(number)).unwrap();
                next.store(number + 1, Ordering::SeqCst);
                if number % 50 == 0 {
                    let now_us = number * 100_000_000;
                    historian.maintain(now_us, &Retention::default()).unwrap();
                }
                // Files come and go, but not faster than anywhere in the field.
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        for turn in 0..6 {
            std::thread::sleep(Duration::from_millis(150));
            let before = next.load(Ordering::SeqCst);
            let created = backups.create(data.path(), NOW_US + turn * 1_000);
            // At least one batch may be on its way at the end.
            let after = next.load(Ordering::SeqCst) + 1;
            made.push((created, before, after));
        }
        stop.store(true, Ordering::SeqCst);
    });
    for (created, before, after) in made {
        let created = created.unwrap();
        let other = tempfile::tempdir().unwrap();
        backups.restore(&created.id, other.path(), false).unwrap();
        let restored = open(other.path());
        assert_eq!(restored.stats().quarantined, 0);
        for tag in 0..TAGS {
            let times = times(&restored, tag);
            let count = times.len() as i64;
            assert!(
                (before..=after).contains(&count),
                "{before} {count} {after}"
            );
            let expected = (0..count).map(|number| number * 100_000_000 + i64::from(tag));
            assert!(times.into_iter().eq(expected), "tag {tag}");
        }
    }
    assert!(100 < next.load(Ordering::SeqCst));
}

#[test]
fn what_an_earlier_backup_has_is_not_copied_again() {
    let (data, target, _) = three_directories();
    let (historian, objects) = plant(data.path());
    historian.close().unwrap();
    drop(objects);
    let backups = Backups::at(target.path());
    let first = backups.create(data.path(), NOW_US).unwrap();
    assert_eq!(first.copied_files, first.files);
    let second = backups.create(data.path(), NOW_US + 60_000_000).unwrap();
    assert_eq!((second.copied_files, second.files), (0, first.files));
    assert_eq!(backups.list().unwrap().len(), 2);
}

#[test]
fn damage_is_named_and_not_restored() {
    let (data, target, other) = three_directories();
    drop(plant(data.path()));
    let backups = Backups::at(target.path());
    let id = backups.create(data.path(), NOW_US).unwrap().id;
    let entry = backups.get(&id).unwrap().files.remove(2);
    let path = files::place(&target.path().join("files"), &entry.sha256);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let problems = backups.verify(&id).unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, entry.path);
    let refused = backups.restore(&id, other.path(), false);
    assert!(matches!(refused, Err(StoreError::Corrupt { .. })));
    assert_eq!(files::names(other.path()).unwrap(), [""; 0]);
}

#[test]
fn a_target_with_data_is_refused_or_its_data_are_put_aside() {
    let (data, target, _) = three_directories();
    let (historian, objects) = plant(data.path());
    let backups = Backups::at(target.path());
    let id = backups.create(data.path(), NOW_US).unwrap().id;
    let in_use = backups.restore(&id, data.path(), true);
    assert!(matches!(in_use, Err(StoreError::InUse { .. })));
    let expected = answers(&historian, &objects);
    drop((historian, objects));
    let refused = backups.restore(&id, data.path(), false).unwrap_err();
    assert!(refused.to_string().contains("not empty"), "{refused}");
    let aside = backups.restore(&id, data.path(), true).unwrap().unwrap();
    assert!(aside.join("headworks.db").is_file());
    let (historian, objects) = (open(data.path()), ObjectStore::open(data.path()).unwrap());
    assert_eq!(answers(&historian, &objects), expected);
}

#[test]
fn manifests_of_a_newer_program_and_places_outside_are_refused() {
    let target = tempfile::tempdir().unwrap();
    let backups = Backups::at(target.path());
    let manifests = target.path().join("backups");
    std::fs::create_dir_all(&manifests).unwrap();
    std::fs::write(manifests.join("a.json"), r#"{"format": 2, "other": 1}"#).unwrap();
    assert!(matches!(
        backups.get("a"),
        Err(StoreError::TooNew {
            found: 2,
            known: FORMAT,
            ..
        })
    ));
    assert!(matches!(backups.get("b"), Err(StoreError::NotFound { .. })));
    assert!(matches!(
        backups.get("../a"),
        Err(StoreError::NotFound { .. })
    ));
    for path in ["../x", "/etc/x", "seg/../../x", ""] {
        let entry = FileEntry {
            path: path.to_owned(),
            bytes: 0,
            sha256: "0".repeat(64),
            modified_us: 0,
        };
        let manifest = Manifest::new("c".to_owned(), 0, vec![entry]);
        manifest::write(&manifests, &manifest).unwrap();
        let read = backups.get("c");
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{path:?}");
    }
}

#[test]
fn pruning_keeps_the_newest_and_one_of_each_day_and_week_whole() {
    let (data, target, _) = three_directories();
    let historian = open(data.path());
    let backups = Backups::at(target.path());
    // 2026-11-18, a Wednesday, to 2026-12-01, a Tuesday: two backups a day.
    let start_us = NOW_US.div_euclid(DAY_US) * DAY_US;
    for number in 0..28 {
        historian.append(&batch(number)).unwrap();
        let time_us = start_us + number * DAY_US / 2;
        backups.create(data.path(), time_us).unwrap();
    }
    let keep = Keep {
        last: 1,
        daily: 3,
        weekly: 3,
    };
    let pruned = backups.prune(&keep).unwrap();
    let left = backups.list().unwrap();
    let days = left.iter().map(|backup| {
        let half_days = (backup.created_us - start_us) * 2 / DAY_US;
        assert_eq!(half_days % 2, 1, "the newer one of a day");
        half_days / 2
    });
    // The last three days; and of the weeks the last day, Sunday, or what there is.
    let days: Vec<_> = days.collect();
    let sunday = |day: i64| (start_us / DAY_US + day + 3).rem_euclid(7) == 6;
    assert_eq!(days.len() + pruned.removed.len(), 28);
    assert!(days.ends_with(&[11, 12, 13]), "{days:?}");
    assert!(
        days[..days.len() - 3].iter().all(|&day| sunday(day)),
        "{days:?}"
    );
    assert!(4 <= days.len() && 0 < pruned.files);
    for backup in left {
        assert_eq!(backups.verify(&backup.id).unwrap(), []);
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_backup() {
    use std::os::unix::fs::PermissionsExt;
    let (data, target, _) = three_directories();
    drop(plant(data.path()));
    let backups = Backups::at(&target.path().join("plant"));
    let id = backups.create(data.path(), NOW_US).unwrap().id;
    let entry = backups.get(&id).unwrap().files.remove(0);
    let file = files::place(&target.path().join("plant/files"), &entry.sha256);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&target.path().join("plant")), 0o700);
}
