//! Which routes take which tags, and what stays over a change.

use proptest::prelude::*;

use super::*;

fn tags_of(bench: &Bench, place: u32) -> Vec<u32> {
    bench
        .engine
        .plan()
        .tags_of(place)
        .map(|tag| tag.0)
        .collect()
}

#[test]
fn exceptions_leave_tags_out() {
    let mut bench = Bench::new(&["p/a", "p/b", "q/a"]);
    bench.routes(&[&hook("p/*", r#""except":["**/b"]"#), &hook("**", "")]);
    assert_eq!(tags_of(&bench, 0), [0]);
    assert_eq!(tags_of(&bench, 1), [0, 1, 2]);
    assert_eq!(bench.engine.plan().routes()[1].tags, 3);
}

#[test]
fn a_route_with_two_patterns_takes_a_sample_once() {
    let mut bench = Bench::new(&["p/a"]);
    let route = hook("p/*", "").replace(r#"["p/*"]"#, r#"["p/*","**/a"]"#);
    bench.routes(&[&route]);
    assert_eq!(bench.take(0, number(1.0), NOON_US).len(), 1);
}

#[test]
fn what_a_route_names_must_be_there() {
    let mut bench = Bench::new(&["a", "b"]);
    bench.read_only = vec![1];
    let error = |json: &str| bench.compile(0, json).unwrap_err().to_string();
    assert!(error(&write("a", 1, "")).contains("/to/0/tag: b cannot be written; set writable"));
    assert!(error(&write("a", 77, "")).contains("/to/0/tag: there is no tag"));
    assert!(error(&write("nowhere", 0, r#""back":{}"#)).contains("/from/0: names no tag"));
    assert!(error(&write("b", 0, r#""back":{}"#)).contains("/from/0: b cannot be written"));
    assert!(error(&hook("a", r#""when":"tag(\"c\") > 1""#)).contains("/when: column 1"));
}

#[test]
fn a_change_of_one_route_does_not_make_others_forget() {
    let mut bench = Bench::new(&["a"]);
    let steady = hook("a", r#""window":{"function":"count","seconds":60}"#);
    bench.routes(&[&steady, &hook("a", "")]);
    bench.take(0, number(1.0), NOON_US);
    bench.routes(&[&steady, &hook("a", r#""transform":"scale(2)""#)]);
    assert_eq!(
        bench.engine.counts(1).passed,
        1,
        "counts stay with the object"
    );
    let steps = bench.take(0, number(1.0), NOON_US + 1);
    assert_eq!(passed(&steps), [number(2.0)], "the changed one begins anew");
    let steps = bench.tick(NOON_US + 60 * SECOND_US);
    assert_eq!(
        passed(&steps),
        [Value::I64(2)],
        "the other has both samples"
    );
}

#[test]
fn a_route_that_goes_away_takes_what_waited_with_it() {
    let mut bench = Bench::new(&["a"]);
    bench.routes(&[&hook("a", r#""window":{"function":"count","seconds":60}"#)]);
    bench.take(0, number(1.0), NOON_US);
    bench.routes(&[]);
    assert_eq!(bench.engine.due_us(), None);
    assert_eq!(bench.tick(NOON_US + 600 * SECOND_US), []);
}

#[test]
fn routes_with_too_many_tags_are_left_out_and_the_others_work() {
    let paths: Vec<TagPath> = (0..1001)
        .map(|at| format!("t{at}").parse().unwrap())
        .collect();
    let bench = Bench::new(&["t0"]);
    let wide = (0..1000).map(|at| bench.compile(at, &hook("**", "")).unwrap().remove(0));
    let narrow = bench.compile(1000, &hook("t0", "")).unwrap();
    let routes = wide.chain(narrow).map(Arc::new).collect();
    let tags = (0..).map(TagIndex).zip(&paths);
    let plan = Plan::new(routes, tags, &Plan::default());
    let left_out = plan.routes().iter().filter(|one| one.is_too_wide).count();
    assert_eq!(left_out, 1, "1,001,001 pairs are one wide route too many");
    assert!(!plan.routes()[1000].is_too_wide);
}

proptest! {
    #[test]
    fn a_plan_finds_what_the_routes_select_also_after_changes(
        froms in prop::collection::vec("(\\*\\*/)?[ab*](/[ab*])?(/\\*\\*)?", 1..6),
        except in "[ab*](/[ab*])?",
        paths in prop::collection::hash_set("[ab](/[ab]){0,2}", 1..8),
        renamed in 0_usize..8,
    ) {
        let mut paths: Vec<String> = paths.into_iter().collect();
        let texts: Vec<&str> = paths.iter().map(String::as_str).collect();
        let mut bench = Bench::new(&texts);
        let except = format!(r#""except":["{except}"]"#);
        let routes: Vec<String> = froms.iter().map(|from| hook(from, &except)).collect();
        let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
        bench.routes(&routes);
        let renamed = renamed % paths.len();
        paths[renamed] = "a/renamed".to_owned();
        bench.paths[renamed] = "a/renamed".parse().unwrap();
        bench.routes(&routes);
        for place in 0..u32::try_from(routes.len()).unwrap() {
            let plan = bench.engine.plan();
            let route = &plan.route(place).unwrap().route;
            let wanted = (0..).zip(&bench.paths).filter(|(_, path)| route.selects(path));
            let wanted: Vec<u32> = wanted.map(|(tag, _)| tag).collect();
            prop_assert_eq!(tags_of(&bench, place), wanted);
        }
    }
}
