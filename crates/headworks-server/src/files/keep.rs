//! Files of jobs in a directory below the data directory, under generated names, with a bound on
//! their bytes and their age.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use headworks_core::model::ObjectId;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest time a file is kept: seven days.
const AGE_US_MAX: i64 = 7 * 86_400_000_000;
/// Most files of a directory that are kept.
const FILES_MAX: usize = 500;

/// The files of one kind of job.
#[derive(Clone, Debug)]
pub(crate) struct FileStore {
    directory: PathBuf,
    bytes_max: u64,
}

/// What is known of the files of a job.
#[derive(Clone, Debug)]
pub(crate) struct Kept<T> {
    /// The job that made them.
    pub id: ObjectId,
    /// What was noted beside them.
    pub note: T,
}

impl FileStore {
    /// Returns the files of `directory`, which is made when the first one is.
    pub(crate) fn new(directory: PathBuf, bytes_max: u64) -> FileStore {
        FileStore {
            directory,
            bytes_max,
        }
    }

    /// Returns the path of a file of a job; it stands below the directory by its form.
    pub(crate) fn path(&self, id: ObjectId, extension: &str) -> PathBuf {
        self.directory.join(format!("{id}{extension}"))
    }

    /// Returns the directory, made if it is missing.
    pub(crate) fn directory(&self) -> io::Result<&Path> {
        fs::create_dir_all(&self.directory)?;
        Ok(&self.directory)
    }

    /// Writes the note of a job.
    pub(crate) fn write_note(&self, id: ObjectId, note: &impl Serialize) -> io::Result<()> {
        let path = self.path(id, ".json");
        let new = self.path(id, ".json.new");
        self.directory()?;
        fs::write(&new, serde_json::to_vec(note)?)?;
        fs::rename(new, path)
    }

    /// Reads the note of a job; none when there is none.
    pub(crate) fn note<T: DeserializeOwned>(&self, id: ObjectId) -> Option<T> {
        let text = fs::read(self.path(id, ".json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Returns the jobs that have a note, newest first.
    pub(crate) fn list<T: DeserializeOwned>(&self) -> Vec<Kept<T>> {
        let mut ids = self.ids();
        ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
        let kept = |id| self.note(id).map(|note| Kept { id, note });
        ids.into_iter().filter_map(kept).collect()
    }

    /// Removes every file of a job; returns whether there was one.
    pub(crate) fn remove(&self, id: ObjectId) -> bool {
        let name = id.to_string();
        let mut found = false;
        for path in self.files() {
            if file_name(&path).starts_with(&name) {
                found = true;
                remove(&path);
            }
        }
        found
    }

    /// Removes what is too old, then the oldest until the rest fits; returns the bytes that are
    /// left for new files.
    pub(crate) fn make_room(&self, now_us: i64) -> u64 {
        let mut ids = self.ids();
        ids.sort_unstable();
        let mut sized: Vec<(ObjectId, u64)> = ids.iter().map(|&id| (id, self.bytes(id))).collect();
        let mut used: u64 = sized.iter().map(|(_, bytes)| bytes).sum();
        sized.reverse();
        while let Some(&(oldest, bytes)) = sized.last() {
            let too_old = made_us(oldest).is_some_and(|made_us| made_us + AGE_US_MAX < now_us);
            let too_many = FILES_MAX <= sized.len() || self.bytes_max / 2 < used;
            if !too_old && !too_many {
                break;
            }
            self.remove(oldest);
            used = used.saturating_sub(bytes);
            sized.pop();
        }
        self.bytes_max.saturating_sub(used)
    }

    fn bytes(&self, id: ObjectId) -> u64 {
        let name = id.to_string();
        let files = self.files();
        let own = files
            .iter()
            .filter(|path| file_name(path).starts_with(&name));
        own.filter_map(|path| fs::metadata(path).ok())
            .map(|metadata| metadata.len())
            .sum()
    }

    fn ids(&self) -> Vec<ObjectId> {
        let mut ids: Vec<ObjectId> = self
            .files()
            .iter()
            .filter_map(|path| file_name(path).get(..36)?.parse().ok())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return Vec::new();
        };
        entries.flatten().map(|entry| entry.path()).collect()
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(?path, %error, "a file of a job cannot be removed");
    }
}

/// Returns when an id was made.
fn made_us(id: ObjectId) -> Option<i64> {
    let (secs, nanos) = id.0.get_timestamp()?.to_unix();
    let secs = i64::try_from(secs).ok()?;
    Some(secs * 1_000_000 + i64::from(nanos / 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(secs: u64) -> ObjectId {
        let time = uuid::Timestamp::from_unix(uuid::NoContext, secs, 0);
        ObjectId(uuid::Uuid::new_v7(time))
    }

    #[test]
    fn old_and_many_files_make_room_for_new_ones() {
        let directory = tempfile::TempDir::new().unwrap();
        let store = FileStore::new(directory.path().join("exports"), 1000);
        let now_secs = 1_800_000_000;
        let ids: Vec<ObjectId> = [0, 8 * 86_400 - 60, 8 * 86_400 - 30]
            .map(|after| id(now_secs - 8 * 86_400 + after))
            .to_vec();
        for &id in &ids {
            store.write_note(id, &"a note").unwrap();
            fs::write(store.path(id, ".csv"), [0; 300]).unwrap();
        }
        assert_eq!(store.list::<String>().len(), 3);
        assert_eq!(store.list::<String>()[0].id, ids[2], "newest first");
        let now_us = i64::try_from(now_secs).unwrap() * 1_000_000;
        let left = store.make_room(now_us);
        let kept: Vec<ObjectId> = store.list::<String>().iter().map(|kept| kept.id).collect();
        assert_eq!(
            kept,
            [ids[2]],
            "one was too old, one too many for half of the room"
        );
        assert!((600..=700).contains(&left), "{left}");
        assert!(store.remove(ids[2]) && !store.remove(ids[2]));
        assert!(store.list::<String>().is_empty());
    }
}
