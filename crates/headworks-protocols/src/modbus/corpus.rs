//! Register maps of real devices and an exact oracle, for tests and benchmarks of the planner.
//!
//! Each file says what device and manual it is of; all are subsets, written down from knowledge
//! of the manual. What counts here is how the addresses lie: rows without gaps, blocks apart,
//! holes.

use std::collections::BTreeSet;
use std::time::Duration;

use super::planner::{Cost, Item, Learned, Learning, Plan, Rules};
use super::table::{Span, Table};

/// One register map.
#[derive(Clone, Debug)]
pub struct Map {
    /// Name of its file, e.g. `eastron_sdm630`.
    pub name: &'static str,
    /// What is read.
    pub items: Vec<Item>,
}

/// How a plan compares, and how a device is learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Requests that the planner wants, over all maps and lines.
    pub requests: u64,
    /// Requests of the cheapest plans there are.
    pub requests_optimum: u64,
    /// Greatest quotient of the cost of a plan and the least cost there is.
    pub cost_ratio_max: f64,
    /// Most scans until a device that refuses every address without a tag refuses nothing more.
    pub cycles_max: usize,
}

static FILES: &[(&str, &str)] = &[
    ("abb_acs880", include_str!("corpus/abb_acs880.csv")),
    ("danfoss_fc302", include_str!("corpus/danfoss_fc302.csv")),
    ("eastron_sdm630", include_str!("corpus/eastron_sdm630.csv")),
    ("gavazzi_em24", include_str!("corpus/gavazzi_em24.csv")),
    ("huawei_sun2000", include_str!("corpus/huawei_sun2000.csv")),
    (
        "janitza_umg96rm",
        include_str!("corpus/janitza_umg96rm.csv"),
    ),
    (
        "schneider_pm5110",
        include_str!("corpus/schneider_pm5110.csv"),
    ),
    (
        "sma_sunny_tripower",
        include_str!("corpus/sma_sunny_tripower.csv"),
    ),
    (
        "sunspec_inverter_103",
        include_str!("corpus/sunspec_inverter_103.csv"),
    ),
    ("victron_gx", include_str!("corpus/victron_gx.csv")),
];

/// Returns every map.
///
/// # Panics
///
/// When a file is not as it should be; a test reads them all.
pub fn maps() -> Vec<Map> {
    FILES
        .iter()
        .map(|(name, text)| Map {
            name,
            items: parse(name, text),
        })
        .collect()
}

/// Returns every map with the names of its values.
///
/// # Panics
///
/// As [`maps`].
pub fn named_rows() -> Vec<(&'static str, Vec<(&'static str, Span)>)> {
    let rows = |(name, text): &(&'static str, &'static str)| {
        let names = text.lines().filter(|line| !line.starts_with('#')).skip(1);
        let names = names.filter_map(|line| line.rsplit(',').next());
        let spans = parse(name, text).into_iter().map(|item| item.span);
        (*name, names.zip(spans).collect())
    };
    FILES.iter().map(rows).collect()
}

fn parse(name: &str, text: &str) -> Vec<Item> {
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    let items = rows
        .map(|line| parse_row(line).unwrap_or_else(|| panic!("{name}.csv: {line:?} is no row")));
    items.collect()
}

fn parse_row(line: &str) -> Option<Item> {
    let mut fields = line.split(',');
    let table = fields.next()?;
    let table = Table::ALL.into_iter().find(|one| one.name() == table)?;
    let start = fields.next()?.parse().ok()?;
    let count = fields.next()?.parse().ok()?;
    let period = Duration::from_millis(fields.next()?.parse().ok()?);
    Some(Item {
        span: Span {
            table,
            start,
            count,
        },
        period,
    })
}

/// Returns the lines that the corpus is planned for.
pub fn costs() -> [(&'static str, Cost); 3] {
    [
        ("tcp", Cost::TCP),
        ("serial 9600", Cost::serial(9600, Duration::ZERO)),
        ("serial 115200", Cost::serial(115_200, Duration::ZERO)),
    ]
}

/// Returns the requests and the cost of the cheapest plan for spans of one table and period.
///
/// Not the planner's way: it tries, for the first address that is not read yet, every request that
/// could begin there, and remembers what is left.
pub fn optimum(spans: &[Span], rules: &Rules, cost: &Cost) -> (u64, u64) {
    let wanted: BTreeSet<Span> = spans.iter().copied().collect();
    let Some(table) = wanted.first().map(|span| span.table) else {
        return (0, 0);
    };
    let ends: BTreeSet<u32> = wanted.iter().map(Span::end).collect();
    let read = addresses_read(spans);
    // best[a]: what it costs to read all that is not read by requests that end before `a`, where
    // `a` is the end of the last request.
    let mut best: Vec<(u32, (u64, u64))> = Vec::new(); // by end, ascending from the back
    for end in ends.iter().rev().copied().chain([0]) {
        let Some(start) = first_unread(&wanted, end) else {
            best.push((end, (0, 0)));
            continue;
        };
        let choices = best.iter().filter_map(|(next, rest)| {
            let span = request(table, &read, start, *next, rules)?;
            Some((rest.0 + cost.of(&span), rest.1 + 1))
        });
        let least = choices.min().unwrap_or((u64::MAX, u64::MAX));
        best.push((end, least));
    }
    let (cost, requests) = best.last().map_or((0, 0), |(_, least)| *least);
    (requests, cost)
}

/// Returns the lowest start of a span that ends after `end`.
fn first_unread(wanted: &BTreeSet<Span>, end: u32) -> Option<u16> {
    wanted
        .iter()
        .filter(|span| end < span.end())
        .map(|span| span.start)
        .min()
}

/// Returns for each address whether a span has it.
fn addresses_read(spans: &[Span]) -> Vec<bool> {
    let mut read = vec![false; 0x1_0000];
    for span in spans {
        read[span.start.into()..][..span.count.into()].fill(true);
    }
    read
}

/// Returns the request from `start` to `end`, if the rules allow it.
fn request(table: Table, read: &[bool], start: u16, end: u32, rules: &Rules) -> Option<Span> {
    let (limit, gap_max) = if table.is_bits() {
        (rules.bits_max, rules.gap_bits_max)
    } else {
        (rules.registers_max, rules.gap_registers_max)
    };
    let count = u16::try_from(end.checked_sub(start.into())?).ok()?;
    if count == 0 || limit < count {
        return None;
    }
    let addresses = &read[start.into()..][..count.into()];
    let widest = addresses
        .split(|read| *read)
        .map(<[bool]>::len)
        .max()
        .unwrap_or(0);
    (widest <= gap_max.into()).then_some(Span {
        table,
        start,
        count,
    })
}

/// A device that refuses every address that no item has.
#[derive(Clone, Debug)]
pub struct Strict {
    known: BTreeSet<(Table, u32)>,
}

impl Strict {
    /// Returns the device of a map.
    pub fn new(items: &[Item]) -> Strict {
        let addresses = |item: &Item| {
            let Span { table, start, .. } = item.span;
            (u32::from(start)..item.span.end()).map(move |address| (table, address))
        };
        Strict {
            known: items.iter().flat_map(addresses).collect(),
        }
    }

    fn answers(&self, span: &Span) -> bool {
        (u32::from(span.start)..span.end()).all(|one| self.known.contains(&(span.table, one)))
    }

    /// Returns the scans until nothing is refused, nothing when a hundred are not enough.
    pub fn cycles(&self, items: &[Item], rules: &Rules, cost: &Cost) -> Option<usize> {
        let mut learned = Learned::default();
        (1..=100).find(|_| !self.scan(items, rules, cost, &mut learned))
    }

    /// Scans once; returns whether something was refused.
    fn scan(&self, items: &[Item], rules: &Rules, cost: &Cost, learned: &mut Learned) -> bool {
        let plan = Plan::new(items, rules, cost, learned);
        let mut refused = false;
        for scan in &plan.scans {
            for index in 0..scan.requests.len() {
                if self.answers(&scan.requests[index].span) {
                    continue;
                }
                refused = true;
                let mut learning = Learning::new(items, scan, index, rules, learned);
                while let Some(request) = learning.request() {
                    if self.answers(&request.span) {
                        learning.answered();
                    } else {
                        learning.refused();
                    }
                }
                learning.finish(learned, 0);
            }
        }
        refused
    }
}

/// Plans every map for every line, with gaps of 0 to 100 registers allowed.
pub fn figures() -> Figures {
    let mut figures = Figures {
        requests: 0,
        requests_optimum: 0,
        cost_ratio_max: 0.0,
        cycles_max: 0,
    };
    for map in maps() {
        for (_, cost) in costs() {
            for gap_registers_max in [0, 4, 16, 100] {
                let rules = Rules {
                    gap_registers_max,
                    ..Rules::default()
                };
                figures.add(&map.items, &rules, &cost);
            }
        }
    }
    figures
}

impl Figures {
    /// All tags of one period, as the optimum across periods is not what the planner looks for.
    fn add(&mut self, items: &[Item], rules: &Rules, cost: &Cost) {
        let period = Duration::from_secs(1);
        let items: Vec<Item> = items.iter().map(|item| Item { period, ..*item }).collect();
        let plan = Plan::new(&items, rules, cost, &Learned::default());
        let requests: Vec<_> = plan.scans.iter().flat_map(|scan| &scan.requests).collect();
        let paid: u64 = requests.iter().map(|request| cost.of(&request.span)).sum();
        let (mut requests_least, mut cost_least) = (0, 0);
        for table in Table::ALL {
            let spans = items
                .iter()
                .map(|item| item.span)
                .filter(|span| span.table == table);
            let (requests, cost) = optimum(&spans.collect::<Vec<_>>(), rules, cost);
            requests_least += requests;
            cost_least += cost;
        }
        self.requests += requests.len() as u64;
        self.requests_optimum += requests_least;
        #[expect(clippy::cast_precision_loss, reason = "a quotient for people")]
        let ratio = paid as f64 / cost_least as f64;
        self.cost_ratio_max = self.cost_ratio_max.max(ratio);
        let cycles = Strict::new(&items)
            .cycles(&items, rules, cost)
            .unwrap_or(usize::MAX);
        self.cycles_max = self.cycles_max.max(cycles);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_map_is_read_and_says_where_it_comes_from() {
        let maps = maps();
        assert!(6 <= maps.len());
        for (map, (_, text)) in maps.iter().zip(FILES) {
            assert!(20 <= map.items.len(), "{}", map.name);
            assert!(
                text.lines().nth(1).unwrap().starts_with("# Source: "),
                "{}",
                map.name
            );
            let mut spans: Vec<Span> = map.items.iter().map(|item| item.span).collect();
            spans.sort_unstable();
            for pair in spans.windows(2) {
                let apart = pair[0].end() <= pair[1].start.into();
                assert!(apart, "{}: {} and {} overlap", map.name, pair[0], pair[1]);
            }
        }
    }

    #[test]
    fn the_planner_finds_the_optimum_of_every_map_and_learns_it_in_three_cycles() {
        let figures = figures();
        assert_eq!(figures.requests, figures.requests_optimum);
        assert!(figures.cost_ratio_max <= 1.0, "{figures:?}");
        assert!(figures.cycles_max <= 3, "{figures:?}");
        assert!(
            2 <= figures.cycles_max,
            "else the device would have refused nothing"
        );
    }

    /// Returns the least cost over every way to put spans into groups, by trying all of them.
    fn brute_force(
        spans: &[Span],
        groups: &mut Vec<Vec<Span>>,
        read: &[bool],
        rules: &Rules,
    ) -> u64 {
        let cost = Cost {
            request_ns: 100,
            byte_ns: 3,
        };
        let Some((first, rest)) = spans.split_first() else {
            let requests = groups.iter().map(|group| {
                let start = group.iter().map(|span| span.start).min()?;
                request(
                    group[0].table,
                    read,
                    start,
                    group.iter().map(Span::end).max()?,
                    rules,
                )
            });
            let costs = requests.map(|span| span.map(|span| cost.of(&span)));
            return costs.sum::<Option<u64>>().unwrap_or(u64::MAX);
        };
        let mut least = u64::MAX;
        for index in 0..=groups.len() {
            if index == groups.len() {
                groups.push(Vec::new());
            }
            groups[index].push(*first);
            least = least.min(brute_force(rest, groups, read, rules));
            groups[index].pop();
            if groups[index].is_empty() {
                groups.pop();
            }
        }
        least
    }

    fn check_against_brute_force(spans: &[Span], rules: &Rules) {
        let cost = Cost {
            request_ns: 100,
            byte_ns: 3,
        };
        let period = Duration::from_secs(1);
        let items: Vec<Item> = spans
            .iter()
            .map(|span| Item {
                span: *span,
                period,
            })
            .collect();
        let plan = Plan::new(&items, rules, &cost, &Learned::default());
        let requests = plan.scans.iter().flat_map(|scan| &scan.requests);
        let paid: u64 = requests.map(|request| cost.of(&request.span)).sum();
        let least = brute_force(spans, &mut Vec::new(), &addresses_read(spans), rules);
        assert_eq!(paid, least, "{spans:?}");
        assert_eq!(
            optimum(spans, rules, &cost).1,
            least,
            "the oracle: {spans:?}"
        );
    }

    #[test]
    fn windows_of_every_map_are_planned_as_cheaply_as_brute_force_can() {
        let rules = Rules {
            registers_max: 20,
            ..Rules::default()
        };
        for map in maps() {
            let mut spans: Vec<Span> = map.items.iter().map(|item| item.span).collect();
            spans.sort_unstable();
            spans.retain(|span| span.count <= rules.registers_max);
            for window in spans.windows(7).step_by(3) {
                if window[0].table == window[6].table {
                    check_against_brute_force(window, &rules);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn random_maps_are_planned_as_cheaply_as_brute_force_can(
            wanted in prop::collection::btree_set((0_u16..120, 1_u16..12), 1..8),
            gap_registers_max in 0_u16..40,
            registers_max in 12_u16..60,
        ) {
            let rules = Rules { gap_registers_max, registers_max, ..Rules::default() };
            let spans: Vec<Span> = wanted
                .into_iter()
                .map(|(start, count)| Span { table: Table::Holding, start, count })
                .collect();
            check_against_brute_force(&spans, &rules);
        }
    }
}
