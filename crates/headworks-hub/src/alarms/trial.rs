//! What an alarm would have done with the samples that are stored: history played again through
//! the same machine that judges what comes now.

mod tally;

use std::collections::HashMap;
use std::sync::Arc;

use headworks_core::alarm::{Cause, State};
use headworks_core::model::{Alarm, Object};
use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_store::history::merged::merged;
use headworks_store::history::{HistoryError, Watch};
use headworks_store::{Historian, TimeRange};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use super::judge::Judge;
use super::rules::Rules;
use crate::handle::HubHandle;
use crate::plant::Plant;
use tally::Tally;

/// Most samples that one trial reads, of all tags together.
pub const ALARM_TRIAL_SAMPLES_MAX: usize = 2_000_000;
/// Most transitions of an answer.
pub const ALARM_TRIAL_ROWS_MAX: usize = 1_000;
/// Parts of the time that are counted apart.
pub const ALARM_TRIAL_PARTS: usize = 96;
/// Samples that are in memory at a time.
const PAGE: usize = 50_000;
/// Judgements by the clock between two looks at whether somebody still waits.
const STEPS: u32 = 10_000;

/// What an alarm would have done.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AlarmTrial {
    /// First time that was judged, microseconds since 1970-01-01 UTC.
    pub start_us: i64,
    /// Time after what was judged, microseconds since 1970-01-01 UTC: earlier than asked for when
    /// there were more samples than one test reads.
    pub end_us: i64,
    /// Whether there were more samples than one test reads: the newest are left out.
    pub is_cut: bool,
    /// Tags whose samples were read.
    pub tags: usize,
    /// Samples that were judged.
    pub samples: usize,
    /// How often the alarm would have asked for attention.
    pub raised: u64,
    /// How often it would have been over.
    pub cleared: u64,
    /// How often it would have asked again because it stood for too long.
    pub re_alarmed: u64,
    /// How often it would have been raised while it meant nothing, so that nobody saw it.
    pub suppressed: u64,
    /// How often it would have begun to chatter: three times or more within a minute.
    pub chatters: u32,
    /// Microseconds for which it would have been active, altogether.
    pub active_us: i64,
    /// Microseconds of the longest time that it would have been active without a break.
    pub longest_us: i64,
    /// How often it would have been active for more than a day without a break.
    pub stale: u32,
    /// Whether it would be active at the end.
    pub stands: bool,
    /// What of the rule cannot work, e.g. because a tag is gone; null when all does.
    pub fault: Option<String>,
    /// The time in parts of the same length, oldest first.
    #[schemars(length(max = 96))]
    pub parts: Vec<AlarmTrialPart>,
    /// What the alarm would have done, oldest first; the first thousand steps.
    #[schemars(length(max = 1000))]
    pub rows: Vec<AlarmTrialRow>,
}

/// What an alarm would have done in a part of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AlarmTrialPart {
    /// How often it would have asked for attention.
    pub raised: u32,
    /// Microseconds for which it would have been active.
    pub active_us: i64,
}

/// A step that an alarm would have done.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AlarmTrialRow {
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// Why.
    pub cause: Cause,
    /// The state afterwards.
    pub state: State,
    /// The value of the tag then; null when there was none that is usable.
    pub value: Option<Value>,
    /// The limit that it was judged by, where there is one.
    pub limit: Option<f64>,
    /// What the operator would have read.
    pub text: String,
}

impl HubHandle {
    /// Plays stored samples through an alarm, configured or not, and returns what it would have
    /// done. Nothing is kept of it and nobody is told. Blocks on the disk.
    ///
    /// What the values were before the range counts from its start. One that is switched off is
    /// judged all the same.
    ///
    /// # Errors
    ///
    /// [`HistoryError`] of the store, and what the watch says.
    pub fn try_alarm(
        &self,
        alarm: Object<Alarm>,
        range: TimeRange,
        watch: Watch<'_>,
    ) -> Result<AlarmTrial, HistoryError> {
        play(&self.plant(), &*self.historian(), alarm, range, watch)
    }
}

fn play(
    plant: &Plant,
    store: &dyn Historian,
    alarm: Object<Alarm>,
    range: TimeRange,
    watch: Watch<'_>,
) -> Result<AlarmTrial, HistoryError> {
    let rules = Arc::new(Rules::single(plant, &Arc::new(alarm)));
    let tags = rules.tags();
    let mut replay = Replay::new(range, watch);
    let before = store.before(&tags, range.start_us.saturating_sub(1))?;
    let known = tags.iter().copied().zip(before);
    replay.last = known
        .filter_map(|(tag, sample)| Some((tag, sample?)))
        .collect();
    replay.begin(&rules, range.start_us)?;
    let mut rest = range;
    let mut samples = 0;
    while rest.start_us < rest.end_us && samples < ALARM_TRIAL_SAMPLES_MAX {
        let page = merged(store, &tags, rest, PAGE, watch)?;
        samples += page.samples.len();
        replay.page(&page.samples)?;
        rest.start_us = page.end_us;
    }
    let end_us = rest.start_us;
    replay.until(end_us - 1)?;
    let trial = replay.tally.finish(end_us);
    Ok(AlarmTrial {
        is_cut: end_us < range.end_us,
        tags: tags.len(),
        samples,
        fault: rules.fault(),
        ..trial
    })
}

/// History that is played again.
struct Replay<'a> {
    judge: Judge,
    /// The newest sample of each tag so far.
    last: HashMap<TagIndex, Sample>,
    tally: Tally,
    /// When something is due by the clock.
    due_us: Option<i64>,
    watch: Watch<'a>,
}

impl<'a> Replay<'a> {
    fn new(range: TimeRange, watch: Watch<'a>) -> Replay<'a> {
        Replay {
            judge: Judge::new(TimeZone::system()),
            last: HashMap::new(),
            tally: Tally::new(range),
            due_us: None,
            watch,
        }
    }

    fn begin(&mut self, rules: &Arc<Rules>, now_us: i64) -> Result<(), HistoryError> {
        let last = &self.last;
        let last = |tag| last.get(&tag).cloned();
        self.judge.take(Arc::clone(rules), now_us, &last);
        self.step(now_us);
        self.look()
    }

    /// Plays samples in order of time; those of one time are one batch, as a scan brings them.
    fn page(&mut self, samples: &[Update]) -> Result<(), HistoryError> {
        for batch in samples.chunk_by(|one, next| one.sample.time_us == next.sample.time_us) {
            let now_us = batch[0].sample.time_us;
            self.until(now_us)?;
            let new = batch.iter();
            self.last
                .extend(new.map(|update| (update.tag, update.sample.clone())));
            let last = &self.last;
            self.judge
                .batch(batch, now_us, &|tag| last.get(&tag).cloned());
            self.step(now_us);
        }
        self.look()
    }

    /// Does what was due by the clock until a time.
    fn until(&mut self, time_us: i64) -> Result<(), HistoryError> {
        let mut steps = 0;
        while let Some(due_us) = self.due_us.filter(|due_us| *due_us <= time_us) {
            self.step(due_us);
            steps += 1;
            if steps % STEPS == 0 {
                self.look()?;
            }
        }
        Ok(())
    }

    /// Does what is due at a time, and counts what came of all since the last step.
    fn step(&mut self, now_us: i64) {
        let last = &self.last;
        self.due_us = self.judge.tick(now_us, &|tag| last.get(&tag).cloned());
        self.tally.add(self.judge.take_out());
    }

    /// Looks whether anybody still waits.
    fn look(&self) -> Result<(), HistoryError> {
        (self.watch)().map_or(Ok(()), |stop| Err(stop.into()))
    }
}
