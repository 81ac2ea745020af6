use headworks_core::{TagIndex, Value};

use super::*;
use crate::testing::{MemoryHistorian, good};

fn start() -> (
    Recorder,
    mpsc::Sender<Arc<[Update]>>,
    Arc<MemoryHistorian>,
    Arc<Record>,
) {
    let historian = Arc::<MemoryHistorian>::default();
    let kept: Arc<dyn Historian> = Arc::<MemoryHistorian>::clone(&historian);
    let record = Arc::<Record>::default();
    let clock = Clock::new(|| 77);
    let (recorder, sender) = Recorder::start(kept, Arc::clone(&record), clock).unwrap();
    (recorder, sender, historian, record)
}

fn batch(count: u32) -> Arc<[Update]> {
    let row = |at| good(TagIndex(at), i64::from(at), Value::I64(1));
    (0..count).map(row).collect()
}

fn until(so: impl Fn() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "it never became so"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn everything_queued_is_stored_before_the_end() {
    let (recorder, sender, historian, record) = start();
    for _ in 0..100 {
        sender.blocking_send(batch(3)).unwrap();
    }
    drop(sender);
    recorder.join().unwrap().unwrap();
    assert_eq!(historian.rows.lock().len(), 300);
    assert_eq!((record.stored(), record.dropped()), (300, 0));
    assert!(historian.closed.load(Ordering::Relaxed));
}

#[test]
fn a_full_disk_is_counted_and_heals_by_itself() {
    let (recorder, sender, historian, record) = start();
    historian.fails.store(true, Ordering::Relaxed);
    sender.blocking_send(batch(3)).unwrap();
    until(|| record.dropped() == 3);
    let fault = record.fault().unwrap();
    assert_eq!(fault.since_us, 77);
    assert!(
        fault.reason.starts_with("writing \"wal\" failed: "),
        "{}",
        fault.reason
    );
    sender.blocking_send(batch(4)).unwrap();
    until(|| record.dropped() == 7);
    historian.fails.store(false, Ordering::Relaxed);
    assert_eq!(*historian.dropped.lock(), 7);
    until(|| {
        record.fault().is_none() || {
            sender.blocking_send(batch(1)).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            false
        }
    });
    sender.blocking_send(batch(1)).unwrap();
    drop(sender);
    recorder.join().unwrap().unwrap();
    assert_eq!(historian.rows.lock().len() as u64, record.stored());
    assert!(2 <= record.stored());
}

#[test]
fn a_slow_historian_makes_senders_wait_instead_of_filling_the_memory() {
    let (recorder, sender, historian, _) = start();
    let gate = historian.gate.lock();
    let mut queued = 0;
    while sender.try_send(batch(1)).is_ok() {
        queued += 1;
        std::thread::yield_now();
    }
    assert!((QUEUE_BATCHES..=QUEUE_BATCHES + 1).contains(&queued));
    drop(gate);
    sender.blocking_send(batch(1)).unwrap();
    drop(sender);
    recorder.join().unwrap().unwrap();
    assert_eq!(historian.rows.lock().len(), queued + 1);
}
