//! When alarms are due without a sample.

use std::collections::BTreeSet;

/// When which slot is due: at most one time for each.
#[derive(Default)]
pub(super) struct Timers {
    due: BTreeSet<(i64, u32)>,
    /// Until when whoever waits for the next one sleeps; for ever when absent.
    asleep_until_us: Option<i64>,
    is_earlier: bool,
}

impl Timers {
    /// Sets the time of a slot in place of the one that it had.
    pub(super) fn arm(&mut self, due_us: i64, slot: u32, before_us: Option<i64>) {
        self.disarm(slot, before_us);
        self.due.insert((due_us, slot));
        if self
            .asleep_until_us
            .is_none_or(|until_us| due_us < until_us)
        {
            self.asleep_until_us = Some(due_us);
            self.is_earlier = true;
        }
    }

    /// Takes the time of a slot away.
    pub(super) fn disarm(&mut self, slot: u32, due_us: Option<i64>) {
        if let Some(due_us) = due_us {
            self.due.remove(&(due_us, slot));
        }
    }

    /// Takes the earliest slot that is due.
    pub(super) fn take_due(&mut self, now_us: i64) -> Option<u32> {
        let &(due_us, slot) = self.due.first()?;
        if now_us < due_us {
            return None;
        }
        self.due.pop_first();
        Some(slot)
    }

    /// Returns until when to sleep.
    pub(super) fn sleep_until(&mut self) -> Option<i64> {
        self.asleep_until_us = self.due.first().map(|(due_us, _)| *due_us);
        self.is_earlier = false;
        self.asleep_until_us
    }

    /// Returns whether the sleeper has to be woken, once.
    pub(super) fn take_earlier(&mut self) -> bool {
        std::mem::take(&mut self.is_earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_has_one_time_and_the_sleeper_is_woken_for_an_earlier_one_only() {
        let mut timers = Timers::default();
        timers.arm(100, 1, None);
        assert!(timers.take_earlier());
        assert_eq!(timers.sleep_until(), Some(100));
        timers.arm(200, 2, None);
        assert!(!timers.take_earlier());
        for turn in 0..1_000 {
            timers.arm(50, 1, Some(100));
            assert_eq!(timers.take_earlier(), turn == 0);
            timers.arm(100, 1, Some(50));
        }
        assert_eq!(timers.due.len(), 2);
        assert_eq!(timers.take_due(99), None);
        assert_eq!(timers.take_due(200), Some(1));
        assert_eq!(timers.take_due(200), Some(2));
        assert_eq!(timers.sleep_until(), None);
    }
}
