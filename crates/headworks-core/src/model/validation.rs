//! What of a tag's samples is plausible, beyond its range.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::object::FieldError;

/// What of a tag's samples is plausible, beyond its range `min` to `max`.
///
/// A sample that is not plausible is kept, with a quality that says so, and counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagValidation {
    /// Greatest difference between two samples, in the unit of the tag; a sample further away is
    /// a spike, unless the next one stays there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_step: Option<f64>,
    /// Greatest change per second, in the unit of the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_rate_per_s: Option<f64>,
    /// Seconds after which a value that does not change counts as frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 31_536_000))]
    pub freeze_s: Option<u32>,
    /// Milliseconds between two samples as the source sends them; the time between polls when
    /// absent. What was not stored is counted by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 86_400_000))]
    pub expected_period_ms: Option<u32>,
    /// Whether the source sends a sample only when the value changes: then a pause is no gap.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_exception: bool,
}

/// Longest time until a value counts as frozen: a year.
const FREEZE_S_MAX: u32 = 31_536_000;
/// Longest time between two samples: a day.
const PERIOD_MS_MAX: u32 = 86_400_000;

impl TagValidation {
    /// Returns whether nothing is asked for.
    pub fn is_default(&self) -> bool {
        *self == TagValidation::default()
    }

    /// Checks the bounds.
    ///
    /// # Errors
    ///
    /// The first field that cannot work, with the reason.
    pub fn check(&self) -> Result<(), FieldError> {
        let refuse = |name: &str, reason: String| {
            Err(FieldError::new(format!("/validation/{name}"), reason))
        };
        for (name, most) in [
            ("max_step", self.max_step),
            ("max_rate_per_s", self.max_rate_per_s),
        ] {
            if let Some(most) = most.filter(|most| !(most.is_finite() && 0.0 < *most)) {
                return refuse(name, format!("{most} must be a finite number above 0"));
            }
        }
        if let Some(secs) = self
            .freeze_s
            .filter(|secs| !(1..=FREEZE_S_MAX).contains(secs))
        {
            return refuse(
                "freeze_s",
                format!("{secs} s; 1 to {FREEZE_S_MAX} s are allowed"),
            );
        }
        match self.expected_period_ms {
            Some(found) if !(10..=PERIOD_MS_MAX).contains(&found) => refuse(
                "expected_period_ms",
                format!("{found} ms; 10 to {PERIOD_MS_MAX} ms are allowed"),
            ),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(json: &str, want: &str) {
        let outcome = serde_json::from_str::<TagValidation>(json).map_err(|e| e.to_string());
        let outcome = outcome.and_then(|body| body.check().map_err(|e| e.to_string()));
        let error = outcome.unwrap_err();
        assert!(error.contains(want), "{error}");
    }

    #[test]
    fn mistakes_name_the_field_and_the_bound() {
        check_refused(r#"{"max_step":0}"#, "/validation/max_step: 0 must be");
        check_refused(r#"{"max_rate_per_s":-1}"#, "/validation/max_rate_per_s: -1");
        check_refused(
            r#"{"freeze_s":0}"#,
            "/validation/freeze_s: 0 s; 1 to 31536000 s",
        );
        check_refused(r#"{"expected_period_ms":9}"#, "9 ms; 10 to 86400000 ms");
        check_refused(r#"{"max_stepp":1}"#, "unknown field `max_stepp`");
    }

    #[test]
    fn what_is_not_asked_for_is_not_written() {
        assert_eq!(
            serde_json::to_string(&TagValidation::default()).unwrap(),
            "{}"
        );
    }
}
