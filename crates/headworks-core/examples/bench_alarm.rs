//! Figures of alarms: `cargo xtask bench alarm`. Every second 100,000 limits are judged by the
//! newest samples of their tags, and the machines of their alarms take the verdicts.

use std::hint::black_box;
use std::time::Instant;

use headworks_core::alarm::{
    Condition, Detector, Direction, Input, Ledger, Limit, Machine, Memory, OnBad, Reading, Rule,
    Source,
};
use headworks_core::{Sample, Value};
use serde_json::json;

/// Alarms of the plant.
const ALARMS: usize = 100_000;
/// Seconds of virtual time; one pass over all alarms each.
const SECONDS: i64 = 60;
/// Share of a core that is allowed, in percent.
const REACH_PERCENT: f64 = 5.0;
/// Bytes of each alarm that are allowed: what is configured, shared texts left out, and its state.
const REACH_BYTES: usize = 512;

const US_PER_S: i64 = 1_000_000;

struct Alarm {
    detector: Detector,
    rule: Rule,
    memory: Memory,
    machine: Machine,
}

fn main() {
    // One value in so many crosses its limit in a second: a quiet plant, and one in trouble.
    figure("100,000 alarm limits at 1 Hz, quiet", 10_000);
    figure(
        "100,000 alarm limits at 1 Hz, 1 % in trouble each second",
        100,
    );
    let bytes = size_of::<Alarm>();
    print_figure(
        "memory of an alarm",
        json!(bytes),
        "bytes",
        &format!("<= {REACH_BYTES}"),
        bytes <= REACH_BYTES,
    );
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
fn figure(name: &str, one_in: u64) {
    let mut plant = Plant::new(one_in);
    plant.pass(0); // the first pass fills the caches and sets every memory
    let begin = Instant::now();
    let transitions: usize = (1..=SECONDS).map(|second| plant.pass(second)).sum();
    let took_s = begin.elapsed().as_secs_f64() - plant.samples_s;
    let percent = 100.0 * took_s / SECONDS as f64;
    assert!(0 < transitions, "nothing happened in {name}");
    let met = percent < REACH_PERCENT;
    print_figure(name, json!(percent), "% of a core", "< 5 % of a core", met);
    let each = took_s * 1e9 / (SECONDS as f64 * ALARMS as f64);
    let per_second = transitions as f64 / SECONDS as f64;
    print_line(&format!(
        "  {each:.0} ns each, {per_second:.0} transitions per second"
    ));
}

#[expect(clippy::print_stdout, reason = "figures go to the standard output")]
fn print_line(line: &str) {
    println!("{line}");
}

fn print_figure(name: &str, value: serde_json::Value, unit: &str, reach: &str, met: bool) {
    let line = json!({"name": name, "value": value, "unit": unit, "reach": reach, "met": met});
    print_line(&line.to_string());
}

struct Plant {
    alarms: Vec<Alarm>,
    samples: Vec<Sample>,
    ledger: Ledger,
    one_in: u64,
    dice: u64,
    /// Time that the making of samples took, which is no work of alarms.
    samples_s: f64,
}

impl Plant {
    fn new(one_in: u64) -> Plant {
        Plant {
            alarms: (0..ALARMS).map(Alarm::new).collect(),
            samples: vec![Sample::good(0, Value::F64(50.0)); ALARMS],
            ledger: Ledger::new(None),
            one_in,
            dice: 0x9E37_79B9,
            samples_s: 0.0,
        }
    }

    /// Judges every alarm and returns how many transitions there were.
    fn pass(&mut self, second: i64) -> usize {
        let now_us = second * US_PER_S;
        let begin = Instant::now();
        self.make_samples(now_us);
        self.samples_s += begin.elapsed().as_secs_f64();
        for (alarm, sample) in self.alarms.iter_mut().zip(&self.samples) {
            alarm.judge(black_box(sample), now_us, &mut self.ledger);
        }
        self.ledger.drain().map(black_box).count()
    }

    fn make_samples(&mut self, now_us: i64) {
        for sample in &mut self.samples {
            self.dice ^= self.dice << 13;
            self.dice ^= self.dice >> 7;
            self.dice ^= self.dice << 17;
            let value = if self.dice.is_multiple_of(self.one_in) {
                95.0
            } else {
                50.0
            };
            *sample = Sample::good(now_us, Value::F64(value));
        }
    }
}

impl Alarm {
    fn new(number: usize) -> Alarm {
        let limit = |value| Limit::Fixed(value);
        let condition = match number % 8 {
            0 => Condition::HighHigh { limit: limit(90.0) },
            1 | 2 => Condition::High { limit: limit(80.0) },
            3 => Condition::Low { limit: limit(20.0) },
            4 => Condition::Range {
                low: limit(20.0),
                high: limit(80.0),
            },
            5 => Condition::Deviation {
                setpoint: limit(50.0),
                max: limit(10.0),
            },
            6 => Condition::RateOfChange {
                max_per_s: limit(5.0),
                direction: Direction::Either,
                over_s: 5,
            },
            _ => Condition::Stale { after_s: 60 },
        };
        Alarm {
            detector: Detector {
                condition,
                deadband: 2.0,
                on_bad: OnBad::Hold,
            },
            rule: Rule {
                on_delay_us: i64::from(number.is_multiple_of(3)) * US_PER_S,
                off_delay_us: 0,
                re_alarm_us: None,
                shelve_max_us: 3600 * US_PER_S,
                latching: false,
            },
            memory: Memory::default(),
            machine: Machine::default(),
        }
    }

    fn judge(&mut self, sample: &Sample, now_us: i64, ledger: &mut Ledger) {
        let reading = Reading {
            now_us,
            source: Source::Sample(Some(sample)),
        };
        let active = self.machine.standing().active;
        let judgement = self
            .detector
            .judge(&reading, active, &mut self.memory, |_| None);
        let input = Input::Condition(judgement.verdict);
        let outcome = self.machine.apply(&self.rule, ledger, now_us, input);
        assert_eq!(outcome, Ok(()), "verdicts are never refused");
    }
}
