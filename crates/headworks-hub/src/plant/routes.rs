//! The plant, as routes see its tags.

use headworks_core::model::ObjectId;
use headworks_core::route::{Named, Tags};

use super::{Plant, TagEntry};

impl Tags for Plant {
    fn at(&self, path: &str) -> Option<Named> {
        self.tag_by_path(path).map(|tag| named(tag))
    }

    fn of(&self, id: ObjectId) -> Option<Named> {
        self.tag(id).map(|tag| named(tag))
    }
}

fn named(tag: &TagEntry) -> Named {
    Named {
        tag: tag.index(),
        kind: tag.value_kind(),
        writable: tag.writable(),
        path: tag.path().clone(),
    }
}
