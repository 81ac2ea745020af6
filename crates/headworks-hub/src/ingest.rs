//! Ingest: from raw samples of drivers to samples everybody may use.
//!
//! A batch is walked once and in place: marked values, scaling, range and quality rules, data
//! space. What is left of it goes to the bus and to the historian.

mod calculator;
mod checks;
mod rules;
mod tap;
mod violations;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headworks_core::expr::State;
use headworks_core::{Quality, Sample, TagIndex, Update};
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use crate::alarms::Alarms;
use crate::plant::{Formulas, TagEntry};
use crate::recorder::RecorderQueue;
use crate::settings::TimeLimits;
use crate::space::{DataSpace, NEVER, Tick};
use calculator::Calculator;
pub(crate) use calculator::{LastRun, typed};
pub(crate) use checks::TimeBounds;
pub(crate) use rules::{Pass, Verdict, settle};
use tap::{Overflow, TapEnd};

pub use tap::{Tap, Tapped};
pub(crate) use violations::TagWatch;
pub use violations::{Violation, ViolationCounts, ViolationKind};

/// Samples set aside that wait to be told of; what comes beyond them is only counted.
const SET_ASIDE_MAX: usize = 256;

/// Batches that a slow reader of the bus may lag behind before it skips.
const BUS_BATCHES: usize = 256;

/// The way of samples through the hub.
pub(crate) struct Ingest {
    space: DataSpace,
    bus: broadcast::Sender<Arc<[Update]>>,
    tap: TapEnd,
    /// Taken away when the hub stops.
    history: Mutex<Option<RecorderQueue>>,
    /// Held from the change of the space to the hand-over to the bus, so that readers of the bus
    /// see the changes of a tag in the order in which they happened.
    order: Mutex<()>,
    /// Taken within `order` only.
    calculator: Mutex<Calculator>,
    /// Judged with each batch, within `order`.
    alarms: Alarms,
    /// Says that formulas may be due earlier than before.
    formulas_changed: Notify,
    started: Instant,
    samples: AtomicU64,
    limits: TimeLimits,
    set_aside: AtomicU64,
    /// Samples set aside that nobody was told of yet.
    untold: Mutex<Vec<(TagIndex, Violation)>>,
}

/// What of a published batch is still to be handed on.
#[derive(Default)]
struct Published {
    /// What is to be stored.
    stored: Option<Arc<[Update]>>,
    /// What the tap has no room for.
    overflow: Option<Overflow>,
}

/// What is to be stored of a batch.
#[derive(Default)]
struct Outcome {
    /// Numbers of published updates whose tags keep no history.
    unstored: Vec<usize>,
    /// Updates older than what is shown: for the historian only.
    late: Vec<Update>,
}

impl Ingest {
    pub(crate) fn new(history: RecorderQueue, limits: TimeLimits) -> Ingest {
        Ingest {
            space: DataSpace::default(),
            bus: broadcast::Sender::new(BUS_BATCHES),
            tap: TapEnd::default(),
            history: Mutex::new(Some(history)),
            order: Mutex::default(),
            calculator: Mutex::new(Calculator::new(TimeZone::system())),
            alarms: Alarms::new(TimeZone::system()),
            formulas_changed: Notify::new(),
            started: Instant::now(),
            samples: AtomicU64::new(0),
            limits,
            set_aside: AtomicU64::new(0),
            untold: Mutex::default(),
        }
    }

    /// Returns the data space, for reading.
    pub(crate) fn space(&self) -> &DataSpace {
        &self.space
    }

    /// Returns the alarms on the way of the samples.
    pub(crate) fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// Hands out every batch that is published from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<[Update]>> {
        self.bus.subscribe()
    }

    /// Hands out every batch that is published from now on; see [`Tap`].
    pub(crate) fn tap(&self) -> Tap {
        self.tap.open()
    }

    /// Returns how many samples wait for the historian.
    pub(crate) fn history_queue(&self) -> usize {
        self.history.lock().as_ref().map_or(0, RecorderQueue::len)
    }

    /// Ends the way to the historian, so that the recorder can finish.
    pub(crate) fn close(&self) {
        self.history.lock().take();
        self.tap.close();
    }

    /// Returns how many samples drivers have brought.
    pub(crate) fn samples(&self) -> u64 {
        self.samples.load(Ordering::Relaxed)
    }

    /// Returns how many samples were set aside because their time is beyond belief.
    pub(crate) fn set_aside(&self) -> u64 {
        self.set_aside.load(Ordering::Relaxed)
    }

    /// Returns samples that were set aside since the last call, not more than a few hundred.
    pub(crate) fn take_untold(&self) -> Vec<(TagIndex, Violation)> {
        std::mem::take(&mut *self.untold.lock())
    }

    /// Takes a batch of raw samples that a driver brought at `received_us`; waits while the
    /// historian is behind.
    pub(crate) async fn take(&self, batch: Vec<Update>, received_us: i64) {
        let count = batch.len().try_into().unwrap_or(u64::MAX);
        self.samples.fetch_add(count, Ordering::Relaxed);
        self.accept(batch, Some(self.limits.bounds(received_us)), received_us)
            .await;
    }

    /// Marks tags with a bad quality at `now_us`: their link is down, they are out of service.
    pub(crate) async fn mark(&self, tags: Vec<TagIndex>, quality: Quality, now_us: i64) {
        let sample = Sample::bad(now_us, quality);
        let mark = |tag| Update {
            tag,
            sample: sample.clone(),
        };
        self.accept(tags.into_iter().map(mark).collect(), None, now_us)
            .await;
    }

    /// Moves on what has been silent for too long: values age, and after their grace they are bad.
    pub(crate) async fn sweep(&self, now_us: i64) {
        let published = {
            let _order = self.order.lock();
            let mut batch = Vec::new();
            let mut outcome = Outcome::default();
            self.space.sweep(self.tick(), |tag, slot, deadline| {
                *deadline = NEVER;
                let Some(sample) = rules::expire(slot, now_us) else {
                    return;
                };
                if !slot.shape.as_ref().is_some_and(|shape| shape.history()) {
                    outcome.unstored.push(batch.len());
                }
                batch.push(Update { tag, sample });
            });
            self.derive(&mut batch, &mut outcome, now_us);
            self.publish(batch, &outcome.unstored, now_us)
        };
        self.pass_on(published).await;
    }

    /// Takes over what is configured of a tag now; `period` is the time between its polls, none
    /// when it is not polled. Returns its new state to be announced, if that changed.
    pub(crate) fn configure(
        &self,
        tag: &TagEntry,
        period: Option<Duration>,
        now_us: i64,
    ) -> Option<Update> {
        let _order = self.order.lock();
        let sample = self.space.write(|slots| {
            let (slot, deadline) = slots.slot(tag.index())?;
            if period.is_none() {
                *deadline = NEVER;
            }
            rules::configure(slot, tag.shape(), period, now_us)
        })?;
        let tag = tag.index();
        Some(Update { tag, sample })
    }

    /// Publishes and stores states that [`Ingest::configure`] returned.
    pub(crate) async fn announce(&self, mut batch: Vec<Update>, now_us: i64) {
        let published = {
            let _order = self.order.lock();
            let mut outcome = Outcome::default();
            self.derive(&mut batch, &mut outcome, now_us);
            self.publish(batch, &outcome.unstored, now_us)
        };
        self.pass_on(published).await;
    }

    /// Takes the formulas of a new plant.
    pub(crate) fn take_formulas(&self, formulas: &Arc<Formulas>) {
        let _order = self.order.lock();
        self.calculator.lock().take(formulas, Instant::now());
        self.formulas_changed.notify_one();
    }

    /// Evaluates the formulas that are new or changed.
    pub(crate) async fn calculate_new(&self, now_us: i64) {
        self.calculate(now_us, Calculator::take_fresh).await;
    }

    /// Evaluates the formulas that need no sample.
    pub(crate) async fn calculate_constants(&self, now_us: i64) {
        self.calculate(now_us, Calculator::take_constant).await;
    }

    /// Evaluates the formulas that are due; returns when the next are.
    pub(crate) async fn calculate_due(&self, now_us: i64) -> Option<Instant> {
        let now = Instant::now();
        self.calculate(now_us, |calculator| calculator.take_due(now))
            .await;
        self.calculator.lock().next_due()
    }

    /// Returns how the last evaluations of formulas went; none for those before their first.
    pub(crate) fn last_runs(&self, tags: &[TagIndex]) -> Vec<Option<LastRun>> {
        let calculator = self.calculator.lock();
        tags.iter().map(|tag| calculator.last_run(*tag)).collect()
    }

    /// Returns whether formulas remember something that was not taken yet.
    pub(crate) fn has_memories(&self) -> bool {
        self.calculator.lock().has_memories()
    }

    /// Takes what some formulas remember that has changed since it was taken last.
    pub(crate) fn take_memories(&self, most: usize) -> Vec<(TagIndex, State)> {
        self.calculator.lock().take_memories(most)
    }

    /// Gives a formula what it remembered at `saved_us`; returns whether it is its.
    pub(crate) fn take_memory(
        &self,
        tag: TagIndex,
        state: State,
        saved_us: i64,
        now_us: i64,
    ) -> bool {
        let mut calculator = self.calculator.lock();
        calculator.take_memory(tag, state, saved_us, now_us)
    }

    /// Waits until there are other formulas than before.
    pub(crate) async fn formulas_changed(&self) {
        self.formulas_changed.notified().await;
    }

    async fn calculate(&self, now_us: i64, which: impl FnOnce(&mut Calculator) -> Vec<u32>) {
        let published = {
            let _order = self.order.lock();
            let mut calculator = self.calculator.lock();
            let wanted = which(&mut calculator);
            let (mut batch, mut outcome) = (Vec::new(), Outcome::default());
            self.evaluate(&mut calculator, &wanted, now_us, &mut batch, &mut outcome);
            self.publish(batch, &outcome.unstored, now_us)
        };
        self.pass_on(published).await;
    }

    /// Makes room for tags with numbers below `end`.
    pub(crate) fn grow(&self, end: usize) {
        self.space.grow(end);
    }

    /// Forgets a tag.
    pub(crate) fn forget(&self, tag: TagIndex) {
        let _order = self.order.lock();
        self.space.write(|slots| {
            if let Some((slot, deadline)) = slots.slot(tag) {
                slot.clear();
                *deadline = NEVER;
            }
        });
    }

    /// Shows the last stored sample of a tag until a new one comes.
    pub(crate) fn restore(&self, tag: TagIndex, sample: Sample) {
        self.space.write(|slots| {
            if let Some((slot, _)) = slots.slot(tag) {
                rules::restore(slot, sample);
            }
        });
    }

    async fn accept(&self, mut batch: Vec<Update>, bounds: Option<TimeBounds>, now_us: i64) {
        let (published, late) = {
            let _order = self.order.lock();
            let mut outcome = self.settle(&mut batch, bounds);
            self.derive(&mut batch, &mut outcome, now_us);
            (self.publish(batch, &outcome.unstored, now_us), outcome.late)
        };
        self.pass_on(published).await;
        if !late.is_empty() {
            self.store(Some(late.into())).await;
        }
    }

    /// Walks a batch once; what is left of it is to be published.
    fn settle(&self, batch: &mut Vec<Update>, bounds: Option<TimeBounds>) -> Outcome {
        let pass = Pass {
            now: self.tick(),
            bounds,
            is_calculated: false,
        };
        let mut outcome = Outcome::default();
        let mut kept = 0;
        self.space.write(|slots| {
            batch.retain_mut(|update| {
                let Some((slot, deadline)) = slots.slot(update.tag) else {
                    return false;
                };
                let Some(history) = slot.shape.as_ref().map(|shape| shape.history()) else {
                    return false;
                };
                match rules::settle(slot, deadline, &mut update.sample, pass) {
                    Verdict::Publish => {
                        if !history {
                            outcome.unstored.push(kept);
                        }
                        kept += 1;
                        true
                    }
                    Verdict::Late => {
                        if history {
                            outcome.late.push(update.clone());
                        }
                        false
                    }
                    Verdict::Known => false,
                    Verdict::SetAside(kind) => {
                        self.tell_of(update, kind, pass);
                        false
                    }
                }
            });
        });
        outcome
    }

    /// Adds what the formulas make of a batch that was settled.
    fn derive(&self, batch: &mut Vec<Update>, outcome: &mut Outcome, now_us: i64) {
        let mut calculator = self.calculator.lock();
        if calculator.is_empty() {
            return;
        }
        let wanted = calculator.affected(batch.iter().map(|update| update.tag));
        self.evaluate(&mut calculator, &wanted, now_us, batch, outcome);
    }

    /// Evaluates formulas one after the other, so that each sees the results of those before it.
    fn evaluate(
        &self,
        calculator: &mut Calculator,
        wanted: &[u32],
        now_us: i64,
        batch: &mut Vec<Update>,
        outcome: &mut Outcome,
    ) {
        let pass = Pass {
            now: self.tick(),
            bounds: None,
            is_calculated: true,
        };
        self.space.write(|slots| {
            for &rank in wanted {
                let last = |input| slots.slot(input).and_then(|(slot, _)| slot.sample());
                let Some(mut update) = calculator.evaluate(rank, now_us, last) else {
                    continue;
                };
                let Some((slot, deadline)) = slots.slot(update.tag) else {
                    continue;
                };
                let Some(history) = slot.shape.as_ref().map(|shape| shape.history()) else {
                    continue;
                };
                match rules::settle(slot, deadline, &mut update.sample, pass) {
                    Verdict::Publish => {
                        if !history {
                            outcome.unstored.push(batch.len());
                        }
                        batch.push(update);
                    }
                    Verdict::Late if history => outcome.late.push(update),
                    Verdict::Late | Verdict::Known | Verdict::SetAside(_) => {}
                }
            }
        });
    }

    fn tell_of(&self, update: &Update, kind: ViolationKind, pass: Pass) {
        self.set_aside.fetch_add(1, Ordering::Relaxed);
        let mut untold = self.untold.lock();
        let (Some(bounds), true) = (pass.bounds, untold.len() < SET_ASIDE_MAX) else {
            return;
        };
        let violation = Violation {
            kind,
            time_us: update.sample.time_us,
            received_us: bounds.received_us,
            value: None,
        };
        untold.push((update.tag, violation));
    }

    /// Hands a batch to the alarms, the bus and the tap; returns what of it is still to be handed
    /// on.
    fn publish(&self, batch: Vec<Update>, unstored: &[usize], now_us: i64) -> Published {
        if batch.is_empty() {
            return Published::default();
        }
        let last = |tag| self.space.last(tag);
        self.alarms.judge(&batch, now_us, &last);
        let batch: Arc<[Update]> = batch.into();
        // an error only says that nobody listens
        drop(self.bus.send(Arc::clone(&batch)));
        Published {
            overflow: self.tap.give(&batch),
            stored: storable(batch, unstored),
        }
    }

    async fn pass_on(&self, published: Published) {
        if let Some(overflow) = published.overflow {
            overflow.wait().await;
        }
        self.store(published.stored).await;
    }

    async fn store(&self, batch: Option<Arc<[Update]>>) {
        let history = self.history.lock().clone();
        if let (Some(batch), Some(history)) = (batch, history) {
            history.send(batch).await;
        }
        self.alarms.room().await;
    }

    fn tick(&self) -> Tick {
        let tenths = self.started.elapsed().as_millis() / 100;
        Tick::try_from(tenths).unwrap_or(NEVER - 1)
    }
}

/// Returns a batch without the updates of tags that keep no history.
fn storable(batch: Arc<[Update]>, unstored: &[usize]) -> Option<Arc<[Update]>> {
    if unstored.is_empty() {
        return Some(batch);
    }
    let mut unstored = unstored.iter().copied().peekable();
    let stored: Arc<[Update]> = batch
        .iter()
        .enumerate()
        .filter(|&(at, _)| unstored.next_if_eq(&at).is_none())
        .map(|(_, update)| update.clone())
        .collect();
    (!stored.is_empty()).then_some(stored)
}

#[cfg(test)]
mod tests;
