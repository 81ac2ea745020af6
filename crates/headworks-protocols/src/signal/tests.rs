use super::*;

fn source(text: &str) -> Source {
    Source::new(text.parse().unwrap(), 1)
}

#[test]
fn signals_are_written_as_they_are_read() {
    for text in [
        "constant:42",
        "text:ready: or not",
        "sine:10s:0..100",
        "ramp:0.5s:-5..5",
        "square:4s:0..1",
        "walk:60s:20..25.5",
        "counter:2.5/s:1000",
        "setpoint:50",
        "follow:10s:level_setpoint",
    ] {
        assert_eq!(text.parse::<Signal>().unwrap().to_string(), text);
    }
    assert_eq!(
        "sine:500ms:0..1".parse::<Signal>(),
        "sine:0.5s:0..1".parse()
    );
    assert_eq!("sine:2m:0..1".parse::<Signal>(), "sine:120s:0..1".parse());
    assert_eq!("counter:1/s".parse::<Signal>(), "counter:1/s:0".parse());
}

#[track_caller]
fn check_refused(text: &str, want: &str) {
    let error = text.parse::<Signal>().unwrap_err().to_string();
    assert!(error.contains(want), "{error}");
}

#[test]
fn mistakes_show_what_would_be_right() {
    check_refused(
        "cosine:10s:0..1",
        "\"cosine\" is no signal; write sine:10s:0..100",
    );
    check_refused("sine:10s", "write it like sine:10s:0..100");
    check_refused("sine:0s:0..1", "\"0s\" is no time above zero");
    check_refused("sine:10:0..1", "write e.g. 500ms");
    check_refused("walk:10s:5..1", "the lower first");
    check_refused("counter:5", "\"5\" is no rate");
    check_refused("constant:NaN", "\"NaN\" is no finite number");
    check_refused("follow:10s:", "write it like follow:10s:level_setpoint");
}

#[test]
fn waves_stay_within_their_bounds_and_use_them() {
    for text in [
        "sine:10s:-20..30",
        "ramp:10s:-20..30",
        "square:10s:-20..30",
        "walk:10s:-20..30",
    ] {
        let source = source(text);
        let values: Vec<f64> = (0..10_000)
            .map(|tick| source.number(f64::from(tick) * 0.1))
            .collect();
        let low = values.iter().copied().fold(f64::MAX, f64::min);
        let high = values.iter().copied().fold(f64::MIN, f64::max);
        assert!((-20.0..-8.0).contains(&low), "{text}: {low}");
        assert!(18.0 < high && high <= 30.0, "{text}: {high}");
    }
}

#[test]
fn a_walk_has_no_leaps() {
    let source = source("walk:60s:0..100");
    let values: Vec<f64> = (0..6000)
        .map(|tick| source.number(f64::from(tick) * 0.1))
        .collect();
    let leap = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f64::max);
    assert!(leap < 1.0, "{leap} in a tenth of a second");
}

#[test]
fn seeds_move_signals_apart_and_repeat_them() {
    let signal: Signal = "sine:10s:0..1".parse().unwrap();
    let at = |seed| Source::new(signal.clone(), seed).number(3.0);
    assert_eq!(at(5), at(5));
    assert!((at(5) - at(6)).abs() > 1e-6);
}

#[test]
fn a_counter_grows_evenly() {
    let source = source("counter:2.5/s:1000");
    assert_eq!((source.number(0.0), source.number(4.0)), (1000.0, 1010.0));
}

#[test]
fn a_follower_goes_two_thirds_of_the_way_in_its_lag() {
    let mut source = source("follow:10s:x");
    source.start_at(50.0);
    assert_eq!(source.number(100.0), 50.0);
    source.set_target(150.0, 100.0);
    assert_eq!(source.number(100.0), 50.0);
    assert!((source.number(110.0) - 113.2).abs() < 0.1);
    source.set_target(50.0, 110.0);
    assert!(
        (source.number(110.0) - 113.2).abs() < 0.1,
        "no leap when it changes on the way"
    );
    assert!((source.number(200.0) - 50.0).abs() < 0.1);
}
