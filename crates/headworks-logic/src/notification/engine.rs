//! The policy engine: entries of the alarm journal and time in, messages out. Pure.
//!
//! Every policy that is about an alarm keeps a [`Case`] of it from the time that it asks for
//! attention until nobody has to be told any more. A case says which step of the escalation comes
//! when, who was told, and what waits to be told. What waits is gathered by policy, step and
//! group, and goes out as one message when the window of that group is open. In a flood all of a
//! policy is one group with a longer window.

mod case;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use headworks_core::alarm::{Cause, Entry, Statistics};
use headworks_core::model::{GroupBy, ObjectId, Policy, Priority};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use case::{Case, CaseKey, Line, LineKind};

/// Most cases of all policies together; alarms beyond are counted, and told as a number.
pub const CASES_MAX: usize = 50_000;
/// Most alarms that one message names; the others are counted.
pub const LINES_MAX: usize = 20;

const US_PER_S: i64 = 1_000_000;
const US_PER_MIN: i64 = 60 * US_PER_S;

/// Decides who is told of what and when.
pub struct Engine {
    zone: TimeZone,
    policies: BTreeMap<ObjectId, Arc<Policy>>,
    cases: BTreeMap<CaseKey, Case>,
    /// When the next step of which case is due.
    due: BTreeSet<(i64, CaseKey)>,
    waiting: BTreeMap<Group, BTreeSet<ObjectId>>,
    /// When a group may have its next message; absent when at once.
    gates: BTreeMap<Group, i64>,
    floods: HashMap<ObjectId, Statistics>,
    /// Alarms for which there was no room, by policy.
    lost: BTreeMap<ObjectId, u64>,
    /// Cases that changed since they were last taken.
    changed: BTreeSet<CaseKey>,
}

/// What goes into one message: a policy, a step, and alarms that belong together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Group {
    policy: ObjectId,
    step: u8,
    name: Arc<str>,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The policy that asks for it.
    pub policy: ObjectId,
    /// Which of its steps, from 0.
    pub step: u8,
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// Whether it sums up a flood.
    pub is_digest: bool,
    /// What it tells, the most urgent first; at most [`LINES_MAX`].
    pub lines: Vec<Line>,
    /// Alarms beyond those lines.
    pub more: u64,
    /// How many alarms of each priority it is about, those beyond the lines included.
    pub by_priority: [u64; 4],
}

/// What is known of an alarm beside its journal.
pub trait Alarms {
    /// Returns the group of an alarm's rule; empty for none.
    fn group(&self, alarm: ObjectId) -> Arc<str>;
}

impl Engine {
    /// Returns an engine without policies, which takes over the cases of an earlier one. `zone`
    /// is the one of policies that have none of their own.
    pub fn new(zone: TimeZone, cases: impl IntoIterator<Item = (CaseKey, Case)>) -> Engine {
        let mut engine = Engine {
            zone,
            policies: BTreeMap::new(),
            cases: cases.into_iter().take(CASES_MAX).collect(),
            due: BTreeSet::new(),
            waiting: BTreeMap::new(),
            gates: BTreeMap::new(),
            floods: HashMap::new(),
            lost: BTreeMap::new(),
            changed: BTreeSet::new(),
        };
        for (key, case) in &engine.cases {
            engine.due.extend(case.due_us.map(|due_us| (due_us, *key)));
        }
        engine
    }

    /// Takes the policies that hold from now on; cases of others are forgotten.
    pub fn set_policies(&mut self, policies: BTreeMap<ObjectId, Arc<Policy>>) {
        self.policies = policies;
        let is_held = |key: &CaseKey| {
            let policy = self.policies.get(&key.policy);
            policy.is_some_and(|policy| policy.enabled)
        };
        let gone: Vec<CaseKey> = self
            .cases
            .keys()
            .filter(|key| !is_held(key))
            .copied()
            .collect();
        for key in gone {
            self.forget(key);
        }
        self.floods.retain(|id, _| self.policies.contains_key(id));
        self.lost.retain(|id, _| self.policies.contains_key(id));
        self.gather();
    }

    /// Takes the next entry of the journal.
    pub fn take(&mut self, entry: &Entry, alarms: &impl Alarms) {
        let group = alarms.group(entry.alarm);
        let policies: Vec<(ObjectId, Arc<Policy>)> = self
            .policies
            .iter()
            .map(|(id, policy)| (*id, Arc::clone(policy)))
            .collect();
        for (id, policy) in policies {
            let key = CaseKey {
                policy: id,
                alarm: entry.alarm,
            };
            if entry.transition.announces() {
                self.announce(key, &policy, entry, &group);
            } else {
                self.follow(key, &policy, entry);
            }
        }
    }

    /// Lets time pass and returns the messages that are to be sent now.
    pub fn tick(&mut self, now_us: i64) -> Vec<Message> {
        for statistics in self.floods.values_mut() {
            statistics.advance(now_us);
        }
        while let Some((due_us, key)) = self.due.first().copied()
            && due_us <= now_us
        {
            self.due.pop_first();
            self.step(key, now_us);
        }
        let is_open = |group: &Group| {
            self.gates
                .get(group)
                .is_none_or(|gate_us| *gate_us <= now_us)
        };
        let open: Vec<Group> = self
            .waiting
            .keys()
            .filter(|group| is_open(group))
            .cloned()
            .collect();
        let messages = open
            .into_iter()
            .filter_map(|group| self.send(group, now_us));
        let messages = messages.collect();
        self.gates.retain(|_, gate_us| now_us < *gate_us);
        messages
    }

    /// Returns when there is something to do even if nothing happens.
    pub fn next_due_us(&self) -> Option<i64> {
        let due_us = self.due.first().map(|(due_us, _)| *due_us);
        let waiting = self.waiting.keys();
        let gates = waiting.map(|group| self.gates.get(group).copied().unwrap_or(i64::MIN));
        due_us.into_iter().chain(gates).min()
    }

    /// Takes what has changed since the last time: cases, none where one is over.
    pub fn take_changes(&mut self) -> Vec<(CaseKey, Option<Case>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed
            .map(|key| (key, self.cases.get(&key).cloned()))
            .collect()
    }

    /// Returns how many cases there are.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// An alarm asks for attention.
    fn announce(&mut self, key: CaseKey, policy: &Policy, entry: &Entry, group: &Arc<str>) {
        if !policy.selects(entry.priority, entry.path.as_ref(), group) {
            return self.forget(key);
        }
        let time_us = entry.transition.time_us;
        match self.cases.get_mut(&key) {
            // Whoever was told is told again only by the escalation, which goes on: an alarm that
            // comes and goes would otherwise never reach its second step.
            Some(case) if case.is_open() => {
                case.due_us.map(|due_us| self.due.remove(&(due_us, key)));
                case.came_again(policy, entry);
                self.due.extend(case.due_us.map(|due_us| (due_us, key)));
            }
            _ if !policy.counts_at(time_us, &self.zone) => return self.forget(key),
            _ => {
                self.forget(key);
                self.open(key, policy, entry, group);
            }
        }
        self.changed.insert(key);
        if entry.transition.opens_event() {
            self.count(key.policy, entry);
        }
    }

    fn open(&mut self, key: CaseKey, policy: &Policy, entry: &Entry, group: &Arc<str>) {
        if CASES_MAX <= self.cases.len() {
            *self.lost.entry(key.policy).or_default() += 1;
            return;
        }
        let after_us = policy
            .steps
            .first()
            .map_or(0, |step| minutes(step.after_min));
        let case = Case::new(
            entry,
            group,
            entry.transition.time_us.saturating_add(after_us),
        );
        self.due.extend(case.due_us.map(|due_us| (due_us, key)));
        self.cases.insert(key, case);
    }

    /// Something else happened to an alarm.
    fn follow(&mut self, key: CaseKey, policy: &Policy, entry: &Entry) {
        let Some(case) = self.cases.get_mut(&key) else {
            return;
        };
        self.changed.insert(key);
        let due_us = case.due_us;
        let transition = &entry.transition;
        match transition.cause {
            Cause::Acknowledged => case.acknowledge(policy, transition.by.as_ref()),
            Cause::Cleared | Cause::Reset if !transition.to.is_hidden() => {
                case.end(policy, transition.to.needs_acknowledgement());
            }
            _ if transition.after.event.is_none() => case.hide(policy, transition.by.as_ref()),
            _ => {}
        }
        if case.due_us != due_us {
            due_us.map(|due_us| self.due.remove(&(due_us, key)));
        }
        match case.is_done() {
            true => self.forget(key),
            false => self.regather(key, policy),
        }
    }

    /// Does the step of a case that is due.
    fn step(&mut self, key: CaseKey, now_us: i64) {
        let Some(policy) = self.policies.get(&key.policy).map(Arc::clone) else {
            return;
        };
        let zone = &self.zone;
        let Some(case) = self.cases.get_mut(&key) else {
            return;
        };
        self.changed.insert(key);
        match policy.is_quiet_at(case.priority, now_us, zone) {
            true => case.due_us = Some(now_us.saturating_add(US_PER_MIN)),
            false => case.step(&policy, now_us),
        }
        self.due.extend(case.due_us.map(|due_us| (due_us, key)));
        self.regather(key, &policy);
    }

    /// Makes the message of a group whose window is open.
    fn send(&mut self, group: Group, now_us: i64) -> Option<Message> {
        let alarms = self.waiting.remove(&group)?;
        let policy = Arc::clone(self.policies.get(&group.policy)?);
        let in_flood = self.in_flood(group.policy);
        let mut lines = Vec::new();
        for alarm in alarms {
            let key = CaseKey {
                policy: group.policy,
                alarm,
            };
            let Some(case) = self.cases.get_mut(&key) else {
                continue;
            };
            lines.extend(case.tell(group.step));
            self.changed.insert(key);
            if case.is_done() {
                self.forget(key);
            }
        }
        let window_us = match in_flood {
            true => minutes(policy.digest_min),
            false => i64::from(policy.group_s) * US_PER_S,
        };
        let gate_us = now_us.saturating_add(window_us);
        let lost = self.lost.remove(&group.policy).unwrap_or(0);
        let message = message(&group, now_us, in_flood, lines, lost);
        if message.is_some() {
            self.gates.insert(group, gate_us);
        }
        message
    }

    /// Counts an event for the flood of its policy; when that begins, what waits becomes one.
    fn count(&mut self, policy: ObjectId, entry: &Entry) {
        let start_us = entry.transition.time_us;
        let statistics = self.floods.entry(policy);
        let statistics = statistics.or_insert_with(|| Statistics::new(start_us, 1));
        let was_in_flood = statistics.in_flood();
        statistics.add(entry);
        if !was_in_flood && statistics.in_flood() {
            self.gather();
        }
    }

    fn in_flood(&self, policy: ObjectId) -> bool {
        let statistics = self.floods.get(&policy);
        statistics.is_some_and(Statistics::in_flood)
    }

    /// Puts everything that waits where it belongs.
    fn gather(&mut self) {
        self.waiting.clear();
        let keys: Vec<CaseKey> = self.cases.keys().copied().collect();
        for key in keys {
            if let Some(policy) = self.policies.get(&key.policy).map(Arc::clone) {
                self.regather(key, &policy);
            }
        }
    }

    /// Puts what waits of a case where it belongs.
    fn regather(&mut self, key: CaseKey, policy: &Policy) {
        let Some(case) = self.cases.get(&key) else {
            return;
        };
        let name = match self.in_flood(key.policy) {
            true => Arc::from(""),
            false => case.group_name(policy.group_by),
        };
        for step in case.waiting_steps() {
            let group = Group {
                policy: key.policy,
                step,
                name: Arc::clone(&name),
            };
            self.waiting.entry(group).or_default().insert(key.alarm);
        }
    }

    fn forget(&mut self, key: CaseKey) {
        let Some(case) = self.cases.remove(&key) else {
            return;
        };
        case.due_us.map(|due_us| self.due.remove(&(due_us, key)));
        self.changed.insert(key);
    }
}

/// Returns the message of these lines; nothing when there is nothing to tell.
fn message(
    group: &Group,
    time_us: i64,
    is_digest: bool,
    mut lines: Vec<Line>,
    lost: u64,
) -> Option<Message> {
    if lines.is_empty() {
        return None;
    }
    let mut by_priority = [0_u64; 4];
    for line in &lines {
        by_priority[line.priority.as_usize()] += 1;
    }
    lines.sort_by_key(|line| (line.kind, line.priority, line.raised_us, line.alarm));
    let more = u64::try_from(lines.len().saturating_sub(LINES_MAX)).unwrap_or(u64::MAX);
    lines.truncate(LINES_MAX);
    Some(Message {
        policy: group.policy,
        step: group.step,
        time_us,
        is_digest: is_digest && 1 < lines.len(),
        lines,
        more: more.saturating_add(lost),
        by_priority,
    })
}

impl Message {
    /// Returns the most urgent priority.
    pub fn priority(&self) -> Priority {
        let priorities = self.lines.iter().map(|line| line.priority);
        priorities.min().unwrap_or(Priority::Low)
    }

    /// Returns how many alarms it is about.
    pub fn count(&self) -> u64 {
        let lines = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        lines.saturating_add(self.more)
    }
}

impl Case {
    /// Returns the name of what goes into one message with it.
    fn group_name(&self, by: GroupBy) -> Arc<str> {
        match by {
            GroupBy::Policy => Arc::from(""),
            GroupBy::Area => Arc::from(self.area()),
            GroupBy::AlarmGroup => Arc::clone(&self.group),
            GroupBy::Alarm => Arc::from(self.alarm.to_string()),
        }
    }
}

fn minutes(count: u16) -> i64 {
    i64::from(count) * US_PER_MIN
}
