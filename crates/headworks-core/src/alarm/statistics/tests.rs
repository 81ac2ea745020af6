use proptest::prelude::*;

use super::*;
use crate::alarm::machine::{By, Transition};
use crate::alarm::state::{Event, State};

const S: i64 = US_PER_S;

fn id(number: u64) -> ObjectId {
    format!("0192d3c0-0000-7000-8000-{number:012}")
        .parse()
        .unwrap()
}

/// Statistics that are told of alarms by hand.
struct Bench {
    statistics: Statistics,
    number: u64,
}

impl Bench {
    fn new(operators: u16) -> Bench {
        Bench {
            statistics: Statistics::new(0, operators),
            number: 0,
        }
    }

    fn add(&mut self, alarm: u64, priority: Priority, transition: Transition) {
        self.number += 1;
        self.statistics.add(&Entry {
            number: self.number,
            alarm: id(alarm),
            name: "a".into(),
            path: None,
            priority,
            text: String::new(),
            value: None,
            limit: None,
            first_out: false,
            transition,
        });
    }

    /// Raises an alarm at a second and returns its event.
    fn raise(&mut self, second: i64, alarm: u64, priority: Priority) -> Event {
        let event = Event {
            id: EventId::new(self.number + 1).unwrap(),
            raised_us: second * S,
        };
        let step = step(second, Cause::Raised, State::Unacknowledged, event);
        self.add(alarm, priority, step);
        event
    }

    fn act(&mut self, second: i64, alarm: u64, cause: Cause, to: State, event: Event) {
        self.add(alarm, Priority::Medium, step(second, cause, to, event));
    }

    fn acknowledge(&mut self, second: i64, alarm: u64, event: Event) {
        self.act(
            second,
            alarm,
            Cause::Acknowledged,
            State::Acknowledged,
            event,
        );
    }

    /// Raises a different alarm at each of the seconds.
    fn raise_all(&mut self, seconds: impl IntoIterator<Item = i64>) {
        for (alarm, second) in (0..).zip(seconds) {
            self.raise(second, alarm, Priority::Medium);
        }
    }

    fn report_at(&mut self, second: i64) -> Report {
        self.statistics.advance(second * S);
        self.statistics.report()
    }
}

fn step(second: i64, cause: Cause, to: State, event: Event) -> Transition {
    Transition {
        time_us: second * S,
        from: State::Normal,
        to,
        cause,
        event: Some(event),
        by: (cause == Cause::Acknowledged).then(|| By::new("ann", "")),
        after: Standing {
            state: to,
            active: to.is_active(),
            event: (!to.is_hidden() && to != State::Normal).then_some(event),
            since_us: second * S,
            ..Standing::default()
        },
    }
}

#[test]
fn a_flood_begins_with_ten_in_ten_minutes() {
    let mut nine = Bench::new(1);
    nine.raise_all((0..9).map(|at| at * 60));
    assert!(!nine.statistics.in_flood());
    let mut ten = Bench::new(1);
    ten.raise_all((0..10).map(|at| at * 60));
    assert!(ten.statistics.in_flood());
    let mut slow = Bench::new(1);
    slow.raise_all((0..20).map(|at| at * 67));
    assert!(!slow.statistics.in_flood(), "nine in any ten minutes");
}

#[test]
fn a_flood_ends_with_fewer_than_five_in_ten_minutes() {
    let mut bench = Bench::new(1);
    bench.raise_all(0..10);
    let flood = Flood {
        start_us: 9 * S,
        end_us: None,
        events: 10,
        peak: 10,
    };
    // Five of them, those of the seconds 5 to 9, are in the ten minutes that end here.
    assert_eq!(bench.report_at(604).load.newest_floods, [flood]);
    let over = Flood {
        end_us: Some(605 * S),
        ..flood
    };
    let report = bench.report_at(1200);
    assert_eq!(report.load.newest_floods, [over]);
    assert_eq!(report.load.flood_percent, Some(100.0 * 596.0 / 1200.0));
    assert!(!bench.statistics.in_flood());
}

#[test]
fn operators_share_the_load() {
    let mut bench = Bench::new(2);
    bench.raise_all(0..19);
    assert!(!bench.statistics.in_flood());
    bench.raise(19, 99, Priority::Medium);
    assert!(bench.statistics.in_flood());
    let report = bench.report_at(600);
    assert_eq!(report.per_period_and_operator, Some(10.0));
    assert_eq!(
        report.load.overloaded_percent,
        Some(0.0),
        "10 each are allowed"
    );
}

#[test]
fn periods_are_counted_with_those_beyond_the_targets() {
    let mut bench = Bench::new(1);
    bench.raise_all([0]);
    bench.raise_all(600..602);
    bench.raise_all(1800..1811);
    let load = bench.report_at(2399).load;
    assert_eq!(load.newest_periods, [1, 2, 0, 11]);
    assert_eq!((load.periods, load.period_peak, load.events), (4, 11, 14));
    assert_eq!(load.above_target_percent, Some(50.0));
    assert_eq!(load.overloaded_percent, Some(25.0));
}

#[test]
fn months_without_an_alarm_cost_neither_time_nor_memory() {
    let mut bench = Bench::new(1);
    bench.raise_all([0]);
    let year_s = 366 * 86_400;
    let load = bench.report_at(year_s).load;
    assert_eq!(load.periods, 366 * 144 + 1);
    assert_eq!(load.newest_periods.len(), 4464);
    bench.raise_all([year_s]);
    let load = bench.report_at(year_s).load;
    assert_eq!(load.newest_periods.last(), Some(&1));
}

#[test]
fn chattering_is_three_within_a_minute() {
    let mut bench = Bench::new(1);
    for second in [0, 31, 61] {
        bench.raise(second, 1, Priority::Medium);
    }
    assert_eq!(bench.report_at(100).chattering, 0, "two in any minute");
    for second in [200, 230, 260, 270, 280] {
        bench.raise(second, 2, Priority::Medium);
    }
    for second in [500, 510, 520] {
        bench.raise(second, 2, Priority::Medium);
    }
    let report = bench.report_at(600);
    assert_eq!(report.chattering, 1);
    let twice = AlarmCount {
        alarm: id(2),
        count: 2,
    };
    assert_eq!(report.most_chattering, [twice]);
}

#[test]
fn an_alarm_is_stale_after_a_day() {
    let mut bench = Bench::new(1);
    let event = bench.raise(10, 1, Priority::Medium);
    bench.acknowledge(20, 1, event);
    assert_eq!(bench.report_at(86_410).stale, 0);
    let report = bench.report_at(86_411);
    let stale = StaleAlarm {
        alarm: id(1),
        since_us: 10 * S,
    };
    assert_eq!((report.stale, report.longest_stale), (1, vec![stale]));
    bench.act(90_000, 1, Cause::Shelved, State::Shelved, event);
    assert_eq!(bench.report_at(90_000).stale, 0);
}

#[test]
fn what_was_active_at_the_beginning_grows_stale_too() {
    let event = Event {
        id: EventId::new(1).unwrap(),
        raised_us: 0,
    };
    let mut raised = step(0, Cause::Raised, State::Unacknowledged, event);
    raised.after.active = true;
    let mut bench = Bench::new(1);
    let mut fold = Fold::default();
    let entry = Entry {
        number: 1,
        alarm: id(7),
        name: "a".into(),
        path: None,
        priority: Priority::Medium,
        text: String::new(),
        value: None,
        limit: None,
        first_out: false,
        transition: raised,
    };
    fold.apply(&entry).unwrap();
    bench.statistics.begin_with(&fold);
    let report = bench.report_at(86_401);
    assert_eq!((report.stale, report.load.events), (1, 0));
}

#[test]
fn the_ten_most_frequent_are_listed_with_their_share() {
    let mut bench = Bench::new(1);
    let mut second = 0;
    for alarm in 1..=12 {
        for _ in 0..alarm {
            second += 100;
            bench.raise(second, alarm, Priority::Medium);
        }
    }
    let report = bench.report_at(second);
    let counts: Vec<u64> = report.top.iter().map(|alarm| alarm.count).collect();
    assert_eq!(counts, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
    assert_eq!(report.top[0].alarm, id(12));
    assert_eq!(report.top_percent, Some(100.0 * 75.0 / 78.0));
}

#[test]
fn priorities_are_shares_of_what_asks_for_action() {
    let mut bench = Bench::new(1);
    let numbers = [
        (Priority::Critical, 1),
        (Priority::High, 3),
        (Priority::Medium, 16),
    ];
    for (priority, count) in numbers.into_iter().chain([(Priority::Low, 40)]) {
        for _ in 0..count {
            bench.raise(0, 1, priority);
        }
    }
    let report = bench.report_at(1);
    let percents: Vec<Option<f64>> = report
        .priorities
        .iter()
        .map(|share| share.percent)
        .collect();
    let targets: Vec<Option<f64>> = report
        .priorities
        .iter()
        .map(|share| share.target_percent)
        .collect();
    assert_eq!(percents, [Some(5.0), Some(15.0), Some(80.0), None]);
    assert_eq!(percents, targets, "just as it should be");
    assert_eq!(report.priorities[3].events, 40);
}

#[test]
fn the_time_to_acknowledge_counts_once_for_each_event() {
    let mut bench = Bench::new(1);
    for took_s in 1..=100 {
        let event = bench.raise(1000 * took_s, 1, Priority::Medium);
        bench.acknowledge(1000 * took_s + took_s, 1, event);
        bench.acknowledge(1000 * took_s + 900, 1, event);
    }
    let report = bench.report_at(200_000);
    assert_eq!(report.acknowledged, 100);
    let within = |found: Option<f64>, exact: f64| {
        let found = found.unwrap();
        assert!(exact <= found && found <= exact * 17.0 / 16.0, "{found}");
    };
    within(report.acknowledged_p50_s, 50.0);
    within(report.acknowledged_p90_s, 90.0);
    within(report.acknowledged_p95_s, 95.0);
    within(report.acknowledged_p99_s, 99.0);
}

#[test]
fn what_is_hidden_or_asks_again_is_no_load() {
    let mut bench = Bench::new(1);
    let event = bench.raise(0, 1, Priority::Medium);
    bench.act(1, 1, Cause::ReAlarmed, State::Unacknowledged, event);
    bench.act(2, 1, Cause::Shelved, State::Shelved, event);
    bench.act(3, 1, Cause::Raised, State::Shelved, event);
    assert_eq!(bench.report_at(4).load.events, 1);
    bench.act(5, 1, Cause::ShelfExpired, State::Unacknowledged, event);
    assert_eq!(bench.report_at(6).load.events, 2);
}

#[test]
fn a_report_comes_back_from_json() {
    let mut bench = Bench::new(1);
    bench.raise_all(0..30);
    let report = bench.report_at(40);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}

proptest! {
    /// The flood detector against the rule itself, written down without any window.
    #[test]
    fn floods_are_those_of_the_definition(gaps in prop::collection::vec(0_i64..150, 1..150)) {
        let times: Vec<i64> = gaps.iter().scan(0, |at, gap| { *at += gap; Some(*at) }).collect();
        let end = times.last().unwrap() + 700;
        let mut bench = Bench::new(1);
        let (mut in_flood, mut started) = (false, 0_u64);
        let mut next = 0;
        for second in 0..=end {
            let in_window = |next: usize| {
                times[..next].iter().filter(|&&at| second - 600 < at).count()
            };
            bench.statistics.advance(second * S);
            in_flood &= 5 <= in_window(next);
            while next < times.len() && times[next] == second {
                bench.raise(second, next as u64, Priority::Medium);
                next += 1;
                if !in_flood && 10 <= in_window(next) {
                    in_flood = true;
                    started += 1;
                }
            }
            prop_assert_eq!(bench.statistics.in_flood(), in_flood, "at {}", second);
        }
        prop_assert_eq!(bench.statistics.report().load.floods, started);
    }
}
