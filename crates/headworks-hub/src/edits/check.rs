//! Checks of a draft as a whole: relations between objects.

use std::collections::{HashMap, HashSet};

use headworks_core::TagPath;
use headworks_core::model::{Connection, Dashboard, Device, Object, ObjectId, RetentionPolicy};

use super::draft::{Draft, Drafts, alive};
use crate::error::Problem;
use crate::plant::{TagEntry, fold, tag_path};

/// Adds what is wrong with the relations of a draft to its problems.
pub(crate) fn check_relations(draft: &Draft<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_references(draft, &mut problems);
    check_names(&draft.connections, draft.plant.connections(), &mut problems);
    check_names(&draft.devices, draft.plant.devices(), &mut problems);
    check_names(&draft.dashboards, draft.plant.dashboards(), &mut problems);
    check_names(
        &draft.retention,
        draft.plant.retention_policies(),
        &mut problems,
    );
    let placed = Placed::new(draft, &mut problems);
    placed.check_collisions(draft, &mut problems);
    placed.check_folders(draft, &mut problems);
    problems
}

fn check_references(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    for (_, edit, device) in alive(&draft.devices) {
        if draft.connection(device.connection).is_none() {
            let reason = format!("connection {} does not exist", device.connection);
            problems.push(Problem::new(edit, "/connection", reason));
        }
    }
    for (_, edit, tag) in alive(&draft.tags) {
        if draft.device(tag.device).is_none() {
            let reason = format!("device {} does not exist", tag.device);
            problems.push(Problem::new(edit, "/device", reason));
        }
    }
}

trait Named {
    const KIND: &'static str;
    fn name(&self) -> &str;
}

impl Named for Connection {
    const KIND: &'static str = "connection";
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Device {
    const KIND: &'static str = "device";
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Dashboard {
    const KIND: &'static str = "dashboard";
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for RetentionPolicy {
    const KIND: &'static str = "retention policy";
    fn name(&self) -> &str {
        &self.name
    }
}

/// Finds names that two objects of a kind would have.
fn check_names<T: Named>(
    drafts: &Drafts<T>,
    objects: &[std::sync::Arc<Object<T>>],
    problems: &mut Vec<Problem>,
) {
    if drafts.is_empty() {
        return;
    }
    let mut taken: HashSet<&str> = objects
        .iter()
        .filter(|object| !drafts.contains_key(&object.id))
        .map(|object| object.body.name())
        .collect();
    for (_, edit, body) in alive(drafts) {
        if !taken.insert(body.name()) {
            let reason = format!(
                "there is a {} {:?} already; choose another name",
                T::KIND,
                body.name()
            );
            problems.push(Problem::new(edit, "/name", reason));
        }
    }
}

/// The tags that the draft places somewhere: new, changed or moved with their device.
struct Placed {
    tags: Vec<PlacedTag>,
}

struct PlacedTag {
    edit: usize,
    field: &'static str,
    path: TagPath,
    folded: String,
}

impl Placed {
    fn new(draft: &Draft<'_>, problems: &mut Vec<Problem>) -> Placed {
        let mut placed = Placed { tags: Vec::new() };
        for (_, edit, tag) in alive(&draft.tags) {
            if let Some(device) = draft.device(tag.device) {
                let path = tag_path(&device.path, &tag.name).map_err(|error| error.reason);
                placed.add(edit, "/name", path, problems);
            }
        }
        for (id, edit, device) in alive(&draft.devices) {
            if draft.new_path(id).is_none() {
                continue;
            }
            for tag in draft.plant.tags_of(id) {
                if !draft.tags.contains_key(&tag.id()) {
                    let path = tag.moved(&device.path).map_err(|error| error.reason);
                    let path = path.map(|tag| tag.path().clone());
                    placed.add(edit, "/path", path, problems);
                }
            }
        }
        placed
    }

    fn add(
        &mut self,
        edit: usize,
        field: &'static str,
        path: Result<TagPath, String>,
        problems: &mut Vec<Problem>,
    ) {
        match path {
            Ok(path) => self.tags.push(PlacedTag {
                edit,
                field,
                folded: fold(path.as_str()),
                path,
            }),
            Err(reason) => problems.push(Problem::new(edit, field, reason)),
        }
    }

    /// Finds paths that two tags would have, upper and lower case as one.
    fn check_collisions(&self, draft: &Draft<'_>, problems: &mut Vec<Problem>) {
        let mut taken: HashMap<&str, &TagPath> = HashMap::with_capacity(self.tags.len());
        for tag in &self.tags {
            let before = taken.insert(&tag.folded, &tag.path);
            let standing = draft
                .plant
                .tag_by_folded_path(tag.path.as_str())
                .filter(|other| stays(draft, other))
                .map(|other| other.path());
            if let Some(other) = before.or(standing) {
                problems.push(tag.problem(collision(&tag.path, other)));
            }
        }
    }

    /// Finds tags that would stand where devices have their tags: a path is a tag or a folder.
    fn check_folders(&self, draft: &Draft<'_>, problems: &mut Vec<Problem>) {
        if self.tags.is_empty() && draft.devices.is_empty() {
            return;
        }
        let folders = folders(draft);
        for tag in self.tags.iter().filter(|tag| folders.contains(&tag.folded)) {
            let reason = format!(
                "path {} is that of a device or of a folder with devices; choose another name",
                tag.path
            );
            problems.push(tag.problem(reason));
        }
        for (id, edit, device) in alive(&draft.devices) {
            if draft.new_path(id).is_none() {
                continue;
            }
            let standing = ancestors_and_self(device.path.as_str())
                .filter_map(|path| draft.plant.tag_by_folded_path(path))
                .find(|tag| stays(draft, tag));
            if let Some(tag) = standing {
                let reason = format!("{} is a tag; tags cannot stand below it", tag.path());
                problems.push(Problem::new(edit, "/path", reason));
            }
        }
    }
}

impl PlacedTag {
    fn problem(&self, reason: String) -> Problem {
        Problem::new(self.edit, self.field, reason)
    }
}

/// Returns whether a tag of the plant stays where it is.
fn stays(draft: &Draft<'_>, tag: &TagEntry) -> bool {
    let stays = |device: ObjectId| match draft.devices.get(&device) {
        Some(draft_device) => draft_device.body.is_some() && draft.new_path(device).is_none(),
        None => true,
    };
    !draft.tags.contains_key(&tag.id()) && stays(tag.device())
}

fn collision(path: &TagPath, other: &TagPath) -> String {
    if path == other {
        return format!("there is a tag {path} already; choose another name");
    }
    format!("path {path} differs from {other} only by upper and lower case")
}

/// Returns the folded paths of all devices and of all folders above them.
fn folders(draft: &Draft<'_>) -> HashSet<String> {
    let standing = draft
        .plant
        .devices()
        .iter()
        .filter(|device| !draft.devices.contains_key(&device.id))
        .map(|device| &device.body);
    let drafted = alive(&draft.devices).map(|(_, _, device)| device);
    let mut folders = HashSet::new();
    for device in standing.chain(drafted) {
        let path = fold(device.path.as_str());
        for folder in ancestors_and_self(&path) {
            if !folders.contains(folder) {
                folders.insert(folder.to_owned());
            }
        }
    }
    folders
}

fn ancestors_and_self(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| Some(path.rsplit_once('/')?.0))
}
