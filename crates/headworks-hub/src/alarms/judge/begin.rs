//! Taking alarms over: from the journal at the start, from a new plant at each edit.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use headworks_core::alarm::{Entry, Folded, Input, Ledger, Machine, Rule};
use headworks_core::model::ObjectId;
use headworks_store::AlarmStart;

use super::Judge;
use super::live::Live;
use crate::alarms::Last;
use crate::alarms::queue::Item;
use crate::alarms::rules::{AlarmRule, Rules};

/// The rule of an alarm that is no more.
const NO_RULE: Rule = Rule {
    on_delay_us: 0,
    off_delay_us: 0,
    re_alarm_us: None,
    shelve_max_us: 0,
    latching: false,
};

impl Judge {
    /// Begins as the journal has left the alarms. Nothing is judged before a sample comes.
    pub(in crate::alarms) fn begin(
        &mut self,
        start: AlarmStart,
        rules: Arc<Rules>,
        now_us: i64,
        last: Last<'_>,
    ) {
        self.ledger = Ledger::new(start.event);
        self.number = start.number;
        self.rules = Arc::clone(&rules);
        self.live.resize_with(rules.slot_end(), || None);
        let mut groups = BTreeSet::new();
        for (slot, rule) in rules.all() {
            let folded = start.fold.get(rule.id());
            self.live[slot as usize] = Some(Live::restore(folded));
            groups.insert(group_of(rule));
        }
        self.rebuild(groups);
        for (slot, _) in rules.all() {
            self.look(slot, now_us, last, None, |look| look.begin());
            self.lift_what_is_left(slot, now_us, last);
        }
        for head in start.heads {
            if rules.slot_of(head.alarm).is_none() {
                self.end(head, now_us);
            }
        }
    }

    /// Ends an alarm that went while no hub looked.
    fn end(&mut self, head: Entry, now_us: i64) {
        let alarm = head.alarm;
        let mut machine = Machine::restore(head.transition.after);
        // this input is never refused
        let _taken = machine.apply(&NO_RULE, &mut self.ledger, now_us, Input::Remove);
        for transition in self.ledger.drain() {
            self.number += 1;
            let entry = Arc::new(Entry {
                number: self.number,
                value: None,
                first_out: false,
                transition,
                ..head.clone()
            });
            self.out.push(Item::Entry { entry, mark: None });
        }
        self.out.push(Item::Forget(alarm));
    }

    /// Takes the alarms of a new plant. One that did not change goes on as if nothing had been;
    /// one that did keeps how it stands and is judged anew at once.
    pub(in crate::alarms) fn take(&mut self, rules: Arc<Rules>, now_us: i64, last: Last<'_>) {
        let before = Arc::clone(&self.rules);
        for (slot, rule) in before.all() {
            if rules.slot_of(rule.id()).is_none() {
                self.remove(slot, rule.id(), now_us, last);
            }
        }
        self.rules = Arc::clone(&rules);
        self.live.resize_with(rules.slot_end(), || None);
        let mut groups = BTreeSet::new();
        let mut new = Vec::new();
        for (slot, rule) in rules.all() {
            let old = before.get(slot).filter(|old| old.id() == rule.id());
            let live = &mut self.live[slot as usize];
            match (old, live.as_mut()) {
                (Some(old), Some(_)) if Arc::ptr_eq(old, rule) => continue,
                (Some(old), Some(live)) => {
                    if group_of(old) != group_of(rule) {
                        groups.extend([group_of(old), group_of(rule)]);
                    }
                    if old.is_judged_like(rule) {
                        continue;
                    }
                    live.begin_anew();
                }
                _ => *live = Some(Live::default()),
            }
            new.push(slot);
        }
        self.rebuild(groups);
        for slot in new {
            self.judge_new(slot, now_us, last);
        }
    }

    fn remove(&mut self, slot: u32, alarm: ObjectId, now_us: i64, last: Last<'_>) {
        self.input(slot, now_us, last, Input::Remove);
        let live = self.live[slot as usize].take();
        self.timers
            .disarm(slot, live.and_then(|live| live.armed_us));
        self.out.push(Item::Forget(alarm));
    }

    fn judge_new(&mut self, slot: u32, now_us: i64, last: Last<'_>) {
        let suppressed = self.suppress_one(slot, now_us, last);
        self.judge_present(slot, now_us, last);
        if suppressed == Some(false) {
            self.input(slot, now_us, last, Input::Suppress(false));
        }
        self.lift_what_is_left(slot, now_us, last);
    }

    /// Gives an alarm its meaning again whose configuration says no more when it has none.
    fn lift_what_is_left(&mut self, slot: u32, now_us: i64, last: Last<'_>) {
        self.look(slot, now_us, last, None, |look| {
            if look.is_left_suppressed() {
                look.apply(Input::Suppress(false));
            }
        });
    }

    /// Makes groups of their members anew.
    fn rebuild(&mut self, groups: BTreeSet<Arc<str>>) {
        let mut members: HashMap<Arc<str>, Vec<(ObjectId, Folded)>> = HashMap::new();
        if groups.iter().any(|group| !group.is_empty()) {
            for (slot, rule) in self.rules.all() {
                let group = group_of(rule);
                if let (true, Some(live)) = (groups.contains(&group), &self.live[slot as usize]) {
                    let folded = Folded {
                        standing: *live.machine.standing(),
                        priority: rule.alarm().priority,
                        first_out: live.first_out,
                        last_event: live.last_event,
                    };
                    members.entry(group).or_default().push((rule.id(), folded));
                }
            }
        }
        for group in groups.into_iter().filter(|group| !group.is_empty()) {
            let of_group = members.remove(&group).unwrap_or_default();
            let mark = self.groups.rebuild(group, &of_group);
            self.out.push(Item::Mark(mark));
        }
    }
}

fn group_of(rule: &AlarmRule) -> Arc<str> {
    rule.alarm().group.as_str().into()
}
