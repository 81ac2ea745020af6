//! The tap: a way for one listener who must see every batch, and who holds ingest up when it is
//! too slow.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use headworks_core::Update;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Batches that may wait for the listener before ingest has to.
const QUEUE_BATCHES: usize = 256;

/// A batch as it was published.
#[derive(Clone, Debug)]
pub struct Tapped {
    /// When it was.
    pub at: Instant,
    /// What it holds; in an update with bad quality the value is absent.
    pub batch: Arc<[Update]>,
}

/// Every batch that is published, in the order in which the tags changed, none left out.
///
/// Ingest waits while too much is queued. Dropping it ends that.
#[derive(Debug)]
pub struct Tap {
    batches: mpsc::Receiver<Tapped>,
}

impl Tap {
    /// Waits for the next batch; none when the hub stops or another tap was taken.
    pub async fn next(&mut self) -> Option<Tapped> {
        self.batches.recv().await
    }

    /// Returns the next batch if there is one already.
    pub fn try_next(&mut self) -> Option<Tapped> {
        self.batches.try_recv().ok()
    }
}

/// The end of the tap in ingest.
#[derive(Default)]
pub(super) struct TapEnd {
    listener: ArcSwapOption<mpsc::Sender<Tapped>>,
}

/// A batch for which the listener has no room yet.
pub(super) struct Overflow {
    listener: Arc<mpsc::Sender<Tapped>>,
    tapped: Tapped,
}

impl TapEnd {
    /// Gives every batch from now on to a new listener, and none to the one before.
    pub(super) fn open(&self) -> Tap {
        let (listener, batches) = mpsc::channel(QUEUE_BATCHES);
        self.listener.store(Some(Arc::new(listener)));
        Tap { batches }
    }

    pub(super) fn close(&self) {
        self.listener.store(None);
    }

    /// Gives a batch to the listener, if there is one. What it has no room for is returned, to be
    /// waited with where nothing is locked.
    pub(super) fn give(&self, batch: &Arc<[Update]>) -> Option<Overflow> {
        let listener = self.listener.load_full()?;
        let tapped = Tapped {
            at: Instant::now(),
            batch: Arc::clone(batch),
        };
        match listener.try_send(tapped) {
            Ok(()) => None,
            Err(mpsc::error::TrySendError::Full(tapped)) => Some(Overflow { listener, tapped }),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                // it went away; one that came meanwhile stays
                let none = None::<Arc<mpsc::Sender<Tapped>>>;
                self.listener.compare_and_swap(&listener, none);
                None
            }
        }
    }
}

impl Overflow {
    /// Waits until the listener has room.
    pub(super) async fn wait(self) {
        // an error only says that the listener went away
        drop(self.listener.send(self.tapped).await);
    }
}

#[cfg(test)]
mod tests {
    use headworks_core::{Sample, TagIndex, Value};

    use super::*;

    fn batch(number: i64) -> Arc<[Update]> {
        let sample = Sample::good(number, Value::I64(number));
        let tag = TagIndex(1);
        Arc::new([Update { tag, sample }])
    }

    async fn next(tap: &mut Tap) -> Option<i64> {
        tap.next()
            .await
            .map(|tapped| tapped.batch[0].sample.time_us)
    }

    #[tokio::test]
    async fn a_full_tap_makes_the_giver_wait_and_loses_nothing() {
        let end = TapEnd::default();
        assert!(end.give(&batch(0)).is_none(), "nobody listens");
        let mut tap = end.open();
        let count = i64::try_from(QUEUE_BATCHES).unwrap();
        for number in 0..count {
            assert!(end.give(&batch(number)).is_none());
        }
        let overflow = end.give(&batch(count)).unwrap();
        let waiting = tokio::spawn(overflow.wait());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        for number in 0..=count {
            assert_eq!(next(&mut tap).await, Some(number));
        }
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn a_tap_that_goes_away_holds_nobody_up() {
        let end = TapEnd::default();
        let tap = end.open();
        for number in 0..=i64::try_from(QUEUE_BATCHES).unwrap() {
            if let Some(overflow) = end.give(&batch(number)) {
                let waiting = tokio::spawn(overflow.wait());
                drop(tap);
                waiting.await.unwrap();
                break;
            }
        }
        assert!(end.give(&batch(0)).is_none());
        assert!(end.listener.load().is_none(), "nobody is asked again");
    }

    #[tokio::test]
    async fn another_tap_ends_the_one_before() {
        let end = TapEnd::default();
        let mut first = end.open();
        let mut second = end.open();
        assert!(end.give(&batch(7)).is_none());
        assert_eq!(next(&mut first).await, None);
        assert_eq!(next(&mut second).await, Some(7));
        end.close();
        assert_eq!(next(&mut second).await, None);
    }
}
