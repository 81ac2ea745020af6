//! What a route remembers of one of its tags.

use super::echo::Chain;
use super::window::Window;
use crate::expr::State;
use crate::model::RouteRules;
use crate::quality::QualityClass;
use crate::sample::{Sample, TagIndex};
use crate::value::Value;

/// One tag of one route.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) tag: TagIndex,
    pub(super) route: u32,
    /// What passed last.
    pub(super) last: Option<Last>,
    /// When that was.
    pub(super) passed_us: i64,
    /// What came too soon after it.
    pub(super) pending: Option<Box<Pending>>,
    pub(super) window: Option<Box<Window>>,
    pub(super) when: Option<Box<State>>,
    pub(super) transform: Option<Box<State>>,
}

#[derive(Debug)]
pub(super) struct Last {
    value: Option<Value>,
    class: QualityClass,
}

/// Something that passes when it is time.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) source: Sample,
    pub(super) result: Sample,
    pub(super) chain: Chain,
    pub(super) due_us: i64,
}

impl Member {
    pub(super) fn new(tag: TagIndex, route: u32) -> Member {
        Member {
            tag,
            route,
            last: None,
            passed_us: i64::MIN,
            pending: None,
            window: None,
            when: None,
            transform: None,
        }
    }

    /// Returns when it is to be looked at without a new sample.
    pub(super) fn due_us(&self) -> Option<i64> {
        let window = self.window.as_ref().map(|window| window.end_us);
        let pending = self.pending.as_ref().map(|pending| pending.due_us);
        window.into_iter().chain(pending).min()
    }

    /// Takes a result for known: only what differs from it passes.
    pub(super) fn remember(&mut self, result: &Sample) {
        self.last = Some(Last {
            value: result.value.clone(),
            class: result.quality.class(),
        });
    }

    /// Returns whether a result says nothing new.
    pub(super) fn is_known(&self, result: &Sample, rules: &RouteRules) -> bool {
        let Some(last) = self.last.as_ref().filter(|_| !rules.every_sample) else {
            return false;
        };
        last.class == result.quality.class()
            && is_near(last.value.as_ref(), result.value.as_ref(), rules.deadband)
    }
}

fn is_near(last: Option<&Value>, now: Option<&Value>, deadband: f64) -> bool {
    if last == now {
        return true;
    }
    let numbers = last
        .and_then(Value::as_f64)
        .zip(now.and_then(Value::as_f64));
    numbers.is_some_and(|(last, now)| (last - now).abs() <= deadband)
}
