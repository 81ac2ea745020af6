//! Routes, as they are configured.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::{check_description, check_name};
use super::object::{FieldError, Kind as ObjectKind, ObjectBody};
use crate::expr::{AnyScope, Kind, Program, Reference, Scope};
use crate::pattern::Pattern;

mod rules;
mod target;
#[cfg(test)]
mod tests;

pub use rules::{Accept, DayTime, RouteRules, RouteSchedule, RouteWindow, Weekday, WindowFunction};
pub use target::{BodyType, RouteTarget, TagTarget, WebhookMethod, WebhookTarget};

/// Takes the samples of some tags on to other places: tags, web services.
///
/// A sample passes in this order: quality, schedule, condition, window, transform, change,
/// interval, rate; each of them may hold it back, and is counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Name on screen, unique among routes.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// The tags it takes samples from: paths, with `*` within a segment and `**` for any depth.
    #[schemars(
        with = "Vec<String>",
        length(min = 1, max = 32),
        inner(length(min = 1, max = 2064))
    )]
    pub from: Vec<Pattern>,
    /// Of these tags those that it leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        with = "Vec<String>",
        length(max = 32),
        inner(length(min = 1, max = 2064))
    )]
    pub except: Vec<Pattern>,
    /// Where what passes goes, each place once.
    #[schemars(length(min = 1, max = 16))]
    pub to: Vec<RouteTarget>,
    /// How good a sample must be.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accept: Accept,
    /// When it works at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<RouteSchedule>,
    /// Expression that must be true of the sample, `value`; everything passes when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub when: String,
    /// What is made of the samples of some time; each stands for itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<RouteWindow>,
    /// What becomes of the value on its way, e.g. `scale(0.001) | clamp(0, 100)`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub transform: String,
    /// How much and how often goes on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rules: RouteRules,
    /// Whether what is written at the target comes back to the source; for one tag to one tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<WayBack>,
    /// Whether it only counts what would pass, and delivers nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dry_run: bool,
    /// Whether it works.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub enabled: bool,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
}

/// The way from the target of a route back to its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WayBack {
    /// What becomes of the value on its way back: the inverse of the transform.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub transform: String,
}

/// Most patterns of a list.
const PATTERNS_MAX: usize = 32;
/// Most targets.
const TARGETS_MAX: usize = 16;
/// Most characters of an expression.
const EXPRESSION_MAX: usize = 4000;

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_true(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl ObjectBody for Route {
    const KIND: ObjectKind = ObjectKind::Route;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        self.check_patterns()?;
        self.check_targets()?;
        if let Some(schedule) = &self.schedule {
            schedule.check()?;
        }
        check_condition("/when", &self.when)?;
        if let Some(window) = &self.window {
            window.check()?;
        }
        check_transform("/transform", &self.transform)?;
        self.rules.check()?;
        self.check_back()?;
        check_description(&self.description)
    }
}

impl Route {
    /// Returns whether it delivers anything.
    pub fn is_live(&self) -> bool {
        self.enabled && !self.dry_run
    }

    /// Returns whether a path is among those it takes samples from.
    pub fn selects(&self, path: &crate::TagPath) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(path));
        any(&self.from) && !any(&self.except)
    }

    fn check_patterns(&self) -> Result<(), FieldError> {
        if self.from.is_empty() {
            return Err(FieldError::new("/from", "needs a path or a pattern"));
        }
        for (field, patterns) in [("/from", &self.from), ("/except", &self.except)] {
            let count = patterns.len();
            if PATTERNS_MAX < count {
                let reason = format!("{count} patterns; at most {PATTERNS_MAX} are allowed");
                return Err(FieldError::new(field, reason));
            }
            let mut seen = HashSet::new();
            if let Some(at) = patterns.iter().position(|pattern| !seen.insert(pattern)) {
                let reason = format!("{:?} is given twice", patterns[at].as_str());
                return Err(FieldError::new(format!("{field}/{at}"), reason));
            }
        }
        Ok(())
    }

    fn check_targets(&self) -> Result<(), FieldError> {
        let count = self.to.len();
        if !(1..=TARGETS_MAX).contains(&count) {
            let reason = format!("{count} targets; 1 to {TARGETS_MAX} are allowed");
            return Err(FieldError::new("/to", reason));
        }
        for (at, target) in self.to.iter().enumerate() {
            target.check(&format!("/to/{at}"))?;
            if self.to[..at].contains(target) {
                return Err(FieldError::new(format!("/to/{at}"), "is given twice"));
            }
        }
        Ok(())
    }

    fn check_back(&self) -> Result<(), FieldError> {
        let Some(back) = &self.back else {
            return Ok(());
        };
        let refuse = |reason: &str| Err(FieldError::new("/back", reason));
        let [from] = self.from.as_slice() else {
            return refuse("a way back needs exactly one source");
        };
        if from.literal().is_none() || !self.except.is_empty() {
            return refuse("a way back needs the path of one tag as its source, without `*`");
        }
        let [RouteTarget::Tag(_)] = self.to.as_slice() else {
            return refuse("a way back needs exactly one target, and that a tag");
        };
        if self.window.is_some() {
            return refuse("there is no way back from a window of time");
        }
        check_transform("/back/transform", &back.transform)
    }
}

fn check_length(field: &str, text: &str) -> Result<(), FieldError> {
    let count = text.chars().count();
    if EXPRESSION_MAX < count {
        let reason = format!("{count} characters; at most {EXPRESSION_MAX} are allowed");
        return Err(FieldError::new(field, reason));
    }
    Ok(())
}

/// What an expression of a route may name, before anybody knows the tags: `value`, and any tag.
struct RouteNames;

impl Scope for RouteNames {
    fn kind_of(&self, reference: &Reference) -> Option<Kind> {
        match reference {
            Reference::Tag(_) => AnyScope.kind_of(reference),
            Reference::Name(name) => (**name == *"value").then_some(Kind::Any),
        }
    }

    fn similar(&self, _: &Reference) -> Option<String> {
        Some("value".to_owned())
    }
}

fn check_condition(field: &str, text: &str) -> Result<(), FieldError> {
    check_length(field, text)?;
    if text.is_empty() {
        return Ok(());
    }
    let program =
        Program::compile(text, &RouteNames).map_err(|error| FieldError::new(field, error))?;
    if !program.kind().may_be_number() {
        return Err(FieldError::new(field, "is a text, not true or false"));
    }
    Ok(())
}

fn check_transform(field: &str, text: &str) -> Result<(), FieldError> {
    check_length(field, text)?;
    if text.is_empty() {
        return Ok(());
    }
    let program = Program::compile_transform(text, &RouteNames);
    program
        .map(drop)
        .map_err(|error| FieldError::new(field, error))
}
