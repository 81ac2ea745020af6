//! A map of bounded size that forgets what was not used for longest, without a list of uses.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// What was used lately, and what was used before that.
///
/// When the young are many enough they become the old, and the old ones before them are
/// forgotten: at most twice `size_max` are kept, and the `size_max` used last are always there.
pub(super) struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    size_max: usize,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    /// Returns an empty map.
    pub(super) fn new(size_max: usize) -> Generations<K, V> {
        Generations {
            young: HashMap::new(),
            old: HashMap::new(),
            size_max: size_max.max(1),
        }
    }

    /// Returns the value of a key, a new one when there is none.
    pub(super) fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let known = self.old.remove(&key);
        if self.size_max <= self.young.len() && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young
            .entry(key)
            .or_insert_with(|| known.unwrap_or_else(new))
    }

    /// Returns the value of a key, if there is one.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Returns how many keys are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
