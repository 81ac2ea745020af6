//! One step of the machine: what is due, and then the input.

use super::{By, Cause, Input, Ledger, Machine, Refusal, Rule, Transition};
use crate::alarm::condition::Verdict;
use crate::alarm::state::{Event, EventId, Shelf, Standing, State};

/// A machine while it is changed.
pub(super) struct Step<'a> {
    pub(super) machine: &'a mut Machine,
    pub(super) rule: &'a Rule,
    pub(super) ledger: &'a mut Ledger,
    pub(super) time_us: i64,
}

/// What comes by itself, in the order of things due at the same time.
#[derive(Clone, Copy)]
enum Due {
    Delay,
    Shelf,
    ReAlarm,
}

impl Step<'_> {
    /// Does what is due, the earliest first.
    pub(super) fn settle(&mut self) {
        while let Some(due) = self.earliest() {
            match due {
                Due::Delay => self.toggle(),
                Due::Shelf => self.unshelve(Cause::ShelfExpired, None),
                Due::ReAlarm => self.re_alarm(),
            }
        }
    }

    fn earliest(&self) -> Option<Due> {
        let machine = &*self.machine;
        let shelf_us = machine.standing.shelf.map(|shelf| shelf.until_us);
        [
            (machine.delay_due_us, Due::Delay),
            (shelf_us, Due::Shelf),
            (machine.re_alarm_due_us(self.rule), Due::ReAlarm),
        ]
        .into_iter()
        .filter_map(|(due_us, due)| Some((due_us?, due)))
        .filter(|&(due_us, _)| due_us <= self.time_us)
        .min_by_key(|&(due_us, _)| due_us)
        .map(|(_, due)| due)
    }

    pub(super) fn input(&mut self, input: Input) -> Result<(), Refusal> {
        match input {
            Input::Condition(verdict) => self.judge(verdict),
            Input::Acknowledge { event, by } => return self.acknowledge(event, by),
            Input::Reset { by } => return self.reset(by),
            Input::Shelve {
                until_us,
                one_shot,
                by,
            } => return self.shelve(until_us, one_shot, by),
            Input::Unshelve { by } => self.unshelve(Cause::Unshelved, Some(by)),
            Input::Suppress(suppressed) => self.suppress(suppressed),
            Input::TakeOut { by } => {
                by.check_reason()?;
                self.serve(true, Cause::TakenOut, by);
            }
            Input::PutBack { by } => self.serve(false, Cause::PutBack, by),
            Input::Tick => {}
            Input::Remove => self.remove(),
        }
        Ok(())
    }

    /// Starts or stops a delay. A condition that cannot be judged stops it: neither is sure then.
    fn judge(&mut self, verdict: Verdict) {
        let rule = self.rule;
        let machine = &mut *self.machine;
        machine.verdict = verdict;
        let delay_us = match (verdict, machine.standing.active) {
            (Verdict::True, false) => rule.on_delay_us,
            (Verdict::False, true) => rule.off_delay_us,
            (Verdict::True, true) | (Verdict::False, false) | (Verdict::Unknown, _) => {
                machine.delay_due_us = None;
                return;
            }
        };
        let due_us = self.time_us.saturating_add(delay_us);
        machine.delay_due_us.get_or_insert(due_us);
        self.settle();
    }

    /// The condition has been otherwise for long enough.
    fn toggle(&mut self) {
        self.machine.delay_due_us = None;
        let mut next = self.machine.standing;
        next.active = !next.active;
        let cause = if next.active {
            Cause::Raised
        } else {
            Cause::Cleared
        };
        match next.state {
            State::Normal
            | State::ReturnedUnacknowledged
            | State::LatchedUnacknowledged
            | State::LatchedAcknowledged => self.open(&mut next, State::Unacknowledged),
            State::Unacknowledged if self.rule.latching => {
                next.state = State::LatchedUnacknowledged;
            }
            State::Unacknowledged => next.state = State::ReturnedUnacknowledged,
            State::Acknowledged if self.rule.latching => next.state = State::LatchedAcknowledged,
            State::Acknowledged => close(&mut next),
            State::Shelved | State::Suppressed | State::OutOfService => {}
        }
        self.record(cause, None, next);
        let one_shot = next.shelf.is_some_and(|shelf| shelf.one_shot);
        if cause == Cause::Cleared && one_shot {
            self.unshelve(Cause::OneShotOver, None);
        }
    }

    fn re_alarm(&mut self) {
        let mut next = self.machine.standing;
        next.state = State::Unacknowledged;
        self.record(Cause::ReAlarmed, None, next);
    }

    fn acknowledge(&mut self, asked: EventId, by: By) -> Result<(), Refusal> {
        let mut next = self.machine.standing;
        let current = next.event.map(|event| event.id);
        if current != Some(asked) {
            return match next.acknowledged {
                Some(acknowledged) if acknowledged == asked => Ok(()),
                _ => Err(Refusal::OtherEvent { asked, current }),
            };
        }
        match next.state {
            State::Unacknowledged => next.state = State::Acknowledged,
            State::ReturnedUnacknowledged => close(&mut next),
            State::LatchedUnacknowledged => next.state = State::LatchedAcknowledged,
            State::Normal
            | State::Acknowledged
            | State::LatchedAcknowledged
            | State::Shelved
            | State::Suppressed
            | State::OutOfService => return Ok(()),
        }
        next.acknowledged = Some(asked);
        self.record(Cause::Acknowledged, Some(by), next);
        Ok(())
    }

    /// Releases a latch. Whoever does that has seen the event: no acknowledgement is needed.
    fn reset(&mut self, by: By) -> Result<(), Refusal> {
        let mut next = self.machine.standing;
        match next.state {
            State::Normal => return Ok(()),
            State::LatchedUnacknowledged | State::LatchedAcknowledged => {}
            State::Unacknowledged | State::Acknowledged => return Err(Refusal::Holds),
            state @ (State::ReturnedUnacknowledged
            | State::Shelved
            | State::Suppressed
            | State::OutOfService) => return Err(Refusal::NotLatched { state }),
        }
        match self.machine.verdict {
            Verdict::False => {}
            Verdict::True => return Err(Refusal::Holds),
            Verdict::Unknown => return Err(Refusal::NotJudged),
        }
        next.acknowledged = next.event.map(|event| event.id);
        close(&mut next);
        self.record(Cause::Reset, Some(by), next);
        Ok(())
    }

    fn shelve(&mut self, until_us: Option<i64>, one_shot: bool, by: By) -> Result<(), Refusal> {
        by.check_reason()?;
        let latest_us = self.time_us.saturating_add(self.rule.shelve_max_us);
        let until_us = until_us.unwrap_or(latest_us);
        if until_us <= self.time_us || latest_us < until_us {
            let max_s = self.rule.shelve_max_us / 1_000_000;
            return Err(Refusal::ShelfTime { max_s });
        }
        let shelf = Some(Shelf { until_us, one_shot });
        self.hide(Cause::Shelved, Some(by), |next| next.shelf = shelf);
        Ok(())
    }

    fn unshelve(&mut self, cause: Cause, by: Option<By>) {
        self.hide(cause, by, |next| next.shelf = None);
    }

    fn suppress(&mut self, suppressed: bool) {
        let cause = if suppressed {
            Cause::Suppressed
        } else {
            Cause::Unsuppressed
        };
        self.hide(cause, None, |next| next.suppressed = suppressed);
    }

    fn serve(&mut self, out_of_service: bool, cause: Cause, by: By) {
        self.hide(cause, Some(by), |next| next.out_of_service = out_of_service);
    }

    /// Changes what hides the alarm, and hides or shows it accordingly.
    ///
    /// Hiding ends the event. What is shown again is what the condition is at present, as a new
    /// event, so that nothing returns silently; a latch outlives it, or hiding would be a way
    /// around the reset.
    fn hide(&mut self, cause: Cause, by: Option<By>, change: impl FnOnce(&mut Standing)) {
        let before = self.machine.standing;
        let mut next = before;
        change(&mut next);
        if next == before {
            return;
        }
        match next.hiding() {
            Some(state) => {
                if !before.state.is_hidden() {
                    let would_latch = before.state.is_active() && self.rule.latching;
                    next.latch_kept = before.state.is_latched() || would_latch;
                    next.event = None;
                }
                next.state = state;
            }
            None if next.active => self.open(&mut next, State::Unacknowledged),
            None if next.latch_kept => self.open(&mut next, State::LatchedUnacknowledged),
            None => close(&mut next),
        }
        self.record(cause, by, next);
    }

    fn remove(&mut self) {
        if self.machine.standing.state != State::Normal {
            self.record(Cause::Removed, None, Standing::default());
        }
        self.machine.delay_due_us = None;
        self.machine.verdict = Verdict::Unknown;
    }

    /// Begins a new event.
    fn open(&mut self, next: &mut Standing, state: State) {
        next.state = state;
        next.latch_kept = false;
        next.event = Some(Event {
            id: self.ledger.next_event(),
            raised_us: self.time_us,
        });
    }

    fn record(&mut self, cause: Cause, by: Option<By>, next: Standing) {
        let before = self.machine.standing;
        let after = Standing {
            since_us: self.time_us,
            ..next
        };
        self.machine.standing = after;
        self.ledger.transitions.push(Transition {
            time_us: self.time_us,
            from: before.state,
            to: after.state,
            cause,
            event: after.event.or(before.event),
            by,
            after,
        });
    }
}

/// Ends the event: nothing is left to do.
fn close(next: &mut Standing) {
    next.state = State::Normal;
    next.event = None;
}
