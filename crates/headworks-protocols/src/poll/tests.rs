use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000;

/// A link that was asked its first, immediate scans and now runs on the grid.
fn settled(periods: &[&[u64]]) -> (Scheduler, Vec<DeviceKey>) {
    let mut scheduler = Scheduler::new(7);
    let keys: Vec<_> = periods
        .iter()
        .map(|periods| scheduler.add(periods, 0))
        .collect();
    while let Some(turn) = scheduler.next(0) {
        scheduler.finish(turn.device, turn.period_us, false, 0);
    }
    (scheduler, keys)
}

fn start(scheduler: &mut Scheduler, now_us: u64) -> ScanStart {
    scheduler.next(now_us).and_then(|turn| turn.start).unwrap()
}

#[test]
fn a_new_device_is_scanned_at_once_and_then_on_its_grid() {
    let mut scheduler = Scheduler::new(7);
    let key = scheduler.add(&[SECOND], 5 * SECOND);
    let first = start(&mut scheduler, 5 * SECOND);
    assert!(!first.scheduled);
    scheduler.finish(key, SECOND, false, 5 * SECOND + 10);
    let due_us = scheduler.wake_us().unwrap();
    assert!(5 * SECOND < due_us && due_us <= 6 * SECOND + 10, "{due_us}");
    assert_eq!(scheduler.next(due_us - 1), None);
    let second = start(&mut scheduler, due_us + 3);
    let want = ScanStart {
        due_us,
        late_us: 3,
        scheduled: true,
        missed: 0,
    };
    assert_eq!(second, want);
    scheduler.finish(key, SECOND, false, due_us + 10);
    assert_eq!(scheduler.wake_us(), Some(due_us + SECOND));
}

#[test]
fn a_scan_that_takes_too_long_misses_what_came_due_and_keeps_the_grid() {
    let (mut scheduler, keys) = settled(&[&[SECOND]]);
    let due_us = scheduler.wake_us().unwrap();
    start(&mut scheduler, due_us);
    scheduler.finish(keys[0], SECOND, false, due_us + 2 * SECOND + 500_000);
    assert_eq!(scheduler.missed(keys[0]), 2);
    assert_eq!(scheduler.wake_us(), Some(due_us + 3 * SECOND));
    let next = start(&mut scheduler, due_us + 3 * SECOND);
    assert_eq!((next.missed, next.due_us), (2, due_us + 3 * SECOND));
}

#[test]
fn a_scan_that_ends_when_the_next_is_due_misses_nothing() {
    let (mut scheduler, keys) = settled(&[&[SECOND]]);
    let due_us = scheduler.wake_us().unwrap();
    start(&mut scheduler, due_us);
    scheduler.finish(keys[0], SECOND, false, due_us + SECOND);
    assert_eq!(scheduler.missed(keys[0]), 0);
    assert_eq!(start(&mut scheduler, due_us + SECOND).late_us, 0);
}

#[test]
fn waiting_for_the_bus_makes_a_scan_late_and_only_whole_periods_missed() {
    let (mut scheduler, keys) = settled(&[&[SECOND]]);
    let due_us = scheduler.wake_us().unwrap();
    let late = start(&mut scheduler, due_us + 900_000);
    assert_eq!((late.late_us, late.missed), (900_000, 0));
    scheduler.finish(keys[0], SECOND, false, due_us + 950_000);
    let very_late = start(&mut scheduler, due_us + 3 * SECOND + 200_000);
    assert_eq!((very_late.late_us, very_late.missed), (200_000, 2));
    assert_eq!(scheduler.missed(keys[0]), 2);
}

#[test]
fn a_long_scan_shares_the_bus_request_by_request() {
    let (mut scheduler, keys) = settled(&[&[SECOND], &[SECOND], &[SECOND]]);
    let now_us = 10 * SECOND;
    let mut order = Vec::new();
    let mut left = [5, 1, 2];
    while let Some(turn) = scheduler.next(now_us) {
        let index = keys.iter().position(|key| *key == turn.device).unwrap();
        order.push(index);
        left[index] -= 1;
        scheduler.finish(turn.device, SECOND, 0 < left[index], now_us);
    }
    let first = order[0];
    let ring: Vec<_> = (0..3).map(|step| (first + step) % 3).collect();
    assert_eq!(order[..3], ring);
    assert_eq!(order.len(), 8);
    assert_eq!(
        order[order.len() - 2..],
        [0, 0],
        "the long scan ends last, alone"
    );
}

#[test]
fn a_fast_group_goes_between_the_requests_of_a_slow_one() {
    let (mut scheduler, keys) = settled(&[&[100_000, 10 * SECOND]]);
    let now_us = 20 * SECOND;
    let periods: Vec<u64> = (0..4)
        .map(|step| {
            let turn = scheduler.next(now_us + step * 100_000).unwrap();
            let more = turn.period_us == 10 * SECOND;
            scheduler.finish(keys[0], turn.period_us, more, now_us + step * 100_000 + 10);
            turn.period_us
        })
        .collect();
    assert_eq!(
        periods.iter().filter(|period| **period == 100_000).count(),
        2,
        "{periods:?}"
    );
}

#[test]
fn a_device_is_asked_one_thing_at_a_time() {
    let (mut scheduler, keys) = settled(&[&[SECOND, 2 * SECOND]]);
    assert!(scheduler.next(10 * SECOND).is_some());
    assert_eq!(scheduler.next(10 * SECOND), None);
    assert_eq!(scheduler.wake_us(), None);
    scheduler.finish(keys[0], SECOND, true, 10 * SECOND);
    assert!(scheduler.wake_us().is_some());
}

#[test]
fn a_suspended_device_costs_nothing_and_comes_back_at_once() {
    let (mut scheduler, keys) = settled(&[&[SECOND], &[SECOND]]);
    let now_us = 10 * SECOND;
    while let Some(turn) = scheduler.next(now_us) {
        if turn.device == keys[0] {
            scheduler.suspend(keys[0], now_us + 30 * SECOND);
        } else {
            scheduler.finish(turn.device, SECOND, false, now_us);
        }
    }
    assert!(scheduler.is_suspended(keys[0]));
    let missed_before = scheduler.missed(keys[0]);
    for second in 11..40 {
        let turn = scheduler.next(second * SECOND).unwrap();
        assert_eq!(turn.device, keys[1]);
        scheduler.finish(keys[1], SECOND, false, second * SECOND);
        assert_eq!(scheduler.next(second * SECOND), None);
    }
    let back: Vec<_> = std::iter::from_fn(|| scheduler.next(40 * SECOND)).collect();
    let turn = back.iter().find(|turn| turn.device == keys[0]).unwrap();
    assert_eq!(turn.start.unwrap().missed, 0);
    assert_eq!(scheduler.missed(keys[0]), missed_before);
}

#[test]
fn a_wish_is_served_off_the_grid_without_moving_it() {
    let (mut scheduler, keys) = settled(&[&[100 * SECOND]]);
    let first_us = scheduler.wake_us().unwrap();
    start(&mut scheduler, first_us);
    scheduler.finish(keys[0], 100 * SECOND, false, first_us);
    let due_us = scheduler.wake_us().unwrap();
    let now_us = due_us - 10 * SECOND;
    scheduler.suspend(keys[0], due_us + 5);
    scheduler.ask(keys[0], now_us);
    let wished = start(&mut scheduler, now_us + 4);
    let want = ScanStart {
        due_us: now_us,
        late_us: 4,
        scheduled: false,
        missed: 0,
    };
    assert_eq!(wished, want);
    scheduler.ask(keys[0], now_us + 5);
    scheduler.finish(keys[0], 100 * SECOND, false, now_us + 6);
    assert!(
        !start(&mut scheduler, now_us + 6).scheduled,
        "asked during the scan: once more"
    );
    scheduler.finish(keys[0], 100 * SECOND, false, now_us + 7);
    assert_eq!(scheduler.wake_us(), Some(due_us));
}

#[test]
fn changed_periods_leave_the_others_undisturbed() {
    let (mut scheduler, keys) = settled(&[&[SECOND, 10 * SECOND]]);
    let due_us = scheduler.wake_us().unwrap();
    scheduler.set_periods(keys[0], &[SECOND, 5 * SECOND], 10);
    let added = scheduler.next(10).unwrap();
    assert_eq!(added.period_us, 5 * SECOND);
    scheduler.finish(keys[0], 5 * SECOND, false, 10);
    assert_eq!(scheduler.wake_us(), Some(due_us));
    scheduler.finish(keys[0], 10 * SECOND, false, 10); // a group that is gone
    scheduler.remove(keys[0]);
    scheduler.finish(keys[0], SECOND, true, 10);
    assert_eq!(
        (scheduler.next(u64::MAX / 2), scheduler.wake_us()),
        (None, None)
    );
}

#[test]
fn phases_of_one_link_are_spread_and_the_same_after_a_restart() {
    let phases = |seed| (0..100).map(move |rank| phase_us(seed, rank, SECOND));
    assert!(phases(7).eq(phases(7)));
    assert!(!phases(7).eq(phases(8)));
    let mut sorted: Vec<u64> = phases(7).collect();
    sorted.sort_unstable();
    let widest = sorted
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .max()
        .unwrap();
    let narrowest = sorted
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .min()
        .unwrap();
    assert!(
        widest <= 20_000 && 3_000 <= narrowest,
        "{narrowest}..{widest} us for 10 ms each"
    );
}

#[test]
fn a_hundred_links_of_one_device_do_not_fire_together() {
    let mut slots = [0_u32; 20];
    for link in 0..100_u64 {
        let phase = phase_us(seed_of(&link.to_be_bytes()), 0, SECOND);
        slots[usize::try_from(phase / 50_000).unwrap()] += 1;
    }
    let fullest = *slots.iter().max().unwrap();
    assert!(
        fullest <= 15,
        "{fullest} of 100 devices in one twentieth of the period"
    );
}

#[test]
fn back_off_doubles_to_its_limit() {
    let seconds: Vec<u64> = (1..8)
        .map(|failures| back_off_us(failures) / SECOND)
        .collect();
    assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
    assert_eq!(back_off_us(u32::MAX), 30 * SECOND);
}

/// Runs a bus with one request at a time; returns per device the starts of scheduled scans.
fn run_bus(
    scheduler: &mut Scheduler,
    keys: &[DeviceKey],
    costs_us: &[u64],
    until_us: u64,
) -> Vec<Vec<(u64, ScanStart)>> {
    let mut starts = vec![Vec::new(); keys.len()];
    let mut now_us = 0;
    while now_us < until_us {
        let Some(turn) = scheduler.next(now_us) else {
            now_us = scheduler.wake_us().unwrap().max(now_us + 1);
            continue;
        };
        let index = keys.iter().position(|key| *key == turn.device).unwrap();
        if let Some(start) = turn.start.filter(|start| start.scheduled) {
            starts[index].push((now_us, start));
        }
        now_us += costs_us[index];
        scheduler.finish(turn.device, turn.period_us, false, now_us);
    }
    starts
}

proptest! {
    #[test]
    fn no_device_starves_on_an_overloaded_bus(
        devices in prop::collection::vec((10_u64..2_000, 1_u64..400), 2..12),
    ) {
        let costs_us: Vec<u64> = devices.iter().map(|device| device.1 * 1000).collect();
        let round_us: u64 = costs_us.iter().sum();
        let longest_us = devices.iter().map(|device| device.0 * 1000).max().unwrap();
        let until_us = 20 * (round_us + longest_us);
        let mut scheduler = Scheduler::new(1);
        let keys: Vec<_> =
            devices.iter().map(|device| scheduler.add(&[device.0 * 1000], 0)).collect();
        let starts = run_bus(&mut scheduler, &keys, &costs_us, until_us);
        for (index, starts) in starts.iter().enumerate() {
            // At worst a device waits for its grid, then one turn of everybody else.
            let worst_us = 2 * devices[index].0 * 1000 + 2 * round_us;
            let mut last_us = 0;
            for &(now_us, _) in starts {
                prop_assert!(now_us - last_us <= worst_us, "device {} waited", index);
                last_us = now_us;
            }
            prop_assert!(until_us - last_us <= worst_us + longest_us + round_us);
        }
    }

    #[test]
    fn every_point_of_the_grid_is_scanned_or_missed_exactly_once(
        period_ms in 10_u64..500,
        costs_ms in prop::collection::vec(0_u64..2_000, 1..40),
        waits_ms in prop::collection::vec(0_u64..2_000, 40),
        begin_us in 0_u64..10_000_000,
    ) {
        let period_us = period_ms * 1000;
        let mut scheduler = Scheduler::new(3);
        let key = scheduler.add(&[period_us], begin_us);
        let mut now_us = begin_us;
        let (mut scanned, mut first_due_us, mut last_due_us) = (0, None, 0);
        for (cost_ms, wait_ms) in costs_ms.iter().zip(&waits_ms) {
            now_us = now_us.max(scheduler.wake_us().unwrap()) + wait_ms * 1000;
            let start = start(&mut scheduler, now_us);
            prop_assert!(start.due_us <= now_us);
            if start.scheduled {
                prop_assert!(start.late_us < period_us, "else a later point would be due");
                prop_assert_eq!(start.due_us % period_us, phase_us(3, 0, period_us));
                prop_assert!(last_due_us < start.due_us || first_due_us.is_none());
                first_due_us.get_or_insert(start.due_us - start.missed * period_us);
                last_due_us = start.due_us;
                scanned += 1 + start.missed;
            }
            now_us += cost_ms * 1000;
            scheduler.finish(key, period_us, false, now_us);
        }
        if let Some(first_due_us) = first_due_us {
            prop_assert_eq!(scanned, (last_due_us - first_due_us) / period_us + 1);
        }
    }
}
