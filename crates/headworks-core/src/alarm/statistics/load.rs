//! How many alarms there are at a time: periods, and floods.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FLOOD_END, FLOOD_START, PERIOD_MAX, PERIOD_TARGET, PERIOD_US, US_PER_S, percent};

/// Seconds of the window in which floods are looked for.
const WINDOW_S: usize = 600;
/// Most periods of which the counts are kept: 31 days.
const PERIODS_KEPT: usize = 4464;
/// Most floods that are kept, the newest.
const FLOODS_KEPT: usize = 100;

/// A time with more alarms than operators can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Flood {
    /// When it began, microseconds since 1970-01-01 UTC.
    pub start_us: i64,
    /// When it was over; not yet when absent.
    pub end_us: Option<i64>,
    /// Events in it, those in the 10 minutes that made it a flood included.
    pub events: u64,
    /// Most events in 10 minutes.
    pub peak: u32,
}

/// How many events there were at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadReport {
    /// Events altogether.
    pub events: u64,
    /// Whole and begun periods of 10 minutes.
    pub periods: u64,
    /// Events of each of the newest periods, the oldest first.
    #[schemars(length(max = 4464))]
    pub newest_periods: Vec<u32>,
    /// Most events in a period.
    pub period_peak: u32,
    /// Share of periods in which each operator had more than is manageable, in percent.
    pub above_target_percent: Option<f64>,
    /// Share of periods in which each operator was overloaded, in percent.
    pub overloaded_percent: Option<f64>,
    /// Floods altogether.
    pub floods: u64,
    /// The newest floods, the oldest first.
    #[schemars(length(max = 100))]
    pub newest_floods: Vec<Flood>,
    /// Share of the time in flood, in percent.
    pub flood_percent: Option<f64>,
}

/// Counts by time. The window of floods moves by whole seconds.
#[derive(Clone, Debug)]
pub(super) struct Load {
    start_us: i64,
    operators: u32,
    events: u64,
    /// Events of the present second and those before it, by the second.
    window: Box<[u32; WINDOW_S]>,
    in_window: u64,
    /// Seconds since the start.
    second: i64,
    periods: VecDeque<u32>,
    periods_before: u64,
    peak: u32,
    above_target: u64,
    overloaded: u64,
    floods: u64,
    newest_floods: VecDeque<Flood>,
    flood_us: i64,
}

impl Load {
    pub(super) fn new(start_us: i64, operators: u16) -> Load {
        Load {
            start_us,
            operators: u32::from(operators),
            events: 0,
            window: Box::new([0; WINDOW_S]),
            in_window: 0,
            second: 0,
            periods: VecDeque::from([0]),
            periods_before: 0,
            peak: 0,
            above_target: 0,
            overloaded: 0,
            floods: 0,
            newest_floods: VecDeque::new(),
            flood_us: 0,
        }
    }

    /// Counts an event at a time up to which [`Load::advance`] has gone.
    pub(super) fn count(&mut self, now_us: i64) {
        self.events += 1;
        self.in_window += 1;
        let slot = self.slot();
        self.window[slot] = self.window[slot].saturating_add(1);
        self.count_in_period();
        self.count_in_flood(now_us);
    }

    fn count_in_period(&mut self) {
        let Some(count) = self.periods.back_mut() else {
            return;
        };
        *count = count.saturating_add(1);
        self.peak = self.peak.max(*count);
        self.above_target += u64::from(*count == PERIOD_TARGET * self.operators + 1);
        self.overloaded += u64::from(*count == PERIOD_MAX * self.operators + 1);
    }

    fn count_in_flood(&mut self, now_us: i64) {
        let in_window = u32::try_from(self.in_window).unwrap_or(u32::MAX);
        if let Some(flood) = self.open_flood() {
            flood.events += 1;
            flood.peak = flood.peak.max(in_window);
            return;
        }
        if FLOOD_START * self.operators <= in_window {
            self.floods += 1;
            if self.newest_floods.len() == FLOODS_KEPT {
                self.newest_floods.pop_front();
            }
            self.newest_floods.push_back(Flood {
                start_us: now_us,
                end_us: None,
                events: self.in_window,
                peak: in_window,
            });
        }
    }

    /// Goes on to a time, which is never before the last one.
    pub(super) fn advance(&mut self, now_us: i64) {
        let second = (now_us - self.start_us) / US_PER_S;
        while self.second < second {
            if self.in_window == 0 {
                self.second = second; // nothing is left to move out
                break;
            }
            self.second += 1;
            let slot = self.slot();
            self.in_window -= u64::from(std::mem::take(&mut self.window[slot]));
            self.end_flood();
        }
        self.begin_periods(now_us);
    }

    fn end_flood(&mut self) {
        let is_over = self.in_window < u64::from(FLOOD_END * self.operators);
        let now_us = self.start_us + self.second * US_PER_S;
        let Some(flood) = self.open_flood().filter(|_| is_over) else {
            return;
        };
        flood.end_us = Some(now_us);
        let took_us = now_us - flood.start_us;
        self.flood_us += took_us;
    }

    fn begin_periods(&mut self, now_us: i64) {
        let wanted = ((now_us - self.start_us) / PERIOD_US).unsigned_abs() + 1;
        let missing = wanted.saturating_sub(self.period_count());
        let skipped = missing.saturating_sub(PERIODS_KEPT as u64);
        self.periods_before += skipped;
        for _ in skipped..missing {
            if self.periods.len() == PERIODS_KEPT {
                self.periods.pop_front();
                self.periods_before += 1;
            }
            self.periods.push_back(0);
        }
    }

    fn period_count(&self) -> u64 {
        self.periods_before + self.periods.len() as u64
    }

    fn slot(&self) -> usize {
        usize::try_from(self.second).unwrap_or_default() % WINDOW_S
    }

    fn open_flood(&mut self) -> Option<&mut Flood> {
        self.newest_floods
            .back_mut()
            .filter(|flood| flood.end_us.is_none())
    }

    pub(super) fn in_flood(&self) -> bool {
        self.newest_floods
            .back()
            .is_some_and(|flood| flood.end_us.is_none())
    }

    /// Returns the mean of events in the time of a period, for each operator.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts and microseconds of years"
    )]
    pub(super) fn per_period_and_operator(&self, now_us: i64) -> Option<f64> {
        let passed_us = now_us - self.start_us;
        let periods = passed_us as f64 / PERIOD_US as f64;
        (0 < passed_us).then(|| self.events as f64 / periods / f64::from(self.operators))
    }

    pub(super) fn report(&self, now_us: i64) -> LoadReport {
        let periods = self.period_count();
        let open_us = match self.newest_floods.back() {
            Some(flood) if flood.end_us.is_none() => now_us - flood.start_us,
            _ => 0,
        };
        let passed_us = now_us - self.start_us;
        let flood_us = self.flood_us + open_us;
        LoadReport {
            events: self.events,
            periods,
            newest_periods: self.periods.iter().copied().collect(),
            period_peak: self.peak,
            above_target_percent: percent(self.above_target, periods),
            overloaded_percent: percent(self.overloaded, periods),
            floods: self.floods,
            newest_floods: self.newest_floods.iter().copied().collect(),
            flood_percent: percent(flood_us.unsigned_abs(), passed_us.unsigned_abs()),
        }
    }
}
