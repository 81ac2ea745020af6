//! Turns for work that holds a thread: callers take them in rotation, so that who asks for much
//! delays another by one piece of work at most.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::AddressKey;

/// For whom work is done: an account from all its addresses and tokens, or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WorkKey {
    /// Somebody who was recognised.
    Account(Uuid),
    /// Somebody who was not.
    Address(AddressKey),
    /// The program itself.
    Own,
}

tokio::task_local! {
    /// For whom the request of this task is, so that no handler can forget to say it.
    static REQUEST_OF: WorkKey;
}

/// Answers a request as the one of `key`.
pub(crate) async fn for_caller<F: Future>(key: WorkKey, answering: F) -> F::Output {
    REQUEST_OF.scope(key, answering).await
}

/// Turns that callers take in rotation.
pub(crate) struct FairQueue {
    /// Most turns of one caller at once.
    share: usize,
    state: Mutex<State>,
}

/// One turn; given on when it is dropped.
pub(crate) struct FairTurn {
    /// None when it was given on.
    queue: Option<Arc<FairQueue>>,
    key: WorkKey,
}

struct State {
    free: usize,
    /// Callers that work or wait; whoever waits stands in `rotation` once.
    callers: HashMap<WorkKey, Caller>,
    rotation: VecDeque<WorkKey>,
}

#[derive(Default)]
struct Caller {
    works: usize,
    waiting: VecDeque<oneshot::Sender<FairTurn>>,
}

impl FairQueue {
    /// Returns `all` turns of which one caller has at most `share` at once.
    pub(crate) fn new(all: usize, share: usize) -> Arc<FairQueue> {
        Arc::new(FairQueue {
            share,
            state: Mutex::new(State {
                free: all,
                callers: HashMap::new(),
                rotation: VecDeque::new(),
            }),
        })
    }

    /// Waits for a turn of the caller whose request this task answers.
    pub(crate) async fn acquire(self: &Arc<FairQueue>) -> FairTurn {
        let key = REQUEST_OF.try_with(|key| *key).unwrap_or(WorkKey::Own);
        self.acquire_for(key).await
    }

    async fn acquire_for(self: &Arc<FairQueue>, key: WorkKey) -> FairTurn {
        let waiting = {
            let mut state = self.state.lock();
            match state.take(key, self.share) {
                true => None,
                false => Some(state.wait(key)),
            }
        };
        match waiting {
            None => FairTurn {
                queue: Some(Arc::clone(self)),
                key,
            },
            Some(turn) => match turn.await {
                Ok(turn) => turn,
                // Senders are dropped only when nobody waits for them.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Gives a turn on to the next in rotation, if anybody waits.
    fn give_on(self: Arc<FairQueue>, key: WorkKey) {
        let mut from = key;
        loop {
            let next = self.state.lock().give_on(from, self.share);
            let Some((key, sender)) = next else {
                return;
            };
            let turn = FairTurn {
                queue: Some(Arc::clone(&self)),
                key,
            };
            let Err(mut turn) = sender.send(turn) else {
                return;
            };
            // Who waited has gone. Its turn goes on from here, not from its end, which would end
            // another one in turn, and so on.
            turn.queue = None;
            from = key;
        }
    }

    /// Returns how many callers work or wait.
    #[cfg(test)]
    fn callers(&self) -> usize {
        self.state.lock().callers.len()
    }
}

impl State {
    /// Takes a free turn, if there is one for this caller.
    fn take(&mut self, key: WorkKey, share: usize) -> bool {
        let caller = self.callers.entry(key).or_default();
        let is_free = 0 < self.free && caller.works < share;
        if is_free {
            caller.works += 1;
            self.free -= 1;
        }
        is_free
    }

    fn wait(&mut self, key: WorkKey) -> oneshot::Receiver<FairTurn> {
        let (sender, turn) = oneshot::channel();
        let caller = self.callers.entry(key).or_default();
        caller.waiting.retain(|other| !other.is_closed());
        caller.waiting.push_back(sender);
        if !self.rotation.contains(&key) {
            self.rotation.push_back(key);
        }
        turn
    }

    /// Takes the turn from one caller and finds the next one for it; without one it is free.
    fn give_on(
        &mut self,
        from: WorkKey,
        share: usize,
    ) -> Option<(WorkKey, oneshot::Sender<FairTurn>)> {
        if let Some(caller) = self.callers.get_mut(&from) {
            caller.works -= 1;
        }
        let next = self.next(share);
        let is_idle = |caller: &Caller| caller.works == 0 && caller.waiting.is_empty();
        if self.callers.get(&from).is_some_and(is_idle) {
            self.callers.remove(&from);
        }
        self.free += usize::from(next.is_none());
        next
    }

    /// Returns who is next in rotation and has not all of its share.
    fn next(&mut self, share: usize) -> Option<(WorkKey, oneshot::Sender<FairTurn>)> {
        for _ in 0..self.rotation.len() {
            let key = self.rotation.pop_front()?;
            let Some(caller) = self.callers.get_mut(&key) else {
                continue;
            };
            if share <= caller.works {
                self.rotation.push_back(key);
                continue;
            }
            let sender = caller.waiting.pop_front();
            if !caller.waiting.is_empty() {
                self.rotation.push_back(key);
            }
            if let Some(sender) = sender {
                caller.works += 1;
                return Some((key, sender));
            }
        }
        None
    }
}

impl Drop for FairTurn {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.give_on(self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn key(number: u128) -> WorkKey {
        WorkKey::Account(Uuid::from_u128(number))
    }

    fn is_ready<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn who_comes_late_is_next_although_another_waits_a_hundred_times() {
        let queue = FairQueue::new(2, 2);
        let held = [
            queue.acquire_for(key(1)).await,
            queue.acquire_for(key(1)).await,
        ];
        let mut greedy: Vec<_> = (0..100)
            .map(|_| Box::pin(queue.acquire_for(key(1))))
            .collect();
        assert!(
            greedy
                .iter_mut()
                .all(|one| is_ready(one.as_mut()).is_none())
        );
        let mut late = pin!(queue.acquire_for(key(2)));
        assert!(is_ready(late.as_mut()).is_none());
        let [first, second] = held;
        drop(first); // one of the greedy was there first
        assert!(is_ready(late.as_mut()).is_none());
        drop(second);
        assert!(is_ready(late.as_mut()).is_some());
    }

    #[tokio::test]
    async fn one_caller_has_its_share_and_leaves_the_rest() {
        let queue = FairQueue::new(3, 2);
        let first = queue.acquire_for(key(1)).await;
        let _second = queue.acquire_for(key(1)).await;
        let mut third = Box::pin(queue.acquire_for(key(1)));
        assert!(is_ready(third.as_mut()).is_none());
        let other = queue.acquire_for(key(2)).await;
        drop(other); // free again, but not for the first caller
        assert!(is_ready(third.as_mut()).is_none());
        drop(first);
        assert!(is_ready(third.as_mut()).is_some());
    }

    #[tokio::test]
    async fn turns_of_those_who_gave_up_are_not_lost() {
        let queue = FairQueue::new(1, 1);
        let held = queue.acquire_for(key(1)).await;
        let mut gone: Vec<_> = (0..10_000)
            .map(|number| Box::pin(queue.acquire_for(key(number))))
            .collect();
        for one in &mut gone {
            assert!(is_ready(one.as_mut()).is_none());
        }
        drop(gone);
        drop(held);
        assert_eq!(queue.callers(), 0);
        let mut given: Vec<_> = (0..2)
            .map(|_| Box::pin(queue.acquire_for(key(3))))
            .collect();
        let turn = is_ready(given[0].as_mut()).unwrap();
        assert!(is_ready(given[1].as_mut()).is_none());
        drop(turn); // is given on, and its taker goes before it looks
        drop(given);
        assert_eq!(queue.callers(), 0);
        assert!(is_ready(pin!(queue.acquire_for(key(4)))).is_some());
    }

    #[tokio::test]
    async fn a_turn_belongs_to_the_caller_of_the_request() {
        let queue = FairQueue::new(2, 1);
        let (mine, others) = (key(1), key(2));
        let _turn = for_caller(mine, queue.acquire()).await;
        let mut again = Box::pin(for_caller(mine, queue.acquire()));
        assert!(is_ready(again.as_mut()).is_none());
        assert!(is_ready(pin!(for_caller(others, queue.acquire()))).is_some());
    }
}
