//! The link without its socket: decides what to send and what received frames mean.
//!
//! A request waits for its answer until its time-out. On TCP the transaction id tells answers
//! apart, so that a slow answer need not hold up the other units: after a *soft limit* of four
//! usual round trips (20 ms at least) the next request goes out while the first one goes on
//! waiting. A unit that was silent, or is slower than that limit, does not hold up the others at
//! all. A serial line has no transaction ids: there one request waits at a time, and after a
//! time-out the line rests before the next, and the silent unit for one more time-out. When a
//! silent unit answers, the line is listened to for as long as it takes to see whether that was
//! the answer to an earlier request, so that a late answer is never taken for that of another.

mod answers;
mod guest;

use std::collections::VecDeque;
use std::sync::Arc;

use headworks_core::Update;
use headworks_core::model::ObjectId;

use super::check::{Link, UnitConfig};
use super::frame::Framing;
use super::median::Median;
use super::pdu::Request;
use super::planner::Cost;
use super::settings::ConnectionSettings;
use super::unit::{Now, Purpose, Unit};
use super::write::WriteJob;
use super::{rtu, transport};
use crate::driver::WriteError;
use crate::poll::{self, DeviceKey, Scheduler, Turn};
use crate::stats::LinkStats;
use crate::wire_log::{self, WireLog};
use guest::Guests;

/// Shortest soft limit, in microseconds.
const SOFT_LIMIT_US: u64 = 20_000;
/// Shortest soft limit of a unit that has never answered, on a link whose others do.
const SOFT_LIMIT_NEW_US: u64 = 2_000;
/// While no unit has answered, the soft limit doubles with each so many requests that wait.
const LINGERING_STEP: usize = 4;
/// Requests that may wait past their soft limit.
const LINGERING_MAX: usize = 64;
/// Time-outs that are remembered, to know late answers when they come.
const EXPIRED_MAX: usize = 256;
/// Times every unit must have been given up before the link itself counts as dead.
const SILENCES_MAX: u32 = 3;
/// Longest that samples wait for others to share their batch, in microseconds.
const BATCH_AGE_US: u64 = 5_000;
/// Samples that make a batch whole.
const BATCH_MAX: usize = 2_000;
/// First rest of a device that is busy, in microseconds; doubles.
const BUSY_REST_US: u64 = 100_000;
/// Time-outs of a unit after which its answer on a serial line cannot come any more.
const LATENESS_TIMEOUTS: u64 = 8;
/// Rest of a line after a time-out while nothing is known of its devices, in microseconds.
const DRAIN_US: u64 = 50_000;

/// A link and its units.
#[derive(Debug)]
pub(super) struct Bus {
    pub(super) settings: ConnectionSettings,
    pub(super) units: Vec<Unit>, // invariant: keys ascend
    connection: ObjectId,
    framing: Framing,
    half_duplex: bool,
    silence_us: u64,
    scheduler: Scheduler,
    stats: Arc<LinkStats>,
    log: Arc<WireLog>,
    pending: Vec<Pending>,
    expired: VecDeque<Expired>,
    held: VecDeque<DeviceKey>, // units that have something to send besides the scheduler's turns
    writes: VecDeque<(DeviceKey, WriteJob)>,
    guests: Guests,
    free_us: u64, // the line rests until then
    round_trip: Median,
    transaction: u16,
    updates: Vec<Update>,
    updates_since_us: u64,
    is_up: bool,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Pending {
    key: DeviceKey,
    unit_id: u8,
    generation: u32,
    aim: Aim,
    request: Request,
    transaction: u16,
    sent_us: u64,
    deadline_us: u64,
    blocks_until_us: u64,
    bytes_out: u64,
}

#[derive(Clone, Copy, Debug)]
enum Aim {
    Read(Turn, Purpose),
    Write,
}

/// A request that has waited in vain.
#[derive(Clone, Copy, Debug)]
struct Expired {
    key: DeviceKey,
    unit_id: u8,
    transaction: u16,
    sent_us: u64,
}

impl Bus {
    /// Returns the link of a checked configuration; it is down until [`Bus::connected`].
    pub(super) fn new(link: Link, stats: Arc<LinkStats>, log: Arc<WireLog>, now: Now) -> Bus {
        let transport = link.settings.transport;
        let silence = if transport.is_serial_port() {
            rtu::silence_between(link.settings.baud_rate)
        } else {
            std::time::Duration::ZERO
        };
        let mut bus = Bus {
            connection: link.connection,
            framing: transport::framing(transport),
            half_duplex: transport.is_half_duplex(),
            silence_us: micros(silence),
            scheduler: Scheduler::new(poll::seed_of(link.connection.to_string().as_bytes())),
            settings: link.settings,
            units: Vec::with_capacity(link.units.len()),
            stats,
            log,
            pending: Vec::new(),
            expired: VecDeque::new(),
            held: VecDeque::new(),
            writes: VecDeque::new(),
            guests: Guests::default(),
            free_us: 0,
            round_trip: Median::default(),
            transaction: 0,
            updates: Vec::new(),
            updates_since_us: 0,
            is_up: false,
        };
        for unit in link.units {
            bus.add_unit(unit, now);
        }
        bus
    }

    /// Takes the counters and the log of this run of the driver.
    pub(super) fn attach(&mut self, stats: &Arc<LinkStats>, log: &Arc<WireLog>) {
        if !Arc::ptr_eq(&self.stats, stats) {
            for unit in &mut self.units {
                unit.stats = stats.handle(unit.config.device);
            }
        }
        self.stats = Arc::clone(stats);
        self.log = Arc::clone(log);
    }

    fn add_unit(&mut self, config: UnitConfig, now: Now) {
        let key = self.scheduler.add(&[], now.us);
        let stats = self.stats.handle(config.device);
        let pause = std::time::Duration::from_millis(config.settings.pause_ms.into());
        let cost = if self.settings.transport.is_serial_port() {
            Cost::serial(self.settings.baud_rate, pause)
        } else {
            Cost::TCP.with_pause(pause)
        };
        let unit = Unit::new(config, key, stats, cost);
        self.scheduler.set_periods(key, &unit.periods(), now.us);
        if !self.is_up {
            self.scheduler.suspend(key, u64::MAX);
        }
        self.units.push(unit);
    }

    /// Takes over changed devices and tags; units that stay keep what was learned.
    pub(super) fn reconfigure(&mut self, link: Link, now: Now) {
        let is_kept = |unit: &Unit| {
            link.units
                .iter()
                .any(|new| new.device == unit.config.device)
        };
        let removed: Vec<DeviceKey> = self
            .units
            .iter()
            .filter(|unit| !is_kept(unit))
            .map(|unit| unit.key)
            .collect();
        for key in removed {
            self.remove_unit(key, now);
        }
        for config in link.units {
            let same = |unit: &&mut Unit| unit.config.device == config.device;
            match self.units.iter_mut().find(same) {
                None => self.add_unit(config, now),
                Some(unit) if unit.config == config => {}
                Some(unit) => {
                    unit.reconfigure(config);
                    self.scheduler
                        .set_periods(unit.key, &unit.periods(), now.us);
                }
            }
        }
    }

    fn remove_unit(&mut self, key: DeviceKey, now: Now) {
        self.fail_writes(Some(key), "the device was taken away");
        self.pending.retain(|pending| pending.key != key);
        self.held.retain(|held| *held != key);
        if let Some(index) = self.index(key) {
            let mut unit = self.units.remove(index);
            // Its tags are gone; only who waits for a poll is to be told.
            unit.silent("the device was taken away".to_owned(), now, &mut Vec::new());
            self.stats.remove(unit.config.device);
        }
        self.scheduler.remove(key);
    }

    fn index(&self, key: DeviceKey) -> Option<usize> {
        self.units.binary_search_by_key(&key, |unit| unit.key).ok()
    }

    /// The link is open.
    pub(super) fn connected(&mut self, now: Now) {
        self.is_up = true;
        self.free_us = 0;
        for unit in &mut self.units {
            // Each connection asks every unit once before it is given up as dead.
            unit.silences = unit.silences.min(SILENCES_MAX - 1);
            self.scheduler.resume(unit.key, now.us);
        }
    }

    /// The link is down, with the reason: every tag is bad, whoever waits is told.
    pub(super) fn disconnected(&mut self, reason: &str, now: Now) {
        self.is_up = false;
        self.pending.clear();
        self.expired.clear();
        self.held.clear();
        self.guests.disconnected(reason);
        self.fail_writes(None, reason);
        self.batch_begins(now);
        for unit in &mut self.units {
            unit.on_wire = false;
            unit.not_before_us = 0;
            unit.is_proving = false;
            unit.silent(reason.to_owned(), now, &mut self.updates);
            self.scheduler.suspend(unit.key, u64::MAX);
        }
        self.stats.link_down(now.wall_us, reason);
    }

    fn fail_writes(&mut self, key: Option<DeviceKey>, reason: &str) {
        let gone = |of: DeviceKey| key.is_none_or(|key| key == of);
        let outcome = || Err(link_down(reason));
        let (failed, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.writes)
            .into_iter()
            .partition(|(of, _)| gone(*of));
        self.writes = kept;
        let under_way = self.units.iter_mut().filter(|unit| gone(unit.key));
        let under_way: Vec<WriteJob> = under_way.filter_map(|unit| unit.job.take()).collect();
        let failed = failed.into_iter().map(|(_, job)| job);
        for job in under_way.into_iter().chain(failed) {
            job.finish(outcome());
        }
    }

    /// Takes a write; it goes before all reads.
    pub(super) fn write(&mut self, key: DeviceKey, job: WriteJob) {
        if self.is_up {
            self.writes.push_back((key, job));
        } else {
            job.finish(Err(link_down("the connection is not open")));
        }
    }

    /// Wants every tag of a unit now.
    pub(super) fn poll_now(&mut self, key: DeviceKey, now: Now) {
        if self.is_up {
            self.scheduler.ask(key, now.us);
        }
    }

    /// Returns whether the link is open.
    pub(super) fn is_up(&self) -> bool {
        self.is_up
    }

    /// Ends what has waited too long and appends to `out` what is to be sent now.
    pub(super) fn advance(&mut self, now: Now, out: &mut Vec<u8>) {
        self.expire(now);
        while self.has_room(now) && self.start_one(now, out) {}
    }

    /// Returns when [`Bus::advance`] may have something to do that it has not now.
    pub(super) fn wake_us(&self, now: Now) -> Option<u64> {
        let deadline = self.pending.iter().map(|pending| pending.deadline_us).min();
        let batch = (!self.updates.is_empty()).then_some(self.updates_since_us + BATCH_AGE_US);
        let room = if self.has_room(now) {
            let is_held = |key: &DeviceKey| self.index(*key).map(|index| &self.units[index]);
            let held = self.held.iter().filter_map(is_held);
            let writes = self.writes.iter().filter_map(|(key, _)| is_held(key));
            let ready = held.chain(writes).filter(|unit| !unit.on_wire);
            let ready = ready.map(|unit| unit.not_before_us).min();
            let guest = self.guests.is_waiting().then_some(0);
            let ready = ready.into_iter().chain(guest);
            ready.chain(self.scheduler.wake_us()).min()
        } else {
            self.room_us(now)
        };
        let guest = self.guests.deadline_us();
        deadline
            .into_iter()
            .chain(batch)
            .chain(room)
            .chain(guest)
            .min()
    }

    /// Returns whether another request may be sent.
    fn has_room(&self, now: Now) -> bool {
        if now.us < self.free_us || !self.is_up {
            return false;
        }
        if self.half_duplex {
            return self.pending.is_empty() && !self.guests.is_on_wire();
        }
        let guest = usize::from(self.guests.blocks_until_us(now).is_some());
        let blocking = self.blocking(now).count() + guest;
        blocking < usize::from(self.settings.max_in_flight)
            && self.pending.len() + guest - blocking < LINGERING_MAX
    }

    fn blocking(&self, now: Now) -> impl Iterator<Item = &Pending> {
        self.pending
            .iter()
            .filter(move |pending| now.us < pending.blocks_until_us)
    }

    /// Returns when there will be room, by itself.
    fn room_us(&self, now: Now) -> Option<u64> {
        if now.us < self.free_us {
            return Some(self.free_us);
        }
        self.blocking(now)
            .map(|pending| pending.blocks_until_us)
            .chain(self.guests.blocks_until_us(now))
            .min()
    }

    /// Sends the next request there is; returns whether there was something to do.
    fn start_one(&mut self, now: Now, out: &mut Vec<u8>) -> bool {
        let writable = |(key, _): &(DeviceKey, WriteJob)| {
            let unit = self.index(*key).map(|index| &self.units[index]);
            unit.is_some_and(|unit| unit.job.is_none() && unit.is_ready(now))
        };
        if let Some(position) = self.writes.iter().position(writable)
            && let Some((key, job)) = self.writes.remove(position)
            && let Some(index) = self.index(key)
        {
            self.units[index].job = Some(job);
            self.send(index, now, out);
            return true;
        }
        if self.guests.is_next() {
            self.send_guest(now, out);
            return true;
        }
        let is_ready = |key: &DeviceKey| {
            let unit = self.index(*key).map(|index| &self.units[index]);
            unit.is_none_or(|unit| unit.is_ready(now))
        };
        if let Some(position) = self.held.iter().position(is_ready)
            && let Some(key) = self.held.remove(position)
        {
            if let Some(index) = self.index(key) {
                self.send(index, now, out);
            }
            return true;
        }
        let Some(turn) = self.scheduler.next(now.us) else {
            return self.send_guest(now, out);
        };
        if let Some(index) = self.index(turn.device) {
            self.take_turn(index, turn, now, out);
        }
        true
    }

    fn take_turn(&mut self, index: usize, turn: Turn, now: Now, out: &mut Vec<u8>) {
        let unit = &mut self.units[index];
        if let Some(start) = turn.start {
            unit.begin_scan(turn.period_us, start.scheduled, now);
            unit.stats.missed_scans(start.missed);
            if start.scheduled {
                unit.stats.scan(start.late_us);
            }
        }
        unit.turn = Some(turn);
        if unit.is_ready(now) {
            self.send(index, now, out);
        } else if !self.held.contains(&turn.device) {
            self.held.push_back(turn.device);
        }
    }

    /// Sends what the unit has to say: its write, else the request of its turn.
    fn send(&mut self, index: usize, now: Now, out: &mut Vec<u8>) {
        let unit = &mut self.units[index];
        let (aim, request) = if let Some(job) = &unit.job {
            (Aim::Write, job.request().clone())
        } else if let Some(turn) = unit.turn {
            let Some((purpose, request)) = unit.next_read(turn.period_us, now) else {
                unit.turn = None;
                self.scheduler
                    .finish(turn.device, turn.period_us, false, now.us);
                return;
            };
            (Aim::Read(turn, purpose), request)
        } else {
            return;
        };
        self.transaction = self.transaction.wrapping_add(1);
        let unit_id = unit.config.settings.unit_id;
        let start = out.len();
        self.framing
            .encode(self.transaction, unit_id, |out| request.encode(out), out);
        self.log
            .push(now.wall_us, wire_log::Direction::Sent, &out[start..], "");
        unit.on_wire = true;
        self.guests.others_had_their_turn();
        let blocks_us = self.blocks_us(index);
        let unit = &self.units[index];
        self.pending.push(Pending {
            key: unit.key,
            unit_id,
            generation: unit.generation,
            aim,
            request,
            transaction: self.transaction,
            sent_us: now.us,
            deadline_us: now.us + unit.timeout_us(),
            blocks_until_us: now.us + blocks_us,
            bytes_out: (out.len() - start) as u64,
        });
    }

    /// Returns how long a request to the unit holds up the others: its soft limit, or nothing
    /// when it is known to be silent or slow.
    fn blocks_us(&self, index: usize) -> u64 {
        let unit = &self.units[index];
        let soft_us = match (self.round_trip.us(), unit.round_trip.us()) {
            (Some(usual_us), Some(_)) => (4 * usual_us).max(SOFT_LIMIT_US),
            (Some(usual_us), None) => (4 * usual_us).max(SOFT_LIMIT_NEW_US),
            (None, _) => SOFT_LIMIT_US << (self.pending.len() / LINGERING_STEP).min(6),
        };
        let is_slow = unit.round_trip.us().is_some_and(|us| soft_us < us);
        if 0 < unit.silences || 0 < unit.attempt || is_slow {
            return 0;
        }
        soft_us
    }

    fn batch_begins(&mut self, now: Now) {
        if self.updates.is_empty() {
            self.updates_since_us = now.us;
        }
    }

    /// Returns the samples that are due to be handed on.
    pub(super) fn ready_updates(&mut self, now: Now) -> Option<Vec<Update>> {
        if self.updates.is_empty() {
            return None;
        }
        let is_due = BATCH_MAX <= self.updates.len()
            || self.updates_since_us + BATCH_AGE_US <= now.us
            || self.blocking(now).next().is_none();
        is_due.then(|| self.take_updates())
    }

    /// Returns all samples that were not handed on.
    pub(super) fn take_updates(&mut self) -> Vec<Update> {
        std::mem::take(&mut self.updates)
    }

    /// Returns why the link is to be opened anew: no unit of it has answered for long.
    pub(super) fn is_dead(&self) -> Option<String> {
        let dead = |unit: &Unit| SILENCES_MAX <= unit.silences;
        if self.settings.transport.is_serial_port()
            || self.units.is_empty()
            || !self.units.iter().all(dead)
        {
            return None;
        }
        Some(self.units[0].silence_text())
    }

    /// Returns the connection object.
    pub(super) fn connection(&self) -> ObjectId {
        self.connection
    }
}

impl Unit {
    fn is_ready(&self, now: Now) -> bool {
        !self.on_wire && self.not_before_us <= now.us
    }

    fn is_current(&self, pending: &Pending) -> bool {
        self.generation == pending.generation
    }

    fn may_try_again(&self) -> bool {
        self.attempt < self.config.settings.retries.into()
    }
}

/// Returns the error of a write that found no link.
pub(super) fn link_down(reason: &str) -> WriteError {
    WriteError::LinkDown {
        reason: reason.to_owned(),
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
