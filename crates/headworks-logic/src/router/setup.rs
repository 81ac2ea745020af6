//! What the routes of a plant come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use headworks_core::model::{ObjectId, Route};
use headworks_core::route::{Plan, RouteSetup, compile};
use headworks_core::{TagIndex, TagPath};
use headworks_hub::Plant;

/// The routes of a plant, compiled.
#[derive(Default)]
pub(super) struct Setup {
    pub(super) plant: Arc<Plant>,
    /// Every route, also those that are disabled.
    pub(super) routes: BTreeMap<ObjectId, RouteSetup>,
}

impl Setup {
    /// Compiles the routes of a plant and finds their tags; what did not change since `before` is
    /// taken over.
    pub(super) fn new(plant: Arc<Plant>, before: &Plan) -> (Setup, Plan) {
        let mut routes = BTreeMap::new();
        let mut compiled = Vec::new();
        for object in plant.routes() {
            let route = Arc::new(object.body.clone());
            let setup = set_up(object.id, &route, &plant);
            if let (Ok(ways), true) = (&setup.ways, route.enabled) {
                compiled.extend(ways.iter().cloned());
            }
            routes.insert(object.id, setup);
        }
        let tags = tags_of(&plant).collect::<Vec<_>>();
        let tags = tags.iter().map(|(tag, path)| (*tag, *path));
        let plan = if compiled.is_empty() {
            Plan::default()
        } else {
            Plan::new(compiled, tags, before)
        };
        (Setup { plant, routes }, plan)
    }
}

fn set_up(id: ObjectId, route: &Arc<Route>, plant: &Plant) -> RouteSetup {
    let ways = compile(id, route, plant);
    RouteSetup {
        id,
        route: Arc::clone(route),
        ways: ways.map(|ways| ways.into_iter().map(Arc::new).collect()),
    }
}

fn tags_of(plant: &Plant) -> impl Iterator<Item = (TagIndex, &TagPath)> {
    plant.tags().map(|tag| (tag.index(), tag.path()))
}
