//! Figures of the planner: `cargo xtask bench planner`.

use std::time::{Duration, Instant};

use headworks_protocols::modbus::corpus;
use headworks_protocols::modbus::planner::{Cost, Item, Learned, Plan, Rules};
use headworks_protocols::modbus::table::{Span, Table};
use serde_json::json;

#[expect(clippy::print_stdout, reason = "figures go to the standard output")]
fn main() {
    let figures = corpus::figures();
    #[expect(clippy::cast_precision_loss, reason = "a quotient for people")]
    let requests = figures.requests as f64 / figures.requests_optimum as f64;
    let plan_us = plan_time().as_secs_f64() * 1e6;
    for line in [
        json!({
            "name": "requests against the optimum, ten real maps",
            "value": requests, "unit": "ratio", "reach": "<= 1.05", "met": requests <= 1.05,
        }),
        json!({
            "name": "cost against the optimum, worst map",
            "value": figures.cost_ratio_max, "unit": "ratio", "reach": "<= 1.05",
            "met": figures.cost_ratio_max <= 1.05,
        }),
        json!({
            "name": "cycles until nothing is refused, worst map",
            "value": figures.cycles_max, "unit": "cycles", "reach": "<= 3",
            "met": figures.cycles_max <= 3,
        }),
        json!({
            "name": "time to plan 1,000 tags",
            "value": plan_us, "unit": "us", "reach": "<= 10000", "met": plan_us <= 10_000.0,
        }),
    ] {
        println!("{line}");
    }
}

/// Returns how long a plan for a thousand tags with gaps takes.
fn plan_time() -> Duration {
    let item = |index: u16| Item {
        span: Span {
            table: Table::Holding,
            start: index * 5,
            count: 1 + index % 3,
        },
        period: Duration::from_secs(1),
    };
    let items: Vec<Item> = (0..1000).map(item).collect();
    let (rules, learned) = (Rules::default(), Learned::default());
    let best = (0..20).map(|_| {
        let begin = Instant::now();
        let plan = Plan::new(&items, &rules, &Cost::TCP, &learned);
        assert!(!plan.scans.is_empty());
        begin.elapsed()
    });
    best.min().unwrap_or_default()
}
