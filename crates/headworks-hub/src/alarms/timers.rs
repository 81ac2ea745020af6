//! When alarms are due without a sample.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// When which slot is due. An entry that was made up for by an earlier one stays and is known as
/// such when its time comes.
#[derive(Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(i64, u32)>>,
    /// Until when whoever waits for the next entry sleeps; for ever when absent.
    asleep_until_us: Option<i64>,
    is_earlier: bool,
}

impl Timers {
    /// Adds a time for a slot; one that has an earlier time needs none.
    pub(super) fn arm(&mut self, due_us: i64, slot: u32) {
        self.heap.push(Reverse((due_us, slot)));
        if self
            .asleep_until_us
            .is_none_or(|until_us| due_us < until_us)
        {
            self.asleep_until_us = Some(due_us);
            self.is_earlier = true;
        }
    }

    /// Takes the earliest that is due.
    pub(super) fn take_due(&mut self, now_us: i64) -> Option<(i64, u32)> {
        let &Reverse((due_us, _)) = self.heap.peek()?;
        if now_us < due_us {
            return None;
        }
        self.heap.pop().map(|Reverse(due)| due)
    }

    /// Returns until when to sleep.
    pub(super) fn sleep_until(&mut self) -> Option<i64> {
        self.asleep_until_us = self.heap.peek().map(|Reverse((due_us, _))| *due_us);
        self.is_earlier = false;
        self.asleep_until_us
    }

    /// Returns whether the sleeper has to be woken, once.
    pub(super) fn take_earlier(&mut self) -> bool {
        std::mem::take(&mut self.is_earlier)
    }
}
