//! First-out: which alarm of a group came first.
//!
//! When one fault trips the next, the first alarm names the cause and all others are
//! consequences. The mark stays with that alarm until every alarm of the group is normal again or
//! hidden, so that it can still be read when the cause itself is over.

use std::collections::HashSet;

use super::journal::Folded;
use super::machine::Transition;
use crate::model::ObjectId;

/// The state of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstOut {
    first: Option<ObjectId>,
    /// Alarms of the group with an event.
    open: HashSet<ObjectId>,
}

impl FirstOut {
    /// Takes a transition of an alarm of the group; the earlier one first.
    ///
    /// Returns whether the alarm is the first of the group.
    pub fn apply(&mut self, alarm: ObjectId, transition: &Transition) -> bool {
        if transition.after.event.is_some() {
            self.open.insert(alarm);
        } else {
            self.open.remove(&alarm);
        }
        if self.open.is_empty() {
            self.first = None;
            return false;
        }
        if transition.opens_event() && self.first.is_none() {
            self.first = Some(alarm);
        }
        self.first == Some(alarm)
    }

    /// Returns the group as the journal left it. Of alarms that were marked, the one with the
    /// newest event is of the present time, the others are of times that are over.
    pub fn restore<'a>(members: impl IntoIterator<Item = (ObjectId, &'a Folded)>) -> FirstOut {
        let mut group = FirstOut::default();
        let mut newest = None;
        for (alarm, folded) in members {
            if folded.standing.event.is_some() {
                group.open.insert(alarm);
            }
            if folded.first_out && newest <= folded.last_event {
                newest = folded.last_event;
                group.first = Some(alarm);
            }
        }
        if group.open.is_empty() {
            group.first = None;
        }
        group
    }

    /// Returns the alarm that came first, while one of the group has an event.
    pub fn first(&self) -> Option<ObjectId> {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alarm::condition::Verdict;
    use crate::alarm::journal::{Entry, Fold};
    use crate::alarm::machine::{By, Input, Ledger, Machine, Rule};
    use crate::model::Priority;

    const RULE: Rule = Rule {
        on_delay_us: 0,
        off_delay_us: 0,
        re_alarm_us: None,
        shelve_max_us: 10,
        latching: false,
    };

    struct Group {
        first_out: FirstOut,
        ledger: Ledger,
        machines: [Machine; 3],
        time_us: i64,
        fold: Fold,
    }

    fn id(number: usize) -> ObjectId {
        format!("0192d3c0-0000-7000-8000-{number:012}")
            .parse()
            .unwrap()
    }

    fn shelve() -> Input {
        Input::Shelve {
            until_us: None,
            one_shot: false,
            by: By::new("ann", "sensor is being cleaned"),
        }
    }

    impl Group {
        fn new() -> Group {
            Group {
                first_out: FirstOut::default(),
                ledger: Ledger::new(None),
                machines: std::array::from_fn(|_| Machine::default()),
                time_us: 0,
                fold: Fold::default(),
            }
        }

        /// Applies an input and returns whether the alarm is the first of the group.
        fn apply(&mut self, alarm: usize, input: Input) -> bool {
            self.time_us += 1;
            let machine = &mut self.machines[alarm];
            machine
                .apply(&RULE, &mut self.ledger, self.time_us, input)
                .unwrap();
            let mut first = false;
            for transition in self.ledger.drain() {
                first = self.first_out.apply(id(alarm), &transition);
                self.fold
                    .apply(&Entry {
                        number: self.fold.number() + 1,
                        alarm: id(alarm),
                        name: "a".into(),
                        path: None,
                        priority: Priority::High,
                        text: String::new(),
                        value: None,
                        limit: None,
                        first_out: first,
                        transition,
                    })
                    .unwrap();
            }
            first
        }

        fn act(&mut self, alarm: usize, act: u8) {
            match act {
                0 => self.apply(alarm, Input::Condition(Verdict::True)),
                1 => self.apply(alarm, Input::Condition(Verdict::False)),
                2 if self.machines[alarm].standing().event.is_some() => self.acknowledge(alarm),
                3 => self.apply(alarm, shelve()),
                _ => self.apply(alarm, Input::Tick),
            };
        }

        fn acknowledge(&mut self, alarm: usize) -> bool {
            let event = self.machines[alarm].standing().event.unwrap().id;
            let by = By::new("ann", "");
            self.apply(alarm, Input::Acknowledge { event, by })
        }
    }

    #[test]
    fn the_mark_stays_until_the_whole_group_is_normal() {
        let mut group = Group::new();
        assert!(group.apply(1, Input::Condition(Verdict::True)));
        assert!(!group.apply(0, Input::Condition(Verdict::True)));
        assert!(group.acknowledge(1));
        assert!(group.apply(1, Input::Condition(Verdict::False)));
        assert_eq!(group.first_out.first(), Some(id(1)), "0 still stands");
        assert!(!group.apply(2, Input::Condition(Verdict::True)));
        for alarm in [0, 2] {
            group.acknowledge(alarm);
            group.apply(alarm, Input::Condition(Verdict::False));
        }
        assert_eq!(group.first_out.first(), None);
        assert!(group.apply(2, Input::Condition(Verdict::True)));
    }

    #[test]
    fn a_shelved_alarm_is_not_the_first() {
        let mut group = Group::new();
        assert!(!group.apply(0, shelve()));
        assert!(!group.apply(0, Input::Condition(Verdict::True)));
        assert!(group.apply(1, Input::Condition(Verdict::True)));
    }

    proptest! {
        #[test]
        fn a_restart_keeps_the_mark(
            acts in prop::collection::vec((0_usize..3, 0_u8..5), 1..60),
        ) {
            let mut group = Group::new();
            for (alarm, act) in acts {
                group.act(alarm, act);
                let folded = group.fold.alarms();
                prop_assert_eq!(&FirstOut::restore(folded), &group.first_out);
            }
        }
    }
}
