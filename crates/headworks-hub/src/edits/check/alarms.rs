//! Checks of alarms beside one another and beside tags: names, limits that pass one another, and
//! what they read.

use std::collections::HashMap;

use headworks_core::expr::{Kind as ValueKind, Program, Reference, Scope};
use headworks_core::model::{Alarm, Kind, ObjectId, Tag};
use headworks_core::{DataType, alarm::Condition, alarm::Limit};

use super::formulas::{DraftScope, World};
use crate::edits::draft::Draft;
use crate::error::Problem;
use crate::plant::kind_of;

/// Adds what is wrong with alarms to `problems`.
pub(super) fn check_alarms(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    if draft.alive::<Alarm>().next().is_none() && draft.plant.alarms().is_empty() {
        return;
    }
    check_neighbours(draft, problems);
    let world = World::new(draft);
    for (_, edit, alarm) in draft.alive::<Alarm>() {
        check_readings(draft, &world, alarm, &mut |field, reason| {
            problems.push(Problem::new(edit, field, reason));
        });
    }
    check_standing(draft, &world, problems);
}

/// Finds alarms of one tag with one name, and limits that pass one another.
fn check_neighbours(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    let mut by_tag: HashMap<Option<ObjectId>, Vec<(ObjectId, &Alarm)>> = HashMap::new();
    for (id, _, alarm) in draft.alive::<Alarm>() {
        by_tag.entry(alarm.tag).or_default().push((id, alarm));
    }
    for (&tag, alarms) in &mut by_tag {
        let standing = match tag {
            Some(tag) => draft.plant.alarms_of(tag),
            None => draft.plant.alarms(),
        };
        let standing = standing
            .iter()
            .filter(|other| other.body.tag == tag && !draft.is_drafted(other.id));
        alarms.extend(standing.map(|other| (other.id, &other.body)));
    }
    for (id, edit, alarm) in draft.alive::<Alarm>() {
        let others = by_tag.get(&alarm.tag).into_iter().flatten();
        for (_, other) in others.filter(|(other, _)| *other != id) {
            if other.name == alarm.name {
                let reason = format!(
                    "its tag has an alarm {:?} already; choose another name",
                    alarm.name
                );
                problems.push(Problem::new(edit, "/name", reason));
            } else if let Some(error) = alarm.contradiction(other) {
                problems.push(Problem::new(edit, error.field, error.reason));
            }
        }
    }
}

/// Finds what an alarm reads and is not there, or is of a type that it cannot judge.
fn check_readings(
    draft: &Draft<'_>,
    world: &World<'_>,
    alarm: &Alarm,
    tell: &mut impl FnMut(String, String),
) {
    if let Some(reason) = alarm
        .tag
        .and_then(|tag| misfit(draft, &alarm.condition, tag))
    {
        tell("/condition/kind".to_owned(), reason);
    }
    for (name, limit) in alarm.condition.limits() {
        let Limit::Tag { tag } = limit else {
            continue;
        };
        let field = format!("/condition/{name}/tag");
        match type_of(draft, tag) {
            None => tell(field, format!("{tag} is no tag; choose a tag with numbers")),
            Some(DataType::String) => {
                tell(field, "the tag has texts; choose a tag with numbers".into());
            }
            Some(_) => {}
        }
    }
    for (field, text) in expressions(alarm) {
        if let Err(reason) = compile(draft, world, alarm, text) {
            tell(field.to_owned(), reason);
        }
    }
}

/// Finds alarms that no edit names whose tags are changed, moved or gone.
fn check_standing(draft: &Draft<'_>, world: &World<'_>, problems: &mut Vec<Problem>) {
    let Some(&edit) = world.touched.values().min() else {
        return;
    };
    let plant = draft.plant;
    for alarm in plant
        .alarms()
        .iter()
        .filter(|one| !draft.is_drafted(one.id))
    {
        let of_edit = |id: ObjectId| draft.edit_of(id);
        let limits = alarm.body.condition.limits();
        let limits = limits.filter_map(|(_, limit)| match limit {
            Limit::Tag { tag } => of_edit(tag),
            Limit::Fixed(_) => None,
        });
        let own = alarm.body.tag.and_then(of_edit);
        let named = expressions(&alarm.body).next().map(|_| edit);
        let Some(edit) = own.into_iter().chain(limits).chain(named).next() else {
            continue;
        };
        check_readings(draft, world, &alarm.body, &mut |_, reason| {
            let name = &alarm.body.name;
            let reason = format!(
                "the alarm {name:?} would no longer work: {reason}; change it in the same list of \
                 edits"
            );
            problems.push(Problem::new(edit, "", reason));
        });
    }
}

/// Returns the expressions of an alarm, with their places.
fn expressions(alarm: &Alarm) -> impl Iterator<Item = (&'static str, &str)> {
    let condition = match &alarm.condition {
        Condition::Expression { text } => Some(("/condition/text", text.as_str())),
        _ => None,
    };
    let suppress = (!alarm.suppress_when.is_empty())
        .then_some(("/suppress_when", alarm.suppress_when.as_str()));
    condition.into_iter().chain(suppress)
}

fn compile(draft: &Draft<'_>, world: &World<'_>, alarm: &Alarm, text: &str) -> Result<(), String> {
    // names without a path are those of the tags beside its own
    let device = alarm.tag.and_then(|tag| device_of(draft, tag));
    let scope = AlarmScope {
        names: world.scope(device),
        value: alarm.tag.and_then(|tag| kind_of_tag(draft, tag)),
    };
    let program = Program::compile(text, &scope).map_err(|error| error.to_string())?;
    match program.kind() {
        ValueKind::Text => Err("gives a text; it must be true or false".to_owned()),
        _ => Ok(()),
    }
}

/// What names in an expression of an alarm stand for: `value` is its tag.
struct AlarmScope<'a> {
    names: DraftScope<'a>,
    value: Option<ValueKind>,
}

impl Scope for AlarmScope<'_> {
    fn kind_of(&self, reference: &Reference) -> Option<ValueKind> {
        match reference {
            Reference::Name(name) if **name == *"value" => self.value,
            reference => self.names.kind_of(reference),
        }
    }

    fn similar(&self, reference: &Reference) -> Option<String> {
        self.names.similar(reference)
    }
}

fn kind_of_tag(draft: &Draft<'_>, tag: ObjectId) -> Option<ValueKind> {
    match draft.drafted::<Tag>(tag) {
        Some(drafted) => drafted.and_then(|tag| Some(kind_of(tag.data_type, tag.scaling().ok()?))),
        None => {
            let tag = draft.plant.tag(tag)?;
            Some(kind_of(tag.data_type(), tag.scaling()))
        }
    }
}

/// Returns why a condition cannot judge a tag.
fn misfit(draft: &Draft<'_>, condition: &Condition, tag: ObjectId) -> Option<String> {
    let needs_number = condition.limits().next().is_some();
    (needs_number && type_of(draft, tag)? == DataType::String).then(|| {
        "the tag has texts, which no limit can judge; choose equals, not_equals or discrete"
            .to_owned()
    })
}

fn type_of(draft: &Draft<'_>, tag: ObjectId) -> Option<DataType> {
    match draft.drafted::<Tag>(tag) {
        Some(drafted) => drafted.map(|tag| tag.data_type),
        None => draft.plant.tag(tag).map(|tag| tag.data_type()),
    }
}

fn device_of(draft: &Draft<'_>, tag: ObjectId) -> Option<ObjectId> {
    match draft.drafted::<Tag>(tag) {
        Some(drafted) => drafted.map(|tag| tag.device),
        None if draft.is_there(Kind::Tag, tag) => draft.plant.tag(tag).map(|tag| tag.device()),
        None => None,
    }
}
