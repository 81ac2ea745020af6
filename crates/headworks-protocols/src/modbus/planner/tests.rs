use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn holding(start: u16, count: u16) -> Span {
    Span {
        table: Table::Holding,
        start,
        count,
    }
}

fn item(start: u16, count: u16) -> Item {
    Item {
        span: holding(start, count),
        period: SECOND,
    }
}

fn items(wanted: &[(u16, u16)]) -> Vec<Item> {
    wanted
        .iter()
        .map(|&(start, count)| item(start, count))
        .collect()
}

fn spans(plan: &Plan) -> Vec<(u16, u16)> {
    let requests = plan.scans.iter().flat_map(|scan| &scan.requests);
    requests
        .map(|request| (request.span.start, request.span.count))
        .collect()
}

/// Every item is read whole by the request that says so, once.
fn check_members(items: &[Item], plan: &Plan) {
    let mut seen = vec![0; items.len()];
    for scan in &plan.scans {
        for request in &scan.requests {
            for member in &request.members {
                assert!(request.span.contains(&items[member.item].span));
                seen[member.item] += 1;
            }
        }
    }
    plan.too_long
        .iter()
        .chain(&plan.illegal)
        .for_each(|&index| seen[index] += 1);
    assert!(seen.iter().all(|count| *count == 1), "{seen:?}");
}

#[track_caller]
fn check_plan(wanted: &[(u16, u16)], gap_registers_max: u16, want: &[(u16, u16)]) {
    let rules = Rules {
        gap_registers_max,
        ..Rules::default()
    };
    let items = items(wanted);
    let plan = Plan::new(&items, &rules, &Cost::TCP, &Learned::default());
    assert_eq!(spans(&plan), want);
    check_members(&items, &plan);
}

#[test]
fn neighbours_share_a_read() {
    check_plan(&[(0, 2), (2, 2), (10, 1)], 0, &[(0, 4), (10, 1)]);
    check_plan(&[(0, 2), (2, 2), (10, 1)], 6, &[(0, 11)]);
    check_plan(&[(0, 2), (2, 2), (10, 1)], 5, &[(0, 4), (10, 1)]);
}

#[test]
fn order_and_repetition_do_not_matter() {
    check_plan(
        &[(10, 1), (0, 2), (2, 2), (0, 2), (1, 1)],
        0,
        &[(0, 4), (10, 1)],
    );
}

#[test]
fn nothing_is_planned_for_nothing() {
    check_plan(&[], 16, &[]);
}

#[test]
fn a_tag_inside_another_and_overlapping_tags_are_read_with_it() {
    check_plan(&[(0, 20), (5, 2), (18, 4), (21, 1)], 0, &[(0, 22)]);
}

#[test]
fn the_limit_divides_and_no_tag_is_cut() {
    let items: Vec<Item> = (0..100).map(|index| item(index * 2, 2)).collect();
    let plan = Plan::new(&items, &Rules::default(), &Cost::TCP, &Learned::default());
    let requests = spans(&plan);
    assert_eq!(requests.len(), 2);
    assert_eq!(requests.iter().map(|request| request.1).sum::<u16>(), 200);
    assert!(
        requests
            .iter()
            .all(|request| request.1 <= 125 && request.1 % 2 == 0)
    );
    check_members(&items, &plan);
}

#[test]
fn the_last_address_can_be_read() {
    check_plan(
        &[(65_534, 2), (65_410, 1)],
        125,
        &[(65_410, 1), (65_534, 2)],
    );
    check_plan(&[(65_534, 2), (65_411, 1)], 125, &[(65_411, 125)]);
}

#[test]
fn an_item_longer_than_the_device_allows_is_named() {
    let rules = Rules {
        registers_max: 10,
        ..Rules::default()
    };
    let items = items(&[(0, 11), (20, 10)]);
    let plan = Plan::new(&items, &rules, &Cost::TCP, &Learned::default());
    assert_eq!(
        (plan.too_long.as_slice(), spans(&plan)),
        ([0].as_slice(), vec![(20, 10)])
    );
    check_members(&items, &plan);
}

#[test]
fn a_gap_is_read_only_when_that_is_cheaper() {
    let items = items(&[(0, 1), (11, 1)]);
    let plan = |byte_ns| {
        let cost = Cost {
            request_ns: 100,
            byte_ns,
        };
        spans(&Plan::new(
            &items,
            &Rules::default(),
            &cost,
            &Learned::default(),
        ))
    };
    assert_eq!(plan(4), [(0, 12)], "20 bytes of gap for 80 against 100");
    assert_eq!(plan(5), [(0, 12)], "as dear: fewer requests");
    assert_eq!(plan(6), [(0, 1), (11, 1)]);
}

#[test]
fn forbidden_spans_lie_between_requests_but_do_not_hide_tags() {
    let forbidden = vec![holding(5, 1)];
    let rules = Rules {
        forbidden,
        ..Rules::default()
    };
    let wanted = items(&[(0, 2), (8, 1), (10, 1)]);
    let plan = Plan::new(&wanted, &rules, &Cost::TCP, &Learned::default());
    assert_eq!(spans(&plan), [(0, 2), (8, 3)]);
    let wanted = items(&[(4, 2), (6, 1)]);
    let plan = Plan::new(&wanted, &rules, &Cost::TCP, &Learned::default());
    assert_eq!(spans(&plan), [(4, 3)]);
}

#[test]
fn tables_and_periods_are_never_mixed() {
    let coil = Span {
        table: Table::Coil,
        start: 0,
        count: 1,
    };
    let slow = Item {
        period: 10 * SECOND,
        ..item(2, 1)
    };
    let items = [
        item(0, 1),
        Item {
            span: coil,
            period: SECOND,
        },
        slow,
        item(1, 1),
    ];
    let plan = Plan::new(&items, &Rules::default(), &Cost::TCP, &Learned::default());
    let periods: Vec<_> = plan.scans.iter().map(|scan| scan.period).collect();
    assert_eq!(periods, [SECOND, 10 * SECOND]);
    assert_eq!(plan.scans[0].requests.len(), 2);
    assert_eq!(spans(&plan), [(0, 1), (0, 2), (2, 1)]);
    check_members(&items, &plan);
}

#[test]
fn a_slower_tag_rides_along_when_that_is_free() {
    let slow = Item {
        period: Duration::from_millis(3500),
        ..item(5, 1)
    };
    let items = [item(0, 1), slow, item(10, 1)];
    let plan = Plan::new(&items, &Rules::default(), &Cost::TCP, &Learned::default());
    assert_eq!(spans(&plan), [(0, 11)]);
    let want = Member { item: 1, every: 3 };
    assert!(
        plan.scans[0].requests[0].members.contains(&want),
        "{plan:?}"
    );
    check_members(&items, &plan);
}

#[test]
fn serial_costs_follow_the_line() {
    let cost = Cost::serial(9600, Duration::ZERO);
    assert_eq!(cost.byte_ns, 1_145_833);
    assert_eq!(cost.request_ns, 13 * 1_145_833 + 2 * 4_010_415 + 5_000_000);
    assert_eq!(cost.of(&holding(0, 10)), cost.request_ns + 20 * 1_145_833);
    let paused = Cost::serial(9600, Duration::from_millis(2));
    assert_eq!(paused.request_ns, cost.request_ns + 2_000_000);
    let coils = Span {
        table: Table::Coil,
        start: 0,
        count: 9,
    };
    assert_eq!(cost.of(&coils), cost.request_ns + 2 * 1_145_833);
}

/// A device that refuses what a real one would: addresses it lacks, reads across the borders of
/// its blocks, reads longer than it likes.
#[derive(Debug)]
struct Device {
    lacks: Vec<u16>,
    blocks: Vec<u16>, // a block begins at each of these
    registers_max: u16,
}

impl Device {
    fn answers(&self, span: &Span) -> bool {
        let inside = |address: &u16| span.start <= *address && u32::from(*address) < span.end();
        let crosses = |border: &u16| span.start < *border && u32::from(*border) < span.end();
        span.count <= self.registers_max
            && !self.lacks.iter().any(inside)
            && !self.blocks.iter().any(crosses)
    }

    /// Scans once; returns the items that were read, and whether anything was refused.
    fn scan(&self, items: &[Item], rules: &Rules, learned: &mut Learned) -> (Vec<usize>, bool) {
        let plan = Plan::new(items, rules, &Cost::TCP, learned);
        check_members(items, &plan);
        let (mut read, mut refused) = (Vec::new(), false);
        for scan in &plan.scans {
            for (index, request) in scan.requests.iter().enumerate() {
                if self.answers(&request.span) {
                    read.extend(request.members.iter().map(|member| member.item));
                    continue;
                }
                refused = true;
                let mut learning = Learning::new(items, scan, index, rules, learned);
                while let Some(request) = learning.request() {
                    if self.answers(&request.span) {
                        read.extend(request.members.iter().map(|member| member.item));
                        learning.answered();
                    } else {
                        learning.refused();
                    }
                }
                learning.finish(learned, 0);
            }
        }
        read.sort_unstable();
        (read, refused)
    }

    /// Returns the scans until nothing is refused any more.
    fn converge(&self, items: &[Item], rules: &Rules) -> (usize, Learned) {
        let mut learned = Learned::default();
        for cycle in 1..20 {
            let (read, refused) = self.scan(items, rules, &mut learned);
            let want: Vec<usize> = (0..items.len())
                .filter(|&index| self.answers(&items[index].span))
                .collect();
            assert_eq!(read, want, "cycle {cycle} reads all that can be read");
            if !refused {
                return (cycle, learned);
            }
        }
        panic!("{self:?} does not converge");
    }
}

const WHOLE: Device = Device {
    lacks: Vec::new(),
    blocks: Vec::new(),
    registers_max: 125,
};

#[test]
fn a_device_without_holes_needs_one_cycle() {
    let (cycles, learned) = WHOLE.converge(&items(&[(0, 2), (10, 2)]), &Rules::default());
    assert_eq!((cycles, learned.is_empty()), (1, true));
}

#[test]
fn a_hole_is_found_in_one_cycle_and_only_it_divides() {
    let items = items(&[(0, 2), (4, 2), (8, 2), (12, 2), (16, 2), (20, 2)]);
    let device = Device {
        lacks: vec![10],
        ..WHOLE
    };
    let (cycles, learned) = device.converge(&items, &Rules::default());
    assert_eq!(cycles, 2);
    let plan = Plan::new(&items, &Rules::default(), &Cost::TCP, &learned);
    assert_eq!(spans(&plan), [(0, 10), (12, 10)]);
}

#[test]
fn borders_of_blocks_are_learned_like_holes() {
    let items: Vec<Item> = (0..50).map(|index| item(index * 2, 2)).collect();
    let device = Device {
        blocks: vec![20, 64],
        ..WHOLE
    };
    let (cycles, learned) = device.converge(&items, &Rules::default());
    assert_eq!(cycles, 2);
    let plan = Plan::new(&items, &Rules::default(), &Cost::TCP, &learned);
    assert_eq!(spans(&plan), [(0, 20), (20, 44), (64, 36)]);
}

#[test]
fn an_illegal_tag_is_set_apart_and_asked_again_rarely() {
    let items = items(&[(0, 2), (2, 2), (4, 2), (6, 2)]);
    let device = Device {
        lacks: vec![5],
        ..WHOLE
    };
    let (cycles, mut learned) = device.converge(&items, &Rules::default());
    assert_eq!(cycles, 2);
    let plan = Plan::new(&items, &Rules::default(), &Cost::TCP, &learned);
    assert_eq!(
        (plan.illegal.as_slice(), spans(&plan)),
        ([2].as_slice(), vec![(0, 4), (6, 2)])
    );
    assert_eq!(learned.probe(Learned::PROBE_US - 1), None);
    assert_eq!(learned.probe(Learned::PROBE_US), Some(holding(4, 2)));
    assert_eq!(learned.probe(Learned::PROBE_US + 1), None, "once");
    learned.is_legal_again(holding(4, 2));
    let plan = Plan::new(&items, &Rules::default(), &Cost::TCP, &learned);
    assert_eq!(spans(&plan), [(0, 8)]);
}

#[test]
fn a_text_that_is_too_long_does_not_take_the_numbers_in_it_along() {
    let items = items(&[(0, 20), (0, 1), (4, 1)]);
    let device = Device {
        lacks: vec![10],
        ..WHOLE
    };
    let (cycles, learned) = device.converge(&items, &Rules::default());
    assert_eq!(cycles, 2);
    let plan = Plan::new(&items, &Rules::default(), &Cost::TCP, &learned);
    assert_eq!(
        (plan.illegal.as_slice(), spans(&plan)),
        ([0].as_slice(), vec![(0, 5)])
    );
}

#[test]
fn a_device_that_refuses_long_reads_is_asked_for_short_ones() {
    let items: Vec<Item> = (0..100).map(|index| item(index, 1)).collect();
    let device = Device {
        registers_max: 60,
        ..WHOLE
    };
    let (cycles, learned) = device.converge(&items, &Rules::default());
    assert!(cycles <= 2, "{cycles}");
    let plan = Plan::new(&items, &Rules::default(), &Cost::TCP, &learned);
    assert_eq!(plan.scans[0].requests.len(), 2);
}

#[test]
fn what_was_learned_before_a_time_out_is_kept() {
    let items = items(&[(0, 2), (4, 2), (8, 2), (12, 2)]);
    let device = Device {
        lacks: vec![2],
        ..WHOLE
    };
    let rules = Rules::default();
    let mut learned = Learned::default();
    let plan = Plan::new(&items, &rules, &Cost::TCP, &learned);
    let mut learning = Learning::new(&items, &plan.scans[0], 0, &rules, &learned);
    assert!(
        !device.answers(&learning.request().unwrap().span),
        "the first half has the hole"
    );
    learning.refused();
    (0..3).for_each(|_| learning.answered()); // both tags of it, and the second half
    assert!(
        learning.request().unwrap().members.is_empty(),
        "a joint is to be tried"
    );
    assert!(learning.finish(&mut learned, 0));
    let plan = Plan::new(&items, &rules, &Cost::TCP, &learned);
    assert_eq!(spans(&plan), [(0, 2), (4, 10)]);
}

fn any_items() -> impl Strategy<Value = Vec<Item>> {
    let tag = (
        0_u16..600,
        prop_oneof![4 => Just(1), 4 => Just(2), 1 => Just(4), 1 => 1_u16..30],
    );
    prop::collection::vec(tag.prop_map(|(start, count)| item(start, count)), 1..60)
}

proptest! {
    #[test]
    fn every_device_is_understood_in_three_cycles(
        items in any_items(),
        lacks in prop::collection::vec(0_u16..640, 0..60),
        blocks in prop::collection::vec(1_u16..640, 0..6),
        gap_registers_max in 0_u16..40,
    ) {
        let device = Device { lacks, blocks, registers_max: 125 };
        let rules = Rules { gap_registers_max, ..Rules::default() };
        let (cycles, _) = device.converge(&items, &rules);
        prop_assert!(cycles <= 3, "{} cycles", cycles);
    }

    #[test]
    fn any_items_are_read_once_and_within_the_rules(
        items in any_items(),
        periods in prop::collection::vec(1_u64..5, 60),
        registers_max in 1_u16..126,
        gap_registers_max in 0_u16..130,
    ) {
        let rules = Rules { registers_max, gap_registers_max, ..Rules::default() };
        let items: Vec<Item> = items
            .into_iter()
            .zip(periods)
            .map(|(item, period)| Item { period: Duration::from_secs(period), ..item })
            .collect();
        let plan = Plan::new(&items, &rules, &Cost::TCP, &Learned::default());
        check_members(&items, &plan);
        prop_assert!(spans(&plan).iter().all(|span| span.1 <= registers_max));
    }
}
