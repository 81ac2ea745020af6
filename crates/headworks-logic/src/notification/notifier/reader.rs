//! Reads the alarm journal and keeps what it leads to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::alarm::Entry;
use headworks_core::model::ObjectId;
use headworks_hub::Plant;
use headworks_store::{OutboxStart, OutboxStep};
use tokio_util::sync::CancellationToken;

use super::super::engine::{Alarms, Case, CaseKey, Engine};
use super::{Notifier, blocking};

/// Most entries that are read at once.
const ENTRIES_MAX: usize = 1000;
/// Longest time between two looks at the configuration.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// Time between two tries when a disk fails.
const RETRY_PERIOD: Duration = Duration::from_secs(1);

impl Alarms for Plant {
    fn group(&self, alarm: ObjectId) -> Arc<str> {
        let group = self.alarm(alarm).map(|alarm| alarm.body.group.as_str());
        group.unwrap_or_default().into()
    }
}

/// Where the reader is.
struct Reader<'a> {
    notifier: &'a Notifier,
    engine: Engine,
    /// The entry that was read last.
    entry: u64,
    /// The configuration that the engine knows.
    generation: Option<u64>,
    /// Whether the disk failed the last time: told once.
    is_failing: bool,
}

/// Reads until `stop`.
pub(super) async fn run(notifier: &Notifier, start: OutboxStart, stop: &CancellationToken) {
    let mut newest = notifier.hub.alarms().last_number();
    let first = *newest.borrow_and_update();
    let cases = start.cases.iter().filter_map(|(policy, alarm, body)| {
        let (policy, alarm) = (*policy, *alarm);
        let case: Case = serde_json::from_str(body)
            .inspect_err(|error| tracing::warn!(%alarm, %error, "a case cannot be read"))
            .ok()?;
        Some((CaseKey { policy, alarm }, case))
    });
    let mut reader = Reader {
        engine: Engine::new(notifier.zone.clone(), cases),
        notifier,
        // What happened before the first start is no news. A journal from a backup is shorter.
        entry: start.entry.unwrap_or(first).min(first),
        generation: None,
        is_failing: false,
    };
    if start.entry.is_none() {
        // Otherwise a crash before the first entry would make the next start begin after it.
        let entry = reader.entry;
        reader
            .commit(OutboxStep {
                entry,
                ..OutboxStep::default()
            })
            .await;
    }
    loop {
        let number = *newest.borrow_and_update();
        let behind = reader.work(number).await;
        let now_us = notifier.hub.clock().now_us();
        let pause = match behind {
            true => Duration::ZERO,
            false => reader.pause(now_us),
        };
        tokio::select! {
            () = stop.cancelled() => return,
            // An error says that the hub stops, and so will this.
            _ = newest.changed(), if !behind => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl Reader<'_> {
    /// Does what there is to do; returns whether there are more entries to read.
    async fn work(&mut self, newest: u64) -> bool {
        let plant = self.notifier.hub.plant();
        if self.generation != Some(plant.generation()) {
            self.generation = Some(plant.generation());
            let policies = plant.policies().iter();
            let policies: BTreeMap<_, _> = policies
                .map(|policy| (policy.id, Arc::new(policy.body.clone())))
                .collect();
            self.engine.set_policies(policies);
        }
        let Some(entries) = self.read(newest).await else {
            tokio::time::sleep(RETRY_PERIOD).await;
            return true;
        };
        for entry in &entries {
            self.engine.take(entry, &*plant);
            self.entry = entry.number;
        }
        let messages = self.engine.tick(self.notifier.hub.clock().now_us());
        let letters = messages
            .iter()
            .flat_map(|message| self.notifier.letters(message, &plant));
        let step = OutboxStep {
            entry: self.entry,
            messages: letters.collect(),
            cases: kept(self.engine.take_changes()),
        };
        if !(entries.is_empty() && step.messages.is_empty() && step.cases.is_empty()) {
            self.commit(step).await;
        }
        ENTRIES_MAX <= entries.len()
    }

    async fn read(&mut self, newest: u64) -> Option<Vec<Entry>> {
        if newest <= self.entry {
            return Some(Vec::new());
        }
        let read = self
            .notifier
            .hub
            .alarms()
            .entries_after(self.entry, ENTRIES_MAX);
        let read = read.await;
        self.tell(read.as_ref().err().map(ToString::to_string));
        read.ok()
    }

    /// Keeps a step, however often that takes: the engine has taken it already.
    async fn commit(&mut self, step: OutboxStep) {
        let has_messages = !step.messages.is_empty();
        let step = Arc::new(step);
        loop {
            let (outbox, step) = (Arc::clone(&self.notifier.outbox), Arc::clone(&step));
            let now_us = self.notifier.hub.clock().now_us();
            let kept = blocking(move || outbox.commit(&step, now_us)).await;
            self.tell(kept.as_ref().err().map(ToString::to_string));
            if kept.is_ok() {
                break;
            }
            tokio::time::sleep(RETRY_PERIOD).await;
        }
        if has_messages {
            self.notifier.wake.notify_one();
        }
    }

    /// Tells when the disk begins to fail, and when that is over.
    fn tell(&mut self, error: Option<String>) {
        match (&error, self.is_failing) {
            (Some(error), false) => tracing::error!(error, "nobody is told of alarms"),
            (None, true) => tracing::info!("people are told of alarms again"),
            _ => {}
        }
        self.is_failing = error.is_some();
    }

    fn pause(&self, now_us: i64) -> Duration {
        let due_us = self.engine.next_due_us().unwrap_or(i64::MAX);
        let wait_us = u64::try_from(due_us.saturating_sub(now_us)).unwrap_or(0);
        Duration::from_micros(wait_us).min(LOOK_PERIOD)
    }
}

/// Returns cases as they are kept.
fn kept(changes: Vec<(CaseKey, Option<Case>)>) -> Vec<(ObjectId, ObjectId, Option<String>)> {
    let kept = changes.into_iter().map(|(key, case)| {
        let case = case.and_then(|case| serde_json::to_string(&case).ok());
        (key.policy, key.alarm, case)
    });
    kept.collect()
}
