//! When to ask which device: the scheduler that request/response protocols share.
//!
//! A link has devices, a device has *groups*: its tags of one period. A group comes due on a fixed
//! grid, `phase + n * period`; one pass over its requests is a *scan*. The scheduler deals out
//! single requests, so that a long scan of one device does not hold up the bus: devices that have
//! work take turns, and so do the groups of a device. A device is asked one thing at a time; how
//! many devices are asked at a time is the driver's business, which just calls
//! [`Scheduler::next`] as often as it has room.
//!
//! * A scan that comes due while the one before is not done is *missed*: counted, never caught up.
//!   A scan that waited for its turn on the bus is late, not missed.
//! * A new device, and one that comes back, is scanned at once, then on its grid.
//! * A suspended device (it does not answer) costs nothing until its time is over; scans that
//!   would have been due meanwhile are not counted, because its state already says why.
//!
//! Everything is a function of the `now_us` that the caller passes: microseconds on a clock that
//! never jumps. Wall-clock time at start plus monotonic time since then gives a grid that is the
//! same after a restart.

#[cfg(test)]
mod tests;

use std::fmt;

use crate::mix::mix;
pub use crate::mix::seed_of;

/// Shortest period, in microseconds.
pub const PERIOD_US_MIN: u64 = 10_000;
/// Longest period, in microseconds: one hour.
pub const PERIOD_US_MAX: u64 = 3_600_000_000;

/// Deals out the requests of one link.
#[derive(Debug)]
pub struct Scheduler {
    seed: u64,
    devices: Vec<Device>, // invariant: keys ascend
    next_key: u32,
    turn: usize, // index into `devices` that is looked at first
}

/// A device within a [`Scheduler`]; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceKey(u32);

/// One request may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The device to ask.
    pub device: DeviceKey,
    /// The group, named by its period.
    pub period_us: u64,
    /// Set when this is the first request of a scan.
    pub start: Option<ScanStart>,
}

/// A scan begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanStart {
    /// When the scan was due: a point of the grid, or the moment it was asked for.
    pub due_us: u64,
    /// How long it had to wait, in microseconds.
    pub late_us: u64,
    /// Whether it comes from the grid; else a person, or the return of the device, asked for it.
    pub scheduled: bool,
    /// Scans of the group that were missed since its last one.
    pub missed: u64,
}

#[derive(Debug)]
struct Device {
    key: DeviceKey,
    rank: u32,       // invariant: unique; decides the phase
    in_flight: bool, // a request was dealt out and has not ended
    suspended_until_us: Option<u64>,
    groups: Vec<Group>, // invariant: periods ascend and are unique
    turn: usize,        // index into `groups` that is looked at first
    missed: u64,
}

#[derive(Debug)]
struct Group {
    period_us: u64,
    next_due_us: u64,      // a grid point; every one before is accounted for
    asked_us: Option<u64>, // somebody wants it off the grid, since then
    running: bool,
    missed: u64, // since its last start
}

impl Scheduler {
    /// Returns the scheduler of a link without devices.
    ///
    /// `link_seed` names the link, the same after a restart (e.g. a hash of its id): it moves the
    /// grids of links apart. See [`seed_of`].
    pub fn new(link_seed: u64) -> Scheduler {
        Scheduler {
            seed: link_seed,
            devices: Vec::new(),
            next_key: 0,
            turn: 0,
        }
    }

    /// Adds a device with the periods of its groups; all of them are due at once, then on their
    /// grids. Devices added in the same order get the same phases again.
    ///
    /// # Panics
    ///
    /// When a period lies outside [`PERIOD_US_MIN`]`..=`[`PERIOD_US_MAX`].
    pub fn add(&mut self, periods_us: &[u64], now_us: u64) -> DeviceKey {
        let key = DeviceKey(self.next_key);
        self.next_key += 1;
        let rank = self.free_rank();
        self.devices.push(Device {
            key,
            rank,
            in_flight: false,
            suspended_until_us: None,
            groups: Vec::new(),
            turn: 0,
            missed: 0,
        });
        self.set_periods(key, periods_us, now_us);
        key
    }

    /// Takes a device away; a request of it that is on the wire may still be finished.
    pub fn remove(&mut self, device: DeviceKey) {
        self.devices.retain(|one| one.key != device);
    }

    /// Replaces the groups of a device; a group whose period stays goes on undisturbed, a new one
    /// is due at once.
    ///
    /// # Panics
    ///
    /// When a period lies outside [`PERIOD_US_MIN`]`..=`[`PERIOD_US_MAX`].
    pub fn set_periods(&mut self, device: DeviceKey, periods_us: &[u64], now_us: u64) {
        let seed = self.seed;
        let Some(device) = self.device(device) else {
            return;
        };
        let mut periods = periods_us.to_vec();
        periods.sort_unstable();
        periods.dedup();
        let mut old = std::mem::take(&mut device.groups);
        for period_us in periods {
            assert!(
                (PERIOD_US_MIN..=PERIOD_US_MAX).contains(&period_us),
                "period {period_us} us"
            );
            let kept = old.iter().position(|group| group.period_us == period_us);
            let group = match kept {
                Some(index) => old.swap_remove(index),
                None => Group::new(period_us, phase_us(seed, device.rank, period_us), now_us),
            };
            device.groups.push(group);
        }
        device.turn = 0;
    }

    /// Returns the next request that may be sent, or nothing when every device is idle, busy or
    /// suspended.
    ///
    /// Each one dealt out must be given back by [`Scheduler::finish`], [`Scheduler::suspend`] or
    /// [`Scheduler::remove`].
    pub fn next(&mut self, now_us: u64) -> Option<Turn> {
        let count = self.devices.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            if let Some(turn) = self.devices[index].next(now_us) {
                self.turn = (index + 1) % count;
                return Some(turn);
            }
        }
        None
    }

    /// Gives a request back: answered, refused or given up, but the device is there.
    ///
    /// `more` says that the scan has further requests; else it is done.
    pub fn finish(&mut self, device: DeviceKey, period_us: u64, more: bool, now_us: u64) {
        let Some(device) = self.device(device) else {
            return;
        };
        device.in_flight = false;
        if more {
            return;
        }
        if let Some(group) = device
            .groups
            .iter_mut()
            .find(|group| group.period_us == period_us)
        {
            let missed = group.end(now_us);
            device.missed += missed;
        }
    }

    /// Leaves a device alone until `until_us`, because it does not answer; its scans under way are
    /// given up. Then all its groups are due at once.
    pub fn suspend(&mut self, device: DeviceKey, until_us: u64) {
        let Some(device) = self.device(device) else {
            return;
        };
        device.in_flight = false;
        device.suspended_until_us = Some(until_us);
        for group in &mut device.groups {
            group.running = false;
            group.asked_us = None;
        }
    }

    /// Ends the suspension of a device at once.
    pub fn resume(&mut self, device: DeviceKey, now_us: u64) {
        if let Some(device) = self.device(device) {
            device.wake(now_us);
        }
    }

    /// Wants every group of a device now, off the grid, and ends its suspension.
    ///
    /// Groups that are being scanned are scanned once more, because what they have read already
    /// may be older than the wish.
    pub fn ask(&mut self, device: DeviceKey, now_us: u64) {
        let Some(device) = self.device(device) else {
            return;
        };
        device.wake(now_us);
        for group in &mut device.groups {
            group.asked_us.get_or_insert(now_us);
        }
    }

    /// Returns when [`Scheduler::next`] may have something that it has not now; nothing when only
    /// the end of a request can bring work. The past means at once.
    pub fn wake_us(&self) -> Option<u64> {
        let idle = self.devices.iter().filter(|device| !device.in_flight);
        idle.filter_map(Device::wake_us).min()
    }

    /// Returns the scans of a device that were missed since it was added.
    pub fn missed(&self, device: DeviceKey) -> u64 {
        self.devices
            .iter()
            .find(|one| one.key == device)
            .map_or(0, |device| device.missed)
    }

    /// Returns whether a device is suspended.
    pub fn is_suspended(&self, device: DeviceKey) -> bool {
        let found = self.devices.iter().find(|one| one.key == device);
        found.is_some_and(|device| device.suspended_until_us.is_some())
    }

    fn device(&mut self, key: DeviceKey) -> Option<&mut Device> {
        let index = self
            .devices
            .binary_search_by_key(&key, |device| device.key)
            .ok()?;
        Some(&mut self.devices[index])
    }

    fn free_rank(&self) -> u32 {
        (0..)
            .find(|rank| self.devices.iter().all(|device| device.rank != *rank))
            .unwrap_or(0)
    }
}

impl Device {
    fn next(&mut self, now_us: u64) -> Option<Turn> {
        if self.in_flight {
            return None;
        }
        if let Some(until_us) = self.suspended_until_us {
            if now_us < until_us {
                return None;
            }
            self.wake(now_us);
        }
        let count = self.groups.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            let group = &mut self.groups[index];
            if !group.running && now_us < group.wake_us() {
                continue;
            }
            let start = if group.running {
                None
            } else {
                Some(group.begin(now_us))
            };
            self.missed += start.map_or(0, |start| start.missed_waiting);
            self.turn = (index + 1) % count;
            self.in_flight = true;
            let (device, period_us) = (self.key, group.period_us);
            return Some(Turn {
                device,
                period_us,
                start: start.map(|start| start.scan),
            });
        }
        None
    }

    fn wake(&mut self, now_us: u64) {
        if self.suspended_until_us.take().is_none() {
            return;
        }
        for group in &mut self.groups {
            group.skip_to(now_us);
            group.asked_us = Some(now_us);
        }
    }

    fn wake_us(&self) -> Option<u64> {
        if self.suspended_until_us.is_some() {
            return self.suspended_until_us;
        }
        let due = |group: &Group| if group.running { 0 } else { group.wake_us() };
        self.groups.iter().map(due).min()
    }
}

/// What `Group::begin` tells the device.
#[derive(Clone, Copy)]
struct Begun {
    scan: ScanStart,
    missed_waiting: u64, // missed because nobody had time to start them
}

impl Group {
    fn new(period_us: u64, phase_us: u64, now_us: u64) -> Group {
        let mut group = Group {
            period_us,
            next_due_us: phase_us,
            asked_us: Some(now_us),
            running: false,
            missed: 0,
        };
        group.skip_to(now_us);
        group
    }

    /// Moves the grid to its first point at or after `now_us`; returns the points passed over.
    fn skip_to(&mut self, now_us: u64) -> u64 {
        let behind_us = now_us.saturating_sub(self.next_due_us);
        let points = behind_us.div_ceil(self.period_us);
        self.next_due_us += points * self.period_us;
        points
    }

    fn wake_us(&self) -> u64 {
        self.asked_us
            .map_or(self.next_due_us, |asked_us| asked_us.min(self.next_due_us))
    }

    fn begin(&mut self, now_us: u64) -> Begun {
        self.running = true;
        let asked_us = self.asked_us.take();
        let (due_us, scheduled, missed_waiting) = if self.next_due_us <= now_us {
            let missed = (now_us - self.next_due_us) / self.period_us;
            let due_us = self.next_due_us + missed * self.period_us;
            self.next_due_us = due_us + self.period_us;
            (due_us, true, missed)
        } else {
            (asked_us.unwrap_or(now_us), false, 0)
        };
        let missed = std::mem::take(&mut self.missed) + missed_waiting;
        let late_us = now_us.saturating_sub(due_us);
        let scan = ScanStart {
            due_us,
            late_us,
            scheduled,
            missed,
        };
        Begun {
            scan,
            missed_waiting,
        }
    }

    /// Ends the scan; returns the scans that came due meanwhile, which are missed.
    fn end(&mut self, now_us: u64) -> u64 {
        if !self.running {
            return 0;
        }
        self.running = false;
        let missed = self.skip_to(now_us);
        self.missed += missed;
        missed
    }
}

/// Returns the phase of a group: devices of a link are spread by the golden ratio, which keeps any
/// number of them apart, links by their seed.
fn phase_us(seed: u64, rank: u32, period_us: u64) -> u64 {
    // 2^64 / golden ratio: multiples of it, taken modulo 2^64, are spread evenly.
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let turn = mix(seed).wrapping_add(GOLDEN.wrapping_mul(rank.into()));
    let phase = (u128::from(turn) * u128::from(period_us)) >> 64;
    u64::try_from(phase).unwrap_or(0) // below the period
}

/// Returns how long to leave a device alone after `failures` scans in a row without an answer, in
/// microseconds: doubles from 1 s, never above 30 s.
pub fn back_off_us(failures: u32) -> u64 {
    const FIRST_US: u64 = 1_000_000;
    const LIMIT_US: u64 = 30_000_000;
    (FIRST_US << failures.saturating_sub(1).min(16)).min(LIMIT_US)
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
