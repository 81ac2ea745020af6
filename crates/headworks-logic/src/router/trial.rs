//! The test bench: what a route would do with the samples that are stored.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use headworks_core::model::{FieldError, ObjectId, Route};
use headworks_core::route::{CompiledRoute, Engine, Hold, Plan, Step, Verdict, compile};
use headworks_core::{Quality, Sample, TagIndex, Value};
use headworks_hub::{HubHandle, Plant};
use headworks_store::TimeRange;
use headworks_store::history::merged::merged;
use headworks_store::history::{HistoryError, Watch};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

/// Most tags whose history is read.
pub const TRIAL_TAGS_MAX: usize = 200;
/// Most samples that are read, of all tags together.
pub const TRIAL_SAMPLES_MAX: usize = 100_000;
/// Most rows of an answer.
pub const TRIAL_ROWS_MAX: usize = 1_000;

/// What a route would have done.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Trial {
    /// Tags that the route takes samples of.
    pub tags: usize,
    /// Tags whose history was read: the first 200 by path.
    pub tags_read: usize,
    /// Samples that went through the route.
    pub samples: usize,
    /// Whether there were more samples than are read at once: the newest are left out.
    pub is_cut: bool,
    /// What would have gone on.
    pub passed: u64,
    /// What would have been held back, by the rule.
    pub held: BTreeMap<Hold, u64>,
    /// What became of each sample, oldest first; the first thousand.
    pub rows: Vec<TrialRow>,
}

/// What became of one sample.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TrialRow {
    /// Time of the sample, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// Path of its tag.
    pub path: String,
    /// Its value; null when it was bad.
    pub value: Option<Value>,
    /// Status code of its quality.
    pub quality: Quality,
    /// What would have gone on; null when the sample did not come so far.
    pub result: Option<Value>,
    /// Whether it would have gone on.
    pub passed: bool,
    /// What would have held it back.
    pub held: Option<Hold>,
    /// What went wrong in an expression.
    pub fault: Option<String>,
}

/// Why there is no trial.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The route names what is not there or cannot be used so.
    #[error(transparent)]
    Route(#[from] FieldError),
    /// History cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// Sends stored samples through a route and returns what became of them; delivers nothing. Blocks
/// on the disk.
///
/// # Errors
///
/// [`TrialError`].
pub fn trial(
    hub: &HubHandle,
    route: Route,
    range: TimeRange,
    watch: Watch<'_>,
) -> Result<Trial, TrialError> {
    let plant = hub.plant();
    let id = ObjectId(uuid::Uuid::nil());
    let ways = compile(id, &Arc::new(route), &*plant)?;
    let ways: Vec<Arc<CompiledRoute>> = ways.into_iter().map(Arc::new).collect();
    let reads: BTreeSet<TagIndex> = ways.iter().flat_map(|way| way.reads()).collect();
    let tags: Vec<_> = plant
        .tags()
        .map(|tag| (tag.index(), tag.path().clone()))
        .collect();
    let tags = tags.iter().map(|(tag, path)| (*tag, path));
    let plan = Arc::new(Plan::new(ways, tags, &Plan::default()));
    let selected = selected(&plan, &plant);
    let tags_read = selected.len().min(TRIAL_TAGS_MAX);
    let chosen = &selected[..tags_read];
    // what others read must be known before what reads it at the same time
    let others = reads.into_iter().filter(|tag| !chosen.contains(tag));
    let tags: Vec<TagIndex> = others.chain(chosen.iter().copied()).collect();
    let past = merged(&*hub.historian(), &tags, range, TRIAL_SAMPLES_MAX, watch)?;
    let mut engine = Engine::new(TimeZone::system()).tracing();
    engine.adopt(plan);
    let mut last: HashMap<TagIndex, Sample> = HashMap::new();
    let mut rows = Rows::new(&plant);
    let mut count = 0;
    for update in past.samples {
        last.insert(update.tag, update.sample.clone());
        let mut steps = Vec::new();
        let known = |tag| last.get(&tag).cloned();
        count += usize::from(chosen.contains(&update.tag));
        engine.take(&update, update.sample.time_us, &known, &mut steps);
        rows.extend(steps);
    }
    let mut steps = Vec::new();
    engine.tick(past.end_us, &|tag| last.get(&tag).cloned(), &mut steps);
    rows.extend(steps);
    Ok(Trial {
        tags: selected.len(),
        tags_read,
        samples: count,
        is_cut: past.end_us < range.end_us,
        passed: rows.passed,
        held: rows.held,
        rows: rows.rows,
    })
}

/// Returns the tags that a route takes samples of, in order of path.
fn selected(plan: &Plan, plant: &Plant) -> Vec<TagIndex> {
    let places = 0..u32::try_from(plan.routes().len()).unwrap_or_default();
    let found: std::collections::HashSet<TagIndex> =
        places.flat_map(|place| plan.tags_of(place)).collect();
    let in_order = plant.tags().map(|tag| tag.index());
    in_order.filter(|tag| found.contains(tag)).collect()
}

/// Rows as they come.
struct Rows<'a> {
    plant: &'a Plant,
    passed: u64,
    held: BTreeMap<Hold, u64>,
    rows: Vec<TrialRow>,
}

impl<'a> Rows<'a> {
    fn new(plant: &'a Plant) -> Rows<'a> {
        Rows {
            plant,
            passed: 0,
            held: BTreeMap::new(),
            rows: Vec::new(),
        }
    }

    fn extend(&mut self, steps: Vec<Step>) {
        for step in steps {
            match &step.verdict {
                Verdict::Passed(_) => self.passed += 1,
                Verdict::Held { by, .. } => *self.held.entry(*by).or_default() += 1,
            }
            if self.rows.len() < TRIAL_ROWS_MAX {
                self.rows.push(self.row(step));
            }
        }
    }

    fn row(&self, step: Step) -> TrialRow {
        let path = self
            .plant
            .tag_at(step.tag)
            .map(|tag| tag.path().to_string());
        let (result, passed, held, fault) = match step.verdict {
            Verdict::Passed(passed) => (passed.sample.value, true, None, None),
            Verdict::Held { by, fault, result } => (
                result.and_then(|result| result.value),
                false,
                Some(by),
                fault.map(|fault| fault.to_string()),
            ),
        };
        TrialRow {
            time_us: step.source.time_us,
            path: path.unwrap_or_default(),
            value: step.source.value,
            quality: step.source.quality,
            result,
            passed,
            held,
            fault,
        }
    }
}
