use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::{TagIndex, Value};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::conformance::link_of;
use crate::driver::{Clock, Command, DriverContext, DriverError, PollReport, WriteError};
use crate::link::{LinkConfig, Place};
use crate::stats::{DeviceState, LinkStats};
use crate::wire_log::WireLog;
use headworks_core::Update;

/// A driver at work in simulated time.
struct Running {
    samples: mpsc::Receiver<Vec<Update>>,
    commands: mpsc::Sender<Command>,
    stop: CancellationToken,
    stats: Arc<LinkStats>,
    task: JoinHandle<Result<(), DriverError>>,
    link: LinkConfig,
}

fn start(text: &str) -> Running {
    let link = link_of(text);
    let mut driver = (PROTOCOL.build)(link.clone()).unwrap();
    let begin = tokio::time::Instant::now();
    let (samples_to, samples) = mpsc::channel(1000);
    let (commands, commands_from) = mpsc::channel(10);
    let stop = CancellationToken::new();
    let stats = Arc::new(LinkStats::default());
    let mut cx = DriverContext {
        samples: samples_to,
        commands: commands_from,
        stop: stop.clone(),
        stats: Arc::clone(&stats),
        wire_log: Arc::new(WireLog::default()),
        clock: Clock::new(move || i64::try_from(begin.elapsed().as_micros()).unwrap()),
    };
    let task = tokio::spawn(async move { driver.run(&mut cx).await });
    Running {
        samples,
        commands,
        stop,
        stats,
        task,
        link,
    }
}

impl Running {
    async fn write(&self, tag: usize, value: Value) -> Result<Option<Value>, WriteError> {
        let (reply, answer) = oneshot::channel();
        let tag = self.link.devices[0].tags[tag].tag;
        self.commands
            .send(Command::Write { tag, value, reply })
            .await
            .unwrap();
        answer.await.unwrap().map(|report| {
            assert!(report.confirmed);
            report.read_back
        })
    }

    /// Returns all samples so far.
    fn drain(&mut self) -> Vec<Update> {
        std::iter::from_fn(|| self.samples.try_recv().ok())
            .flatten()
            .collect()
    }

    /// Returns the newest value of a tag.
    fn newest(&mut self, tag: u32) -> Option<Value> {
        let updates = self.drain();
        updates
            .into_iter()
            .rfind(|update| update.tag == TagIndex(tag))?
            .sample
            .value
    }
}

/// Returns the samples of a test case as `expected.txt` writes them.
async fn samples_of(folder: &Path) -> String {
    let mut running = start(&std::fs::read_to_string(folder.join("link.toml")).unwrap());
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let mut lines: Vec<String> = running
        .drain()
        .into_iter()
        .map(|update| {
            let tags = running.link.devices.iter().flat_map(|device| &device.tags);
            let path = tags
                .clone()
                .find(|tag| tag.tag == update.tag)
                .unwrap()
                .path
                .clone();
            let value = update
                .sample
                .value
                .map_or("-".to_owned(), |value| value.to_string());
            let seconds = Duration::from_micros(update.sample.time_us.unsigned_abs()).as_secs_f64();
            format!("{seconds:.3} {path} {value} {}", update.sample.quality)
        })
        .collect();
    lines.sort();
    let mut text = String::from("# samples of 2.5 s\n");
    lines
        .iter()
        .for_each(|line| writeln!(text, "{line}").unwrap());
    text
}

#[tokio::test(start_paused = true)]
async fn every_test_case_brings_what_it_expects() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/simulated/testcases");
    let mut count = 0;
    for entry in std::fs::read_dir(cases).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let found = samples_of(&folder).await;
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected, &found).unwrap();
        }
        assert_eq!(
            found,
            std::fs::read_to_string(&expected).unwrap(),
            "{}",
            folder.display()
        );
        count += 1;
    }
    assert_eq!(count, 2);
}

#[tokio::test(start_paused = true)]
async fn the_sample_moves_at_its_periods_and_stops() {
    let mut running = start(PROTOCOL.sample);
    tokio::time::sleep(Duration::from_millis(10_010)).await;
    let updates = running.drain();
    let count = |tag| {
        updates
            .iter()
            .filter(|update| update.tag == TagIndex(tag))
            .count()
    };
    assert_eq!(
        (count(0), count(1)),
        (11, 21),
        "one at once, then each period"
    );
    assert!(updates.iter().all(|update| update.sample.quality.is_good()));
    let snapshot = running.stats.device(running.link.devices[0].device);
    assert_eq!(
        (snapshot.state, snapshot.missed_scans),
        (DeviceState::Online, 0)
    );
    assert_eq!(snapshot.scans, 30);
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_set_point_is_written_and_followed() {
    let mut running = start(PROTOCOL.sample);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(running.newest(3), Some(Value::F64(60.0)));
    assert_eq!(
        running.write(2, Value::I64(80)).await,
        Ok(Some(Value::F64(80.0)))
    );
    assert_eq!(
        running.newest(2),
        Some(Value::F64(80.0)),
        "at once, not a period later"
    );
    tokio::time::sleep(Duration::from_secs(20)).await;
    let level = running.newest(3).unwrap().as_f64().unwrap();
    assert!((72.0..73.0).contains(&level), "{level} after one lag");

    let refused = running.write(0, Value::I64(1)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the tag cannot be written: it is not marked as writable"
    );
    let refused = running.write(2, Value::F64(1e39)).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("is out of range: float32 holds"),
        "{refused}"
    );
    let refused = running.write(2, "high".into()).await.unwrap_err();
    assert_eq!(refused.to_string(), "float32 cannot hold a text");
}

#[tokio::test(start_paused = true)]
async fn a_poll_brings_every_tag_now() {
    let mut running = start(PROTOCOL.sample);
    tokio::time::sleep(Duration::from_millis(10)).await;
    running.drain();
    for (device, want) in [
        (running.link.devices[0].device, 7),
        (running.link.connection, 0),
    ] {
        let (reply, report) = oneshot::channel();
        running
            .commands
            .send(Command::Poll { device, reply })
            .await
            .unwrap();
        let report: PollReport = report.await.unwrap();
        assert_eq!((report.good, report.error.is_some()), (want, want == 0));
    }
    tokio::task::yield_now().await;
    assert_eq!(running.drain().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn new_tags_come_without_a_restart_and_set_points_stay() {
    let mut running = start(PROTOCOL.sample);
    running.write(2, Value::I64(33)).await.unwrap();
    let mut link = running.link.clone();
    link.devices[0].tags.remove(0);
    let mut added = link.devices.clone();
    added[0].device = "0192d3c0-0000-7000-8000-999999999999".parse().unwrap();
    added[0].tags[0].tag = TagIndex(70);
    added[0].tags.truncate(1);
    link.devices.extend(added);
    let (reply, outcome) = oneshot::channel();
    running
        .commands
        .send(Command::Reconfigure {
            link: link.clone(),
            reply,
        })
        .await
        .unwrap();
    outcome.await.unwrap().unwrap();
    running.drain();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let updates = running.drain();
    let has = |tag| updates.iter().any(|update| update.tag == TagIndex(tag));
    assert!(!has(0) && has(70));
    let set_point = updates
        .iter()
        .rfind(|update| update.tag == TagIndex(2))
        .unwrap();
    assert_eq!(set_point.sample.value, Some(Value::F64(33.0)));

    link.settings.insert("seed".to_owned(), json!(9));
    let (reply, outcome) = oneshot::channel();
    running
        .commands
        .send(Command::Reconfigure { link, reply })
        .await
        .unwrap();
    let refused = outcome.await.unwrap().unwrap_err();
    assert_eq!(
        (refused.place, refused.field.as_str()),
        (Place::Connection, "/settings")
    );
}

#[tokio::test]
async fn testing_says_whether_the_settings_work() {
    let device = |json: serde_json::Value| json.as_object().cloned();
    let none = Settings::new();
    assert!((PROTOCOL.test)(none.clone(), None).await.ok);
    assert!(
        !(PROTOCOL.test)(none.clone(), device(json!({"silent": true})))
            .await
            .ok
    );
    let report = (PROTOCOL.test)(none, device(json!({"loud": true}))).await;
    assert!(
        report.message.starts_with("/settings/loud: "),
        "{}",
        report.message
    );
}

#[track_caller]
fn check_refused(change: (&str, &str), field: &str, want: &str) {
    let text = PROTOCOL.sample.replacen(change.0, change.1, 1);
    assert_ne!(text, PROTOCOL.sample);
    let errors = (PROTOCOL.check)(&link_of(&text));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].field, field);
    assert!(errors[0].reason.contains(want), "{}", errors[0]);
}

#[test]
fn mistakes_name_their_field() {
    check_refused(
        ("walk:60s", "walk:60"),
        "/address",
        "\"60\" is no time above zero",
    );
    check_refused(
        (":level_setpoint", ":total"),
        "/address",
        "\"total\" is no set point",
    );
    check_refused(
        ("\"bool\"", "\"string\"\nlength = 2"),
        "/data_type",
        "a text is of type string",
    );
    check_refused(
        ("\"°C\"", "\"°C\"\nwritable = true"),
        "/writable",
        "only a setpoint can be written",
    );
}
