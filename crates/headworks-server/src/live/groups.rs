//! Watchers of the same tags: woken together, served with one encoding.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use headworks_core::TagIndex;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Live;

/// The watchers of one set of tags.
pub(super) struct Group {
    /// The tags, rising.
    pub(super) tags: Arc<[TagIndex]>,
    /// Tells that one of the tags changed.
    touched: watch::Sender<()>,
    /// The newest encoding.
    pub(super) encoded: Mutex<Option<Encoded>>,
}

/// What changed between two batches, as it is sent.
pub(super) struct Encoded {
    pub(super) seen: u64,
    pub(super) now: u64,
    pub(super) made: Instant,
    pub(super) frames: Arc<[Utf8Bytes]>,
}

/// Every group, and which groups a tag is in.
#[derive(Default)]
pub(super) struct Groups {
    slots: Vec<Option<Slot>>,
    by_tags: HashMap<Arc<[TagIndex]>, usize>,
    /// Slots by tag.
    by_tag: Vec<Vec<u32>>,
    count: usize,
}

struct Slot {
    group: Arc<Group>,
    members: usize,
    /// The last batch that woke it.
    woken: u64,
}

/// Membership in a group; ends when dropped.
pub(super) struct Interest {
    live: Arc<Live>,
    slot: usize,
    pub(super) group: Arc<Group>,
    pub(super) touched: watch::Receiver<()>,
}

impl Interest {
    /// Joins the group of `tags`.
    pub(super) fn join(live: &Arc<Live>, mut tags: Vec<TagIndex>) -> Interest {
        tags.sort_unstable();
        tags.dedup();
        let (slot, group) = live.groups.lock().join(tags.into());
        Interest {
            live: Arc::clone(live),
            slot,
            touched: group.touched.subscribe(),
            group,
        }
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        self.live.groups.lock().leave(self.slot);
    }
}

impl Groups {
    /// Returns how many groups there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Wakes the groups of the tags that changed.
    pub(super) fn wake(&mut self, batch: u64, tags: impl Iterator<Item = TagIndex>) {
        if self.count == 0 {
            return;
        }
        for tag in tags {
            for &slot in self
                .by_tag
                .get(tag.as_usize())
                .map_or(&[][..], Vec::as_slice)
            {
                if let Some(Some(slot)) = self.slots.get_mut(slot as usize)
                    && slot.woken != batch
                {
                    slot.woken = batch;
                    slot.group.touched.send_replace(());
                }
            }
        }
    }

    fn join(&mut self, tags: Arc<[TagIndex]>) -> (usize, Arc<Group>) {
        let known = self.by_tags.get(&tags).copied();
        let slot = known.unwrap_or_else(|| self.make(Arc::clone(&tags)));
        let group = match self.slots.get_mut(slot) {
            Some(Some(found)) => {
                found.members += 1;
                Arc::clone(&found.group)
            }
            // `by_tags` names used slots only.
            _ => Arc::new(Group::new(tags)),
        };
        (slot, group)
    }

    fn make(&mut self, tags: Arc<[TagIndex]>) -> usize {
        let free = self.slots.iter().position(Option::is_none);
        let at = free.unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let end = tags.last().map_or(0, |last| last.as_usize() + 1);
        if self.by_tag.len() < end {
            self.by_tag.resize_with(end, Vec::new);
        }
        let slot = u32::try_from(at).unwrap_or(u32::MAX);
        for tag in tags.iter() {
            self.by_tag[tag.as_usize()].push(slot);
        }
        self.by_tags.insert(Arc::clone(&tags), at);
        self.slots[at] = Some(Slot {
            group: Arc::new(Group::new(tags)),
            members: 0,
            woken: 0,
        });
        self.count += 1;
        at
    }

    fn leave(&mut self, at: usize) {
        let Some(Some(slot)) = self.slots.get_mut(at) else {
            return;
        };
        slot.members -= 1;
        if 0 < slot.members {
            return;
        }
        let tags = Arc::clone(&slot.group.tags);
        for tag in tags.iter() {
            self.by_tag[tag.as_usize()].retain(|&slot| slot as usize != at);
        }
        self.by_tags.remove(&tags);
        self.slots[at] = None;
        self.count -= 1;
    }
}

impl Group {
    fn new(tags: Arc<[TagIndex]>) -> Group {
        Group {
            tags,
            touched: watch::Sender::new(()),
            encoded: Mutex::new(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(tags: &[u32]) -> Arc<[TagIndex]> {
        tags.iter().copied().map(TagIndex).collect()
    }

    #[test]
    fn equal_sets_share_a_group_until_the_last_leaves() {
        let mut groups = Groups::default();
        let (a, first) = groups.join(set(&[1, 2]));
        let (b, second) = groups.join(set(&[1, 2]));
        let (c, _) = groups.join(set(&[2]));
        assert_eq!((a, groups.count()), (b, 2));
        assert!(Arc::ptr_eq(&first, &second));
        groups.leave(a);
        assert_eq!(groups.count(), 2);
        groups.leave(b);
        assert_eq!(groups.count(), 1);
        assert_eq!(groups.by_tag[2], [u32::try_from(c).unwrap()]);
        groups.leave(c);
        assert!(groups.by_tag.iter().all(Vec::is_empty));
        assert!(groups.by_tags.is_empty());
    }

    #[test]
    fn only_groups_of_changed_tags_wake() {
        let mut groups = Groups::default();
        let mut receivers: Vec<_> = [&[1, 2][..], &[2, 3], &[4]]
            .into_iter()
            .map(|tags| groups.join(set(tags)).1.touched.subscribe())
            .collect();
        groups.wake(1, [TagIndex(1), TagIndex(2), TagIndex(999)].into_iter());
        let woken: Vec<bool> = receivers
            .iter_mut()
            .map(|receiver| receiver.has_changed().unwrap())
            .collect();
        assert_eq!(woken, [true, true, false]);
    }
}
