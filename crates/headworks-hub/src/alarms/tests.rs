//! Tests with real files: the journal is that of a hub.

mod edits;
mod faults;
mod kinds;
mod life;
mod simulation;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use headworks_core::alarm::{By, Cause, Entry, State};
use headworks_core::model::{Alarm, ObjectId};
use headworks_core::{TagIndex, Update, Value};
use headworks_protocols::Clock;
use serde_json::json;
use tempfile::TempDir;

use crate::testing::{
    Fake, MemoryHistorian, START_US, Script, TestHub, connection, device, fake, good, is_good,
    roomy, tag_with,
};
use crate::{Act, AlarmStatus, Edit, HubError};

const SECOND_US: i64 = 1_000_000;

/// A hub with a device of some tags, whose time is what the test says.
struct Works {
    hub: TestHub,
    now_us: Arc<AtomicI64>,
    fake: Arc<Fake>,
    device: ObjectId,
    /// The tags `t0`, `t1` and so on.
    tags: Vec<ObjectId>,
    indices: Vec<TagIndex>,
}

impl Works {
    /// Every tag begins with the value 7.
    async fn new(name: &str, tags: usize) -> Works {
        let now_us = Arc::new(AtomicI64::new(START_US));
        let directory = TempDir::new().unwrap();
        let hub = start(directory, Arc::default(), &now_us).await;
        let line = hub.create(connection(name)).await;
        let device = hub.create(device(name, line)).await;
        let body = |number| tag_with(&format!("t{number}"), device, &json!({}));
        let edits = (0..tags).map(|number| Edit::create(body(number)));
        let applied = hub.handle.apply(edits.collect(), "test").await.unwrap();
        let tags: Vec<ObjectId> = applied.iter().map(|applied| applied.id).collect();
        let plant = hub.handle.plant();
        let indices = tags.iter().map(|tag| plant.tag(*tag).unwrap().index());
        let works = Works {
            indices: indices.collect(),
            fake: fake(name),
            hub,
            now_us,
            device,
            tags,
        };
        works.wait_for_values().await;
        works
    }

    async fn wait_for_values(&self) {
        let last = *self.indices.last().unwrap();
        self.hub.until(|handle| is_good(handle, last)).await;
    }

    /// Stops the hub and starts it again; its device is silent at first.
    async fn restart(self) -> Works {
        self.restart_after("").await
    }

    /// As [`Works::restart`], with a change of the stored objects that no hub makes.
    async fn restart_after(self, sql: &str) -> Works {
        let TestHub {
            hub,
            historian,
            directory,
            ..
        } = self.hub;
        hub.stop(Duration::from_secs(5)).await.unwrap();
        let objects = rusqlite::Connection::open(directory.path().join("headworks.db")).unwrap();
        objects.execute_batch(sql).unwrap();
        drop(objects);
        self.fake.script([Script::Fail]);
        let hub = start(directory, historian, &self.now_us).await;
        Works { hub, ..self }
    }

    fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::Relaxed)
    }

    fn pass(&self, time_us: i64) {
        self.now_us.fetch_add(time_us, Ordering::Relaxed);
    }

    /// Brings values of tags in one batch, a millisecond later.
    async fn bring(&self, values: &[(usize, i64)]) {
        self.pass(1000);
        let time_us = self.now_us();
        let update = |&(tag, value): &(usize, i64)| {
            let tag = self.indices[tag];
            good(tag, time_us, Value::I64(value))
        };
        self.bring_updates(values.iter().map(update).collect())
            .await;
    }

    /// Brings samples and waits until they are there.
    async fn bring_updates(&self, updates: Vec<Update>) {
        let last = updates.last().unwrap().clone();
        self.fake.send(updates).await;
        self.hub
            .until(|handle| handle.last(last.tag).unwrap().time_us == last.sample.time_us)
            .await;
    }

    /// Makes an alarm of a tag.
    async fn alarm(&self, tag: usize, fields: serde_json::Value) -> ObjectId {
        self.hub.create(self.body(tag, fields)).await
    }

    fn body(&self, tag: usize, fields: serde_json::Value) -> Alarm {
        let mut body = json!({"name": "Too high", "tag": self.tags[tag]});
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        serde_json::from_value(body).unwrap()
    }

    fn status(&self, alarm: ObjectId) -> AlarmStatus {
        self.hub.handle.alarms().status(alarm).unwrap()
    }

    fn state(&self, alarm: ObjectId) -> State {
        self.status(alarm).standing.state
    }

    /// Waits until an alarm is in a state.
    async fn until(&self, alarm: ObjectId, state: State) {
        self.hub
            .until(|handle| {
                let status = handle.alarms().status(alarm);
                status.is_some_and(|status| status.standing.state == state)
            })
            .await;
    }

    /// Does something to an alarm as `ann`.
    async fn act(&self, alarm: ObjectId, act: Act) -> Result<AlarmStatus, HubError> {
        let by = By::new("ann", "the sensor is being cleaned");
        self.hub.handle.alarms().act(alarm, act, by).await
    }

    async fn acknowledge(&self, alarm: ObjectId) -> Result<AlarmStatus, HubError> {
        let event = self.status(alarm).standing.event.unwrap().id;
        self.act(alarm, Act::Acknowledge { event }).await
    }

    /// Waits until the journal has so many entries, and returns all.
    async fn journal(&self, count: u64) -> Vec<Entry> {
        let alarms = self.hub.handle.alarms();
        let mut number = alarms.last_number();
        let reached = number.wait_for(|number| count <= *number);
        let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
        assert!(
            reached.is_ok(),
            "{} of {count}",
            *alarms.last_number().borrow()
        );
        alarms.entries_after(0, usize::MAX).await.unwrap()
    }

    /// Waits until the journal has so many entries, and returns what happened.
    async fn causes(&self, count: u64) -> Vec<Cause> {
        let entries = self.journal(count).await;
        let causes = entries.iter().map(|entry| entry.transition.cause);
        causes.collect()
    }
}

async fn start(
    directory: TempDir,
    historian: Arc<MemoryHistorian>,
    now_us: &Arc<AtomicI64>,
) -> TestHub {
    let now_us = Arc::clone(now_us);
    let clock = Clock::new(move || now_us.load(Ordering::Relaxed));
    TestHub::with_clock(directory, historian, roomy(), clock).await
}

/// An alarm above 50.
fn above_50() -> serde_json::Value {
    json!({"condition": {"kind": "high", "limit": 50.0}})
}
