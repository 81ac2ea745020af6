//! What holds whatever happens, in whatever order.

use super::*;
use crate::alarm::journal::{Entry, Fold};
use crate::model::{ObjectId, Priority};

/// Something that happens to an alarm; who does it is always the same.
#[derive(Clone, Debug)]
enum Act {
    Judge(Verdict),
    /// Acknowledges the event that came so many before the newest.
    Acknowledge(u64),
    Reset,
    Shelve(i64, bool),
    Unshelve,
    Suppress(bool),
    Service(bool),
    Tick,
    Remove,
}

fn act() -> impl Strategy<Value = Act> {
    let verdict = prop_oneof![
        4 => Just(Verdict::True),
        4 => Just(Verdict::False),
        1 => Just(Verdict::Unknown),
    ];
    prop_oneof![
        8 => verdict.prop_map(Act::Judge),
        3 => (0_u64..3).prop_map(Act::Acknowledge),
        2 => Just(Act::Reset),
        1 => (-1_i64..50, any::<bool>()).prop_map(|(ahead, once)| Act::Shelve(ahead * S, once)),
        1 => Just(Act::Unshelve),
        1 => any::<bool>().prop_map(Act::Suppress),
        1 => any::<bool>().prop_map(Act::Service),
        3 => Just(Act::Tick),
        1 => Just(Act::Remove),
    ]
}

/// Seconds that pass before an act, and the act.
fn acts() -> impl Strategy<Value = Vec<(i64, Act)>> {
    prop::collection::vec((0_i64..8, act()), 1..120)
}

fn rules() -> impl Strategy<Value = Rule> {
    (
        0_i64..6,
        0_i64..6,
        prop::option::of(5_i64..20),
        any::<bool>(),
    )
        .prop_map(|(on_s, off_s, re_alarm_s, latching)| Rule {
            on_delay_us: on_s * S,
            off_delay_us: off_s * S,
            re_alarm_us: re_alarm_s.map(|seconds| seconds * S),
            shelve_max_us: 40 * S,
            latching,
        })
}

fn input(act: &Act, bench: &Bench) -> Input {
    let by = ann("because");
    match *act {
        Act::Judge(verdict) => Input::Condition(verdict),
        Act::Acknowledge(back) => {
            let newest = bench.ledger.next - 1;
            acknowledge(EventId::new(newest.saturating_sub(back).max(1)).unwrap())
        }
        Act::Reset => Input::Reset { by },
        Act::Shelve(ahead_us, one_shot) => shelve(Some(bench.now_us + ahead_us), one_shot),
        Act::Unshelve => Input::Unshelve { by },
        Act::Suppress(suppressed) => Input::Suppress(suppressed),
        Act::Service(true) => Input::TakeOut { by },
        Act::Service(false) => Input::PutBack { by },
        Act::Tick => Input::Tick,
        Act::Remove => Input::Remove,
    }
}

fn id() -> ObjectId {
    "0192d3c0-0000-7000-8000-000000000001".parse().unwrap()
}

fn entry(number: u64, transition: &Transition) -> Entry {
    Entry {
        number,
        alarm: id(),
        name: "Pressure".into(),
        path: None,
        priority: Priority::Medium,
        text: String::new(),
        value: None,
        limit: None,
        first_out: false,
        transition: transition.clone(),
    }
}

/// Checks one transition against the one before it.
fn check_step(before: &Standing, step: &Transition, last_event: &mut u64) {
    assert_eq!(step.from, before.state, "the journal is a chain");
    assert_eq!(step.to, step.after.state);
    assert!(step.after.is_sound(), "{step:?}");
    assert!(before.since_us <= step.time_us);
    assert_ne!(*before, step.after, "a transition changes something");
    assert!(!(step.to.is_hidden() && step.announces()), "{step:?}");
    if step.opens_event() {
        let event = step.after.event.unwrap();
        assert_eq!(event.id.0.get(), *last_event + 1, "each event is new");
        assert_eq!(event.raised_us, step.time_us);
        *last_event += 1;
    } else if step.after.event.is_some() {
        assert_eq!(step.after.event, before.event, "an event goes on");
    }
    let shows = before.state.is_hidden() && !step.to.is_hidden() && step.to != State::Normal;
    assert!(!shows || step.announces(), "nothing returns silently");
    let person_needed = [Cause::Acknowledged, Cause::Reset, Cause::Shelved];
    assert!(!person_needed.contains(&step.cause) || step.by.is_some());
    if step.cause == Cause::ReAlarmed {
        assert!(before.active && step.to == State::Unacknowledged);
    }
}

fn run(bench: &mut Bench, act: &Act, passes_s: i64) -> (Result<(), Refusal>, Vec<Transition>) {
    bench.now_us += passes_s * S;
    let input = input(act, bench);
    bench.try_apply(input)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_journal_folds_to_the_state(rule in rules(), acts in acts()) {
        let mut bench = Bench::new(rule);
        let (mut fold, mut number, mut last_event) = (Fold::default(), 0, 0);
        let mut before = Standing::default();
        for (passes_s, act) in acts {
            let (_, transitions) = run(&mut bench, &act, passes_s);
            for step in &transitions {
                check_step(&before, step, &mut last_event);
                before = step.after;
                number += 1;
                fold.apply(&entry(number, step)).unwrap();
            }
            prop_assert_eq!(&before, bench.machine.standing());
            let folded = fold.get(id()).map(|folded| folded.standing);
            prop_assert_eq!(folded.unwrap_or_default().state, bench.state());
            if let Some(folded) = folded {
                prop_assert_eq!(&folded, bench.machine.standing());
            }
            let is_listed = fold.active().count() == 1;
            prop_assert_eq!(is_listed, bench.state() != State::Normal);
        }
    }

    #[test]
    fn a_refused_input_changes_nothing(rule in rules(), acts in acts()) {
        let mut bench = Bench::new(rule);
        for (passes_s, act) in acts {
            run(&mut bench, &Act::Tick, passes_s).0.unwrap();
            let before = bench.machine.clone();
            let (result, transitions) = run(&mut bench, &act, 0);
            if result.is_err() {
                prop_assert_eq!(&bench.machine, &before);
                prop_assert!(transitions.is_empty());
            }
        }
    }

    /// Whoever sends Tick all the time gets what the one gets who sleeps until something is due.
    #[test]
    fn nothing_is_due_before_its_time(rule in rules(), acts in acts()) {
        let mut bench = Bench::new(rule);
        for (passes_s, act) in acts {
            drop(run(&mut bench, &act, passes_s));
            let due_us = bench.machine.next_due_us(&rule);
            prop_assert!(due_us.is_none_or(|due_us| bench.now_us < due_us), "all is done");
            let mut ahead = Bench { machine: bench.machine.clone(), ..Bench::new(rule) };
            ahead.now_us = due_us.unwrap_or(i64::MAX / 2) - 1;
            prop_assert_eq!(ahead.apply(Input::Tick), vec![]);
            if due_us.is_some() {
                ahead.now_us += 1;
                prop_assert_ne!(ahead.apply(Input::Tick), vec![]);
            }
        }
    }

    /// Without delays a restart is not to be seen: the last verdict comes again at once.
    #[test]
    fn a_restart_goes_on_where_the_journal_ends(
        rule in rules(), acts in acts(), restarts in prop::collection::vec(any::<bool>(), 120),
    ) {
        let rule = Rule { on_delay_us: 0, off_delay_us: 0, ..rule };
        let (mut through, mut restarted) = (Bench::new(rule), Bench::new(rule));
        for ((passes_s, act), restarts) in acts.iter().zip(restarts) {
            if restarts {
                let verdict = restarted.machine.verdict;
                restarted.machine = Machine::restore(*restarted.machine.standing());
                let newest = EventId::new(restarted.ledger.next - 1);
                restarted.ledger = Ledger::new(newest);
                prop_assert_eq!(restarted.apply(Input::Condition(verdict)), vec![]);
            }
            let left = run(&mut through, act, *passes_s);
            prop_assert_eq!(left, run(&mut restarted, act, *passes_s));
        }
        prop_assert_eq!(through.machine.standing(), restarted.machine.standing());
    }

    /// With delays a restart costs at most the delay, and the state is the same after it, unless
    /// a shelf ends in between.
    #[test]
    fn a_restart_in_a_delay_comes_to_the_same(rule in rules(), acts in acts()) {
        let rule = Rule { re_alarm_us: None, ..rule };
        let mut through = Bench::new(rule);
        for (passes_s, act) in acts {
            drop(run(&mut through, &act, passes_s));
        }
        let verdict = through.machine.verdict;
        let mut restarted = Bench {
            machine: Machine::restore(*through.machine.standing()),
            ledger: through.ledger.clone(),
            ..Bench::new(rule)
        };
        restarted.now_us = through.now_us;
        let shelved = through.machine.standing().shelf.is_some();
        for wait_s in [0, 6, 100] {
            for bench in [&mut through, &mut restarted] {
                bench.now_us += wait_s * S;
                bench.apply(Input::Condition(verdict));
            }
        }
        let (left, right) = (through.machine.standing(), restarted.machine.standing());
        prop_assert_eq!(left.active, right.active);
        prop_assert!(shelved || left.state == right.state, "{left:?} {right:?}");
    }
}
