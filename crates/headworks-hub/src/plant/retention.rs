//! Which retention policy holds for which tag.

use std::sync::Arc;

use headworks_core::TagPath;
use headworks_core::model::{Object, RetentionDays, RetentionPolicy};
use headworks_store::{Retention, TierAges};

use super::Plant;

impl Plant {
    /// Returns the retention policy that holds for a path; none when the default does.
    pub fn effective_retention(&self, path: &TagPath) -> Option<&Arc<Object<RetentionPolicy>>> {
        self.enabled_policies()
            .find(|policy| policy.body.pattern.matches(path))
    }

    /// Returns how long the samples of each tag are kept, `default` where no policy says.
    ///
    /// Costs as much as the policies select: a tag that no policy names costs nothing.
    pub fn retention(&self, default: RetentionDays) -> Retention {
        let mut retention = Retention {
            default: tier_ages(default),
            ..Retention::default()
        };
        for policy in self.enabled_policies() {
            let ages = tier_ages(policy.body.days);
            if policy.body.pattern.as_str() == "**" {
                retention.default = ages; // it selects all tags that are left
                break;
            }
            for tag in self.select(&policy.body.pattern) {
                retention.tags.entry(tag.index()).or_insert(ages);
            }
        }
        let default = retention.default;
        retention.tags.retain(|_, ages| *ages != default);
        retention
    }

    /// Returns whether two plants have the same retention policies.
    pub(crate) fn has_policies_of(&self, other: &Plant) -> bool {
        Arc::ptr_eq(&self.retention.by_id, &other.retention.by_id)
    }

    fn enabled_policies(&self) -> impl Iterator<Item = &Arc<Object<RetentionPolicy>>> {
        self.retention_policies()
            .iter()
            .filter(|policy| policy.body.enabled)
    }
}

/// Returns the days in the store's words.
fn tier_ages(days: RetentionDays) -> TierAges {
    TierAges {
        raw: days.raw,
        minute: days.minute,
        five_minutes: days.five_minutes,
        hour: days.hour,
        day: days.day,
        week: days.week,
    }
}
