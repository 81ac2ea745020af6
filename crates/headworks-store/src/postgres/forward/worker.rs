//! The forwarder: reads the log, sends it, goes on after every failure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use headworks_core::{Quality, Sample, TagIndex, Update, Value};

use super::state::{Delete, Shared};
use crate::error::StoreError;
use crate::historian::{
    Chunk, Column, Historian, LogPosition, LogReader, RangeQuery, Retention, TierAges, TimeRange,
};
use crate::postgres::PostgresHistorian;

/// Samples sent in one transaction.
const BATCH: usize = 20_000;
/// Pause when nothing waits.
const IDLE: Duration = Duration::from_millis(100);
/// First and longest pause after a failure.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(30)];
/// Longest time until logs that are in the database go from the disk.
const TIDY: Duration = Duration::from_secs(5);
/// Samples copied at once when a range is made equal.
const PAGE: usize = 20_000;

/// Samples on their way, with the place after them.
#[derive(Default)]
struct Parcel {
    updates: Vec<Update>,
    after: LogPosition,
}

/// Forwards until the end.
pub(super) fn run(shared: &Arc<Shared>) {
    let mut pause = BACK_OFF[0];
    count_waiting(shared, LogPosition::default());
    while !is_stopped(shared) {
        let before = shared.stats.lock().forwarded;
        let Err(error) = forward(shared) else {
            return;
        };
        let mut stats = shared.stats.lock();
        if stats.forwarded != before {
            pause = BACK_OFF[0];
        }
        if stats.error.is_none() {
            tracing::warn!(%error, "the database takes no samples; they wait on the disk");
        }
        stats.connected = false;
        stats.error = Some(error.to_string());
        drop(stats);
        sleep(shared, pause);
        pause = (pause * 2).min(BACK_OFF[1]);
    }
}

/// Forwards until something fails; ends well only when the process stops.
fn forward(shared: &Shared) -> Result<(), StoreError> {
    let database = shared.connect()?;
    let mut reader = reader(shared, &database)?;
    note_connected(shared);
    let mut tidied = Instant::now();
    let mut forwarded = reader.position();
    while !is_stopped(shared) {
        // before the log is read: what comes behind it was not deleted by them
        let due = shared.due_deletes();
        let parcel = fill(&mut reader)?;
        chores(shared, &database)?;
        if parcel.updates.is_empty() {
            note_idle(shared);
            follow_deletes(shared, &database, &due)?;
            if reader.position() != forwarded || TIDY <= tidied.elapsed() {
                forwarded = reader.position();
                shared.embedded.forwarded(forwarded)?;
                tidied = Instant::now();
            }
            sleep(shared, IDLE);
            continue;
        }
        send(shared, &database, &parcel)?;
        if TIDY <= tidied.elapsed() || forwarded.generation != parcel.after.generation {
            forwarded = parcel.after;
            shared.embedded.forwarded(forwarded)?;
            tidied = Instant::now();
        }
    }
    shared.embedded.forwarded(reader.position())
}

/// Returns a reader behind what the database has. What it says counts, not what was sent: the
/// answer to a commit may have been lost.
fn reader(shared: &Shared, database: &PostgresHistorian) -> Result<LogReader, StoreError> {
    let source = shared.kept.lock().source.clone();
    let mut position = database.position(&source)?;
    if newest_generation(shared)? < position.generation {
        tracing::warn!(
            "the data directory is older than what the database has of it; its whole log is sent \
             again"
        );
        shared.rename_source()?;
        position = LogPosition::default();
    }
    count_waiting(shared, position);
    shared.embedded.log_reader(position)
}

/// Returns the number of the log that is being written.
fn newest_generation(shared: &Shared) -> Result<u64, StoreError> {
    let directory = shared.directory.join("wal");
    let failed = |error| StoreError::io("reading", &directory, error);
    let mut newest = 0;
    for entry in std::fs::read_dir(&directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".wal"));
        newest = newest.max(number.and_then(|text| text.parse().ok()).unwrap_or(0));
    }
    Ok(newest)
}

/// Counts what waits behind a position.
fn count_waiting(shared: &Shared, position: LogPosition) {
    let mut waiting = 0;
    let mut oldest = None;
    if let Ok(mut reader) = shared.embedded.log_reader(position) {
        while let Ok(Some(batch)) = reader.next_batch() {
            waiting += batch.updates.len() as u64;
            let first = batch
                .updates
                .iter()
                .map(|update| update.sample.time_us)
                .min();
            oldest = oldest.or(first);
            if is_stopped(shared) {
                return;
            }
        }
    }
    let mut stats = shared.stats.lock();
    stats.waiting = waiting;
    stats.waiting_since_us = oldest;
}

/// Takes batches until there are enough for a transaction.
fn fill(reader: &mut LogReader) -> Result<Parcel, StoreError> {
    let mut parcel = Parcel {
        after: reader.position(),
        ..Parcel::default()
    };
    while parcel.updates.len() < BATCH {
        let Some(batch) = reader.next_batch()? else {
            break;
        };
        parcel.updates.extend(batch.updates);
        parcel.after = batch.after;
    }
    Ok(parcel)
}

fn send(shared: &Shared, database: &PostgresHistorian, parcel: &Parcel) -> Result<(), StoreError> {
    let times = parcel.updates.iter().map(|update| update.sample.time_us);
    shared.stats.lock().waiting_since_us = times.min();
    let source = shared.kept.lock().source.clone();
    let refused = database.forward(&parcel.updates, &source, parcel.after)?;
    for refused in &refused {
        tracing::warn!(
            tag = refused.update.tag.0,
            time_us = refused.update.sample.time_us,
            reason = refused.reason,
            "the database refuses a sample; it is in headworks.quarantine"
        );
    }
    let mut stats = shared.stats.lock();
    stats.forwarded += (parcel.updates.len() - refused.len()) as u64;
    stats.refused += refused.len() as u64;
    stats.waiting = stats.waiting.saturating_sub(parcel.updates.len() as u64);
    Ok(())
}

/// Names and upkeep, when callers have asked for them.
fn chores(shared: &Shared, database: &PostgresHistorian) -> Result<(), StoreError> {
    let (names, round_us) = {
        let mut signal = shared.signal.lock();
        (signal.names.take(), signal.round_us.take())
    };
    if let Some(names) = names
        && let Err(error) = database.name_tags(&names)
    {
        shared.signal.lock().names.get_or_insert(names);
        return Err(error);
    }
    let Some(now_us) = round_us else {
        return Ok(());
    };
    let days = shared.options.retention_days;
    let retention = Retention {
        default: TierAges {
            raw: days,
            minute: days,
            five_minutes: days,
            hour: None,
            day: None,
            week: None,
        },
        ..Retention::default()
    };
    let upkeep = database.maintain(now_us, &retention)?;
    if let Some(held) = upkeep.held {
        tracing::info!(held, "upkeep of the database has to wait");
    }
    Ok(())
}

/// Makes the database equal to the embedded store where samples were deleted. Everything that
/// waited is there by now, so that nothing deleted comes after.
fn follow_deletes(
    shared: &Shared,
    database: &PostgresHistorian,
    due: &[Delete],
) -> Result<(), StoreError> {
    for delete in due {
        make_equal(shared, database, delete)?;
        shared.end_delete(delete)?;
    }
    Ok(())
}

fn make_equal(
    shared: &Shared,
    database: &PostgresHistorian,
    delete: &Delete,
) -> Result<(), StoreError> {
    database.delete(&delete.tags(), delete.range())?;
    for tag in delete.tags() {
        let mut range = delete.range();
        loop {
            let page = page(shared, tag, range)?;
            let Some(last) = page.last() else { break };
            range.start_us = last.sample.time_us.saturating_add(1);
            database.append(&page)?;
        }
    }
    Ok(())
}

fn page(shared: &Shared, tag: TagIndex, range: TimeRange) -> Result<Vec<Update>, StoreError> {
    let query = RangeQuery {
        tags: vec![tag],
        range,
        limit: PAGE,
    };
    let mut updates = Vec::new();
    shared.embedded.read(&query, &mut |chunk| {
        let samples = (0..chunk.times_us.len()).map(|at| sample_at(chunk, at));
        updates.extend(samples.map(|sample| Update { tag, sample }));
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(updates)
}

/// Returns a sample of a chunk.
pub(super) fn sample_at(chunk: &Chunk, at: usize) -> Sample {
    let quality = Quality::from_code(chunk.qualities[at]);
    let value = || match &chunk.values {
        Column::Bool(values) => Value::Bool(values[at]),
        Column::I64(values) => Value::I64(values[at]),
        Column::U64(values) => Value::U64(values[at]),
        Column::F64(values) => Value::F64(values[at]),
        Column::Text(values) => Value::Text(Arc::clone(&values[at])),
        Column::Bytes(values) => Value::Bytes(Arc::clone(&values[at])),
    };
    Sample {
        time_us: chunk.times_us[at],
        value: (!quality.is_bad()).then(value),
        quality,
    }
}

fn note_connected(shared: &Shared) {
    let mut stats = shared.stats.lock();
    stats.connected = true;
    if stats.error.take().is_some() {
        tracing::info!(waiting = stats.waiting, "the database takes samples again");
    }
}

fn note_idle(shared: &Shared) {
    let mut stats = shared.stats.lock();
    stats.waiting = 0;
    stats.waiting_since_us = None;
}

fn is_stopped(shared: &Shared) -> bool {
    shared.signal.lock().stop
}

fn sleep(shared: &Shared, pause: Duration) {
    let deadline = Instant::now() + pause;
    let mut signal = shared.signal.lock();
    while !signal.stop {
        if shared.changed.wait_until(&mut signal, deadline).timed_out() {
            return;
        }
    }
}
