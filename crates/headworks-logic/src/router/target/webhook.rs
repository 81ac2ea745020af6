//! Tells web services, through the guarded way out.

use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::{BodyType, WebhookMethod, WebhookTarget};
use headworks_core::route::message::Facts;
use headworks_hub::Plant;

use super::super::Shared;
use super::super::delivery::Delivery;
use super::{Delivering, Failure, QueueRule, Target};
use crate::outbound::{Answer, Client, Method, OutboundError, Request};

/// Most characters of an answer that are told as a reason.
const ANSWER_MAX: usize = 200;

/// A web service that is told.
pub(super) struct Webhook {
    target: WebhookTarget,
    client: Client,
}

impl Webhook {
    pub(super) fn new(shared: &Shared, target: WebhookTarget) -> Webhook {
        let timeout = Duration::from_millis(target.timeout_ms.into());
        Webhook {
            client: shared.client.beside(timeout),
            target,
        }
    }

    async fn tell(&self, plant: Arc<Plant>, delivery: &Delivery) -> Result<(), Failure> {
        let request = Request {
            method: match self.target.method {
                WebhookMethod::Post => Method::Post,
                WebhookMethod::Put => Method::Put,
            },
            url: self.target.url.clone(),
            headers: self.target.headers.clone().into_iter().collect(),
            content_type: match self.target.body_type {
                BodyType::Json => "application/json",
                BodyType::Text => "text/plain; charset=utf-8",
            },
            body: body(&self.target, &plant, delivery).into_bytes(),
        };
        match self.client.post(&request).await {
            Ok(answer) if answer.is_success() => Ok(()),
            Ok(answer) => Err(refused(&answer)),
            Err(OutboundError::Refused { reason }) => Err(Failure::lasting(reason)),
            Err(OutboundError::Failed { reason }) => Err(Failure::passing(reason)),
        }
    }
}

impl Target for Webhook {
    fn queue(&self) -> QueueRule {
        QueueRule::Every
    }

    fn tries(&self) -> u32 {
        self.target.tries.into()
    }

    fn deliver<'a>(&'a self, shared: &'a Arc<Shared>, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.tell(shared.hub.plant(), delivery))
    }
}

/// Returns the body with all that the plant knows of the tag; one that was deleted meanwhile has
/// its path only.
fn body(target: &WebhookTarget, plant: &Plant, delivery: &Delivery) -> String {
    let parcel = &delivery.parcel;
    let tag = plant.tag(parcel.tag);
    let device = tag.and_then(|tag| plant.device(tag.device()));
    let place = tag.and_then(|tag| tag.asset());
    let place = place.or_else(|| device.and_then(|device| device.body.asset));
    let asset = place.and_then(|asset| plant.asset_path(asset));
    let facts = Facts {
        route: &delivery.route.name,
        path: &parcel.path,
        name: parcel.path.rsplit('/').next().unwrap_or_default(),
        unit: tag.map_or("", |tag| tag.unit()),
        description: tag.map_or("", |tag| tag.description()),
        device: device.map_or("", |device| &device.body.name),
        asset: asset.as_ref().map_or("", |asset| asset.as_str()),
        value: parcel.value.as_ref(),
        quality: parcel.quality,
        time_us: parcel.time_us,
        source_value: parcel.source_value.as_ref(),
        source_time_us: parcel.source_time_us,
    };
    facts.body(&target.body, target.body_type)
}

fn refused(answer: &Answer) -> Failure {
    let text: String = answer.text.trim().chars().take(ANSWER_MAX).collect();
    let reason = match text.as_str() {
        "" => format!("answered {}", answer.status),
        text => format!("answered {}: {text}", answer.status),
    };
    if answer.is_worth_another_try() {
        return Failure {
            after: answer.retry_after,
            ..Failure::passing(reason)
        };
    }
    Failure::lasting(reason)
}
