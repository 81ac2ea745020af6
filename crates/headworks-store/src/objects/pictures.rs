//! The bytes of pictures, by their hash.

use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::local::Local;
use crate::error::StoreError;

/// How much the bytes of pictures are, those that no object has any more among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureRoom {
    /// How many different ones there are.
    pub count: u64,
    /// Bytes of all.
    pub bytes: u64,
}

impl Local {
    /// Keeps bytes and returns their hash; what is kept already counts as added now.
    pub(super) fn keep_picture(&self, bytes: &[u8], now_us: i64) -> Result<String, StoreError> {
        let hash = hash(bytes);
        self.run(|inner| {
            inner
                .database
                .prepare_cached(
                    "INSERT INTO pictures (hash, added_us, bytes) VALUES (?1, ?2, ?3)
                     ON CONFLICT (hash) DO UPDATE SET added_us = excluded.added_us",
                )?
                .execute(params![hash, now_us, bytes])?;
            Ok(())
        })?;
        Ok(hash)
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

    /// Removes what no object has, none had since an instant, and nobody added since then.
    pub(super) fn sweep_pictures(&self, since_us: i64) -> Result<PictureRoom, StoreError> {
        self.run(|inner| {
            // A deletion has no body: the picture that it removed is in the revision before.
            inner
                .database
                .prepare_cached(
                    "DELETE FROM pictures WHERE added_us < ?1 AND hash NOT IN (
                         SELECT json_extract(body, '$.hash') FROM objects WHERE kind = 'picture'
                         UNION
                         SELECT json_extract(old.body, '$.hash') FROM history now
                         JOIN history old ON old.id = now.id AND old.revision = now.revision - 1
                         WHERE ?1 <= now.time_us AND old.kind = 'picture'
                             AND old.body IS NOT NULL)",
                )?
                .execute([since_us])?;
            let room = inner
                .database
                .prepare_cached("SELECT count(*), coalesce(sum(length(bytes)), 0) FROM pictures")?
                .query_row([], |row| {
                    Ok(PictureRoom {
                        count: row.get(0)?,
                        bytes: row.get(1)?,
                    })
                })?;
            Ok(room)
        })
    }
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

    #[test]
    fn bytes_are_kept_once_by_their_hash_and_survive_the_end_of_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(directory.path()).unwrap();
        let hash = store.keep_picture(b"abc", 1).unwrap();
        assert!(hash.starts_with("ba7816bf") && hash.len() == 64, "{hash}");
        assert_eq!(store.keep_picture(b"abc", 2).unwrap(), hash);
        drop(store);
        let store = ObjectStore::open(directory.path()).unwrap();
        assert_eq!(store.picture(&hash).unwrap().as_deref(), Some(&b"abc"[..]));
        assert_eq!(store.picture("other").unwrap(), None);
        let room = PictureRoom { count: 1, bytes: 3 };
        assert_eq!(store.sweep_pictures(0).unwrap(), room);
    }

    #[test]
    fn bytes_go_when_no_picture_has_them_and_none_can_return() {
        let directory = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(directory.path()).unwrap();
        let [live, binned, lost] = [b"live", b"binn", b"lost"];
        let [live, binned, lost] = [live, binned, lost].map(|bytes| {
            let hash = store.keep_picture(bytes, DAY_US).unwrap();
            let stored = store.commit(&[picture(&hash)], "test", DAY_US).unwrap();
            (hash, stored[0].id)
        });
        store.keep_picture(b"just", 40 * DAY_US).unwrap();
        for ((_, id), day) in [(&lost, 2), (&binned, 20)] {
            let delete = Change::Delete {
                id: *id,
                expected: None,
            };
            store.commit(&[delete], "test", day * DAY_US).unwrap();
        }
        let room = store.sweep_pictures(10 * DAY_US).unwrap();
        assert_eq!(
            room,
            PictureRoom {
                count: 3,
                bytes: 12
            }
        );
        let is_there = |hash: &str| store.picture(hash).unwrap().is_some();
        assert!(is_there(&live.0) && is_there(&binned.0) && !is_there(&lost.0));
    }
}
