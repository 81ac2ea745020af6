//! The journal of errors: warnings, errors and panics, grouped, kept across restarts.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::line::Line;

/// Most groups; beyond them the one goes that was not seen for longest.
const GROUPS_MAX: i64 = 1_000;
/// Newest occurrences that are kept of a group.
const OCCURRENCES_MAX: i64 = 20;
/// Most lines that wait for the thread that writes.
const QUEUE_MAX: usize = 1_024;
/// Most lines of one transaction.
const BATCH_MAX: usize = 256;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
    CREATE TABLE IF NOT EXISTS groups (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        module TEXT NOT NULL,
        template TEXT NOT NULL,
        level TEXT NOT NULL,
        message TEXT NOT NULL,
        first_us INTEGER NOT NULL,
        last_us INTEGER NOT NULL,
        count INTEGER NOT NULL,
        UNIQUE (module, template)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS groups_by_last ON groups (last_us);
    CREATE TABLE IF NOT EXISTS occurrences (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
        time_us INTEGER NOT NULL,
        context TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS occurrences_by_group ON occurrences (group_id, id);
";

/// The journal.
#[derive(Debug)]
pub struct ErrorJournal {
    store: Arc<Mutex<Connection>>,
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    failing: Arc<AtomicBool>,
}

enum Message {
    Line(Arc<Line>),
    Flush(SyncSender<()>),
}

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file refuses.
    #[error("the journal of errors cannot be used: {0}")]
    Store(#[from] rusqlite::Error),
    /// No thread can be started.
    #[error("the journal of errors cannot be written: {0}")]
    Thread(#[from] std::io::Error),
}

/// Errors of one kind: the same part of the program and the same words, numbers and quoted names
/// aside.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorGroup {
    /// Number of the group.
    pub id: i64,
    /// Part of the program; the source file of a panic.
    pub module: String,
    /// The message with `#` for numbers and `"…"` for quoted names.
    pub template: String,
    /// `warn` or `error`.
    pub level: String,
    /// The newest message.
    pub message: String,
    /// When it was first seen, microseconds since 1970-01-01 UTC.
    pub first_us: i64,
    /// When it was last seen, microseconds since 1970-01-01 UTC.
    pub last_us: i64,
    /// How often.
    pub count: u64,
}

/// One error with what surrounded it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorOccurrence {
    /// Number of the occurrence.
    pub id: i64,
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// The line: message, fields, spans, thread, causes, back-trace of a panic.
    #[schemars(with = "Line")]
    pub context: Value,
}

/// Which groups are asked for.
#[derive(Clone, Debug, Default)]
pub struct ErrorQuery {
    /// Only `warn` or `error`.
    pub level: Option<String>,
    /// Only groups whose module begins with this.
    pub module: Option<String>,
    /// Only groups whose newest message holds this.
    pub text: Option<String>,
    /// Most groups.
    pub limit: usize,
    /// Groups to leave out at the front.
    pub offset: usize,
}

/// Groups, last seen first.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The groups.
    pub items: Vec<ErrorGroup>,
    /// Groups of all pages.
    pub total: usize,
}

impl ErrorJournal {
    /// Opens the journal, made when it is missing, and starts the thread that writes.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or is no journal.
    pub fn open(path: &Path) -> Result<ErrorJournal, JournalError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(SCHEMA)?;
        let store = Arc::new(Mutex::new(connection));
        let (queue, messages) = sync_channel(QUEUE_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let failing = Arc::new(AtomicBool::new(false));
        let (writing, lost) = (Arc::clone(&store), Arc::clone(&dropped));
        let fails = Arc::clone(&failing);
        std::thread::Builder::new()
            .name("error journal".into())
            .spawn(move || write_all(&writing, &messages, &lost, &fails))?;
        Ok(ErrorJournal {
            store,
            queue,
            dropped,
            failing,
        })
    }

    /// Takes a line; it is dropped and counted when too many wait.
    pub(crate) fn note(&self, line: Arc<Line>) {
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns how many lines were dropped: the queue was full or the disk refused.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns whether the disk refused the last lines.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Waits until what was noted is written, but not longer than `patience`.
    pub fn flush(&self, patience: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            written.recv_timeout(patience).ok();
        }
    }

    /// Returns groups, last seen first. Waits for the disk.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn groups(&self, query: &ErrorQuery) -> Result<ErrorPage, JournalError> {
        const FILTER: &str = "FROM groups WHERE (?1 IS NULL OR level = ?1)
            AND (?2 IS NULL OR substr(module, 1, length(?2)) = ?2)
            AND (?3 IS NULL OR instr(lower(message), lower(?3)) > 0)";
        let store = self.store.lock();
        let filter = params![query.level, query.module, query.text];
        let total = store.query_row(&format!("SELECT count(*) {FILTER}"), filter, |row| {
            row.get(0)
        })?;
        let select = format!(
            "SELECT id, module, template, level, message, first_us, last_us, count {FILTER}
             ORDER BY last_us DESC, id DESC LIMIT ?4 OFFSET ?5"
        );
        let mut select = store.prepare_cached(&select)?;
        let window = params![
            query.level,
            query.module,
            query.text,
            query.limit,
            query.offset
        ];
        let items = select
            .query_map(window, group_of)?
            .collect::<Result<_, _>>()?;
        Ok(ErrorPage { items, total })
    }

    /// Returns a group with its newest occurrences, newest first. Waits for the disk.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn group(
        &self,
        id: i64,
    ) -> Result<Option<(ErrorGroup, Vec<ErrorOccurrence>)>, JournalError> {
        let store = self.store.lock();
        let select = "SELECT id, module, template, level, message, first_us, last_us, count
                      FROM groups WHERE id = ?1";
        let Some(group) = store.query_row(select, [id], group_of).optional()? else {
            return Ok(None);
        };
        let mut select = store.prepare_cached(
            "SELECT id, time_us, context FROM occurrences WHERE group_id = ?1 ORDER BY id DESC",
        )?;
        let found = select
            .query_map([id], occurrence_of)?
            .collect::<Result<_, _>>()?;
        Ok(Some((group, found)))
    }

    /// Forgets a group; returns whether it was there. Waits for the disk.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn clear(&self, id: i64) -> Result<bool, JournalError> {
        let gone = self
            .store
            .lock()
            .execute("DELETE FROM groups WHERE id = ?1", [id])?;
        Ok(0 < gone)
    }

    /// Returns how many groups there are. Waits for the disk.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn group_count(&self) -> Result<u64, JournalError> {
        let store = self.store.lock();
        Ok(store.query_row("SELECT count(*) FROM groups", [], |row| row.get(0))?)
    }
}

fn group_of(row: &Row<'_>) -> rusqlite::Result<ErrorGroup> {
    Ok(ErrorGroup {
        id: row.get(0)?,
        module: row.get(1)?,
        template: row.get(2)?,
        level: row.get(3)?,
        message: row.get(4)?,
        first_us: row.get(5)?,
        last_us: row.get(6)?,
        count: row.get(7)?,
    })
}

fn occurrence_of(row: &Row<'_>) -> rusqlite::Result<ErrorOccurrence> {
    let context: String = row.get(2)?;
    Ok(ErrorOccurrence {
        id: row.get(0)?,
        time_us: row.get(1)?,
        context: serde_json::from_str(&context).unwrap_or(Value::Null),
    })
}

/// Writes what comes, many lines in one transaction. A disk that refuses is counted, never
/// logged: that line would come here again.
fn write_all(
    store: &Mutex<Connection>,
    messages: &Receiver<Message>,
    lost: &AtomicU64,
    failing: &AtomicBool,
) {
    while let Ok(first) = messages.recv() {
        let mut lines = Vec::new();
        let mut flushed = Vec::new();
        let more = messages.try_iter().take(BATCH_MAX - 1);
        for message in std::iter::once(first).chain(more) {
            match message {
                Message::Line(line) => lines.push(line),
                Message::Flush(done) => flushed.push(done),
            }
        }
        if !lines.is_empty() {
            let fails = write(&mut store.lock(), &lines).is_err();
            failing.store(fails, Ordering::Relaxed);
            let count = if fails { lines.len() } else { 0 };
            lost.fetch_add(count.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        for done in flushed {
            done.try_send(()).ok();
        }
    }
}

fn write(store: &mut Connection, lines: &[Arc<Line>]) -> rusqlite::Result<()> {
    let transaction = store.transaction()?;
    for line in lines {
        let group: i64 = transaction.query_row(
            "INSERT INTO groups (module, template, level, message, first_us, last_us, count)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, 1)
             ON CONFLICT (module, template) DO UPDATE SET
                level = CASE WHEN level = 'error' THEN level ELSE excluded.level END,
                message = excluded.message,
                last_us = max(last_us, excluded.last_us), count = count + 1
             RETURNING id",
            params![
                line.module,
                template(&line.message),
                line.level.name(),
                line.message,
                line.time_us
            ],
            |row| row.get(0),
        )?;
        let context = serde_json::to_string(&**line).unwrap_or_default();
        transaction.execute(
            "INSERT INTO occurrences (group_id, time_us, context) VALUES (?1, ?2, ?3)",
            params![group, line.time_us, context],
        )?;
        transaction.execute(
            "DELETE FROM occurrences WHERE group_id = ?1 AND id <= (
                SELECT id FROM occurrences WHERE group_id = ?1
                ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            params![group, OCCURRENCES_MAX],
        )?;
    }
    transaction.execute(
        "DELETE FROM groups WHERE id IN (
            SELECT id FROM groups ORDER BY last_us DESC, id DESC LIMIT -1 OFFSET ?1)",
        [GROUPS_MAX],
    )?;
    transaction.commit()
}

/// Returns a message without what differs between two errors of a kind: numbers become `#`, what
/// is in double quotes becomes `"…"`.
fn template(message: &str) -> String {
    let mut template = String::with_capacity(message.len());
    for (place, part) in message.split('"').enumerate() {
        if place % 2 == 1 {
            template.push_str("\"…\"");
        } else {
            push_without_numbers(&mut template, part);
        }
    }
    template
}

fn push_without_numbers(template: &mut String, part: &str) {
    let mut in_number = false;
    for character in part.chars() {
        let is_digit = character.is_ascii_digit();
        if !is_digit {
            template.push(character);
        } else if !in_number {
            template.push('#');
        }
        in_number = is_digit;
    }
}
