//! Signals that move like a plant; shared by the simulator of Modbus devices and the simulated
//! protocol.
//!
//! A signal is written as one line ([`GRAMMAR`]). Its value is a function of a seed and the time,
//! so that a thousand of them cost nothing while nobody looks, and every run is the same. Only
//! set points and what follows them remember something: the last write.

#[cfg(test)]
mod tests;

use std::f64::consts::TAU;
use std::fmt;
use std::str::FromStr;

use headworks_core::Value;
use serde::{Deserialize, Serialize};

use crate::mix::mix;

/// How signals are written, one line.
pub const GRAMMAR: &str = "sine:10s:0..100, ramp:60s:0..100, square:4s:0..1 and walk:60s:20..25 \
    (time, then range), counter:2.5/s (or counter:2.5/s:1000 to start there), constant:42, \
    text:ready, setpoint:50 (writable), follow:10s:NAME (goes after the set point NAME); times \
    in ms, s, m or h";

/// What moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Signal {
    /// Always the same number.
    Constant(f64),
    /// Always the same text.
    Text(Box<str>),
    /// Between two bounds, round and round.
    Wave {
        /// How it goes.
        shape: Shape,
        /// Time of one round, in seconds; of a walk, the time in which it changes much.
        period_secs: f64, // invariant: above 0
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64, // invariant: not below `low`
    },
    /// Grows evenly.
    Counter {
        /// Growth per second.
        per_sec: f64,
        /// Value at the start.
        start: f64,
    },
    /// What was written last; at first the number given.
    SetPoint(f64),
    /// Goes after a set point, fast at first and ever slower (a first-order lag).
    Follow {
        /// Time after which 63 % of the way is done, in seconds.
        lag_secs: f64, // invariant: above 0
        /// Name of the set point.
        of: Box<str>,
    },
}

/// How a wave goes from bound to bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Smoothly up and down.
    Sine,
    /// Evenly up, then back at once.
    Ramp,
    /// Half of the time at each bound.
    Square,
    /// At random but steadily.
    Walk,
}

/// Why a text is no [`Signal`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignalError {
    /// The word before the first colon.
    #[error("{found:?} is no signal; write {GRAMMAR}")]
    Kind {
        /// The word given.
        found: String,
    },
    /// Too few or too many parts.
    #[error("{text:?} is not complete or too long; write it like {example}")]
    Parts {
        /// The text given.
        text: String,
        /// The form of its kind.
        example: &'static str,
    },
    /// Not a time.
    #[error("{found:?} is no time above zero; write e.g. 500ms, 10s, 5m or 1h")]
    Time {
        /// The text given.
        found: String,
    },
    /// Not two bounds.
    #[error("{found:?} is no range of two numbers, the lower first; write e.g. 0..100")]
    Range {
        /// The text given.
        found: String,
    },
    /// Not a number.
    #[error("{found:?} is no finite number")]
    Number {
        /// The text given.
        found: String,
    },
    /// Not a rate.
    #[error("{found:?} is no rate; write e.g. 2.5/s")]
    Rate {
        /// The text given.
        found: String,
    },
}

/// A signal at work: with its seed and what was written.
#[derive(Clone, Debug)]
pub struct Source {
    signal: Signal,
    seed: u64,
    target: f64,    // of a set point and of what follows one
    base: f64,      // value of a follower when its target changed
    base_secs: f64, // when that was
}

impl Signal {
    /// Returns whether it can be written.
    pub fn is_writable(&self) -> bool {
        matches!(self, Signal::SetPoint(_))
    }

    /// Returns the name of the set point that it follows.
    pub fn follows(&self) -> Option<&str> {
        match self {
            Signal::Follow { of, .. } => Some(of),
            _ => None,
        }
    }
}

impl Source {
    /// Returns a source at time 0; `seed` decides the phase of waves and the way of walks.
    pub fn new(signal: Signal, seed: u64) -> Source {
        let target = if let Signal::SetPoint(value) = signal {
            value
        } else {
            0.0
        };
        Source {
            signal,
            seed: mix(seed),
            target,
            base: target,
            base_secs: 0.0,
        }
    }

    /// Returns the signal.
    pub fn signal(&self) -> &Signal {
        &self.signal
    }

    /// Returns the value `secs` after the start.
    pub fn value(&self, secs: f64) -> Value {
        match &self.signal {
            Signal::Text(text) => Value::Text(text.as_ref().into()),
            _ => Value::F64(self.number(secs)),
        }
    }

    /// Returns the value as a number, 0 for a text.
    pub fn number(&self, secs: f64) -> f64 {
        match &self.signal {
            Signal::Constant(value) => *value,
            Signal::Text(_) => 0.0,
            Signal::Wave {
                shape,
                period_secs,
                low,
                high,
            } => low + (high - low) * shape.at(self.seed, secs / period_secs),
            Signal::Counter { per_sec, start } => start + per_sec * secs,
            Signal::SetPoint(_) => self.target,
            Signal::Follow { lag_secs, .. } => {
                let left = (-(secs - self.base_secs).max(0.0) / lag_secs).exp();
                self.target + (self.base - self.target) * left
            }
        }
    }

    /// Writes a set point, or tells a follower where its set point is now.
    pub fn set_target(&mut self, target: f64, secs: f64) {
        self.base = self.number(secs);
        self.base_secs = secs;
        self.target = target;
    }

    /// Lets a follower start at its set point instead of at 0.
    pub fn start_at(&mut self, target: f64) {
        self.base = target;
        self.target = target;
    }
}

impl Shape {
    /// Returns the place between the bounds, 0 to 1, after so many rounds.
    fn at(self, seed: u64, rounds: f64) -> f64 {
        match self {
            Shape::Sine => 0.5 + 0.5 * (TAU * (rounds + unit(seed))).sin(),
            Shape::Ramp => (rounds + unit(seed)).fract(),
            Shape::Square if (rounds + unit(seed)).fract() < 0.5 => 0.0,
            Shape::Square => 1.0,
            Shape::Walk => walk(seed, rounds),
        }
    }
}

/// Returns smoothly joined random numbers, finer ones of less weight added: they look like a walk
/// but can be computed for any time at once.
fn walk(seed: u64, rounds: f64) -> f64 {
    const OCTAVES: [(f64, f64); 4] = [(1.0, 8.0), (2.7, 4.0), (7.1, 2.0), (19.3, 1.0)];
    let (mut sum, mut weights) = (0.0, 0.0);
    for (seed_step, (speed, weight)) in (0_u64..).zip(OCTAVES) {
        let place = rounds * speed;
        let step = place.floor();
        let between = place - step;
        let smooth = between * between * (3.0 - 2.0 * between);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from time 0"
        )]
        let step = step as u64;
        let at = |step: u64| unit(mix(seed ^ seed_step).wrapping_add(step));
        sum += weight * (at(step) * (1.0 - smooth) + at(step.wrapping_add(1)) * smooth);
        weights += weight;
    }
    sum / weights
}

/// Returns a number from 0 up to 1 made of a seed.
#[expect(clippy::cast_precision_loss, reason = "53 bits are taken")]
fn unit(seed: u64) -> f64 {
    (mix(seed) >> 11) as f64 / (1_u64 << 53) as f64
}

impl FromStr for Signal {
    type Err = SignalError;

    fn from_str(text: &str) -> Result<Signal, SignalError> {
        let text = text.trim();
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let parts = |example| SignalError::Parts {
            text: text.to_owned(),
            example,
        };
        let wave = |shape, example| {
            let (period, range) = rest.split_once(':').ok_or_else(|| parts(example))?;
            let (low, high) = parse_range(range)?;
            Ok(Signal::Wave {
                shape,
                period_secs: parse_secs(period)?,
                low,
                high,
            })
        };
        match kind {
            "sine" => wave(Shape::Sine, "sine:10s:0..100"),
            "ramp" => wave(Shape::Ramp, "ramp:60s:0..100"),
            "square" => wave(Shape::Square, "square:4s:0..1"),
            "walk" => wave(Shape::Walk, "walk:60s:20..25"),
            "counter" => {
                let (rate, start) = rest.split_once(':').unwrap_or((rest, "0"));
                Ok(Signal::Counter {
                    per_sec: parse_rate(rate)?,
                    start: parse_number(start)?,
                })
            }
            "constant" => parse_number(rest).map(Signal::Constant),
            "setpoint" => parse_number(rest).map(Signal::SetPoint),
            "text" => Ok(Signal::Text(rest.into())),
            "follow" => match rest.split_once(':') {
                Some((lag, of)) if !of.is_empty() => Ok(Signal::Follow {
                    lag_secs: parse_secs(lag)?,
                    of: of.into(),
                }),
                _ => Err(parts("follow:10s:level_setpoint")),
            },
            found => Err(SignalError::Kind {
                found: found.to_owned(),
            }),
        }
    }
}

fn parse_secs(text: &str) -> Result<f64, SignalError> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let parsed = units.iter().find_map(|(unit, secs)| {
        let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        (0.0 < number && number.is_finite()).then_some(number * secs)
    });
    parsed.ok_or_else(|| SignalError::Time {
        found: text.to_owned(),
    })
}

fn parse_range(text: &str) -> Result<(f64, f64), SignalError> {
    let wrong = || SignalError::Range {
        found: text.to_owned(),
    };
    let (low, high) = text.split_once("..").ok_or_else(wrong)?;
    match (parse_number(low), parse_number(high)) {
        (Ok(low), Ok(high)) if low <= high => Ok((low, high)),
        _ => Err(wrong()),
    }
}

fn parse_rate(text: &str) -> Result<f64, SignalError> {
    let number = text
        .strip_suffix("/s")
        .and_then(|number| parse_number(number).ok());
    number.ok_or_else(|| SignalError::Rate {
        found: text.to_owned(),
    })
}

fn parse_number(text: &str) -> Result<f64, SignalError> {
    let number = text
        .trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| SignalError::Number {
        found: text.to_owned(),
    })
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signal::Constant(value) => write!(f, "constant:{value}"),
            Signal::Text(text) => write!(f, "text:{text}"),
            Signal::Wave {
                shape,
                period_secs,
                low,
                high,
            } => {
                write!(f, "{shape}:{period_secs}s:{low}..{high}")
            }
            Signal::Counter { per_sec, start } => write!(f, "counter:{per_sec}/s:{start}"),
            Signal::SetPoint(value) => write!(f, "setpoint:{value}"),
            Signal::Follow { lag_secs, of } => write!(f, "follow:{lag_secs}s:{of}"),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shape::Sine => "sine",
            Shape::Ramp => "ramp",
            Shape::Square => "square",
            Shape::Walk => "walk",
        })
    }
}

impl TryFrom<String> for Signal {
    type Error = SignalError;

    fn try_from(text: String) -> Result<Signal, SignalError> {
        text.parse()
    }
}

impl From<Signal> for String {
    fn from(signal: Signal) -> String {
        signal.to_string()
    }
}
