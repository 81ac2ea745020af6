//! The figures at one time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::load::LoadReport;
use super::{Figures, STALE_US, Statistics, TOP, percent};
use crate::model::{ObjectId, Priority};

/// Most alarms of the lists of stale and of chattering alarms.
const LISTED: usize = 100;

/// Alarm performance since the beginning of the statistics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// When the statistics begin, microseconds since 1970-01-01 UTC.
    pub start_us: i64,
    /// Up to when they go.
    pub end_us: i64,
    /// Events by time, and floods.
    pub load: LoadReport,
    /// Mean of events in 10 minutes for each operator.
    pub per_period_and_operator: Option<f64>,
    /// Events by priority.
    #[schemars(length(max = 4))]
    pub priorities: Vec<PriorityShare>,
    /// The alarms with most events, the most frequent first.
    #[schemars(length(max = 10))]
    pub top: Vec<AlarmCount>,
    /// Share of all events that those have, in percent.
    pub top_percent: Option<f64>,
    /// Alarms that have chattered.
    pub chattering: u64,
    /// Those that chattered most, with how often they began to.
    #[schemars(length(max = 100))]
    pub most_chattering: Vec<AlarmCount>,
    /// Alarms that have been active for longer than a day.
    pub stale: u64,
    /// The longest of them, the oldest first.
    #[schemars(length(max = 100))]
    pub longest_stale: Vec<StaleAlarm>,
    /// Acknowledged events.
    pub acknowledged: u64,
    /// Seconds within which half of them were acknowledged.
    pub acknowledged_p50_s: Option<f64>,
    /// Seconds within which 90 % of them were acknowledged.
    pub acknowledged_p90_s: Option<f64>,
    /// Seconds within which 95 % of them were acknowledged.
    pub acknowledged_p95_s: Option<f64>,
    /// Seconds within which 99 % of them were acknowledged.
    pub acknowledged_p99_s: Option<f64>,
}

/// Events of a priority.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PriorityShare {
    /// The priority.
    pub priority: Priority,
    /// Its events.
    pub events: u64,
    /// Their share of the events of priorities 1 to 3, in percent; none for priority 4.
    pub percent: Option<f64>,
    /// What their share should be, in percent.
    pub target_percent: Option<f64>,
}

/// How often something was with an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmCount {
    /// The alarm.
    pub alarm: ObjectId,
    /// How often.
    pub count: u64,
}

/// An alarm that nobody brings to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StaleAlarm {
    /// The alarm.
    pub alarm: ObjectId,
    /// Since when it has been active, microseconds since 1970-01-01 UTC.
    pub since_us: i64,
}

impl Statistics {
    /// Returns the figures up to the newest entry, or to the time that was advanced to.
    pub fn report(&self) -> Report {
        let load = self.load.report(self.now_us);
        let top = self.most(|figures| figures.events, TOP);
        let listed: u64 = top.iter().map(|alarm| alarm.count).sum();
        let stale = self.stale();
        Report {
            start_us: self.start_us,
            end_us: self.now_us,
            per_period_and_operator: self.load.per_period_and_operator(self.now_us),
            priorities: self.priorities().to_vec(),
            top_percent: percent(listed, load.events),
            top,
            chattering: self.count(|figures| 0 < figures.chatter.count()),
            most_chattering: self.most(|figures| u64::from(figures.chatter.count()), LISTED),
            stale: stale.len() as u64,
            longest_stale: stale.into_iter().take(LISTED).collect(),
            acknowledged: self.acknowledged.total(),
            acknowledged_p50_s: self.acknowledged.percentile_s(50),
            acknowledged_p90_s: self.acknowledged.percentile_s(90),
            acknowledged_p95_s: self.acknowledged.percentile_s(95),
            acknowledged_p99_s: self.acknowledged.percentile_s(99),
            load,
        }
    }

    fn count(&self, is_meant: impl Fn(&Figures) -> bool) -> u64 {
        self.alarms
            .values()
            .filter(|&alarm| is_meant(alarm))
            .count() as u64
    }

    /// Returns the alarms with the greatest counts above zero; among equals the older object.
    fn most(&self, count_of: impl Fn(&Figures) -> u64, most: usize) -> Vec<AlarmCount> {
        let counts = self.alarms.iter().map(|(&alarm, figures)| AlarmCount {
            alarm,
            count: count_of(figures),
        });
        let mut counts: Vec<AlarmCount> = counts.filter(|alarm| 0 < alarm.count).collect();
        counts.sort_unstable_by_key(|alarm| (std::cmp::Reverse(alarm.count), alarm.alarm));
        counts.truncate(most);
        counts
    }

    fn stale(&self) -> Vec<StaleAlarm> {
        let active = self.alarms.iter().filter_map(|(&alarm, figures)| {
            let since_us = figures.active_since_us?;
            Some(StaleAlarm { alarm, since_us })
        });
        let mut stale: Vec<StaleAlarm> = active
            .filter(|alarm| STALE_US < self.now_us - alarm.since_us)
            .collect();
        stale.sort_unstable_by_key(|alarm| (alarm.since_us, alarm.alarm));
        stale
    }
}
