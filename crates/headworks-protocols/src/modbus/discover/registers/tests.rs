use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::modbus::corpus;
use crate::modbus::pdu::{AnswerError, Request};
use crate::modbus::simulator::{LocalDevice, PlantDevice, demo_plant};

/// How a device of the tests behaves.
struct Device {
    runs: Vec<(u16, u16)>,
    limit: u16,
    beyond_limit: Outcome<'static>,
    at_holes: Outcome<'static>,
}

const ADDRESS: Outcome<'static> = Outcome::Refused(ExceptionCode::ILLEGAL_DATA_ADDRESS);
const VALUE: Outcome<'static> = Outcome::Refused(ExceptionCode::ILLEGAL_DATA_VALUE);

impl Device {
    fn strict(runs: Vec<(u16, u16)>) -> Device {
        Device {
            runs,
            limit: 125,
            beyond_limit: VALUE,
            at_holes: ADDRESS,
        }
    }

    fn answer(&self, span: &Span, scan: &mut RangeScan) {
        let within = |(start, count): &(u16, u16)| {
            *start <= span.start && span.end() <= u32::from(*start) + u32::from(*count)
        };
        if self.limit < span.count {
            scan.take(self.beyond_limit);
        } else if self.runs.iter().any(within) {
            scan.take(Outcome::Data(&vec![0; span.table.bytes(span.count)]));
        } else {
            scan.take(self.at_holes);
        }
    }
}

fn whole(table: Table) -> Range {
    Range {
        table,
        first: 0,
        last: u16::MAX,
        most: table.read_max(),
        grain: 1,
    }
}

fn found(scan: &RangeScan) -> Vec<(u16, u16)> {
    let of = |run: &Run| (run.start, u16::try_from(run.words.len()).unwrap());
    scan.runs().iter().map(of).collect()
}

/// Scans to the end.
fn scan(device: &Device, range: Range) -> RangeScan {
    let mut scan = RangeScan::new(range);
    let mut asked = 0_u32;
    while let Some(span) = scan.next() {
        device.answer(&span, &mut scan);
        asked += 1;
        assert!(asked < 400_000, "the scan does not end");
    }
    scan
}

/// Scans and checks that all was found; returns the requests against the best possible.
#[track_caller]
fn check(device: &Device, range: Range) -> f64 {
    let scan = scan(device, range);
    assert_eq!(scan.ended(), Some(End::Complete));
    assert_eq!(found(&scan), device.runs);
    let best = best_possible(&range, &device.runs);
    f64::from(scan.counts().asked) / f64::from(best)
}

/// Joins what lies side by side.
fn runs_of(items: impl IntoIterator<Item = (u16, u16)>) -> Vec<(u16, u16)> {
    let mut items: Vec<(u16, u16)> = items.into_iter().collect();
    items.sort_unstable();
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for (start, count) in items {
        match runs.last_mut() {
            Some((first, length)) if *first + *length == start => *length += count,
            _ => runs.push((start, count)),
        }
    }
    runs
}

#[test]
fn every_register_of_real_maps_is_found_with_hardly_more_than_the_best_possible() {
    for map in corpus::maps() {
        let table = map.items[0].span.table;
        let items = map
            .items
            .iter()
            .map(|item| (item.span.start, item.span.count));
        let device = Device::strict(runs_of(items));
        for limit in [125, 64, 20] {
            let device = Device {
                limit,
                runs: device.runs.clone(),
                ..device
            };
            let range = Range {
                most: limit,
                ..whole(table)
            };
            let ratio = check(&device, range);
            assert!(ratio <= 1.02, "{} limit {limit}: {ratio}", map.name);
        }
    }
}

#[test]
fn a_limit_that_nobody_said_is_learned_and_costs_little() {
    for limit in [1, 7, 16, 32, 60, 64, 100, 124] {
        for beyond_limit in [VALUE, ADDRESS] {
            let device = Device {
                runs: vec![(0, 40_000)],
                limit,
                beyond_limit,
                at_holes: ADDRESS,
            };
            let scan = scan(&device, whole(Table::Holding));
            assert_eq!(found(&scan), device.runs, "{limit}");
            let learned = scan.learned_limit().unwrap();
            assert!(learned <= limit, "{limit}: {learned}");
            let range = Range {
                most: limit,
                ..whole(Table::Holding)
            };
            let best = best_possible(&range, &device.runs);
            let ratio = f64::from(scan.counts().asked) / f64::from(best);
            assert!(ratio <= 1.1, "{limit} {beyond_limit:?}: {ratio}");
        }
    }
}

#[test]
fn a_device_without_holes_is_read_with_full_requests_alone() {
    let device = Device::strict(vec![(0, u16::MAX)]);
    let range = Range {
        last: u16::MAX - 1,
        ..whole(Table::Holding)
    };
    assert!(check(&device, range) <= 1.001);
    let bits = Device {
        limit: 2000,
        ..Device::strict(vec![(0, u16::MAX)])
    };
    let range = Range {
        last: u16::MAX - 1,
        ..whole(Table::Coil)
    };
    assert!(check(&bits, range) <= 1.2);
}

#[test]
fn devices_that_name_holes_in_their_own_way_are_understood() {
    let runs = vec![(10, 30), (100, 200), (1000, 1), (1002, 7)];
    for at_holes in [
        ADDRESS,
        VALUE,
        Outcome::Refused(ExceptionCode(4)),
        Outcome::Silent,
    ] {
        let device = Device {
            at_holes,
            ..Device::strict(runs.clone())
        };
        let range = Range {
            first: 10,
            last: 1100,
            ..whole(Table::Input)
        };
        let scan = scan(&device, range);
        assert_eq!(scan.ended(), Some(End::Complete), "{at_holes:?}");
        assert_eq!(found(&scan), runs, "{at_holes:?}");
    }
}

#[test]
fn values_of_two_registers_that_are_given_whole_only_are_found() {
    let mut scan = RangeScan::new(Range {
        last: 99,
        grain: 2,
        ..whole(Table::Holding)
    });
    while let Some(span) = scan.next() {
        assert_eq!((span.start % 2, span.count % 2), (0, 0), "{span}");
        if 20 <= span.start && span.end() <= 60 {
            scan.take(Outcome::Data(&vec![0; usize::from(span.count) * 2]));
        } else {
            scan.take(ADDRESS);
        }
    }
    assert_eq!(found(&scan), [(20, 40)]);
}

#[track_caller]
fn check_end(outcome: Outcome<'static>, want: End, asked_max: u32) {
    let mut scan = RangeScan::new(whole(Table::Holding));
    while scan.next().is_some() {
        scan.take(outcome);
        assert!(scan.counts().asked <= asked_max, "{outcome:?}");
    }
    assert_eq!(scan.ended(), Some(want));
    assert_eq!(scan.counts().found, 0);
}

#[test]
fn a_device_that_says_nothing_useful_is_not_asked_for_ever() {
    check_end(Outcome::Silent, End::Silent, 8);
    check_end(Outcome::Broken, End::Broken, 8);
    check_end(Outcome::Refused(ExceptionCode(1)), End::NoFunction, 2);
    check_end(Outcome::Refused(ExceptionCode(10)), End::Gateway, 4);
    check_end(Outcome::Refused(ExceptionCode(11)), End::Gateway, 4);
}

#[test]
fn a_device_that_goes_away_in_the_middle_is_noticed() {
    let device = Device::strict(vec![(0, 1000)]);
    let mut scan = RangeScan::new(whole(Table::Holding));
    while let Some(span) = scan.next() {
        if scan.counts().asked < 5 {
            device.answer(&span, &mut scan);
        } else {
            scan.take(Outcome::Silent);
        }
        assert!(scan.counts().asked < 20);
    }
    assert_eq!(scan.ended(), Some(End::Silent));
    assert!(0 < scan.counts().found);
}

#[test]
fn the_registers_of_the_simulator_are_found_with_their_values() {
    let plant = demo_plant();
    for device in plant.devices {
        let device = PlantDevice {
            strict: true,
            ..device
        };
        let name = device.name.clone();
        let local = LocalDevice::new(device, 1).unwrap();
        for table in Table::ALL {
            let mut scan = RangeScan::new(whole(table));
            while let Some(span) = scan.next() {
                let Span {
                    table,
                    start,
                    count,
                } = span;
                let request = Request::Read {
                    table,
                    start,
                    count,
                };
                match local.ask(&request, Duration::from_secs(1)) {
                    Ok(data) => scan.take(Outcome::Data(&data)),
                    Err(AnswerError::Exception(code)) => scan.take(Outcome::Refused(code)),
                    Err(error) => panic!("{error}"),
                }
            }
            let best = best_possible(scan.range(), &found(&scan));
            let ratio = f64::from(scan.counts().asked) / f64::from(best);
            assert!(ratio <= 1.01, "{name} {table}: {ratio}");
        }
    }
}

proptest! {
    #[test]
    fn any_map_is_found_whole_whatever_the_limit(
        lengths in prop::collection::vec((1_u16..40, 1_u16..40), 1..40),
        limit in 1_u16..=125,
        holes in 0_usize..3,
    ) {
        let (mut at, mut runs) = (0, Vec::new());
        for (hole, run) in lengths {
            at += hole;
            runs.push((at, run));
            at += run;
        }
        let at_holes = [ADDRESS, VALUE, Outcome::Refused(ExceptionCode(4))][holes];
        let device = Device { runs, limit, beyond_limit: VALUE, at_holes };
        let range = Range { last: at + 50, ..whole(Table::Holding) };
        let scan = scan(&device, range);
        prop_assert_eq!(found(&scan), device.runs);
    }
}
