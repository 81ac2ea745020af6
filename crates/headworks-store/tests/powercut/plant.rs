//! The writer, what it notes, and what must be there of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use headworks_core::model::Kind;
use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_store::{
    Ack, Change, Column, EmbeddedHistorian, Historian, HistorianOptions, ObjectStore, RangeQuery,
    Retention, TierAges, TimeRange,
};

use crate::record::Operation;

pub(crate) const ROOT: &str = "HEADWORKS_POWERCUT_WRITER";
/// The file in which the writer notes what it does; its records are in order with all others.
const NOTES: &str = "notes";
const TAGS: u32 = 10;
const BATCHES: i64 = 1_600;
/// Batches that a deletion takes samples of.
const DELETED: i64 = 40;

fn open(directory: &Path) -> Result<EmbeddedHistorian, String> {
    let options = HistorianOptions {
        group_commit: Duration::from_millis(15),
        memory_bytes_max: 20_000,
        ..HistorianOptions::default()
    };
    EmbeddedHistorian::open(directory, options).map_err(|error| format!("{error:?}"))
}

/// Batches lie 400 s apart; every fifth tag is late by three batches.
fn time_us(number: i64, tag: u32) -> i64 {
    let late = if tag.is_multiple_of(5) { 1_200 } else { 0 };
    (number * 400 - late) * 1_000_000 + i64::from(tag)
}

fn batch(number: i64) -> Vec<Update> {
    let update = |tag| Update {
        tag: TagIndex(tag),
        sample: Sample::good(time_us(number, tag), Value::I64(number)),
    };
    (0..TAGS).map(update).collect()
}

/// Nothing is dropped because of its age.
fn keep_all() -> Retention {
    Retention {
        default: TierAges {
            raw: None,
            minute: None,
            five_minutes: None,
            hour: None,
            day: None,
            week: None,
        },
        ..Retention::default()
    }
}

/// The tag that a deletion is about.
fn deleted_tag(start: i64) -> u32 {
    (start / 100 % i64::from(TAGS)) as u32
}

/// Writes, seals, joins, deletes and stores objects.
pub(crate) fn write(directory: &Path) {
    let historian = open(directory).unwrap();
    let objects = ObjectStore::open(directory).unwrap();
    let mut notes = File::create(directory.join(NOTES)).unwrap();
    let mut note = |text: String| notes.write_all(text.as_bytes()).unwrap();
    for number in 0..BATCHES {
        note(format!("append {number}"));
        if historian.append(&batch(number)).unwrap() == Ack::Durable {
            note(format!("durable {number}"));
        }
        if number % 23 == 0 {
            historian.sync().unwrap();
            note(format!("durable {number}"));
        }
        if number % 31 == 0 {
            note(format!("store {}", number / 31));
            let change = Change::Create {
                kind: Kind::Tag,
                id: None,
                body: (number / 31).to_string(),
            };
            objects.commit(&[change], "test", number).unwrap();
            note(format!("stored {}", number / 31));
        }
        if number % 300 == 299 {
            let start = number - 200;
            let tag = deleted_tag(start);
            let range = TimeRange {
                start_us: time_us(start, tag),
                end_us: time_us(start + DELETED, tag),
            };
            note(format!("delete {start}"));
            historian.delete(&[TagIndex(tag)], range).unwrap();
            note(format!("deleted {start}"));
        }
        if number % 40 == 39 {
            historian.maintain(time_us(number, 1), &keep_all()).unwrap();
        }
    }
    historian.close().unwrap();
    note(format!("durable {}", BATCHES - 1));
}

/// What the writer has noted up to a moment.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Batches that were begun, and those known to be durable.
    begun: i64,
    durable: i64,
    /// Objects in the same way.
    objects_begun: i64,
    objects_stored: i64,
    /// Deletions by their first batch, and whether they were acknowledged.
    deletions: BTreeMap<i64, bool>,
}

impl Notes {
    pub(crate) fn apply(&mut self, operation: &Operation) {
        let Operation::Write { name, bytes, .. } = operation else {
            return;
        };
        if name != NOTES {
            return;
        }
        let text = std::str::from_utf8(bytes).unwrap();
        let (what, number) = text.split_once(' ').unwrap();
        let number: i64 = number.parse().unwrap();
        match what {
            "append" => self.begun = number + 1,
            "durable" => self.durable = number + 1,
            "store" => self.objects_begun = number + 1,
            "stored" => self.objects_stored = number + 1,
            "delete" => {
                self.deletions.insert(number, false);
            }
            "deleted" => {
                self.deletions.insert(number, true);
            }
            other => panic!("the writer notes {other:?}"),
        }
    }

    /// The writer came to its end, and did all it should.
    pub(crate) fn check_reached(&self) {
        assert!(BATCHES / 2 < self.durable && 20 < self.objects_stored);
        assert!(2 <= self.deletions.len(), "{:?}", self.deletions);
    }

    /// Opens a directory and compares what is there with what must and may be there.
    pub(crate) fn check(&self, directory: &Path) -> Result<(), String> {
        let historian = open(directory).map_err(|error| format!("opening: {error}"))?;
        for tag in 0..TAGS {
            let found = numbers(&historian, tag)?;
            self.check_tag(tag, &found)?;
        }
        drop(historian);
        let objects = ObjectStore::open(directory)
            .map_err(|error| format!("opening the objects: {error:?}"))?;
        let all = objects.load_all().map_err(|error| format!("{error:?}"))?;
        let bodies: Vec<i64> = all
            .iter()
            .map(|object| object.body.parse().unwrap())
            .collect();
        let count = bodies.len() as i64;
        if !bodies.into_iter().eq(0..count)
            || !(self.objects_stored..=self.objects_begun).contains(&count)
        {
            return Err(format!(
                "{count} objects, {} were acknowledged",
                self.objects_stored
            ));
        }
        Ok(())
    }

    fn check_tag(&self, tag: u32, found: &[i64]) -> Result<(), String> {
        if let Some(pair) = found.windows(2).find(|pair| pair[1] <= pair[0]) {
            return Err(format!("tag {tag}: {} after {}", pair[1], pair[0]));
        }
        let mut found = found.iter().copied().peekable();
        for number in 0..self.begun {
            let is_there = found.next_if_eq(&number).is_some();
            let deletion = self.deletions.iter().find(|(start, _)| {
                deleted_tag(**start) == tag && (**start..**start + DELETED).contains(&number)
            });
            match (is_there, deletion) {
                (true, Some((start, true))) => {
                    return Err(format!("tag {tag}: {number} is back, deleted with {start}"));
                }
                (false, None) if number < self.durable => {
                    let durable = self.durable;
                    return Err(format!(
                        "tag {tag}: {number} is lost, durable up to {durable}"
                    ));
                }
                _ => {}
            }
        }
        match found.next() {
            Some(number) => Err(format!("tag {tag}: {number} was never appended")),
            None => Ok(()),
        }
    }
}

/// Returns the numbers of the batches whose samples of a tag are there, in the order of time.
fn numbers(historian: &EmbeddedHistorian, tag: u32) -> Result<Vec<i64>, String> {
    let query = RangeQuery {
        tags: vec![TagIndex(tag)],
        range: TimeRange {
            start_us: i64::MIN,
            end_us: i64::MAX,
        },
        limit: usize::MAX,
    };
    let mut numbers = Vec::new();
    let mut wrong = None;
    let stats = historian.read(&query, &mut |chunk| {
        let Column::I64(values) = &chunk.values else {
            wrong = Some(format!("tag {tag}: {:?}", chunk.values));
            return ControlFlow::Break(());
        };
        for (&number, &found_us) in values.iter().zip(&chunk.times_us) {
            if time_us(number, tag) != found_us {
                wrong = Some(format!("tag {tag}: {number} at {found_us}"));
            }
            numbers.push(number);
        }
        ControlFlow::Continue(())
    });
    let stats = stats.map_err(|error| format!("reading tag {tag}: {error:?}"))?;
    match wrong {
        Some(wrong) => Err(wrong),
        None if stats.damaged != 0 => Err(format!("tag {tag}: {} parts damaged", stats.damaged)),
        None => Ok(numbers),
    }
}
