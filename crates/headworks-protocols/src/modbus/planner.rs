//! Which requests to send: the cheapest set that reads all tags of a device.
//!
//! **Cost.** A request costs [`Cost::request_ns`] plus [`Cost::byte_ns`] for each byte of data in
//! its answer (two per register, one per eight bits). Reading unwanted registers between two tags
//! is worth while when it costs less than another request.
//!
//! **Rules.** A request lies in one table, asks for at most the limit of the device, spans no gap
//! wider than allowed, and nothing that the device is known to refuse ([`Learned`]). A tag is read
//! whole, by one request.
//!
//! **Optimum.** Spans inside others are dropped; then starts and ends both ascend, some cheapest
//! set is a partition of that row into neighbours, and dynamic programming over it finds the
//! cheapest, in time `tags x limit`. Equal costs are decided by fewer requests.
//!
//! **Rates.** Each period is planned for itself, the shortest first. A slower tag that lies wholly
//! inside a request of a faster period rides along, which is free; it is wanted at every n-th scan
//! only, where n is the slow period divided by the fast one, rounded down, so that it is read a
//! little too often rather than too rarely. A fast request is never made longer for a slow tag,
//! so that over several periods together the plan need not be the optimum.

mod learning;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use super::table::{Span, Table};
pub use learning::{Learned, Learning};

/// Something to be read: the span of one tag and how often it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// Where it is; a bit of a register is a span of one register.
    pub span: Span,
    /// Time between reads.
    pub period: Duration,
}

/// What a device allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Most registers of one request, at most 125.
    pub registers_max: u16,
    /// Most bits of one request, at most 2000.
    pub bits_max: u16,
    /// Most unwanted registers between two tags of one request.
    pub gap_registers_max: u16,
    /// Most unwanted bits between two tags of one request.
    pub gap_bits_max: u16,
    /// Spans that must not be read between tags; a tag inside one is read all the same.
    pub forbidden: Vec<Span>,
}

/// What reading costs, in nanoseconds of the link's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// A request whatever its length: round trip, frame bytes, pause.
    pub request_ns: u64,
    /// Each byte of data in the answer.
    pub byte_ns: u64,
}

/// All requests of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Requests by period, the shortest period first.
    pub scans: Vec<Scan>,
    /// Items longer than one request may be, by their index; no request reads them.
    pub too_long: Vec<usize>,
    /// Items that the device refuses whatever is read with them, by their index; no request reads
    /// them.
    pub illegal: Vec<usize>,
}

/// The requests of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Time between scans.
    pub period: Duration,
    /// By table and address.
    pub requests: Vec<Request>,
}

/// One read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What to ask for.
    pub span: Span,
    /// What is wanted of the answer.
    pub members: Vec<Member>,
}

/// An item that a request reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Index of the item in the slice that was planned.
    pub item: usize,
    /// It is wanted at every n-th scan, 1 for every one.
    pub every: u32,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            registers_max: 125,
            bits_max: 2000,
            gap_registers_max: 16,
            gap_bits_max: 256,
            forbidden: Vec::new(),
        }
    }
}

impl Rules {
    fn read_max(&self, table: Table, learned: &Learned) -> u16 {
        let configured = if table.is_bits() {
            self.bits_max
        } else {
            self.registers_max
        };
        let known = learned.read_max(table).unwrap_or(u16::MAX);
        configured.min(known).min(table.read_max()).max(1)
    }

    fn gap_max(&self, table: Table) -> u16 {
        if table.is_bits() {
            self.gap_bits_max
        } else {
            self.gap_registers_max
        }
    }

    /// Returns whether two neighbours may share a request as far as the gap between them goes.
    fn may_join(&self, before: &Span, after: &Span) -> bool {
        let (from, to) = (before.end(), u32::from(after.start));
        if to <= from {
            return true; // they touch or overlap
        }
        let free = |bad: &Span| {
            bad.table != before.table || to <= u32::from(bad.start) || bad.end() <= from
        };
        to - from <= self.gap_max(before.table).into() && self.forbidden.iter().all(free)
    }
}

impl Cost {
    /// A device on a local network: 2 ms from request to answer, of which the network takes
    /// little, and 1 us per byte that the device needs to gather its data.
    pub const TCP: Cost = Cost {
        request_ns: 2_000_000,
        byte_ns: 1_000,
    };

    /// Bytes of a request and its answer besides the data: 8 and 5 in RTU.
    const RTU_FRAME_BYTES: u64 = 13;
    /// Time in which a typical device makes up its answer.
    const SERIAL_DEVICE_NS: u64 = 5_000_000;

    /// Returns the cost on a serial line: 11 bits a byte, 13 bytes of frame, two silences of 3.5
    /// characters (1.75 ms above 19200 Bd), 5 ms of the device and the configured pause.
    pub fn serial(baud: u32, pause: Duration) -> Cost {
        let byte_ns = 11 * 1_000_000_000 / u64::from(baud.max(1));
        let silence_ns = if 19_200 < baud {
            1_750_000
        } else {
            byte_ns * 7 / 2
        };
        let frame_ns = Self::RTU_FRAME_BYTES * byte_ns + 2 * silence_ns;
        let request_ns = frame_ns + Self::SERIAL_DEVICE_NS;
        Cost {
            request_ns,
            byte_ns,
        }
        .with_pause(pause)
    }

    /// Returns the cost with a pause after each request.
    #[must_use]
    pub fn with_pause(self, pause: Duration) -> Cost {
        let pause_ns = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        Cost {
            request_ns: self.request_ns.saturating_add(pause_ns),
            ..self
        }
    }

    /// Returns the cost of one request.
    pub fn of(&self, span: &Span) -> u64 {
        let count = u64::from(span.count);
        let bytes = if span.table.is_bits() {
            count.div_ceil(8)
        } else {
            2 * count
        };
        self.request_ns.saturating_add(bytes * self.byte_ns)
    }
}

impl Plan {
    /// Returns the cheapest plan for `items`.
    pub fn new(items: &[Item], rules: &Rules, cost: &Cost, learned: &Learned) -> Plan {
        let mut plan = Plan::default();
        let mut wanted = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if rules.read_max(item.span.table, learned) < item.span.count {
                plan.too_long.push(index);
            } else if learned.is_illegal(&item.span) {
                plan.illegal.push(index);
            } else {
                wanted.push(index);
            }
        }
        let mut periods: Vec<Duration> = wanted.iter().map(|&index| items[index].period).collect();
        periods.sort_unstable();
        periods.dedup();
        for period in periods {
            let group: Vec<usize> = wanted
                .iter()
                .copied()
                .filter(|&index| items[index].period == period)
                .collect();
            let group = plan.give_rides(items, group);
            let requests = plan_group(items, &group, rules, cost, learned);
            if !requests.is_empty() {
                plan.scans.push(Scan { period, requests });
            }
        }
        plan
    }

    /// Puts the items that a faster request reads anyway into it; returns the others.
    fn give_rides(&mut self, items: &[Item], group: Vec<usize>) -> Vec<usize> {
        let mut left = Vec::new();
        for index in group {
            let Item { span, period } = items[index];
            let fits = |request: &&mut Request| request.span.contains(&span);
            let slowest_first = self.scans.iter_mut().rev();
            let ride = slowest_first
                .filter_map(|scan| Some((scan.period, scan.requests.iter_mut().find(fits)?)))
                .next();
            match ride {
                Some((fast, request)) => {
                    let every = period.as_nanos() / fast.as_nanos().max(1);
                    let every = u32::try_from(every).unwrap_or(u32::MAX);
                    request.members.push(Member { item: index, every });
                }
                None => left.push(index),
            }
        }
        left
    }
}

/// Returns the cheapest requests for items of one period, by table and address.
fn plan_group(
    items: &[Item],
    group: &[usize],
    rules: &Rules,
    cost: &Cost,
    learned: &Learned,
) -> Vec<Request> {
    let spans = maximal(group.iter().map(|&index| items[index].span).collect());
    let mut requests: Vec<Request> = Vec::new();
    for row in spans.chunk_by(|one, other| one.table == other.table) {
        requests.extend(
            partition(row, rules, cost, learned)
                .into_iter()
                .map(Request::empty),
        );
    }
    for &index in group {
        let span = items[index].span;
        // Ascending starts and ends: the first request that ends late enough holds the span.
        let key = |request: &Request| (request.span.table, request.span.end());
        let at = requests.partition_point(|request| key(request) < (span.table, span.end()));
        debug_assert!(
            requests[at].span.contains(&span),
            "{span} is not in {:?}",
            requests[at]
        );
        requests[at].members.push(Member {
            item: index,
            every: 1,
        });
    }
    requests
}

/// Returns the spans that lie in no other, by table and address: starts and ends both ascend.
fn maximal(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|span| (span.table, span.start, std::cmp::Reverse(span.count)));
    let mut row: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        if !row.last().is_some_and(|last| last.contains(&span)) {
            row.push(span);
        }
    }
    row
}

/// Returns the cheapest partition of a row of maximal spans into requests.
fn partition(row: &[Span], rules: &Rules, cost: &Cost, learned: &Learned) -> Vec<Span> {
    let limit = rules.read_max(row[0].table, learned);
    let joins: Vec<bool> = row
        .windows(2)
        .map(|pair| rules.may_join(&pair[0], &pair[1]))
        .collect();
    let reach: Vec<u32> = row.iter().map(|span| learned.reach(span)).collect();
    // best[i]: cost and number of requests for the first i spans, and where the last one begins.
    let mut best = vec![(0_u64, 0_u32, 0_usize); row.len() + 1];
    for last in 0..row.len() {
        best[last + 1].0 = u64::MAX;
        for first in (0..=last).rev() {
            let hull = hull(&row[first..=last]);
            let joined = first == last || (joins[first] && row[last].end() <= reach[first]);
            if limit < hull.count || !joined {
                break; // every earlier start is longer and spans the same
            }
            let (paid, requests, _) = best[first];
            let total = paid.saturating_add(cost.of(&hull));
            if (total, requests + 1) < (best[last + 1].0, best[last + 1].1) {
                best[last + 1] = (total, requests + 1, first);
            }
        }
    }
    cut(row, &best)
}

/// Follows the choices of the dynamic programme back to the requests.
fn cut(row: &[Span], best: &[(u64, u32, usize)]) -> Vec<Span> {
    let mut requests = Vec::new();
    let mut end = row.len();
    while 0 < end {
        let first = best[end].2;
        requests.push(hull(&row[first..end]));
        end = first;
    }
    requests.reverse();
    requests
}

/// Returns the span from the first of a row of maximal spans to the last.
fn hull(row: &[Span]) -> Span {
    let count = row[row.len() - 1].end() - u32::from(row[0].start);
    Span {
        count: u16::try_from(count).unwrap_or(u16::MAX),
        ..row[0]
    }
}

impl Request {
    fn empty(span: Span) -> Request {
        Request {
            span,
            members: Vec::new(),
        }
    }
}
