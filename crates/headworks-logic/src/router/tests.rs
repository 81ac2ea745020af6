//! Routes at work, with a receiver of our own and a protocol that does as it is told.

mod plant;
mod receiver;
mod webhooks;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use headworks_core::TagPath;
use headworks_core::model::{ObjectId, Route};
use headworks_hub::{Edit, Hub, HubSettings};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::*;
use crate::outbound::{Client, OutboundError, OutboundSettings, SecretValue, Secrets};
use plant::Plant;
use receiver::Receiver;

/// Nobody has a secret here.
struct NoSecrets;

impl Secrets for NoSecrets {
    fn find(&self, _: &str) -> Result<Option<SecretValue>, String> {
        Ok(None)
    }
}

/// Everybody may write everything, but for the `forbidden`.
struct Everybody;

impl Authority for Everybody {
    fn may_write(&self, _: &str, path: &TagPath) -> bool {
        !path.as_str().ends_with("forbidden")
    }
}

/// A hub with routes.
struct Rig {
    hub: Hub,
    router: Router,
    plant: Plant,
    directory: TempDir,
}

fn client() -> Arc<Client> {
    let settings = OutboundSettings {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        ..OutboundSettings::default()
    };
    let made: Result<Client, OutboundError> = Client::new(&settings, Arc::new(NoSecrets));
    Arc::new(made.unwrap())
}

impl Rig {
    /// Starts with writable numbers of these names below `plant/boiler`.
    async fn start(line: &str, names: &[&str]) -> Rig {
        let directory = TempDir::new().unwrap();
        let settings = HubSettings {
            protocols: plant::PROTOCOLS,
            ..HubSettings::new(directory.path())
        };
        let hub = Hub::start(settings).await.unwrap();
        let router = Router::start(hub.handle(), client(), Arc::new(Everybody)).unwrap();
        let plant = Plant::make(&hub.handle(), line, names).await;
        Rig {
            hub,
            router,
            plant,
            directory,
        }
    }

    /// Makes a route and waits until it works.
    async fn route(&self, body: Json) -> ObjectId {
        let route: Route = serde_json::from_value(body).unwrap();
        let made = self
            .hub
            .handle()
            .apply(vec![Edit::create(route)], "test")
            .await;
        let id = made.unwrap()[0].id;
        self.router.handle().settled().await;
        id
    }

    fn status(&self, id: ObjectId) -> RouteStatus {
        self.router.handle().status(id).unwrap()
    }

    /// Waits until a status is as wanted.
    async fn until(&self, id: ObjectId, wanted: impl Fn(&RouteStatus) -> bool) -> RouteStatus {
        for _ in 0..3000 {
            let status = self.status(id);
            if wanted(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:#?}", self.status(id));
    }

    /// Returns the dead letters, newest first, once there are so many.
    async fn letters(&self, count: usize) -> Vec<LetterView> {
        for _ in 0..3000 {
            self.router.handle().shared.letters.flush().await;
            let page = self.router.handle().letters(None, None, 100).unwrap();
            if page.items.len() == count {
                return page.items;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:#?}", self.router.handle().letters(None, None, 100));
    }

    async fn stop(self) {
        self.router.stop().await;
        self.hub.stop(Duration::from_secs(5)).await.unwrap();
    }
}

/// Returns a route from tags to a path of a receiver.
fn hook(from: &str, receiver: &Receiver, path: &str, more: Json) -> Json {
    let mut target = json!({ "kind": "webhook", "url": receiver.url(path), "tries": 1 });
    let mut route = json!({ "name": format!("{from} {path}"), "from": [from] });
    for (key, value) in more.as_object().unwrap() {
        let is_targets =
            ["body", "headers", "tries", "timeout_ms", "method"].contains(&key.as_str());
        let place = if is_targets { &mut target } else { &mut route };
        place[key] = value.clone();
    }
    route["to"] = json!([target]);
    route
}
