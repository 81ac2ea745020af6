//! Which batch changed a tag last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headworks_core::TagIndex;
use parking_lot::RwLock;

/// For each tag the number of the batch that changed it last.
#[derive(Default)]
pub(super) struct Changes {
    /// Number of the newest batch, from 1.
    now: AtomicU64,
    /// By tag; written by one task only.
    last: RwLock<Arc<[AtomicU64]>>,
}

impl Changes {
    /// Returns the number of the newest batch.
    pub(super) fn now(&self) -> u64 {
        self.now.load(Ordering::Acquire)
    }

    /// Notes the tags of a new batch and returns its number.
    pub(super) fn mark(&self, tags: impl Iterator<Item = TagIndex> + Clone) -> u64 {
        let batch = self.now.load(Ordering::Relaxed) + 1;
        let end = tags.clone().map(|tag| tag.as_usize() + 1).max();
        self.grow(end.unwrap_or(0));
        let last = self.last.read();
        for tag in tags {
            last[tag.as_usize()].store(batch, Ordering::Relaxed);
        }
        // Whoever reads this number also sees the marks above.
        self.now.store(batch, Ordering::Release);
        batch
    }

    /// Returns which of `tags` changed after the batch `seen`, and the number up to which this
    /// is complete.
    pub(super) fn since(&self, tags: &[TagIndex], seen: u64) -> (u64, Vec<TagIndex>) {
        let now = self.now();
        if now == seen {
            return (now, Vec::new());
        }
        let last = Arc::clone(&self.last.read());
        let is_new = |tag: &TagIndex| {
            let last = last.get(tag.as_usize());
            last.is_some_and(|last| seen < last.load(Ordering::Relaxed))
        };
        (now, tags.iter().copied().filter(is_new).collect())
    }

    /// Makes room for tags below `end`, with room to spare so that this is rare.
    fn grow(&self, end: usize) {
        if end <= self.last.read().len() {
            return;
        }
        let mut last = self.last.write();
        let room = end.next_power_of_two().max(1024);
        let old = last.iter().map(|mark| mark.load(Ordering::Relaxed));
        let marks = old.chain(std::iter::repeat(0)).take(room);
        *last = marks.map(AtomicU64::new).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watcher_learns_what_changed_since_it_looked() {
        let changes = Changes::default();
        let tags = [TagIndex(0), TagIndex(7), TagIndex(5000)];
        assert_eq!(changes.since(&tags, 0), (0, vec![]));
        changes.mark([TagIndex(7), TagIndex(8)].into_iter());
        assert_eq!(changes.since(&tags, 0), (1, vec![TagIndex(7)]));
        assert_eq!(changes.since(&tags, 1), (1, vec![]));
        changes.mark([TagIndex(5000)].into_iter());
        assert_eq!(changes.since(&tags, 1), (2, vec![TagIndex(5000)]));
        assert_eq!(
            changes.since(&tags, 0),
            (2, vec![TagIndex(7), TagIndex(5000)])
        );
    }
}
