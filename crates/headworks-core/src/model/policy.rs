//! Policies of notification: who is told of which alarms, when and how often.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alarm::Priority;
use super::device::{check_description, check_name, check_text};
use super::hours::{Hours, LocalMoment, check_zone};
use super::object::{FieldError, Kind, ObjectBody, ObjectId};
use super::roster::{Person, check_count};
use crate::path::TagPath;
use crate::pattern::Pattern;

/// Who is told of which alarms, when and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Name on screen, unique among policies.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
    /// Whether anybody is told.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Priorities of the alarms; every one when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    pub priorities: Vec<Priority>,
    /// Patterns of the tags of the alarms; every alarm when empty, also those without a tag.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        with = "Vec<String>",
        length(max = 100),
        inner(length(min = 1, max = 2064))
    )]
    pub areas: Vec<Pattern>,
    /// Groups of the alarms, as alarm rules name them; every alarm when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 128)))]
    pub groups: Vec<String>,
    /// Who is told, and who next while nobody acknowledges; in order of `after_min`.
    #[schemars(length(min = 1, max = 10))]
    pub steps: Vec<PolicyStep>,
    /// Minutes after which the last step is repeated while nobody acknowledges; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1440))]
    pub repeat_min: Option<u16>,
    /// Whether an alarm that is over is not escalated any more, although nobody acknowledged it.
    #[serde(default)]
    pub stop_when_over: bool,
    /// Whether those who were told of an alarm are told when it is over.
    #[serde(default)]
    pub tell_over: bool,
    /// Whether those who were told of an alarm are told who acknowledged it.
    #[serde(default)]
    pub tell_acknowledged: bool,
    /// What goes into one message.
    #[serde(default)]
    pub group_by: GroupBy,
    /// Seconds between two messages of one group; what happens in between waits for the second.
    #[serde(default = "half_a_minute")]
    #[schemars(range(max = 3600))]
    pub group_s: u16,
    /// Minutes between two messages in a flood of alarms, in which everything goes into one.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 120))]
    pub digest_min: u16,
    /// Time zone of the hours below, e.g. `Europe/Berlin`; that of the server when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 64))]
    pub time_zone: String,
    /// When the policy counts: alarms that are raised at other times are not told; always when
    /// empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub hours: Vec<Hours>,
    /// When only what is urgent is told; the rest waits for the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
}

/// One step of an escalation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyStep {
    /// Minutes after the alarm was raised.
    #[serde(default)]
    #[schemars(range(max = 1440))]
    pub after_min: u16,
    /// On which channel.
    pub channel: ObjectId,
    /// Who is told: those of these rosters who are on duty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub rosters: Vec<ObjectId>,
    /// And these people, at any time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub people: Vec<Person>,
}

/// What goes into one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// All alarms of the policy.
    #[default]
    Policy,
    /// Alarms of the same folder.
    Area,
    /// Alarms of the same group of alarm rules.
    AlarmGroup,
    /// Each alarm by itself.
    Alarm,
}

/// Hours in which only what is urgent is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The hours.
    #[schemars(length(min = 1, max = 20))]
    pub hours: Vec<Hours>,
    /// Priorities that are told all the same.
    #[serde(default = "critical")]
    #[schemars(length(max = 4))]
    pub through: Vec<Priority>,
}

/// Most minutes until a step, and between repeats: a day.
const MINUTES_MAX: u16 = 1440;

const fn yes() -> bool {
    true
}

const fn half_a_minute() -> u16 {
    30
}

const fn ten() -> u16 {
    10
}

fn critical() -> Vec<Priority> {
    vec![Priority::Critical]
}

impl ObjectBody for Policy {
    const KIND: Kind = Kind::Policy;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        check_description(&self.description)?;
        check_once("/priorities", &self.priorities)?;
        check_count("/areas", self.areas.len(), 0, 100)?;
        check_count("/groups", self.groups.len(), 0, 100)?;
        for (place, group) in self.groups.iter().enumerate() {
            check_text(&format!("/groups/{place}"), group, 128)?;
        }
        self.check_steps()?;
        self.check_times()
    }
}

impl Policy {
    /// Returns the channels and rosters that its steps name.
    pub fn names(&self) -> impl Iterator<Item = ObjectId> {
        let steps = self.steps.iter();
        steps.flat_map(|step| std::iter::once(step.channel).chain(step.rosters.iter().copied()))
    }

    /// Returns whether the policy is about an alarm; `group` is that of its rule, empty for none.
    pub fn selects(&self, priority: Priority, path: Option<&TagPath>, group: &str) -> bool {
        let fits_area = |path: &TagPath| self.areas.iter().any(|area| area.matches(path));
        self.enabled
            && (self.priorities.is_empty() || self.priorities.contains(&priority))
            && (self.areas.is_empty() || path.is_some_and(fits_area))
            && (self.groups.is_empty() || self.groups.iter().any(|known| known == group))
    }

    /// Returns whether the policy counts at a time; `zone` when it has none of its own.
    pub fn counts_at(&self, now_us: i64, zone: &TimeZone) -> bool {
        self.hours.is_empty() || self.cover(&self.hours, now_us, zone)
    }

    /// Returns whether an alarm of this priority has to wait at a time.
    pub fn is_quiet_at(&self, priority: Priority, now_us: i64, zone: &TimeZone) -> bool {
        self.quiet.as_ref().is_some_and(|quiet| {
            !quiet.through.contains(&priority) && self.cover(&quiet.hours, now_us, zone)
        })
    }

    fn cover(&self, hours: &[Hours], now_us: i64, zone: &TimeZone) -> bool {
        let own = TimeZone::get(&self.time_zone).ok();
        let moment = LocalMoment::at(now_us, own.as_ref().unwrap_or(zone));
        hours.iter().any(|hours| hours.cover(moment))
    }

    fn check_steps(&self) -> Result<(), FieldError> {
        check_count("/steps", self.steps.len(), 1, 10)?;
        let mut before = 0;
        for (place, step) in self.steps.iter().enumerate() {
            let field = format!("/steps/{place}");
            if step.after_min < before || MINUTES_MAX < step.after_min {
                let reason = format!("{}; {before} to {MINUTES_MAX} are allowed", step.after_min);
                return Err(FieldError::new(format!("{field}/after_min"), reason));
            }
            before = step.after_min;
            step.check(&field)?;
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), FieldError> {
        let within = |field: &str, value: u16, least: u16, most: u16| {
            check_count(field, value.into(), least.into(), most.into())
        };
        if let Some(minutes) = self.repeat_min {
            within("/repeat_min", minutes, 1, MINUTES_MAX)?;
        }
        within("/group_s", self.group_s, 0, 3600)?;
        within("/digest_min", self.digest_min, 1, 120)?;
        check_zone("/time_zone", &self.time_zone)?;
        check_hours("/hours", &self.hours, 0)?;
        let Some(quiet) = &self.quiet else {
            return Ok(());
        };
        check_hours("/quiet/hours", &quiet.hours, 1)?;
        check_once("/quiet/through", &quiet.through)
    }
}

impl PolicyStep {
    fn check(&self, field: &str) -> Result<(), FieldError> {
        let rosters = format!("{field}/rosters");
        check_count(&rosters, self.rosters.len(), 0, 20)?;
        check_once(&rosters, &self.rosters)?;
        let people = format!("{field}/people");
        check_count(&people, self.people.len(), 0, 50)?;
        for (place, person) in self.people.iter().enumerate() {
            person.check(&format!("{people}/{place}"))?;
        }
        Ok(())
    }
}

fn check_hours(field: &str, hours: &[Hours], least: usize) -> Result<(), FieldError> {
    check_count(field, hours.len(), least, 20)?;
    let mut places = hours.iter().enumerate();
    places.try_for_each(|(place, hours)| hours.check(&format!("{field}/{place}")))
}

fn check_once<T: PartialEq>(field: &str, items: &[T]) -> Result<(), FieldError> {
    for (place, item) in items.iter().enumerate() {
        if items[..place].contains(item) {
            return Err(FieldError::new(
                format!("{field}/{place}"),
                "is named twice",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: &str = r#""channel":"0192d3c0-0000-7000-8000-000000000000""#;

    fn policy(rest: &str) -> Policy {
        let json = format!(r#"{{"name":"p","steps":[{{{CHANNEL}}}]{rest}}}"#);
        let policy: Policy = serde_json::from_str(&json).unwrap();
        policy.check().unwrap();
        policy
    }

    fn path(text: &str) -> TagPath {
        text.parse().unwrap()
    }

    #[test]
    fn priorities_areas_and_groups_select() {
        let pump = path("plant/pumps/p1");
        let all = policy("");
        assert!(all.selects(Priority::Low, None, ""));
        let urgent = policy(r#","priorities":[1,2]"#);
        assert!(
            urgent.selects(Priority::High, None, "") && !urgent.selects(Priority::Low, None, "")
        );
        let pumps = policy(r#","areas":["plant/pumps/**"]"#);
        assert!(pumps.selects(Priority::Low, Some(&pump), ""));
        assert!(!pumps.selects(Priority::Low, Some(&path("plant/fans/f1")), ""));
        assert!(!pumps.selects(Priority::Low, None, ""));
        let group = policy(r#","groups":["trip"]"#);
        assert!(
            group.selects(Priority::Low, None, "trip") && !group.selects(Priority::Low, None, "")
        );
        let off = policy(r#","enabled":false"#);
        assert!(!off.selects(Priority::Critical, None, ""));
    }

    #[test]
    fn hours_and_quiet_hours_count_on_their_own_clock() {
        let policy = policy(
            r#","time_zone":"Europe/Berlin","hours":[{"from":"06:00","to":"22:00"}],
               "quiet":{"hours":[{"from":"20:00","to":"07:00"}]}"#,
        );
        let at = |text: &str| {
            let time: jiff::Timestamp = text.parse().unwrap();
            time.as_microsecond()
        };
        let (morning, noon) = (at("2026-11-21T05:30:00Z"), at("2026-11-21T11:00:00Z"));
        let utc = TimeZone::UTC;
        assert!(policy.counts_at(morning, &utc));
        assert!(!policy.counts_at(at("2026-11-21T04:59:00Z"), &utc));
        assert!(policy.is_quiet_at(Priority::High, morning, &utc));
        assert!(!policy.is_quiet_at(Priority::Critical, morning, &utc));
        assert!(!policy.is_quiet_at(Priority::High, noon, &utc));
    }

    #[test]
    fn mistakes_name_their_place() {
        let step = |rest: &str| format!(r#"{{{CHANNEL}{rest}}}"#);
        for (steps, rest, want) in [
            (String::new(), "", "/steps: 0; 1 to 10"),
            (
                [step(r#","after_min":5"#), step(r#","after_min":4"#)].join(","),
                "",
                "/steps/1/after_min: 4; 5 to 1440",
            ),
            (step(r#","after_min":1441"#), "", "/steps/0/after_min: 1441"),
            (
                step(""),
                r#","priorities":[1,1]"#,
                "/priorities/1: is named twice",
            ),
            (step(""), r#","group_s":3601"#, "/group_s: 3601; 0 to 3600"),
            (step(""), r#","digest_min":0"#, "/digest_min: 0; 1 to 120"),
            (step(""), r#","repeat_min":0"#, "/repeat_min: 0; 1 to 1440"),
            (step(""), r#","time_zone":"Mars""#, "/time_zone: \"Mars\""),
            (
                step(""),
                r#","quiet":{"hours":[]}"#,
                "/quiet/hours: 0; 1 to 20",
            ),
            (
                step(r#","people":[{"name":"Anna","email":"x"}]"#),
                "",
                "/steps/0/people/0/email: \"x\"",
            ),
        ] {
            let json = format!(r#"{{"name":"p","steps":[{steps}]{rest}}}"#);
            let policy: Policy = serde_json::from_str(&json).unwrap();
            let error = policy.check().unwrap_err().to_string();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
