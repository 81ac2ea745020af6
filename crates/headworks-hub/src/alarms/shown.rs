//! How the alarms stand for everybody but their machines: as the journal has it.

use std::collections::HashMap;
use std::sync::Arc;

use headworks_core::TagPath;
use headworks_core::Value;
use headworks_core::alarm::{Cause, Entry, Standing, State};
use headworks_core::model::{Alarm, Object, ObjectId};
use parking_lot::RwLock;

use super::groups::Mark;
use super::queue::Item;
use super::rules::{AlarmRule, Rules};

/// How an alarm stands.
#[derive(Clone, Debug)]
pub struct AlarmStatus {
    /// What is configured.
    pub alarm: Arc<Object<Alarm>>,
    /// Path of its tag, whose folders are its area.
    pub path: Option<TagPath>,
    /// Its state, and all that belongs to it.
    pub standing: Standing,
    /// Whether it is the first of its group.
    pub first_out: bool,
    /// Its newest entry in the journal; none when nothing ever happened to it.
    pub last: Option<Arc<Entry>>,
    /// Why a part of it cannot work: a tag that is no more, an expression that cannot be read.
    pub fault: Option<String>,
}

impl AlarmStatus {
    /// Returns what the operator reads.
    pub fn text(&self) -> &str {
        self.last.as_ref().map_or("", |last| &last.text)
    }

    /// Returns the value of the last transition.
    pub fn value(&self) -> Option<&Value> {
        self.last.as_ref()?.value.as_ref()
    }

    /// Returns the limit of the last transition.
    pub fn limit(&self) -> Option<f64> {
        self.last.as_ref()?.limit
    }

    /// Returns whether it asks something of somebody: it is neither normal nor hidden.
    pub fn is_open(&self) -> bool {
        self.standing.event.is_some()
    }
}

/// The newest entry of each alarm, and the first of each group.
#[derive(Default)]
pub(super) struct Shown {
    state: RwLock<Newest>,
}

#[derive(Default)]
struct Newest {
    entries: HashMap<ObjectId, Arc<Entry>>,
    firsts: HashMap<Arc<str>, ObjectId>,
}

impl Shown {
    /// Begins with what the journal has.
    pub(super) fn begin(&self, heads: &[Entry]) {
        let mut newest = self.state.write();
        for head in heads {
            newest.entries.insert(head.alarm, Arc::new(head.clone()));
        }
    }

    /// Shows what the journal has taken.
    pub(super) fn apply(&self, items: &[Item]) {
        let mut newest = self.state.write();
        for item in items {
            match item {
                Item::Entry { entry, mark } => {
                    newest.note(entry);
                    mark.iter().for_each(|mark| newest.mark(mark));
                }
                Item::Forget(alarm) => drop(newest.entries.remove(alarm)),
                Item::Mark(mark) => newest.mark(mark),
            }
        }
    }

    /// Returns how every alarm of some rules stands, in no order.
    pub(super) fn list(&self, rules: &Rules) -> Vec<AlarmStatus> {
        let newest = self.state.read();
        let all = rules.all();
        all.map(|(_, rule)| newest.status(rule)).collect()
    }

    /// Returns how the alarms stand that are not normal, in no order.
    pub(super) fn active(&self, rules: &Rules) -> Vec<AlarmStatus> {
        let newest = self.state.read();
        let entries = newest.entries.values();
        let active = entries.filter(|entry| entry.transition.to != State::Normal);
        let rule = |entry: &Arc<Entry>| rules.get(rules.slot_of(entry.alarm)?);
        let status = |entry| rule(entry).map(|rule| newest.status(rule));
        active.filter_map(status).collect()
    }

    pub(super) fn status(&self, rule: &AlarmRule) -> AlarmStatus {
        self.state.read().status(rule)
    }

    /// Returns how many alarms are in each state, from A to I; those without an entry are A.
    pub(super) fn counts(&self, rules: &Rules) -> [usize; 9] {
        let mut counts = [0; 9];
        let newest = self.state.read();
        let entries = newest.entries.values();
        for entry in entries.filter(|entry| rules.slot_of(entry.alarm).is_some()) {
            let place = State::ALL
                .iter()
                .position(|&one| one == entry.transition.to);
            counts[place.unwrap_or(0)] += 1;
        }
        counts[0] += rules.len() - counts.iter().sum::<usize>();
        counts
    }
}

impl Newest {
    fn note(&mut self, entry: &Arc<Entry>) {
        if entry.transition.cause == Cause::Removed {
            self.entries.remove(&entry.alarm);
        } else {
            self.entries.insert(entry.alarm, Arc::clone(entry));
        }
    }

    fn mark(&mut self, (group, first): &Mark) {
        match first {
            Some(first) => drop(self.firsts.insert(Arc::clone(group), *first)),
            None => drop(self.firsts.remove(group)),
        }
    }

    fn status(&self, rule: &AlarmRule) -> AlarmStatus {
        let last = self.entries.get(&rule.id());
        let first = self.firsts.get(rule.alarm().group.as_str());
        AlarmStatus {
            alarm: Arc::clone(&rule.object),
            path: rule.tag.as_ref().map(|tag| tag.path().clone()),
            standing: last.map_or_else(Standing::default, |last| last.transition.after),
            first_out: first == Some(&rule.id()),
            last: last.cloned(),
            fault: rule.fault.clone(),
        }
    }
}
