//! What formulas remember, kept over a restart.
//!
//! What has changed is written down a piece at a time, so that thousands of windows cost neither
//! the disk nor the samples much; at a stop everything is. It is no history: what cannot be read is
//! told, and begins anew.

use std::sync::Arc;
use std::time::Duration;

use headworks_core::TagIndex;
use headworks_core::expr::State;
use headworks_core::model::ObjectId;
use headworks_store::{MemoryStore, Remembered, StoreError};
use parking_lot::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use crate::apply::blocking;
use crate::events::{EventKind, News, Severity};
use crate::hub::Shared;
use crate::recorder::reason_of;

/// Time between two rounds of writing.
const PERIOD: Duration = Duration::from_secs(10);
/// Bytes after which a round ends; the rest follows in the next one.
const ROUND_BYTES: usize = 1 << 20;
/// Memories that are taken together: the samples wait while they are copied.
const PIECE: usize = 64;
/// Longest memory: what is longer was not written by this program.
const STATE_BYTES_MAX: usize = 1 << 20;
/// Kind of the rows.
const KIND: &str = "formula";

/// The file, when there is one.
#[derive(Default)]
pub(crate) struct Memory {
    store: Mutex<Option<Arc<MemoryStore>>>,
}

/// Brings back what formulas remembered when the hub ran last; blocks on the disk.
pub(crate) fn restore(shared: &Shared) {
    if !MemoryStore::exists(&shared.data_directory) {
        return;
    }
    let work = || -> Result<(), StoreError> {
        let store = open(shared)?;
        let gone: Vec<ObjectId> = store
            .load(KIND)?
            .into_iter()
            .filter(|one| !take(shared, one))
            .map(|one| one.owner)
            .collect();
        store.save(KIND, &[], &gone)
    };
    if let Err(error) = work() {
        let reason = reason_of(&error);
        tell(
            shared,
            format!("what formulas remembered cannot be read: {reason}; they begin anew"),
        );
    }
}

/// Gives a formula its memory; returns whether it is its.
fn take(shared: &Shared, memory: &Remembered) -> bool {
    let plant = shared.plant.load();
    let tag = plant.tag(memory.owner).map(|tag| tag.index());
    let is_short = memory.state.len() <= STATE_BYTES_MAX;
    let state = is_short.then(|| serde_json::from_str::<State>(&memory.state).ok());
    let (Some(tag), Some(state)) = (tag, state.flatten()) else {
        return false;
    };
    let (saved_us, now_us) = (memory.saved_us, shared.clock.now_us());
    shared.ingest.take_memory(tag, state, saved_us, now_us)
}

/// Writes down what has changed, again and again until the hub stops.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if !shared.ingest.has_memories() {
            continue;
        }
        let shared = Arc::clone(&shared);
        if blocking(move || save(&shared, ROUND_BYTES)).await.is_err() {
            return; // the runtime ends
        }
    }
}

/// Writes down what has changed, up to some bytes; blocks on the disk.
pub(crate) fn save(shared: &Shared, bytes_max: usize) {
    let mut bytes = 0;
    while bytes < bytes_max {
        let taken = shared.ingest.take_memories(PIECE);
        if taken.is_empty() {
            return;
        }
        match save_piece(shared, &taken) {
            Ok(written) => bytes += written,
            Err(error) => {
                let reason = reason_of(&error);
                let lost = "what formulas remember is lost when the hub stops";
                tell(shared, format!("{lost}: it cannot be written: {reason}"));
                return;
            }
        }
    }
}

/// Writes down all that has changed and closes the file; blocks on the disk.
pub(crate) fn close(shared: &Shared) {
    save(shared, usize::MAX);
    shared.memory.store.lock().take();
}

/// Writes memories down; returns how many bytes they had.
fn save_piece(shared: &Shared, taken: &[(TagIndex, State)]) -> Result<usize, StoreError> {
    let plant = shared.plant.load();
    let saved_us = shared.clock.now_us();
    let row = |(tag, state): &(TagIndex, State)| {
        Some(Remembered {
            owner: plant.tag_at(*tag)?.id(),
            saved_us,
            state: serde_json::to_string(state).ok()?,
        })
    };
    let rows: Vec<Remembered> = taken.iter().filter_map(row).collect();
    open(shared)?.save(KIND, &rows, &[])?;
    Ok(rows.iter().map(|row| row.state.len()).sum())
}

/// Returns the file, opened when it is needed first.
fn open(shared: &Shared) -> Result<Arc<MemoryStore>, StoreError> {
    let mut store = shared.memory.store.lock();
    if let Some(store) = &*store {
        return Ok(Arc::clone(store));
    }
    let (opened, wrong) = MemoryStore::open(&shared.data_directory)?;
    if let Some(reason) = wrong {
        let aside = "it was put aside as memory.damaged, and formulas begin anew";
        tell(shared, format!("memory.db is damaged: {reason}; {aside}"));
    }
    Ok(Arc::clone(store.insert(Arc::new(opened))))
}

fn tell(shared: &Shared, message: String) {
    let news = News {
        kind: EventKind::Configuration,
        severity: Severity::Warning,
        subject: "calculated tags".into(),
        message,
    };
    shared.events.note_repeated(shared.clock.now_us(), news);
}

#[cfg(test)]
mod tests;
