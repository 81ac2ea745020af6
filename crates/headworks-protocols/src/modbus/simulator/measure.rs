//! When requests arrive at a device: the truth about the scans of a client.
//!
//! A device does not know what a scan is. Among the requests that come again and again, the one
//! with the longest silence before it begins the scan; its arrivals are held against a grid of the
//! stated period, in the phase that fits them best (the median).

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::super::table::Span;

/// Most arrivals that are kept of a device: more than an hour of one request a second.
const ARRIVALS_MAX: usize = 65_536;

/// Arrivals at one device.
#[derive(Debug, Default)]
pub(super) struct Measure {
    arrivals: VecDeque<(u64, Span)>, // time in microseconds, what was asked
    requests: u64,
    values: u64,
}

/// What the arrivals say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScanReport {
    /// Reads since the measurement began.
    pub requests: u64,
    /// Registers and bits asked for since the measurement began.
    pub values: u64,
    /// Scans that began.
    pub scans: u64,
    /// Points of the grid at which none began.
    pub missed: u64,
    /// Scans beyond one for a point of the grid.
    pub extra: u64,
    /// How far scans were from their points of the grid, microseconds, in order of size; the
    /// first arrival to the last.
    #[serde(skip)]
    pub jitter_us: Vec<u64>,
    /// Median of it.
    pub jitter_p50_us: u64,
    /// 99th percentile of it.
    pub jitter_p99_us: u64,
    /// Greatest of it.
    pub jitter_max_us: u64,
}

impl Measure {
    pub(super) fn arrived(&mut self, time_us: u64, span: Span) {
        self.requests += 1;
        self.values += u64::from(span.count);
        if self.arrivals.len() == ARRIVALS_MAX {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back((time_us, span));
    }

    pub(super) fn report(&self, period_us: u64) -> ScanReport {
        let first = self.first_of_scan();
        let starts: Vec<u64> = self
            .arrivals
            .iter()
            .filter(|(_, span)| Some(*span) == first)
            .map(|(time_us, _)| *time_us)
            .collect();
        ScanReport {
            requests: self.requests,
            values: self.values,
            ..fit(&starts, period_us)
        }
    }

    /// Returns the request that on average has the longest silence before it, among those that
    /// came at least half as often as the most frequent.
    fn first_of_scan(&self) -> Option<Span> {
        let mut gaps: BTreeMap<Span, (u64, u64)> = BTreeMap::new(); // silence in all, times
        let mut last_us = self.arrivals.front()?.0;
        for (time_us, span) in &self.arrivals {
            let (silence_us, times) = gaps.entry(*span).or_default();
            *silence_us += time_us - last_us;
            *times += 1;
            last_us = *time_us;
        }
        let most = gaps.values().map(|(_, times)| *times).max()?;
        let regular = gaps.iter().filter(|(_, (_, times))| most <= 2 * times);
        regular
            .max_by_key(|(_, (silence_us, times))| silence_us / times)
            .map(|(span, _)| *span)
    }
}

/// Holds the starts of scans against a grid.
#[expect(clippy::cast_possible_wrap, reason = "times of a run of the simulator")]
fn fit(starts: &[u64], period_us: u64) -> ScanReport {
    let (Some(&first_us), period) = (starts.first(), period_us.max(1) as i64) else {
        return ScanReport::default();
    };
    let offset = |start_us: u64| {
        let since = (start_us - first_us) as i64;
        (since + period / 2).rem_euclid(period) - period / 2
    };
    let mut offsets: Vec<i64> = starts.iter().map(|start_us| offset(*start_us)).collect();
    offsets.sort_unstable();
    let phase = offsets[offsets.len() / 2];
    let slot =
        |start_us: u64| ((start_us - first_us) as i64 - phase + period / 2).div_euclid(period);
    let mut jitter_us: Vec<u64> = starts
        .iter()
        .map(|start_us| {
            let since = (start_us - first_us) as i64 - phase;
            (since - slot(*start_us) * period).unsigned_abs()
        })
        .collect();
    jitter_us.sort_unstable();
    let mut slots: Vec<i64> = starts.iter().map(|start_us| slot(*start_us)).collect();
    slots.dedup();
    let span = slots[slots.len() - 1] - slots[0] + 1;
    ScanReport {
        scans: starts.len() as u64,
        missed: span.unsigned_abs() - slots.len() as u64,
        extra: (starts.len() - slots.len()) as u64,
        ..ScanReport::of(jitter_us)
    }
}

impl ScanReport {
    /// Returns the percentiles of sorted deviations.
    fn of(jitter_us: Vec<u64>) -> ScanReport {
        let at = |percent: usize| {
            let rank = (jitter_us.len() * percent).div_ceil(100).max(1);
            jitter_us.get(rank - 1).copied().unwrap_or(0)
        };
        ScanReport {
            jitter_p50_us: at(50),
            jitter_p99_us: at(99),
            jitter_max_us: at(100),
            jitter_us,
            ..ScanReport::default()
        }
    }

    /// Returns all of several devices together.
    pub fn sum(reports: &[ScanReport]) -> ScanReport {
        let mut jitter_us: Vec<u64> = reports
            .iter()
            .flat_map(|report| report.jitter_us.iter().copied())
            .collect();
        jitter_us.sort_unstable();
        let total = |field: fn(&ScanReport) -> u64| reports.iter().map(field).sum();
        ScanReport {
            requests: total(|report| report.requests),
            values: total(|report| report.values),
            scans: total(|report| report.scans),
            missed: total(|report| report.missed),
            extra: total(|report| report.extra),
            ..ScanReport::of(jitter_us)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::table::Table;
    use super::*;

    fn span(start: u16) -> Span {
        Span {
            table: Table::Holding,
            start,
            count: 10,
        }
    }

    /// Scans of three requests each, begun at these times.
    fn scans(starts_us: &[u64]) -> Measure {
        let mut measure = Measure::default();
        for start_us in starts_us {
            for (index, delay_us) in [(0, 0), (10, 2_000), (20, 4_000)] {
                measure.arrived(start_us + delay_us, span(index));
            }
        }
        measure
    }

    #[test]
    fn nothing_is_reported_of_nothing() {
        assert_eq!(Measure::default().report(1_000_000), ScanReport::default());
    }

    #[test]
    fn the_best_phase_is_found_and_each_deviation_counts() {
        let report =
            scans(&[900_000, 1_500_000, 2_500_000, 3_501_000, 4_500_000]).report(1_000_000);
        assert_eq!((report.scans, report.missed, report.extra), (5, 0, 0));
        assert_eq!(report.jitter_us, [0, 0, 0, 1_000, 400_000]);
        assert_eq!((report.jitter_p50_us, report.jitter_max_us), (0, 400_000));
        assert_eq!((report.requests, report.values), (15, 150));
    }

    #[test]
    fn points_of_the_grid_without_a_scan_are_missed() {
        let report = scans(&[0, 1_000_000, 4_000_000, 5_000_000, 5_100_000]).report(1_000_000);
        assert_eq!((report.scans, report.missed, report.extra), (5, 2, 1));
    }

    #[test]
    fn beginning_in_the_middle_of_a_scan_does_not_matter() {
        let mut measure = Measure::default();
        measure.arrived(4_000, span(20));
        for second in 1..60 {
            let jitter_us = if second % 2 == 0 { 3_000 } else { 0 };
            measure.arrived(second * 1_000_000, span(0));
            measure.arrived(second * 1_000_000 + 2_000 + jitter_us, span(10));
            measure.arrived(second * 1_000_000 + 9_000 + jitter_us, span(20));
        }
        let report = measure.report(1_000_000);
        assert_eq!(
            (report.scans, report.missed, report.jitter_max_us),
            (59, 0, 0)
        );
    }

    #[test]
    fn a_sum_has_the_percentiles_of_all() {
        let calm = scans(&[0, 1_000_000, 2_000_000]).report(1_000_000);
        let late = scans(&[0, 1_000_000, 2_009_000]).report(1_000_000);
        let sum = ScanReport::sum(&[calm, late]);
        assert_eq!(
            (sum.scans, sum.jitter_p50_us, sum.jitter_max_us),
            (6, 0, 9_000)
        );
    }
}
