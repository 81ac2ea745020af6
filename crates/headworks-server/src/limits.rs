//! Bounds per client: how often it may ask, how much at once, how often it may guess a password.
//!
//! Everything here is told the time, holds a bounded number of clients, and forgets those that
//! were not seen for longest when it meets more.

mod backoff;
mod fair;
mod generations;
#[cfg(test)]
mod tests;
mod turns;

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use generations::Generations;

pub(crate) use backoff::{Attempt, Backoff};
pub(crate) use fair::{FairQueue, FairTurn, WorkKey, for_caller};
pub(crate) use turns::{Place, Places, Turns};

/// It is too early; after this time it may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetryAfter(pub Duration);

/// One client by its address; of IPv6 the network, because one client has all addresses of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddressKey(IpAddr);

/// How often each key may do something: at a rate over time, and some more at once.
pub(crate) struct RateLimiter<K> {
    /// Time that one request costs.
    cost: Duration,
    /// Time that may be owed.
    credit: Duration,
    /// When each key will have paid everything.
    paid_at: Mutex<Generations<K, Instant>>,
}

/// Bits of an address of IPv6 that its owner chooses as it likes.
const OWN_BITS: u32 = 64;

impl AddressKey {
    /// Returns the key of an address.
    pub(crate) fn of(address: IpAddr) -> AddressKey {
        AddressKey(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let network = address.to_bits() >> OWN_BITS << OWN_BITS;
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
        })
    }
}

impl<K: Eq + Hash> RateLimiter<K> {
    /// Returns a limiter of so many per second, of which `burst` may come at once, that knows
    /// about `keys_max` keys. All are at least 1.
    pub(crate) fn new(per_second: u32, burst: u32, keys_max: usize) -> RateLimiter<K> {
        let cost = Duration::from_secs(1) / per_second.max(1);
        RateLimiter {
            cost,
            credit: cost * burst.max(1),
            paid_at: Mutex::new(Generations::new(keys_max)),
        }
    }

    /// Counts one request of `key`.
    ///
    /// # Errors
    ///
    /// When it comes too early; it is not counted then.
    pub(crate) fn check(&self, key: K, now: Instant) -> Result<(), RetryAfter> {
        let mut known = self.paid_at.lock();
        let paid_at = known.entry(key, || now);
        let owed = paid_at.saturating_duration_since(now) + self.cost;
        if self.credit < owed {
            return Err(RetryAfter(owed - self.credit));
        }
        *paid_at = now + owed;
        Ok(())
    }
}
