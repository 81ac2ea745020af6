//! One alarm of one policy: what was told, what waits, what comes next.

use std::sync::Arc;

use headworks_core::alarm::{By, Entry, EventId};
use headworks_core::model::{ObjectId, Policy, Priority};
use headworks_core::{TagPath, Value};
use serde::{Deserialize, Serialize};

use super::{US_PER_MIN, minutes};

/// Most repeats of the last step: a week of hours, then nobody reads them.
const REPEATS_MAX: u16 = 168;
/// How late a first step may be without the others waiting with it.
const LATE_US: i64 = US_PER_MIN;

/// Names a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseKey {
    /// The policy.
    pub policy: ObjectId,
    /// The alarm.
    pub alarm: ObjectId,
}

/// One alarm of one policy, as it is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub(super) alarm: ObjectId,
    pub(super) event: Option<EventId>,
    name: Arc<str>,
    path: Option<TagPath>,
    pub(super) group: Arc<str>,
    pub(super) priority: Priority,
    text: Arc<str>,
    value: Option<Value>,
    limit: Option<f64>,
    raised_us: i64,
    /// From when the times of the steps count.
    base_us: i64,
    /// How often it came while it was open.
    times: u32,
    /// The step that comes next, and how often the last one was repeated.
    next: u8,
    repeats: u16,
    /// When the next step is due; none when there is none.
    pub(super) due_us: Option<i64>,
    /// Steps that were told, as bits.
    told: u16,
    waiting: Vec<(u8, LineKind)>,
    is_acknowledged: bool,
    is_over: bool,
    by: Option<Arc<str>>,
}

/// What a line of a message tells; the order is that in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// An alarm was raised.
    Raised,
    /// Nobody has acknowledged it for a while.
    Escalated,
    /// Somebody acknowledged it.
    Acknowledged,
    /// It is over.
    Over,
    /// It was shelved, suppressed, taken out of service or removed.
    Hidden,
}

/// One alarm of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What is told of it.
    pub kind: LineKind,
    /// The alarm.
    pub alarm: ObjectId,
    /// The event that is to be acknowledged.
    pub event: Option<EventId>,
    /// Name of the alarm.
    pub name: Arc<str>,
    /// Path of its tag.
    pub path: Option<TagPath>,
    /// How urgent it is.
    pub priority: Priority,
    /// What the operator reads.
    pub text: Arc<str>,
    /// The value that was judged.
    pub value: Option<Value>,
    /// The limit that it was judged by.
    pub limit: Option<f64>,
    /// When it was raised, microseconds since 1970-01-01 UTC.
    pub raised_us: i64,
    /// How often it came since somebody was told.
    pub times: u32,
    /// Who acknowledged it or put it aside.
    pub by: Option<Arc<str>>,
}

impl Case {
    pub(super) fn new(entry: &Entry, group: &Arc<str>, due_us: i64) -> Case {
        Case {
            alarm: entry.alarm,
            event: entry.transition.event.map(|event| event.id),
            name: entry.name.as_str().into(),
            path: entry.path.clone(),
            group: Arc::clone(group),
            priority: entry.priority,
            text: entry.text.as_str().into(),
            value: entry.value.clone(),
            limit: entry.limit,
            raised_us: entry.transition.time_us,
            base_us: entry.transition.time_us,
            times: 1,
            next: 0,
            repeats: 0,
            due_us: Some(due_us),
            told: 0,
            waiting: Vec::new(),
            is_acknowledged: false,
            is_over: false,
            by: None,
        }
    }

    /// Returns whether anybody was told of it.
    #[cfg(test)]
    pub(super) fn is_told(&self) -> bool {
        self.told != 0
    }

    /// Returns whether somebody still has to acknowledge it.
    pub(super) fn is_open(&self) -> bool {
        !self.is_acknowledged
    }

    /// Returns whether nobody will be told anything more.
    pub(super) fn is_done(&self) -> bool {
        let is_settled = match (self.is_acknowledged, self.told) {
            (_, 0) => self.is_acknowledged || self.is_over,
            (true, _) => self.is_over,
            (false, _) => false, // the acknowledgement is still to come
        };
        is_settled && self.due_us.is_none() && self.waiting.is_empty()
    }

    /// Returns the folders of its tag.
    pub(super) fn area(&self) -> &str {
        let path = self.path.as_ref().map_or("", |path| path.as_str());
        path.rsplit_once('/').map_or("", |(area, _)| area)
    }

    /// Takes over that it came again before anybody acknowledged it.
    pub(super) fn came_again(&mut self, policy: &Policy, entry: &Entry) {
        self.event = entry.transition.event.map(|event| event.id);
        self.priority = entry.priority;
        self.text = entry.text.as_str().into();
        self.value = entry.value.clone();
        self.limit = entry.limit;
        self.times = self.times.saturating_add(1);
        self.is_over = false;
        self.waiting.retain(|(_, kind)| *kind != LineKind::Over);
        if self.due_us.is_none() {
            self.resume(policy, entry.transition.time_us);
        }
    }

    /// Goes on with an escalation that has stopped because the alarm was over.
    fn resume(&mut self, policy: &Policy, now_us: i64) {
        if self.told == 0 && self.waiting.is_empty() {
            (self.next, self.repeats, self.base_us) = (0, 0, now_us);
        }
        self.due_us = match after_us(policy, self.next) {
            Some(after_us) => Some(self.base_us.saturating_add(after_us).max(now_us)),
            None => self.repeat(policy, now_us),
        };
    }

    /// Somebody acknowledged it.
    pub(super) fn acknowledge(&mut self, policy: &Policy, by: Option<&By>) {
        self.is_acknowledged = true;
        self.close(by);
        if policy.tell_acknowledged {
            self.wait_for_told(LineKind::Acknowledged);
        }
        if !policy.tell_over {
            self.is_over = true; // nobody is told of the end
        }
    }

    /// The condition is over.
    pub(super) fn end(&mut self, policy: &Policy, needs_acknowledgement: bool) {
        self.is_over = true;
        if !needs_acknowledgement {
            self.is_acknowledged = true;
        }
        if !needs_acknowledgement || policy.stop_when_over {
            self.due_us = None;
            self.waiting.retain(|(_, kind)| !is_call(*kind));
        }
        if policy.tell_over {
            self.wait_for_told(LineKind::Over);
        }
    }

    /// It was put aside, or removed.
    pub(super) fn hide(&mut self, policy: &Policy, by: Option<&By>) {
        let was_acknowledged = self.is_acknowledged;
        self.is_acknowledged = true;
        self.is_over = true;
        self.close(by);
        if policy.tell_over || (policy.tell_acknowledged && !was_acknowledged) {
            self.wait_for_told(LineKind::Hidden);
        }
    }

    /// Nobody needs to be called any more.
    fn close(&mut self, by: Option<&By>) {
        self.due_us = None;
        self.waiting.retain(|(_, kind)| !is_call(*kind));
        self.by = by.map(|by| Arc::clone(&by.actor));
    }

    fn wait_for_told(&mut self, kind: LineKind) {
        for step in 0..16_u8 {
            if self.told & (1 << step) != 0 {
                self.waiting.push((step, kind));
            }
        }
    }

    /// Does the step that is due, and says when the next one is.
    pub(super) fn step(&mut self, policy: &Policy, now_us: i64) {
        let steps = u8::try_from(policy.steps.len()).unwrap_or(u8::MAX);
        let step = self.next.min(steps.saturating_sub(1));
        let kind = match (step, self.repeats) {
            (0, 0) => LineKind::Raised,
            _ => LineKind::Escalated,
        };
        let planned_us = self
            .base_us
            .saturating_add(after_us(policy, step).unwrap_or(0));
        if kind == LineKind::Raised && planned_us.saturating_add(LATE_US) < now_us {
            // After quiet hours or a standstill nobody is to be called past by the next step.
            self.base_us = now_us.saturating_sub(after_us(policy, 0).unwrap_or(0));
        }
        if !self.waiting.contains(&(step, kind)) {
            self.waiting.push((step, kind));
        }
        self.next = step.saturating_add(1);
        self.due_us = match after_us(policy, self.next) {
            Some(after_us) => Some(self.base_us.saturating_add(after_us)),
            None => self.repeat(policy, now_us),
        };
    }

    fn repeat(&mut self, policy: &Policy, now_us: i64) -> Option<i64> {
        let every_us = minutes(policy.repeat_min?);
        if REPEATS_MAX <= self.repeats {
            return None;
        }
        self.repeats += 1;
        Some(now_us.saturating_add(every_us))
    }

    /// Returns the steps for which something waits.
    pub(super) fn waiting_steps(&self) -> impl Iterator<Item = u8> {
        self.waiting.iter().map(|(step, _)| *step)
    }

    /// Takes what waits for a step, as a line of its message: the newest of it says all.
    pub(super) fn tell(&mut self, step: u8) -> Option<Line> {
        let waited = self.waiting.iter().filter(|(one, _)| *one == step);
        let kind = waited.map(|(_, kind)| *kind).max()?;
        self.waiting.retain(|(one, _)| *one != step);
        if is_call(kind) {
            self.told |= 1_u16.checked_shl(step.into()).unwrap_or(0);
        }
        Some(Line {
            kind,
            alarm: self.alarm,
            event: self.event,
            name: Arc::clone(&self.name),
            path: self.path.clone(),
            priority: self.priority,
            text: Arc::clone(&self.text),
            value: self.value.clone(),
            limit: self.limit,
            raised_us: self.raised_us,
            times: self.times,
            by: self.by.clone(),
        })
    }
}

/// Returns how long after the first time a step comes; nothing when there is no such step.
fn after_us(policy: &Policy, step: u8) -> Option<i64> {
    let step = policy.steps.get(usize::from(step))?;
    Some(minutes(step.after_min))
}

/// Returns whether a line calls somebody to an alarm.
fn is_call(kind: LineKind) -> bool {
    matches!(kind, LineKind::Raised | LineKind::Escalated)
}
