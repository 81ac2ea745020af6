//! Counting what an alarm would have done.

use headworks_core::alarm::statistics::{Chatter, STALE_US};
use headworks_core::alarm::{Cause, Entry};
use headworks_store::TimeRange;

use super::{ALARM_TRIAL_PARTS, ALARM_TRIAL_ROWS_MAX, AlarmTrial, AlarmTrialPart, AlarmTrialRow};
use crate::alarms::queue::Item;

/// What came so far.
pub(super) struct Tally {
    range: TimeRange,
    trial: AlarmTrial,
    chatter: Chatter,
    active_since_us: Option<i64>,
}

impl Tally {
    pub(super) fn new(range: TimeRange) -> Tally {
        Tally {
            range,
            trial: AlarmTrial {
                start_us: range.start_us,
                end_us: range.end_us,
                is_cut: false,
                tags: 0,
                samples: 0,
                raised: 0,
                cleared: 0,
                re_alarmed: 0,
                suppressed: 0,
                chatters: 0,
                active_us: 0,
                longest_us: 0,
                stale: 0,
                stands: false,
                fault: None,
                parts: vec![AlarmTrialPart::default(); ALARM_TRIAL_PARTS],
                rows: Vec::new(),
            },
            chatter: Chatter::default(),
            active_since_us: None,
        }
    }

    pub(super) fn add(&mut self, items: Vec<Item>) {
        for item in items {
            if let Item::Entry { entry, .. } = item {
                self.entry(&entry);
            }
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let transition = &entry.transition;
        let (time_us, opens) = (transition.time_us, transition.opens_event());
        self.follow(time_us, transition.to.is_active());
        let trial = &mut self.trial;
        trial.raised += u64::from(opens);
        trial.cleared +=
            u64::from(transition.cause == Cause::Cleared && !transition.to.is_hidden());
        trial.re_alarmed += u64::from(transition.cause == Cause::ReAlarmed);
        trial.suppressed += u64::from(transition.cause == Cause::Raised && !opens);
        if opens {
            self.chatter.add(time_us);
            let part = self.part_of(time_us);
            self.trial.parts[part].raised += 1;
        }
        if self.trial.rows.len() < ALARM_TRIAL_ROWS_MAX {
            self.trial.rows.push(AlarmTrialRow {
                time_us,
                cause: transition.cause,
                state: transition.to,
                value: entry.value.clone(),
                limit: entry.limit,
                text: entry.text.clone(),
            });
        }
    }

    /// Follows whether the alarm is active.
    fn follow(&mut self, time_us: i64, is_active: bool) {
        match (self.active_since_us, is_active) {
            (None, true) => self.active_since_us = Some(time_us),
            (Some(since_us), false) => {
                self.active_since_us = None;
                self.span(since_us, time_us);
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// Counts a time for which the alarm was active.
    fn span(&mut self, since_us: i64, until_us: i64) {
        let length_us = until_us - since_us;
        self.trial.active_us += length_us;
        self.trial.longest_us = self.trial.longest_us.max(length_us);
        self.trial.stale += u32::from(STALE_US < length_us);
        for part in self.part_of(since_us)..=self.part_of(until_us) {
            let from_us = self.edge(part).max(since_us);
            let to_us = self.edge(part + 1).min(until_us);
            self.trial.parts[part].active_us += (to_us - from_us).max(0);
        }
    }

    /// Returns which part a time is in.
    fn part_of(&self, time_us: i64) -> usize {
        let length_us = self.range.end_us - self.range.start_us;
        let passed_us = (time_us - self.range.start_us).clamp(0, length_us);
        let parts = i128::try_from(ALARM_TRIAL_PARTS).unwrap_or(1);
        let part = i128::from(passed_us) * parts / i128::from(length_us.max(1));
        usize::try_from(part).map_or(0, |part| part.min(ALARM_TRIAL_PARTS - 1))
    }

    /// Returns where a part begins.
    fn edge(&self, part: usize) -> i64 {
        let length_us = i128::from(self.range.end_us - self.range.start_us);
        let parts = i128::try_from(ALARM_TRIAL_PARTS).unwrap_or(1);
        let passed_us = length_us * i128::try_from(part).unwrap_or(0) / parts;
        self.range.start_us + i64::try_from(passed_us).unwrap_or(0)
    }

    /// Returns what came until the end.
    pub(super) fn finish(mut self, end_us: i64) -> AlarmTrial {
        if let Some(since_us) = self.active_since_us {
            self.trial.stands = true;
            self.span(since_us, end_us);
        }
        AlarmTrial {
            end_us,
            chatters: self.chatter.count(),
            ..self.trial
        }
    }
}
