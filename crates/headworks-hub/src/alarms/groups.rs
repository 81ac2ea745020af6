//! The groups of which the first alarm is marked.

use std::collections::HashMap;
use std::sync::Arc;

use headworks_core::alarm::{FirstOut, Folded, Transition};
use headworks_core::model::ObjectId;

/// Every group with an alarm that has an event or had one.
#[derive(Default)]
pub(super) struct Groups(HashMap<Arc<str>, FirstOut>);

/// Which alarm of a group came first now.
pub(super) type Mark = (Arc<str>, Option<ObjectId>);

impl Groups {
    /// Takes a transition of an alarm of a group; returns whether the alarm is the first, and the
    /// mark of the group.
    pub(super) fn apply(
        &mut self,
        group: &str,
        alarm: ObjectId,
        transition: &Transition,
    ) -> (bool, Mark) {
        let first_out = self.0.entry(group.into()).or_default();
        let is_first = first_out.apply(alarm, transition);
        let first = first_out.first();
        (is_first, (group.into(), first))
    }

    /// Makes a group of its members anew; returns its mark.
    pub(super) fn rebuild(&mut self, group: Arc<str>, members: &[(ObjectId, Folded)]) -> Mark {
        let members = members.iter().map(|(alarm, folded)| (*alarm, folded));
        let first_out = FirstOut::restore(members);
        let first = first_out.first();
        if first_out == FirstOut::default() {
            self.0.remove(&group);
        } else {
            self.0.insert(Arc::clone(&group), first_out);
        }
        (group, first)
    }
}
