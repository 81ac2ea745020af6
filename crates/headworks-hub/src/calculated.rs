//! Calculated tags as people look at them: what each reads, and how its last evaluation went.

use std::sync::Arc;

use headworks_core::TagIndex;
use headworks_core::expr::{ExprError, FaultAt};

use crate::handle::HubHandle;
use crate::plant::{Formula, Plant, TagEntry};
use crate::trial::{Trial, TrialKind, TriedInput};

/// A tag with a formula, and how that goes.
#[derive(Clone, Debug)]
pub struct CalculatedTag {
    /// The tag.
    pub tag: Arc<TagEntry>,
    /// What it reads, in the order of the program's inputs.
    pub inputs: Vec<TriedInput>,
    /// What an evaluation costs; adding two numbers costs 1.
    pub cost: u32,
    /// Whether the result may change while nothing that it reads does.
    pub follows_clock: bool,
    /// Whether earlier samples matter.
    pub remembers: bool,
    /// When it was evaluated last, microseconds since 1970-01-01 UTC; none before the first time
    /// since the hub started.
    pub evaluated_us: Option<i64>,
    /// Evaluations since the hub started, or since the formula changed.
    pub evaluations: u64,
    /// Why the last evaluation gave no value.
    pub fault: Option<FaultAt>,
    /// Why it is never evaluated.
    pub error: Option<ExprError>,
}

impl HubHandle {
    /// Returns how the formulas of tags go, in the order asked for; tags without are left out.
    pub fn calculated(&self, plant: &Plant, tags: &[Arc<TagEntry>]) -> Vec<CalculatedTag> {
        let indices: Vec<TagIndex> = tags.iter().map(|tag| tag.index()).collect();
        let runs = self.shared.ingest.last_runs(&indices);
        let each = tags.iter().zip(runs);
        each.filter_map(|(tag, run)| {
            let formula = plant.formulas().get(tag.index())?;
            let program = formula.program.as_ref();
            let run = run.filter(|run| 0 < run.count);
            Some(CalculatedTag {
                tag: Arc::clone(tag),
                inputs: self.inputs_of(plant, formula),
                cost: program.map_or(0, |program| program.cost()),
                follows_clock: program.is_some_and(|program| program.follows_clock()),
                remembers: program.is_some_and(|program| program.remembers()),
                evaluated_us: run.map(|run| run.time_us),
                evaluations: run.map_or(0, |run| run.count),
                fault: run.and_then(|run| run.fault),
                error: program.is_none().then(|| self.why_not(tag)),
            })
        })
        .collect()
    }

    fn inputs_of(&self, plant: &Plant, formula: &Formula) -> Vec<TriedInput> {
        let references = formula.program.iter().flat_map(|one| one.inputs());
        let input = |(reference, index): (&_, &TagIndex)| TriedInput {
            reference: Clone::clone(reference),
            tag: plant.tag_at(*index).cloned(),
            last: self.last(*index),
        };
        references.zip(&formula.inputs).map(input).collect()
    }

    /// Returns what is wrong with a formula that has no program.
    fn why_not(&self, tag: &TagEntry) -> ExprError {
        let trial = Trial {
            text: tag.formula().unwrap_or_default(),
            kind: TrialKind::Formula,
            device: Some(tag.device()),
            tag: Some(tag.id()),
            sees: &|_| true,
        };
        let unknown = || ExprError {
            column: 1,
            message: "needs its own result".to_owned(),
            hint: None,
        };
        self.try_expression(&trial).err().unwrap_or_else(unknown)
    }
}
