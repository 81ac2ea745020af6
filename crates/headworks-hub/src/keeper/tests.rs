use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use headworks_core::model::{RetentionDays, RetentionPolicy};
use headworks_core::{TagIndex, Value};
use headworks_protocols::Clock;
use headworks_store::{Chunk, Historian, RangeQuery, Retention, TierAges, TimeRange, Upkeep};
use serde_json::json;
use tempfile::TempDir;

use crate::testing::{TestHub, connection, device, good, roomy, tag};
use crate::{Edit, Hub, HubHandle, HubSettings, UpkeepSettings, UpkeepStatus};

fn policy(pattern: &str, raw: u32, priority: u16) -> RetentionPolicy {
    let name = format!("{pattern} {raw}").replace('*', "x");
    let body = json!({
        "name": name, "pattern": pattern, "priority": priority, "days": {"raw": raw},
    });
    serde_json::from_value(body).unwrap()
}

/// Waits in real time: the housekeeper does not follow a clock of the tests.
async fn until(so: impl Fn() -> bool) {
    for _ in 0..30_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it never became so");
}

async fn round(test: &TestHub) -> (Retention, UpkeepStatus) {
    let upkeep = |handle: &HubHandle| handle.stats().upkeep;
    let before = upkeep(&test.handle).rounds;
    test.handle.wake_upkeep();
    until(|| before < upkeep(&test.handle).rounds).await;
    let (_, retention) = test.historian.rounds.lock().last().unwrap().clone();
    (retention, upkeep(&test.handle))
}

#[tokio::test]
async fn a_round_comes_without_being_asked_and_soon_after_a_change_of_policies() {
    let test = TestHub::with_upkeep(Duration::from_millis(20)).await;
    let rounds = || test.historian.rounds.lock().len();
    until(|| 3 < rounds()).await;

    let test = TestHub::new().await; // its first round is seconds away
    let line = test.line("policy-change").await;
    assert_eq!(test.historian.rounds.lock().len(), 0);
    test.create(policy("plant/**", 400, 10)).await;
    until(|| !test.historian.rounds.lock().is_empty()).await;
    let (now_us, retention) = test.historian.rounds.lock()[0].clone();
    assert!(test.handle.clock().now_us() - now_us < 5_000_000);
    let raw = TierAges {
        raw: Some(400),
        ..TierAges::default()
    };
    assert_eq!(retention.tags.get(&line.index), Some(&raw));
    assert_eq!(retention.default, TierAges::default());
}

#[tokio::test]
async fn a_round_is_reported_with_what_it_did() {
    let test = TestHub::new().await;
    let work = Upkeep {
        compacted_days: 1,
        rolled_up_days: 2,
        dropped_files: 3,
        dropped_samples: 4,
        freed_bytes: 5,
        held: Some("day 3 is not rolled up".into()),
    };
    *test.historian.upkeep.lock() = Some(Ok(work));
    round(&test).await;
    let (_, status) = round(&test).await;
    assert_eq!(
        (status.last.dropped_samples, status.total.dropped_samples),
        (4, 8)
    );
    assert_eq!(
        (status.last.compacted_days, status.total.freed_bytes),
        (1, 10)
    );
    assert_eq!(status.held.as_deref(), Some("day 3 is not rolled up"));
    assert!(status.last_us.is_some());
}

#[tokio::test]
async fn a_round_that_fails_or_panics_does_not_end_the_upkeep() {
    let test = TestHub::new().await;
    *test.historian.upkeep.lock() = Some(Err("panic"));
    let (_, status) = round(&test).await;
    assert!(status.held.unwrap().contains("panicked"));
    *test.historian.upkeep.lock() = Some(Err("no such thing"));
    let (_, status) = round(&test).await;
    assert_eq!(status.held.as_deref(), Some("upkeep: no such thing"));
    *test.historian.upkeep.lock() = None;
    let (_, status) = round(&test).await;
    assert_eq!((status.held, status.rounds), (None, 3));
}

#[tokio::test]
async fn a_long_round_stops_neither_samples_nor_the_hub() {
    let test = TestHub::new().await;
    test.historian.upkeep_waits.store(true, Ordering::Relaxed);
    test.handle.wake_upkeep();
    until(|| !test.historian.rounds.lock().is_empty()).await;
    let line = test.line("long-round").await; // polled while the round goes on
    let stored = || test.handle.stats().history_stored;
    until(|| 0 < stored()).await;
    assert!(test.handle.last(line.index).is_some());

    let historian = std::sync::Arc::clone(&test.historian);
    let started = std::time::Instant::now();
    test.hub.stop(Duration::from_millis(200)).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(historian.closed.load(Ordering::Relaxed));
    historian.upkeep_waits.store(false, Ordering::Relaxed);
}

#[tokio::test]
async fn the_hub_waits_for_a_round_that_ends_in_time_before_it_closes_the_store() {
    let test = TestHub::on(TempDir::new().unwrap(), std::sync::Arc::default()).await;
    test.historian.upkeep_waits.store(true, Ordering::Relaxed);
    test.handle.wake_upkeep();
    until(|| !test.historian.rounds.lock().is_empty()).await;
    let historian = std::sync::Arc::clone(&test.historian);
    let release = std::sync::Arc::clone(&historian);
    let releasing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        assert!(!release.closed.load(Ordering::Relaxed));
        release.upkeep_waits.store(false, Ordering::Relaxed);
    });
    test.hub.stop(Duration::from_secs(5)).await.unwrap();
    releasing.join().unwrap();
    assert!(historian.closed.load(Ordering::Relaxed));
}

const DAY_US: i64 = 86_400_000_000;
/// Noon of a day on which the tests stand still.
const TODAY_US: i64 = 20_700 * DAY_US + DAY_US / 2;

/// Returns how many samples of a tag are stored.
fn stored(historian: &dyn Historian, tag: TagIndex) -> usize {
    let query = RangeQuery {
        tags: vec![tag],
        range: TimeRange {
            start_us: TODAY_US - 20 * DAY_US,
            end_us: TODAY_US,
        },
        limit: usize::MAX,
    };
    let mut samples = 0;
    let count = &mut |chunk: &Chunk| {
        samples += chunk.times_us.len();
        ControlFlow::Continue(())
    };
    historian.read(&query, count).unwrap();
    samples
}

#[tokio::test]
async fn samples_go_by_policy_from_a_real_store_and_their_roll_ups_stay() {
    let directory = TempDir::new().unwrap();
    let settings = HubSettings {
        protocols: crate::testing::PROTOCOLS,
        clock: Some(Clock::new(|| TODAY_US)),
        upkeep: UpkeepSettings {
            retention_days: RetentionDays {
                raw: Some(30),
                ..RetentionDays::default()
            },
            ..roomy()
        },
        ..HubSettings::new(directory.path())
    };
    let hub = Hub::start(settings).await.unwrap();
    let handle = hub.handle();
    let make = async |body: crate::Body| {
        let applied = handle.apply(vec![Edit::create(body)], "test").await;
        applied.unwrap()[0].clone()
    };
    let connection = make(connection("real-store").into()).await.id;
    let device = make(device("real-store", connection).into()).await.id;
    let short = make(tag("short", device).into()).await.tag.unwrap();
    let long = make(tag("long", device).into()).await.tag.unwrap();

    let historian = handle.historian();
    let start_us = TODAY_US - 10 * DAY_US;
    let minutes = (0..120).map(|minute| start_us + minute * 60_000_000);
    let both = minutes.flat_map(|at| [short, long].map(|tag| good(tag, at, Value::F64(1.0))));
    historian.append(&both.collect::<Vec<_>>()).unwrap();
    assert_eq!(stored(&*historian, short), 120);
    make(policy("**/short", 3, 10).into()).await; // and upkeep begins
    for _ in 0..1_500 {
        if stored(&*historian, short) == 0 {
            break;
        }
        handle.wake_upkeep();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let upkeep = handle.stats().upkeep;
    assert_eq!(stored(&*historian, short), 0, "{upkeep:?}");
    assert_eq!(stored(&*historian, long), 120, "{upkeep:?}");
    assert!(0 < upkeep.total.rolled_up_days, "{upkeep:?}");
    let tiers = handle.storage().tiers;
    let of = |name: &str| tiers.iter().find(|tier| tier.tier == name).unwrap();
    assert_eq!(of("raw").days, Some(17)); // the mean of 3 and 30
    assert_eq!(of("minute").rows, 240); // of both tags
    hub.stop(Duration::from_secs(5)).await.unwrap();
}
