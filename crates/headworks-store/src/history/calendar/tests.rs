//! Buckets of zones whose clocks do strange things.

use proptest::prelude::*;

use super::*;

const HOUR_US: i64 = 3_600_000_000;

fn at(zone: &str, time: &str) -> i64 {
    let time: DateTime = time.parse().unwrap();
    let zoned = time.to_zoned(TimeZone::get(zone).unwrap()).unwrap();
    zoned.timestamp().as_microsecond()
}

fn edges(unit: Unit, count: u32, zone: &str, from: &str, to: &str) -> Vec<i64> {
    let interval = Interval::Calendar {
        unit,
        count,
        zone: TimeZone::get(zone).unwrap(),
    };
    let range = TimeRange {
        start_us: at(zone, from),
        end_us: at(zone, to),
    };
    match interval.buckets(range, 100_000).unwrap() {
        Buckets::Listed(edges) => edges.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn hours(edges: &[i64]) -> Vec<f64> {
    let lengths = edges.windows(2).map(|pair| pair[1] - pair[0]);
    lengths
        .map(|length| length as f64 / HOUR_US as f64)
        .collect()
}

#[test]
fn days_have_23_and_25_hours_when_clocks_change() {
    let spring = edges(
        Unit::Day,
        1,
        "Europe/Berlin",
        "2026-03-28T00:00",
        "2026-03-31T00:00",
    );
    assert_eq!(hours(&spring), [24.0, 23.0, 24.0]);
    let autumn = edges(
        Unit::Day,
        1,
        "Europe/Berlin",
        "2026-10-24T00:00",
        "2026-10-27T00:00",
    );
    assert_eq!(hours(&autumn), [24.0, 25.0, 24.0]);
    let howe = edges(
        Unit::Day,
        1,
        "Australia/Lord_Howe",
        "2026-04-05T00:00",
        "2026-04-06T00:00",
    );
    assert_eq!(hours(&howe), [24.5]);
}

#[test]
fn a_repeated_hour_is_two_buckets_and_a_skipped_one_none() {
    let autumn = edges(
        Unit::Hour,
        1,
        "Europe/Berlin",
        "2026-10-25T00:00",
        "2026-10-26T00:00",
    );
    assert_eq!(hours(&autumn), [1.0; 25]);
    let spring = edges(
        Unit::Hour,
        1,
        "Europe/Berlin",
        "2026-03-29T00:00",
        "2026-03-30T00:00",
    );
    assert_eq!(hours(&spring), [1.0; 23]);
    let shifts = edges(
        Unit::Hour,
        8,
        "Europe/Berlin",
        "2026-10-25T00:00",
        "2026-10-26T00:00",
    );
    assert_eq!(hours(&shifts), [9.0, 8.0, 8.0]);
}

#[test]
fn hours_of_zones_with_half_and_quarter_hours_begin_there() {
    for (zone, minutes) in [("Asia/Kolkata", 30), ("Asia/Kathmandu", 45)] {
        let found = edges(Unit::Hour, 1, zone, "2026-05-01T00:00", "2026-05-02T00:00");
        assert_eq!(hours(&found), [1.0; 24]);
        assert_eq!(
            found[0].rem_euclid(HOUR_US),
            HOUR_US - minutes * 60_000_000,
            "{zone}"
        );
    }
}

#[test]
fn a_day_that_a_zone_skipped_is_no_bucket() {
    let found = edges(
        Unit::Day,
        1,
        "Pacific/Apia",
        "2011-12-29T00:00",
        "2012-01-01T00:00",
    );
    assert_eq!(hours(&found), [24.0, 24.0]);
}

#[test]
fn weeks_begin_on_monday_months_and_years_on_their_first() {
    let weeks = edges(
        Unit::Week,
        1,
        "Europe/Rome",
        "2026-03-25T12:00",
        "2026-04-08T00:00",
    );
    assert_eq!(weeks[1], at("Europe/Rome", "2026-03-30T00:00"));
    assert_eq!(weeks[2], at("Europe/Rome", "2026-04-06T00:00"));
    let quarters = edges(
        Unit::Month,
        3,
        "Europe/Rome",
        "2026-02-10T00:00",
        "2026-12-01T00:00",
    );
    let wanted = [
        "2026-02-10",
        "2026-04-01",
        "2026-07-01",
        "2026-10-01",
        "2026-12-01",
    ];
    let wanted = wanted.map(|date| at("Europe/Rome", &format!("{date}T00:00")));
    assert_eq!(quarters, wanted);
    let years = edges(
        Unit::Year,
        1,
        "Asia/Shanghai",
        "2024-01-01T00:00",
        "2027-01-01T00:00",
    );
    assert_eq!(hours(&years), [366.0 * 24.0, 365.0 * 24.0, 365.0 * 24.0]);
}

#[test]
fn what_cannot_be_is_refused_with_the_field() {
    let refused = |interval: Interval, start_us, end_us, max| {
        let range = TimeRange { start_us, end_us };
        interval.buckets(range, max).unwrap_err().to_string()
    };
    let calendar = |unit, count| Interval::Calendar {
        unit,
        count,
        zone: TimeZone::UTC,
    };
    assert!(refused(Interval::Every(1), 5, 5, 9).starts_with("end_us: 5"));
    assert!(refused(Interval::Every(0), 0, 5, 9).starts_with("bucket_us: 0"));
    assert!(refused(Interval::Every(1), 0, 10, 9).contains("more than 9 buckets"));
    assert!(refused(Interval::Every(1), i64::MIN, i64::MAX, 9).contains("more than 9"));
    assert!(refused(calendar(Unit::Hour, 0), 0, 5, 9).contains("at least one"));
    assert!(refused(calendar(Unit::Minute, 1), 0, HOUR_US, 9).contains("more than 9"));
    assert!(refused(calendar(Unit::Year, 1), 0, i64::MAX, 99).contains("outside of the calendar"));
}

proptest! {
    #[test]
    fn edges_rise_and_lie_where_clocks_of_the_zone_say(
        zone in prop_oneof![
            Just("Europe/Berlin"), Just("America/New_York"), Just("Australia/Lord_Howe"),
            Just("Africa/Casablanca"), Just("America/Sao_Paulo"), Just("UTC"),
        ],
        unit in prop_oneof![
            Just(Unit::Hour), Just(Unit::Day), Just(Unit::Week), Just(Unit::Month),
        ],
        count in 1..5u32,
        start_hour in 0..400_000i64,
        hours in 1..2_000i64,
    ) {
        let zone = TimeZone::get(zone).unwrap();
        let range = TimeRange {
            start_us: start_hour * HOUR_US,
            end_us: (start_hour + hours) * HOUR_US,
        };
        let interval = Interval::Calendar { unit, count, zone: zone.clone() };
        let buckets = interval.buckets(range, 100_000).unwrap();
        buckets.check().unwrap();
        prop_assert_eq!(buckets.range(), range);
        let Buckets::Listed(edges) = buckets else { panic!() };
        for &edge in &edges[1..edges.len() - 1] {
            let local = Timestamp::from_microsecond(edge).unwrap().to_zoned(zone.clone());
            if unit == Unit::Hour {
                // Where clocks jump the first instant after the gap may be any.
                let before = local.checked_sub(jiff::Span::new().microseconds(1)).unwrap();
                let is_jump = before.offset() != local.offset();
                let is_turn = i64::from(local.hour()) % i64::from(count) == 0;
                let is_hour = local.minute() == 0 && is_turn;
                prop_assert!(is_jump || is_hour);
            } else {
                prop_assert_eq!(local.clone(), local.start_of_day().unwrap());
            }
        }
    }
}
