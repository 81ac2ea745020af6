//! Expressions follow what they read when that gets another name or place.

use std::collections::HashMap;

use headworks_core::alarm::Condition;
use headworks_core::expr::{Reference, is_name, rename};
use headworks_core::model::{Alarm, Kind, ObjectId, Tag};
use headworks_core::{TagIndex, TagPath};

use super::Body;
use super::draft::Draft;
use super::moves::moves;
use crate::plant::{Paths, Plant, TagEntry};

/// An expression that an edit of something else changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Whose it is.
    pub id: ObjectId,
    /// What that is: a tag with a formula, or an alarm.
    pub kind: Kind,
    /// Path of the tag as it was, or name of the alarm.
    pub name: String,
    /// The expression as it was.
    pub before: String,
    /// The expression as it will be.
    pub after: String,
    /// The edit that is the reason.
    pub edit: usize,
}

/// A tag at its new place.
struct Seat {
    edit: usize,
    path: TagPath,
    device: ObjectId,
    name: String,
}

/// An object with its expressions rewritten.
struct Follower {
    rewritten: Vec<Rewritten>,
    body: Body,
}

/// The tags whose name, device or path changes.
struct Seats<'a> {
    plant: &'a Plant,
    by_tag: HashMap<TagIndex, Seat>,
}

/// Rewrites the expressions that read tags which a draft renames or moves: formulas, and those of
/// alarms. One that its own edit changes is left as it is written there.
pub(super) fn rewrite_expressions(draft: &mut Draft<'_>) {
    let plant = draft.plant;
    if plant.formulas().is_empty() && plant.alarms().is_empty() {
        return;
    }
    let seats = Seats::of(draft);
    if seats.by_tag.is_empty() {
        return;
    }
    let mut followers = seats.formulas(draft);
    followers.extend(seats.alarms(draft));
    followers.sort_by(|left, right| left.name().cmp(right.name()));
    for follower in followers {
        for one in follower.rewritten {
            draft.follow(one, follower.body.clone());
        }
    }
}

impl Follower {
    fn name(&self) -> &str {
        self.rewritten.first().map_or("", |one| &one.name)
    }
}

impl<'a> Seats<'a> {
    fn of(draft: &Draft<'a>) -> Seats<'a> {
        let mut paths = Paths::new(draft);
        let mut by_tag = HashMap::new();
        for (id, edit, body) in draft.alive::<Tag>() {
            let (Some(old), Ok(path)) = (draft.plant.tag(id), paths.of_tag(body)) else {
                continue;
            };
            if *old.path() == path && old.device() == body.device {
                continue;
            }
            let seat = Seat {
                edit,
                path,
                device: body.device,
                name: body.name.to_string(),
            };
            by_tag.insert(old.index(), seat);
        }
        for moved in moves(draft, &mut paths) {
            if let Ok(path) = moved.path {
                let seat = Seat {
                    edit: moved.edit,
                    path,
                    device: moved.tag.device(),
                    name: moved.tag.name().to_owned(),
                };
                by_tag.insert(moved.tag.index(), seat);
            }
        }
        Seats {
            plant: draft.plant,
            by_tag,
        }
    }

    fn formulas(&self, draft: &Draft<'_>) -> Vec<Follower> {
        let follower = |tag: &TagEntry, edit: usize| {
            let before = tag.formula()?;
            let mut body = match draft.drafted::<Tag>(tag.id()) {
                None => tag.object().body,
                Some(body) => body?.clone(),
            };
            if body.formula.as_deref() != Some(before) {
                return None;
            }
            let after = self
                .renamed(before, (Some(tag.device()), Some(body.device)))?
                .0;
            body.formula = Some(after.clone());
            let one = Rewritten {
                id: tag.id(),
                kind: Kind::Tag,
                name: tag.path().to_string(),
                before: before.to_owned(),
                after,
                edit,
            };
            Some(Follower {
                rewritten: vec![one],
                body: Body::from(body),
            })
        };
        let all = self.plant.formulas().all();
        all.filter_map(|formula| {
            let mut read = formula.inputs.iter();
            let seat = read.find_map(|input| self.by_tag.get(input))?;
            follower(self.plant.tag_at(formula.tag)?, seat.edit)
        })
        .collect()
    }

    fn alarms(&self, draft: &Draft<'_>) -> Vec<Follower> {
        let alarms = self.plant.alarms().iter();
        let follower = |alarm: &Alarm, id: ObjectId| {
            let mut body = match draft.drafted::<Alarm>(id) {
                None => alarm.clone(),
                Some(body) => body?.clone(),
            };
            let device = |tag: Option<ObjectId>| self.devices(tag);
            let (old, new) = (device(alarm.tag).0, device(body.tag).1);
            let mut rewritten = Vec::new();
            let before = texts(alarm).map(|text| text.map(str::to_owned));
            for (before, text) in before.into_iter().zip(texts_mut(&mut body)) {
                let (Some(before), Some(text)) = (before, text) else {
                    continue;
                };
                if *text != before {
                    continue;
                }
                if let Some((after, edit)) = self.renamed(&before, (old, new)) {
                    text.clone_from(&after);
                    let name = alarm.name.clone();
                    rewritten.push(Rewritten {
                        id,
                        kind: Kind::Alarm,
                        name,
                        before,
                        after,
                        edit,
                    });
                }
            }
            let body = Body::from(body);
            (!rewritten.is_empty()).then_some(Follower { rewritten, body })
        };
        alarms
            .filter_map(|alarm| follower(&alarm.body, alarm.id))
            .collect()
    }

    /// Returns the device of a tag as it was and as it will be.
    fn devices(&self, tag: Option<ObjectId>) -> (Option<ObjectId>, Option<ObjectId>) {
        let Some(tag) = tag.and_then(|tag| self.plant.tag(tag)) else {
            return (None, None);
        };
        let seat = self.by_tag.get(&tag.index());
        let new = seat.map_or(tag.device(), |seat| seat.device);
        (Some(tag.device()), Some(new))
    }

    /// Returns an expression with the new names and the edit that is the reason; none when nothing
    /// changes. The devices are those whose tags bare names are, before and after.
    fn renamed(
        &self,
        text: &str,
        (old, new): (Option<ObjectId>, Option<ObjectId>),
    ) -> Option<(String, usize)> {
        let edit = std::cell::Cell::new(0);
        let renamed = rename(text, &|reference| {
            let seat = self.by_tag.get(&self.tag(old, reference)?.index())?;
            edit.set(seat.edit);
            called(reference, seat, new)
        })?;
        Some((renamed, edit.get()))
    }

    /// Returns the tag that a reference has meant.
    fn tag(&self, device: Option<ObjectId>, reference: &Reference) -> Option<&'a TagEntry> {
        let found = match reference {
            Reference::Tag(path) => self.plant.tag_by_path(path.as_str()),
            Reference::Name(name) => {
                let mut tags = self.plant.tags_of(device?);
                tags.find(|tag| *tag.name() == **name)
            }
        };
        found.map(|tag| &**tag)
    }
}

/// Returns the expressions of an alarm.
fn texts(alarm: &Alarm) -> [Option<&str>; 2] {
    let condition = match &alarm.condition {
        Condition::Expression { text } => Some(text.as_str()),
        _ => None,
    };
    [condition, Some(alarm.suppress_when.as_str())]
}

/// As [`texts`], to be changed.
fn texts_mut(alarm: &mut Alarm) -> [Option<&mut String>; 2] {
    let condition = match &mut alarm.condition {
        Condition::Expression { text } => Some(text),
        _ => None,
    };
    [condition, Some(&mut alarm.suppress_when)]
}

/// Returns how a tag is called from a device, where that is not as it was.
fn called(old: &Reference, seat: &Seat, device: Option<ObjectId>) -> Option<Reference> {
    let new = match old {
        Reference::Name(_) if Some(seat.device) == device && is_name(&seat.name) => {
            Reference::Name(seat.name.as_str().into())
        }
        Reference::Name(_) | Reference::Tag(_) => Reference::Tag(seat.path.clone()),
    };
    (new != *old).then_some(new)
}
