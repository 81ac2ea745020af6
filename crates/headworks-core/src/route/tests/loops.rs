//! Writes that come back.

use super::*;

/// Makes the writes of a step come back as samples, again and again; returns what was written.
fn run(bench: &mut Bench, tag: u32, value: Value, now_us: i64) -> Vec<(u32, Value)> {
    let mut written = Vec::new();
    let mut queue = std::collections::VecDeque::from([(tag, value)]);
    while let Some((tag, value)) = queue.pop_front() {
        for step in bench.take(tag, value, now_us) {
            let Verdict::Passed(passed) = step.verdict else {
                continue;
            };
            let plan = Arc::clone(bench.engine.plan());
            let target = plan.route(step.route).unwrap().writes(0).unwrap();
            if passed.stopped != 0 {
                continue;
            }
            let result = passed.sample.value.unwrap();
            let echoes = bench.engine.echoes();
            echoes.note(target, result.clone(), 0.0, passed.chain, now_us);
            written.push((target.0, result.clone()));
            queue.push_back((target.0, result));
            assert!(written.len() < 1000, "it runs in a circle");
        }
    }
    written
}

#[test]
fn what_a_route_wrote_does_not_come_back_through_another() {
    let mut bench = Bench::new(&["x", "y"]);
    let (there, back) = (
        write("x", 1, ""),
        write("y", 0, r#""transform":"value + 1""#),
    );
    bench.routes(&[&there, &back]);
    assert_eq!(run(&mut bench, 0, number(5.0), NOON_US), [(1, number(5.0))]);
    assert_eq!(bench.engine.counts(1).held(Hold::Loop), 1);
}

#[test]
fn a_chain_goes_on_and_a_ring_ends_where_it_began() {
    let mut bench = Bench::new(&["x", "y", "z"]);
    bench.routes(&[&write("x", 1, ""), &write("y", 2, ""), &write("z", 0, "")]);
    let written = run(&mut bench, 0, number(5.0), NOON_US);
    assert_eq!(written, [(1, number(5.0)), (2, number(5.0))]);
    assert_eq!(bench.engine.counts(2).held(Hold::Loop), 1);
}

#[test]
fn a_pair_follows_whoever_changes() {
    let mut bench = Bench::new(&["x", "y"]);
    let pair = write(
        "x",
        1,
        r#""transform":"scale(10)","back":{"transform":"scale(0.1)"}"#,
    );
    bench.routes(&[&pair]);
    assert_eq!(
        run(&mut bench, 1, number(70.0), NOON_US),
        [],
        "the source leads at the start"
    );
    assert_eq!(
        run(&mut bench, 0, number(5.0), NOON_US),
        [(1, number(50.0))]
    );
    let later_us = NOON_US + 60 * SECOND_US;
    assert_eq!(
        run(&mut bench, 1, number(80.0), later_us),
        [(0, number(8.0))]
    );
    assert_eq!(
        run(&mut bench, 1, number(80.0), later_us + 1),
        [],
        "nothing new"
    );
    assert_eq!(
        run(&mut bench, 0, number(8.0), later_us + 1),
        [],
        "its own write, polled again"
    );
    let last_us = later_us + 60 * SECOND_US;
    assert_eq!(
        run(&mut bench, 0, number(5.0), last_us),
        [(1, number(50.0))],
        "back to a value"
    );
    assert_eq!(
        run(&mut bench, 1, number(80.0), last_us + 60 * SECOND_US),
        [(0, number(8.0))]
    );
}

#[test]
fn a_person_who_changes_the_other_side_at_once_is_heard() {
    let mut bench = Bench::new(&["x", "y"]);
    bench.routes(&[&write("x", 1, r#""back":{}"#)]);
    run(&mut bench, 1, number(0.0), NOON_US);
    run(&mut bench, 0, number(5.0), NOON_US);
    assert_eq!(
        run(&mut bench, 1, number(6.0), NOON_US + SECOND_US),
        [(0, number(6.0))]
    );
}

#[test]
fn what_a_device_rounds_is_still_an_echo() {
    let mut bench = Bench::new(&["x", "y"]);
    bench.routes(&[&write("x", 1, ""), &write("y", 0, "")]);
    bench.take(0, number(5.3), NOON_US);
    let chain = Chain::default().with(TagIndex(0));
    let echoes = bench.engine.echoes();
    echoes.note(TagIndex(1), number(5.3), 0.5, chain.clone(), NOON_US);
    assert_eq!(held(&bench.take(1, number(5.0), NOON_US)), [Hold::Loop]);
    // one that keeps another value altogether tells by the read-back
    let echoes = bench.engine.echoes();
    echoes.note(TagIndex(1), number(5.3), 0.5, chain, NOON_US);
    echoes.note_read_back(TagIndex(1), &number(5.3), number(3.0), NOON_US);
    assert_eq!(held(&bench.take(1, number(3.0), NOON_US)), [Hold::Loop]);
}

#[test]
fn devices_that_change_what_is_written_end_it_after_some_hops() {
    let mut bench = Bench::new(&["x", "y"]);
    bench.routes(&[&write("x", 1, ""), &write("y", 0, "")]);
    let mut written = 0;
    let (mut tag, mut value) = (0, 1.0);
    for step in 0..100 {
        let now_us = NOON_US + step * 10_000;
        let steps = bench.take(tag, number(value), now_us);
        let [
            Step {
                verdict: Verdict::Passed(passed),
                ..
            },
        ] = steps.as_slice()
        else {
            break;
        };
        written += 1;
        let target = 1 - tag;
        let chain = passed.chain.clone();
        bench
            .engine
            .echoes()
            .note(TagIndex(target), number(value), 0.0, chain, now_us);
        (tag, value) = (target, value + 1.0); // whatever is written, it adds one
    }
    assert_eq!(written, i32::from(HOPS_MAX));
}

#[test]
fn a_write_that_failed_leaves_no_echo() {
    let mut bench = Bench::new(&["x", "y"]);
    bench.routes(&[&write("x", 1, ""), &write("y", 0, "")]);
    let chain = Chain::default().with(TagIndex(0));
    bench
        .engine
        .echoes()
        .note(TagIndex(1), number(5.0), 0.0, chain, NOON_US);
    bench.engine.echoes().forget(TagIndex(1), &number(5.0));
    assert_eq!(passed(&bench.take(1, number(5.0), NOON_US)), [number(5.0)]);
}
