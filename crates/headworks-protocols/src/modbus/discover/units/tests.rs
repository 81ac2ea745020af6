use super::*;
use crate::modbus::exception::ExceptionCode;

const NOBODY: Outcome<'static> = Outcome::Silent;
const UNKNOWN: Outcome<'static> = Outcome::Refused(ExceptionCode::ILLEGAL_FUNCTION);
const ADDRESS: Outcome<'static> = Outcome::Refused(ExceptionCode::ILLEGAL_DATA_ADDRESS);

/// Scans with a device behind each id as `answer` says.
fn scan(ids: RangeInclusive<u8>, mut answer: impl FnMut(u8, &Request, &mut UnitScan)) -> UnitScan {
    let mut scan = UnitScan::new(ids, 0);
    while let Some((unit_id, request)) = scan.next() {
        answer(unit_id, &request, &mut scan);
        assert!(scan.counts().asked < 10_000);
    }
    scan
}

fn identity(text: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    identity::encode_answer(1, &[(0, b"Maker"), (1, text)], &mut data);
    data
}

#[test]
fn who_answers_is_found_and_says_what_it_is() {
    let scan = scan(1..=247, |unit_id, request, scan| match (unit_id, request) {
        (3, Request::Identify { .. }) => scan.take(Outcome::Data(&identity(b"M\x1b7"))),
        (
            3,
            Request::Read {
                start: 0, table, ..
            },
        ) => {
            scan.take(Outcome::Data(&vec![1; table.bytes(1)]));
        }
        (
            9,
            Request::Read {
                table: Table::Input,
                ..
            },
        ) => scan.take(ADDRESS),
        (3, _) => scan.take(ADDRESS),
        (9, _) => scan.take(UNKNOWN),
        _ => scan.take(NOBODY),
    });
    assert_eq!(scan.ended(), Some(UnitsEnd::Complete));
    let ids: Vec<u8> = scan.found().iter().map(|unit| unit.unit_id).collect();
    assert_eq!(ids, [3, 9]);
    assert_eq!(scan.found()[0].guess.words, "Maker M7");
    assert_eq!(scan.found()[1].guess.code, "input_only");
    assert_eq!(scan.counts().settled, 247);
}

#[test]
fn a_gateway_that_reaches_nobody_has_nobody_behind_it() {
    for code in [10, 11] {
        let scan = scan(1..=20, |_, _, scan| {
            scan.take(Outcome::Refused(ExceptionCode(code)));
        });
        assert_eq!(scan.counts().found, 0);
        assert_eq!(scan.counts().asked, 20);
    }
}

#[test]
fn one_device_that_ignores_the_unit_id_is_asked_a_few_times_only() {
    let scan = scan(1..=247, |_, _, scan| scan.take(ADDRESS));
    assert_eq!(scan.ended(), Some(UnitsEnd::OneDevice));
    let ids: Vec<u8> = scan.found().iter().map(|unit| unit.unit_id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 247]);
    assert!(scan.found()[1..].iter().all(|unit| unit.same_as == Some(1)));
}

#[test]
fn five_equal_devices_in_a_row_do_not_end_the_scan() {
    let scan = scan(1..=30, |unit_id, _, scan| {
        scan.take(if unit_id <= 6 { ADDRESS } else { NOBODY });
    });
    assert_eq!(scan.ended(), Some(UnitsEnd::Complete));
    assert_eq!(scan.counts().found, 6);
    assert_eq!(scan.counts().settled, 30);
}

#[test]
fn garbage_is_someone_and_is_not_asked_on() {
    let scan = scan(1..=3, |unit_id, _, scan| {
        scan.take(if unit_id == 2 {
            Outcome::Broken
        } else {
            NOBODY
        });
    });
    assert_eq!(scan.found().len(), 1);
    assert!(scan.found()[0].is_broken);
    assert_eq!(scan.counts().asked, 3);
}

#[test]
fn a_sunspec_device_is_known_by_its_mark() {
    let scan = scan(1..=1, |_, request, scan| match request {
        Request::Read { start: 40_000, .. } => scan.take(Outcome::Data(b"SunS")),
        _ => scan.take(ADDRESS),
    });
    assert_eq!(scan.found()[0].sunspec_base, Some(40_000));
    assert_eq!(scan.found()[0].guess.code, "sunspec");
}

#[test]
fn an_identification_that_goes_round_in_circles_ends() {
    let scan = scan(1..=1, |_, request, scan| match request {
        Request::Identify { .. } => {
            let mut data = identity(b"round");
            data[3] = 0xFF; // more follows
            data[4] = 0; // from the first object on
            scan.take(Outcome::Data(&data));
        }
        _ => scan.take(ADDRESS),
    });
    assert_eq!(scan.found().len(), 1);
    assert!(scan.counts().asked < 12);
}

#[test]
fn a_silent_unit_is_asked_again_as_often_as_wanted() {
    let mut scan = UnitScan::new(1..=1, 2);
    let mut times = 0;
    while scan.next().is_some() {
        scan.take(NOBODY);
        times += 1;
    }
    assert_eq!(times, 3);
}
