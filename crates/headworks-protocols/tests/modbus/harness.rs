//! Runs a driver as the hub does, and waits for what it brings.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use headworks_core::model::{ObjectId, Settings};
use headworks_core::{DataType, Sample, TagIndex, Update, Value};
use headworks_protocols::{
    Clock, Command, DeviceConfig, DeviceSnapshot, DriverContext, DriverError, LinkConfig,
    LinkStats, PollReport, TagConfig, WireLog, WriteError, WriteReport, modbus,
};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest wait for anything that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running driver.
pub(crate) struct Harness {
    pub(crate) stats: Arc<LinkStats>,
    pub(crate) log: Arc<WireLog>,
    pub(crate) last: HashMap<TagIndex, Sample>,
    pub(crate) errors: mpsc::Receiver<DriverError>,
    updates: mpsc::Receiver<Vec<Update>>,
    commands: mpsc::Sender<Command>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Harness {
    /// Starts the driver; a lost link is opened again after 20 ms, as the hub would.
    pub(crate) fn start(config: LinkConfig) -> Harness {
        let (samples, updates) = mpsc::channel(64);
        let (commands, commands_in) = mpsc::channel(16);
        let (errors_out, errors) = mpsc::channel(64);
        let stop = CancellationToken::new();
        let stats = Arc::new(LinkStats::default());
        let log = Arc::new(WireLog::default());
        log.set_enabled(true);
        let mut cx = DriverContext {
            samples,
            commands: commands_in,
            stop: stop.clone(),
            stats: Arc::clone(&stats),
            wire_log: Arc::clone(&log),
            clock: clock(),
        };
        let mut driver = (modbus::PROTOCOL.build)(config).unwrap();
        let task = tokio::spawn(async move {
            while let Err(error) = driver.run(&mut cx).await {
                if errors_out.try_send(error).is_err() || cx.stop.is_cancelled() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Harness {
            stats,
            log,
            last: HashMap::new(),
            errors,
            updates,
            commands,
            stop,
            task,
        }
    }

    /// Waits until the newest sample of a tag is as wanted.
    #[track_caller]
    pub(crate) fn wait_for(
        &mut self,
        tag: u32,
        wanted: impl Fn(&Sample) -> bool,
    ) -> impl Future<Output = Sample> {
        let caller = std::panic::Location::caller();
        async move {
            let tag = TagIndex(tag);
            let found = tokio::time::timeout(PATIENCE, async {
                loop {
                    if let Some(sample) = self.last.get(&tag)
                        && wanted(sample)
                    {
                        return sample.clone();
                    }
                    self.take().await;
                }
            });
            found.await.unwrap_or_else(|_| {
                panic!(
                    "{caller}: tag {} is {:?}\n{}",
                    tag.0,
                    self.last.get(&tag),
                    self.wire()
                )
            })
        }
    }

    /// Waits for a value of a tag.
    #[track_caller]
    pub(crate) fn wait_value(&mut self, tag: u32, value: Value) -> impl Future<Output = Sample> {
        self.wait_for(tag, move |sample| sample.value.as_ref() == Some(&value))
    }

    /// Takes the next batch.
    pub(crate) async fn take(&mut self) -> Vec<Update> {
        let Some(batch) = self.updates.recv().await else {
            panic!(
                "the link fails again and again: {:?}",
                self.errors.try_recv()
            );
        };
        for update in &batch {
            self.last.insert(update.tag, update.sample.clone());
        }
        batch
    }

    /// Takes batches for a while; returns how many samples of each tag came.
    pub(crate) async fn take_for(&mut self, time: Duration) -> HashMap<TagIndex, u32> {
        let mut counts = HashMap::new();
        let until = tokio::time::Instant::now() + time;
        while let Ok(batch) = tokio::time::timeout_at(until, self.take()).await {
            for update in batch {
                *counts.entry(update.tag).or_default() += 1;
            }
        }
        counts
    }

    pub(crate) async fn write(&self, tag: u32, value: Value) -> Result<WriteReport, WriteError> {
        let (reply, answer) = oneshot::channel();
        let tag = TagIndex(tag);
        let command = Command::Write { tag, value, reply };
        self.commands.send(command).await.unwrap();
        tokio::time::timeout(PATIENCE, answer)
            .await
            .expect("an outcome of the write")
            .unwrap()
    }

    pub(crate) async fn poll(&self, device: ObjectId) -> PollReport {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(Command::Poll { device, reply })
            .await
            .unwrap();
        tokio::time::timeout(PATIENCE, answer)
            .await
            .expect("an outcome of the poll")
            .unwrap()
    }

    pub(crate) async fn reconfigure(
        &self,
        link: LinkConfig,
    ) -> Result<(), headworks_protocols::ConfigError> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(Command::Reconfigure { link, reply })
            .await
            .unwrap();
        tokio::time::timeout(PATIENCE, answer)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) fn device(&self, device: ObjectId) -> DeviceSnapshot {
        self.stats.device(device)
    }

    /// Returns the wire log as text.
    pub(crate) fn wire(&self) -> String {
        let entries = self.log.entries();
        let lines = entries.iter().rev().take(40).rev().map(|entry| {
            format!(
                "{:?} {:02X?} {}\n",
                entry.direction, entry.bytes, entry.note
            )
        });
        lines.collect()
    }

    /// Waits for the next error of the link.
    pub(crate) async fn error(&mut self) -> String {
        let error = tokio::time::timeout(PATIENCE, async {
            loop {
                tokio::select! {
                    error = self.errors.recv() => return error.expect("an error"),
                    _ = self.updates.recv() => {}
                }
            }
        });
        error.await.expect("the link fails").to_string()
    }

    /// Stops the driver, which must take less than a second.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(1), self.task).await;
        ended.expect("the driver ends within a second").unwrap();
    }
}

fn clock() -> Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock of the tests is the wall clock"
    )]
    Clock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(since.as_micros()).unwrap()
    })
}

pub(crate) fn object(number: u128) -> ObjectId {
    uuid(number).parse().unwrap()
}

fn uuid(number: u128) -> String {
    let digits = format!(
        "{:032x}",
        0x0193_0000_0000_7000_8000_0000_0000_0000_u128 + number
    );
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}

pub(crate) fn settings(value: serde_json::Value) -> Settings {
    match value {
        serde_json::Value::Object(settings) => settings,
        other => panic!("{other} is no object"),
    }
}

pub(crate) fn link(connection: serde_json::Value, devices: Vec<DeviceConfig>) -> LinkConfig {
    LinkConfig {
        connection: object(1),
        name: "link".to_owned(),
        settings: settings(connection),
        devices,
    }
}

pub(crate) fn tcp(port: u16) -> serde_json::Value {
    json!({"endpoint": format!("127.0.0.1:{port}"), "timeout_ms": 300})
}

pub(crate) fn device(number: u128, given: serde_json::Value, tags: Vec<TagConfig>) -> DeviceConfig {
    DeviceConfig {
        device: object(number),
        name: format!("device {number}"),
        settings: settings(given),
        tags,
    }
}

/// A tag that is polled every 50 ms.
pub(crate) fn tag(number: u32, address: &str, data_type: DataType) -> TagConfig {
    TagConfig {
        tag: TagIndex(number),
        path: format!("plant/tag{number}").parse().unwrap(),
        address: address.into(),
        data_type,
        order: None,
        length: None,
        period: Duration::from_millis(50),
        writable: true,
    }
}

/// A tag that is only read.
pub(crate) fn read_only(number: u32, address: &str, data_type: DataType) -> TagConfig {
    TagConfig {
        writable: false,
        ..tag(number, address, data_type)
    }
}
