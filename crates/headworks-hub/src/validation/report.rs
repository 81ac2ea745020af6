//! The walk over the samples of one tag.

use headworks_core::Quality;

use super::{Expectation, Finding, GAPS_MAX, Gap, Meaning, meaning};

/// What is found in the samples of one tag; takes them in order of time.
#[derive(Clone, Debug)]
pub struct Report {
    expectation: Expectation,
    /// One per span, in order of time, each beginning where the one before ends.
    spans: Vec<Finding>,
    /// Where the walk is in them.
    at: usize,
    gaps: Vec<Gap>,
    gap_count: u64,
    /// The state since the last sample.
    state: State,
    /// Time of the last source sample, or the start of what is expected.
    since_us: i64,
    /// Quality of the last mark since then.
    mark: Option<Quality>,
    /// Since when the state holds.
    state_us: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Samples are expected.
    Live,
    /// A mark says that none can come.
    Silent { bad: bool },
    /// None are expected.
    OutOfService,
}

impl Report {
    /// Begins at the first of `edges`; each two neighbours are a span. `before` is the quality of
    /// the last sample before the first edge, if there is one.
    pub fn new(expectation: Expectation, edges: &[i64], before: Option<Quality>) -> Report {
        let span = |pair: &[i64]| Finding {
            start_us: pair[0],
            end_us: pair[1],
            ..Finding::default()
        };
        let start_us = edges.first().copied().unwrap_or(0);
        let mut report = Report {
            expectation,
            spans: edges.windows(2).map(span).collect(),
            at: 0,
            gaps: Vec::new(),
            gap_count: 0,
            state: State::Live,
            since_us: start_us,
            mark: None,
            state_us: start_us,
        };
        if let Some(quality) = before {
            report.enter(start_us, quality);
        }
        report
    }

    /// Takes the next sample; one outside the spans is ignored.
    pub fn take(&mut self, time_us: i64, quality: Quality) {
        while self
            .spans
            .get(self.at)
            .is_some_and(|span| span.end_us <= time_us)
        {
            self.at += 1;
        }
        let Some(span) = self.spans.get_mut(self.at) else {
            return;
        };
        if time_us < span.start_us {
            return;
        }
        match meaning(quality) {
            Meaning::Source => count_source(span, quality),
            Meaning::Mark | Meaning::OutOfService => span.bad += u64::from(is_bad_state(quality)),
        }
        self.leave(time_us, meaning(quality));
        self.enter(time_us, quality);
    }

    /// Ends at the last edge; returns what was found, the gaps longest first and their number.
    pub fn finish(mut self) -> (Vec<Finding>, Vec<Gap>, u64) {
        if let Some(end_us) = self.spans.last().map(|span| span.end_us) {
            self.leave(end_us, Meaning::Source);
        }
        for span in &mut self.spans {
            expect(span, self.expectation);
        }
        self.gaps
            .sort_by_key(|gap| (std::cmp::Reverse(gap.length_us), gap.start_us));
        self.gaps.truncate(GAPS_MAX);
        (self.spans, self.gaps, self.gap_count)
    }

    /// Accounts for the time since the last sample.
    fn leave(&mut self, now_us: i64, next: Meaning) {
        let (state, since_us) = (self.state, self.state_us);
        match state {
            State::OutOfService => self.spread(since_us, now_us, |span, part_us| {
                span.out_of_service_us += part_us;
            }),
            State::Silent { bad: true } => self.spread(since_us, now_us, |span, part_us| {
                span.bad_us += part_us;
            }),
            State::Live | State::Silent { bad: false } => {}
        }
        // a mark leaves a gap open: it only says why
        if state != State::OutOfService && next != Meaning::Mark {
            self.close_gap(now_us);
        }
    }

    fn close_gap(&mut self, end_us: i64) {
        let length_us = end_us.saturating_sub(self.since_us);
        let longest_us = match self.expectation.gap_after_us() {
            Some(longest_us) => longest_us,
            None if self.mark.is_some() => 0, // from the mark on
            None => return,
        };
        if length_us <= longest_us {
            return;
        }
        self.gap_count += 1;
        let start_us = self.since_us;
        self.spread(start_us, end_us, |span, part_us| {
            span.gaps += 1;
            span.gap_us += part_us;
        });
        let reason = self.mark.map(|quality| quality.to_string());
        self.keep(Gap {
            start_us,
            end_us,
            length_us,
            reason,
        });
    }

    /// Keeps a gap if it is one of the longest.
    fn keep(&mut self, gap: Gap) {
        self.gaps.push(gap);
        if GAPS_MAX * 2 <= self.gaps.len() {
            self.gaps
                .sort_by_key(|gap| std::cmp::Reverse(gap.length_us));
            self.gaps.truncate(GAPS_MAX);
        }
    }

    fn enter(&mut self, now_us: i64, quality: Quality) {
        self.state_us = now_us;
        match meaning(quality) {
            Meaning::Source => {
                self.state = State::Live;
                self.since_us = now_us;
                self.mark = None;
            }
            Meaning::Mark => {
                let resumed = self.state == State::OutOfService;
                let bad = is_bad_state(quality);
                self.state = State::Silent { bad };
                if resumed || self.expectation.gap_after_us().is_none() && self.mark.is_none() {
                    self.since_us = now_us;
                }
                self.mark = Some(quality);
            }
            Meaning::OutOfService => {
                self.state = State::OutOfService;
                self.since_us = now_us;
                self.mark = None;
            }
        }
    }

    /// Gives each span its part of the time between two instants.
    fn spread(&mut self, from_us: i64, to_us: i64, give: impl Fn(&mut Finding, i64)) {
        let first = self.spans.partition_point(|span| span.end_us <= from_us);
        for span in &mut self.spans[first..] {
            let (from_us, to_us) = (from_us.max(span.start_us), to_us.min(span.end_us));
            if to_us <= from_us {
                break;
            }
            give(span, to_us - from_us);
        }
    }
}

/// Returns whether a mark says that something is wrong: waiting for a first value, or being out of
/// service, is not.
fn is_bad_state(quality: Quality) -> bool {
    let nothing_wrong = [
        Quality::BAD_WAITING_FOR_INITIAL_DATA,
        Quality::BAD_OUT_OF_SERVICE,
    ];
    quality.is_bad() && !nothing_wrong.contains(&quality)
}

fn count_source(span: &mut Finding, quality: Quality) {
    span.samples += 1;
    span.uncertain += u64::from(!quality.is_good());
    match quality {
        Quality::UNCERTAIN_RANGE_EXCEEDED => span.out_of_range += 1,
        Quality::UNCERTAIN_SPIKE => span.spikes += 1,
        Quality::UNCERTAIN_FROZEN => span.frozen += 1,
        _ => {}
    }
}

/// Says how many samples were expected in the time in service.
#[expect(clippy::cast_precision_loss, reason = "a share is read to four digits")]
fn expect(span: &mut Finding, expectation: Expectation) {
    let Some(period_us) = expectation.period_us.filter(|_| !expectation.by_exception) else {
        return;
    };
    let served_us = span.end_us - span.start_us - span.out_of_service_us;
    let expected = u64::try_from(served_us / period_us.max(1)).unwrap_or(0);
    span.expected = Some(expected);
    if 0 < expected {
        span.completeness = Some((span.samples as f64 / expected as f64).min(1.0));
    }
}
