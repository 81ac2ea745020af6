//! One device: what it is asked, what its answers mean, how it fares.

mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use headworks_core::{Quality, RegisterFormat, TagIndex, Update};
use tokio::sync::oneshot;

use super::check::{Tag, UnitConfig};
use super::exception::ExceptionCode;
use super::median::Median;
use super::pdu::Request;
use super::planner::{Cost, Item, Learned, Learning, Plan, Rules};
use super::table::Span;
use super::write::WriteJob;
use crate::driver::PollReport;
use crate::poll::{self, DeviceKey, Turn};
use crate::stats::DeviceStats;

/// The two clocks at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Microseconds on a clock that never jumps.
    pub(super) us: u64,
    /// Microseconds since 1970-01-01 UTC.
    pub(super) wall_us: i64,
}

/// A device and all that is known of it.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) config: UnitConfig,
    pub(super) key: DeviceKey,
    pub(super) stats: Arc<DeviceStats>,
    /// The request that the scheduler has dealt out and that is not finished.
    pub(super) turn: Option<Turn>,
    /// A write under way; it goes before the turn.
    pub(super) job: Option<WriteJob>,
    /// Whether a request waits for its answer.
    pub(super) on_wire: bool,
    /// The device wants its rest until then.
    pub(super) not_before_us: u64,
    /// Times the present request was sent in vain.
    pub(super) attempt: u32,
    /// Times in a row that the device was given up; 0 while it answers.
    pub(super) silences: u32,
    /// How late the last late answer was, since the request, in microseconds.
    pub(super) late_us: Option<u64>,
    pub(super) round_trip: Median,
    /// When the last request was sent that got no answer in time, until an answer is trusted.
    pub(super) expired_us: Option<u64>,
    /// Whether the line is listened to for an answer that would show the last one to be late.
    pub(super) is_proving: bool,
    /// Whether function 22 was refused as unknown.
    pub(super) knows_no_mask: bool,
    /// Grows with each change of tags, so that an answer to an older plan is not misread.
    pub(super) generation: u32,
    cost: Cost,
    points: Vec<Point>, // by item
    states: Vec<TagState>,
    items: Vec<Item>,
    plan: Plan,
    scans: Vec<ScanState>, // those of the plan, in its order
    learned: Learned,
    search: Option<Search>,
    probe: Option<Span>,
    rests: BTreeMap<Span, Rest>,
    polls: Vec<PollJob>,
    last_error: Option<String>,
}

/// What decoding needs of a tag, small.
#[derive(Clone, Copy, Debug)]
struct Point {
    index: TagIndex,
    start: u16,
    registers: u16,
    format: RegisterFormat,
}

/// What was last sent of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TagState {
    Unknown,
    Good,
    Bad(Quality),
}

#[derive(Clone, Copy, Debug)]
struct ScanState {
    period_us: u64,
    at: usize,
    pass: u32,
    /// Tags that are wanted less often are read too.
    full: bool,
}

/// A search for what was refused, within a scan.
#[derive(Debug)]
struct Search {
    period_us: u64,
    learning: Learning,
    code: ExceptionCode,
}

/// A request that is refused for reasons of the device is asked less often.
#[derive(Clone, Copy, Debug)]
struct Rest {
    until_us: u64,
    refusals: u32,
}

/// Somebody waits until every tag was read.
#[derive(Debug)]
struct PollJob {
    waiting: Vec<u64>, // periods whose next scan has not begun
    running: Vec<u64>, // periods whose scan has begun
    reply: oneshot::Sender<PollReport>,
}

/// What a read is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A request of the plan.
    Planned { scan: usize, request: usize },
    /// A step of the search in a scan.
    Search,
    /// A span that was refused long ago.
    Probe,
}

/// Period of a device whose every tag is refused: only its probes are left.
const PROBE_PERIOD_US: u64 = 60_000_000;

impl Unit {
    pub(super) fn new(
        config: UnitConfig,
        key: DeviceKey,
        stats: Arc<DeviceStats>,
        cost: Cost,
    ) -> Unit {
        let mut unit = Unit {
            key,
            stats,
            turn: None,
            job: None,
            on_wire: false,
            not_before_us: 0,
            attempt: 0,
            silences: 0,
            late_us: None,
            round_trip: Median::default(),
            expired_us: None,
            is_proving: false,
            knows_no_mask: false,
            generation: 0,
            cost,
            points: points(&config.tags),
            states: vec![TagState::Unknown; config.tags.len()],
            items: items(&config.tags),
            plan: Plan::default(),
            scans: Vec::new(),
            learned: Learned::default(),
            search: None,
            probe: None,
            rests: BTreeMap::new(),
            polls: Vec::new(),
            last_error: None,
            config,
        };
        unit.make_plan();
        unit
    }

    /// Takes over new settings and tags; what was learned stays while the device is the same.
    pub(super) fn reconfigure(&mut self, config: UnitConfig) {
        if config.settings != self.config.settings {
            self.learned = Learned::default();
            self.knows_no_mask = false;
        }
        let old: BTreeMap<TagIndex, (Point, TagState)> = self
            .points
            .iter()
            .zip(&self.states)
            .map(|(point, state)| (point.index, (*point, *state)))
            .collect();
        self.points = points(&config.tags);
        self.states = self
            .points
            .iter()
            .map(|point| match old.get(&point.index) {
                Some((before, state)) if before.is_same(point) => *state,
                _ => TagState::Unknown,
            })
            .collect();
        self.items = items(&config.tags);
        self.config = config;
        self.search = None;
        self.probe = None;
        self.rests.clear();
        self.make_plan();
    }

    /// Returns the periods in which the device is to be scanned.
    pub(super) fn periods(&self) -> Vec<u64> {
        if self.scans.is_empty() && !self.items.is_empty() {
            return vec![PROBE_PERIOD_US];
        }
        self.scans.iter().map(|scan| scan.period_us).collect()
    }

    fn make_plan(&mut self) {
        let settings = &self.config.settings;
        let rules = rules(settings);
        self.plan = Plan::new(&self.items, &rules, &self.cost, &self.learned);
        let old = std::mem::take(&mut self.scans);
        self.scans = self
            .plan
            .scans
            .iter()
            .map(|scan| {
                let period_us = u64::try_from(scan.period.as_micros()).unwrap_or(u64::MAX);
                let before = old.iter().find(|one| one.period_us == period_us);
                ScanState {
                    period_us,
                    at: 0,
                    pass: before.map_or(0, |one| one.pass),
                    full: before.is_none_or(|one| one.full),
                }
            })
            .collect();
        self.generation = self.generation.wrapping_add(1);
        let periods = self.periods();
        for poll in &mut self.polls {
            poll.waiting.retain(|period| periods.contains(period));
            poll.running.retain(|period| periods.contains(period));
        }
    }

    fn scan_index(&self, period_us: u64) -> Option<usize> {
        let same = |scan: &ScanState| scan.period_us == period_us;
        self.scans.iter().position(same)
    }

    /// A scan begins.
    pub(super) fn begin_scan(&mut self, period_us: u64, scheduled: bool, now: Now) {
        self.probe = self.learned.probe(now.us);
        for poll in &mut self.polls {
            if let Some(index) = poll.waiting.iter().position(|one| *one == period_us) {
                poll.waiting.swap_remove(index);
                poll.running.push(period_us);
            }
        }
        if let Some(scan) = self.scan_index(period_us) {
            let scan = &mut self.scans[scan];
            scan.at = 0;
            scan.pass = scan.pass.wrapping_add(1);
            scan.full = !scheduled;
        }
    }

    /// Returns the next read of the scan of a period, or nothing when it has no more.
    pub(super) fn next_read(&mut self, period_us: u64, now: Now) -> Option<(Purpose, Request)> {
        let scan = self.scan_index(period_us);
        if let Some(search) = &self.search
            && search.period_us == period_us
            && let Some(request) = search.learning.request()
        {
            return Some((Purpose::Search, read(request.span)));
        }
        if let Some(scan) = scan
            && let Some(request) = self.next_planned(scan, now)
        {
            let span = self.plan.scans[scan].requests[request].span;
            return Some((Purpose::Planned { scan, request }, read(span)));
        }
        self.probe.map(|span| (Purpose::Probe, read(span)))
    }

    /// Moves past requests that rest.
    fn next_planned(&mut self, scan: usize, now: Now) -> Option<usize> {
        let requests = &self.plan.scans[scan].requests;
        let state = &mut self.scans[scan];
        while let Some(request) = requests.get(state.at) {
            let rest = self.rests.get(&request.span);
            if state.full || rest.is_none_or(|rest| rest.until_us <= now.us) {
                return Some(state.at);
            }
            state.at += 1;
        }
        None
    }

    /// Takes the data of a read; returns whether the scan has more to ask.
    pub(super) fn answered(
        &mut self,
        purpose: Purpose,
        period_us: u64,
        data: &[u8],
        now: Now,
        updates: &mut Vec<Update>,
    ) -> bool {
        self.alive();
        match purpose {
            Purpose::Planned { scan, request } => {
                let plan = std::mem::take(&mut self.plan);
                let request = &plan.scans[scan].requests[request];
                let state = self.scans[scan];
                let pass = if state.full { 0 } else { state.pass };
                self.decode(request.span, &request.members, pass, data, now, updates);
                if !self.rests.is_empty() {
                    self.rests.remove(&request.span);
                }
                self.plan = plan;
                self.scans[scan].at += 1;
            }
            Purpose::Search => {
                if let Some(mut search) = self.search.take() {
                    if let Some(request) = search.learning.request() {
                        let request = request.clone();
                        self.decode(request.span, &request.members, 0, data, now, updates);
                    }
                    search.learning.answered();
                    self.search = Some(search);
                }
            }
            Purpose::Probe => {
                if let Some(span) = self.probe.take() {
                    self.learned.is_legal_again(span);
                    self.make_plan();
                    self.skip_to(period_us, None);
                }
            }
        }
        self.has_more(period_us, now, updates)
    }

    /// Takes a refusal of a read; returns whether the scan has more to ask.
    pub(super) fn refused(
        &mut self,
        purpose: Purpose,
        period_us: u64,
        code: ExceptionCode,
        now: Now,
        updates: &mut Vec<Update>,
    ) -> bool {
        self.alive();
        self.last_error = Some(code.to_string());
        let is_address = matches!(code.0, 2 | 3);
        match purpose {
            Purpose::Planned { scan, request } if is_address && self.search.is_none() => {
                let rules = rules(&self.config.settings);
                let planned = &self.plan.scans[scan];
                let learning = Learning::new(&self.items, planned, request, &rules, &self.learned);
                self.search = Some(Search {
                    period_us,
                    learning,
                    code,
                });
                self.scans[scan].at += 1;
            }
            Purpose::Planned { scan, request } => {
                self.fail_request(scan, request, code.quality(), now, updates);
            }
            Purpose::Search if is_address => {
                if let Some(search) = &mut self.search {
                    search.learning.refused();
                }
            }
            Purpose::Search => self.end_search(now, updates),
            Purpose::Probe => self.probe = None,
        }
        self.has_more(period_us, now, updates)
    }

    /// Gives a request up whose answers were broken; returns whether the scan has more to ask.
    pub(super) fn broken(
        &mut self,
        purpose: Purpose,
        period_us: u64,
        error: String,
        now: Now,
        updates: &mut Vec<Update>,
    ) -> bool {
        self.last_error = Some(error);
        match purpose {
            Purpose::Planned { scan, request } => {
                self.fail_request(scan, request, Quality::BAD_DECODING, now, updates);
            }
            Purpose::Search => self.end_search(now, updates),
            Purpose::Probe => self.probe = None,
        }
        self.has_more(period_us, now, updates)
    }

    fn fail_request(
        &mut self,
        scan: usize,
        request: usize,
        quality: Quality,
        now: Now,
        updates: &mut Vec<Update>,
    ) {
        let plan = std::mem::take(&mut self.plan);
        let request = &plan.scans[scan].requests[request];
        for member in &request.members {
            self.bad(member.item, quality, now, updates);
        }
        let refusals = self.rests.get(&request.span).map_or(0, |one| one.refusals) + 1;
        let until_us = now.us + poll::back_off_us(refusals);
        self.rests.insert(request.span, Rest { until_us, refusals });
        self.plan = plan;
        self.scans[scan].at += 1;
    }

    fn alive(&mut self) {
        self.attempt = 0;
        self.silences = 0;
        self.late_us = None;
    }

    /// Ends a finished search; returns whether the scan has more to ask, else ends it.
    fn has_more(&mut self, period_us: u64, now: Now, updates: &mut Vec<Update>) -> bool {
        let is_done = |search: &Search| search.learning.request().is_none();
        if self.search.as_ref().is_some_and(is_done) {
            self.end_search(now, updates);
        }
        let more = self.next_read(period_us, now).is_some();
        if !more {
            self.end_scan(period_us);
        }
        more
    }

    /// Keeps what the search has found and plans anew.
    fn end_search(&mut self, now: Now, updates: &mut Vec<Update>) {
        let Some(search) = self.search.take() else {
            return;
        };
        let scan = self.scan_index(search.period_us);
        if !search.learning.finish(&mut self.learned, now.us) {
            return;
        }
        // What is behind the refused request is still asked in this scan, by the new plan.
        let behind = scan.and_then(|scan| {
            let requests = &self.plan.scans[scan].requests;
            Some(requests.get(self.scans[scan].at)?.span)
        });
        self.make_plan();
        self.skip_to(search.period_us, behind);
        let missing: Vec<usize> = [&self.plan.illegal, &self.plan.too_long]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        for item in missing {
            self.bad(item, search.code.quality(), now, updates);
        }
    }

    /// Moves a scan to the first request that ends behind the start of `span`, or to its end.
    fn skip_to(&mut self, period_us: u64, span: Option<Span>) {
        let Some(scan) = self.scan_index(period_us) else {
            return;
        };
        let requests = &self.plan.scans[scan].requests;
        let behind = |span: Span| {
            let later = |one: &Span| {
                span.table < one.table
                    || (span.table == one.table && u32::from(span.start) < one.end())
            };
            requests.iter().position(|request| later(&request.span))
        };
        self.scans[scan].at = span.and_then(behind).unwrap_or(requests.len());
    }

    fn end_scan(&mut self, period_us: u64) {
        for poll in &mut self.polls {
            poll.running.retain(|one| *one != period_us);
        }
        self.reply_polls();
    }

    /// Returns how long an answer is waited for, in microseconds.
    pub(super) fn timeout_us(&self) -> u64 {
        u64::try_from(self.config.timeout.as_micros()).unwrap_or(u64::MAX)
    }

    /// Returns what to say when the device does not answer.
    pub(super) fn silence_text(&self) -> String {
        let unit_id = self.config.settings.unit_id;
        let timeout_ms = self.config.timeout.as_millis();
        match self.late_us {
            Some(late_us) => format!(
                "unit {unit_id} answers too late, after {} ms of {timeout_ms}; raise timeout_ms",
                late_us / 1000
            ),
            None => format!(
                "unit {unit_id} does not answer within {timeout_ms} ms; check that it is on and \
                 that unit_id is right"
            ),
        }
    }
}

fn read(span: Span) -> Request {
    Request::Read {
        table: span.table,
        start: span.start,
        count: span.count,
    }
}

fn rules(settings: &super::settings::DeviceSettings) -> Rules {
    Rules {
        registers_max: settings.max_registers,
        bits_max: settings.max_bits,
        gap_registers_max: settings.gap_max,
        gap_bits_max: settings.gap_max.saturating_mul(16),
        forbidden: Vec::new(),
    }
}

fn points(tags: &[Tag]) -> Vec<Point> {
    tags.iter()
        .map(|tag| Point {
            index: tag.index,
            start: tag.span.start,
            registers: tag.span.count,
            format: tag.format,
        })
        .collect()
}

fn items(tags: &[Tag]) -> Vec<Item> {
    tags.iter()
        .map(|tag| Item {
            span: tag.span,
            period: tag.period,
        })
        .collect()
}
