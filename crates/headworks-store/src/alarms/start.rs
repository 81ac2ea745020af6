//! How the alarms stand, from the newest entry of each.

use headworks_core::alarm::{Entry, EventId, Fold, State};
use headworks_core::model::ObjectId;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use super::AlarmStart;
use super::schema::read_entry;
use super::write::{ends, state_number};
use crate::sqlite::Failure;

/// Doubts that are told one by one.
const DOUBTS_MAX: usize = 20;

/// Reads how the alarms stand now.
pub(super) fn read(database: &Connection) -> Result<AlarmStart, Failure> {
    let (number, event) = ends(database)?;
    let mut doubts = Doubts::default();
    let (fold, heads) = fold(database, &mut doubts)?;
    Ok(AlarmStart {
        event: EventId::new(event).max(fold.last_event()),
        number: number.max(fold.number()),
        fold,
        heads,
        doubts: doubts.told(),
    })
}

fn fold(database: &Connection, doubts: &mut Doubts) -> Result<(Fold, Vec<Entry>), Failure> {
    let (mut fold, mut heads) = (Fold::default(), Vec::new());
    // a head without its entry sorts first and is a doubt
    let mut statement = database.prepare(
        "SELECT entries.body, heads.alarm, heads.number FROM heads
         LEFT JOIN entries ON entries.number = heads.number
         ORDER BY heads.number",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match entry_of(row) {
            Ok(entry) => match fold.recover(&entry) {
                Ok(()) => heads.push(entry),
                Err(error) => doubts.add(error.to_string()),
            },
            Err(reason) => {
                let alarm = ObjectId(row.get(1)?);
                let number: u64 = row.get(2)?;
                doubts.add(format!(
                    "entry {number} of alarm {alarm} cannot be read: {reason}; the alarm begins \
                     as normal"
                ));
            }
        }
    }
    Ok((fold, heads))
}

fn entry_of(row: &Row<'_>) -> Result<Entry, String> {
    if matches!(row.get_ref(0), Ok(ValueRef::Null)) {
        return Err("it is missing".into());
    }
    read_entry(row).map_err(|error| error.to_string())
}

/// Returns how the alarms that were not normal stood at a time.
pub(super) fn at(database: &Connection, time_us: i64) -> Result<Fold, Failure> {
    let mut fold = Fold::default();
    let mut statement = database.prepare(
        "WITH last AS (
             SELECT (SELECT number FROM entries WHERE entries.alarm = heads.alarm
                     AND time_us < ?1 ORDER BY time_us DESC, number DESC LIMIT 1) AS number
             FROM heads)
         SELECT body FROM entries
         WHERE number IN (SELECT number FROM last) AND state <> ?2 ORDER BY number",
    )?;
    let mut rows = statement.query(params![time_us, state_number(State::Normal)])?;
    while let Some(row) = rows.next()? {
        // what cannot be read was told when the journal was opened
        if let Ok(entry) = read_entry(row) {
            drop(fold.recover(&entry));
        }
    }
    Ok(fold)
}

#[derive(Default)]
struct Doubts {
    told: Vec<String>,
    more: usize,
}

impl Doubts {
    fn add(&mut self, doubt: String) {
        if self.told.len() < DOUBTS_MAX {
            self.told.push(doubt);
        } else {
            self.more += 1;
        }
    }

    fn told(mut self) -> Vec<String> {
        if 0 < self.more {
            self.told.push(format!("and {} more entries", self.more));
        }
        self.told
    }
}
