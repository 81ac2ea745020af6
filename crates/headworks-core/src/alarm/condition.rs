//! Conditions: whether there is a reason for an alarm.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ObjectId;
use crate::quality::{Quality, QualityClass};
use crate::sample::Sample;
use crate::value::Value;

mod check;
mod limits;
mod read;
#[cfg(test)]
mod tests;

pub(crate) use check::check_expression;

/// What an alarm watches for.
///
/// Limits are crossed by going beyond them: a value that equals its limit raises nothing.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The value is above the upper of two upper limits.
    HighHigh {
        /// The limit.
        limit: Limit,
    },
    /// The value is above the limit.
    High {
        /// The limit.
        limit: Limit,
    },
    /// The value is below the limit.
    Low {
        /// The limit.
        limit: Limit,
    },
    /// The value is below the lower of two lower limits.
    LowLow {
        /// The limit.
        limit: Limit,
    },
    /// The value is further from a setpoint than allowed, above or below.
    Deviation {
        /// Where the value should be.
        setpoint: Limit,
        /// Greatest distance, in the unit of the tag.
        max: Limit,
    },
    /// The value changes faster than allowed.
    RateOfChange {
        /// Greatest change per second, in the unit of the tag.
        max_per_s: Limit,
        /// Which way counts.
        #[serde(default)]
        direction: Direction,
        /// Seconds over which the change is measured; several periods of the tag.
        #[schemars(range(min = 1, max = 86_400))]
        over_s: u32,
    },
    /// The value is one of these states.
    Discrete {
        /// The states that raise the alarm, e.g. `[true]` or `[3, 4]`.
        #[schemars(schema_with = "check::states_schema")]
        states: Vec<Value>,
    },
    /// The value equals this one.
    Equals {
        /// The value that raises the alarm.
        #[schemars(schema_with = "check::value_schema")]
        value: Value,
    },
    /// The value differs from this one.
    NotEquals {
        /// The only value that raises no alarm.
        #[schemars(schema_with = "check::value_schema")]
        value: Value,
    },
    /// The value is outside `low` to `high`.
    Range {
        /// Lower end of what is fine.
        low: Limit,
        /// Upper end of what is fine.
        high: Limit,
    },
    /// An expression is true.
    Expression {
        /// The expression.
        #[schemars(length(min = 1, max = 4000))]
        text: String,
    },
    /// The tag has no usable value.
    BadQuality {
        /// Whether a doubtful value counts too.
        #[serde(default)]
        uncertain: bool,
    },
    /// The tag has had no usable sample for a while.
    Stale {
        /// Seconds after the last usable sample.
        #[schemars(range(min = 1, max = 31_536_000))]
        after_s: u32,
    },
}

/// A limit: a number, or the present value of another tag.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Limit {
    /// Always the same.
    Fixed(f64),
    /// As another tag says.
    Tag {
        /// The tag.
        tag: ObjectId,
    },
}

/// Which changes of a value count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Both.
    #[default]
    Either,
    /// Upwards.
    Rising,
    /// Downwards.
    Falling,
}

/// What a sample without a usable value means to an alarm on values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBad {
    /// Nothing: the alarm stays as it is, and a running delay is stopped.
    #[default]
    Hold,
    /// The condition is true: for what must not be blind.
    Raise,
    /// The condition is false.
    Clear,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    True,
    /// It does not.
    False,
    /// It cannot be judged.
    #[default]
    Unknown,
}

/// A condition with all that decides how it is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    /// What is watched for.
    pub condition: Condition,
    /// How far the value must come back from the limit before the condition is false again.
    pub deadband: f64,
    /// What a sample without a usable value means.
    pub on_bad: OnBad,
}

/// What a condition is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The present time.
    pub now_us: i64,
    /// What is judged.
    pub source: Source<'a>,
}

/// What is judged: a sample, or what somebody else made of an expression.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// The newest sample of the tag; nothing when there has been none.
    Sample(Option<&'a Sample>),
    /// The value of the expression; nothing when it has none.
    Expression(Option<bool>),
}

impl Source<'_> {
    /// Returns what the sample that an expression came to says: a number other than 0 is true.
    pub fn of_expression(sample: &Sample) -> Source<'static> {
        let usable = sample.value.as_ref().filter(|_| !sample.quality.is_bad());
        Source::Expression(usable.and_then(Value::as_f64).map(|value| value != 0.0))
    }
}

/// What a condition remembers between two readings: nothing but for rates and staleness.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Memory(Option<Anchor>);

/// Where a measurement began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Anchor {
    time_us: i64,
    value: f64,
    /// Change per second up to here; not a number before the first measurement.
    rate: f64,
    /// The value since the last look.
    latest: f64,
}

/// What a reading came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Whether the condition holds.
    pub verdict: Verdict,
    /// The limit that it was judged by, where there is one.
    pub limit: Option<f64>,
    /// When to judge again even if no sample comes.
    pub due_us: Option<i64>,
}

/// Two numbers that differ by a smaller part than this are equal: a scaled register, `7 * 0.1`,
/// is meant to equal `0.7`.
const EQUAL_PART: f64 = 1e-12;

const US_PER_S: f64 = 1e6;

impl Detector {
    /// Judges a reading.
    ///
    /// `active` says whether the alarm is active, which is when the deadband counts; `value_of`
    /// gives the usable value of a tag that is a limit.
    ///
    /// A sample that is bad neither raises nor clears unless [`OnBad`] says so: it tells nothing
    /// of the process. A doubtful one is judged as it is: a value outside the range of its tag is
    /// just what a limit is for. A tag that still waits for its first value is never judged, or
    /// every start of the hub would be a flood.
    pub fn judge(
        &self,
        reading: &Reading<'_>,
        active: bool,
        memory: &mut Memory,
        value_of: impl Fn(ObjectId) -> Option<f64>,
    ) -> Judgement {
        let sample = match (&self.condition, reading.source) {
            (Condition::Expression { .. }, Source::Expression(truth)) => {
                let verdict = truth.map_or(self.on_bad.verdict(), Verdict::from);
                return verdict.into();
            }
            (_, Source::Expression(_)) | (Condition::Expression { .. }, Source::Sample(_)) => {
                return Verdict::Unknown.into();
            }
            (_, Source::Sample(sample)) => sample.filter(|sample| !is_waiting(sample)),
        };
        if let Condition::Stale { after_s } = self.condition {
            return memory.stale(reading.now_us, sample, after_s);
        }
        let Some(sample) = sample else {
            return Verdict::Unknown.into();
        };
        if let Condition::BadQuality { uncertain } = self.condition {
            return Verdict::from(is_bad(sample.quality, uncertain)).into();
        }
        match &sample.value {
            Some(value) if !sample.quality.is_bad() => {
                self.judge_value(value, reading.now_us, active, memory, value_of)
            }
            _ => {
                *memory = Memory::default();
                self.on_bad.verdict().into()
            }
        }
    }

    fn judge_value(
        &self,
        value: &Value,
        now_us: i64,
        active: bool,
        memory: &mut Memory,
        value_of: impl Fn(ObjectId) -> Option<f64>,
    ) -> Judgement {
        if let Some(truth) = self.condition.compare(value) {
            return truth.map_or(self.on_bad.verdict(), Verdict::from).into();
        }
        let number = value.as_f64();
        let measure = number.and_then(|value| {
            let limits = self.condition.resolve(value_of)?;
            Some(self.condition.measure(value, limits, now_us, memory))
        });
        let Some(measure) = measure else {
            return self.on_bad.verdict().into();
        };
        Judgement {
            verdict: self.beyond(measure.excess, active),
            limit: Some(measure.limit),
            due_us: measure.due_us,
        }
    }

    /// Above the limit raises; with a deadband only what is beyond it clears.
    fn beyond(&self, excess: f64, active: bool) -> Verdict {
        if excess.is_nan() {
            return Verdict::Unknown;
        }
        let stays = active && 0.0 < self.deadband && -self.deadband <= excess;
        Verdict::from(0.0 < excess || stays)
    }
}

/// How far a value is beyond its limit.
struct Measure {
    /// Above zero when beyond; not a number when not yet known.
    excess: f64,
    limit: f64,
    due_us: Option<i64>,
}

impl Measure {
    fn above(value: f64, limit: f64) -> Measure {
        Measure {
            excess: value - limit,
            limit,
            due_us: None,
        }
    }

    fn below(value: f64, limit: f64) -> Measure {
        Measure {
            excess: limit - value,
            limit,
            due_us: None,
        }
    }
}

impl Condition {
    /// Returns the name of the kind, as the configuration writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Condition::HighHigh { .. } => "high_high",
            Condition::High { .. } => "high",
            Condition::Low { .. } => "low",
            Condition::LowLow { .. } => "low_low",
            Condition::Deviation { .. } => "deviation",
            Condition::RateOfChange { .. } => "rate_of_change",
            Condition::Discrete { .. } => "discrete",
            Condition::Equals { .. } => "equals",
            Condition::NotEquals { .. } => "not_equals",
            Condition::Range { .. } => "range",
            Condition::Expression { .. } => "expression",
            Condition::BadQuality { .. } => "bad_quality",
            Condition::Stale { .. } => "stale",
        }
    }

    /// Returns the values of both limits, or nothing when a tag has no usable one.
    fn resolve(&self, value_of: impl Fn(ObjectId) -> Option<f64>) -> Option<[f64; 2]> {
        let mut values = [0.0; 2];
        for (place, (_, limit)) in values.iter_mut().zip(self.limits()) {
            *place = match limit {
                Limit::Fixed(value) => value,
                Limit::Tag { tag } => value_of(tag)?,
            };
        }
        Some(values)
    }

    /// Returns whether a value is one of those that are meant, `Some(None)` when the two cannot
    /// be compared, or nothing for a condition that does not compare.
    fn compare(&self, value: &Value) -> Option<Option<bool>> {
        match self {
            Condition::Equals { value: wanted } => Some(equals(value, wanted)),
            Condition::NotEquals { value: wanted } => Some(equals(value, wanted).map(|same| !same)),
            Condition::Discrete { states } => {
                let found = states.iter().filter_map(|state| equals(value, state));
                Some(found.reduce(|any, same| any || same))
            }
            _ => None,
        }
    }

    /// Returns whether limits that tags gave leave nothing that is fine.
    fn is_contradicted(&self, [first, second]: [f64; 2]) -> bool {
        match self {
            Condition::Range { .. } => second < first,
            Condition::Deviation { .. } => second < 0.0,
            Condition::RateOfChange { .. } => first < 0.0,
            _ => false,
        }
    }

    /// Measures how far a value is beyond the limits.
    fn measure(&self, value: f64, limits: [f64; 2], now_us: i64, memory: &mut Memory) -> Measure {
        let [first, second] = limits;
        if self.is_contradicted(limits) {
            return Measure::above(f64::NAN, second);
        }
        match *self {
            Condition::HighHigh { .. } | Condition::High { .. } => Measure::above(value, first),
            Condition::Low { .. } | Condition::LowLow { .. } => Measure::below(value, first),
            Condition::Deviation { .. } => Measure::above((value - first).abs(), second),
            Condition::Range { .. } => {
                let (low, high) = (Measure::below(value, first), Measure::above(value, second));
                if high.excess < low.excess { low } else { high }
            }
            Condition::RateOfChange {
                direction, over_s, ..
            } => memory.rate(value, now_us, over_s, direction, first),
            Condition::Discrete { .. }
            | Condition::Equals { .. }
            | Condition::NotEquals { .. }
            | Condition::Expression { .. }
            | Condition::BadQuality { .. }
            | Condition::Stale { .. } => Measure::above(f64::NAN, f64::NAN),
        }
    }
}

impl Memory {
    /// Measures a rate, one measurement after the other, so that it is the same however often it
    /// is looked at. A value counts until the next one comes: a jump after an hour of standstill
    /// is as steep as any other, and a value that stands still has the rate zero.
    fn rate(
        &mut self,
        value: f64,
        now_us: i64,
        over_s: u32,
        direction: Direction,
        limit: f64,
    ) -> Measure {
        let over_us = i64::from(over_s) * 1_000_000;
        let mut anchor = self.0.unwrap_or(Anchor {
            time_us: now_us,
            value,
            rate: f64::NAN,
            latest: value,
        });
        anchor.go_on(now_us, over_us);
        anchor.latest = value;
        self.0 = Some(anchor);
        let rate = match direction {
            Direction::Either => anchor.rate.abs(),
            Direction::Rising => anchor.rate,
            Direction::Falling => -anchor.rate,
        };
        let moves = anchor.rate != 0.0 || anchor.value != value;
        Measure {
            due_us: moves.then(|| anchor.time_us.saturating_add(over_us)),
            ..Measure::above(rate, limit)
        }
    }

    /// Judges how long ago the last usable sample was, or the first look where there was none.
    fn stale(&mut self, now_us: i64, sample: Option<&Sample>, after_s: u32) -> Judgement {
        let usable = sample.filter(|sample| !sample.quality.is_bad());
        let since_us = match (usable, self.0) {
            (Some(sample), _) => sample.time_us.min(now_us),
            (None, Some(anchor)) => anchor.time_us,
            (None, None) => now_us,
        };
        self.0 = Some(Anchor {
            time_us: since_us,
            ..Anchor::default()
        });
        let due_us = since_us.saturating_add(i64::from(after_s) * 1_000_000);
        Judgement {
            verdict: Verdict::from(due_us <= now_us),
            limit: Some(f64::from(after_s)),
            due_us: (now_us < due_us).then_some(due_us),
        }
    }
}

impl Anchor {
    /// Ends the measurements that are over at a time, each of the same length.
    fn go_on(&mut self, now_us: i64, over_us: i64) {
        let passed_us = now_us.saturating_sub(self.time_us);
        if passed_us < 0 {
            (self.time_us, self.value) = (now_us, self.latest); // the clock was set back
            return;
        }
        let count = passed_us / over_us.max(1);
        self.rate = match count {
            0 => return,
            1 => (self.latest - self.value) / seconds(over_us),
            _ => 0.0,
        };
        self.time_us += count * over_us;
        self.value = self.latest;
    }
}

impl OnBad {
    fn verdict(self) -> Verdict {
        match self {
            OnBad::Hold => Verdict::Unknown,
            OnBad::Raise => Verdict::True,
            OnBad::Clear => Verdict::False,
        }
    }
}

impl From<bool> for Verdict {
    fn from(truth: bool) -> Verdict {
        if truth { Verdict::True } else { Verdict::False }
    }
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Judgement {
        Judgement {
            verdict,
            ..Judgement::default()
        }
    }
}

fn is_waiting(sample: &Sample) -> bool {
    sample.quality == Quality::BAD_WAITING_FOR_INITIAL_DATA
}

fn is_bad(quality: Quality, uncertain: bool) -> bool {
    match quality.class() {
        QualityClass::Good => false,
        QualityClass::Uncertain => uncertain,
        QualityClass::Bad => true,
    }
}

/// Returns whether two values are the same, or nothing when they cannot be compared.
fn equals(left: &Value, right: &Value) -> Option<bool> {
    if let (Some(left), Some(right)) = (integer(left), integer(right)) {
        return Some(left == right);
    }
    if let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) {
        let scale = left.abs().max(right.abs());
        return Some((left - right).abs() <= scale * EQUAL_PART);
    }
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left == right),
        (Value::Bytes(_), Value::Text(right)) => Some(left.to_string() == right.to_uppercase()),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i128> {
    match *value {
        Value::Bool(value) => Some(i128::from(value)),
        Value::I64(value) => Some(i128::from(value)),
        Value::U64(value) => Some(i128::from(value)),
        Value::F64(_) | Value::Text(_) | Value::Bytes(_) => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a duration of 285 years has 53 bits"
)]
fn seconds(us: i64) -> f64 {
    us as f64 / US_PER_S
}
