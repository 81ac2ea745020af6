//! Which samples are the router's own writes that come back.

use std::collections::HashMap;
use std::sync::Arc;

use crate::sample::{Sample, TagIndex};
use crate::value::Value;

/// Most writes in a row that may follow from one another.
pub const HOPS_MAX: u8 = 8;
/// For how long a value that differs from the one written counts as its consequence.
pub const SETTLE_US: i64 = 5_000_000;

/// Where a sample comes from: the tags whose samples led to it, the first first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    tags: Option<Arc<[TagIndex]>>,
    hops: u8,
}

/// What the router has written, by tag.
#[derive(Clone, Debug, Default)]
pub struct Echoes {
    by_tag: HashMap<TagIndex, Echo>,
}

#[derive(Clone, Debug)]
struct Echo {
    wrote: Value,
    /// What the device made of it.
    read_back: Option<Value>,
    tolerance: f64,
    chain: Chain,
    at_us: i64,
}

impl Chain {
    /// Returns the tags, the first first.
    pub fn tags(&self) -> &[TagIndex] {
        self.tags.as_deref().unwrap_or_default()
    }

    /// Returns whether a write to a tag would close a circle, or be one too many in a row.
    pub(super) fn stops(&self, target: TagIndex) -> bool {
        HOPS_MAX <= self.hops || self.tags().contains(&target)
    }

    /// Returns the chain of a write that follows from a sample of a tag.
    pub(super) fn with(&self, tag: TagIndex) -> Chain {
        let mut tags = self.tags().to_vec();
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        Chain {
            tags: Some(tags.into()),
            hops: self.hops.saturating_add(1),
        }
    }
}

impl Echoes {
    /// Notes a write that is about to be made. `tolerance` is how far what is read back may lie
    /// from the value: half of what one raw step of the tag is worth, for instance.
    pub fn note(&mut self, tag: TagIndex, value: Value, tolerance: f64, chain: Chain, now_us: i64) {
        let echo = Echo {
            wrote: value,
            read_back: None,
            tolerance,
            chain,
            at_us: now_us,
        };
        self.by_tag.insert(tag, echo);
    }

    /// Notes what a device made of a write; its consequences count from now on.
    pub fn note_read_back(&mut self, tag: TagIndex, wrote: &Value, read_back: Value, now_us: i64) {
        if let Some(echo) = self
            .by_tag
            .get_mut(&tag)
            .filter(|echo| echo.wrote == *wrote)
        {
            echo.read_back = Some(read_back);
            echo.at_us = now_us;
        }
    }

    /// Forgets a write that was not made.
    pub fn forget(&mut self, tag: TagIndex, wrote: &Value) {
        if self
            .by_tag
            .get(&tag)
            .is_some_and(|echo| echo.wrote == *wrote)
        {
            self.by_tag.remove(&tag);
        }
    }

    /// Keeps only what is of tags that fulfil a condition.
    pub fn retain(&mut self, mut keep: impl FnMut(TagIndex) -> bool) {
        self.by_tag.retain(|tag, _| keep(*tag));
    }

    /// Returns where a sample of a tag comes from.
    pub(super) fn chain_of(&mut self, tag: TagIndex, sample: &Sample, now_us: i64) -> Chain {
        let (Some(echo), Some(value)) = (self.by_tag.get(&tag), &sample.value) else {
            return Chain::default();
        };
        if echo.is(value) {
            return echo.chain.clone();
        }
        if now_us.saturating_sub(echo.at_us) < SETTLE_US {
            return Chain {
                tags: None,
                hops: echo.chain.hops,
            };
        }
        self.by_tag.remove(&tag); // somebody else has changed it since
        Chain::default()
    }
}

impl Echo {
    fn is(&self, value: &Value) -> bool {
        let same = |wrote: &Value| match (wrote.as_f64(), value.as_f64()) {
            (Some(wrote), Some(found)) => {
                // a device may keep 32 bits of a number
                let tolerance = self.tolerance.max(wrote.abs() * 1e-6);
                (wrote - found).abs() <= tolerance
            }
            _ => wrote == value,
        };
        same(&self.wrote) || self.read_back.as_ref().is_some_and(same)
    }
}
