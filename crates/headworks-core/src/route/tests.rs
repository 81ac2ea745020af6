use std::sync::Arc;

use jiff::tz::TimeZone;
use uuid::Uuid;

use super::*;
use crate::expr::Kind;
use crate::model::{ObjectBody, ObjectId, Route};
use crate::{Quality, Sample, TagIndex, TagPath, Update, Value};

mod body;
mod loops;
mod plans;
mod properties;
mod rules;

pub(super) const SECOND_US: i64 = 1_000_000;
/// 2026-11-21 12:00:00 UTC, a Saturday.
pub(super) const NOON_US: i64 = 1_795_262_400_000_000;

/// A plant of writable numbers with these paths; their ids are their numbers.
pub(super) struct Bench {
    pub(super) paths: Vec<TagPath>,
    pub(super) read_only: Vec<u32>,
    pub(super) last: Vec<Option<Sample>>,
    pub(super) engine: Engine,
}

pub(super) fn id(number: u32) -> ObjectId {
    ObjectId(Uuid::from_u128(u128::from(number) + 1))
}

impl Tags for Bench {
    fn at(&self, path: &str) -> Option<Named> {
        let at = self.paths.iter().position(|one| one.as_str() == path)?;
        self.of(id(u32::try_from(at).unwrap()))
    }

    fn of(&self, wanted: ObjectId) -> Option<Named> {
        let at = (0..).zip(&self.paths).find(|(at, _)| id(*at) == wanted);
        at.map(|(at, path)| Named {
            tag: TagIndex(at),
            kind: Kind::Number,
            writable: !self.read_only.contains(&at),
            path: path.clone(),
        })
    }
}

impl Bench {
    pub(super) fn new(paths: &[&str]) -> Bench {
        Bench {
            paths: paths.iter().map(|path| path.parse().unwrap()).collect(),
            read_only: Vec::new(),
            last: vec![None; paths.len()],
            engine: Engine::new(TimeZone::UTC).tracing(),
        }
    }

    /// Sets the routes, as JSON; those with the same place are the same object.
    pub(super) fn routes(&mut self, routes: &[&str]) {
        let compiled = (0..)
            .zip(routes)
            .flat_map(|(at, json)| self.compile(at, json).unwrap());
        let compiled = compiled.map(Arc::new).collect();
        let tags = (0..).map(TagIndex).zip(&self.paths);
        let plan = Plan::new(compiled, tags, self.engine.plan());
        self.engine.adopt(Arc::new(plan));
    }

    pub(super) fn compile(
        &self,
        at: u32,
        json: &str,
    ) -> Result<Vec<CompiledRoute>, crate::model::FieldError> {
        let route: Route = serde_json::from_str(json).unwrap();
        route.check().unwrap();
        compile(id(1000 + at), &Arc::new(route), self)
    }

    pub(super) fn take(&mut self, tag: u32, value: impl Into<Value>, now_us: i64) -> Vec<Step> {
        self.take_sample(tag, Sample::good(now_us, value.into()), now_us)
    }

    pub(super) fn take_sample(&mut self, tag: u32, sample: Sample, now_us: i64) -> Vec<Step> {
        self.last[tag as usize] = Some(sample.clone());
        let last = |tag: TagIndex| self.last[tag.as_usize()].clone();
        let mut out = Vec::new();
        let tag = TagIndex(tag);
        self.engine
            .take(&Update { tag, sample }, now_us, &last, &mut out);
        out
    }

    pub(super) fn tick(&mut self, now_us: i64) -> Vec<Step> {
        let last = |tag: TagIndex| self.last[tag.as_usize()].clone();
        let mut out = Vec::new();
        self.engine.tick(now_us, &last, &mut out);
        out
    }
}

pub(super) fn number(value: f64) -> Value {
    Value::F64(value)
}

/// Returns what passed.
pub(super) fn passed(steps: &[Step]) -> Vec<Value> {
    let value = |step: &Step| match &step.verdict {
        Verdict::Passed(passed) => passed.sample.value.clone(),
        Verdict::Held { .. } => None,
    };
    steps.iter().filter_map(value).collect()
}

/// Returns why samples were held back.
pub(super) fn held(steps: &[Step]) -> Vec<Hold> {
    let by = |step: &Step| match &step.verdict {
        Verdict::Passed(_) => None,
        Verdict::Held { by, .. } => Some(*by),
    };
    steps.iter().filter_map(by).collect()
}

/// Returns a route from a pattern to a web service, with more fields.
pub(super) fn hook(from: &str, more: &str) -> String {
    route(from, r#"{"kind":"webhook","url":"http://h"}"#, more)
}

/// Returns a route that writes a tag, with more fields.
pub(super) fn write(from: &str, to: u32, more: &str) -> String {
    route(
        from,
        &format!(r#"{{"kind":"tag","tag":"{}"}}"#, id(to)),
        more,
    )
}

fn route(from: &str, to: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"name":"r","from":["{from}"],"to":[{to}]{comma}{more}}}"#)
}

pub(super) fn bad(now_us: i64) -> Sample {
    Sample::bad(now_us, Quality::BAD_NO_COMMUNICATION)
}
