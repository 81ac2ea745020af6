use proptest::prelude::*;

use super::*;
use crate::alarm::state::Shelf;

mod properties;
mod simulation;
mod table;

const S: i64 = 1_000_000;

const RULE: Rule = Rule {
    on_delay_us: 0,
    off_delay_us: 0,
    re_alarm_us: None,
    shelve_max_us: 3600 * S,
    latching: false,
};

/// One alarm with its ledger and the present time.
struct Bench {
    rule: Rule,
    machine: Machine,
    ledger: Ledger,
    now_us: i64,
}

impl Bench {
    fn new(rule: Rule) -> Bench {
        Bench {
            rule,
            machine: Machine::default(),
            ledger: Ledger::new(None),
            now_us: 0,
        }
    }

    fn try_apply(&mut self, input: Input) -> (Result<(), Refusal>, Vec<Transition>) {
        let result = self
            .machine
            .apply(&self.rule, &mut self.ledger, self.now_us, input);
        (result, self.ledger.drain().collect())
    }

    fn apply(&mut self, input: Input) -> Vec<Transition> {
        let (result, transitions) = self.try_apply(input);
        result.unwrap();
        transitions
    }

    fn at(&mut self, second: i64, input: Input) -> Vec<Transition> {
        self.now_us = second * S;
        self.apply(input)
    }

    fn state(&self) -> State {
        self.machine.standing().state
    }

    fn event(&self) -> EventId {
        self.machine.standing().event.unwrap().id
    }

    fn due_s(&self) -> Option<i64> {
        self.machine
            .next_due_us(&self.rule)
            .map(|due_us| due_us / S)
    }
}

fn holds(verdict: bool) -> Input {
    Input::Condition(verdict.into())
}

fn ann(comment: &str) -> By {
    By::new("ann", comment)
}

fn acknowledge(event: EventId) -> Input {
    Input::Acknowledge {
        event,
        by: ann("seen"),
    }
}

fn shelve(until_us: Option<i64>, one_shot: bool) -> Input {
    Input::Shelve {
        until_us,
        one_shot,
        by: ann("being cleaned"),
    }
}

fn causes(transitions: &[Transition]) -> Vec<Cause> {
    transitions.iter().map(|step| step.cause).collect()
}

#[test]
fn the_delays_are_exact() {
    let mut bench = Bench::new(Rule {
        on_delay_us: 5 * S,
        off_delay_us: 3 * S,
        ..RULE
    });
    assert_eq!(bench.at(0, holds(true)), []);
    assert_eq!(bench.due_s(), Some(5));
    bench.now_us = 5 * S - 1;
    assert_eq!(bench.apply(Input::Tick), []);
    assert_eq!(causes(&bench.at(5, Input::Tick)), [Cause::Raised]);
    assert_eq!(bench.due_s(), None);
    assert_eq!(bench.at(10, holds(false)), []);
    assert_eq!(bench.at(11, holds(false)), [], "does not begin anew");
    assert_eq!(bench.due_s(), Some(13));
    assert_eq!(causes(&bench.at(13, holds(false))), [Cause::Cleared]);
}

#[test]
fn a_condition_that_turns_back_stops_the_delay() {
    let mut bench = Bench::new(Rule {
        on_delay_us: 5 * S,
        ..RULE
    });
    bench.at(0, holds(true));
    bench.at(4, holds(false));
    assert_eq!(bench.due_s(), None);
    bench.at(4, holds(true));
    assert_eq!(bench.at(8, Input::Tick), []);
    assert_eq!(causes(&bench.at(9, Input::Tick)), [Cause::Raised]);
}

#[test]
fn a_condition_that_cannot_be_judged_neither_raises_nor_clears() {
    let mut bench = Bench::new(Rule {
        on_delay_us: 5 * S,
        off_delay_us: 5 * S,
        ..RULE
    });
    bench.at(0, holds(true));
    bench.at(3, Input::Condition(Verdict::Unknown));
    assert_eq!(bench.at(100, Input::Tick), [], "not while blind");
    bench.at(100, holds(true));
    assert_eq!(causes(&bench.at(105, Input::Tick)), [Cause::Raised]);
    bench.at(106, holds(false));
    bench.at(107, Input::Condition(Verdict::Unknown));
    assert_eq!(bench.at(200, Input::Tick), []);
    assert_eq!(bench.state(), State::Unacknowledged);
}

#[test]
fn an_acknowledgement_is_bound_to_its_event() {
    let mut bench = Bench::new(RULE);
    bench.at(0, holds(true));
    let first = bench.event();
    bench.at(1, holds(false));
    bench.at(2, holds(true));
    assert_ne!(bench.event(), first, "it came again");
    let (result, transitions) = bench.try_apply(acknowledge(first));
    let error = result.unwrap_err();
    assert_eq!(transitions, []);
    assert_eq!(
        error.to_string(),
        "event 1 is not the present one of the alarm, which is 2: look at the alarm again"
    );
    let done = bench.apply(acknowledge(bench.event()));
    assert_eq!(done[0].by, Some(ann("seen")));
    assert_eq!(bench.state(), State::Acknowledged);
}

#[test]
fn an_acknowledgement_that_is_sent_twice_is_no_error() {
    for returns_first in [false, true] {
        let mut bench = Bench::new(RULE);
        bench.at(0, holds(true));
        let event = bench.event();
        bench.at(1, holds(!returns_first));
        assert_eq!(bench.apply(acknowledge(event)).len(), 1);
        assert_eq!(bench.apply(acknowledge(event)), []);
    }
}

#[test]
fn a_latch_is_reset_only_when_its_cause_is_known_to_be_gone() {
    let mut bench = Bench::new(Rule {
        latching: true,
        on_delay_us: 5 * S,
        ..RULE
    });
    let reset = || Input::Reset { by: ann("") };
    bench.at(0, holds(true));
    bench.at(5, holds(true));
    assert_eq!(bench.try_apply(reset()).0, Err(Refusal::Holds));
    bench.at(6, holds(false));
    assert_eq!(bench.state(), State::LatchedUnacknowledged);
    bench.at(7, Input::Condition(Verdict::Unknown));
    assert_eq!(bench.try_apply(reset()).0, Err(Refusal::NotJudged));
    bench.at(8, holds(true));
    assert_eq!(
        bench.try_apply(reset()).0,
        Err(Refusal::Holds),
        "in its delay"
    );
    bench.at(9, holds(false));
    assert_eq!(causes(&bench.apply(reset())), [Cause::Reset]);
    assert_eq!(bench.apply(reset()), [], "it is normal already");
}

#[test]
fn a_latch_outlives_the_shelf() {
    let latching = Rule {
        latching: true,
        ..RULE
    };
    for is_over_first in [false, true] {
        let mut bench = Bench::new(latching);
        bench.at(0, holds(true));
        if is_over_first {
            bench.at(1, holds(false));
        }
        bench.at(2, shelve(None, false));
        bench.at(3, holds(false));
        let back = bench.at(4, Input::Unshelve { by: ann("") });
        assert_eq!(bench.state(), State::LatchedUnacknowledged);
        assert!(back[0].opens_event(), "nothing returns silently");
    }
    let mut bench = Bench::new(latching);
    bench.at(0, shelve(None, false));
    bench.at(1, holds(true));
    bench.at(2, holds(false));
    bench.at(3, Input::Unshelve { by: ann("") });
    assert_eq!(bench.state(), State::Normal, "nothing was announced");
}

#[test]
fn a_shelf_ends_in_time_and_shows_what_is_there() {
    let mut bench = Bench::new(RULE);
    bench.at(0, holds(true));
    let first = bench.event();
    let done = bench.at(1, shelve(Some(100 * S), false));
    assert_eq!(
        (done[0].from, done[0].to),
        (State::Unacknowledged, State::Shelved)
    );
    assert_eq!(done[0].event.unwrap().id, first, "which event ended");
    assert_eq!(bench.due_s(), Some(100));
    assert_eq!(bench.at(99, Input::Tick), []);
    let back = bench.at(100, Input::Tick);
    assert_eq!(causes(&back), [Cause::ShelfExpired]);
    assert!(back[0].announces());
    assert!(first < bench.event(), "a new event");
}

#[test]
fn a_shelved_alarm_is_judged_but_announces_nothing() {
    let mut bench = Bench::new(RULE);
    bench.at(0, shelve(None, false));
    let raised = bench.at(1, holds(true));
    assert_eq!(
        (raised[0].from, raised[0].to),
        (State::Shelved, State::Shelved)
    );
    assert!(!raised[0].announces());
    assert!(raised[0].after.active);
    assert!(!bench.at(2, holds(false))[0].announces());
    let back = bench.at(3600, Input::Tick);
    assert_eq!((back[0].to, back[0].announces()), (State::Normal, false));
}

#[test]
fn a_one_shot_shelf_ends_with_the_condition() {
    let mut bench = Bench::new(RULE);
    bench.at(0, shelve(None, true));
    assert_eq!(causes(&bench.at(1, holds(true))), [Cause::Raised]);
    let over = bench.at(2, holds(false));
    assert_eq!(causes(&over), [Cause::Cleared, Cause::OneShotOver]);
    assert_eq!(bench.state(), State::Normal);
    assert!(bench.at(3, holds(true))[0].announces(), "only once");
    bench.at(4, shelve(None, true));
    let late = bench.at(4 + 3600, Input::Tick);
    assert_eq!(causes(&late), [Cause::ShelfExpired], "not for ever");
}

#[test]
fn a_shelf_needs_a_reason_and_an_end_within_bounds() {
    let mut bench = Bench::new(RULE);
    bench.now_us = 10 * S;
    for until_us in [0, 10 * S, 3610 * S + 1] {
        let (result, _) = bench.try_apply(shelve(Some(until_us), false));
        assert_eq!(result, Err(Refusal::ShelfTime { max_s: 3600 }));
    }
    let mute = Input::Shelve {
        until_us: None,
        one_shot: false,
        by: ann("  "),
    };
    assert_eq!(bench.try_apply(mute).0, Err(Refusal::NoReason));
    let mute = Input::TakeOut { by: ann("") };
    assert_eq!(bench.try_apply(mute).0, Err(Refusal::NoReason));
    assert_eq!(bench.apply(shelve(Some(3610 * S), false)).len(), 1);
}

#[test]
fn what_hides_an_alarm_may_overlap() {
    let mut bench = Bench::new(RULE);
    bench.at(0, holds(true));
    bench.at(1, shelve(Some(1000 * S), false));
    bench.at(2, Input::Suppress(true));
    assert_eq!(bench.state(), State::Suppressed);
    bench.at(
        3,
        Input::TakeOut {
            by: ann("new motor"),
        },
    );
    assert_eq!(bench.state(), State::OutOfService);
    bench.at(4, Input::Suppress(false));
    assert_eq!(bench.state(), State::OutOfService);
    let back = bench.at(5, Input::PutBack { by: ann("") });
    assert_eq!(bench.state(), State::Shelved, "still on its shelf");
    assert!(!back[0].announces());
    bench.at(1000, Input::Tick);
    assert_eq!(bench.state(), State::Unacknowledged);
}

#[test]
fn an_active_alarm_asks_again() {
    let mut bench = Bench::new(Rule {
        re_alarm_us: Some(60 * S),
        ..RULE
    });
    bench.at(0, holds(true));
    let event = bench.event();
    bench.at(30, acknowledge(event));
    assert_eq!(bench.due_s(), Some(90), "from the acknowledgement on");
    let again = bench.at(90, Input::Tick);
    assert_eq!(
        (again[0].from, again[0].to),
        (State::Acknowledged, State::Unacknowledged)
    );
    assert!(again[0].announces() && !again[0].opens_event());
    assert_eq!(bench.event(), event, "the same occurrence");
    assert_eq!(causes(&bench.at(150, Input::Tick)), [Cause::ReAlarmed]);
    bench.at(151, holds(false));
    assert_eq!(bench.due_s(), None, "what is over does not ask again");
}

#[test]
fn who_sleeps_for_a_day_is_told_once() {
    let mut bench = Bench::new(Rule {
        re_alarm_us: Some(60 * S),
        ..RULE
    });
    bench.at(0, holds(true));
    assert_eq!(causes(&bench.at(86_400, Input::Tick)), [Cause::ReAlarmed]);
    assert_eq!(bench.due_s(), Some(86_460));
}

#[test]
fn what_was_due_is_done_before_a_refused_input() {
    let mut bench = Bench::new(Rule {
        on_delay_us: 5 * S,
        ..RULE
    });
    bench.at(0, holds(true));
    bench.now_us = 6 * S;
    let stranger = EventId::new(77).unwrap();
    let (result, transitions) = bench.try_apply(acknowledge(stranger));
    assert!(result.is_err());
    assert_eq!(causes(&transitions), [Cause::Raised]);
}

#[test]
fn a_clock_that_is_set_back_does_not_turn_the_journal_round() {
    let mut bench = Bench::new(RULE);
    bench.at(100, holds(true));
    let cleared = bench.at(50, holds(false));
    assert_eq!(cleared[0].time_us, 100 * S);
}

#[test]
fn a_removed_alarm_leaves_nothing_behind() {
    let mut bench = Bench::new(RULE);
    assert_eq!(bench.at(0, Input::Remove), []);
    bench.at(1, holds(true));
    let removed = bench.at(2, Input::Remove);
    assert_eq!(
        (removed[0].cause, removed[0].to),
        (Cause::Removed, State::Normal)
    );
    assert_eq!(removed[0].event.unwrap().id, EventId::new(1).unwrap());
}

#[test]
fn a_hundred_thousand_alarms_are_small() {
    let bytes = size_of::<Machine>() + size_of::<crate::alarm::Memory>();
    assert!(bytes <= 192, "{bytes} bytes per alarm");
}

#[test]
fn transitions_come_back_from_json() {
    let mut bench = Bench::new(RULE);
    bench.at(0, holds(true));
    for transition in bench.at(1, shelve(None, true)) {
        let json = serde_json::to_string(&transition).unwrap();
        assert_eq!(
            serde_json::from_str::<Transition>(&json).unwrap(),
            transition
        );
    }
}

proptest! {
    #[test]
    fn events_are_numbered_without_gap_across_alarms(count in 1_usize..50) {
        let mut ledger = Ledger::new(EventId::new(41));
        for number in 0..count {
            let mut machine = Machine::default();
            machine.apply(&RULE, &mut ledger, 0, holds(true)).unwrap();
            let event = machine.standing().event.unwrap().id;
            prop_assert_eq!(event.0.get(), 42 + number as u64);
        }
    }
}
