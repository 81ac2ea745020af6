//! What answers mean for tags, and who waits for them.

use headworks_core::codec::DecodeError;
use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use tokio::sync::oneshot;

use super::{Now, Point, PollJob, TagState, Unit};
use crate::driver::PollReport;
use crate::modbus::pdu;
use crate::modbus::planner::Member;
use crate::modbus::table::Span;

impl Unit {
    pub(super) fn reply_polls(&mut self) {
        if self.polls.is_empty() {
            return;
        }
        let report = self.report();
        let open = |poll: &PollJob| !poll.waiting.is_empty() || !poll.running.is_empty();
        let (open, done) = std::mem::take(&mut self.polls).into_iter().partition(open);
        self.polls = open;
        for poll in done {
            // Nobody may be waiting any more.
            let _gone = poll.reply.send(report.clone());
        }
    }

    fn report(&self) -> PollReport {
        let good = self
            .states
            .iter()
            .filter(|state| **state == TagState::Good)
            .count();
        let bad = self.states.len() - good;
        let error = self.last_error.clone().filter(|_| 0 < bad);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        PollReport {
            good: count(good),
            bad: count(bad),
            error,
        }
    }

    /// Lets `reply` wait for a scan of every period.
    pub(in crate::modbus) fn poll(&mut self, reply: oneshot::Sender<PollReport>) {
        let waiting = self.scans.iter().map(|scan| scan.period_us).collect();
        self.polls.push(PollJob {
            waiting,
            running: Vec::new(),
            reply,
        });
        self.reply_polls();
    }

    /// The device, or the link to it, is silent: every tag is bad and whoever waits is told.
    pub(in crate::modbus) fn silent(&mut self, error: String, now: Now, updates: &mut Vec<Update>) {
        self.last_error = Some(error);
        if let Some(search) = self.search.take() {
            search.learning.finish(&mut self.learned, now.us);
            self.make_plan();
        }
        self.attempt = 0;
        self.turn = None;
        self.probe = None;
        for item in 0..self.states.len() {
            self.bad(item, Quality::BAD_NO_COMMUNICATION, now, updates);
        }
        for poll in &mut self.polls {
            poll.waiting.clear();
            poll.running.clear();
        }
        self.reply_polls();
    }

    /// Sends a bad sample, once until the reason changes or the tag is good again.
    pub(super) fn bad(
        &mut self,
        item: usize,
        quality: Quality,
        now: Now,
        updates: &mut Vec<Update>,
    ) {
        let state = TagState::Bad(quality);
        if self.states[item] == state {
            return;
        }
        self.states[item] = state;
        updates.push(Update {
            tag: self.points[item].index,
            sample: Sample::bad(now.wall_us, quality),
        });
    }

    /// Decodes the members of an answer that are wanted at this pass.
    pub(super) fn decode(
        &mut self,
        span: Span,
        members: &[Member],
        pass: u32,
        data: &[u8],
        now: Now,
        updates: &mut Vec<Update>,
    ) {
        updates.reserve(members.len());
        for member in members {
            if member.every != 1 && !pass.is_multiple_of(member.every.max(1)) {
                continue;
            }
            let point = self.points[member.item];
            match point.decode(span, data) {
                Ok(value) => {
                    self.states[member.item] = TagState::Good;
                    updates.push(Update {
                        tag: point.index,
                        sample: Sample::good(now.wall_us, value),
                    });
                }
                Err(quality) => {
                    if !matches!(self.states[member.item], TagState::Bad(_)) {
                        let path = &self.config.tags[member.item].path;
                        self.last_error = Some(format!("{path}: the value is not valid"));
                    }
                    self.bad(member.item, quality, now, updates);
                }
            }
        }
    }

    /// Sends the value of a tag that was read back after a write.
    pub(in crate::modbus) fn read_back(
        &mut self,
        tag: TagIndex,
        value: &Value,
        now: Now,
        updates: &mut Vec<Update>,
    ) {
        let Some(item) = self.points.iter().position(|point| point.index == tag) else {
            return;
        };
        self.states[item] = TagState::Good;
        updates.push(Update {
            tag,
            sample: Sample::good(now.wall_us, value.clone()),
        });
    }
}

impl Point {
    pub(super) fn is_same(&self, other: &Point) -> bool {
        self.start == other.start && self.format == other.format
    }

    fn decode(&self, span: Span, data: &[u8]) -> Result<Value, Quality> {
        let offset = usize::from(self.start.wrapping_sub(span.start));
        if span.table.is_bits() {
            let state = pdu::bit(data, offset);
            return state.map(Value::Bool).ok_or(Quality::BAD_DECODING);
        }
        let end = offset + usize::from(self.registers);
        let bytes = data.get(offset * 2..end * 2).ok_or(Quality::BAD_DECODING)?;
        self.format.decode(bytes).map_err(|error| match error {
            DecodeError::NotFinite => Quality::BAD_SENSOR_FAILURE,
            DecodeError::Length { .. } | DecodeError::BcdDigit => Quality::BAD_DECODING,
        })
    }
}
