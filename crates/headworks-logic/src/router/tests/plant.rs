//! A plant whose tags have the values that the test gives them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use headworks_core::model::{Connection, Device, ObjectId, Tag};
use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_hub::{Body, Edit, HubHandle};
use headworks_protocols::{
    BoxFuture, Command, Driver, DriverContext, DriverError, LinkConfig, Protocol, TestReport,
    WriteError, WriteReport,
};
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

static GIVEN: Protocol = Protocol {
    name: "given",
    title: "Given",
    summary: "values that a test gives",
    sample: "",
    readme: "",
    address_help: "any text",
    connection_schema: schemars::Schema::default,
    device_schema: schemars::Schema::default,
    check: |_| Vec::new(),
    build: |link| Ok(Box::new(GivenDriver { link })),
    test: |_, _| Box::pin(async { report() }),
};

pub(super) static PROTOCOLS: &[&Protocol] = &[&GIVEN];

/// The lines of all tests, by name.
static LINES: LazyLock<Mutex<HashMap<String, Arc<Line>>>> = LazyLock::new(Mutex::default);

/// What becomes of a value at a device.
type Keeps = fn(f64) -> f64;

/// What a test sees of its driver.
#[derive(Default)]
pub(super) struct Line {
    batches: Mutex<Option<mpsc::Sender<Vec<Update>>>>,
    /// What was written, by address.
    pub(super) written: Mutex<Vec<(String, Value)>>,
    /// How long a write takes.
    pub(super) delay: Mutex<Duration>,
    /// What becomes of a value at the device.
    pub(super) keeps: Mutex<Option<Keeps>>,
}

#[derive(Debug)]
struct GivenDriver {
    link: LinkConfig,
}

fn report() -> TestReport {
    TestReport {
        ok: true,
        connect_us: None,
        round_trip_us: None,
        message: String::new(),
        exchange: Vec::new(),
    }
}

fn line(name: &str) -> Arc<Line> {
    Arc::clone(LINES.lock().entry(name.to_owned()).or_default())
}

impl Driver for GivenDriver {
    fn run<'a>(&'a mut self, cx: &'a mut DriverContext) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let (sender, mut batches) = mpsc::channel(16);
            let line = line(self.link.settings["line"].as_str().unwrap());
            *line.batches.lock() = Some(sender);
            loop {
                tokio::select! {
                    () = cx.stop.cancelled() => return Ok(()),
                    Some(batch) = batches.recv() => cx.samples.send(batch).await.unwrap(),
                    Some(command) = cx.commands.recv() => match command {
                        // A driver that starts anew for each tag would lose what was just given.
                        Command::Reconfigure { link, reply } => {
                            self.link = link;
                            drop(reply.send(Ok(())));
                        }
                        Command::Write { tag, value, reply } => {
                            drop(reply.send(self.write(&line, tag, value).await));
                        }
                        Command::Poll { .. } | Command::Ask { .. } => {}
                    },
                }
            }
        })
    }
}

impl GivenDriver {
    async fn write(
        &self,
        line: &Line,
        tag: TagIndex,
        value: Value,
    ) -> Result<WriteReport, WriteError> {
        let delay = *line.delay.lock();
        tokio::time::sleep(delay).await;
        let mut tags = self.link.devices.iter().flat_map(|device| &device.tags);
        let address = tags
            .find(|known| known.tag == tag)
            .unwrap()
            .address
            .to_string();
        if address == "deaf" {
            let reason = "illegal data address".into();
            return Err(WriteError::Refused { reason });
        }
        let keeps = line.keeps.lock().unwrap_or(|value| value);
        let kept = Value::F64(keeps(value.as_f64().unwrap()));
        line.written.lock().push((address, value));
        Ok(WriteReport {
            read_back: Some(kept),
            confirmed: true,
        })
    }
}

/// A connection, a device at `plant/boiler` and its tags.
pub(super) struct Plant {
    hub: HubHandle,
    pub(super) line: Arc<Line>,
    pub(super) connection: ObjectId,
    pub(super) tags: Vec<(ObjectId, TagIndex)>,
    line_name: String,
}

async fn create(hub: &HubHandle, body: impl Into<Body>) -> ObjectId {
    hub.apply(vec![Edit::create(body)], "test").await.unwrap()[0].id
}

impl Plant {
    pub(super) async fn make(hub: &HubHandle, line_name: &str, names: &[&str]) -> Plant {
        let connection = connection(line_name, true);
        let connection = create(hub, connection).await;
        let device: Device = serde_json::from_value(json!({
            "name": "boiler", "connection": connection, "path": "plant/boiler",
            "period_ms": 3_600_000,
        }))
        .unwrap();
        let device = create(hub, device).await;
        let mut tags = Vec::new();
        for name in names {
            let tag: Tag = serde_json::from_value(json!({
                "name": name, "device": device, "address": name, "data_type": "float64",
                "unit": "bar", "writable": true, "max": 1e6,
            }))
            .unwrap();
            let id = create(hub, tag).await;
            tags.push((id, hub.plant().tag(id).unwrap().index()));
        }
        Plant {
            hub: hub.clone(),
            line: line(line_name),
            connection,
            tags,
            line_name: line_name.to_owned(),
        }
    }

    /// Gives a tag a value.
    pub(super) async fn give(&self, tag: usize, value: f64) {
        self.give_many(&[(tag, value)]).await;
    }

    pub(super) async fn give_many(&self, values: &[(usize, f64)]) {
        let now_us = self.hub.clock().now_us();
        let update = |(tag, value): &(usize, f64)| Update {
            tag: self.tags[*tag].1,
            sample: Sample::good(now_us, Value::F64(*value)),
        };
        let batch: Vec<Update> = values.iter().map(update).collect();
        for _ in 0..3000 {
            let sender = self.line.batches.lock().clone();
            if let Some(sender) = sender
                && sender.send(batch.clone()).await.is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no driver runs");
    }

    /// Switches the connection on or off.
    pub(super) async fn enable(&self, enabled: bool) {
        let body = connection(&self.line_name, enabled);
        let edit = Edit::Update {
            id: self.connection,
            expected: None,
            body: body.into(),
        };
        self.hub.apply(vec![edit], "test").await.unwrap();
    }

    /// Returns a target that writes a tag.
    pub(super) fn target(&self, tag: usize) -> Json {
        json!({ "kind": "tag", "tag": self.tags[tag].0 })
    }

    /// Returns what was written to a tag.
    pub(super) fn written(&self, address: &str) -> Vec<f64> {
        let written = self.line.written.lock();
        let of = written.iter().filter(|(known, _)| known == address);
        of.map(|(_, value)| value.as_f64().unwrap()).collect()
    }
}

fn connection(line_name: &str, enabled: bool) -> Connection {
    serde_json::from_value(json!({
        "name": "line", "protocol": "given", "settings": { "line": line_name },
        "enabled": enabled,
    }))
    .unwrap()
}
