//! Dead letters: stored by a thread of their own, looked at, sent again, discarded.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headworks_core::model::ObjectId;
use headworks_store::{DeadLetters, Letter, LetterStats, StoreError};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::error;

use super::delivery::{Delivery, Parcel};
use super::{RouterHandle, Shared, target};

/// Letters that may wait for the disk; what comes beyond them is counted as lost.
const QUEUE: usize = 4096;
/// Letters of one commit.
const COMMIT_MAX: usize = 500;
/// Letters that are sent again at once.
const REPLAY_MAX: usize = 1000;

/// A letter, as people see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LetterView {
    /// Its number; a letter that comes back gets a new one.
    pub number: u64,
    /// When the last try failed, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// The route.
    pub route: ObjectId,
    /// Its name; null when the route does not exist any more.
    pub route_name: Option<String>,
    /// The target: its kind and where it is.
    pub target: String,
    /// Why it did not arrive.
    pub reason: String,
    /// How often it was tried; 0 when its turn never came.
    pub tries: u32,
    /// What was to be delivered; null when it cannot be read any more.
    pub parcel: Option<Parcel>,
}

/// A page of letters.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LetterPage {
    /// The letters, newest first.
    pub items: Vec<LetterView>,
    /// Letters of all routes.
    pub total: u64,
    /// Letters that went because there were too many, or because they came too fast.
    pub dropped: u64,
}

/// What became of letters that were to be sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Replayed {
    /// How many went into the queues of their targets; those that fail come back.
    pub queued: u64,
    /// Those that could not, with the reason; they stay.
    pub refused: Vec<RefusedLetter>,
}

/// A letter that cannot be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RefusedLetter {
    /// Its number.
    pub number: u64,
    /// Why.
    pub reason: String,
}

/// The letters and the thread that stores them.
pub(super) struct LetterBox {
    store: Arc<DeadLetters>,
    orders: mpsc::Sender<Order>,
    lost: Arc<AtomicU64>,
    /// Letters that are being sent again.
    replaying: Arc<Mutex<HashSet<u64>>>,
}

enum Order {
    Add(Letter),
    Remove(u64),
    Flush(oneshot::Sender<()>),
}

impl LetterBox {
    /// Starts the thread; it ends when the box is dropped and everything is stored.
    pub(super) fn start(store: DeadLetters) -> std::io::Result<LetterBox> {
        let store = Arc::new(store);
        let (orders, queue) = mpsc::channel(QUEUE);
        let lost = Arc::<AtomicU64>::default();
        let replaying = Arc::<Mutex<HashSet<u64>>>::default();
        let clerk = Clerk {
            store: Arc::clone(&store),
            lost: Arc::clone(&lost),
            replaying: Arc::clone(&replaying),
        };
        std::thread::Builder::new()
            .name("dead-letters".into())
            .spawn(move || clerk.run(queue))?;
        Ok(LetterBox {
            store,
            orders,
            lost,
            replaying,
        })
    }

    fn add(&self, letter: Letter) {
        if self.orders.try_send(Order::Add(letter)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Removes a letter that has arrived, or that came back as another.
    pub(super) fn settle(&self, letter: Option<u64>) {
        if let Some(number) = letter
            && self.orders.try_send(Order::Remove(number)).is_err()
        {
            self.replaying.lock().remove(&number); // it stays, and may be sent again
        }
    }

    /// Waits until everything before is stored.
    pub(super) async fn flush(&self) {
        let (reply, done) = oneshot::channel();
        if self.orders.send(Order::Flush(reply)).await.is_ok() {
            // an error only says that the thread has ended
            drop(done.await);
        }
    }

    pub(super) fn stats(&self) -> LetterStats {
        let mut stats = self.store.stats();
        stats.dropped += self.lost.load(Ordering::Relaxed);
        stats
    }
}

struct Clerk {
    store: Arc<DeadLetters>,
    lost: Arc<AtomicU64>,
    replaying: Arc<Mutex<HashSet<u64>>>,
}

impl Clerk {
    fn run(self, mut queue: mpsc::Receiver<Order>) {
        let mut orders = Vec::new();
        while 0 < queue.blocking_recv_many(&mut orders, COMMIT_MAX) {
            let (mut letters, mut gone, mut replies) = (Vec::new(), Vec::new(), Vec::new());
            for order in orders.drain(..) {
                match order {
                    Order::Add(letter) => letters.push(letter),
                    Order::Remove(number) => gone.push(number),
                    Order::Flush(reply) => replies.push(reply),
                }
            }
            self.store(&letters, &gone);
            for reply in replies {
                // an error only says that nobody waits any more
                reply.send(()).unwrap_or_default();
            }
        }
    }

    fn store(&self, letters: &[Letter], gone: &[u64]) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if !letters.is_empty() || 0 < lost {
            let added = self.store.add(letters, lost);
            if let Err(error) = added {
                let count = letters.len() as u64;
                self.lost.fetch_add(lost + count, Ordering::Relaxed);
                error!(count, %error, "dead letters cannot be stored and are lost");
            }
        }
        if gone.is_empty() {
            return;
        }
        if let Err(error) = self.store.remove(gone) {
            error!(%error, "dead letters that arrived cannot be removed");
        }
        let mut replaying = self.replaying.lock();
        for number in gone {
            replaying.remove(number);
        }
    }
}

impl Shared {
    /// Puts what cannot be delivered to the dead letters.
    pub(super) fn bury(&self, delivery: &Delivery, tries: u32, reason: &str) {
        let now_us = self.hub.clock().now_us();
        delivery.figures.note_dead(now_us, reason);
        self.letters.add(Letter {
            number: 0,
            time_us: now_us,
            route: delivery.id,
            target: delivery.place.clone(),
            reason: reason.to_owned(),
            tries,
            body: serde_json::to_string(&delivery.parcel).unwrap_or_default(),
        });
        self.letters.settle(delivery.letter);
    }
}

impl RouterHandle {
    /// Returns the newest letters, of one route or of all, older than `before`; blocks on the
    /// disk.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn letters(
        &self,
        route: Option<ObjectId>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<LetterPage, StoreError> {
        let found = self.shared.letters.store.newest(route, before, limit)?;
        let stats = self.shared.letters.stats();
        Ok(LetterPage {
            items: found.into_iter().map(|letter| self.view(letter)).collect(),
            total: stats.letters,
            dropped: stats.dropped,
        })
    }

    fn view(&self, letter: Letter) -> LetterView {
        let plant = self.shared.hub.plant();
        let route = plant.route(letter.route);
        LetterView {
            number: letter.number,
            time_us: letter.time_us,
            route: letter.route,
            route_name: route.map(|route| route.body.name.clone()),
            target: target::label_of(&plant, &letter.target),
            reason: letter.reason,
            tries: letter.tries,
            parcel: serde_json::from_str(&letter.body).ok(),
        }
    }

    /// Sends letters again, the oldest first: those of the numbers given, else the oldest thousand
    /// of one route or of all. Blocks on the disk.
    ///
    /// # Errors
    ///
    /// When they cannot be read; nothing is sent then.
    pub fn replay(&self, choice: &LetterChoice) -> Result<Replayed, StoreError> {
        let mut letters = Vec::new();
        match choice {
            LetterChoice::Numbers(numbers) => {
                for number in numbers {
                    letters.extend(self.shared.letters.store.get(*number)?);
                }
            }
            LetterChoice::All(route) => {
                letters = self.shared.letters.store.oldest(*route, REPLAY_MAX)?;
            }
        }
        letters.sort_by_key(|letter| letter.number);
        let mut outcome = Replayed::default();
        for letter in letters {
            let number = letter.number;
            match self.send_again(letter) {
                Ok(()) => outcome.queued += 1,
                Err(reason) => outcome.refused.push(RefusedLetter { number, reason }),
            }
        }
        Ok(outcome)
    }

    /// Discards letters: those of the numbers given, else all of one route or of all; returns how
    /// many there were. Blocks on the disk.
    ///
    /// # Errors
    ///
    /// What the disk says; none is discarded then.
    pub fn discard(&self, choice: &LetterChoice) -> Result<u64, StoreError> {
        match choice {
            LetterChoice::Numbers(numbers) => self.shared.letters.store.remove(numbers),
            LetterChoice::All(route) => self.shared.letters.store.remove_all(*route),
        }
    }

    fn send_again(&self, letter: Letter) -> Result<(), String> {
        let state = self.shared.state.lock();
        let setup = state.setup.routes.get(&letter.route);
        let setup = setup.ok_or("the route does not exist any more")?;
        if !setup.route.is_live() {
            return Err("the route is disabled or only counts; enable it first".to_owned());
        }
        let mut targets = setup.route.to.iter();
        let to = targets.find(|to| to.place() == letter.target);
        let to = to.ok_or("the route does not lead to this target any more")?;
        let parcel: Parcel = serde_json::from_str(&letter.body)
            .map_err(|error| format!("it is damaged: {error}"))?;
        if !self.shared.letters.replaying.lock().insert(letter.number) {
            return Err("it is being sent again already".to_owned());
        }
        let delivery = Delivery {
            route: Arc::clone(&setup.route),
            id: letter.route,
            place: letter.target,
            figures: state
                .figures
                .get(&letter.route)
                .cloned()
                .unwrap_or_default(),
            parcel,
            chain: headworks_core::route::Chain::default(),
            at: Instant::now(),
            letter: Some(letter.number),
        };
        let key = target::key_of(letter.route, to);
        self.shared.offer(&state, &key, delivery);
        Ok(())
    }
}

/// Which letters are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterChoice {
    /// Those of these numbers.
    Numbers(Vec<u64>),
    /// All, of one route or of all.
    All(Option<ObjectId>),
}
