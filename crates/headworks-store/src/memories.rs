//! What running logic remembers between two starts: `memory.db` of the data directory.
//!
//! A row is the memory of one owner, such as a formula with a window, as text of the owner's
//! making. Nothing here is the only copy of anything that people made: a damaged file is put aside
//! and everything begins anew.

use std::path::{Path, PathBuf};

use headworks_core::model::ObjectId;
use parking_lot::Mutex;
use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::sqlite::{self, Failure};

/// Name of the file.
const FILE: &str = "memory.db";

/// The steps from an empty database to the present one. A step is never changed once released; a
/// new one is added at the end.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE memories (
        kind TEXT NOT NULL,
        owner BLOB NOT NULL,
        saved_us INTEGER NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (kind, owner)
    ) STRICT, WITHOUT ROWID;
"];

/// The memories of one data directory. All methods block on the disk.
pub struct MemoryStore {
    path: PathBuf,
    database: Mutex<Connection>,
}

/// What one owner remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Whose it is.
    pub owner: ObjectId,
    /// When it was so, microseconds since 1970-01-01 UTC.
    pub saved_us: i64,
    /// What is remembered, in the owner's words.
    pub state: String,
}

impl MemoryStore {
    /// Returns whether there is anything to be opened.
    pub fn exists(directory: &Path) -> bool {
        directory.join(FILE).exists()
    }

    /// Opens the file, and makes it where there is none. A damaged one is put aside; what was wrong
    /// with it comes back beside the new one.
    ///
    /// # Errors
    ///
    /// What the disk says, or that a newer program wrote it.
    pub fn open(directory: &Path) -> Result<(MemoryStore, Option<String>), StoreError> {
        let path = directory.join(FILE);
        match open(&path) {
            Ok(store) => Ok((store, None)),
            Err(StoreError::Corrupt { reason, .. }) => {
                put_aside(&path)?;
                Ok((open(&path)?, Some(reason)))
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the memories of a kind.
    ///
    /// # Errors
    ///
    /// `Corrupt`, else what the disk says.
    pub fn load(&self, kind: &str) -> Result<Vec<Remembered>, StoreError> {
        self.run(|database| {
            let query = "SELECT owner, saved_us, state FROM memories WHERE kind = ?1";
            let mut statement = database.prepare_cached(query)?;
            let rows = statement.query_map([kind], |row| {
                Ok(Remembered {
                    owner: ObjectId(row.get(0)?),
                    saved_us: row.get(1)?,
                    state: row.get(2)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps memories of a kind, and forgets those of `gone`, in one transaction.
    ///
    /// # Errors
    ///
    /// What the disk says; nothing has changed then.
    pub fn save(
        &self,
        kind: &str,
        memories: &[Remembered],
        gone: &[ObjectId],
    ) -> Result<(), StoreError> {
        self.run(|database| {
            let transaction = database.transaction()?;
            {
                let mut put = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO memories (kind, owner, saved_us, state)
                     VALUES (?1, ?2, ?3, ?4)",
                )?;
                for one in memories {
                    put.execute(params![kind, one.owner.0, one.saved_us, one.state])?;
                }
                let delete = "DELETE FROM memories WHERE kind = ?1 AND owner = ?2";
                let mut delete = transaction.prepare_cached(delete)?;
                for owner in gone {
                    delete.execute(params![kind, owner.0])?;
                }
            }
            transaction.commit()?;
            Ok(())
        })
    }

    fn run<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        work(&mut self.database.lock()).map_err(|failure| failure.at(&self.path))
    }
}

fn open(path: &Path) -> Result<MemoryStore, StoreError> {
    let opened = sqlite::open(path, &MIGRATIONS).and_then(|database| {
        // a power cut may cost the last seconds of a memory, never the file
        database.pragma_update(None, "synchronous", "NORMAL")?;
        let check: String = database.pragma_query_value(None, "quick_check", |row| row.get(0))?;
        Ok((database, check))
    });
    let (database, check) = opened.map_err(|failure| failure.at(path))?;
    if check != "ok" {
        return Err(StoreError::Corrupt {
            path: path.to_owned(),
            reason: check.chars().take(200).collect(),
        });
    }
    Ok(MemoryStore {
        path: path.to_owned(),
        database: Mutex::new(database),
    })
}

/// Moves a damaged file out of the way; the one of the time before goes.
fn put_aside(path: &Path) -> Result<(), StoreError> {
    let aside = path.with_extension("damaged");
    std::fs::rename(path, &aside).map_err(|source| StoreError::Io {
        action: "putting aside",
        path: path.to_owned(),
        source,
    })?;
    for log in ["db-wal", "db-shm"] {
        match std::fs::remove_file(path.with_extension(log)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(StoreError::Io {
                    action: "removing",
                    path: path.with_extension(log),
                    source,
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(owner: u128, state: &str) -> Remembered {
        Remembered {
            owner: ObjectId(uuid::Uuid::from_u128(owner)),
            saved_us: 7,
            state: state.into(),
        }
    }

    #[test]
    fn memories_are_replaced_forgotten_and_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let (store, wrong) = MemoryStore::open(directory.path()).unwrap();
        assert_eq!(wrong, None);
        let first = [memory(1, "a"), memory(2, "b")];
        store.save("formula", &first, &[]).unwrap();
        store
            .save("route", &[memory(1, "of a route")], &[])
            .unwrap();
        let changed = memory(1, "c");
        let gone = [first[1].owner];
        store
            .save("formula", std::slice::from_ref(&changed), &gone)
            .unwrap();
        drop(store);
        let (store, _) = MemoryStore::open(directory.path()).unwrap();
        assert_eq!(store.load("formula").unwrap(), [changed]);
        assert_eq!(store.load("route").unwrap(), [memory(1, "of a route")]);
    }

    #[test]
    fn a_damaged_file_is_put_aside_and_told() {
        let directory = tempfile::tempdir().unwrap();
        let many: Vec<Remembered> = (0..200).map(|at| memory(at, &"x".repeat(500))).collect();
        let (store, _) = MemoryStore::open(directory.path()).unwrap();
        store.save("formula", &many, &[]).unwrap();
        drop(store);
        let path = directory.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for damage in [b"no database".to_vec(), {
            let mut torn = whole.clone();
            torn[4096 + 40..4096 * 12].fill(0xA5);
            torn
        }] {
            std::fs::write(&path, &damage).unwrap();
            let (store, wrong) = MemoryStore::open(directory.path()).unwrap();
            assert!(wrong.is_some());
            assert_eq!(store.load("formula").unwrap(), []);
            store.save("formula", &many[..1], &[]).unwrap();
            drop(store);
            assert_eq!(
                std::fs::read(path.with_extension("damaged")).unwrap(),
                damage
            );
        }
        assert!(MemoryStore::exists(directory.path()));
    }
}
