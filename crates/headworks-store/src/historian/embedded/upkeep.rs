//! What is done each minute: closing days, joining files, rolling up, dropping what is too old.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Shared;
use super::retain::Seen;
use crate::error::StoreError;
use crate::historian::catalog::{Segment, day_of};
use crate::historian::memtable::Memtable;
use crate::historian::{Retention, Tier, Upkeep};

/// Late samples that come within this time after the end of a day are joined with the others.
const GRACE_US: i64 = 6 * 3_600 * 1_000_000;
/// Time between two compactions of a closed day to which samples come late.
const AGAIN_US: i64 = 6 * 3_600 * 1_000_000;
/// Time between two roll-ups of a closed day to which samples come late; queries read the samples
/// until then.
const ROLL_UP_AGAIN_US: i64 = 3_600 * 1_000_000;
/// Files of a day under way that are joined once there are as many of about one size.
const JOINED_MIN: usize = 8;
/// Samples per block from which files of a day under way stay as they are.
const SAMPLES_PER_BLOCK: u64 = 2_048;
/// No new job begins when a round has taken so long.
const ROUND: Duration = Duration::from_secs(20);

/// What upkeep remembers from round to round.
#[derive(Default)]
pub(super) struct Progress {
    /// The last day that was sealed because it was over.
    sealed_to: Option<i32>,
    /// When a closed day was compacted.
    compacted_us: HashMap<i32, i64>,
    /// When the rows of a closed day were made.
    rolled_up_us: HashMap<i32, i64>,
    seen: Seen,
}

/// One round.
struct Round<'a> {
    shared: &'a Shared,
    now_us: i64,
    started: Instant,
    done: Upkeep,
}

impl Shared {
    /// Does what is due. What fails is told in `held` and tried again in the next round; the
    /// steps after it are done all the same, because dropping may be what frees a full disk.
    pub(super) fn maintain(
        &self,
        now_us: i64,
        retention: &Retention,
    ) -> Result<Upkeep, StoreError> {
        let mut progress = self.upkeep.lock();
        let mut round = Round {
            shared: self,
            now_us,
            started: Instant::now(),
            done: Upkeep::default(),
        };
        let held = self.hold_reserve();
        round.note(held);
        let closed = round.close_days(&mut progress);
        round.note(closed);
        let rolled_up = round.roll_up(&mut progress);
        round.note(rolled_up);
        let compacted = round.compact_closed(&mut progress);
        round.note(compacted);
        let joined = round.join_small();
        round.note(joined);
        let retained = self.retain(now_us, retention, &mut progress.seen, &mut round.done);
        round.note(retained);
        round.done.freed_bytes += self.catalog.sweep(&self.disk)?;
        round.done.freed_bytes += self.rollups.sweep(&self.disk)?;
        Ok(round.done)
    }

    /// Joins the files of all days that are over; `sink` gets each day before its turn, with the
    /// number of its files and their bytes.
    pub(super) fn compact_all(
        &self,
        now_us: i64,
        sink: &mut dyn FnMut(i32, u64, u64),
    ) -> Result<u64, StoreError> {
        let _turn = self.upkeep.lock();
        self.seal_now()?;
        let mut joined = 0;
        for day in self.catalog.days(i32::MIN, day_of(now_us) - 1) {
            let inputs = self.catalog.of_day(day);
            if 1 < inputs.len() {
                let bytes = inputs.iter().map(|input| input.bytes).sum();
                sink(day, inputs.len() as u64, bytes);
                self.compact(&inputs, None)?;
                joined += 1;
                drop(inputs);
                self.catalog.sweep(&self.disk)?;
            }
        }
        Ok(joined)
    }
}

impl Round<'_> {
    fn note(&mut self, result: Result<(), StoreError>) {
        if let Err(error) = result {
            tracing::warn!(%error, "upkeep of the historian is held up");
            self.done.held.get_or_insert(super::describe(&error));
        }
    }

    fn has_time(&self) -> bool {
        self.started.elapsed() < ROUND
    }

    /// Seals once when a day is over, so that its files can be joined.
    fn close_days(&self, progress: &mut Progress) -> Result<(), StoreError> {
        let today = day_of(self.now_us);
        if progress.sealed_to.is_some_and(|day| today <= day) {
            return Ok(());
        }
        // A seal under way, e.g. of what the last process left, may be of such a day too.
        let is_over = {
            let tables = self.shared.tables.read();
            let sealing = tables.sealing.iter().map(|sealing| &sealing.table);
            let mut days = sealing.chain([&tables.active]).flat_map(Memtable::days);
            days.any(|day| day < today)
        };
        if is_over {
            self.shared.seal_now()?;
        }
        progress.sealed_to = Some(today);
        Ok(())
    }

    /// Makes the rows of days that are over and have none of their version, then those of the
    /// plant's days and weeks.
    fn roll_up(&mut self, progress: &mut Progress) -> Result<(), StoreError> {
        let Shared {
            rollups,
            catalog,
            disk,
            ..
        } = self.shared;
        let last = day_of(self.now_us.saturating_sub(GRACE_US)) - 1;
        for day in catalog.days(i32::MIN, last) {
            if rollups.is_fresh(day, catalog.version_of(day))
                || waits(&progress.rolled_up_us, day, self.now_us, ROLL_UP_AGAIN_US)
            {
                continue;
            }
            if !self.has_time() {
                return Ok(());
            }
            rollups.roll_up_day(disk, catalog, day, None)?;
            self.done.rolled_up_days += 1;
            progress.rolled_up_us.insert(day, self.now_us);
        }
        forget_old(&mut progress.rolled_up_us, self.now_us, ROLL_UP_AGAIN_US);
        for (tier, finer) in [(Tier::Day, Tier::FiveMinutes), (Tier::Week, Tier::Day)] {
            let days = rollups.catalog(finer).days(i32::MIN, i32::MAX);
            let keys: BTreeSet<i32> = days
                .into_iter()
                .flat_map(|day| rollups.keys_over(tier, day))
                .collect();
            for key in keys {
                let end_us = rollups.end_of(tier, key);
                if end_us.saturating_add(GRACE_US) <= self.now_us && self.has_time() {
                    rollups.roll_up_local(disk, tier, key, None)?;
                }
            }
        }
        Ok(())
    }

    /// Joins all files of days that are over and rolled up: late samples must be told from those
    /// that the rows know of.
    fn compact_closed(&mut self, progress: &mut Progress) -> Result<(), StoreError> {
        let last = day_of(self.now_us.saturating_sub(GRACE_US)) - 1;
        for day in self.shared.catalog.days(i32::MIN, last) {
            let inputs = self.shared.catalog.of_day(day);
            let version = self.shared.catalog.version_of(day);
            if inputs.len() < 2
                || !self.shared.rollups.is_fresh(day, version)
                || waits(&progress.compacted_us, day, self.now_us, AGAIN_US)
            {
                continue;
            }
            if !self.has_time() {
                break;
            }
            self.shared.compact(&inputs, None)?;
            self.done.compacted_days += 1;
            progress.compacted_us.insert(day, self.now_us);
        }
        forget_old(&mut progress.compacted_us, self.now_us, AGAIN_US);
        Ok(())
    }

    /// Joins files of days under way whose blocks are small: plants with very many tags fill no
    /// block between two seals.
    fn join_small(&self) -> Result<(), StoreError> {
        let first = day_of(self.now_us.saturating_sub(GRACE_US));
        for day in self.shared.catalog.days(first, i32::MAX) {
            while self.has_time()
                && let Some(inputs) = alike(&self.shared.catalog.of_day(day))
            {
                self.shared.compact(&inputs, None)?;
            }
        }
        Ok(())
    }
}

/// Finds neighbours to join: a run with enough files of one size and any number of smaller ones.
///
/// A size is eight times the one below, by samples; so a sample is copied once per size, and the
/// large files are not copied for each small one that comes.
fn alike(segments: &[Arc<Segment>]) -> Option<Vec<Arc<Segment>>> {
    let size = |segment: &Segment| segment.footer.samples.max(1).ilog2() / 3;
    let sizes: BTreeSet<u32> = segments.iter().map(|segment| size(segment)).collect();
    sizes.into_iter().find_map(|most| {
        let fits = |segment: &Segment| size(segment) <= most;
        let runs = segments.chunk_by(|a, b| fits(a) == fits(b));
        let mut runs = runs.filter(|run| {
            let full = run.iter().filter(|segment| size(segment) == most).count();
            fits(&run[0]) && JOINED_MIN <= full && has_small_blocks(run)
        });
        runs.next().map(<[Arc<Segment>]>::to_vec)
    })
}

fn has_small_blocks(run: &[Arc<Segment>]) -> bool {
    let samples: u64 = run.iter().map(|segment| segment.footer.samples).sum();
    let blocks: u64 = run
        .iter()
        .map(|segment| u64::from(segment.footer.blocks))
        .sum();
    samples < blocks * SAMPLES_PER_BLOCK
}

/// Whether a day had its turn less than `pause_us` ago.
fn waits(turns: &HashMap<i32, i64>, day: i32, now_us: i64, pause_us: i64) -> bool {
    let turn = turns.get(&day);
    turn.is_some_and(|time_us| now_us - time_us < pause_us)
}

fn forget_old(turns: &mut HashMap<i32, i64>, now_us: i64, pause_us: i64) {
    turns.retain(|_, time_us| now_us - *time_us < pause_us);
}

#[cfg(test)]
mod tests;
