use headworks_core::{TagIndex, Value};

use super::*;
use crate::events::EventLog;
use crate::testing::{MemoryHistorian, good};

struct Bench {
    recorder: Recorder,
    queue: RecorderQueue,
    historian: Arc<MemoryHistorian>,
    record: Arc<Record>,
}

fn bench() -> Bench {
    let historian = Arc::<MemoryHistorian>::default();
    let kept: Arc<dyn Historian> = Arc::<MemoryHistorian>::clone(&historian);
    let record = Arc::<Record>::default();
    let clock = Clock::new(|| 77);
    let (recorder, queue) =
        Recorder::start(kept, Arc::clone(&record), EventLog::in_memory(), clock).unwrap();
    Bench {
        recorder,
        queue,
        historian,
        record,
    }
}

impl Bench {
    /// Lets the recorder finish; returns what was stored.
    fn finish(self) -> usize {
        drop(self.queue);
        self.recorder.join().unwrap().unwrap();
        assert!(self.historian.closed.load(Ordering::Relaxed));
        let rows = self.historian.rows.lock().len();
        assert_eq!(rows as u64, self.record.stored());
        rows
    }

    async fn until(&self, so: impl Fn(&Record) -> bool) {
        let started = Instant::now();
        while !so(&self.record) {
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "it never became so"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn batch(count: usize) -> Arc<[Update]> {
    vec![good(TagIndex(1), 1, Value::I64(1)); count].into()
}

#[tokio::test]
async fn everything_queued_is_stored_before_the_end() {
    let bench = bench();
    for _ in 0..100 {
        bench.queue.send(batch(3)).await;
    }
    assert_eq!(bench.finish(), 300);
}

#[tokio::test]
async fn a_full_disk_is_counted_and_heals_by_itself() {
    let bench = bench();
    bench.historian.fails.store(true, Ordering::Relaxed);
    bench.queue.send(batch(3)).await;
    bench.until(|record| record.dropped() == 3).await;
    let fault = bench.record.fault().unwrap();
    assert_eq!(fault.since_us, 77);
    assert!(
        fault.reason.starts_with("writing \"wal\" failed; "),
        "{}",
        fault.reason
    );
    bench.queue.send(batch(4)).await;
    bench.until(|record| record.dropped() == 7).await;
    assert_eq!(*bench.historian.dropped.lock(), 7);
    bench.historian.fails.store(false, Ordering::Relaxed);
    let mut sent = 7;
    while bench.record.fault().is_some() {
        bench.queue.send(batch(1)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        sent += 1;
        assert!(sent < 200, "it does not heal");
    }
    let record = Arc::clone(&bench.record);
    assert!(1 <= bench.finish());
    assert_eq!(
        record.stored() + record.dropped(),
        sent,
        "each sample is counted once"
    );
}

#[tokio::test]
async fn a_slow_historian_makes_senders_wait_instead_of_filling_the_memory() {
    let bench = bench();
    bench.historian.waits.store(true, Ordering::Relaxed);
    let tenth = QUEUE_SAMPLES / 10;
    let fill = async {
        for _ in 0..11 {
            bench.queue.send(batch(tenth)).await;
        }
    };
    let waiting = tokio::time::timeout(Duration::from_millis(200), fill).await;
    assert!(waiting.is_err());
    assert_eq!(bench.queue.len(), QUEUE_SAMPLES);
    bench.historian.waits.store(false, Ordering::Relaxed);
    bench.queue.send(batch(QUEUE_SAMPLES + 1)).await;
    assert_eq!(bench.finish(), 2 * QUEUE_SAMPLES + 1);
}
