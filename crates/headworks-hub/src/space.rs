//! The data space: the last sample of every tag, by its number.
//!
//! Tags stand in chunks with a lock each, so that a batch of neighbours takes one lock and a
//! reader never waits for more than one batch.

use std::sync::Arc;

use arc_swap::ArcSwap;
use headworks_core::{Quality, Sample, TagIndex, Value};
use parking_lot::{RwLock, RwLockWriteGuard};

use crate::ingest::{TagWatch, Violation, ViolationCounts};
use crate::plant::Shape;

/// Tags of a chunk.
const CHUNK_TAGS: usize = 1024;

/// An instant of the hub's monotonic time, in tenths of a second since the hub started; good for
/// thirteen years.
pub(crate) type Tick = u32;

/// A [`Tick`] that never comes.
pub(crate) const NEVER: Tick = Tick::MAX;

/// The last sample of every tag, and what ingest must know of the tag.
#[derive(Default)]
pub(crate) struct DataSpace {
    chunks: ArcSwap<Vec<Arc<RwLock<Chunk>>>>,
}

struct Chunk {
    slots: Box<[Slot]>,
    /// Until when the state of each slot holds without a new sample; apart from the slots, so
    /// that a sweep reads four bytes per tag.
    deadlines: Box<[Tick]>,
}

/// One tag.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// How raw values become engineering values; none where there is no tag.
    pub(crate) shape: Option<Arc<Shape>>,
    /// The last usable value, also while the quality is bad.
    pub(crate) value: Option<Value>,
    pub(crate) time_us: i64,
    pub(crate) quality: Quality,
    /// How long the value may be used after its source fell silent, in ticks.
    pub(crate) grace: Tick,
    /// Whether samples are expected.
    pub(crate) polled: bool,
    /// What validation remembers of the tag; none while there is nothing to remember.
    pub(crate) watch: Option<Box<TagWatch>>,
}

/// Write access to slots, holding the lock of one chunk at a time.
pub(crate) struct SlotWriter<'a> {
    chunks: &'a [Arc<RwLock<Chunk>>],
    held: Option<(usize, RwLockWriteGuard<'a, Chunk>)>,
}

impl DataSpace {
    /// Makes room for the tags below `end`.
    pub(crate) fn grow(&self, end: usize) {
        self.chunks.rcu(|chunks| {
            let mut chunks = Vec::clone(chunks);
            while chunks.len() * CHUNK_TAGS < end {
                chunks.push(Arc::new(RwLock::new(Chunk::default())));
            }
            chunks
        });
    }

    /// Returns the last sample of a tag; a bad one keeps the value that was there before.
    pub(crate) fn last(&self, tag: TagIndex) -> Option<Sample> {
        let chunks = self.chunks.load();
        let chunk = chunks.get(tag.as_usize() / CHUNK_TAGS)?.read();
        chunk.slots[tag.as_usize() % CHUNK_TAGS].sample()
    }

    /// Returns what was odd about the samples of a tag, the newest first.
    pub(crate) fn violations(&self, tag: TagIndex) -> (ViolationCounts, Vec<Violation>) {
        let chunks = self.chunks.load();
        let Some(chunk) = chunks.get(tag.as_usize() / CHUNK_TAGS) else {
            return Default::default();
        };
        let chunk = chunk.read();
        let watch = chunk.slots[tag.as_usize() % CHUNK_TAGS].watch.as_ref();
        watch.map_or_else(Default::default, |watch| {
            (watch.counts, watch.last.iter().rev().cloned().collect())
        })
    }

    /// Returns the last samples of many tags, taking a lock per run of neighbours.
    pub(crate) fn last_many(&self, tags: &[TagIndex]) -> Vec<Option<Sample>> {
        let chunks = self.chunks.load();
        let mut samples = Vec::with_capacity(tags.len());
        for run in tags.chunk_by(|left, right| chunk_of(*left) == chunk_of(*right)) {
            let chunk = chunks.get(chunk_of(run[0])).map(|chunk| chunk.read());
            samples.extend(run.iter().map(|tag| {
                let chunk = chunk.as_ref()?;
                chunk.slots[tag.as_usize() % CHUNK_TAGS].sample()
            }));
        }
        samples
    }

    /// Gives write access to `work`.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut SlotWriter<'_>) -> T) -> T {
        let chunks = self.chunks.load();
        work(&mut SlotWriter {
            chunks: &chunks,
            held: None,
        })
    }

    /// Gives every slot whose deadline has passed at `now` to `work`, with its deadline.
    pub(crate) fn sweep(&self, now: Tick, mut work: impl FnMut(TagIndex, &mut Slot, &mut Tick)) {
        for (number, chunk) in self.chunks.load().iter().enumerate() {
            if chunk
                .read()
                .deadlines
                .iter()
                .all(|&deadline| now < deadline)
            {
                continue;
            }
            let Chunk { slots, deadlines } = &mut *chunk.write();
            for (at, deadline) in deadlines.iter_mut().enumerate() {
                if *deadline <= now {
                    work(
                        tag_index(number * CHUNK_TAGS + at),
                        &mut slots[at],
                        deadline,
                    );
                }
            }
        }
    }
}

impl SlotWriter<'_> {
    /// Returns the slot of a tag and its deadline; none beyond the space.
    pub(crate) fn slot(&mut self, tag: TagIndex) -> Option<(&mut Slot, &mut Tick)> {
        let number = chunk_of(tag);
        if self.held.as_ref().is_none_or(|(held, _)| *held != number) {
            self.held = None; // first let go: two locks at once could wait for each other
            self.held = Some((number, self.chunks.get(number)?.write()));
        }
        let (_, chunk) = self.held.as_mut()?;
        let Chunk { slots, deadlines } = &mut **chunk;
        let at = tag.as_usize() % CHUNK_TAGS;
        Some((&mut slots[at], &mut deadlines[at]))
    }
}

impl Slot {
    const EMPTY: Slot = Slot {
        shape: None,
        value: None,
        time_us: 0,
        quality: Quality::BAD_WAITING_FOR_INITIAL_DATA,
        grace: 0,
        polled: false,
        watch: None,
    };

    /// Returns the slot of a tag that waits for its first sample.
    pub(crate) fn of(shape: &Arc<Shape>) -> Slot {
        Slot {
            shape: Some(Arc::clone(shape)),
            polled: true,
            ..Slot::EMPTY
        }
    }

    /// Forgets the tag.
    pub(crate) fn clear(&mut self) {
        *self = Slot::EMPTY;
    }

    /// Returns what it shows; none where there is no tag.
    pub(crate) fn sample(&self) -> Option<Sample> {
        self.shape.as_ref()?;
        Some(Sample {
            time_us: self.time_us,
            value: self.value.clone(),
            quality: self.quality,
        })
    }
}

impl Default for Chunk {
    fn default() -> Chunk {
        Chunk {
            slots: vec![Slot::EMPTY; CHUNK_TAGS].into(),
            deadlines: vec![NEVER; CHUNK_TAGS].into(),
        }
    }
}

fn chunk_of(tag: TagIndex) -> usize {
    tag.as_usize() / CHUNK_TAGS
}

fn tag_index(at: usize) -> TagIndex {
    TagIndex(u32::try_from(at).expect("numbers of tags are 32 bits"))
}
