//! Alarms, as they are configured.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::device::{check_description, check_lines, check_name, check_text};
use super::dictionary::main_language;
use super::object::{FieldError, Kind, ObjectBody, ObjectId};
use crate::alarm::condition::{Condition, Detector, Limit, OnBad, check_expression};
use crate::alarm::machine::Rule;

mod message;
#[cfg(test)]
mod tests;

pub use message::MessageFacts;

/// What an operator is to be told of, and what is to be done then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Name on screen, unique among the alarms of its tag.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// The tag that is watched, whose folders are the area of the alarm. An alarm on an expression
    /// needs none; the tag then gives place, value and unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<ObjectId>,
    /// What is watched for.
    pub condition: Condition,
    /// How far the value must come back from the limit before the condition is false again, in
    /// the unit of what is limited.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0))]
    pub deadband: f64,
    /// What a sample without a usable value means.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_bad: OnBad,
    /// How urgent it is.
    #[serde(default)]
    pub priority: Priority,
    /// Milliseconds for which the condition holds before the alarm is active.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(range(max = 86_400_000))]
    pub on_delay_ms: u32,
    /// Milliseconds for which the condition does not hold before the alarm is over.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(range(max = 86_400_000))]
    pub off_delay_ms: u32,
    /// Whether an alarm that is over has to be reset by a person.
    #[serde(default, skip_serializing_if = "is_default")]
    pub latching: bool,
    /// Name of the group of which the first alarm is marked; none when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 128))]
    pub group: String,
    /// Seconds after which an alarm that is still active asks for attention again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 604_800))]
    pub re_alarm_s: Option<u32>,
    /// Longest time on a shelf, in seconds.
    #[serde(default = "default_shelve_max_s")]
    #[schemars(range(min = 60, max = 2_592_000))]
    pub shelve_max_s: u32,
    /// Expression that is true while the plant is in a state in which the alarm means nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub suppress_when: String,
    /// Whether it is watched at all.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub enabled: bool,
    /// What the operator reads, with `{value}`, `{limit}`, `{tag}` and `{unit}`; the name when
    /// empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 500))]
    pub message: String,
    /// The message in other languages, by their tags, e.g. `de` or `zh-CN`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "translations_schema")]
    pub translations: BTreeMap<String, String>,
    /// What probably has happened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2000))]
    pub cause: String,
    /// What happens if nobody does anything.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2000))]
    pub consequence: String,
    /// What the operator is to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2000))]
    pub action: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
}

/// How urgent an alarm is: 1 is the most, 4 the least.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub enum Priority {
    /// 1: act at once.
    Critical,
    /// 2: act soon.
    High,
    /// 3: act in time; where most alarms belong.
    #[default]
    Medium,
    /// 4: good to know; nothing to be done at once.
    Low,
}

/// Longest delay, in milliseconds: a day.
const DELAY_MS_MAX: u32 = 86_400_000;
/// Most characters of a message.
const MESSAGE_MAX: usize = 500;
/// Most characters of cause, consequence and action.
const ADVICE_MAX: usize = 2000;
/// Most translations of a message.
const TRANSLATIONS_MAX: usize = 32;
/// Most characters of the tag of a language.
const LANGUAGE_MAX: usize = 35;

const fn yes() -> bool {
    true
}

/// A shift: nothing is shelved over a change of who looks at it.
const fn default_shelve_max_s() -> u32 {
    28_800
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_true(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn translations_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": TRANSLATIONS_MAX,
        "propertyNames": { "type": "string", "minLength": 2, "maxLength": LANGUAGE_MAX },
        "additionalProperties": { "type": "string", "minLength": 1, "maxLength": MESSAGE_MAX },
    })
}

impl ObjectBody for Alarm {
    const KIND: Kind = Kind::Alarm;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        self.detector().check(self.tag)?;
        self.check_times()?;
        if !self.suppress_when.is_empty() {
            check_expression("/suppress_when", &self.suppress_when)?;
        }
        check_text("/group", &self.group, 128)?;
        check_message("/message", &self.message)?;
        self.check_translations()?;
        check_lines("/cause", &self.cause, ADVICE_MAX)?;
        check_lines("/consequence", &self.consequence, ADVICE_MAX)?;
        check_lines("/action", &self.action, ADVICE_MAX)?;
        check_description(&self.description)
    }
}

impl Alarm {
    /// Puts others in the place of the tags that the alarm names by id.
    pub fn map_tags(&mut self, mut map: impl FnMut(ObjectId) -> ObjectId) {
        self.tag = self.tag.map(&mut map);
        for limit in self.condition.limits_mut() {
            if let Limit::Tag { tag } = limit {
                *tag = map(*tag);
            }
        }
    }

    /// Returns how samples of its tag are judged.
    pub fn detector(&self) -> Detector {
        Detector {
            condition: self.condition.clone(),
            deadband: self.deadband,
            on_bad: self.on_bad,
        }
    }

    /// Returns what its machine goes by.
    pub fn rule(&self) -> Rule {
        let us_of_s = |seconds: u32| i64::from(seconds) * 1_000_000;
        Rule {
            on_delay_us: i64::from(self.on_delay_ms) * 1000,
            off_delay_us: i64::from(self.off_delay_ms) * 1000,
            re_alarm_us: self.re_alarm_s.map(us_of_s),
            shelve_max_us: us_of_s(self.shelve_max_s),
            latching: self.latching,
        }
    }

    /// Returns the message as it was written first; the name when there is none.
    pub fn base_message(&self) -> &str {
        match self.message.as_str() {
            "" => &self.name,
            message => message,
        }
    }

    /// Returns the rule's own translation of its message into a language, e.g. `de-AT`, else into
    /// the language without its region.
    pub fn translation_in(&self, language: &str) -> Option<&str> {
        let mut languages = std::iter::once(language).chain(main_language(language));
        let found = languages.find_map(|language| self.translations.get(language));
        found.map(String::as_str)
    }

    fn check_times(&self) -> Result<(), FieldError> {
        check_within("/on_delay_ms", self.on_delay_ms, 0, DELAY_MS_MAX)?;
        check_within("/off_delay_ms", self.off_delay_ms, 0, DELAY_MS_MAX)?;
        if let Some(re_alarm_s) = self.re_alarm_s {
            check_within("/re_alarm_s", re_alarm_s, 10, 604_800)?;
        }
        check_within("/shelve_max_s", self.shelve_max_s, 60, 2_592_000)
    }

    fn check_translations(&self) -> Result<(), FieldError> {
        let count = self.translations.len();
        if TRANSLATIONS_MAX < count {
            let reason = format!("{count} languages; at most {TRANSLATIONS_MAX} are allowed");
            return Err(FieldError::new("/translations", reason));
        }
        for (language, message) in &self.translations {
            check_language("/translations", language)?;
            let field = format!("/translations/{language}");
            if message.is_empty() {
                return Err(FieldError::new(field, "is empty: leave the language out"));
            }
            check_message(&field, message)?;
        }
        Ok(())
    }

    /// Returns what is wrong with a limit of this alarm beside one of another on the same tag:
    /// low-low, low, high and high-high must not pass one another. Limits that tags give are not
    /// known here.
    pub fn contradiction(&self, other: &Alarm) -> Option<FieldError> {
        if self.tag.is_none() || self.tag != other.tag {
            return None;
        }
        let (place, limit) = rank(&self.condition)?;
        let (other_place, other_limit) = rank(&other.condition)?;
        let is_wrong = (place < other_place && other_limit < limit)
            || (other_place < place && limit < other_limit);
        is_wrong.then(|| {
            let side = if place < other_place {
                "above"
            } else {
                "below"
            };
            let reason = format!(
                "{limit} is {side} {other_limit}, the {} limit of alarm {:?} on the same tag",
                other.condition.name(),
                other.name
            );
            FieldError::new("/condition/limit", reason)
        })
    }
}

/// Returns where a limit belongs among those of a tag, lowest first, and its value.
fn rank(condition: &Condition) -> Option<(u8, f64)> {
    let (rank, limit) = match *condition {
        Condition::LowLow { limit } => (0, limit),
        Condition::Low { limit } => (1, limit),
        Condition::High { limit } => (2, limit),
        Condition::HighHigh { limit } => (3, limit),
        _ => return None,
    };
    match limit {
        Limit::Fixed(value) => Some((rank, value)),
        Limit::Tag { .. } => None,
    }
}

fn check_message(field: &str, message: &str) -> Result<(), FieldError> {
    check_text(field, message, MESSAGE_MAX)?;
    message::check(message).map_err(|reason| FieldError::new(field, reason))
}

fn check_within(field: &str, value: u32, min: u32, max: u32) -> Result<(), FieldError> {
    if !(min..=max).contains(&value) {
        let reason = format!("{value}; {min} to {max} are allowed");
        return Err(FieldError::new(field, reason));
    }
    Ok(())
}

/// Checks the tag of a language.
pub(super) fn check_language(field: &str, language: &str) -> Result<(), FieldError> {
    if is_language(language) {
        return Ok(());
    }
    let shown: String = language.chars().take(LANGUAGE_MAX).collect();
    let reason = format!("{shown:?} is no language tag such as `de` or `zh-CN`");
    Err(FieldError::new(field, reason))
}

/// Returns whether a text looks like a tag of BCP 47: parts of letters and digits with `-`
/// between, the first of two or three letters.
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let is_plain = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.len() <= LANGUAGE_MAX
        && (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(is_plain)
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Priority; 4] = [
        Priority::Critical,
        Priority::High,
        Priority::Medium,
        Priority::Low,
    ];

    /// Returns the number, 1 to 4.
    pub const fn number(self) -> u8 {
        match self {
            Priority::Critical => 1,
            Priority::High => 2,
            Priority::Medium => 3,
            Priority::Low => 4,
        }
    }

    /// Returns the place in a table of four, 0 to 3.
    pub const fn as_usize(self) -> usize {
        self.number() as usize - 1
    }

    /// Returns the priority that a severity of three means: critical is 1, warning 2, info 4.
    pub fn from_severity(severity: &str) -> Option<Priority> {
        match severity {
            "critical" => Some(Priority::Critical),
            "warning" => Some(Priority::High),
            "info" => Some(Priority::Low),
            _ => None,
        }
    }

    /// Returns the severity of three that is nearest: 3 is a warning too.
    pub const fn severity(self) -> &'static str {
        match self {
            Priority::Critical => "critical",
            Priority::High | Priority::Medium => "warning",
            Priority::Low => "info",
        }
    }
}

impl TryFrom<u8> for Priority {
    type Error = String;

    fn try_from(number: u8) -> Result<Priority, String> {
        Priority::ALL
            .into_iter()
            .find(|priority| priority.number() == number)
            .ok_or_else(|| format!("{number} is no priority: 1 to 4 are"))
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> u8 {
        priority.number()
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl JsonSchema for Priority {
    fn schema_name() -> Cow<'static, str> {
        "Priority".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "minimum": 1,
            "maximum": 4,
            "description": "How urgent an alarm is: 1 is the most, 4 the least.",
        })
    }
}
