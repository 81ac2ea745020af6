//! In whose name routes write.

use std::collections::HashMap;
use std::sync::Arc;

use headworks_access::Access;
use headworks_core::TagPath;
use headworks_core::model::ObjectId;
use headworks_hub::HubHandle;
use parking_lot::Mutex;

/// Knows who may write which tag at this moment.
pub trait Authority: Send + Sync {
    /// Returns whether an account of this name is there, can sign in and may write the tag.
    fn may_write(&self, account: &str, path: &TagPath) -> bool;
}

impl Authority for Access {
    fn may_write(&self, account: &str, path: &TagPath) -> bool {
        let rights = self.rights_named(account);
        rights.is_some_and(|rights| rights.may_write(path))
    }
}

/// Who saved the routes last.
#[derive(Default)]
pub(super) struct Authors {
    /// By route, with the revision that they made.
    known: Mutex<HashMap<ObjectId, (u64, Arc<str>)>>,
}

impl Authors {
    /// Returns who saved a route last.
    pub(super) async fn of(&self, hub: &HubHandle, route: ObjectId) -> Result<Arc<str>, String> {
        let plant = hub.plant();
        let object = plant.route(route);
        let revision = object.ok_or("the route does not exist any more")?.revision;
        if let Some((_, author)) = self
            .known
            .lock()
            .get(&route)
            .filter(|one| one.0 == revision)
        {
            return Ok(Arc::clone(author));
        }
        let history = hub.history(route).await;
        let history =
            history.map_err(|error| format!("nobody knows who saved the route: {error}"))?;
        let entry = history.iter().find(|entry| entry.revision == revision);
        let entry = entry.ok_or("the history does not say who saved the route")?;
        let author: Arc<str> = entry.author.as_str().into();
        let known = (revision, Arc::clone(&author));
        self.known.lock().insert(route, known);
        Ok(author)
    }

    /// Forgets routes that are gone.
    pub(super) fn retain(&self, is_there: impl Fn(ObjectId) -> bool) {
        self.known.lock().retain(|route, _| is_there(*route));
    }
}
