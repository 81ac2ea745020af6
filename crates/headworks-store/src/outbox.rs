//! What is to be told to people: `notifications.db` of the data directory.
//!
//! It keeps how far the alarm journal was read, the cases of the policy engine, and every message
//! from the moment that it was decided to that of its outcome. What an entry of the journal leads
//! to is stored in one transaction with how far the journal was read: after a crash it is there
//! whole, or is decided again. A message is marked before each try; one that is marked at a start
//! was on its way when the program ended, and goes out once more, because nobody knows whether it
//! arrived.

use std::path::{Path, PathBuf};

use headworks_core::model::ObjectId;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::error::StoreError;
use crate::sqlite::{self, Failure};

/// Most messages that wait to be sent; beyond them the oldest are given up and counted.
pub const OUTBOX_MAX: u64 = 5_000;
/// Most messages that are kept after their outcome, the newest.
pub const DELIVERIES_KEPT: u64 = 20_000;
/// Most bytes of an answer that are kept.
pub const ANSWER_BYTES_MAX: usize = 500;

/// What helps when the file is damaged.
const REMEDY: &str = "stop the hub and move the file away: what waited in it is not told then";

/// What `outcome` says of a message that was on its way when the program ended.
const INTERRUPTED: &str = "the program ended during the try; it is sent once more";
/// What it says of one that had to make room.
const CROWDED_OUT: &str = "given up: too many messages waited";

const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        created_us INTEGER NOT NULL,
        changed_us INTEGER NOT NULL,
        channel BLOB NOT NULL,
        policy BLOB,
        -- 0 waiting, 1 on its way, 2 sent, 3 given up
        state INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        next_us INTEGER NOT NULL,
        answer TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX messages_due ON messages (next_us) WHERE state = 0;
    CREATE INDEX messages_by_state ON messages (state, id);

    CREATE TABLE cases (
        policy BLOB NOT NULL,
        alarm BLOB NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (policy, alarm)
    ) STRICT, WITHOUT ROWID;

    -- One row: the entry of the journal that was read last, none before the first; messages that
    -- were given up for room, and that were removed because they are old.
    CREATE TABLE ends (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 0),
        entry INTEGER,
        crowded_out INTEGER NOT NULL,
        removed INTEGER NOT NULL
    ) STRICT;
    INSERT INTO ends (only_row, entry, crowded_out, removed) VALUES (0, NULL, 0, 0);
"];

/// Messages to people, of one data directory. All methods block on the disk.
pub struct Outbox {
    path: PathBuf,
    database: Mutex<Connection>,
}

/// What was kept of an earlier run.
#[derive(Debug, Default)]
pub struct OutboxStart {
    /// The entry of the alarm journal that was read last; none when there was no run before.
    pub entry: Option<u64>,
    /// The cases of the policy engine: policy, alarm, and the case as JSON.
    pub cases: Vec<(ObjectId, ObjectId, String)>,
    /// Messages that were on their way when the program ended, and go out once more.
    pub interrupted: usize,
}

/// A message to keep until it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// The channel.
    pub channel: ObjectId,
    /// The policy; none for a test.
    pub policy: Option<ObjectId>,
    /// What is to be sent and to whom, as JSON.
    pub body: String,
}

/// What a step of the policy engine leads to.
#[derive(Clone, Debug, Default)]
pub struct OutboxStep {
    /// The entry of the alarm journal that was read last.
    pub entry: u64,
    /// Cases that changed; none where one is over.
    pub cases: Vec<(ObjectId, ObjectId, Option<String>)>,
    /// Messages to send.
    pub messages: Vec<NewMessage>,
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// It waits to be sent, for the first time or once more.
    Waiting,
    /// It is on its way.
    Sending,
    /// It was taken.
    Sent,
    /// It was given up.
    GivenUp,
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    /// Its number: greater than that of every message before.
    pub id: i64,
    /// When it was decided, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// When something last happened to it.
    pub changed_us: i64,
    /// The channel.
    pub channel: ObjectId,
    /// The policy; none for a test.
    pub policy: Option<ObjectId>,
    /// Where it is.
    pub state: MessageState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, while it waits.
    pub next_us: i64,
    /// What came back last, shortened.
    pub answer: String,
    /// What is sent and to whom, as JSON.
    pub body: String,
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// Where the message is now.
    pub state: MessageState,
    /// When it is tried next, when it waits.
    pub next_us: i64,
    /// What came back; it is shortened.
    pub answer: String,
}

/// Which messages of the log are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MessageQuery {
    /// Only those of a channel.
    pub channel: Option<ObjectId>,
    /// Only those of a policy.
    pub policy: Option<ObjectId>,
    /// Only those in a state.
    pub state: Option<MessageState>,
    /// Only those with smaller numbers.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// How many messages there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxStats {
    /// Waiting or on their way.
    pub waiting: u64,
    /// Sent, as far as they are kept.
    pub sent: u64,
    /// Given up, as far as they are kept.
    pub given_up: u64,
    /// Given up because too many waited, ever.
    pub crowded_out: u64,
    /// Removed because they were old, ever.
    pub removed: u64,
}

impl MessageState {
    const fn number(self) -> u8 {
        match self {
            MessageState::Waiting => 0,
            MessageState::Sending => 1,
            MessageState::Sent => 2,
            MessageState::GivenUp => 3,
        }
    }

    fn of(number: u8) -> MessageState {
        match number {
            0 => MessageState::Waiting,
            1 => MessageState::Sending,
            2 => MessageState::Sent,
            _ => MessageState::GivenUp,
        }
    }
}

impl Outbox {
    /// Opens `notifications.db` in `directory`, creates what is missing, and returns what was kept
    /// of an earlier run.
    ///
    /// # Errors
    ///
    /// `TooNew` when a newer program wrote it, `Corrupt` when it is damaged, else what the disk
    /// says.
    pub fn open(directory: &Path) -> Result<(Outbox, OutboxStart), StoreError> {
        let path = directory.join("notifications.db");
        let opened = sqlite::open(&path, &MIGRATIONS).and_then(|database| {
            let start = start(&database)?;
            Ok((database, start))
        });
        let (database, start) = opened.map_err(|error| error.with_remedy(&path, REMEDY))?;
        let database = Mutex::new(database);
        Ok((Outbox { path, database }, start))
    }

    /// Stores what a step of the policy engine leads to, in one transaction that survives a power
    /// cut when this returns.
    ///
    /// # Errors
    ///
    /// What the disk says; nothing is stored then.
    pub fn commit(&self, step: &OutboxStep, now_us: i64) -> Result<(), StoreError> {
        self.with(|database| {
            let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute("UPDATE ends SET entry = ?1", [step.entry])?;
            for (policy, alarm, case) in &step.cases {
                keep_case(&transaction, (*policy, *alarm), case.as_deref())?;
            }
            for message in &step.messages {
                insert(&transaction, message, now_us)?;
            }
            if !step.messages.is_empty() {
                make_room(&transaction, now_us)?;
            }
            transaction.commit()?;
            Ok(())
        })
    }

    /// Notes a message that was tried already: a test.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn note(&self, message: &NewMessage, tried: &Tried, now_us: i64) -> Result<(), StoreError> {
        self.with(|database| {
            let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            insert(&transaction, message, now_us)?;
            let sql = "UPDATE messages SET state = ?2, attempts = 1, answer = ?3 WHERE id = ?1";
            let (id, state) = (transaction.last_insert_rowid(), tried.state.number());
            transaction.execute(sql, params![id, state, shortened(&tried.answer)])?;
            make_room(&transaction, now_us)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// Returns messages that are to be sent now, the one that is due longest first.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn due(&self, now_us: i64, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
        self.with(|database| {
            let mut statement = database.prepare_cached(
                "SELECT id, created_us, changed_us, channel, policy, state, attempts, next_us,
                     answer, body
                 FROM messages WHERE state = 0 AND next_us <= ?1 ORDER BY next_us, id LIMIT ?2",
            )?;
            let rows = statement.query_map(params![now_us, count(limit)], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns when the next message is to be sent; nothing when none waits.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn next_due_us(&self) -> Result<Option<i64>, StoreError> {
        self.with(|database| {
            let sql = "SELECT min(next_us) FROM messages WHERE state = 0";
            Ok(database
                .prepare_cached(sql)?
                .query_row([], |row| row.get(0))?)
        })
    }

    /// Marks a message as on its way; returns whether it still waited.
    ///
    /// # Errors
    ///
    /// What the disk says; it must not be sent then.
    pub fn begin(&self, id: i64, now_us: i64) -> Result<bool, StoreError> {
        self.with(|database| {
            let sql = "UPDATE messages SET state = 1, attempts = attempts + 1, changed_us = ?2
                       WHERE id = ?1 AND state = 0";
            Ok(database.prepare_cached(sql)?.execute(params![id, now_us])? == 1)
        })
    }

    /// Stores what came of a try.
    ///
    /// # Errors
    ///
    /// What the disk says; the message then counts as on its way until the next start.
    pub fn finish(&self, id: i64, tried: &Tried, now_us: i64) -> Result<(), StoreError> {
        self.with(|database| {
            let sql = "UPDATE messages SET state = ?2, next_us = ?3, answer = ?4, changed_us = ?5
                       WHERE id = ?1";
            let state = tried.state.number();
            let answer = shortened(&tried.answer);
            let mut statement = database.prepare_cached(sql)?;
            statement.execute(params![id, state, tried.next_us, answer, now_us])?;
            Ok(())
        })
    }

    /// Returns the messages of the log that match, the newest first.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn query(&self, query: &MessageQuery) -> Result<Vec<StoredMessage>, StoreError> {
        self.with(|database| {
            let mut statement = database.prepare_cached(
                "SELECT id, created_us, changed_us, channel, policy, state, attempts, next_us,
                     answer, body
                 FROM messages
                 WHERE (?1 IS NULL OR channel = ?1) AND (?2 IS NULL OR policy = ?2)
                     AND (?3 IS NULL OR state = ?3) AND (?4 IS NULL OR id < ?4)
                 ORDER BY id DESC LIMIT ?5",
            )?;
            let rows = statement.query_map(
                params![
                    query.channel.map(|id| id.0),
                    query.policy.map(|id| id.0),
                    query.state.map(MessageState::number),
                    query.before,
                    count(query.limit)
                ],
                read,
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns how many messages there are.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn stats(&self) -> Result<OutboxStats, StoreError> {
        self.with(|database| {
            let of = |states: &str| {
                let sql = format!("SELECT count(*) FROM messages WHERE state IN ({states})");
                database
                    .prepare_cached(&sql)?
                    .query_row([], |row| row.get(0))
            };
            let sql = "SELECT crowded_out, removed FROM ends";
            let ends = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let (crowded_out, removed) = database.query_row(sql, [], ends)?;
            Ok(OutboxStats {
                waiting: of("0, 1")?,
                sent: of("2")?,
                given_up: of("3")?,
                crowded_out,
                removed,
            })
        })
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        work(&mut self.database.lock()).map_err(|error| error.with_remedy(&self.path, REMEDY))
    }
}

fn start(database: &Connection) -> Result<OutboxStart, Failure> {
    let sql = "UPDATE messages SET state = 0, answer = ?1 WHERE state = 1";
    let interrupted = database.execute(sql, [INTERRUPTED])?;
    let entry = database.query_row("SELECT entry FROM ends", [], |row| row.get(0))?;
    let mut statement = database.prepare("SELECT policy, alarm, body FROM cases")?;
    let cases = statement.query_map([], |row| {
        let (policy, alarm) = (ObjectId(row.get(0)?), ObjectId(row.get(1)?));
        Ok((policy, alarm, row.get(2)?))
    })?;
    Ok(OutboxStart {
        entry,
        cases: cases.collect::<Result<_, _>>()?,
        interrupted,
    })
}

fn keep_case(
    database: &Connection,
    (policy, alarm): (ObjectId, ObjectId),
    case: Option<&str>,
) -> Result<(), Failure> {
    match case {
        Some(body) => {
            let sql = "INSERT OR REPLACE INTO cases (policy, alarm, body) VALUES (?1, ?2, ?3)";
            database
                .prepare_cached(sql)?
                .execute(params![policy.0, alarm.0, body])?
        }
        None => {
            let sql = "DELETE FROM cases WHERE policy = ?1 AND alarm = ?2";
            database
                .prepare_cached(sql)?
                .execute(params![policy.0, alarm.0])?
        }
    };
    Ok(())
}

fn insert(database: &Connection, message: &NewMessage, now_us: i64) -> Result<(), Failure> {
    let sql = "INSERT INTO messages (created_us, changed_us, channel, policy, state, attempts,
                   next_us, answer, body)
               VALUES (?1, ?1, ?2, ?3, 0, 0, ?1, '', ?4)";
    let policy = message.policy.map(|id| id.0);
    let mut statement = database.prepare_cached(sql)?;
    statement.execute(params![now_us, message.channel.0, policy, message.body])?;
    Ok(())
}

/// Gives up the oldest of too many messages that wait, and removes the oldest of too many whose
/// outcome is known.
fn make_room(database: &Connection, now_us: i64) -> Result<(), Failure> {
    let beyond = |states: &str, most: u64| {
        let sql = format!(
            "SELECT id FROM messages WHERE state IN ({states}) ORDER BY id DESC LIMIT 1 OFFSET ?1"
        );
        let mut statement = database.prepare_cached(&sql)?;
        statement
            .query_row([most], |row| row.get::<_, i64>(0))
            .optional()
    };
    if let Some(last) = beyond("0", OUTBOX_MAX)? {
        let sql = "UPDATE messages SET state = 3, answer = ?2, changed_us = ?3
                   WHERE state = 0 AND id <= ?1";
        let given_up = database.execute(sql, params![last, CROWDED_OUT, now_us])?;
        let sql = "UPDATE ends SET crowded_out = crowded_out + ?1";
        database.execute(sql, [count(given_up)])?;
    }
    if let Some(last) = beyond("2, 3", DELIVERIES_KEPT)? {
        let sql = "DELETE FROM messages WHERE state IN (2, 3) AND id <= ?1";
        let removed = database.execute(sql, [last])?;
        let sql = "UPDATE ends SET removed = removed + ?1";
        database.execute(sql, [count(removed)])?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    let policy: Option<uuid::Uuid> = row.get(4)?;
    Ok(StoredMessage {
        id: row.get(0)?,
        created_us: row.get(1)?,
        changed_us: row.get(2)?,
        channel: ObjectId(row.get(3)?),
        policy: policy.map(ObjectId),
        state: MessageState::of(row.get(5)?),
        attempts: row.get(6)?,
        next_us: row.get(7)?,
        answer: row.get(8)?,
        body: row.get(9)?,
    })
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn shortened(answer: &str) -> &str {
    let mut end = answer.len().min(ANSWER_BYTES_MAX);
    while !answer.is_char_boundary(end) {
        end -= 1;
    }
    &answer[..end]
}

#[cfg(test)]
mod tests;
