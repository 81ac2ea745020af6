//! What readers keep of segment files between queries: index pages within a budget of bytes, and
//! a few open files.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::block::{BlockMeta, META_BYTES};

/// Open files kept; far below the usual limit of 1,024 per process.
const FILES_MAX: usize = 64;

/// Part of a file's index: its directory or one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Directory,
    Page(u32),
}

/// The content of a part.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Directory(Arc<[u32]>),
    Page(Arc<[BlockMeta]>),
}

/// Drops what was not used for longest when a budget is spent.
pub(super) struct Cache {
    inner: Mutex<Inner>,
    bytes_max: usize,
}

#[derive(Default)]
struct Inner {
    clock: u64,
    parts: HashMap<(u64, Part), (Content, u64)>,
    bytes: usize,
    files: HashMap<u64, (Arc<File>, u64)>,
}

impl Cache {
    pub(super) fn new(bytes_max: usize) -> Cache {
        Cache {
            inner: Mutex::default(),
            bytes_max,
        }
    }

    /// Returns a part if it is here.
    pub(super) fn get(&self, file: u64, part: Part) -> Option<Content> {
        let mut inner = self.inner.lock();
        inner.clock += 1;
        let now = inner.clock;
        let (content, used) = inner.parts.get_mut(&(file, part))?;
        *used = now;
        Some(content.clone())
    }

    /// Keeps a part.
    pub(super) fn put(&self, file: u64, part: Part, content: Content) {
        let mut inner = self.inner.lock();
        inner.clock += 1;
        let now = inner.clock;
        inner.bytes += bytes_of(&content);
        if let Some((old, _)) = inner.parts.insert((file, part), (content, now)) {
            inner.bytes -= bytes_of(&old);
        }
        if self.bytes_max < inner.bytes {
            inner.drop_older_half();
        }
    }

    /// Forgets a file that is gone, so that the disk gets its space back.
    pub(super) fn forget(&self, file: u64) {
        self.inner.lock().forget(file);
    }

    /// Returns the open file of a segment, which is opened when it is not here.
    pub(super) fn file(&self, id: u64, path: &Path) -> std::io::Result<Arc<File>> {
        let mut inner = self.inner.lock();
        inner.clock += 1;
        let now = inner.clock;
        if let Some((file, used)) = inner.files.get_mut(&id) {
            *used = now;
            return Ok(file.clone());
        }
        let file = Arc::new(File::open(path)?);
        if FILES_MAX <= inner.files.len() {
            let border = median(inner.files.values().map(|(_, used)| *used).collect());
            inner.files.retain(|_, (_, used)| border < *used);
        }
        inner.files.insert(id, (file.clone(), now));
        Ok(file)
    }
}

impl Inner {
    fn forget(&mut self, file: u64) {
        self.files.remove(&file);
        self.parts.retain(|(id, _), _| *id != file);
        self.count_bytes();
    }

    fn count_bytes(&mut self) {
        let contents = self.parts.values();
        self.bytes = contents.map(|(content, _)| bytes_of(content)).sum();
    }

    /// Halving makes the cost of looking for the oldest small per entry.
    fn drop_older_half(&mut self) {
        let border = median(self.parts.values().map(|(_, used)| *used).collect());
        self.parts.retain(|_, (_, used)| border < *used);
        self.count_bytes();
    }
}

fn median(mut numbers: Vec<u64>) -> u64 {
    let middle = numbers.len() / 2;
    if numbers.is_empty() {
        0
    } else {
        *numbers.select_nth_unstable(middle).1
    }
}

fn bytes_of(content: &Content) -> usize {
    /// Of the map's entry and the allocation.
    const FIXED_BYTES: usize = 96;
    FIXED_BYTES
        + match content {
            Content::Directory(tags) => tags.len() * 4,
            Content::Page(metas) => metas.len() * META_BYTES.max(size_of::<BlockMeta>()),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_holds_and_the_newest_stay() {
        let cache = Cache::new(10_000);
        for page in 0..1_000 {
            let metas = vec![BlockMeta::default(); 4];
            cache.put(1, Part::Page(page), Content::Page(metas.into()));
            assert!(cache.inner.lock().bytes <= 10_000);
        }
        assert!(cache.get(1, Part::Page(999)).is_some());
        assert!(cache.get(1, Part::Page(0)).is_none());
    }

    #[test]
    fn few_files_stay_open() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "x").unwrap();
        let cache = Cache::new(0);
        for id in 0..1_000 {
            cache.file(id, &path).unwrap();
            assert!(cache.inner.lock().files.len() <= FILES_MAX);
        }
    }
}
