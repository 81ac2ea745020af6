//! Figures of routes: a thousand over patterns in the way of 100,000 samples a second, and what
//! it costs to find their tags.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use headworks_core::model::{ObjectId, Route};
use headworks_core::route::{CompiledRoute, Engine, Named, Plan, Step, Tags, compile};
use headworks_core::{Sample, TagIndex, TagPath, Update, Value};
use jiff::tz::TimeZone;
use serde_json::json;

/// 2026-11-21 12:30 UTC.
const NOW_US: i64 = 1_795_264_200_000_000;

const AREAS: u32 = 1_000;
/// Tags of an area.
const TAGS: u32 = 100;
const ROUTES: u32 = 1_000;
/// Samples a second, each of another tag.
const SAMPLES_PER_S: u32 = 100_000;
/// Seconds that are measured.
const SECONDS: u32 = 5;
/// Part of a core that is wanted.
const REACH: f64 = 0.2;

/// What the routes of a round look like.
struct Mix {
    name: &'static str,
    /// How many routes a sample meets.
    pattern: fn(u32) -> String,
    more: fn(u32) -> serde_json::Value,
    reach: Option<f64>,
}

const MIXES: [Mix; 3] = [
    Mix {
        name: "1,000 wildcard routes, each sample in one, by change",
        pattern: |at| format!("site/area{at}/**"),
        more: |_| json!({ "rules": { "deadband": 0.5 } }),
        reach: Some(REACH),
    },
    Mix {
        name: "1,000 wildcard routes, each sample in one, condition and transform",
        pattern: |at| format!("**/area{at}/*/value*"),
        more: |_| json!({ "when": "value > 20", "transform": "scale(0.001) | round(2)" }),
        reach: Some(REACH),
    },
    Mix {
        name: "1,000 wildcard routes, a tenth of the samples in ten each",
        pattern: |at| format!("*/area*/*/value{}", at % 100),
        more: |_| json!({ "window": { "function": "avg", "seconds": 60 } }),
        reach: None,
    },
];

fn main() {
    let paths: Vec<TagPath> = (0..AREAS * TAGS).map(path).collect();
    for mix in &MIXES {
        let routes: Vec<Arc<CompiledRoute>> = (0..ROUTES).map(|at| route(mix, at)).collect();
        let began = Instant::now();
        let tags = (0..).map(TagIndex).zip(&paths);
        let plan = Plan::new(routes, tags, &Plan::default());
        let resolved_ms = began.elapsed().as_secs_f64() * 1e3;
        let name = format!("{}: finding the tags of 100,000", mix.name);
        figure(&name, resolved_ms, "ms", "-", true);
        let part = share(plan);
        let met = mix.reach.is_none_or(|reach| part < reach);
        let reach = if mix.reach.is_some() { "< 20" } else { "-" };
        let name = format!("{}: 100,000 samples/s", mix.name);
        figure(&name, part * 100.0, "% of a core", reach, met);
    }
}

#[expect(clippy::print_stdout, reason = "figures go to the standard output")]
fn figure(name: &str, value: f64, unit: &str, reach: &str, met: bool) {
    let line = json!({
        "name": name, "value": value, "unit": unit, "reach": reach, "met": met,
    });
    println!("{line}");
}

fn path(at: u32) -> TagPath {
    let text = format!("site/area{}/line{}/value{}", at / TAGS, at % 7, at % TAGS);
    text.parse().expect("a path")
}

/// Nobody names a tag in these routes.
struct NoTags;

impl Tags for NoTags {
    fn at(&self, _: &str) -> Option<Named> {
        None
    }

    fn of(&self, _: ObjectId) -> Option<Named> {
        None
    }
}

fn route(mix: &Mix, at: u32) -> Arc<CompiledRoute> {
    let mut body = json!({
        "name": format!("route {at}"), "from": [(mix.pattern)(at)],
        "to": [{ "kind": "webhook", "url": "http://192.0.2.1/" }],
    });
    let more = (mix.more)(at);
    let more = more.as_object().cloned().unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.extend(more);
    }
    let route: Route = serde_json::from_value(body).expect("a route");
    let id = ObjectId(uuid::Uuid::from_u128(u128::from(at) + 1));
    let mut ways = compile(id, &Arc::new(route), &NoTags).expect("it compiles");
    Arc::new(ways.remove(0))
}

/// Returns which part of a core the samples take.
fn share(plan: Plan) -> f64 {
    let mut engine = Engine::new(TimeZone::UTC);
    engine.adopt(Arc::new(plan));
    let mut steps: Vec<Step> = Vec::new();
    let mut passed = 0;
    let began = Instant::now();
    for second in 0..SECONDS {
        for at in 0..SAMPLES_PER_S {
            let now_us = NOW_US + i64::from(second) * 1_000_000 + i64::from(at) * 10;
            let value = f64::from(at % 40) + f64::from(second % 2) * 0.4;
            let update = Update {
                tag: TagIndex(at),
                sample: Sample::good(now_us, Value::F64(value)),
            };
            engine.take(&update, now_us, &|_| None, &mut steps);
        }
        passed += steps.len();
        steps.clear();
    }
    black_box(passed);
    began.elapsed().as_secs_f64() / f64::from(SECONDS)
}
