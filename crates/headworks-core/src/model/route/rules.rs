//! When, how much and how often a route lets samples pass.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::model::object::FieldError;
use crate::quality::{Quality, QualityClass};

/// How good a sample must be to pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Accept {
    /// Good only.
    Good,
    /// Good or uncertain: there is a value.
    #[default]
    Usable,
    /// Also bad: the target is told that there is no value; a tag is not written then.
    Any,
}

impl Accept {
    /// Returns whether a sample of a quality passes.
    pub fn takes(self, quality: Quality) -> bool {
        match self {
            Accept::Good => quality.class() == QualityClass::Good,
            Accept::Usable => !quality.is_bad(),
            Accept::Any => true,
        }
    }
}

/// Days and times of day at which a route works, in the local time of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteSchedule {
    /// The days, each once; every day when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7))]
    pub days: Vec<Weekday>,
    /// From this time of day on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from: DayTime,
    /// Until before this time of day; over midnight when it is not later than `from`, and then
    /// the day is that on which it begins.
    #[serde(default, skip_serializing_if = "is_default")]
    pub to: DayTime,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// Every day, Monday first.
    pub const ALL: [Weekday; 7] = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
}

/// A time of day, written `HH:MM`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct DayTime(u16); // invariant: minutes of a day

impl DayTime {
    /// Returns the time of a full hour of the day.
    ///
    /// # Panics
    ///
    /// When a day has no such hour.
    pub(in crate::model) const fn of_hour(hour: u16) -> DayTime {
        assert!(hour < 24, "a day has 24 hours");
        DayTime(hour * 60)
    }

    /// Returns the minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for DayTime {
    type Err = String;

    fn from_str(text: &str) -> Result<DayTime, String> {
        let refuse = || {
            let shown: String = text.chars().take(40).collect();
            format!("{shown:?} is no time of day; write HH:MM, 00:00 to 23:59")
        };
        let (hours, minutes) = text.split_once(':').ok_or_else(refuse)?;
        let number = |part: &str, max: u16| {
            let is_plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            let number = part.parse::<u16>().ok().filter(|_| is_plain);
            number.filter(|number| *number <= max).ok_or_else(refuse)
        };
        Ok(DayTime(number(hours, 23)? * 60 + number(minutes, 59)?))
    }
}

impl TryFrom<String> for DayTime {
    type Error = String;

    fn try_from(text: String) -> Result<DayTime, String> {
        text.parse()
    }
}

impl From<DayTime> for String {
    fn from(time: DayTime) -> String {
        time.to_string()
    }
}

impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl JsonSchema for DayTime {
    fn schema_name() -> Cow<'static, str> {
        "DayTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
            "maxLength": 5,
            "description": "A time of day, `HH:MM`.",
        })
    }
}

impl RouteSchedule {
    pub(super) fn check(&self) -> Result<(), FieldError> {
        for (at, day) in self.days.iter().enumerate() {
            if self.days[..at].contains(day) {
                let field = format!("/schedule/days/{at}");
                return Err(FieldError::new(field, "this day is given twice"));
            }
        }
        if self.days.is_empty() && self.from == self.to {
            let reason = "is every day, all day: leave it out";
            return Err(FieldError::new("/schedule", reason));
        }
        Ok(())
    }

    /// Returns whether it is time at a minute of a day of the week.
    pub fn holds(&self, day: Weekday, minute: u16) -> bool {
        let (from, to) = (self.from.minutes(), self.to.minutes());
        let on = |day: Weekday| self.days.is_empty() || self.days.contains(&day);
        if from < to {
            return on(day) && (from..to).contains(&minute);
        }
        let before = Weekday::ALL[(day as usize + 6) % 7];
        (from <= minute && on(day)) || (minute < to && on(before))
    }
}

/// What becomes of the samples of some time, tag by tag: one sample, when the time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteWindow {
    /// What is made of them.
    pub function: WindowFunction,
    /// How long, in seconds; windows begin at multiples of it since 1970-01-01 UTC.
    #[schemars(range(min = 1, max = 86_400))]
    pub seconds: u32,
}

/// What is made of the samples of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowFunction {
    /// Their mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Their sum.
    Sum,
    /// How many there were.
    Count,
    /// The last one.
    Last,
}

/// Longest window, in seconds: a day.
const WINDOW_S_MAX: u32 = 86_400;

impl RouteWindow {
    pub(super) fn check(&self) -> Result<(), FieldError> {
        if !(1..=WINDOW_S_MAX).contains(&self.seconds) {
            let reason = format!("{} s; 1 to {WINDOW_S_MAX} s are allowed", self.seconds);
            return Err(FieldError::new("/window/seconds", reason));
        }
        Ok(())
    }
}

/// How much and how often goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteRules {
    /// Whether a value goes on that is the same as the one before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub every_sample: bool,
    /// How far a number must be from the last one that passed; with 0 any change passes.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(range(min = 0))]
    pub deadband: f64,
    /// Least milliseconds between two that pass, tag by tag. The newest of those that came too
    /// soon passes when the time is over.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(range(max = 86_400_000))]
    pub min_interval_ms: u32,
    /// Most that pass within a minute of the clock, of all tags together; the rest is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_per_minute: Option<u32>,
}

/// Longest time between two that pass, in milliseconds: a day.
const INTERVAL_MS_MAX: u32 = 86_400_000;
/// Most within a minute.
const PER_MINUTE_MAX: u32 = 1_000_000;

impl RouteRules {
    pub(super) fn check(&self) -> Result<(), FieldError> {
        let refuse =
            |name: &str, reason: String| Err(FieldError::new(format!("/rules/{name}"), reason));
        if !(self.deadband.is_finite() && 0.0 <= self.deadband) {
            let reason = format!("{} must be a finite number, 0 or more", self.deadband);
            return refuse("deadband", reason);
        }
        if self.every_sample && 0.0 < self.deadband {
            let reason = "goes with every_sample as little as a limit with none: leave one out";
            return refuse("deadband", reason.to_owned());
        }
        if INTERVAL_MS_MAX < self.min_interval_ms {
            let found = self.min_interval_ms;
            let reason = format!("{found} ms; at most {INTERVAL_MS_MAX} ms are allowed");
            return refuse("min_interval_ms", reason);
        }
        match self.max_per_minute {
            Some(found) if !(1..=PER_MINUTE_MAX).contains(&found) => refuse(
                "max_per_minute",
                format!("{found}; 1 to {PER_MINUTE_MAX} are allowed"),
            ),
            _ => Ok(()),
        }
    }
}
