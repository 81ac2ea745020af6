//! The queue of one target, and the task that empties it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Shared;
use super::delivery::Delivery;
use super::target::{Failure, QueueRule, Target};

/// Deliveries that may wait for one target.
pub(super) const QUEUE_MAX: usize = 1000;
/// Wait before the second try; it doubles from try to try.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A target with its queue.
pub(super) struct Worker {
    queue: Arc<Queue>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Queue {
    waiting: Mutex<VecDeque<Delivery>>,
    wake: Notify,
    /// Cancelled when nothing is to be delivered any more.
    stop: CancellationToken,
    rule: QueueRule,
    /// Whether the last try failed, so that only changes are told of in the log.
    is_failing: Mutex<bool>,
    label: String,
}

impl Worker {
    /// Starts the task of a target.
    pub(super) fn start(shared: Arc<Shared>, target: Box<dyn Target>, label: String) -> Worker {
        let queue = Arc::new(Queue {
            waiting: Mutex::default(),
            wake: Notify::new(),
            stop: CancellationToken::new(),
            rule: target.queue(),
            is_failing: Mutex::new(false),
            label,
        });
        let task = tokio::spawn(work(shared, target, Arc::clone(&queue)));
        Worker {
            queue,
            task: Mutex::new(Some(task)),
        }
    }

    /// Queues a delivery; never waits. One that finds the queue full is returned.
    pub(super) fn offer(&self, delivery: Delivery) -> Result<(), Box<Delivery>> {
        let mut waiting = self.queue.waiting.lock();
        match self.queue.rule {
            QueueRule::Newest => {
                for replaced in waiting.drain(..) {
                    replaced.figures.note_replaced();
                }
            }
            QueueRule::Every if QUEUE_MAX <= waiting.len() => return Err(Box::new(delivery)),
            QueueRule::Every => {}
        }
        waiting.push_back(delivery);
        self.queue.wake.notify_one();
        Ok(())
    }

    /// Returns how many deliveries wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.waiting.lock().len()
    }

    /// Returns whether the last try failed.
    pub(super) fn is_failing(&self) -> bool {
        *self.queue.is_failing.lock()
    }

    /// Ends the task; what waits goes to the dead letters.
    pub(super) fn cancel(&self) {
        self.queue.stop.cancel();
    }

    /// As [`Worker::cancel`], and waits for the end.
    pub(super) async fn end(&self) {
        self.cancel();
        let task = self.task.lock().take();
        if let Some(task) = task {
            // an error only says that it has ended already
            drop(task.await);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.cancel();
    }
}

async fn work(shared: Arc<Shared>, target: Box<dyn Target>, queue: Arc<Queue>) {
    loop {
        let next = queue.waiting.lock().pop_front();
        let Some(delivery) = next else {
            tokio::select! {
                biased;
                () = queue.wake.notified() => continue,
                () = queue.stop.cancelled() => return,
            }
        };
        if queue.stop.is_cancelled() {
            shared.bury(&delivery, 0, GONE);
            continue;
        }
        deliver(&shared, &*target, &queue, &delivery).await;
    }
}

/// Why what waited was not delivered when a task ended.
const GONE: &str = "the route or its target was changed, or the program stopped, before its turn";

/// Tries until it works, does not help or is over.
async fn deliver(shared: &Arc<Shared>, target: &dyn Target, queue: &Queue, delivery: &Delivery) {
    let tries = target.tries();
    let mut wait = FIRST_WAIT;
    for tried in 1..=tries {
        let outcome = tokio::select! {
            biased;
            outcome = target.deliver(shared, delivery) => outcome,
            () = queue.stop.cancelled() => return shared.bury(delivery, tried, GONE),
        };
        let now_us = shared.hub.clock().now_us();
        let failure = match outcome {
            Ok(()) => {
                delivery
                    .figures
                    .note_delivered(now_us, delivery.at.elapsed());
                queue.tell(delivery, None);
                shared.letters.settle(delivery.letter);
                return;
            }
            Err(failure) => failure,
        };
        delivery.figures.note_failed_try(now_us, &failure.reason);
        queue.tell(delivery, Some(&failure));
        if tried == tries || !failure.is_passing {
            return shared.bury(delivery, tried, &failure.reason);
        }
        let pause = failure.after.unwrap_or(wait).min(LONGEST_WAIT);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = queue.stop.cancelled() => {
                return shared.bury(delivery, tried, &failure.reason);
            }
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

impl Queue {
    /// Tells in the log when a target begins to fail and when it works again.
    fn tell(&self, delivery: &Delivery, failure: Option<&Failure>) {
        let was_failing = std::mem::replace(&mut *self.is_failing.lock(), failure.is_some());
        let (route, target) = (&delivery.route.name, &self.label);
        match failure {
            Some(failure) if !was_failing => {
                let reason = &failure.reason;
                warn!(route, target, reason, "a route cannot deliver");
            }
            None if was_failing => info!(route, target, "a route delivers again"),
            _ => {}
        }
    }
}
