//! The aggregates over time once more, tick by tick: slow, but plainly what Part 13 says.

use proptest::prelude::*;

use super::*;

/// Length of a tick of the reference.
const TICKS: i64 = 200;

fn series() -> impl Strategy<Value = Vec<Sample>> {
    let sample = (0..TICKS, -50..50_i32, 0..10_u8);
    prop::collection::btree_map(0..TICKS, sample, 1..30).prop_map(|samples| {
        let one = |(time, (_, value, dice)): (i64, (i64, i32, u8))| match dice {
            0 | 1 => bad(time),
            2 | 3 => uncertain(time, f64::from(value)),
            _ => good(time, f64::from(value)),
        };
        samples.into_iter().map(one).collect()
    })
}

fn number(sample: &Sample) -> f64 {
    sample.value.as_ref().and_then(Value::as_f64).unwrap()
}

/// Returns the sample that holds before an instant, and the next one after it.
fn around(samples: &[Sample], half: f64) -> (Option<&Sample>, Option<&Sample>) {
    let at = |sample: &&Sample| (sample.time_us / SECOND_US) as f64;
    let before = samples.iter().rfind(|sample| at(sample) < half);
    (before, samples.iter().find(|sample| half < at(sample)))
}

fn on_line(before: &Sample, after: &Sample, half: f64) -> f64 {
    let at = |sample: &Sample| (sample.time_us / SECOND_US) as f64;
    let share = (half - at(before)) / (at(after) - at(before));
    number(before) + share * (number(after) - number(before))
}

/// Integrates over whole seconds by their middle, which is exact for lines between whole seconds.
struct Brute {
    area: f64,
    usable: f64,
    bad: f64,
    lines: f64,
    covered: f64,
}

fn brute(samples: &[Sample], options: AggregateOptions, from: i64, to: i64) -> Brute {
    let mut sums = Brute {
        area: 0.0,
        usable: 0.0,
        bad: 0.0,
        lines: 0.0,
        covered: 0.0,
    };
    let usable: Vec<Sample> = samples
        .iter()
        .filter(|s| options.is_usable(s.quality))
        .cloned()
        .collect();
    for second in from..to {
        let half = second as f64 + 0.5;
        match around(samples, half) {
            (Some(before), Some(after)) if options.is_usable(before.quality) => {
                let is_line = !options.stepped && options.is_usable(after.quality);
                sums.area += if is_line {
                    on_line(before, after, half)
                } else {
                    number(before)
                };
                sums.usable += 1.0;
            }
            (_, Some(_)) => sums.bad += 1.0,
            (_, None) => {}
        }
        match around(&usable, half) {
            (Some(before), Some(after)) => sums.lines += on_line(before, after, half),
            (Some(before), None) => sums.lines += number(before),
            (None, _) => continue,
        }
        sums.covered += 1.0;
    }
    sums
}

fn is_near(found: Option<&Value>, want: f64) -> bool {
    let Some(found) = found.and_then(Value::as_f64) else {
        return false;
    };
    // The last sample of all lasts a microsecond.
    (found - want).abs() <= 1e-3 + want.abs() * 1e-5
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn areas_and_durations_are_those_of_every_second(
        samples in series(),
        width in 1..90_i64,
        start in 0..20_i64,
        stepped: bool,
        treat_uncertain_as_bad: bool,
        backward: bool,
    ) {
        let options = AggregateOptions {
            stepped,
            treat_uncertain_as_bad,
            ..AggregateOptions::default()
        };
        let end = start + width * 2;
        let intervals = if backward { fixed(end, start, width) } else { fixed(start, end, width) };
        let engine = pass(&samples, intervals, options);
        for nth in 0..2 {
            let from = start + width * i64::try_from(nth).unwrap();
            let at = if backward { 1 - nth } else { nth };
            let one = |aggregate| engine.results(aggregate).nth(at).unwrap();
            let want = brute(&samples, options, from, from + width);
            if 0.0 < want.usable {
                prop_assert!(is_near(one(Aggregate::Total2).value.as_ref(), want.area)
                    || one(Aggregate::Total2).quality.is_bad());
                let average = one(Aggregate::TimeAverage2);
                prop_assert!(average.quality.is_bad()
                    || is_near(average.value.as_ref(), want.area / want.usable), "{average:?}");
                let duration = one(Aggregate::DurationGood);
                prop_assert!(is_near(duration.value.as_ref(), want.usable * 1e3), "{duration:?}");
                let duration = one(Aggregate::DurationBad);
                prop_assert!(is_near(duration.value.as_ref(), want.bad * 1e3), "{duration:?}");
            }
            if 0.0 < want.covered {
                let average = one(Aggregate::TimeAverage);
                let mean = want.lines / want.covered;
                prop_assert!(is_near(average.value.as_ref(), mean), "{average:?}");
                prop_assert!(is_near(one(Aggregate::Total).value.as_ref(), want.lines));
            }
        }
    }

    #[test]
    fn samples_lie_in_exactly_one_interval(
        samples in series(),
        width in 1..40_i64,
        backward: bool,
    ) {
        let intervals = if backward { fixed(TICKS, 0, width) } else { fixed(0, TICKS, width) };
        let engine = pass(&samples, intervals, AggregateOptions::default());
        let counted: u64 = engine.cells.iter().map(points::Cell::samples).sum();
        let first = i64::from(backward);
        let inside = samples.iter().filter(|s| first <= s.time_us).count();
        prop_assert_eq!(counted, inside as u64);
    }
}
