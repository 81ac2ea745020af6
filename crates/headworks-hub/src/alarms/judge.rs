//! The machines of all alarms: from samples, acts and time to transitions.
//!
//! Pure but for its state: samples, time and the way out come from the caller.

mod begin;
mod live;
mod look;
mod record;

use std::sync::Arc;

use headworks_core::alarm::{Input, Ledger, Source};
use headworks_core::model::ObjectId;
use headworks_core::{Sample, Update};
use jiff::tz::TimeZone;

use super::groups::Groups;
use super::queue::Item;
use super::rules::{Role, Rules};
use super::timers::Timers;
use super::{Acted, Last};
use live::Live;
use look::Look;
use record::Record;

/// The alarms and what they remember.
pub(super) struct Judge {
    rules: Arc<Rules>,
    /// By slot, as the rules.
    live: Vec<Option<Live>>,
    timers: Timers,
    ledger: Ledger,
    groups: Groups,
    /// Of the newest entry.
    number: u64,
    zone: TimeZone,
    out: Vec<Item>,
    /// Slots that a batch has touched; kept for its memory.
    touched: Vec<u32>,
}

impl Judge {
    pub(super) fn new(zone: TimeZone) -> Judge {
        Judge {
            rules: Arc::default(),
            live: Vec::new(),
            timers: Timers::default(),
            ledger: Ledger::new(None),
            groups: Groups::default(),
            number: 0,
            zone,
            out: Vec::new(),
            touched: Vec::new(),
        }
    }

    pub(super) fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    pub(super) fn is_idle(&self) -> bool {
        self.rules.is_empty()
    }

    /// Takes what goes to the journal.
    pub(super) fn take_out(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.out)
    }

    /// Returns whether something is due earlier than whoever waits for it knows.
    pub(super) fn is_due_earlier(&mut self) -> bool {
        self.timers.take_earlier()
    }

    /// Judges a batch that was settled, in its order.
    ///
    /// What makes alarms mean nothing comes first, and what gives them a meaning again comes
    /// last: a batch that stops a pump and its flow raises nothing, nor does one that starts both.
    pub(super) fn batch(&mut self, batch: &[Update], now_us: i64, last: Last<'_>) {
        let lifted = match self.rules.has_indirect() {
            true => self.suppress(batch, now_us, last),
            false => Vec::new(),
        };
        let rules = Arc::clone(&self.rules);
        for update in batch {
            for &(slot, role) in rules.readers(update.tag) {
                if role == Role::Sample {
                    let source = Source::Sample(Some(&update.sample));
                    let sample = Some(&update.sample);
                    self.look(slot, now_us, last, sample, |look| look.judge(source));
                }
            }
        }
        if self.rules.has_indirect() {
            self.judge_touched(batch, now_us, last);
        }
        for slot in lifted {
            self.input(slot, now_us, last, Input::Suppress(false));
        }
    }

    /// Evaluates what says whether alarms mean anything; returns those that do now.
    fn suppress(&mut self, batch: &[Update], now_us: i64, last: Last<'_>) -> Vec<u32> {
        let touched = self.take_touched(batch, Role::Suppress);
        let mut lifted = Vec::new();
        for &slot in &touched {
            if let Some(false) = self.suppress_one(slot, now_us, last) {
                lifted.push(slot);
            }
        }
        self.touched = touched;
        lifted
    }

    /// Suppresses an alarm when it means nothing; returns whether it does, if that is known.
    fn suppress_one(&mut self, slot: u32, now_us: i64, last: Last<'_>) -> Option<bool> {
        let suppress = |look: &mut Look<'_>| {
            let truth = look.is_suppressed();
            if truth == Some(true) {
                look.apply(Input::Suppress(true));
            }
            truth
        };
        self.look(slot, now_us, last, None, suppress).flatten()
    }

    /// Judges the alarms once whose limits or expressions read what a batch has changed.
    fn judge_touched(&mut self, batch: &[Update], now_us: i64, last: Last<'_>) {
        let touched = self.take_touched(batch, Role::Condition);
        for &slot in &touched {
            self.judge_present(slot, now_us, last);
        }
        self.touched = touched;
    }

    /// Judges an alarm by the present values.
    fn judge_present(&mut self, slot: u32, now_us: i64, last: Last<'_>) {
        self.look(slot, now_us, last, None, |look| look.judge_present());
    }

    /// Returns the slots that a batch touches in a role, each once.
    fn take_touched(&mut self, batch: &[Update], wanted: Role) -> Vec<u32> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.clear();
        for update in batch {
            let readers = self.rules.readers(update.tag).iter();
            let meant = readers.filter(|(_, role)| *role == wanted);
            touched.extend(meant.map(|(slot, _)| *slot));
        }
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// Does something to an alarm; nothing when it is not watched.
    pub(super) fn act(
        &mut self,
        alarm: ObjectId,
        input: Input,
        now_us: i64,
        last: Last<'_>,
    ) -> Option<Acted> {
        let slot = self.rules.slot_of(alarm)?;
        let name = self.rules.get(slot)?.alarm().name.clone();
        let outcome = self.look(slot, now_us, last, None, |look| look.input(input))?;
        Some(Acted {
            number: self.live.get(slot as usize)?.as_ref()?.number,
            outcome: outcome.map_err(|refusal| (name, refusal)),
        })
    }

    /// Does what is due; returns when the next is.
    pub(super) fn tick(&mut self, now_us: i64, last: Last<'_>) -> Option<i64> {
        while let Some(slot) = self.timers.take_due(now_us) {
            let live = self.live.get_mut(slot as usize).and_then(Option::as_mut);
            let Some(live) = live else {
                continue;
            };
            live.armed_us = None;
            let is_due = |due_us: Option<i64>| due_us.is_some_and(|due_us| due_us <= now_us);
            let (judge, suppress) = (is_due(live.judge_us), is_due(live.suppress_us));
            let lifted = suppress && self.suppress_one(slot, now_us, last) == Some(false);
            if judge {
                self.judge_present(slot, now_us, last);
            }
            let input = if lifted {
                Input::Suppress(false)
            } else {
                Input::Tick
            };
            self.input(slot, now_us, last, input);
        }
        self.timers.sleep_until()
    }

    /// Applies an input that no machine refuses.
    fn input(&mut self, slot: u32, now_us: i64, last: Last<'_>, input: Input) {
        self.look(slot, now_us, last, None, |look| look.apply(input));
    }

    /// Looks at an alarm: what comes of it goes to the journal, what is due is noted.
    ///
    /// `sample` is what was judged, where it is not the last one of its tag.
    fn look<T>(
        &mut self,
        slot: u32,
        now_us: i64,
        last: Last<'_>,
        sample: Option<&Sample>,
        work: impl FnOnce(&mut Look<'_>) -> T,
    ) -> Option<T> {
        let rule = self.rules.get(slot)?;
        let live = self.live.get_mut(slot as usize)?.as_mut()?;
        let outcome = work(&mut Look {
            rule,
            live,
            ledger: &mut self.ledger,
            zone: &self.zone,
            now_us,
            last,
        });
        if !self.ledger.is_empty() {
            let mut record = Record {
                rule,
                live,
                ledger: &mut self.ledger,
                groups: &mut self.groups,
                number: &mut self.number,
                out: &mut self.out,
            };
            record.write(sample, last);
        }
        if let Some(due_us) = live.newly_due(&rule.rule) {
            let before_us = live.armed_us.replace(due_us);
            self.timers.arm(due_us, slot, before_us);
        }
        Some(outcome)
    }
}
