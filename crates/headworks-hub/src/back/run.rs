//! Evaluation over the past.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use headworks_core::expr::{Context, Program, State};
use headworks_core::{Quality, Sample, TagIndex, Update};
use headworks_store::{Historian, TimeRange};
use jiff::tz::TimeZone;

use super::merge::Merge;
use super::{BackError, BackPlan, BackReport, BackTag, period_us};
use crate::ingest::{Pass, Verdict, settle, typed};
use crate::plant::{Formula, TagEntry};
use crate::space::{NEVER, Slot};

/// Results that are stored together.
const BATCH: usize = 8_192;
/// Instants between two looks at whether to go on.
const LOOK: u32 = 1_024;

/// One formula on its way through time.
struct Step {
    tag: Arc<TagEntry>,
    formula: Arc<Formula>,
    program: Arc<Program>,
    state: State,
    /// Its result so far, judged as in the data space.
    slot: Slot,
    /// Places of what it reads, and of its result.
    reads: Vec<usize>,
    place: usize,
    period_us: Option<i64>,
    /// When it is evaluated next by time.
    due_us: i64,
    /// Whether it is time now.
    is_due: bool,
    samples: u64,
    bad: u64,
}

/// The samples of one instant.
struct World {
    /// Inputs first, then results.
    values: Vec<Option<Sample>>,
    /// The instant at which each changed last, counted.
    changed_at: Vec<u64>,
    instant: u64,
}

/// What was calculated and is not stored yet.
struct Results<'a> {
    historian: Option<&'a dyn Historian>,
    range: TimeRange,
    batch: Vec<Update>,
}

/// Evaluates the formulas of a plan over its time.
pub(super) fn run(
    plan: &BackPlan,
    historian: &dyn Historian,
    watch: &mut dyn FnMut(i64) -> ControlFlow<()>,
) -> Result<BackReport, BackError> {
    let (begin_us, range) = (plan.begin_us(), plan.order.range);
    let sources: Vec<TagIndex> = plan.sources.iter().map(|tag| tag.index()).collect();
    let mut steps = steps(plan, &sources, begin_us);
    let mut world = World::new(historian.before(&sources, begin_us - 1)?, steps.len());
    let all = TimeRange {
        start_us: begin_us,
        ..range
    };
    let mut merge = Merge::new(historian, &sources, all)?;
    let mut results = Results {
        historian: (!plan.order.dry_run).then_some(historian),
        range,
        batch: Vec::new(),
    };
    let (mut evaluations, mut until_look) = (0, 0);
    let mut now_us = begin_us;
    loop {
        if until_look == 0 {
            until_look = LOOK;
            if watch(now_us.max(range.start_us)).is_break() {
                results.flush()?;
                return Err(BackError::Cancelled);
            }
        }
        until_look -= 1;
        while merge.next_us() == Some(now_us) {
            if let Some((place, sample)) = merge.take()? {
                world.set(place, sample);
            }
        }
        for step in &mut steps {
            if step.is_wanted(now_us, &world) {
                evaluations += 1;
                step.evaluate(now_us, &plan.zone, &mut world, &mut results);
            }
        }
        results.flush_full()?;
        world.instant += 1;
        let due = steps.iter().map(|step| step.due_us);
        let next_us = due.chain(merge.next_us()).min().unwrap_or(i64::MAX);
        if range.end_us <= next_us {
            break;
        }
        now_us = next_us;
    }
    results.flush()?;
    Ok(report(plan, &steps, evaluations, merge.read()))
}

fn steps(plan: &BackPlan, sources: &[TagIndex], begin_us: i64) -> Vec<Step> {
    let own = plan.formulas.iter().map(|(tag, _)| tag.index());
    let places: HashMap<TagIndex, usize> = sources.iter().copied().chain(own).zip(0..).collect();
    let step = |(tag, formula): &(Arc<TagEntry>, Arc<Formula>)| {
        let program = formula.program.clone()?;
        let period_us = period_us(formula);
        let aligned = |period_us: i64| begin_us.div_euclid(period_us) * period_us;
        let due = |period_us: i64| {
            let due_us = aligned(period_us);
            due_us + if due_us < begin_us { period_us } else { 0 }
        };
        Some(Step {
            slot: Slot::of(tag.shape()),
            state: program.new_state(),
            reads: formula.inputs.iter().map(|input| places[input]).collect(),
            place: places[&tag.index()],
            due_us: period_us.map_or(i64::MAX, due),
            is_due: false,
            period_us,
            tag: Arc::clone(tag),
            formula: Arc::clone(formula),
            program,
            samples: 0,
            bad: 0,
        })
    };
    plan.formulas.iter().filter_map(step).collect()
}

fn report(plan: &BackPlan, steps: &[Step], evaluations: u64, read: u64) -> BackReport {
    let tag = |step: &Step| BackTag {
        id: step.tag.id(),
        path: step.tag.path().to_string(),
        samples: step.samples,
        bad: step.bad,
    };
    BackReport {
        dry_run: plan.order.dry_run,
        read,
        evaluations,
        samples: steps.iter().map(|step| step.samples).sum(),
        bad: steps.iter().map(|step| step.bad).sum(),
        tags: steps.iter().map(tag).collect(),
        ..BackReport::default()
    }
}

impl Step {
    /// Whether it is evaluated at an instant: at the first, when it is due, and where it waits for
    /// changes, when something that it reads has changed.
    fn is_wanted(&mut self, now_us: i64, world: &World) -> bool {
        self.is_due = self.due_us <= now_us;
        if let (true, Some(period_us)) = (self.is_due, self.period_us) {
            self.due_us = self.due_us.saturating_add(period_us);
        }
        let is_first = world.instant == 1;
        let has_changed = || self.reads.iter().any(|&read| world.has_changed(read));
        self.is_due || is_first || (self.formula.sees_changes() && has_changed())
    }

    fn evaluate(
        &mut self,
        now_us: i64,
        zone: &TimeZone,
        world: &mut World,
        results: &mut Results<'_>,
    ) {
        let waiting = || Sample::bad(now_us, Quality::BAD_WAITING_FOR_INITIAL_DATA);
        let input = |&read: &usize| world.values[read].clone().unwrap_or_else(waiting);
        let inputs: Vec<Sample> = self.reads.iter().map(input).collect();
        let context = Context { now_us, zone };
        let outcome = self.program.evaluate(&inputs, &context, &mut self.state);
        if self.formula.period.is_some() && !self.is_due {
            return; // it has seen the sample
        }
        let mut sample = typed(outcome.sample, self.formula.data_type);
        let pass = Pass {
            now: 0,
            bounds: None,
            is_calculated: true,
        };
        let verdict = settle(&mut self.slot, &mut NEVER.clone(), &mut sample, pass);
        match verdict {
            Verdict::Known | Verdict::SetAside(_) => return,
            Verdict::Late => {}
            Verdict::Publish => {
                if let Some(shown) = self.slot.sample() {
                    world.set(self.place, shown);
                }
            }
        }
        if self.tag.history() && results.take(self.tag.index(), &sample) {
            self.samples += 1;
            self.bad += u64::from(sample.quality.is_bad());
        }
    }
}

impl World {
    fn new(mut values: Vec<Option<Sample>>, results: usize) -> World {
        values.extend(std::iter::repeat_n(None, results));
        World {
            changed_at: vec![0; values.len()],
            values,
            instant: 1,
        }
    }

    fn set(&mut self, place: usize, sample: Sample) {
        self.values[place] = Some(sample);
        self.changed_at[place] = self.instant;
    }

    fn has_changed(&self, place: usize) -> bool {
        self.changed_at[place] == self.instant
    }
}

impl Results<'_> {
    /// Takes a result to be stored; returns whether it is within the range, and no mere wait for
    /// the first sample.
    fn take(&mut self, tag: TagIndex, sample: &Sample) -> bool {
        let is_within = self.range.start_us <= sample.time_us && sample.time_us < self.range.end_us;
        if !is_within || sample.quality == Quality::BAD_WAITING_FOR_INITIAL_DATA {
            return false;
        }
        if self.historian.is_some() {
            self.batch.push(Update {
                tag,
                sample: sample.clone(),
            });
        }
        true
    }

    fn flush_full(&mut self) -> Result<(), BackError> {
        if self.batch.len() < BATCH {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), BackError> {
        if let (Some(historian), false) = (self.historian, self.batch.is_empty()) {
            historian.append(&self.batch)?;
        }
        self.batch.clear();
        Ok(())
    }
}
