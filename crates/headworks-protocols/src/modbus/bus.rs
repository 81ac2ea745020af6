//! The link without its socket: decides what to send and what received frames mean.
//!
//! A request waits for its answer until its time-out. On TCP the transaction id tells answers
//! apart, so that a slow answer need not hold up the other units: after a *soft limit* of four
//! usual round trips (20 ms at least) the next request goes out while the first one goes on
//! waiting. A unit that was silent, or is slower than that limit, does not hold up the others at
//! all. A serial line has no transaction ids: there one request waits at a time, and after a
//! time-out the line rests before the next, and the silent unit for one more time-out, so that a
//! late answer is never taken for that of another request.

use std::collections::VecDeque;
use std::sync::Arc;

use headworks_core::Update;
use headworks_core::model::ObjectId;

use super::check::{Link, UnitConfig};
use super::exception::ExceptionCode;
use super::frame::{Direction, Frame, FrameError, Framing, Step};
use super::inbox::Inbox;
use super::median::Median;
use super::pdu::{Answer, AnswerError, Request};
use super::planner::Cost;
use super::settings::ConnectionSettings;
use super::unit::{Now, Purpose, Unit};
use super::write::{Next, WriteJob};
use super::{rtu, transport};
use crate::driver::{WriteError, WriteReport};
use crate::poll::{self, DeviceKey, Scheduler, Turn};
use crate::stats::{Exchange, LinkStats};
use crate::wire_log::{self, WireLog};

/// Shortest soft limit, in microseconds.
const SOFT_LIMIT_US: u64 = 20_000;
/// Requests that may wait past their soft limit while no answer has shown how fast the link is.
const LINGERING_FIRST_MAX: usize = 4;
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
        self.fail_writes(None, reason);
        self.batch_begins(now);
        for unit in &mut self.units {
            unit.on_wire = false;
            unit.not_before_us = 0;
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
            ready.into_iter().chain(self.scheduler.wake_us()).min()
        } else {
            self.room_us(now)
        };
        deadline.into_iter().chain(batch).chain(room).min()
    }

    /// Returns whether another request may be sent.
    fn has_room(&self, now: Now) -> bool {
        if now.us < self.free_us || !self.is_up {
            return false;
        }
        if self.half_duplex {
            return self.pending.is_empty();
        }
        let blocking = self.blocking(now).count();
        let lingering_max = match self.round_trip.us() {
            Some(_) => LINGERING_MAX,
            None => LINGERING_FIRST_MAX,
        };
        blocking < usize::from(self.settings.max_in_flight)
            && self.pending.len() - blocking < lingering_max
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
            return false;
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
        let soft_us = self.soft_limit_us();
        let unit = &self.units[index];
        let is_slow = unit.round_trip.us().is_some_and(|us| soft_us < us);
        let stands_aside = 0 < unit.silences || is_slow;
        self.pending.push(Pending {
            key: unit.key,
            unit_id,
            generation: unit.generation,
            aim,
            request,
            transaction: self.transaction,
            sent_us: now.us,
            deadline_us: now.us + unit.timeout_us(),
            blocks_until_us: now.us + if stands_aside { 0 } else { soft_us },
            bytes_out: (out.len() - start) as u64,
        });
    }

    fn soft_limit_us(&self) -> u64 {
        let usual_us = self.round_trip.us().unwrap_or(0);
        (4 * usual_us).max(SOFT_LIMIT_US)
    }

    /// Takes received bytes.
    ///
    /// # Errors
    ///
    /// [`FrameError`] when the stream cannot be followed any more.
    pub(super) fn receive(&mut self, inbox: &mut Inbox, now: Now) -> Result<(), FrameError> {
        while !inbox.bytes().is_empty() {
            match self.framing.decode(inbox.bytes(), Direction::Answer) {
                Ok(Step::More) => break,
                Ok(Step::Skip(count)) => {
                    let noise = &inbox.bytes()[..count];
                    self.log_received(noise, "noise dropped", now);
                    inbox.consume(count);
                }
                Ok(Step::Frame(frame)) => {
                    self.take_frame(&frame, inbox.bytes(), now);
                    inbox.consume(frame.consumed);
                }
                Err(error) => {
                    self.log_received(inbox.bytes(), &error.to_string(), now);
                    return Err(error);
                }
            }
        }
        if self.half_duplex && self.pending.is_empty() {
            // Whatever comes unasked keeps the line busy.
            self.free_us = self.free_us.max(now.us + self.silence_us);
            inbox.clear();
        }
        Ok(())
    }

    fn log_received(&self, bytes: &[u8], note: &str, now: Now) {
        self.log
            .push(now.wall_us, wire_log::Direction::Received, bytes, note);
    }

    fn take_frame(&mut self, frame: &Frame, bytes: &[u8], now: Now) {
        let whole = &bytes[..frame.consumed];
        let pdu = &bytes[frame.pdu.clone()];
        let is_answer = |pending: &Pending| match frame.transaction {
            Some(transaction) => pending.transaction == transaction,
            None => pending.unit_id == frame.unit,
        };
        match self.pending.iter().position(is_answer) {
            Some(position) => {
                let pending = self.pending.swap_remove(position);
                let result = if pending.unit_id == frame.unit {
                    pending.request.decode_answer(pdu).map_err(Fault::from)
                } else {
                    let (want, found) = (pending.unit_id, frame.unit);
                    Err(Fault::Unit { want, found })
                };
                if self.log.is_enabled() {
                    let note = result.as_ref().err().map(Fault::to_string);
                    self.log_received(whole, note.as_deref().unwrap_or(""), now);
                }
                self.settle(&pending, result, whole.len(), now);
            }
            None => self.stray(frame, whole, now),
        }
    }

    /// A frame that answers no request that waits.
    fn stray(&mut self, frame: &Frame, whole: &[u8], now: Now) {
        let is_late = |expired: &Expired| match frame.transaction {
            Some(transaction) => expired.transaction == transaction,
            None => expired.unit_id == frame.unit,
        };
        let Some(position) = self.expired.iter().position(is_late) else {
            self.log_received(whole, "answer to no request, dropped", now);
            return;
        };
        self.log_received(whole, "late answer dropped", now);
        if let Some(expired) = self.expired.remove(position)
            && let Some(index) = self.index(expired.key)
        {
            let unit = &mut self.units[index];
            unit.late_us = Some(now.us - expired.sent_us);
            unit.stats.late(whole.len() as u64);
        }
    }

    fn settle(
        &mut self,
        pending: &Pending,
        result: Result<Answer<'_>, Fault>,
        bytes_in: usize,
        now: Now,
    ) {
        let exchange = Exchange {
            time_us: now.wall_us,
            round_trip_us: now.us - pending.sent_us,
            bytes_out: pending.bytes_out,
            bytes_in: bytes_in as u64,
        };
        let Some(index) = self.index(pending.key) else {
            return;
        };
        self.rest(index, now);
        match result {
            Ok(answer) => {
                self.units[index].round_trip.record(exchange.round_trip_us);
                self.round_trip.record(exchange.round_trip_us);
                self.units[index].stats.answered(exchange);
                self.answered(index, pending, answer, now);
            }
            Err(Fault::Answer(AnswerError::Exception(code))) => {
                self.units[index].stats.exception(exchange, code.0, code);
                self.refused(index, pending, code, now);
            }
            Err(fault) => {
                self.units[index].stats.malformed(exchange, &fault);
                self.broken(index, pending, &fault.to_string(), now);
            }
        }
    }

    /// After an answer the device, and on a serial line everybody, rests.
    fn rest(&mut self, index: usize, now: Now) {
        let unit = &mut self.units[index];
        unit.on_wire = false;
        let pause_us = u64::from(unit.config.settings.pause_ms) * 1000;
        unit.not_before_us = now.us + pause_us;
        let mut line_us = u64::from(self.settings.pause_ms) * 1000;
        if self.half_duplex {
            line_us = line_us.max(self.silence_us);
        }
        self.free_us = now.us + line_us;
    }

    fn answered(&mut self, index: usize, pending: &Pending, answer: Answer<'_>, now: Now) {
        self.batch_begins(now);
        let unit = &mut self.units[index];
        match (pending.aim, answer) {
            (Aim::Write, answer) => {
                unit.silences = 0;
                self.scheduler.resume(unit.key, now.us);
                let next = unit.job.as_mut().map(|job| job.answered(answer));
                self.go_on_writing(index, next, now);
            }
            (Aim::Read(turn, purpose), Answer::Data(data)) if unit.is_current(pending) => {
                let updates = &mut self.updates;
                let more = unit.answered(purpose, turn.period_us, data, now, updates);
                self.end_turn(index, pending, turn, more, now);
            }
            (Aim::Read(turn, _), _) => self.end_turn(index, pending, turn, true, now),
        }
    }

    fn refused(&mut self, index: usize, pending: &Pending, code: ExceptionCode, now: Now) {
        self.batch_begins(now);
        let unit = &mut self.units[index];
        match pending.aim {
            Aim::Write => {
                let next = unit.job.as_mut().map(|job| job.refused(code));
                unit.knows_no_mask |= next.as_ref().is_some_and(|(_, no_mask)| *no_mask);
                self.go_on_writing(index, next.map(|(next, _)| next), now);
            }
            Aim::Read(turn, _) if code.is_silence() => {
                self.unanswered(index, turn, &format!("{code}"), now);
            }
            Aim::Read(turn, _) if code.is_busy() && unit.may_try_again() => {
                unit.attempt += 1;
                unit.not_before_us = now.us + (BUSY_REST_US << unit.attempt.min(6));
                self.hold(turn.device);
            }
            Aim::Read(turn, purpose) => {
                let mut more = true;
                if unit.is_current(pending) {
                    more = unit.refused(purpose, turn.period_us, code, now, &mut self.updates);
                }
                self.end_turn(index, pending, turn, more, now);
            }
        }
    }

    fn broken(&mut self, index: usize, pending: &Pending, error: &str, now: Now) {
        self.batch_begins(now);
        let drain_us = self.drain_us(index);
        if self.half_duplex {
            self.free_us = now.us + drain_us;
        }
        let unit = &mut self.units[index];
        match pending.aim {
            Aim::Write => {
                let failed = unit.job.as_ref().map(|job| job.failed(error.to_owned()));
                self.go_on_writing(index, failed.map(Next::Done), now);
            }
            Aim::Read(turn, _) if unit.may_try_again() => {
                unit.attempt += 1;
                self.hold(turn.device);
            }
            Aim::Read(turn, purpose) => {
                unit.attempt = 0;
                let mut more = true;
                if unit.is_current(pending) {
                    let error = error.to_owned();
                    more = unit.broken(purpose, turn.period_us, error, now, &mut self.updates);
                }
                self.end_turn(index, pending, turn, more, now);
            }
        }
    }

    fn end_turn(&mut self, index: usize, pending: &Pending, turn: Turn, more: bool, now: Now) {
        let unit = &mut self.units[index];
        unit.turn = None;
        if unit.generation != pending.generation {
            self.scheduler
                .set_periods(unit.key, &unit.periods(), now.us);
        }
        self.scheduler
            .finish(turn.device, turn.period_us, more, now.us);
    }

    fn go_on_writing(&mut self, index: usize, next: Option<Next>, now: Now) {
        let unit = &mut self.units[index];
        match next {
            None => {}
            Some(Next::Ask) => self.held.push_front(unit.key),
            Some(Next::Done(outcome)) => {
                if let Some(job) = unit.job.take() {
                    if let Ok(WriteReport {
                        read_back: Some(value),
                        ..
                    }) = &outcome
                    {
                        unit.read_back(job.tag(), value, now, &mut self.updates);
                    }
                    job.finish(outcome);
                }
                if let Some(turn) = unit.turn {
                    self.hold(turn.device);
                }
            }
        }
    }

    fn hold(&mut self, key: DeviceKey) {
        if !self.held.contains(&key) {
            self.held.push_back(key);
        }
    }

    /// Ends the requests whose time is over.
    fn expire(&mut self, now: Now) {
        while let Some(position) = self
            .pending
            .iter()
            .position(|pending| pending.deadline_us <= now.us)
        {
            let pending = self.pending.swap_remove(position);
            self.time_out(&pending, now);
        }
    }

    fn time_out(&mut self, pending: &Pending, now: Now) {
        if self.expired.len() == EXPIRED_MAX {
            self.expired.pop_front();
        }
        self.expired.push_back(Expired {
            key: pending.key,
            unit_id: pending.unit_id,
            transaction: pending.transaction,
            sent_us: pending.sent_us,
        });
        let Some(index) = self.index(pending.key) else {
            return;
        };
        let drain_us = self.drain_us(index);
        let unit = &mut self.units[index];
        unit.on_wire = false;
        if self.half_duplex {
            self.free_us = now.us + drain_us;
            unit.not_before_us = now.us + unit.timeout_us();
        }
        let text = unit.silence_text();
        let exchange = Exchange {
            time_us: now.wall_us,
            round_trip_us: now.us - pending.sent_us,
            bytes_out: pending.bytes_out,
            bytes_in: 0,
        };
        unit.stats.timed_out(exchange, &text);
        match pending.aim {
            Aim::Write => {
                let failed = unit.job.as_ref().map(|job| job.failed(text));
                self.go_on_writing(index, failed.map(Next::Done), now);
            }
            Aim::Read(turn, _) => self.unanswered(index, turn, &text, now),
        }
    }

    /// Nothing came back from the unit: it is asked again, or left alone for a while.
    fn unanswered(&mut self, index: usize, turn: Turn, error: &str, now: Now) {
        self.batch_begins(now);
        let unit = &mut self.units[index];
        if unit.silences == 0 && unit.may_try_again() {
            unit.attempt += 1;
            self.hold(turn.device);
            return;
        }
        unit.silences = unit.silences.saturating_add(1);
        unit.stats.offline(now.wall_us, error);
        let generation = unit.generation;
        unit.silent(error.to_owned(), now, &mut self.updates);
        if unit.generation != generation {
            self.scheduler
                .set_periods(unit.key, &unit.periods(), now.us);
        }
        let until_us = now.us + poll::back_off_us(unit.silences);
        self.scheduler.suspend(turn.device, until_us);
    }

    /// Returns how long a serial line rests after something went wrong: the usual round trip.
    fn drain_us(&self, index: usize) -> u64 {
        let unit = &self.units[index];
        let usual_us = unit.round_trip.us().or(self.round_trip.us());
        usual_us
            .unwrap_or(DRAIN_US)
            .clamp(self.silence_us, unit.timeout_us().max(self.silence_us))
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

/// What was wrong with a frame that came in time.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Answer(#[from] AnswerError),
    #[error("unit {found} answered where unit {want} was asked")]
    Unit { want: u8, found: u8 },
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
