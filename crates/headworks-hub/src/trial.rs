//! Expressions that are tried before they are saved: what they read, and what they give now.

use std::collections::HashSet;
use std::sync::Arc;

use headworks_core::expr::{Context, ExprError, Kind, Outcome, Program, Reference, Scope, closest};
use headworks_core::model::ObjectId;
use headworks_core::{Quality, Sample, TagIndex};
use jiff::tz::TimeZone;

use crate::handle::HubHandle;
use crate::plant::{Plant, TagEntry, kind_of};

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialKind {
    /// The formula of a calculated tag.
    Formula,
    /// The condition of an alarm, or when it means nothing: `value` is its tag, bare names are the
    /// tags beside it.
    AlarmCondition,
    /// The condition of a route: `value` is what comes, and there are no bare names.
    RouteCondition,
    /// The pipeline of a route, with the names of its condition.
    Transform,
}

impl TrialKind {
    /// Whether a tag of a device may be named without its path.
    fn has_bare_names(self) -> bool {
        matches!(self, TrialKind::Formula | TrialKind::AlarmCondition)
    }

    /// Whether the result says yes or no.
    fn is_condition(self) -> bool {
        matches!(self, TrialKind::AlarmCondition | TrialKind::RouteCondition)
    }
}

/// An expression and where it stands.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// The expression.
    pub text: &'a str,
    /// What it is for.
    pub kind: TrialKind,
    /// Whose tags bare names are; the device of `tag` when absent.
    pub device: Option<ObjectId>,
    /// The tag whose formula it is, or that is `value` in a condition or transform.
    pub tag: Option<ObjectId>,
    /// Whether the caller may know of a tag; the others do not exist for the expression.
    pub sees: &'a dyn Fn(&TagEntry) -> bool,
}

/// An expression that works.
#[derive(Debug)]
pub struct Tried {
    /// The program.
    pub program: Program,
    /// What it reads, in the order of the program's inputs.
    pub inputs: Vec<TriedInput>,
    /// What it gives for the present values, remembering nothing; none when it reads a `value`
    /// that is not there.
    pub outcome: Option<Outcome>,
}

/// What an expression reads.
#[derive(Clone, Debug)]
pub struct TriedInput {
    /// As it is written.
    pub reference: Reference,
    /// The tag; none for a `value` that is not there.
    pub tag: Option<Arc<TagEntry>>,
    /// The last sample of the tag.
    pub last: Option<Sample>,
}

impl HubHandle {
    /// Compiles an expression over the tags there are, and evaluates it with their present
    /// values. Nothing is kept of it.
    ///
    /// # Errors
    ///
    /// [`ExprError`] with the column when it does not compile, or needs its own result.
    pub fn try_expression(&self, trial: &Trial<'_>) -> Result<Tried, ExprError> {
        let plant = self.plant();
        let scope = TrialScope::new(&plant, trial);
        let program = match trial.kind {
            TrialKind::Transform => Program::compile_transform(trial.text, &scope)?,
            _ => Program::compile(trial.text, &scope)?,
        };
        if trial.kind.is_condition() {
            check_answers(&program)?;
        }
        let input = |reference: &Reference| {
            let tag = scope.tag(reference).cloned();
            TriedInput {
                reference: reference.clone(),
                last: tag.as_ref().and_then(|tag| self.last(tag.index())),
                tag,
            }
        };
        let inputs: Vec<TriedInput> = program.inputs().iter().map(input).collect();
        scope.check_circle(&inputs)?;
        let outcome = evaluate(&program, &inputs, self.clock().now_us());
        Ok(Tried {
            program,
            inputs,
            outcome,
        })
    }
}

/// Fails when a condition gives neither true nor false.
fn check_answers(program: &Program) -> Result<(), ExprError> {
    if program.kind() != Kind::Text {
        return Ok(());
    }
    Err(ExprError {
        column: 1,
        message: "gives a text; it must be true or false".to_owned(),
        hint: Some("compare it, as in `value == \"open\"`".to_owned()),
    })
}

/// Evaluates with the last samples of the inputs.
fn evaluate(program: &Program, inputs: &[TriedInput], now_us: i64) -> Option<Outcome> {
    let waiting = || Sample::bad(now_us, Quality::BAD_WAITING_FOR_INITIAL_DATA);
    let sample = |input: &TriedInput| {
        let tag = input.tag.as_ref();
        tag.map(|_| input.last.clone().unwrap_or_else(waiting))
    };
    let samples: Option<Vec<Sample>> = inputs.iter().map(sample).collect();
    let context = Context {
        now_us,
        zone: &TimeZone::system(),
    };
    samples.map(|samples| program.evaluate(&samples, &context, &mut program.new_state()))
}

/// What the names of a tried expression stand for.
struct TrialScope<'a> {
    plant: &'a Plant,
    trial: &'a Trial<'a>,
    device: Option<ObjectId>,
    /// The tag that it is about, if the caller sees it.
    subject: Option<&'a Arc<TagEntry>>,
}

impl<'a> TrialScope<'a> {
    fn new(plant: &'a Plant, trial: &'a Trial<'a>) -> TrialScope<'a> {
        let subject = trial.tag.and_then(|id| plant.tag(id));
        let subject = subject.filter(|tag| (trial.sees)(tag));
        TrialScope {
            plant,
            trial,
            device: trial.device.or(subject.map(|tag| tag.device())),
            subject,
        }
    }

    fn tag(&self, reference: &Reference) -> Option<&'a Arc<TagEntry>> {
        let found = match reference {
            Reference::Tag(path) => self.plant.tag_by_path(path.as_str()),
            Reference::Name(_) if self.is_value(reference) => self.subject,
            Reference::Name(name) => self.names().find(|tag| *tag.name() == **name),
        };
        found.filter(|tag| (self.trial.sees)(tag))
    }

    /// Whether a reference is what a transform or condition is given.
    fn is_value(&self, reference: &Reference) -> bool {
        let is_given = match self.trial.kind {
            TrialKind::Formula => false,
            TrialKind::AlarmCondition => self.subject.is_some(),
            TrialKind::RouteCondition | TrialKind::Transform => true,
        };
        is_given && matches!(reference, Reference::Name(name) if **name == *"value")
    }

    /// Returns the tags that have bare names.
    fn names(&self) -> impl Iterator<Item = &'a Arc<TagEntry>> + use<'a> {
        let (plant, sees) = (self.plant, self.trial.sees);
        let device = self.device.filter(|_| self.trial.kind.has_bare_names());
        let device = device.into_iter();
        let tags = device.flat_map(move |device| plant.tags_of(device));
        tags.filter(move |tag| sees(tag))
    }

    /// Fails when the formula of the subject would need its own result.
    fn check_circle(&self, inputs: &[TriedInput]) -> Result<(), ExprError> {
        let Some(subject) = self
            .subject
            .filter(|_| self.trial.kind == TrialKind::Formula)
        else {
            return Ok(());
        };
        let tags = inputs.iter().filter_map(|input| input.tag.as_ref());
        let mut seen = HashSet::new();
        for tag in tags {
            let mut way = vec![subject.index()];
            if self.leads_back(tag.index(), subject.index(), &mut way, &mut seen) {
                let names: Vec<String> = way.iter().map(|one| self.name(*one)).collect();
                return Err(ExprError {
                    column: 1,
                    message: format!("needs its own result: {}", names.join(" <- ")),
                    hint: None,
                });
            }
        }
        Ok(())
    }

    /// Looks for a way from a tag to the goal along what formulas read. Formulas that are saved
    /// make no circle of their own; each is looked at once.
    fn leads_back(
        &self,
        tag: TagIndex,
        goal: TagIndex,
        way: &mut Vec<TagIndex>,
        seen: &mut HashSet<TagIndex>,
    ) -> bool {
        let mut open = vec![(tag, 1)];
        while let Some((tag, depth)) = open.pop() {
            way.truncate(depth);
            way.push(tag);
            if tag == goal {
                return true;
            }
            let formula = self.plant.formulas().get(tag);
            if let (Some(formula), true) = (formula, seen.insert(tag)) {
                open.extend(formula.inputs.iter().map(|input| (*input, depth + 1)));
            }
        }
        false
    }

    fn name(&self, tag: TagIndex) -> String {
        let tag = self.plant.tag_at(tag);
        let tag = tag.filter(|tag| (self.trial.sees)(tag));
        tag.map_or_else(|| "…".to_owned(), |tag| tag.path().to_string())
    }
}

impl Scope for TrialScope<'_> {
    fn kind_of(&self, reference: &Reference) -> Option<Kind> {
        if self.is_value(reference) && !self.trial.kind.has_bare_names() {
            // A route takes what comes, of whatever kind.
            return Some(Kind::Any);
        }
        let tag = self.tag(reference)?;
        Some(kind_of(tag.data_type(), tag.scaling()))
    }

    fn similar(&self, reference: &Reference) -> Option<String> {
        let Reference::Name(name) = reference else {
            return None;
        };
        let names = self.names().map(|tag| tag.name());
        let value = (self.trial.kind != TrialKind::Formula).then_some("value");
        closest(name, names.chain(value)).map(str::to_owned)
    }
}
