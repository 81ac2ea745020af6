//! Evaluation of formulas: which, in which order, and what becomes of the results.
//!
//! Pure but for the state of the formulas; samples come and go through functions.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use headworks_core::expr::graph::Wave;
use headworks_core::expr::{Context, FaultAt, State};
use headworks_core::{DataType, Quality, Sample, TagIndex, Update, Value};
use jiff::tz::TimeZone;
use tokio::time::Instant;

use crate::plant::{Formula, Formulas};

/// Time between evaluations of a formula that follows the clock and says no time of its own.
const CLOCK_PERIOD: Duration = Duration::from_secs(1);

/// Longest time for which the last value is taken to have held while the hub did not run; over a
/// longer one nobody knows what was.
const GAP_US_MAX: i64 = 60_000_000;

/// What one formula remembers, and how it went.
#[derive(Default)]
struct Run {
    state: State,
    last: LastRun,
    /// Whether it stands in the list of those that have changed.
    is_changed: bool,
}

/// How the last evaluation of a formula went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastRun {
    /// When it was, microseconds since 1970-01-01 UTC.
    pub(crate) time_us: i64,
    /// Evaluations since the hub started, or since the formula changed.
    pub(crate) count: u64,
    /// Why there is no value.
    pub(crate) fault: Option<FaultAt>,
}

/// The formulas and what they remember.
pub(super) struct Calculator {
    formulas: Arc<Formulas>,
    /// By the place of their formulas in the order of evaluation.
    runs: Vec<Run>,
    /// Formulas with a memory that was not taken since it changed, the longest first.
    changed: VecDeque<TagIndex>,
    /// Formulas that are evaluated by time, by when they are due.
    due: BinaryHeap<Reverse<(Instant, TagIndex)>>,
    /// New or changed formulas that were not evaluated yet.
    fresh: Vec<TagIndex>,
    /// Formulas that are evaluated because it is time, not because something has changed.
    timely: HashSet<TagIndex>,
    zone: TimeZone,
    wave: Wave,
    keys: Vec<u32>,
    inputs: Vec<Sample>,
}

impl Calculator {
    pub(super) fn new(zone: TimeZone) -> Calculator {
        Calculator {
            formulas: Arc::default(),
            runs: Vec::new(),
            changed: VecDeque::new(),
            due: BinaryHeap::new(),
            fresh: Vec::new(),
            timely: HashSet::new(),
            zone,
            wave: Wave::default(),
            keys: Vec::new(),
            inputs: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.formulas.is_empty()
    }

    /// Takes the formulas of a new plant; those that did not change keep what they remember.
    pub(super) fn take(&mut self, formulas: &Arc<Formulas>, now: Instant) {
        if Arc::ptr_eq(&self.formulas, formulas) {
            return;
        }
        let before = std::mem::replace(&mut self.formulas, Arc::clone(formulas));
        let is_same = |tag: TagIndex| match (before.get(tag), formulas.get(tag)) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            _ => false,
        };
        self.move_runs(&before);
        // what did not change stays due when it was: others' edits do not put it off
        self.due.retain(|Reverse((_, tag))| is_same(*tag));
        for formula in formulas.all().filter(|formula| formula.enabled) {
            if is_same(formula.tag) {
                continue;
            }
            self.fresh.push(formula.tag);
            if let Some(period) = period(formula) {
                self.due.push(Reverse((now + period, formula.tag)));
            }
        }
    }

    /// Gives each formula what it remembered as long as it was written the same way.
    fn move_runs(&mut self, before: &Formulas) {
        let mut old = std::mem::take(&mut self.runs);
        let run = |formula: &Arc<Formula>| {
            let program = formula.program.as_ref();
            let run = before.rank(formula.tag).and_then(|rank| old.get_mut(rank));
            match (program, run) {
                (Some(program), Some(run)) if program.owns(&run.state) => std::mem::take(run),
                (Some(program), _) => Run::new(program.new_state()),
                (None, _) => Run::default(),
            }
        };
        self.runs = self.formulas.all().map(run).collect();
    }

    /// Returns when the next formula is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the formulas that are new, with what depends on them, in their order.
    pub(super) fn take_fresh(&mut self) -> Vec<u32> {
        let fresh = std::mem::take(&mut self.fresh);
        self.with_dependants(fresh)
    }

    /// Takes the formulas at the start of the hub that rest on nothing but constants, in their
    /// order. The others wait for a sample: what they read was restored, and a result of the same
    /// time was stored when it was read.
    pub(super) fn take_constant(&mut self) -> Vec<u32> {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.sort_by_key(|tag| self.formulas.rank(*tag));
        let mut constant: HashSet<TagIndex> = HashSet::new();
        fresh.retain(|tag| {
            let inputs = self.formulas.get(*tag).map(|formula| &formula.inputs);
            let is_constant =
                inputs.is_some_and(|all| all.iter().all(|one| constant.contains(one)));
            is_constant && constant.insert(*tag)
        });
        self.timely = constant;
        self.ranks(&fresh).collect()
    }

    /// Takes the formulas that are due, with what depends on them, in their order.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<u32> {
        let mut due = Vec::new();
        while let Some(&Reverse((at, tag))) = self.due.peek() {
            if now < at {
                break;
            }
            self.due.pop();
            let Some(period) = self.formulas.get(tag).and_then(|formula| period(formula)) else {
                continue;
            };
            // what was slept through is not made up for
            let next = Some(at + period).filter(|next| now < *next);
            self.due.push(Reverse((next.unwrap_or(now + period), tag)));
            due.push(tag);
        }
        self.with_dependants(due)
    }

    /// Returns the places of the formulas that read what changed, in their order. Those with a time
    /// of their own wait for it, but where they remember they see every sample.
    pub(super) fn affected(&mut self, changed: impl Iterator<Item = TagIndex>) -> Vec<u32> {
        self.timely.clear();
        self.keys.clear();
        self.keys.extend(changed.map(|tag| tag.0));
        let mut result = Vec::new();
        let graph = self.formulas.graph();
        graph.affected(&self.keys, &mut self.wave, &mut result);
        result
    }

    fn with_dependants(&mut self, seeds: Vec<TagIndex>) -> Vec<u32> {
        if seeds.is_empty() {
            return Vec::new();
        }
        let mut all = self.affected(seeds.iter().copied());
        all.extend(self.ranks(&seeds));
        self.timely.extend(seeds);
        all.sort_unstable();
        all.dedup();
        all
    }

    fn ranks(&self, tags: &[TagIndex]) -> impl Iterator<Item = u32> {
        let ranks = tags.iter().filter_map(|tag| self.formulas.rank(*tag));
        ranks.filter_map(|rank| u32::try_from(rank).ok())
    }

    /// Evaluates the formula at a place over the last samples of what it reads; none when it has no
    /// result now: it is switched off, or waits for its time.
    pub(super) fn evaluate(
        &mut self,
        rank: u32,
        now_us: i64,
        mut last: impl FnMut(TagIndex) -> Option<Sample>,
    ) -> Option<Update> {
        let formula = self.formulas.at(rank as usize)?;
        let is_timely = || formula.period.is_none() || self.timely.contains(&formula.tag);
        if !formula.enabled || !(formula.sees_changes() || is_timely()) {
            return None;
        }
        let tag = formula.tag;
        let Some(program) = &formula.program else {
            let sample = Sample::bad(now_us, Quality::BAD_CONFIGURATION);
            return Some(Update { tag, sample });
        };
        self.inputs.clear();
        for &input in &formula.inputs {
            let waiting = || Sample::bad(now_us, Quality::BAD_WAITING_FOR_INITIAL_DATA);
            self.inputs.push(last(input).unwrap_or_else(waiting));
        }
        let context = Context {
            now_us,
            zone: &self.zone,
        };
        let run = self.runs.get_mut(rank as usize)?;
        let outcome = program.evaluate(&self.inputs, &context, &mut run.state);
        if program.remembers() && !run.is_changed {
            run.is_changed = true;
            self.changed.push_back(tag);
        }
        if !is_timely() {
            return None;
        }
        run.last = LastRun {
            time_us: now_us,
            count: run.last.count + 1,
            fault: outcome.fault,
        };
        let sample = typed(outcome.sample, formula.data_type);
        Some(Update { tag, sample })
    }

    /// Returns whether there is something for [`Calculator::take_memories`].
    pub(super) fn has_memories(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Takes what formulas remember that has changed since it was taken last.
    pub(super) fn take_memories(&mut self, most: usize) -> Vec<(TagIndex, State)> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(tag) = self.changed.pop_front()
        {
            let rank = self.formulas.rank(tag);
            let run = rank.and_then(|rank| self.runs.get_mut(rank));
            if let Some(run) = run.filter(|run| run.is_changed) {
                run.is_changed = false;
                taken.push((tag, run.state.clone()));
            }
        }
        taken
    }

    /// Gives a formula what it remembered at `saved_us`; returns whether it is its.
    pub(super) fn take_memory(
        &mut self,
        tag: TagIndex,
        mut state: State,
        saved_us: i64,
        now_us: i64,
    ) -> bool {
        let formula = self.formulas.get(tag);
        let rank = self.formulas.rank(tag);
        let run = rank.and_then(|rank| self.runs.get_mut(rank));
        let program = formula.and_then(|formula| formula.program.as_ref());
        let (Some(program), Some(run)) = (program, run) else {
            return false;
        };
        if !program.remembers() || !program.owns(&state) {
            return false;
        }
        if GAP_US_MAX < now_us.saturating_sub(saved_us) {
            let nothing = Sample::bad(saved_us, Quality::BAD_NO_DATA);
            let inputs = vec![nothing; program.inputs().len()];
            let context = Context {
                now_us: saved_us,
                zone: &self.zone,
            };
            program.evaluate(&inputs, &context, &mut state);
        }
        *run = Run::new(state);
        true
    }

    /// Returns how the last evaluation of a formula went; none before there was one.
    pub(super) fn last_run(&self, tag: TagIndex) -> Option<LastRun> {
        let run = self.runs.get(self.formulas.rank(tag)?)?;
        (run.last.count != 0).then_some(run.last)
    }
}

impl Run {
    fn new(state: State) -> Run {
        Run {
            state,
            last: LastRun::default(),
            is_changed: false,
        }
    }
}

/// Returns the time between evaluations; none for a formula that is only evaluated on change.
fn period(formula: &Formula) -> Option<Duration> {
    let follows_clock = formula
        .program
        .as_ref()
        .is_some_and(|one| one.follows_clock());
    formula.period.or(follows_clock.then_some(CLOCK_PERIOD))
}

/// Gives a result the type of its tag: true is 1, a number is true unless it is zero.
pub(crate) fn typed(mut sample: Sample, data_type: DataType) -> Sample {
    let Some(value) = sample.value.take() else {
        return sample;
    };
    let typed = match (data_type, value) {
        (DataType::Bool, Value::Bool(value)) => Some(Value::Bool(value)),
        (DataType::Bool, value) => value.as_f64().map(|number| Value::Bool(number != 0.0)),
        (DataType::String, Value::Text(text)) => Some(Value::Text(text)),
        (DataType::String, value) => Some(Value::Text(value.to_string().into())),
        (_, Value::Bool(value)) => Some(Value::I64(value.into())),
        (_, Value::Text(_) | Value::Bytes(_)) => None,
        (_, number) => Some(number),
    };
    match typed {
        Some(value) => Sample {
            value: Some(value),
            ..sample
        },
        None => Sample::bad(sample.time_us, Quality::BAD_TYPE_MISMATCH),
    }
}
