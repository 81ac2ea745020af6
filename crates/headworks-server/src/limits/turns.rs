//! Turns that are shared fairly: whoever asks for much waits behind itself, not before others.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::AddressKey;

/// Turns for work, of which one client has at most a share.
pub(crate) struct Turns {
    all: Semaphore,
    share: usize,
    /// The shares of clients that work or wait at present.
    shares: Mutex<HashMap<AddressKey, Arc<Semaphore>>>,
}

/// The turn of one request; ends when it is dropped.
pub(crate) struct Turn<'a> {
    // In this order: the share is given back before it is looked whether anybody uses it.
    _all: SemaphorePermit<'a>,
    _own: OwnedSemaphorePermit,
    _share: Share<'a>,
}

/// A client's share, kept as long as anybody uses it.
struct Share<'a> {
    turns: &'a Turns,
    key: AddressKey,
    own: Arc<Semaphore>,
}

impl Turns {
    /// Returns `all` turns of which one client has at most `share` at once.
    pub(crate) fn new(all: usize, share: usize) -> Turns {
        Turns {
            all: Semaphore::new(all),
            share,
            shares: Mutex::default(),
        }
    }

    /// Waits for a turn: first for one of the client's own, then for one of all.
    ///
    /// Nothing is ever closed, so that nothing comes only when the caller gives up.
    pub(crate) async fn acquire(&self, key: AddressKey) -> Option<Turn<'_>> {
        let share = self.share_of(key);
        let own = Arc::clone(&share.own).acquire_owned().await.ok()?;
        let all = self.all.acquire().await.ok()?;
        Some(Turn {
            _all: all,
            _own: own,
            _share: share,
        })
    }

    fn share_of(&self, key: AddressKey) -> Share<'_> {
        let mut shares = self.shares.lock();
        let own = shares
            .entry(key)
            .or_insert_with(|| Arc::new(Semaphore::new(self.share)));
        Share {
            turns: self,
            key,
            own: Arc::clone(own),
        }
    }

    /// Returns how many clients work or wait.
    #[cfg(test)]
    pub(super) fn clients(&self) -> usize {
        self.shares.lock().len()
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut shares = self.turns.shares.lock();
        // The map's and this one: clones are made under the lock only.
        if Arc::strong_count(&self.own) <= 2 {
            shares.remove(&self.key);
        }
    }
}

/// How many of something each client has open.
#[derive(Clone)]
pub(crate) struct Places {
    most: usize,
    taken: Arc<Mutex<HashMap<AddressKey, usize>>>,
}

/// One of them; free again when it is dropped.
pub(crate) struct Place {
    places: Places,
    key: AddressKey,
}

impl Places {
    /// Returns places of which each client gets at most `most`.
    pub(crate) fn new(most: usize) -> Places {
        Places {
            most,
            taken: Arc::default(),
        }
    }

    /// Takes a place; nothing when the client has all of its own.
    pub(crate) fn take(&self, key: AddressKey) -> Option<Place> {
        let mut taken = self.taken.lock();
        let count = taken.entry(key).or_insert(0);
        if self.most <= *count {
            return None;
        }
        *count += 1;
        Some(Place {
            places: self.clone(),
            key,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        if let Some(count) = taken.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}
