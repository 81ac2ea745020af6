//! Growing pauses after wrong passwords.
//!
//! A guesser is slowed down by its address and by the name it tries. Nobody is locked out for
//! good: a pause has a bound, tries within a pause make it no longer, and failures are forgotten
//! with time. Who signed in from an address before has an account of failures of its own there,
//! so that strangers who try the name from elsewhere do not keep its owner out.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::generations::Generations;
use super::{AddressKey, RetryAfter};

/// Failures that cost nothing.
const FREE_FAILURES: u32 = 4;
/// The first pause; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Time in which one failure is forgotten.
pub(super) const DECAY: Duration = Duration::from_secs(300);
/// Failures beyond this are not counted, so that all are forgotten within a day part.
const FAILURES_MAX: u32 = 24;
/// Addresses, names and pairs of both that are known.
const KEYS_MAX: usize = 16_384;

/// One try to sign in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt<'a> {
    /// The name, in the form in which accounts are compared.
    pub name: &'a str,
    /// Where it comes from.
    pub address: IpAddr,
}

/// The pauses of a server.
pub(crate) struct Backoff {
    hasher: RandomState,
    state: Mutex<State>,
}

struct State {
    failures: Generations<u64, Failures>,
    /// Pairs of name and address that signed in.
    known: Generations<u64, ()>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Backoff {
    /// Returns the pauses of a server at which nobody has failed yet.
    pub(crate) fn new() -> Backoff {
        Backoff {
            hasher: RandomState::new(),
            state: Mutex::new(State {
                failures: Generations::new(KEYS_MAX),
                known: Generations::new(KEYS_MAX),
            }),
        }
    }

    /// Looks whether a try is allowed now, before anything is compared.
    ///
    /// # Errors
    ///
    /// When the pause after earlier failures is not over.
    pub(crate) fn check(&self, attempt: Attempt<'_>, now: Instant) -> Result<(), RetryAfter> {
        let state = self.state.lock();
        let keys = self.keys(&state, attempt);
        let failures = keys.iter().filter_map(|key| state.failures.get(key));
        let pauses = failures.map(|failures| failures.pause_left(now));
        match pauses.max() {
            Some(left) if !left.is_zero() => Err(RetryAfter(left)),
            Some(_) | None => Ok(()),
        }
    }

    /// Counts a try that failed.
    pub(crate) fn failed(&self, attempt: Attempt<'_>, now: Instant) {
        let mut state = self.state.lock();
        for key in self.keys(&state, attempt) {
            let none = || Failures {
                count: 0,
                last: now,
            };
            let failures = state.failures.entry(key, none);
            failures.count = (failures.remembered(now) + 1).min(FAILURES_MAX);
            failures.last = now;
        }
    }

    /// Notes a try that succeeded: the name is free again from this address. Failures of the
    /// address stay, or a guesser with an account of its own would wipe them away.
    pub(crate) fn succeeded(&self, attempt: Attempt<'_>) {
        let mut state = self.state.lock();
        let [_, used] = self.keys(&state, attempt);
        let pair = self.pair(attempt);
        state.failures.remove(&used);
        state.failures.remove(&pair);
        state.known.entry(pair, || ());
    }

    /// Returns what failures are counted for: the address, and the name or the name there.
    fn keys(&self, state: &State, attempt: Attempt<'_>) -> [u64; 2] {
        let pair = self.pair(attempt);
        let second = match state.known.get(&pair) {
            Some(()) => pair,
            None => self.hasher.hash_one(("name", attempt.name)),
        };
        [
            self.hasher.hash_one(AddressKey::of(attempt.address)),
            second,
        ]
    }

    fn pair(&self, attempt: Attempt<'_>) -> u64 {
        let address = AddressKey::of(attempt.address);
        self.hasher.hash_one(("pair", attempt.name, address))
    }
}

impl Failures {
    /// Returns how many failures are not forgotten yet.
    fn remembered(&self, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.last);
        let forgotten = since.as_secs() / DECAY.as_secs();
        let forgotten = u32::try_from(forgotten).unwrap_or(u32::MAX);
        self.count.saturating_sub(forgotten)
    }

    fn pause_left(&self, now: Instant) -> Duration {
        let Some(doublings) = self.count.checked_sub(FREE_FAILURES + 1) else {
            return Duration::ZERO;
        };
        let pause = FIRST_PAUSE * 2_u32.saturating_pow(doublings.min(16));
        let end = self.last + pause.min(LONGEST_PAUSE);
        end.saturating_duration_since(now)
    }
}
