use super::*;

const MINIMAL: &str = r#"{"name":"r","from":["a/*"],"to":[{"kind":"webhook","url":"http://h/x"}]}"#;

fn parse(json: &str) -> Result<Route, String> {
    let route: Route = serde_json::from_str(json).map_err(|error| error.to_string())?;
    route.check().map_err(|error| error.to_string())?;
    Ok(route)
}

/// Puts more fields into the minimal route.
fn with(fields: &str) -> Result<Route, String> {
    parse(&MINIMAL.replacen('{', &format!("{{{fields},"), 1))
}

#[track_caller]
fn check_refused(fields: &str, want: &str) {
    let error = with(fields).unwrap_err();
    assert!(error.contains(want), "{fields}: {error}");
}

#[track_caller]
fn check_target_refused(target: &str, want: &str) {
    let error = parse(&format!(r#"{{"name":"r","from":["a"],"to":[{target}]}}"#)).unwrap_err();
    assert!(error.contains(want), "{target}: {error}");
}

#[test]
fn a_route_says_only_what_differs_from_the_default() {
    let route = parse(MINIMAL).unwrap();
    let text = serde_json::to_string(&route).unwrap();
    assert_eq!(
        text,
        MINIMAL.replace("}]", r#","timeout_ms":10000,"tries":3}]"#)
    );
    assert_eq!(parse(&text).unwrap(), route);
}

#[test]
fn every_field_comes_back() {
    let fields = r#""except":["a/b"],"accept":"any","schedule":{"days":["mon","sun"],
        "from":"22:00","to":"06:00"},"when":"value > tag(\"x/y\")","window":{"function":"avg",
        "seconds":60},"transform":"scale(0.001) | round","rules":{"deadband":0.5,
        "min_interval_ms":1000,"max_per_minute":10},"dry_run":true,"enabled":false,
        "description":"d""#;
    let route = with(fields).unwrap();
    let text = serde_json::to_string(&route).unwrap();
    assert_eq!(parse(&text).unwrap(), route);
}

#[test]
fn mistakes_name_the_field_and_the_bound() {
    check_refused(r#""when":"value >""#, "/when: column 8");
    check_refused(r#""when":"temp > 3""#, "/when: column 1");
    check_refused(r#""when":"\"text\"""#, "is a text, not true or false");
    check_refused(r#""transform":"scale(""#, "/transform: column");
    check_refused(r#""window":{"function":"avg","seconds":0}"#, "1 to 86400 s");
    check_refused(
        r#""window":{"function":"median","seconds":1}"#,
        "unknown variant `median`",
    );
    check_refused(r#""rules":{"deadband":-1}"#, "/rules/deadband: -1 must be");
    check_refused(
        r#""rules":{"deadband":1,"every_sample":true}"#,
        "leave one out",
    );
    check_refused(
        r#""rules":{"min_interval_ms":86400001}"#,
        "at most 86400000 ms",
    );
    check_refused(r#""rules":{"max_per_minute":0}"#, "0; 1 to 1000000");
    check_refused(
        r#""schedule":{"days":["mon","mon"]}"#,
        "/schedule/days/1: this day",
    );
    check_refused(r#""schedule":{}"#, "every day, all day");
    check_refused(r#""schedule":{"from":"24:00"}"#, "no time of day");
    check_refused(r#""schedule":{"from":"7:00"}"#, "write HH:MM");
    check_refused(r#""except":["x","x"]"#, "/except/1: \"x\" is given twice");
    check_refused(r#""colour":1"#, "unknown field `colour`");
    check_refused(
        r#""back":{}"#,
        "/back: a way back needs the path of one tag",
    );
    let none = parse(r#"{"name":"r","from":[],"to":[]}"#).unwrap_err();
    assert!(none.contains("/from: needs a path or a pattern"), "{none}");
    let none = parse(r#"{"name":"r","from":["a"],"to":[]}"#).unwrap_err();
    assert!(none.contains("/to: 0 targets; 1 to 16"), "{none}");
}

#[test]
fn a_way_back_is_for_one_tag_to_one_tag() {
    let tag = r#"{"kind":"tag","tag":"0190a1b2-0000-7000-8000-000000000001"}"#;
    let route = |from: &str, to: &str, more: &str| {
        parse(&format!(
            r#"{{"name":"r","from":{from},"to":[{to}],"back":{{}}{more}}}"#
        ))
    };
    assert!(route(r#"["a/b"]"#, tag, "").is_ok());
    for (from, to, more, want) in [
        (r#"["a","b"]"#, tag, "", "exactly one source"),
        (r#"["a/*"]"#, tag, "", "without `*`"),
        (
            r#"["a"]"#,
            r#"{"kind":"webhook","url":"http://h"}"#,
            "",
            "that a tag",
        ),
        (
            r#"["a"]"#,
            tag,
            r#","window":{"function":"avg","seconds":1}"#,
            "window of time",
        ),
    ] {
        let error = route(from, to, more).unwrap_err();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn targets_are_checked_by_their_kind() {
    check_target_refused(r#"{"kind":"fax"}"#, "unknown variant `fax`");
    check_target_refused(r#"{"kind":"tag","tag":"x"}"#, "UUID");
    check_target_refused(r#"{"kind":"tag"}"#, "missing field `tag`");
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h","tag":"0190a1b2-0000-7000-8000-000000000001"}"#,
        "tag means nothing to \"webhook\"",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h","colour":1}"#,
        "unknown field",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"ftp://x"}"#,
        "/to/0/url: must begin",
    );
    check_target_refused(r#"{"kind":"webhook","url":"http:///x"}"#, "names no host");
    check_target_refused(
        r#"{"kind":"webhook","url":"http://u:p@h/"}"#,
        "${secret:name}",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h/a b"}"#,
        "holds a blank",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h","tries":0}"#,
        "1 to 10",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h","timeout_ms":9}"#,
        "100 to 60000",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h","headers":{"Host":"x"}}"#,
        "set by the program",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h","headers":{"a b":"x"}}"#,
        "no name of a header",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h","headers":{"a":"x\r\ny: z"}}"#,
        "control character",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h","body":"{\"v\": {valu}}"}"#,
        "{valu} is unknown",
    );
    check_target_refused(
        r#"{"kind":"webhook","url":"http://h","body":"{\"v\": {value}}"}"#,
        "write {value:json}",
    );
    let twice = r#"{"kind":"webhook","url":"http://h"},{"kind":"webhook","url":"http://h"}"#;
    check_target_refused(twice, "/to/1: is given twice");
}

#[test]
fn a_schedule_over_midnight_belongs_to_the_day_it_begins() {
    let schedule = |days: &[Weekday], from: &str, to: &str| RouteSchedule {
        days: days.to_vec(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    };
    let night = schedule(&[Weekday::Fri], "22:00", "06:00");
    for (day, minute, want) in [
        (Weekday::Fri, 22 * 60, true),
        (Weekday::Fri, 22 * 60 - 1, false),
        (Weekday::Fri, 5 * 60, false),
        (Weekday::Sat, 5 * 60 + 59, true),
        (Weekday::Sat, 6 * 60, false),
        (Weekday::Sat, 23 * 60, false),
    ] {
        assert_eq!(night.holds(day, minute), want, "{day:?} {minute}");
    }
    let sundays = schedule(&[Weekday::Sun], "00:00", "00:00");
    assert!(sundays.holds(Weekday::Sun, 0) && sundays.holds(Weekday::Sun, 1439));
    assert!(!sundays.holds(Weekday::Mon, 0));
    let office = schedule(&[], "08:00", "17:00");
    assert!(office.holds(Weekday::Wed, 480) && !office.holds(Weekday::Wed, 1020));
}
