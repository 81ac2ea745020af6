use super::*;

/// 2026-11-21 07:05:09.
const WALL_US: i64 = 1_795_244_709_000_000;

#[track_caller]
fn check(text: &str, format: TimeFormat, want: Result<Stamp, &str>) {
    match (of_text(text, format), want) {
        (Ok(found), Ok(want)) => assert_eq!(found, want, "{text}"),
        (Err(found), Err(want)) => assert!(found.contains(want), "{text}: {found}"),
        (found, want) => panic!("{text}: {found:?} is not {want:?}"),
    }
}

#[test]
fn iso_times_and_their_relatives_are_read() {
    let wall = |us| Ok(Stamp::Wall(WALL_US + us));
    let instant = |us| Ok(Stamp::Instant(WALL_US + us));
    for (text, want) in [
        ("2026-11-21 07:05:09", wall(0)),
        ("2026-11-21T07:05:09.5", wall(500_000)),
        ("2026-11-21T07:05:09,123456789", wall(123_456)),
        ("2026/11/21 7:05:09", wall(0)),
        ("2026-11-21T07:05:09Z", instant(0)),
        ("2026-11-21T07:05:09.000001Z", instant(1)),
        ("2026-11-21 07:05:09 UTC", instant(0)),
        ("2026-11-21T08:05:09+01:00", instant(0)),
        ("2026-11-21T08:05:09+0100", instant(0)),
        ("2026-11-21T08:05:09+01:00[Europe/Berlin]", instant(0)),
        ("2026-11-21T02:35:09-04:30", instant(0)),
        ("2026-11-21 07:05:09 AM", wall(0)),
        ("2026-11-21 07:05:09 pm", wall(12 * 3_600 * SECOND_US)),
        ("2026-11-21", wall(-(7 * 3600 + 5 * 60 + 9) * SECOND_US)),
        ("2026-02-30 00:00:00", Err("does not exist")),
        ("2026-11-21 24:00:00", Err("does not exist")),
        ("2026-11-21 07:05:09x", Err("yyyy-mm-dd")),
        ("2026-11-21 07:05:09 +99:00", Err("yyyy-mm-dd")),
        ("21.11.2026", Err("yyyy-mm-dd")),
        ("yesterday", Err("yyyy-mm-dd")),
        ("", Err("yyyy-mm-dd")),
    ] {
        check(text, TimeFormat::Iso, want);
    }
}

#[test]
fn the_order_of_day_and_month_is_what_was_said() {
    let want = Ok(Stamp::Wall(WALL_US));
    check("21.11.2026 07:05:09", TimeFormat::DayFirst, want);
    check("21/11/26 07:05:09", TimeFormat::DayFirst, want);
    check("11/21/2026 7:05:09 AM", TimeFormat::MonthFirst, want);
    check("11-21-2026, 07:05:09", TimeFormat::MonthFirst, want);
    check(
        "21/11/2026 07:05:09",
        TimeFormat::MonthFirst,
        Err("does not exist"),
    );
    check(
        "31.04.2026 00:00",
        TimeFormat::DayFirst,
        Err("does not exist"),
    );
}

#[test]
fn epochs_keep_their_microseconds() {
    let instant = |us| Ok(Stamp::Instant(us));
    check("1795244709", TimeFormat::EpochS, instant(WALL_US));
    check(
        "1795244709.000001",
        TimeFormat::EpochS,
        instant(WALL_US + 1),
    );
    check("-1.5", TimeFormat::EpochS, instant(-1_500_000));
    check(
        "1795244709001",
        TimeFormat::EpochMs,
        instant(WALL_US + 1000),
    );
    check(
        "1795244709000001999",
        TimeFormat::EpochNs,
        instant(WALL_US + 1),
    );
    check("9223372036854775807", TimeFormat::EpochS, Err("too large"));
    check("nan", TimeFormat::EpochMs, Err("too large"));
    check("soon", TimeFormat::EpochUs, Err("no number of seconds"));
}

#[test]
fn days_of_a_spreadsheet_keep_their_microseconds() {
    let mut writer =
        crate::text::time::TimeWriter::new(crate::text::time::TimeStyle::Iso, TimeZone::UTC);
    for us in (0..200_000).map(|step| WALL_US - 4_000_000_000 * step + step) {
        let days = writer.excel(us).unwrap();
        assert_eq!(excel_us(days), Some(us), "{days}");
    }
    assert_eq!(excel_us(f64::NAN), None);
    assert_eq!(excel_us(-1.0), None);
    assert_eq!(excel_us(1e9), None);
    assert_eq!(excel_us(25_569.0), Some(0));
}

#[test]
fn hours_of_the_clock_change_are_known() {
    let berlin = crate::text::time::zone("Europe/Berlin").unwrap();
    let wall = |text: &str| match of_text(text, TimeFormat::Iso).unwrap() {
        Stamp::Wall(us) => us,
        Stamp::Instant(_) => unreachable!(),
    };
    let placed = |text: &str| place(wall(text), &berlin);
    assert_eq!(placed("2026-11-21 08:05:09"), Placed::Plain(WALL_US));
    assert_eq!(placed("2026-03-29 02:30:00"), Placed::Never);
    let change = 1_792_890_000_000_000; // 2026-10-25 01:00 UTC
    let half = 1_800 * SECOND_US;
    assert_eq!(
        placed("2026-10-25 02:30:00"),
        Placed::Twice(change - half, change + half)
    );
}
