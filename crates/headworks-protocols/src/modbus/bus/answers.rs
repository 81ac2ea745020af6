//! What received frames and time-outs mean.

use super::{Aim, BUSY_REST_US, Bus, DRAIN_US, EXPIRED_MAX, Expired, LATENESS_TIMEOUTS, Pending};
use crate::driver::WriteReport;
use crate::modbus::exception::ExceptionCode;
use crate::modbus::frame::{Direction, Frame, FrameError, Step};
use crate::modbus::inbox::Inbox;
use crate::modbus::pdu::{Answer, AnswerError};
use crate::modbus::unit::{Now, Unit};
use crate::modbus::write::Next;
use crate::poll::{self, DeviceKey, Turn};
use crate::stats::Exchange;
use crate::wire_log;

/// What was wrong with a frame that came in time.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Answer(#[from] AnswerError),
    #[error("unit {found} answered where unit {want} was asked")]
    Unit { want: u8, found: u8 },
}

impl Bus {
    /// Takes received bytes.
    ///
    /// # Errors
    ///
    /// [`FrameError`] when the stream cannot be followed any more.
    pub(in crate::modbus) fn receive(
        &mut self,
        inbox: &mut Inbox,
        now: Now,
    ) -> Result<(), FrameError> {
        let is_line_used = !inbox.bytes().is_empty();
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
        let is_idle = self.pending.is_empty() && !self.guests.is_on_wire();
        if self.half_duplex && is_idle && is_line_used {
            // Whatever comes unasked keeps the line busy.
            self.free_us = self.free_us.max(now.us + self.silence_us);
            inbox.clear();
        }
        Ok(())
    }

    pub(super) fn log_received(&self, bytes: &[u8], note: &str, now: Now) {
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
        if self.take_guest_frame(frame, whole, pdu, now) {
            return;
        }
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
        if self.half_duplex {
            self.is_late_indeed(frame.unit, whole.len(), now);
        }
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
        if let Aim::Read(turn, _) = pending.aim
            && self.may_be_late(index, pending, now)
        {
            self.prove(index, pending, turn, now);
            return;
        }
        self.units[index].is_proving = false;
        self.units[index].expired_us = None;
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

    /// Returns whether an answer without a transaction id may be that of an earlier request.
    fn may_be_late(&self, index: usize, pending: &Pending, now: Now) -> bool {
        let unit = &self.units[index];
        let Some(expired_us) = unit.expired_us else {
            return false;
        };
        let is_possible = now.us - expired_us <= LATENESS_TIMEOUTS * unit.timeout_us();
        let usual_us = unit.round_trip.us().or(self.round_trip.us());
        let is_slow = 4 * usual_us.unwrap_or(DRAIN_US) < now.us - pending.sent_us;
        self.half_duplex && is_possible && !unit.is_proving && (0 < unit.silences || is_slow)
    }

    /// Drops an answer and listens for as long as the device's own answer would take if that one
    /// was late; the request is sent again when nothing came.
    fn prove(&mut self, index: usize, pending: &Pending, turn: Turn, now: Now) {
        let drain_us = self.drain_us(index);
        let unit = &mut self.units[index];
        let latency_us = now.us - unit.expired_us.unwrap_or(now.us);
        unit.is_proving = true;
        unit.expired_us = Some(pending.sent_us);
        unit.not_before_us = pending.sent_us + latency_us + drain_us;
        self.hold(turn.device);
    }

    /// The unit that was listened to has answered once more: all its answers are late.
    fn is_late_indeed(&mut self, unit_id: u8, bytes_in: usize, now: Now) {
        let is_it = |unit: &Unit| unit.is_proving && unit.config.settings.unit_id == unit_id;
        let Some(index) = self.units.iter().position(is_it) else {
            return;
        };
        let unit = &mut self.units[index];
        unit.is_proving = false;
        unit.late_us = unit.expired_us.map(|sent_us| now.us - sent_us);
        unit.stats.late(bytes_in as u64);
        let (key, text) = (unit.key, unit.silence_text());
        self.held.retain(|held| *held != key);
        if let Some(turn) = self.units[index].turn {
            self.unanswered(index, turn, &text, now);
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

    pub(super) fn hold(&mut self, key: DeviceKey) {
        if !self.held.contains(&key) {
            self.held.push_back(key);
        }
    }

    /// Ends the requests whose time is over.
    pub(super) fn expire(&mut self, now: Now) {
        self.expire_guest(now);
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
        unit.is_proving = false;
        unit.expired_us = Some(pending.sent_us);
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
}
