//! The workload and the figures that the benchmarks of historians share.

#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::collections::BinaryHeap;
use std::time::Instant;

use headworks_core::{Quality, Sample, TagIndex, Update, Value};

pub(crate) const SECOND_US: i64 = 1_000_000;
pub(crate) const DAY_US: i64 = 86_400 * SECOND_US;
/// 2026-01-01 UTC.
pub(crate) const BASE_US: i64 = 20_454 * DAY_US;
/// Samples of a batch.
pub(crate) const BATCH: usize = 10_000;

/// Returns the milliseconds since `start`.
pub(crate) fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

/// Which way a figure is better.
#[derive(Clone, Copy)]
pub(crate) enum Best {
    High,
    Low,
}

/// Prints a figure with what it must reach; a reach of zero or infinity is none.
pub(crate) fn figure(name: &str, value: f64, unit: &str, reach: f64, best: Best) {
    let met = match best {
        Best::High => reach <= value,
        Best::Low => value <= reach,
    };
    let value = (value * 1e4).round() / 1e4;
    let reach = match reach.is_finite() && reach != 0.0 {
        true => serde_json::json!(reach),
        false => serde_json::json!("-"),
    };
    let line = serde_json::json!({
        "name": name, "value": value, "unit": unit, "reach": reach, "met": met,
    });
    println!("{line}");
}

/// Values that move like those of a plant; the same on every run.
pub(crate) struct Plant {
    random: u64,
    tags: Vec<Signal>,
    fast: u32,
    slow: i64,
    /// Late samples of 65,536.
    pub(crate) late: u64,
    pub(crate) batch: usize,
    waiting: BinaryHeap<std::cmp::Reverse<Waiting>>,
    second: i64,
    next: u32,
}

struct Signal {
    number: f64,
    count: i64,
    bad: u32,
}

#[derive(PartialEq)]
struct Waiting(i64, u64, Update);

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Waiting) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

impl Plant {
    pub(crate) fn new(tags: u32, fast: u32, slow: i64) -> Plant {
        let signal = |tag: u32| Signal {
            number: f64::from(20 + tag % 60),
            count: i64::from(tag) * 7,
            bad: 0,
        };
        Plant {
            random: 42,
            tags: (0..tags).map(signal).collect(),
            fast,
            slow,
            late: 655,
            batch: BATCH,
            waiting: BinaryHeap::new(),
            second: 0,
            next: 0,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        ((self.random >> 32) * bound) >> 32
    }

    fn noise(&mut self) -> f64 {
        (0..4)
            .map(|_| self.below(1 << 30) as f64 / f64::from(1 << 30))
            .sum::<f64>()
            - 2.0
    }

    /// Returns whether there are more samples.
    pub(crate) fn fill(&mut self, batch: &mut Vec<Update>, seconds: i64) -> bool {
        batch.clear();
        while batch.len() < self.batch {
            if self.second == seconds {
                batch.extend(self.waiting.pop().map(|late| late.0.2));
                if self.waiting.is_empty() {
                    break;
                }
            } else {
                self.step(batch);
            }
        }
        !batch.is_empty()
    }

    /// Samples the next tag, if it is its turn.
    fn step(&mut self, batch: &mut Vec<Update>) {
        let tag = self.next;
        if tag < self.fast || i64::from(tag) % self.slow == self.second % self.slow {
            let update = self.sample(tag);
            if self.below(65_536) < self.late {
                let delay = 60 + self.below(6 * 3_600).cast_signed();
                let count = self.waiting.len() as u64;
                self.waiting.push(std::cmp::Reverse(Waiting(
                    self.second + delay,
                    count,
                    update,
                )));
            } else {
                batch.push(update);
            }
        }
        self.next += 1;
        if self.next as usize == self.tags.len() {
            self.next = 0;
            self.second += 1;
            while self
                .waiting
                .peek()
                .is_some_and(|late| late.0.0 <= self.second)
            {
                batch.extend(self.waiting.pop().map(|late| late.0.2));
            }
        }
    }

    fn sample(&mut self, tag: u32) -> Update {
        let jitter_ms = if tag < self.fast { 31 } else { 101 };
        let time_us =
            BASE_US + self.second * SECOND_US + self.below(jitter_ms).cast_signed() * 1_000;
        let value = self.value(tag);
        let unlucky = self.below(20_000) == 0;
        let signal = &mut self.tags[tag as usize];
        signal.bad = if unlucky {
            20
        } else {
            signal.bad.saturating_sub(1)
        };
        let sample = if 0 < signal.bad {
            Sample::bad(time_us, Quality::BAD_NO_COMMUNICATION)
        } else {
            Sample::good(time_us, value)
        };
        Update {
            tag: TagIndex(tag),
            sample,
        }
    }

    /// Of 20 tags: 4 sensors of one decimal, 4 analogue inputs, 3 set points, 3 counters, 3 states,
    /// 2 noisy floats of single and 1 of double precision.
    fn value(&mut self, tag: u32) -> Value {
        let noise = self.noise();
        let chance = self.below(1_000);
        let signal = &mut self.tags[tag as usize];
        let wave = (self.second as f64 / 86_400.0 * std::f64::consts::TAU).sin();
        match tag % 20 {
            0..=3 => {
                signal.number += noise * 0.09;
                Value::F64(((signal.number + 5.0 * wave) * 10.0).round() / 10.0)
            }
            4..=7 => {
                signal.number += noise * 0.035;
                let counts = ((signal.number + 3.0 * wave) / 100.0 * 27_648.0).round();
                Value::F64(counts * (100.0 / 27_648.0))
            }
            8..=10 => {
                if chance == 0 {
                    signal.number = (noise * 100.0).round() * 0.5;
                }
                Value::F64(signal.number)
            }
            11..=13 => {
                signal.count += (chance % 6).cast_signed();
                Value::I64(signal.count)
            }
            14..=16 => {
                signal.count ^= i64::from(chance < 2);
                Value::Bool(signal.count & 1 == 1)
            }
            17 | 18 => {
                signal.number += noise * 0.02;
                #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
                let single = (signal.number + noise * 0.5) as f32;
                Value::F64(single.into())
            }
            _ => {
                signal.number += noise * 0.02;
                Value::F64(signal.number + noise * 0.5)
            }
        }
    }
}
