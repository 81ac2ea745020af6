//! Checks of a draft as a whole: relations between objects.

mod alarms;
mod formulas;
mod placed;
mod routes;

use std::collections::HashSet;
use std::sync::Arc;

use headworks_core::model::{
    Alarm, Asset, Channel, Connection, Dashboard, Device, Dictionary, Group, Kind, Object,
    ObjectId, Picture, Policy, RetentionPolicy, Roster, Route, Tag, Template,
};

use super::body::BodyOf;
use super::draft::Draft;
use crate::error::Problem;

/// Returns what is wrong with the relations of a draft.
pub(crate) fn check_relations(draft: &Draft<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let plant = draft.plant;
    check_references(draft, &mut problems);
    check_templates(draft, &mut problems);
    check_policies(draft, &mut problems);
    check_groups(draft, &mut problems);
    check_names(draft, plant.connections(), &mut problems);
    check_names(draft, plant.templates(), &mut problems);
    check_names(draft, plant.devices(), &mut problems);
    check_names(draft, plant.groups(), &mut problems);
    check_names(draft, plant.routes(), &mut problems);
    check_names(draft, plant.channels(), &mut problems);
    check_names(draft, plant.rosters(), &mut problems);
    check_names(draft, plant.policies(), &mut problems);
    check_names(draft, plant.dashboards(), &mut problems);
    check_names(draft, plant.pictures(), &mut problems);
    check_names(draft, plant.retention_policies(), &mut problems);
    check_languages(draft, &mut problems);
    placed::check_places(draft, &mut problems);
    formulas::check_formulas(draft, &mut problems);
    alarms::check_alarms(draft, &mut problems);
    routes::check_routes(draft, &mut problems);
    problems
}

fn check_references(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    let mut check = |edit, field: &str, kind: Kind, id: Option<ObjectId>| {
        if let Some(id) = id.filter(|&id| !draft.is_there(kind, id)) {
            let reason = format!("{kind} {id} does not exist");
            problems.push(Problem::new(edit, field, reason));
        }
    };
    for (_, edit, asset) in draft.alive::<Asset>() {
        check(edit, "/parent", Kind::Asset, asset.parent);
    }
    for (_, edit, device) in draft.alive::<Device>() {
        check(
            edit,
            "/connection",
            Kind::Connection,
            Some(device.connection),
        );
        check(edit, "/asset", Kind::Asset, device.asset);
    }
    for (_, edit, tag) in draft.alive::<Tag>() {
        check(edit, "/device", Kind::Device, Some(tag.device));
        check(edit, "/asset", Kind::Asset, tag.asset);
    }
    for (_, edit, alarm) in draft.alive::<Alarm>() {
        check(edit, "/tag", Kind::Tag, alarm.tag);
    }
}

/// Finds bases that are not there or have a base themselves.
fn check_templates(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    let template = |id: ObjectId| {
        let old = draft.plant.template(id).map(|object| &object.body);
        draft.drafted::<Template>(id).unwrap_or(old)
    };
    for (id, edit, body) in draft.alive::<Template>() {
        let Some(base) = body.base else {
            continue;
        };
        let reason = match template(base) {
            None => format!("template {base} does not exist"),
            Some(base) if base.base.is_some() => format!(
                "template {:?} has a base itself; choose one that has none",
                base.name
            ),
            Some(_) if is_base(draft, id) => {
                "is the base of others, so that it can have none itself".to_owned()
            }
            Some(_) => continue,
        };
        problems.push(Problem::new(edit, "/base", reason));
    }
}

fn is_base(draft: &Draft<'_>, id: ObjectId) -> bool {
    let standing = draft.plant.templates().iter();
    let mut standing = standing.filter(|template| !draft.is_drafted(template.id));
    let mut drafted = draft.alive::<Template>();
    standing.any(|template| template.body.base == Some(id))
        || drafted.any(|(_, _, template)| template.base == Some(id))
}

fn check_groups(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    for (_, edit, group) in draft.alive::<Group>() {
        let members = [
            ("devices", Kind::Device, &group.devices),
            ("tags", Kind::Tag, &group.tags),
        ];
        for (field, kind, ids) in members {
            let missing = ids.iter().position(|&id| !draft.is_there(kind, id));
            if let Some(at) = missing {
                let reason = format!("{kind} {} does not exist", ids[at]);
                problems.push(Problem::new(edit, format!("/{field}/{at}"), reason));
            }
        }
    }
}

fn check_policies(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    for (_, edit, policy) in draft.alive::<Policy>() {
        for (place, step) in policy.steps.iter().enumerate() {
            let channel = (
                format!("/steps/{place}/channel"),
                Kind::Channel,
                step.channel,
            );
            let rosters = step.rosters.iter().enumerate();
            let rosters =
                rosters.map(|(at, &id)| (format!("/steps/{place}/rosters/{at}"), Kind::Roster, id));
            for (field, kind, id) in std::iter::once(channel).chain(rosters) {
                if !draft.is_there(kind, id) {
                    let reason = format!("{kind} {id} does not exist");
                    problems.push(Problem::new(edit, field, reason));
                }
            }
        }
    }
}

/// Finds languages that two dictionaries would have.
fn check_languages(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    let standing = draft.plant.dictionaries().iter();
    let standing = standing.filter(|object| !draft.is_drafted(object.id));
    let mut taken: HashSet<String> = standing
        .map(|object| object.body.language.to_ascii_lowercase())
        .collect();
    for (_, edit, body) in draft.alive::<Dictionary>() {
        if !taken.insert(body.language.to_ascii_lowercase()) {
            let reason = format!(
                "there is a dictionary of {:?} already; change that one",
                body.language
            );
            problems.push(Problem::new(edit, "/language", reason));
        }
    }
}

trait Named: BodyOf {
    const WORD: &'static str;
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($body:ty: $word:literal),* $(,)?) => {
        $(
            impl Named for $body {
                const WORD: &'static str = $word;
                fn name(&self) -> &str {
                    &self.name
                }
            }
        )*
    };
}

named! {
    Connection: "connection",
    Template: "template",
    Device: "device",
    Group: "group",
    Route: "route",
    Channel: "channel",
    Roster: "roster",
    Policy: "policy",
    Dashboard: "dashboard",
    Picture: "picture",
    RetentionPolicy: "retention policy",
}

/// Finds names that two objects of a kind would have.
fn check_names<T: Named>(
    draft: &Draft<'_>,
    objects: &[Arc<Object<T>>],
    problems: &mut Vec<Problem>,
) {
    if draft.alive::<T>().next().is_none() {
        return;
    }
    let mut taken: HashSet<&str> = objects
        .iter()
        .filter(|object| !draft.is_drafted(object.id))
        .map(|object| object.body.name())
        .collect();
    for (_, edit, body) in draft.alive::<T>() {
        if !taken.insert(body.name()) {
            let reason = format!(
                "there is a {} {:?} already; choose another name",
                T::WORD,
                body.name()
            );
            problems.push(Problem::new(edit, "/name", reason));
        }
    }
}
