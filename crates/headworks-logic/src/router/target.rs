//! Kinds of targets.
//!
//! A kind is a type in `headworks_core::model` with what is configured, a file here that implements
//! [`Target`], and a line for it in [`open`]; queue, tries, dead letters, figures, dry runs and the
//! test bench are the same for all.

mod tag;
mod webhook;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::{ObjectId, RouteTarget};
use headworks_hub::Plant;

use super::Shared;
use super::delivery::Delivery;

/// What a delivery comes to.
pub(super) type Delivering<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// A place where parcels are delivered.
pub(super) trait Target: Send + Sync {
    /// What waits in its queue.
    fn queue(&self) -> QueueRule;

    /// How often a delivery is tried.
    fn tries(&self) -> u32;

    /// Delivers once.
    fn deliver<'a>(&'a self, shared: &'a Arc<Shared>, delivery: &'a Delivery) -> Delivering<'a>;
}

/// What waits in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueueRule {
    /// Every delivery, in order, up to a bound.
    Every,
    /// Only the newest: what is older means nothing any more.
    Newest,
}

/// Why a delivery did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) reason: String,
    /// Whether another try may help.
    pub(super) is_passing: bool,
    /// How long the target asks to be left alone.
    pub(super) after: Option<Duration>,
}

/// Returns a target at work.
pub(super) fn open(shared: &Shared, target: &RouteTarget) -> Box<dyn Target> {
    match target {
        RouteTarget::Tag(target) => Box::new(tag::TagWriter::new(*target)),
        RouteTarget::Webhook(target) => Box::new(webhook::Webhook::new(shared, target.clone())),
    }
}

/// Returns the name of the queue of a target. Routes that write the same tag share one.
pub(super) fn key_of(route: ObjectId, target: &RouteTarget) -> String {
    match target.tag() {
        Some(tag) => format!("tag {tag}"),
        None => {
            let config = serde_json::to_string(target).unwrap_or_default();
            format!("{route} {config}")
        }
    }
}

/// Returns a target in words: its kind and where it is.
pub(super) fn label(plant: &Plant, target: &RouteTarget) -> String {
    match target.tag() {
        Some(tag) => label_of(plant, &format!("tag {tag}")),
        None => label_of(plant, &target.place()),
    }
}

/// Returns the place of a target in words; see [`RouteTarget::place`].
pub(super) fn label_of(plant: &Plant, place: &str) -> String {
    let tag = place.strip_prefix("tag ").and_then(|id| id.parse().ok());
    match tag.and_then(|id: ObjectId| plant.tag(id)) {
        Some(tag) => format!("tag {}", tag.path()),
        // what follows may be a token
        None => place
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

impl Failure {
    /// Another try would fail as well.
    fn lasting(reason: impl Into<String>) -> Failure {
        Failure {
            reason: reason.into(),
            is_passing: false,
            after: None,
        }
    }

    /// It may work later.
    fn passing(reason: impl Into<String>) -> Failure {
        Failure {
            reason: reason.into(),
            is_passing: true,
            after: None,
        }
    }
}
