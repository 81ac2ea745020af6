//! What is on its way to a target.

use std::sync::Arc;

use headworks_core::model::{ObjectId, Route};
use headworks_core::route::Chain;
use headworks_core::{Quality, Sample, Value};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::stats::RouteFigures;

/// A result of a route on its way to one of its targets.
pub(super) struct Delivery {
    /// The route, as it was when the result passed.
    pub(super) route: Arc<Route>,
    pub(super) id: ObjectId,
    /// The place of the target.
    pub(super) place: String,
    pub(super) figures: Arc<RouteFigures>,
    pub(super) parcel: Parcel,
    /// Where the result comes from, against circles.
    pub(super) chain: Chain,
    /// When the sample came.
    pub(super) at: Instant,
    /// The dead letter that this is sent again of.
    pub(super) letter: Option<u64>,
}

/// What is delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Parcel {
    /// The tag whose sample it was.
    pub tag: ObjectId,
    /// Its path then.
    pub path: String,
    /// The result of the route; null when the sample was bad.
    pub value: Option<Value>,
    /// Status code of its quality.
    pub quality: Quality,
    /// Its time, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// The value of the tag before the transform.
    pub source_value: Option<Value>,
    /// Time of the sample of the tag, microseconds since 1970-01-01 UTC.
    pub source_time_us: i64,
}

impl Parcel {
    pub(super) fn new(tag: ObjectId, path: String, source: Sample, result: Sample) -> Parcel {
        Parcel {
            tag,
            path,
            value: result.value,
            quality: result.quality,
            time_us: result.time_us,
            source_value: source.value,
            source_time_us: source.time_us,
        }
    }
}
