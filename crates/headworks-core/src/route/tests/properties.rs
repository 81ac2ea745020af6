//! What holds whatever comes.

use proptest::prelude::*;

use super::*;

/// Samples: tag, value, microseconds since the one before.
fn samples() -> impl Strategy<Value = Vec<(u32, i32, i64)>> {
    prop::collection::vec((0_u32..3, -5_i32..5, 0_i64..2_000_000), 1..80)
}

fn total(counts: &Counts) -> u64 {
    Hold::ALL.iter().map(|by| counts.held(*by)).sum()
}

proptest! {
    #[test]
    fn every_sample_is_counted_once(samples in samples(), deadband in 0_u8..4, most in 1_u32..9) {
        let mut bench = Bench::new(&["p/a", "p/b", "p/c"]);
        let rules = format!(
            r#""when":"value != 0","rules":{{"deadband":{deadband},"max_per_minute":{most}}}"#
        );
        bench.routes(&[&hook("p/*", &rules)]);
        let mut now_us = NOON_US;
        for (tag, value, after_us) in &samples {
            now_us += after_us;
            prop_assert_eq!(bench.take(*tag, number(f64::from(*value)), now_us).len(), 1);
        }
        let counts = bench.engine.counts(0);
        prop_assert_eq!(counts.matched, samples.len() as u64);
        prop_assert_eq!(counts.passed + total(&counts), counts.matched);
    }

    #[test]
    fn results_keep_their_distance_and_end_with_the_newest(
        samples in samples(),
        interval_ms in 0_i64..5_000,
    ) {
        let mut bench = Bench::new(&["p/a", "p/b", "p/c"]);
        let rules = format!(r#""rules":{{"min_interval_ms":{interval_ms}}}"#);
        bench.routes(&[&hook("p/*", &rules)]);
        let mut now_us = NOON_US;
        let mut sent: Vec<Vec<(i64, Value)>> = vec![Vec::new(); 3];
        let mut note = |now_us: i64, steps: Vec<Step>| {
            for step in steps {
                if let Verdict::Passed(passed) = step.verdict {
                    sent[step.tag.as_usize()].push((now_us, passed.sample.value.unwrap()));
                }
            }
        };
        for (tag, value, after_us) in &samples {
            let next_us = now_us + after_us;
            while let Some(due_us) = bench.engine.due_us().filter(|due_us| *due_us <= next_us) {
                note(due_us, bench.tick(due_us));
            }
            now_us = next_us;
            note(now_us, bench.take(*tag, number(f64::from(*value)), now_us));
        }
        while let Some(due_us) = bench.engine.due_us() {
            note(due_us, bench.tick(due_us));
        }
        for (tag, sent) in sent.iter().enumerate() {
            for pair in sent.windows(2) {
                prop_assert!(interval_ms * 1000 <= pair[1].0 - pair[0].0);
                prop_assert_ne!(&pair[0].1, &pair[1].1);
            }
            let newest = bench.last[tag].as_ref().and_then(|sample| sample.value.clone());
            prop_assert_eq!(sent.last().map(|(_, value)| value.clone()), newest);
        }
    }

    #[test]
    fn windows_lose_no_sample(samples in samples(), seconds in 1_u32..20) {
        let mut bench = Bench::new(&["p/a", "p/b", "p/c"]);
        let window = format!(
            r#""window":{{"function":"count","seconds":{seconds}}},"rules":{{"every_sample":true}}"#
        );
        bench.routes(&[&hook("p/*", &window)]);
        let mut now_us = NOON_US;
        let mut all = Vec::new();
        for (tag, value, after_us) in &samples {
            now_us += after_us;
            all.extend(passed(&bench.take(*tag, number(f64::from(*value)), now_us)));
        }
        all.extend(passed(&bench.tick(i64::MAX)));
        let sum: f64 = all.iter().filter_map(Value::as_f64).sum();
        prop_assert_eq!(sum, f64::from(u32::try_from(samples.len()).unwrap()));
    }

    #[test]
    fn writes_that_come_back_always_end(
        edges in prop::collection::vec((0_u32..4, 0_u32..4, 0_u8..3), 1..12),
        values in prop::collection::vec((0_u32..4, -5_i32..5), 1..6),
    ) {
        let names = ["a", "b", "c", "d"];
        let mut bench = Bench::new(&names);
        let route = |(from, to, by): &(u32, u32, u8)| {
            write(names[*from as usize], *to, &format!(r#""transform":"value + {by}""#))
        };
        let routes: Vec<String> = edges.iter().map(route).collect();
        let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
        bench.routes(&routes);
        for (tag, value) in values {
            let mut queue = std::collections::VecDeque::from([(tag, number(f64::from(value)))]);
            let mut writes = 0;
            while let Some((tag, value)) = queue.pop_front() {
                for step in bench.take(tag, value.clone(), NOON_US) {
                    let plan = Arc::clone(bench.engine.plan());
                    let target = plan.route(step.route).unwrap().writes(0).unwrap();
                    if let Verdict::Passed(passed) = step.verdict {
                        writes += 1;
                        prop_assert!(writes < 20_000, "{:?}", edges);
                        let result = passed.sample.value.unwrap();
                        let echoes = bench.engine.echoes();
                        echoes.note(target, result.clone(), 0.0, passed.chain, NOON_US);
                        queue.push_back((target.0, result));
                    }
                }
            }
        }
    }
}
