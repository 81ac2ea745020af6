use headworks_core::Value;
use headworks_core::model::{Object, ObjectId};
use headworks_store::Historian;
use serde_json::json;

use super::*;
use crate::events::EventLog;
use crate::plant::Shapes;
use crate::recorder::Recorder;
use crate::settings::TimeLimits;
use crate::testing::{MemoryHistorian, bad, good, tag_with};

const TAG: TagIndex = TagIndex(5);
const SECOND: Duration = Duration::from_secs(1);

struct Bench {
    ingest: Ingest,
    bus: broadcast::Receiver<Arc<[Update]>>,
    recorder: Option<Recorder>,
    historian: Arc<MemoryHistorian>,
}

/// An ingest with one tag that has `fields`, polled each second.
fn bench(fields: serde_json::Value) -> Bench {
    let historian = Arc::<MemoryHistorian>::default();
    let kept: Arc<dyn Historian> = Arc::<MemoryHistorian>::clone(&historian);
    let clock = headworks_protocols::Clock::new(|| 0);
    let (recorder, queue) =
        Recorder::start(kept, Arc::default(), EventLog::in_memory(), clock).unwrap();
    let ingest = Ingest::new(queue, TimeLimits::default());
    ingest.grow(10);
    assert!(ingest.configure(&entry(&fields), Some(SECOND), 0).is_some());
    Bench {
        bus: ingest.subscribe(),
        ingest,
        recorder: Some(recorder),
        historian,
    }
}

fn entry(fields: &serde_json::Value) -> TagEntry {
    let id = ObjectId(uuid::Uuid::nil());
    let object = Object {
        id,
        revision: 1,
        updated_us: 0,
        body: tag_with("t", id, fields),
    };
    TagEntry::new(object, TAG, "a/t".parse().unwrap(), &mut Shapes::default()).unwrap()
}

impl Bench {
    async fn take(&self, update: Update) {
        let received_us = update.sample.time_us;
        self.ingest.take(vec![update], received_us).await;
    }

    /// Returns what was published since the last call, as value, quality and time.
    fn published(&mut self) -> Vec<(Option<Value>, Quality, i64)> {
        let mut samples = Vec::new();
        while let Ok(batch) = self.bus.try_recv() {
            samples.extend(batch.iter().map(|update| update.sample.clone()));
        }
        samples
            .into_iter()
            .map(|sample| (sample.value, sample.quality, sample.time_us))
            .collect()
    }

    /// Ends the way to the historian and returns what went it.
    fn stored(&mut self) -> Vec<Quality> {
        self.ingest.close();
        self.recorder.take().unwrap().join().unwrap().unwrap();
        self.historian.qualities_of(TAG)
    }

    fn last(&self) -> Sample {
        self.ingest.space().last(TAG).unwrap()
    }
}

#[track_caller]
fn check(fields: serde_json::Value, raw: Value, want: (Option<Value>, Quality)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut bench = bench(fields);
    runtime.block_on(bench.take(good(TAG, 10, raw)));
    let published = bench.published();
    assert_eq!(published, [(want.0, want.1, 10)]);
}

#[test]
fn raw_values_become_engineering_values_with_their_quality() {
    let good = |value| (Some(value), Quality::GOOD);
    let beyond = |value| (Some(value), Quality::UNCERTAIN_RANGE_EXCEEDED);
    let sensor = (None, Quality::BAD_SENSOR_FAILURE);
    check(json!({}), Value::U64(7), good(Value::U64(7)));
    check(json!({"scale": 0.1}), Value::I64(3), good(Value::F64(0.3)));
    check(
        json!({"scale": 0.1, "offset": -40.0}),
        Value::U64(400),
        good(Value::F64(0.0)),
    );
    check(
        json!({"invalid": [-32768]}),
        Value::I64(-32768),
        sensor.clone(),
    );
    check(
        json!({"invalid": [65535]}),
        Value::U64(65535),
        sensor.clone(),
    );
    check(
        json!({"invalid": [-9999]}),
        Value::F64(-9999.0),
        sensor.clone(),
    );
    check(
        json!({"invalid": [1], "scale": 2}),
        Value::I64(2),
        good(Value::F64(4.0)),
    );
    check(json!({}), Value::F64(f64::NAN), sensor.clone());
    check(json!({}), Value::F64(f64::INFINITY), sensor);
    check(
        json!({"max": 5.0, "scale": 0.1}),
        Value::I64(50),
        good(Value::F64(5.0)),
    );
    check(
        json!({"max": 5.0, "scale": 0.1}),
        Value::I64(51),
        beyond(Value::F64(5.1)),
    );
    check(json!({"min": 5.0}), Value::I64(4), beyond(Value::I64(4)));
    check(
        json!({"scale": 2}),
        "on".into(),
        (None, Quality::BAD_TYPE_MISMATCH),
    );
    check(
        json!({"scale": 1e300}),
        Value::F64(1e300),
        (None, Quality::BAD_OUT_OF_RANGE),
    );
    check(
        json!({"min": 1.0, "data_type": "string"}),
        "text".into(),
        good("text".into()),
    );
    check(
        json!({"scale": 2, "data_type": "bool"}),
        Value::Bool(true),
        good(Value::Bool(true)),
    );
}

#[tokio::test]
async fn a_bad_sample_is_passed_on_once_and_the_value_stays_visible() {
    let mut bench = bench(json!({}));
    bench.take(good(TAG, 10, Value::I64(1))).await;
    for time_us in [20, 30, 40] {
        bench
            .take(bad(TAG, time_us, Quality::BAD_NODE_ID_UNKNOWN))
            .await;
    }
    bench.take(bad(TAG, 50, Quality::BAD_DEVICE_FAILURE)).await;
    let want = [
        (Some(Value::I64(1)), Quality::GOOD, 10),
        (None, Quality::BAD_NODE_ID_UNKNOWN, 20),
        (None, Quality::BAD_DEVICE_FAILURE, 50),
    ];
    assert_eq!(bench.published(), want);
    assert_eq!(bench.stored().len(), 3);
    let last = bench.last();
    assert_eq!((last.value, last.time_us), (Some(Value::I64(1)), 50));
}

#[tokio::test(start_paused = true)]
async fn a_silent_source_leaves_its_value_usable_for_three_periods() {
    let mut bench = bench(json!({}));
    bench.take(good(TAG, 10, Value::I64(1))).await;
    bench
        .ingest
        .mark(vec![TAG], Quality::BAD_NO_COMMUNICATION, 20)
        .await;
    bench
        .take(bad(TAG, 21, Quality::BAD_NO_COMMUNICATION))
        .await;
    let uncertain = Quality::UNCERTAIN_NO_COMMUNICATION;
    let want = [
        (Some(Value::I64(1)), Quality::GOOD, 10),
        (Some(Value::I64(1)), uncertain, 20),
    ];
    assert_eq!(bench.published(), want);
    tokio::time::advance(Duration::from_millis(2900)).await;
    bench.ingest.sweep(30).await;
    assert_eq!(bench.last().quality, uncertain);
    tokio::time::advance(Duration::from_millis(200)).await;
    bench.ingest.sweep(40).await;
    bench.ingest.sweep(50).await;
    bench
        .ingest
        .mark(vec![TAG], Quality::BAD_NO_COMMUNICATION, 60)
        .await;
    assert_eq!(
        bench.published(),
        [(None, Quality::BAD_NO_COMMUNICATION, 40)]
    );
    assert_eq!(bench.last().value, Some(Value::I64(1)));
    assert_eq!(bench.stored().len(), 3);
    bench.take(good(TAG, 70, Value::I64(2))).await;
    assert_eq!(
        bench.published(),
        [(Some(Value::I64(2)), Quality::GOOD, 70)]
    );
}

#[tokio::test]
async fn a_tag_that_never_had_a_value_has_no_grace() {
    let mut bench = bench(json!({}));
    assert_eq!(bench.last().quality, Quality::BAD_WAITING_FOR_INITIAL_DATA);
    bench
        .ingest
        .mark(vec![TAG], Quality::BAD_NO_COMMUNICATION, 20)
        .await;
    assert_eq!(
        bench.published(),
        [(None, Quality::BAD_NO_COMMUNICATION, 20)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_not_refreshed_becomes_old_once() {
    let mut bench = bench(json!({"period_ms": 1000}));
    bench.take(good(TAG, 10, Value::I64(1))).await;
    tokio::time::advance(Duration::from_millis(2900)).await;
    bench.ingest.sweep(20).await;
    assert_eq!(bench.last().quality, Quality::GOOD);
    tokio::time::advance(Duration::from_millis(100)).await;
    bench.ingest.sweep(30).await;
    bench.ingest.sweep(40).await;
    let old = (Some(Value::I64(1)), Quality::UNCERTAIN_LAST_USABLE, 30);
    assert_eq!(bench.published()[1..], [old]);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_leaves_tags_alone_that_are_not_due() {
    let mut bench = bench(json!({}));
    tokio::time::advance(Duration::from_secs(3600)).await;
    bench.ingest.sweep(30).await;
    assert_eq!(bench.published(), []);
}

#[tokio::test]
async fn a_sample_that_comes_late_is_stored_but_not_shown() {
    let mut bench = bench(json!({}));
    bench.take(good(TAG, 2_000_000, Value::I64(2))).await;
    bench.take(good(TAG, 1_000_000, Value::I64(1))).await;
    assert_eq!(
        bench.published(),
        [(Some(Value::I64(2)), Quality::GOOD, 2_000_000)]
    );
    assert_eq!(bench.stored().len(), 2);
    assert_eq!(bench.last().value, Some(Value::I64(2)));
}

#[tokio::test]
async fn a_source_whose_clock_was_set_back_is_still_shown() {
    let mut bench = bench(json!({}));
    bench.take(good(TAG, 3_600_000_000, Value::I64(2))).await;
    bench.take(good(TAG, 1_000_000, Value::I64(1))).await;
    assert_eq!(bench.published().len(), 2);
    assert_eq!(bench.last().value, Some(Value::I64(1)));
}

#[tokio::test]
async fn a_tag_without_history_is_shown_but_not_stored() {
    let mut bench = bench(json!({"history": false}));
    bench.take(good(TAG, 10, Value::I64(1))).await;
    assert_eq!(bench.published().len(), 1);
    assert_eq!(bench.stored(), []);
}

#[tokio::test]
async fn samples_of_unknown_tags_go_nowhere() {
    let mut bench = bench(json!({}));
    for index in [TagIndex(6), TagIndex(1_000_000)] {
        bench.take(good(index, 10, Value::I64(1))).await;
    }
    bench.ingest.forget(TAG);
    bench.take(good(TAG, 10, Value::I64(1))).await;
    assert_eq!((bench.published(), bench.stored()), (vec![], vec![]));
    assert_eq!(bench.ingest.space().last(TAG), None);
    assert_eq!(bench.ingest.samples(), 3);
}

#[tokio::test]
async fn switching_polling_off_and_on_is_told_once_each() {
    let bench = bench(json!({}));
    bench.take(good(TAG, 10, Value::I64(1))).await;
    let tag = entry(&json!({}));
    let quality = |update: Option<Update>| update.map(|update| update.sample.quality);
    let off = bench.ingest.configure(&tag, None, 20);
    assert_eq!(quality(off), Some(Quality::BAD_OUT_OF_SERVICE));
    assert_eq!(bench.ingest.configure(&tag, None, 30), None);
    assert_eq!(
        (bench.last().value, bench.last().time_us),
        (Some(Value::I64(1)), 20)
    );
    let on = bench.ingest.configure(&tag, Some(SECOND), 40);
    assert_eq!(quality(on), Some(Quality::BAD_WAITING_FOR_INITIAL_DATA));
}

#[tokio::test]
async fn a_restored_value_is_marked_as_old_and_keeps_its_time() {
    let bench = bench(json!({}));
    let sample = Sample::good(-5, Value::I64(9));
    bench.ingest.restore(TAG, sample);
    let last = bench.last();
    let want = (Some(Value::I64(9)), Quality::UNCERTAIN_LAST_USABLE, -5);
    assert_eq!((last.value, last.quality, last.time_us), want);
    bench.ingest.restore(TAG, Sample::bad(-1, Quality::BAD));
    assert_eq!(bench.last().time_us, -5);
}

#[tokio::test]
async fn many_samples_are_read_across_chunks_in_the_order_asked_for() {
    let bench = bench(json!({}));
    bench.take(good(TAG, 10, Value::I64(1))).await;
    let asked = [TagIndex(4000), TAG, TagIndex(0), TAG];
    let found = bench
        .ingest
        .space()
        .last_many(&asked)
        .into_iter()
        .map(|it| it.is_some());
    assert_eq!(found.collect::<Vec<_>>(), [false, true, false, true]);
}

const NOW_US: i64 = 1_800_000_000_000_000;
const HOUR_US: i64 = 3_600_000_000;

impl Bench {
    /// Takes a number that came now and says this time.
    async fn take_at(&self, time_us: i64, number: i64) {
        let update = good(TAG, time_us, Value::I64(number));
        self.ingest.take(vec![update], NOW_US).await;
    }

    fn counts(&self) -> ViolationCounts {
        self.ingest.space().violations(TAG).0
    }

    fn kinds(&self) -> Vec<ViolationKind> {
        let (_, last) = self.ingest.space().violations(TAG);
        last.into_iter().map(|violation| violation.kind).collect()
    }
}

#[tokio::test]
async fn a_time_beyond_belief_is_neither_shown_nor_stored() {
    let mut bench = bench(json!({}));
    bench.take_at(NOW_US, 1).await;
    for time_us in [
        NOW_US + HOUR_US + 1,
        i64::MAX,
        NOW_US - 7 * 24 * HOUR_US - 1,
        0,
        i64::MIN,
    ] {
        bench.take_at(time_us, 2).await;
    }
    bench.take_at(NOW_US + HOUR_US, 3).await; // just believed
    assert_eq!((bench.counts().future, bench.counts().past), (2, 3));
    assert_eq!(bench.ingest.set_aside(), 5);
    let untold = bench.ingest.take_untold();
    assert_eq!(untold.len(), 5);
    assert_eq!(
        (untold[0].0, untold[0].1.kind),
        (TAG, ViolationKind::Future)
    );
    assert!(bench.ingest.take_untold().is_empty());
    assert_eq!(bench.last().time_us, NOW_US + HOUR_US);
    assert_eq!(bench.stored().len(), 2);
}

#[tokio::test]
async fn what_the_hub_says_itself_is_always_believed() {
    let mut bench = bench(json!({}));
    let quality = Quality::BAD_NO_COMMUNICATION;
    bench.ingest.mark(vec![TAG], quality, 5).await;
    assert_eq!(bench.published().last().unwrap().1, quality);
    assert_eq!(bench.counts(), ViolationCounts::default());
}

#[tokio::test]
async fn repeated_times_are_counted_and_the_same_sample_is_stored_once() {
    let mut bench = bench(json!({}));
    bench.take_at(NOW_US, 1).await;
    bench.take_at(NOW_US, 1).await; // the same
    bench.take_at(NOW_US, 2).await; // another value: the later one counts
    bench.take_at(NOW_US - 5, 3).await; // late: for the historian only
    bench.take_at(NOW_US - HOUR_US, 4).await; // the clock was set back
    let counts = bench.counts();
    assert_eq!(
        (counts.duplicate, counts.conflict, counts.out_of_order),
        (1, 1, 2)
    );
    assert_eq!(counts.total(), 4);
    let shown: Vec<_> = bench.published().into_iter().map(|it| it.0).collect();
    assert_eq!(shown, [1, 2, 4].map(|number| Some(Value::I64(number))));
    assert_eq!(bench.stored().len(), 4);
}

#[tokio::test]
async fn spikes_and_frozen_values_are_kept_as_uncertain_and_counted() {
    let validation = json!({"max_step": 5.0, "freeze_s": 2});
    let mut bench = bench(json!({"max": 200.0, "validation": validation}));
    for (second, number) in (0..).zip([20, 90, 21, 21, 21, 300, 21]) {
        bench.take_at(NOW_US + second * 1_000_000, number).await;
    }
    let qualities: Vec<Quality> = bench.published().into_iter().map(|it| it.1).collect();
    assert_eq!(
        qualities,
        [
            Quality::GOOD,
            Quality::UNCERTAIN_SPIKE,
            Quality::GOOD,
            Quality::GOOD,
            Quality::UNCERTAIN_FROZEN,
            Quality::UNCERTAIN_RANGE_EXCEEDED, // says more than the spike that it is too
            Quality::GOOD,
        ]
    );
    let counts = bench.counts();
    assert_eq!(
        (counts.spike, counts.frozen, counts.out_of_range),
        (2, 1, 1)
    );
    let newest = bench.kinds();
    assert_eq!(
        newest[..2],
        [ViolationKind::Spike, ViolationKind::OutOfRange]
    );
}

#[tokio::test]
async fn a_state_that_goes_on_is_counted_and_shown_once() {
    let bench = bench(json!({"max": 5.0}));
    for second in 0..100 {
        bench.take_at(NOW_US + second * 1_000_000, 6).await;
    }
    assert_eq!(bench.counts().out_of_range, 100);
    assert_eq!(bench.kinds(), [ViolationKind::OutOfRange]);
    let wrong = good(TAG, NOW_US + HOUR_US, "text".into());
    bench.ingest.take(vec![wrong], NOW_US).await;
    let update = good(TAG, NOW_US + HOUR_US, Value::F64(f64::NAN));
    bench.ingest.take(vec![update], NOW_US).await;
    assert_eq!((bench.counts().wrong_type, bench.counts().invalid), (1, 1));
}
