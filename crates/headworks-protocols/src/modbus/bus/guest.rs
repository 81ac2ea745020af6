//! Questions of others than the configured devices, between the polls.
//!
//! One question is on its way at a time, and it takes turns with the polls: never two questions in
//! a row while a poll is due. On TCP a silent station holds up the polls no longer than any unit
//! that is new; on a serial line for the time-out that came with the question.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::{Bus, DRAIN_US, SOFT_LIMIT_NEW_US, SOFT_LIMIT_US};
use crate::driver::{AskFailure, Question};
use crate::modbus::frame::Frame;
use crate::modbus::pdu::{Answer, AnswerError, Request};
use crate::modbus::unit::Now;
use crate::wire_log;

/// Takes the answer.
type Reply = oneshot::Sender<Result<Vec<u8>, AskFailure>>;

/// Questions that may wait for their turn.
pub(super) const WAITING_MAX: usize = 16;

/// The questions.
#[derive(Debug, Default)]
pub(super) struct Guests {
    waiting: VecDeque<(u8, Request, u64, Reply)>, // station, request, time-out
    on_wire: Option<OnWire>,
    had_a_turn: bool, // a question was the last that was sent
}

/// The question that waits for its answer.
#[derive(Debug)]
struct OnWire {
    station: u8,
    request: Request,
    reply: Reply,
    transaction: u16,
    sent_us: u64,
    deadline_us: u64,
    blocks_until_us: u64,
}

impl Guests {
    /// Returns whether a question could be sent.
    pub(super) fn is_waiting(&self) -> bool {
        self.on_wire.is_none() && !self.waiting.is_empty()
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Returns whether it is the turn of a question, whatever else is due.
    pub(super) fn is_next(&self) -> bool {
        self.is_waiting() && !self.had_a_turn
    }

    pub(super) fn is_on_wire(&self) -> bool {
        self.on_wire.is_some()
    }

    pub(super) fn deadline_us(&self) -> Option<u64> {
        self.on_wire.as_ref().map(|guest| guest.deadline_us)
    }

    /// Returns until when the question holds up others, when it does.
    pub(super) fn blocks_until_us(&self, now: Now) -> Option<u64> {
        let until_us = self.on_wire.as_ref()?.blocks_until_us;
        (now.us < until_us).then_some(until_us)
    }

    pub(super) fn others_had_their_turn(&mut self) {
        self.had_a_turn = false;
    }

    pub(super) fn disconnected(&mut self, reason: &str) {
        let waiting = self.waiting.drain(..).map(|(_, _, _, reply)| reply);
        for reply in waiting.chain(self.on_wire.take().map(|guest| guest.reply)) {
            answer(reply, Err(link_down(reason)));
        }
    }
}

impl Bus {
    /// Takes a question.
    pub(in crate::modbus) fn ask(&mut self, question: &Question, reply: Reply) {
        let Ok(request) = Request::decode(&question.request) else {
            let reason = "the bytes are no Modbus request".to_owned();
            return answer(reply, Err(AskFailure::Unusable { reason }));
        };
        if !self.is_up {
            return answer(reply, Err(link_down("the connection is not open")));
        }
        if WAITING_MAX <= self.guests.waiting.len() {
            return answer(reply, Err(link_down("too many questions wait already")));
        }
        let timeout_us = super::micros(question.timeout);
        let waiting = (question.station, request, timeout_us, reply);
        self.guests.waiting.push_back(waiting);
    }

    /// Sends the next question; returns whether there was one.
    pub(super) fn send_guest(&mut self, now: Now, out: &mut Vec<u8>) -> bool {
        if !self.guests.is_waiting() {
            return false;
        }
        let Some((station, request, timeout_us, reply)) = self.guests.waiting.pop_front() else {
            return false;
        };
        self.transaction = self.transaction.wrapping_add(1);
        let start = out.len();
        self.framing
            .encode(self.transaction, station, |out| request.encode(out), out);
        self.log.push(
            now.wall_us,
            wire_log::Direction::Sent,
            &out[start..],
            "discovery",
        );
        let soft_us = match self.round_trip.us() {
            Some(usual_us) => (4 * usual_us).max(SOFT_LIMIT_NEW_US),
            None => SOFT_LIMIT_US,
        };
        self.guests.had_a_turn = true;
        self.guests.on_wire = Some(OnWire {
            station,
            request,
            reply,
            transaction: self.transaction,
            sent_us: now.us,
            deadline_us: now.us + timeout_us,
            blocks_until_us: now.us + soft_us.min(timeout_us),
        });
        true
    }

    /// Takes a frame that answers the question; returns whether it did.
    pub(super) fn take_guest_frame(
        &mut self,
        frame: &Frame,
        whole: &[u8],
        pdu: &[u8],
        now: Now,
    ) -> bool {
        let is_answer = |guest: &mut OnWire| match frame.transaction {
            Some(transaction) => transaction == guest.transaction,
            None => true, // on a serial line nobody else was asked
        };
        let Some(guest) = self.guests.on_wire.take_if(is_answer) else {
            return false;
        };
        self.log_received(whole, "discovery", now);
        if self.half_duplex {
            let pause_us = u64::from(self.settings.pause_ms) * 1000;
            self.free_us = now.us + pause_us.max(self.silence_us);
        }
        let outcome = if guest.station == frame.unit {
            outcome(&guest.request, pdu)
        } else {
            let (found, want) = (frame.unit, guest.station);
            let reason = format!("unit {found} answered where unit {want} was asked");
            Err(AskFailure::Broken { reason })
        };
        answer(guest.reply, outcome);
        true
    }

    /// Ends the question whose time is over.
    pub(super) fn expire_guest(&mut self, now: Now) {
        let is_over = |guest: &mut OnWire| guest.deadline_us <= now.us;
        let Some(guest) = self.guests.on_wire.take_if(is_over) else {
            return;
        };
        if self.half_duplex {
            // A late answer must not be taken for that of the next.
            let rest_us = self
                .round_trip
                .us()
                .unwrap_or(DRAIN_US)
                .max(self.silence_us);
            self.free_us = now.us + rest_us;
            let of_station =
                |unit: &&mut super::Unit| unit.config.settings.unit_id == guest.station;
            for unit in self.units.iter_mut().filter(of_station) {
                unit.expired_us = Some(guest.sent_us);
            }
        }
        answer(guest.reply, Err(AskFailure::NoAnswer));
    }
}

fn outcome(request: &Request, pdu: &[u8]) -> Result<Vec<u8>, AskFailure> {
    match request.decode_answer(pdu) {
        Ok(Answer::Data(data)) => Ok(data.to_vec()),
        Ok(Answer::Done) => Ok(Vec::new()),
        Err(AnswerError::Exception(code)) => Err(AskFailure::Refused {
            code: code.0,
            reason: code.to_string(),
        }),
        Err(error) => Err(AskFailure::Broken {
            reason: error.to_string(),
        }),
    }
}

fn link_down(reason: &str) -> AskFailure {
    AskFailure::LinkDown {
        reason: reason.to_owned(),
    }
}

/// Whoever asked may have gone; then nobody misses the answer.
fn answer(reply: Reply, outcome: Result<Vec<u8>, AskFailure>) {
    let _gone = reply.send(outcome);
}
