//! Edits: how the configuration of the plant changes.

mod body;
mod check;
mod draft;
mod finish;
mod moves;
mod protocol_check;
mod rewrite;
mod undo;

use headworks_core::TagIndex;
use headworks_core::model::{Kind, ObjectId};
use headworks_protocols::Protocol;
use headworks_store::Action;

use crate::error::{HubError, Problem};
use crate::plant::Plant;

pub use body::Body;
pub(crate) use draft::Draft;
pub(crate) use finish::{finish, load};
pub use rewrite::Rewritten;
pub(crate) use undo::{restore, undo};

/// One change of the configuration; a list of them is applied whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Make an object.
    Create {
        /// Its id, so that other edits of the same list can name it; chosen by the hub when absent.
        id: Option<ObjectId>,
        /// What it is to be.
        body: Body,
    },
    /// Replace the body of an object.
    Update {
        /// The object.
        id: ObjectId,
        /// The revision it must have; any when absent.
        expected: Option<u64>,
        /// What it is to be, of the same kind.
        body: Body,
    },
    /// Delete an object.
    Delete {
        /// The object.
        id: ObjectId,
        /// The revision it must have; any when absent.
        expected: Option<u64>,
        /// Whether devices and tags that rest on it are deleted too.
        cascade: bool,
    },
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The object.
    pub id: ObjectId,
    /// Its kind.
    pub kind: Kind,
    /// What happened to it.
    pub action: Action,
    /// Its revision now; of a deleted object, the last it had.
    pub revision: u64,
    /// Time of the change, microseconds since 1970-01-01 UTC.
    pub updated_us: i64,
    /// Its number, if it is a tag.
    pub tag: Option<TagIndex>,
    /// How many objects were deleted with it.
    pub cascaded: usize,
    /// How many formulas and expressions of alarms follow it: they call what they read by its new
    /// name.
    pub rewritten: usize,
}

/// Most edits of one list.
pub const EDITS_MAX: usize = 200_000;

/// Applies edits to a plant in thought and checks everything that can be checked.
///
/// # Errors
///
/// As [`crate::HubHandle::apply`], save for those of the store.
pub(crate) fn prepare<'a>(
    plant: &'a Plant,
    edits: Vec<Edit>,
    protocols: &[&Protocol],
    new_id: impl FnMut() -> ObjectId,
) -> Result<Draft<'a>, HubError> {
    if EDITS_MAX < edits.len() {
        let reason = format!(
            "{} edits in one list; at most {EDITS_MAX} are allowed",
            edits.len()
        );
        return Err(HubError::Invalid(vec![Problem::new(0, "", reason)]));
    }
    let mut draft = Draft::new(plant, edits, new_id)?;
    rewrite::rewrite_expressions(&mut draft);
    let mut problems = std::mem::take(&mut draft.problems);
    problems.extend(check::check_relations(&draft));
    problems.extend(protocol_check::check_protocols(&draft, protocols));
    if problems.is_empty() {
        return Ok(draft);
    }
    problems.sort_by_key(|problem| problem.edit);
    Err(HubError::Invalid(problems))
}

impl Edit {
    /// Returns the edit that makes an object with an id of the hub's choice.
    pub fn create(body: impl Into<Body>) -> Edit {
        let body = body.into();
        Edit::Create { id: None, body }
    }

    /// Returns the edit that replaces an object at whatever revision it is.
    pub fn update(id: ObjectId, body: impl Into<Body>) -> Edit {
        let body = body.into();
        let expected = None;
        Edit::Update { id, expected, body }
    }
}
