//! Taking back what was done: edits that lead from after a commit to before it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use headworks_core::model::{Kind, ObjectId};
use headworks_store::{Action, CommitStep, DeletedObject};

use super::{Body, Edit};
use crate::error::HubError;
use crate::plant::Plant;

/// Returns the edits that take back what a commit did.
///
/// # Errors
///
/// [`HubError::Past`] when a state before the commit is not kept.
pub(crate) fn undo(plant: &Plant, steps: &[CommitStep]) -> Result<Vec<Edit>, HubError> {
    let mut made: Vec<&CommitStep> = Vec::new();
    let mut edits = Vec::with_capacity(steps.len());
    for step in steps {
        let expected = Some(step.revision);
        let id = step.id;
        match step.action {
            Action::Created => made.push(step),
            Action::Updated => {
                let body = body(step.kind, id, step.before.as_deref())?;
                edits.push(Edit::Update { id, expected, body });
            }
            Action::Deleted => {
                let body = body(step.kind, id, step.before.as_deref())?;
                let id = Some(id);
                edits.push(Edit::Create { id, body });
            }
        }
    }
    // what rests on others goes first
    made.sort_by_cached_key(|step| Reverse(rank(plant, step.id)));
    edits.extend(made.into_iter().map(|step| Edit::Delete {
        id: step.id,
        expected: Some(step.revision),
        cascade: false,
    }));
    Ok(edits)
}

/// Returns the edits that bring back a deleted object, and with it what was deleted in the same
/// commit and rests on it.
///
/// # Errors
///
/// [`HubError::Past`] when the state before the commit is not kept.
pub(crate) fn restore(object: &DeletedObject, steps: &[CommitStep]) -> Result<Vec<Edit>, HubError> {
    let mut edits = vec![Edit::Create {
        id: Some(object.id),
        body: body(object.kind, object.id, object.body.as_deref())?,
    }];
    let mut resting: HashMap<ObjectId, Vec<(ObjectId, Body)>> = HashMap::new();
    let deleted = steps.iter().filter(|step| step.action == Action::Deleted);
    for step in deleted.filter(|step| step.id != object.id) {
        // what cannot be read any more cannot rest on anything
        if let Ok(body) = body(step.kind, step.id, step.before.as_deref()) {
            for below in body.rests_on() {
                resting
                    .entry(below)
                    .or_default()
                    .push((step.id, body.clone()));
            }
        }
    }
    let (mut seen, mut next) = (HashSet::from([object.id]), vec![object.id]);
    while let Some(id) = next.pop() {
        for (id, body) in resting.remove(&id).into_iter().flatten() {
            if seen.insert(id) {
                next.push(id);
                let id = Some(id);
                edits.push(Edit::Create { id, body });
            }
        }
    }
    Ok(edits)
}

/// Orders objects so that each comes after what it rests on.
fn rank(plant: &Plant, id: ObjectId) -> (Option<Kind>, usize) {
    let kind = plant.kind_of(id);
    let depth = match kind {
        Some(Kind::Asset) => plant
            .asset_path(id)
            .map_or(0, |path| path.segments().count()),
        Some(Kind::Template) => plant
            .template(id)
            .map_or(0, |template| usize::from(template.body.base.is_some())),
        _ => 0,
    };
    (kind, depth)
}

fn body(kind: Option<Kind>, id: ObjectId, json: Option<&str>) -> Result<Body, HubError> {
    let (Some(kind), Some(json)) = (kind, json) else {
        let reason = "the state before is not kept any more".to_owned();
        return Err(HubError::Past { id, reason });
    };
    Body::from_json(kind, json).map_err(|error| HubError::Past {
        id,
        reason: format!("the {kind} of then cannot be read by this program: {error}"),
    })
}
