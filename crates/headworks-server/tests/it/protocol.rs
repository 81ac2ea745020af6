//! The protocol `given`: its tags have the values that the test gives them.

use std::collections::HashMap;
use std::sync::LazyLock;

use headworks_core::model::Settings;
use headworks_core::{Sample, Update, Value};
use headworks_protocols::{
    BoxFuture, Command, ConfigError, Driver, DriverContext, DriverError, LinkConfig, PollReport,
    Protocol, TestReport, WriteError, WriteReport,
};
use parking_lot::Mutex;
use tokio::sync::mpsc;

static GIVEN: Protocol = Protocol {
    name: "given",
    title: "Given",
    summary: "values that a test gives",
    sample: "",
    readme: "",
    address_help: "any text; `mute` does not answer writes, `deaf` refuses them",
    connection_schema: || schemars::json_schema!({ "type": "object" }),
    device_schema: || schemars::json_schema!({ "type": "object" }),
    check,
    build: |link| Ok(Box::new(GivenDriver { link })),
    test: |settings, device| Box::pin(async move { test(&settings, device.as_ref()) }),
};

/// What the hubs of the tests speak.
pub(crate) static PROTOCOLS: &[&Protocol] = &[&GIVEN];

/// Where the running drivers take their samples from, by the `line` setting.
static LINES: LazyLock<Mutex<HashMap<String, mpsc::Sender<Vec<Update>>>>> =
    LazyLock::new(Mutex::default);

#[derive(Debug)]
struct GivenDriver {
    link: LinkConfig,
}

/// Gives samples to the driver of a line; waits until it runs.
pub(crate) async fn give(line: &str, batch: Vec<Update>) {
    let mut batch = Some(batch);
    for _ in 0..3000 {
        let sender = LINES.lock().get(line).cloned();
        if let Some(sender) = sender.filter(|sender| !sender.is_closed()) {
            let sent = sender.send(batch.take().unwrap()).await;
            match sent {
                Ok(()) => return,
                Err(back) => batch = Some(back.0),
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no driver runs on line {line}");
}

fn check(link: &LinkConfig) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    if !link.settings.contains_key("line") {
        errors.push(ConfigError::connection("/settings/line", "is missing"));
    }
    let tags = link.devices.iter().flat_map(|device| &device.tags);
    for tag in tags.filter(|tag| &*tag.address == "nowhere") {
        errors.push(ConfigError::tag(
            tag,
            "/address",
            "\"nowhere\" is no address",
        ));
    }
    errors
}

fn test(settings: &Settings, device: Option<&Settings>) -> TestReport {
    TestReport {
        ok: device.is_some(),
        connect_us: Some(12),
        round_trip_us: None,
        message: format!("line {} answers", settings["line"]),
        exchange: vec!["> 01".into()],
    }
}

impl Driver for GivenDriver {
    fn run<'a>(&'a mut self, cx: &'a mut DriverContext) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let (sender, mut batches) = mpsc::channel(16);
            let line = self.link.settings["line"].as_str().unwrap().to_owned();
            LINES.lock().insert(line, sender);
            loop {
                tokio::select! {
                    () = cx.stop.cancelled() => return Ok(()),
                    Some(batch) = batches.recv() => cx.samples.send(batch).await.unwrap(),
                    Some(command) = cx.commands.recv() => self.obey(cx, command).await,
                }
            }
        })
    }
}

impl GivenDriver {
    async fn obey(&mut self, cx: &DriverContext, command: Command) {
        match command {
            Command::Write { tag, value, reply } => {
                let tags = self.link.devices.iter().flat_map(|device| &device.tags);
                let address = tags.clone().find(|known| known.tag == tag);
                let outcome = match address.map(|known| &*known.address) {
                    Some("mute") => Err(WriteError::NoAnswer {
                        reason: "nothing came within 1 s".into(),
                    }),
                    Some("deaf") => Err(WriteError::Refused {
                        reason: "illegal data address".into(),
                    }),
                    _ => Ok(WriteReport {
                        read_back: Some(value),
                        confirmed: true,
                    }),
                };
                drop(reply.send(outcome));
            }
            Command::Poll { reply, .. } => {
                let tags = self.link.devices.iter().flat_map(|device| &device.tags);
                let now_us = cx.clock.now_us();
                let batch: Vec<Update> = tags
                    .map(|tag| Update {
                        tag: tag.tag,
                        sample: Sample::good(now_us, Value::I64(7)),
                    })
                    .collect();
                let good = u32::try_from(batch.len()).unwrap();
                cx.samples.send(batch).await.unwrap();
                let report = PollReport {
                    good,
                    ..PollReport::default()
                };
                drop(reply.send(report));
            }
            Command::Ask { question, reply } => {
                drop(reply.send(Ok(question.request)));
            }
            Command::Reconfigure { link, reply } => {
                self.link = link;
                drop(reply.send(Ok(())));
            }
        }
    }
}
