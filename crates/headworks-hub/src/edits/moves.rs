//! Which tags move because what they stand in does.

use std::collections::HashSet;
use std::sync::Arc;

use headworks_core::model::{Asset, Device, ObjectId};
use headworks_core::{TagIndex, TagName, TagPath};

use super::draft::Draft;
use crate::plant::{Paths, PlaceError, Places, TagEntry};

/// A tag that no edit names and whose path changes all the same.
pub(crate) struct Move {
    /// The edit that moves it.
    pub(crate) edit: usize,
    /// The tag as it was.
    pub(crate) tag: Arc<TagEntry>,
    /// Its path, or why it can have none.
    pub(crate) path: Result<TagPath, PlaceError>,
}

/// Returns the tags that a draft moves without naming them.
pub(crate) fn moves(draft: &Draft<'_>, paths: &mut Paths<'_, Draft<'_>>) -> Vec<Move> {
    let mut moves = Vec::new();
    for device in moved_devices(draft, paths) {
        for tag in draft.plant.tags_of(device) {
            if tag.asset().is_none() {
                add_move(draft, paths, tag, &mut moves);
            }
        }
    }
    if draft.alive::<Asset>().next().is_some() {
        for tag in draft.plant.tags().filter(|tag| tag.asset().is_some()) {
            add_move(draft, paths, tag, &mut moves);
        }
    }
    moves
}

/// Returns the devices there are whose path is another in the draft.
pub(crate) fn moved_devices(
    draft: &Draft<'_>,
    paths: &mut Paths<'_, Draft<'_>>,
) -> HashSet<ObjectId> {
    let has_assets = draft.alive::<Asset>().next().is_some();
    let in_assets = draft
        .plant
        .devices()
        .iter()
        .filter(|device| has_assets && device.body.asset.is_some())
        .map(|device| device.id);
    let edited = draft.alive::<Device>().map(|(id, _, _)| id);
    let mut before = Paths::new(draft.plant);
    edited
        .chain(in_assets)
        .filter(|&id| draft.plant.device(id).is_some())
        .filter(|&id| before.device(id) != paths.device(id))
        .collect()
}

fn add_move(
    draft: &Draft<'_>,
    paths: &mut Paths<'_, Draft<'_>>,
    tag: &Arc<TagEntry>,
    moves: &mut Vec<Move>,
) {
    if draft.is_drafted(tag.id()) {
        return;
    }
    let name: TagName = tag.name().parse().expect("a segment of a path is a name");
    let path = paths.named(tag.device(), tag.asset(), &name);
    if path.as_ref() == Ok(tag.path()) {
        return;
    }
    moves.push(Move {
        edit: who_moves(draft, tag),
        tag: Arc::clone(tag),
        path,
    });
}

/// Returns the edit that moves a tag: of its device, else of the nearest asset above it.
fn who_moves(draft: &Draft<'_>, tag: &TagEntry) -> usize {
    let asset = match tag.asset() {
        Some(asset) => Some(asset),
        None => match draft.edit_of(tag.device()) {
            Some(edit) => return edit,
            None => draft.device(tag.device()).and_then(|device| device.asset),
        },
    };
    let parent = |&id: &ObjectId| draft.asset(id)?.parent;
    std::iter::successors(asset, parent)
        .take(TagPath::SEGMENTS_MAX)
        .find_map(|asset| draft.edit_of(asset))
        .unwrap_or(0)
}

/// Returns the numbers of moved tags.
pub(crate) fn numbers(moves: &[Move]) -> HashSet<TagIndex> {
    moves.iter().map(|moved| moved.tag.index()).collect()
}
