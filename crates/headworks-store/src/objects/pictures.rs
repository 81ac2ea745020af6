//! The bytes of pictures, by their hash.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::local::Local;
use crate::error::StoreError;

/// What all pictures together may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureBounds {
    /// Most different ones.
    pub count: u64,
    /// Most bytes of all.
    pub bytes: u64,
    /// What no object has and none had since this instant makes room, microseconds since
    /// 1970-01-01 UTC.
    pub since_us: i64,
}

/// What became of the bytes of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptPicture {
    /// They are kept; this is their SHA-256 in hexadecimal digits.
    Kept(String),
    /// There are so many pictures, or so many bytes of them, that there is no room.
    Full {
        /// How many pictures there are.
        count: u64,
        /// How many bytes they have.
        bytes: u64,
    },
}

impl Local {
    /// Keeps bytes, when there is room for them; what is kept already counts as added now.
    pub(super) fn keep_picture(
        &self,
        bytes: &[u8],
        bounds: PictureBounds,
        now_us: i64,
    ) -> Result<KeptPicture, StoreError> {
        let hash = hash(bytes);
        // One step, so that two who come at once do not both find the last room.
        self.run(|inner| {
            let transaction = inner.database.transaction()?;
            let known = transaction
                .prepare_cached("UPDATE pictures SET added_us = ?2 WHERE hash = ?1")?
                .execute(params![hash, now_us])?;
            sweep(&transaction, bounds.since_us)?;
            let (count, total) = room(&transaction)?;
            let has_room = count < bounds.count && total + bytes.len() as u64 <= bounds.bytes;
            if known == 0 && has_room {
                transaction
                    .prepare_cached(
                        "INSERT INTO pictures (hash, added_us, bytes) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![hash, now_us, bytes])?;
            }
            transaction.commit()?;
            if known == 0 && !has_room {
                return Ok(KeptPicture::Full {
                    count,
                    bytes: total,
                });
            }
            Ok(KeptPicture::Kept(hash))
        })
    }

    /// Returns bytes by their hash.
    pub(super) fn picture(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.run(|inner| {
            let found = inner
                .database
                .prepare_cached("SELECT bytes FROM pictures WHERE hash = ?1")?
                .query_row([hash], |row| row.get(0))
                .optional()?;
            Ok(found)
        })
    }
}

/// Removes what no object has, none had since an instant, and nobody added since then.
fn sweep(database: &Connection, since_us: i64) -> rusqlite::Result<()> {
    // A deletion has no body: the picture that it removed is in the revision before.
    database
        .prepare_cached(
            "DELETE FROM pictures WHERE added_us < ?1 AND hash NOT IN (
                 SELECT json_extract(body, '$.hash') FROM objects WHERE kind = 'picture'
                 UNION
                 SELECT json_extract(old.body, '$.hash') FROM history now
                 JOIN history old ON old.id = now.id AND old.revision = now.revision - 1
                 WHERE ?1 <= now.time_us AND old.kind = 'picture' AND old.body IS NOT NULL)",
        )?
        .execute([since_us])?;
    Ok(())
}

/// Returns how many pictures are kept, and their bytes.
fn room(database: &Connection) -> rusqlite::Result<(u64, u64)> {
    database
        .prepare_cached("SELECT count(*), coalesce(sum(length(bytes)), 0) FROM pictures")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Returns the SHA-256 of bytes in hexadecimal digits.
fn hash(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    let digits = digits.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|one| char::from_digit(one.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use headworks_core::model::Kind;

    use super::super::{Change, ObjectStore};
    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    fn picture(hash: &str) -> Change {
        Change::Create {
            kind: Kind::Picture,
            id: None,
            body: format!("{{\"hash\":\"{hash}\"}}"),
        }
    }

    const BOUNDS: PictureBounds = PictureBounds {
        count: 4,
        bytes: 16,
        since_us: 0,
    };

    fn keep(store: &ObjectStore, bytes: &[u8], bounds: PictureBounds, now_us: i64) -> KeptPicture {
        store.keep_picture(bytes, bounds, now_us).unwrap()
    }

    #[track_caller]
    fn kept(store: &ObjectStore, bytes: &[u8], now_us: i64) -> String {
        match keep(store, bytes, BOUNDS, now_us) {
            KeptPicture::Kept(hash) => hash,
            KeptPicture::Full { count, bytes } => panic!("{count} pictures, {bytes} bytes"),
        }
    }

    #[test]
    fn bytes_are_kept_once_by_their_hash_and_survive_the_end_of_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(directory.path()).unwrap();
        let hash = kept(&store, b"abc", 1);
        assert!(hash.starts_with("ba7816bf") && hash.len() == 64, "{hash}");
        assert_eq!(kept(&store, b"abc", 2), hash);
        drop(store);
        let store = ObjectStore::open(directory.path()).unwrap();
        assert_eq!(store.picture(&hash).unwrap().as_deref(), Some(&b"abc"[..]));
        assert_eq!(store.picture("other").unwrap(), None);
    }

    #[test]
    fn there_is_room_for_what_is_there_already_however_full_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(directory.path()).unwrap();
        for bytes in [b"1", b"2", b"3"] {
            kept(&store, bytes, 1);
        }
        let many = KeptPicture::Full { count: 3, bytes: 3 };
        let bounds = PictureBounds { bytes: 7, ..BOUNDS };
        assert_eq!(keep(&store, b"fivey", bounds, 2), many);
        let hash = kept(&store, b"4", 2);
        assert!(matches!(
            keep(&store, b"5", BOUNDS, 2),
            KeptPicture::Full { count: 4, .. }
        ));
        assert_eq!(keep(&store, b"4", BOUNDS, 3), KeptPicture::Kept(hash));
    }

    #[test]
    fn bytes_go_when_no_picture_has_them_and_none_can_return() {
        let directory = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(directory.path()).unwrap();
        let [live, binned, lost] = [b"live", b"binn", b"lost"];
        let [live, binned, lost] = [live, binned, lost].map(|bytes| {
            let hash = kept(&store, bytes, DAY_US);
            let stored = store.commit(&[picture(&hash)], "test", DAY_US).unwrap();
            (hash, stored[0].id)
        });
        let just = kept(&store, b"just", 40 * DAY_US);
        for ((_, id), day) in [(&lost, 2), (&binned, 20)] {
            let delete = Change::Delete {
                id: *id,
                expected: None,
            };
            store.commit(&[delete], "test", day * DAY_US).unwrap();
        }
        // There is room again for one, and for one only.
        let bounds = PictureBounds {
            since_us: 10 * DAY_US,
            ..BOUNDS
        };
        let found = [b"new1", b"new2"].map(|bytes| keep(&store, bytes, bounds, 41 * DAY_US));
        assert!(matches!(found[0], KeptPicture::Kept(_)), "{found:?}");
        let full = KeptPicture::Full {
            count: 4,
            bytes: 16,
        };
        assert_eq!(found[1], full);
        let is_there = |hash: &str| store.picture(hash).unwrap().is_some();
        assert!(is_there(&live.0) && is_there(&binned.0) && is_there(&just));
        assert!(!is_there(&lost.0));
    }
}
