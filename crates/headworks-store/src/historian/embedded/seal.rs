//! Sealing: what is in memory becomes segment files, one per day.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Sealing, Shared};
use crate::error::StoreError;
use crate::historian::block::{Encoder, POINTS_MAX};
use crate::historian::bytes::Damaged;
use crate::historian::catalog::{day_end, day_of};
use crate::historian::checkpoint;
use crate::historian::latest::Latest;
use crate::historian::memtable::Stream;
use crate::historian::points::cut;
use crate::historian::segment::{self, Footer, Mark, Name, SegmentWriter};
use crate::historian::wal;

/// Files written side by side; older samples than that many days take another turn.
const FILES_MAX: usize = 16;

/// What the sealing thread keeps between seals.
pub(super) struct Sealer {
    encoder: Encoder,
}

/// A file that is complete but for its name.
struct Written {
    temporary: PathBuf,
    footer: Footer,
    bytes: u64,
}

type Writers = BTreeMap<i32, SegmentWriter>;

impl Sealer {
    pub(super) fn new() -> Sealer {
        Sealer {
            encoder: Encoder::new(),
        }
    }

    /// Writes all points of `sealing` to files and shows them to readers.
    pub(super) fn seal(&mut self, shared: &Shared, sealing: &Sealing) -> Result<(), StoreError> {
        let days = sealing.table.days();
        let count = days.len();
        let mut written = Vec::new();
        for days in days.chunks(FILES_MAX) {
            let is_last = written.len() + days.len() == count;
            let result = self.write_days(shared, sealing, days, is_last, &mut written);
            if let Err(error) = result {
                remove_temporary(shared, &written);
                return Err(error);
            }
        }
        let files = publish(shared, written)?;
        for (path, footer, bytes) in files {
            shared.catalog.add(path, footer, bytes);
        }
        let directory = &shared.segment_directory;
        let latest = shared.sealed_latest.lock();
        let kept = checkpoint::write(&shared.disk, directory, &latest, sealing.generation);
        if let Err(error) = kept {
            tracing::warn!(%error, "the next start reads the index of all new files");
        }
        Ok(())
    }

    fn write_days(
        &mut self,
        shared: &Shared,
        sealing: &Sealing,
        days: &[i32],
        is_last: bool,
        written: &mut Vec<Written>,
    ) -> Result<(), StoreError> {
        let mut writers = Writers::new();
        for &day in days {
            let directory = &shared.segment_directory;
            let name = Name::of_seal(day, sealing.generation);
            let writer = SegmentWriter::create(&shared.disk, directory, name)?;
            writers.insert(day, writer);
        }
        let mut latest = shared.sealed_latest.lock();
        for tag in 0..sealing.table.tags() {
            if let Some(stream) = sealing.table.stream(tag) {
                self.write_tag(tag, &stream, &mut latest, &mut writers)
                    .map_err(|failure| failure.at(shared))?;
            }
        }
        drop(latest);
        let last_day = if is_last { days.last() } else { None };
        for (day, writer) in writers {
            let mark = if Some(&day) == last_day {
                Mark::Commit
            } else {
                Mark::Part
            };
            let (temporary, footer, bytes) = writer.finish(mark)?;
            written.push(Written {
                temporary,
                footer,
                bytes,
            });
        }
        Ok(())
    }

    fn write_tag(
        &mut self,
        tag: u32,
        stream: &Stream,
        latest: &mut Latest,
        writers: &mut Writers,
    ) -> Result<(), Failure> {
        let runs = stream.points()?;
        // Late points get blocks of their own, so that the others do not overlap older files.
        let sealed_to = latest.time_us(tag);
        let border = |time: i64| match sealed_to {
            Some(sealed_to) if time <= sealed_to => {
                let late_end = sealed_to.checked_add(1);
                [late_end, day_end(day_of(time))]
                    .into_iter()
                    .flatten()
                    .min()
            }
            _ => day_end(day_of(time)),
        };
        let is_one_run = runs.len() == 1 && stream.sorted;
        for points in &runs {
            let parts = cut(points, POINTS_MAX, border);
            let whole = is_one_run && parts.len() == 1;
            let bytes = whole.then_some(&stream.bytes[..]);
            for part in parts {
                let Some(writer) = writers.get_mut(&day_of(points.times_us[part.start])) else {
                    continue;
                };
                let cut_out;
                let part = if part == (0..points.len()) {
                    points
                } else {
                    cut_out = points.slice(part);
                    &cut_out
                };
                writer.add(|out| self.encoder.encode(tag, part, bytes, out))?;
            }
            if let Some(last) = points.len().checked_sub(1) {
                latest.offer(tag, &points.point(last));
            }
        }
        Ok(())
    }
}

/// Gives the files their names: the one with the commit mark last, when the others are safe.
fn publish(
    shared: &Shared,
    mut written: Vec<Written>,
) -> Result<Vec<(PathBuf, Footer, u64)>, StoreError> {
    let directory = &shared.segment_directory;
    written.sort_by_key(|file| file.footer.mark == Mark::Commit);
    let mut files = Vec::new();
    for file in written {
        if file.footer.mark == Mark::Commit {
            shared.disk.sync_directory(directory)?;
        }
        let path = segment::path_of(directory, file.footer.name());
        shared.disk.rename(&file.temporary, &path)?;
        files.push((path, file.footer, file.bytes));
    }
    shared.disk.sync_directory(directory)?;
    Ok(files)
}

fn remove_temporary(shared: &Shared, written: &[Written]) {
    for file in written {
        if let Err(error) = shared.disk.remove(&file.temporary) {
            tracing::warn!(%error, "an incomplete file stays until the next start");
        }
    }
}

/// Why a tag could not be written.
enum Failure {
    Store(StoreError),
    Memory(Damaged),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

impl From<Damaged> for Failure {
    fn from(error: Damaged) -> Failure {
        Failure::Memory(error)
    }
}

impl Failure {
    fn at(self, shared: &Shared) -> StoreError {
        match self {
            Failure::Store(error) => error,
            Failure::Memory(Damaged(reason)) => StoreError::Corrupt {
                path: shared.segment_directory.clone(),
                reason: format!("samples in memory: {reason}"),
            },
        }
    }
}

impl Shared {
    /// Gives up the log up to a generation.
    pub(super) fn remove_logs(&self, last: u64) -> Result<(), StoreError> {
        for generation in wal::generations(&self.wal_directory)? {
            if generation <= last {
                self.give_up_log(generation)?;
            }
        }
        Ok(())
    }
}
