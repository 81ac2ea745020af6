//! A plant in virtual time: one hub that looks every tenth of a second, and one that sleeps until
//! something is due, must write the same journal.

use super::*;
use crate::alarm::condition::{Condition, Detector, Limit, Memory, OnBad, Reading, Source};
use crate::sample::Sample;
use crate::value::Value;

const STEP_US: i64 = S / 10;
const ALARMS: usize = 40;
const STEPS: i64 = 3600 * 10;

/// A generator of numbers that needs no library and gives the same everywhere (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}

/// What happens in a step: a new value, or an act of the operator.
enum Happening {
    Value(f64),
    Act(Act),
}

#[derive(Clone, Copy)]
enum Act {
    Acknowledge,
    Shelve { ahead_us: i64, one_shot: bool },
    Reset,
}

struct Alarm {
    bench: Bench,
    detector: Detector,
    memory: Memory,
    sample: Sample,
    judged_due_us: Option<i64>,
    journal: Vec<Transition>,
}

impl Alarm {
    fn new(number: usize, dice: &mut Dice) -> Alarm {
        let tenths = |dice: &mut Dice, most| i64::try_from(dice.roll(most)).unwrap() * STEP_US;
        let rule = Rule {
            on_delay_us: tenths(dice, 100),
            off_delay_us: tenths(dice, 100),
            re_alarm_us: (dice.roll(2) == 0).then(|| 30 * S + tenths(dice, 3000)),
            shelve_max_us: 600 * S,
            latching: dice.roll(4) == 0,
        };
        let limit = Limit::Fixed(60.0);
        let condition = match number % 4 {
            0 => Condition::Stale { after_s: 20 },
            1 => Condition::RateOfChange {
                max_per_s: Limit::Fixed(4.0),
                direction: crate::alarm::Direction::Either,
                over_s: 5,
            },
            2 => Condition::Low { limit },
            _ => Condition::High { limit },
        };
        Alarm {
            bench: Bench::new(rule),
            detector: Detector {
                condition,
                deadband: if number % 4 < 2 { 0.0 } else { 5.0 },
                on_bad: OnBad::Hold,
            },
            memory: Memory::default(),
            sample: Sample::good(0, Value::F64(50.0)),
            judged_due_us: Some(0),
            journal: Vec::new(),
        }
    }

    fn judge(&mut self) {
        let reading = Reading {
            now_us: self.bench.now_us,
            source: Source::Sample(Some(&self.sample)),
        };
        let active = self.bench.machine.standing().active;
        let judgement = self
            .detector
            .judge(&reading, active, &mut self.memory, |_| None);
        self.judged_due_us = judgement.due_us;
        self.apply(Input::Condition(judgement.verdict));
    }

    fn apply(&mut self, input: Input) {
        let (_, transitions) = self.bench.try_apply(input);
        self.journal.extend(transitions);
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Acknowledge => {
                if let Some(event) = self.bench.machine.standing().event {
                    self.apply(acknowledge(event.id));
                }
            }
            Act::Shelve { ahead_us, one_shot } => {
                self.apply(shelve(Some(self.bench.now_us + ahead_us), one_shot));
            }
            Act::Reset => self.apply(Input::Reset { by: ann("") }),
        }
    }

    /// Goes on to a time; `polls` judges and ticks although nothing is due.
    fn step(&mut self, now_us: i64, happening: Option<&Happening>, polls: bool) {
        let is_due = |due_us: Option<i64>| polls || due_us.is_some_and(|due_us| due_us <= now_us);
        let ticks = is_due(self.bench.machine.next_due_us(&self.bench.rule));
        let judges = is_due(self.judged_due_us);
        self.bench.now_us = now_us;
        if ticks {
            self.apply(Input::Tick);
        }
        if let Some(Happening::Value(value)) = happening {
            self.sample = Sample::good(now_us, Value::F64(*value));
        }
        if judges || matches!(happening, Some(Happening::Value(_))) {
            self.judge();
        }
        if let Some(Happening::Act(act)) = happening {
            self.act(*act);
        }
    }
}

fn happening(dice: &mut Dice, value: &mut f64) -> Option<Happening> {
    let seconds = |dice: &mut Dice| i64::try_from(dice.roll(700)).unwrap() * S;
    match dice.roll(1000) {
        0..50 => {
            *value = (*value + (dice.roll(41) as f64 - 20.0)).clamp(0.0, 100.0);
            Some(Happening::Value(*value))
        }
        50..53 => Some(Happening::Act(Act::Acknowledge)),
        53 => Some(Happening::Act(Act::Shelve {
            ahead_us: seconds(dice),
            one_shot: dice.roll(2) == 0,
        })),
        54 => Some(Happening::Act(Act::Reset)),
        _ => None,
    }
}

#[test]
fn who_sleeps_until_something_is_due_misses_nothing() {
    let mut total = 0;
    for number in 0..ALARMS {
        let mut dice = Dice(0x1234_5678 + number as u64);
        let mut sleeper = Alarm::new(number, &mut dice);
        let mut dice = Dice(0x1234_5678 + number as u64);
        let mut poller = Alarm::new(number, &mut dice);
        let mut value = 50.0;
        for step in 1..=STEPS {
            let happening = happening(&mut dice, &mut value);
            sleeper.step(step * STEP_US, happening.as_ref(), false);
            poller.step(step * STEP_US, happening.as_ref(), true);
        }
        check_same(number, &sleeper.journal, &poller.journal);
        check_delays(&poller);
        total += poller.journal.len();
    }
    assert!(
        2_000 < total,
        "{total} transitions are too few to show anything"
    );
}

/// Compares step by step: whole journals would fill pages.
fn check_same(alarm: usize, left: &[Transition], right: &[Transition]) {
    for (at, pair) in left.iter().zip(right).enumerate() {
        assert_eq!(pair.0, pair.1, "transition {at} of alarm {alarm}");
    }
    assert_eq!(left.len(), right.len(), "alarm {alarm}");
}

/// Checks the times of a journal against the settings of its alarm.
fn check_delays(alarm: &Alarm) {
    let rule = alarm.bench.rule;
    for pair in alarm.journal.windows(2) {
        let [before, after] = pair else { continue };
        let passed_us = after.time_us - before.time_us;
        match after.cause {
            Cause::Cleared if before.cause == Cause::Raised => {
                assert!(rule.off_delay_us <= passed_us);
            }
            Cause::Raised if before.cause == Cause::Cleared => {
                assert!(rule.on_delay_us <= passed_us);
            }
            Cause::ReAlarmed => assert_eq!(Some(passed_us), rule.re_alarm_us),
            Cause::ShelfExpired => {
                let shelf = before.after.shelf.unwrap();
                assert_eq!(after.time_us, shelf.until_us);
            }
            _ => {}
        }
    }
}
