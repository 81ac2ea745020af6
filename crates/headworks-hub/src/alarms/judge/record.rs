//! From transitions to entries of the journal.

use std::sync::Arc;

use headworks_core::alarm::{Entry, Ledger, Transition};
use headworks_core::model::MessageFacts;
use headworks_core::{Sample, Value};

use super::live::Live;
use crate::alarms::Last;
use crate::alarms::groups::{Groups, Mark};
use crate::alarms::queue::Item;
use crate::alarms::rules::AlarmRule;

/// Writes what a look at an alarm came to.
pub(super) struct Record<'a> {
    pub(super) rule: &'a AlarmRule,
    pub(super) live: &'a mut Live,
    pub(super) ledger: &'a mut Ledger,
    pub(super) groups: &'a mut Groups,
    pub(super) number: &'a mut u64,
    pub(super) out: &'a mut Vec<Item>,
}

impl Record<'_> {
    /// Makes an entry of every transition; `sample` is what was judged, where it is not the last
    /// one of the tag.
    pub(super) fn write(&mut self, sample: Option<&Sample>, last: Last<'_>) {
        let value = match sample {
            Some(sample) => sample.value.clone(),
            None => self.present_value(last),
        };
        let transitions: Vec<Transition> = self.ledger.drain().collect();
        for transition in transitions {
            let mark = self.mark(&transition);
            *self.number += 1;
            self.live.number = *self.number;
            self.live.last_event = transition
                .event
                .map(|event| event.id)
                .or(self.live.last_event);
            let entry = self.entry(transition, value.clone());
            let entry = Arc::new(entry);
            self.out.push(Item::Entry { entry, mark });
        }
    }

    /// Takes the transition into its group.
    fn mark(&mut self, transition: &Transition) -> Option<Mark> {
        let alarm = self.rule.alarm();
        self.live.first_out = false;
        if alarm.group.is_empty() {
            return None;
        }
        let id = self.rule.id();
        let (is_first, mark) = self.groups.apply(&alarm.group, id, transition);
        self.live.first_out = is_first;
        Some(mark)
    }

    fn entry(&self, transition: Transition, value: Option<Value>) -> Entry {
        let alarm = self.rule.alarm();
        let tag = self.rule.tag.as_ref();
        let facts = MessageFacts {
            value: value.as_ref(),
            limit: self.live.limit,
            tag: tag.map_or("", |tag| tag.path().as_str()),
            unit: tag.map_or("", |tag| tag.unit()),
            decimals: tag.and_then(|tag| tag.decimals()),
        };
        let text = match alarm.message.as_str() {
            "" => alarm.name.clone(),
            message => facts.render(message),
        };
        Entry {
            number: *self.number,
            alarm: self.rule.id(),
            name: alarm.name.clone(),
            path: tag.map(|tag| tag.path().clone()),
            priority: alarm.priority,
            text,
            limit: self.live.limit,
            first_out: self.live.first_out,
            value,
            transition,
        }
    }

    fn present_value(&self, last: Last<'_>) -> Option<Value> {
        let tag = self.rule.tag.as_ref()?;
        let sample = last(tag.index()).filter(|sample| !sample.quality.is_bad());
        sample?.value
    }
}
