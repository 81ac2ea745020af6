//! Checks of places: a path is one tag, or a folder.

use std::collections::{HashMap, HashSet};

use headworks_core::model::{Asset, Device, ObjectId, Tag};
use headworks_core::{TagIndex, TagPath};

use crate::edits::draft::Draft;
use crate::edits::moves::{moved_devices, moves, numbers};
use crate::error::Problem;
use crate::plant::{Paths, PlaceError, Places, TagEntry, fold};

/// Adds what is wrong with the places of assets, devices and tags to `problems`.
pub(super) fn check_places(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    let mut paths = Paths::new(draft);
    check_assets(draft, &mut paths, problems);
    let placed = Placed::new(draft, &mut paths, problems);
    placed.check_collisions(draft, problems);
    placed.check_folders(draft, &mut paths, problems);
}

type DraftPaths<'a, 'b> = Paths<'a, Draft<'b>>;

/// Finds assets that lie in themselves, stand too deep, or have the path of another.
fn check_assets(draft: &Draft<'_>, paths: &mut DraftPaths<'_, '_>, problems: &mut Vec<Problem>) {
    if draft.alive::<Asset>().next().is_none() {
        return;
    }
    let mut taken: HashMap<String, ObjectId> = HashMap::new();
    let mut edited: Vec<(ObjectId, usize)> = Vec::new();
    for (id, edit, _) in draft.alive::<Asset>() {
        match circle(draft, id) {
            Some(reason) => problems.push(Problem::new(edit, "/parent", reason)),
            None => edited.push((id, edit)),
        }
    }
    let standing = draft.plant.assets().iter().map(|asset| asset.id);
    for id in standing.filter(|&id| !draft.is_drafted(id)) {
        if let Ok(path) = paths.asset(id) {
            taken.insert(fold(path.as_str()), id);
        }
    }
    for (id, edit) in edited {
        match paths.asset(id) {
            Ok(path) => {
                if taken.insert(fold(path.as_str()), id).is_some() {
                    let reason = format!("there is an asset {path} already; choose another name");
                    problems.push(Problem::new(edit, "/name", reason));
                }
            }
            Err(PlaceError::Missing(_)) => {} // said already: the reference leads nowhere
            Err(error) => problems.push(Problem::new(edit, "/parent", error)),
        }
    }
}

/// Returns the way from an asset over its parents back to itself.
fn circle(draft: &Draft<'_>, id: ObjectId) -> Option<String> {
    let name = |id| draft.asset(id).map_or("?", |asset| asset.name.as_str());
    let mut way = vec![name(id)];
    let mut next = draft.asset(id)?.parent;
    while let Some(parent) = next {
        way.push(name(parent));
        if parent == id {
            way.reverse();
            return Some(format!("lies in itself: {}", way.join("/")));
        }
        if TagPath::SEGMENTS_MAX < way.len() {
            return None; // too deep, or above a circle: its path says so
        }
        next = draft.asset(parent)?.parent;
    }
    None
}

/// The tags that the draft places somewhere: new, changed, or moved with what they stand in.
struct Placed {
    tags: Vec<PlacedTag>,
    moved: HashSet<TagIndex>,
    devices: HashSet<ObjectId>,
}

struct PlacedTag {
    edit: usize,
    field: &'static str,
    path: TagPath,
    folded: String,
}

impl Placed {
    fn new(
        draft: &Draft<'_>,
        paths: &mut DraftPaths<'_, '_>,
        problems: &mut Vec<Problem>,
    ) -> Placed {
        let mut placed = Placed {
            tags: Vec::new(),
            moved: HashSet::new(),
            devices: moved_devices(draft, paths),
        };
        for (_, edit, tag) in draft.alive::<Tag>() {
            placed.add(edit, "/name", paths.of_tag(tag), problems);
        }
        let moves = moves(draft, paths);
        placed.moved = numbers(&moves);
        for moved in moves {
            placed.add(moved.edit, "/path", moved.path, problems);
        }
        placed
    }

    fn add(
        &mut self,
        edit: usize,
        field: &'static str,
        path: Result<TagPath, PlaceError>,
        problems: &mut Vec<Problem>,
    ) {
        match path {
            Ok(path) => self.tags.push(PlacedTag {
                edit,
                field,
                folded: fold(path.as_str()),
                path,
            }),
            Err(PlaceError::Path(reason)) => problems.push(Problem::new(edit, field, reason)),
            // said already: of the reference, or of the asset
            Err(PlaceError::Missing(_) | PlaceError::Circle) => {}
        }
    }

    /// Returns whether a tag of the plant stays where it is.
    fn stays(&self, draft: &Draft<'_>, tag: &TagEntry) -> bool {
        !draft.is_drafted(tag.id()) && !self.moved.contains(&tag.index())
    }

    /// Finds paths that two tags would have, upper and lower case as one.
    fn check_collisions(&self, draft: &Draft<'_>, problems: &mut Vec<Problem>) {
        let mut taken: HashMap<&str, &TagPath> = HashMap::with_capacity(self.tags.len());
        for tag in &self.tags {
            let before = taken.insert(&tag.folded, &tag.path);
            let standing = draft
                .plant
                .tag_by_folded_path(tag.path.as_str())
                .filter(|other| self.stays(draft, other))
                .map(|other| other.path());
            if let Some(other) = before.or(standing) {
                problems.push(tag.problem(collision(&tag.path, other)));
            }
        }
    }

    /// Finds tags that would stand where others have their tags.
    fn check_folders(
        &self,
        draft: &Draft<'_>,
        paths: &mut DraftPaths<'_, '_>,
        problems: &mut Vec<Problem>,
    ) {
        let new_folders = self.new_folders(draft, paths);
        if !self.tags.is_empty() || !new_folders.is_empty() {
            let folders = folders(draft, paths);
            for tag in self.tags.iter().filter(|tag| folders.contains(&tag.folded)) {
                let reason = format!(
                    "path {} is that of an asset, a device or a folder with devices; choose \
                     another name",
                    tag.path
                );
                problems.push(tag.problem(reason));
            }
        }
        for (edit, path) in new_folders {
            let standing = ancestors_and_self(path.as_str())
                .filter_map(|path| draft.plant.tag_by_folded_path(path))
                .find(|tag| self.stays(draft, tag));
            if let Some(tag) = standing {
                let reason = format!("{} is a tag; tags cannot stand below it", tag.path());
                problems.push(Problem::new(edit, "/path", reason));
            }
        }
    }

    /// Returns the paths of devices and assets that are new or moved by an edit that names them.
    fn new_folders(
        &self,
        draft: &Draft<'_>,
        paths: &mut DraftPaths<'_, '_>,
    ) -> Vec<(usize, TagPath)> {
        let mut found = Vec::new();
        for (id, edit, _) in draft.alive::<Device>() {
            if draft.plant.device(id).is_none() || self.devices.contains(&id) {
                found.extend(paths.device(id).ok().map(|path| (edit, path)));
            }
        }
        for (id, edit, _) in draft.alive::<Asset>() {
            found.extend(paths.asset(id).ok().map(|path| (edit, path)));
        }
        found
    }
}

impl PlacedTag {
    fn problem(&self, reason: String) -> Problem {
        Problem::new(self.edit, self.field, reason)
    }
}

fn collision(path: &TagPath, other: &TagPath) -> String {
    if path == other {
        return format!("there is a tag {path} already; choose another name");
    }
    format!("path {path} differs from {other} only by upper and lower case")
}

/// Returns the folded paths of all devices and assets and of all folders above them.
fn folders(draft: &Draft<'_>, paths: &mut DraftPaths<'_, '_>) -> HashSet<String> {
    let devices = draft.plant.devices().iter().map(|device| device.id);
    let assets = draft.plant.assets().iter().map(|asset| asset.id);
    let new_devices = draft.alive::<Device>().map(|(id, _, _)| id);
    let new_assets = draft.alive::<Asset>().map(|(id, _, _)| id);
    let devices: HashSet<ObjectId> = devices.chain(new_devices).collect();
    let assets: HashSet<ObjectId> = assets.chain(new_assets).collect();
    let mut folders = HashSet::new();
    let mut add = |path: Result<TagPath, PlaceError>| {
        let Ok(path) = path else {
            return; // deleted, or said already
        };
        let path = fold(path.as_str());
        for folder in ancestors_and_self(&path) {
            if !folders.contains(folder) {
                folders.insert(folder.to_owned());
            }
        }
    };
    devices.into_iter().for_each(|id| add(paths.device(id)));
    assets.into_iter().for_each(|id| add(paths.asset(id)));
    folders
}

fn ancestors_and_self(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| Some(path.rsplit_once('/')?.0))
}
