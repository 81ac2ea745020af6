//! Retention policies: how long the samples of which tags are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::{check_description, check_name};
use super::object::{FieldError, Kind, ObjectBody};
use crate::pattern::Pattern;

/// How long the samples and roll-ups of the tags that a pattern selects are kept.
///
/// Of the enabled policies that select a tag one holds: the one with the least `priority`; of
/// equal ones the one whose pattern has more characters that are no `*`; of these the one whose
/// name comes first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionPolicy {
    /// Name on screen, unique among retention policies.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// The tags it is for: `*` within a segment of the path, `**` for any depth.
    #[schemars(with = "String", length(min = 1, max = 2064))]
    pub pattern: Pattern,
    /// How long each tier is kept.
    #[serde(default)]
    pub days: RetentionDays,
    /// Of several policies that select a tag the one with the least number holds.
    #[serde(default = "default_priority")]
    #[schemars(range(max = 10_000))]
    pub priority: u16,
    /// Whether it counts.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
}

/// Days that each tier is kept, 1 to 36525; null keeps it for ever, an absent one has its
/// default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionDays {
    /// Every sample.
    #[schemars(range(min = 1, max = 36_525))]
    pub raw: Option<u32>,
    /// Rows per minute.
    #[schemars(range(min = 1, max = 36_525))]
    pub minute: Option<u32>,
    /// Rows per five minutes.
    #[schemars(range(min = 1, max = 36_525))]
    pub five_minutes: Option<u32>,
    /// Rows per hour.
    #[schemars(range(min = 1, max = 36_525))]
    pub hour: Option<u32>,
    /// Rows per day.
    #[schemars(range(min = 1, max = 36_525))]
    pub day: Option<u32>,
    /// Rows per week.
    #[schemars(range(min = 1, max = 36_525))]
    pub week: Option<u32>,
}

/// Priority of a policy that sets none.
const PRIORITY_DEFAULT: u16 = 100;
/// Greatest priority.
const PRIORITY_MAX: u16 = 10_000;
/// Most days of a tier: a century.
const DAYS_MAX: u32 = 36_525;

const fn default_priority() -> u16 {
    PRIORITY_DEFAULT
}

const fn yes() -> bool {
    true
}

impl Default for RetentionDays {
    /// Raw a week, minutes 30 days, hours 90 days, days and weeks two years.
    fn default() -> RetentionDays {
        RetentionDays {
            raw: Some(7),
            minute: Some(30),
            five_minutes: Some(30),
            hour: Some(90),
            day: Some(731),
            week: Some(731),
        }
    }
}

impl RetentionDays {
    /// Returns the tiers by their names, finest first.
    pub fn by_name(&self) -> [(&'static str, Option<u32>); 6] {
        [
            ("raw", self.raw),
            ("minute", self.minute),
            ("five_minutes", self.five_minutes),
            ("hour", self.hour),
            ("day", self.day),
            ("week", self.week),
        ]
    }

    /// Checks the bounds.
    ///
    /// # Errors
    ///
    /// The first tier that cannot work, with the reason.
    pub fn check(&self) -> Result<(), FieldError> {
        for (tier, days) in self.by_name() {
            if let Some(days) = days.filter(|days| !(1..=DAYS_MAX).contains(days)) {
                let reason = format!("{days} days; 1 to {DAYS_MAX} are allowed, null is for ever");
                return Err(FieldError::new(format!("/days/{tier}"), reason));
            }
        }
        Ok(())
    }
}

impl RetentionPolicy {
    /// Returns what policies are sorted by: of those that select a tag the first one holds.
    pub fn rank(&self) -> impl Ord + use<> {
        let text = self.pattern.as_str();
        let fixed = text.chars().filter(|&letter| letter != '*').count();
        (self.priority, std::cmp::Reverse(fixed), self.name.clone())
    }
}

impl ObjectBody for RetentionPolicy {
    const KIND: Kind = Kind::Retention;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        self.days.check()?;
        if PRIORITY_MAX < self.priority {
            let reason = format!("{}; 0 to {PRIORITY_MAX} are allowed", self.priority);
            return Err(FieldError::new("/priority", reason));
        }
        check_description(&self.description)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(extra: &str) -> Result<RetentionPolicy, String> {
        let json = format!(r#"{{"name":"p","pattern":"plant/**"{extra}}}"#);
        let policy: RetentionPolicy =
            serde_json::from_str(&json).map_err(|error| error.to_string())?;
        policy.check().map_err(|error| error.to_string())?;
        Ok(policy)
    }

    #[track_caller]
    fn check_refused(extra: &str, want: &str) {
        let error = policy(extra).unwrap_err();
        assert!(error.contains(want), "{error}");
    }

    #[test]
    fn null_is_for_ever_and_an_absent_tier_has_its_default() {
        let days = policy(r#","days":{"raw":null,"hour":400}"#).unwrap().days;
        let want = RetentionDays {
            raw: None,
            hour: Some(400),
            ..RetentionDays::default()
        };
        assert_eq!(days, want);
        let text = serde_json::to_string(&days).unwrap();
        assert_eq!(serde_json::from_str::<RetentionDays>(&text).unwrap(), want);
    }

    #[test]
    fn mistakes_name_the_field_and_the_bound() {
        check_refused(
            r#","days":{"minute":0}"#,
            "/days/minute: 0 days; 1 to 36525 are allowed, null is for ever",
        );
        check_refused(r#","days":{"raw":36526}"#, "/days/raw");
        check_refused(r#","days":{"second":1}"#, "unknown field `second`");
        check_refused(r#","priority":10001"#, "/priority: 10001; 0 to 10000");
        let no_pattern = serde_json::from_str::<RetentionPolicy>(r#"{"name":"p","pattern":""}"#);
        assert!(no_pattern.is_err());
    }

    #[test]
    fn the_least_priority_leads_then_the_more_specific_pattern() {
        let named = |name: &str, pattern: &str, priority| RetentionPolicy {
            name: name.into(),
            pattern: pattern.parse().unwrap(),
            priority,
            ..policy("").unwrap()
        };
        let mut policies = [
            named("a", "**", 100),
            named("c", "plant/*/flow", 100),
            named("b", "*/plant/flow", 100),
            named("d", "**", 1),
        ];
        policies.sort_by_cached_key(RetentionPolicy::rank);
        assert_eq!(policies.map(|policy| policy.name), ["d", "b", "c", "a"]);
    }
}
