//! Back-calculation: formulas over the stored past of what they read.
//!
//! The past goes by in order of time, as it did when it was the present: the samples of all inputs
//! are merged, formulas are evaluated after what they read, results are judged by the same rules.
//! Memory is bounded by reading ahead a little of each input only. What comes out goes to the
//! historian alone; the present values stay as they are.

mod merge;
mod run;

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use headworks_core::TagIndex;
use headworks_core::model::ObjectId;
use headworks_store::{Historian, StoreError, TimeRange};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::handle::HubHandle;
use crate::plant::{Formula, Plant, TagEntry};

/// Time between evaluations of a formula that follows the clock and says no time of its own.
const CLOCK_PERIOD_US: i64 = 1_000_000;
/// Most evaluations by time of one back-calculation: three years of seconds.
const TICKS_MAX: i64 = 100_000_000;
/// Most formulas that are calculated together, and inputs that they read.
const FORMULAS_MAX: usize = 1_000;
/// Most that is read before the range for functions that look back: a leap year.
const LOOK_BACK_US_MAX: i64 = 366 * 86_400_000_000;

/// What is to be calculated.
#[derive(Clone, Copy, Debug)]
pub struct BackCalculation {
    /// The calculated tag.
    pub tag: ObjectId,
    /// For which time; nothing outside of it is stored.
    pub range: TimeRange,
    /// Whether calculated tags that the formula reads are calculated first, not read.
    pub inputs_too: bool,
    /// Whether what is stored of the calculated tags in the range is deleted first.
    pub replace: bool,
    /// Whether nothing is stored or deleted: the report says what would be.
    pub dry_run: bool,
}

/// Why formulas cannot be calculated over the past.
#[derive(Debug, thiserror::Error)]
pub enum BackError {
    /// The tag does not exist.
    #[error("tag {0} does not exist")]
    Unknown(ObjectId),
    /// The formula cannot be calculated.
    #[error("{path} {reason}")]
    Unusable {
        /// Path of the tag.
        path: String,
        /// What is wrong, and the remedy.
        reason: String,
    },
    /// It would take too long.
    #[error("{0}")]
    TooMuch(String),
    /// Calculated inputs have no history.
    #[error(
        "nothing is stored of what it reads: {}; calculate these tags too, or first",
        .0.join(", ")
    )]
    Lacking(Vec<String>),
    /// It was cancelled; what was stored until then stays.
    #[error("it was cancelled")]
    Cancelled,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BackReport {
    /// Whether nothing was stored or deleted.
    pub dry_run: bool,
    /// Samples of inputs that were read.
    pub read: u64,
    /// Evaluations of all formulas.
    pub evaluations: u64,
    /// Results that were stored.
    pub samples: u64,
    /// Results among them without a usable value.
    pub bad: u64,
    /// Samples that were deleted first; 0 in a dry run.
    pub deleted: u64,
    /// The tags that were calculated, in the order of evaluation.
    pub tags: Vec<BackTag>,
    /// Paths of inputs of which nothing is stored until the end of the range.
    pub without: Vec<String>,
}

/// What came of one tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BackTag {
    /// The tag.
    pub id: ObjectId,
    /// Its path.
    pub path: String,
    /// Results that were stored; none are where the tag keeps no history.
    pub samples: u64,
    /// Results among them without a usable value.
    pub bad: u64,
}

/// Tags with their formulas, in the order of evaluation.
type Chain = Vec<(Arc<TagEntry>, Arc<Formula>)>;

/// A back-calculation that was checked.
#[derive(Debug)]
pub struct BackPlan {
    order: BackCalculation,
    /// In the order of evaluation.
    formulas: Chain,
    /// What is read from the historian.
    sources: Vec<Arc<TagEntry>>,
    /// Of them, those that are calculated.
    calculated: Vec<TagIndex>,
    zone: TimeZone,
}

impl HubHandle {
    /// Checks a back-calculation as far as that can be done without the history.
    ///
    /// # Errors
    ///
    /// [`BackError::Unknown`], [`BackError::Unusable`], [`BackError::TooMuch`].
    pub fn plan_back_calculation(&self, order: BackCalculation) -> Result<BackPlan, BackError> {
        let plant = self.plant();
        let tag = plant.tag(order.tag).ok_or(BackError::Unknown(order.tag))?;
        let formula = usable(&plant, tag)?;
        if !tag.history() {
            return Err(unusable(
                tag,
                "keeps no history; switch its history on first",
            ));
        }
        let formulas = match order.inputs_too {
            true => with_inputs(&plant, formula)?,
            false => vec![(Arc::clone(tag), Arc::clone(formula))],
        };
        let own: HashSet<TagIndex> = formulas.iter().map(|(tag, _)| tag.index()).collect();
        let read = formulas.iter().flat_map(|(_, formula)| &formula.inputs);
        let read: BTreeSet<TagIndex> = read.copied().filter(|tag| !own.contains(tag)).collect();
        if FORMULAS_MAX < read.len() {
            let reason = format!("{} tags are read; at most {FORMULAS_MAX}", read.len());
            return Err(BackError::TooMuch(reason));
        }
        let is_calculated = |tag: &TagIndex| plant.formulas().get(*tag).is_some();
        let plan = BackPlan {
            order,
            calculated: read.iter().copied().filter(is_calculated).collect(),
            sources: read
                .iter()
                .filter_map(|tag| plant.tag_at(*tag))
                .cloned()
                .collect(),
            formulas,
            zone: TimeZone::system(),
        };
        plan.check_ticks()?;
        Ok(plan)
    }
}

impl BackPlan {
    /// Returns the path of the tag.
    pub fn path(&self) -> &str {
        let last = self.formulas.last();
        last.map_or("", |(tag, _)| tag.path().as_str())
    }

    /// Calculates; blocks on the disk. `watch` is told how far it is, in microseconds since
    /// 1970-01-01 UTC, and breaks it off.
    ///
    /// # Errors
    ///
    /// [`BackError::Lacking`], [`BackError::Cancelled`], [`BackError::Store`].
    pub fn run(
        &self,
        historian: &dyn Historian,
        watch: &mut dyn FnMut(i64) -> ControlFlow<()>,
    ) -> Result<BackReport, BackError> {
        let without = self.without(historian)?;
        let stored = self.formulas.iter().map(|(tag, _)| tag);
        let stored = stored.filter(|tag| tag.history()).map(|tag| tag.index());
        let stored: Vec<TagIndex> = stored.collect();
        let mut deleted = 0;
        if self.order.replace && !self.order.dry_run {
            deleted = historian.delete(&stored, self.order.range)?;
        }
        let report = run::run(self, historian, watch)?;
        Ok(BackReport {
            deleted,
            without,
            ..report
        })
    }

    /// Returns the inputs of which nothing is stored; fails when they are calculated themselves.
    fn without(&self, historian: &dyn Historian) -> Result<Vec<String>, BackError> {
        let indices: Vec<TagIndex> = self.sources.iter().map(|tag| tag.index()).collect();
        let stored = historian.before(&indices, self.order.range.end_us - 1)?;
        let none = self.sources.iter().zip(stored);
        let none = none.filter(|(_, last)| last.is_none());
        let none: Vec<&Arc<TagEntry>> = none.map(|(tag, _)| tag).collect();
        let path = |tag: &&Arc<TagEntry>| tag.path().to_string();
        let lacking = none
            .iter()
            .filter(|tag| self.calculated.contains(&tag.index()));
        let lacking: Vec<String> = lacking.map(path).collect();
        if !lacking.is_empty() {
            return Err(BackError::Lacking(lacking));
        }
        Ok(none.iter().map(path).collect())
    }

    /// Returns when the first sample is read: functions that look back must know what was before.
    fn begin_us(&self) -> i64 {
        let programs = self
            .formulas
            .iter()
            .filter_map(|(_, one)| one.program.as_ref());
        let back = programs.map(|program| program.look_back_us());
        let back = back.fold(0, i64::saturating_add).min(LOOK_BACK_US_MAX);
        self.order.range.start_us.saturating_sub(back).max(0)
    }

    fn check_ticks(&self) -> Result<(), BackError> {
        let span_us = self.order.range.end_us.saturating_sub(self.begin_us());
        let periods = self.formulas.iter().filter_map(|(_, one)| period_us(one));
        let ticks = periods.map(|period_us| span_us / period_us);
        let ticks = ticks.fold(0, i64::saturating_add);
        if ticks <= TICKS_MAX {
            return Ok(());
        }
        let reason = format!(
            "it would take {ticks} evaluations by time; at most {TICKS_MAX}: choose less time, \
             or a longer period"
        );
        Err(BackError::TooMuch(reason))
    }
}

/// Returns the time between evaluations of a formula; none for one that is evaluated on change.
fn period_us(formula: &Formula) -> Option<i64> {
    let own = formula.period;
    let own = own.map(|period| i64::try_from(period.as_micros()).unwrap_or(i64::MAX).max(1));
    let program = formula.program.as_ref();
    let follows_clock = program.is_some_and(|program| program.follows_clock());
    own.or(follows_clock.then_some(CLOCK_PERIOD_US))
}

fn unusable(tag: &TagEntry, reason: &str) -> BackError {
    BackError::Unusable {
        path: tag.path().to_string(),
        reason: reason.to_owned(),
    }
}

fn usable<'a>(plant: &'a Plant, tag: &TagEntry) -> Result<&'a Arc<Formula>, BackError> {
    let formula = plant.formulas().get(tag.index());
    let formula = formula.ok_or_else(|| unusable(tag, "has no formula"))?;
    match formula.program {
        Some(_) => Ok(formula),
        None => Err(unusable(
            tag,
            "has a formula that does not work; mend it first",
        )),
    }
}

/// Returns a formula with all formulas that it rests on, in the order of evaluation.
fn with_inputs(plant: &Plant, last: &Arc<Formula>) -> Result<Chain, BackError> {
    let mut found: HashSet<TagIndex> = HashSet::new();
    let mut open = vec![last.tag];
    let mut chosen = Vec::new();
    while let Some(index) = open.pop() {
        let known = (plant.formulas().get(index), plant.tag_at(index));
        let (Some(_), Some(tag)) = known else {
            continue; // it is read
        };
        if !found.insert(index) {
            continue;
        }
        let formula = usable(plant, tag)?;
        open.extend(&formula.inputs);
        chosen.push((Arc::clone(tag), Arc::clone(formula)));
        if FORMULAS_MAX < chosen.len() {
            let reason = format!("it rests on more than {FORMULAS_MAX} formulas");
            return Err(BackError::TooMuch(reason));
        }
    }
    chosen.sort_by_key(|(tag, _)| plant.formulas().rank(tag.index()));
    Ok(chosen)
}
