//! What all questions about history share: tags, times, options, limits, and giving up.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use headworks_core::model::ObjectId;
use headworks_core::{Pattern, Rights, TagIndex};
use headworks_hub::TagEntry;
use headworks_store::history::aggregates::{Aggregate, AggregateOptions};
use headworks_store::history::{HistoryError, Interval, Limits, Stop, Watch, step};
use headworks_store::{Historian, StoreError};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::errors;
use crate::app::App;
use crate::problem::{ApiError, Code};
use crate::route::Written;
use crate::text::Text;

/// Longest time that a question may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns the bounds of a question; an answer is made in memory, so it stays a few megabytes.
pub(super) fn limits() -> Limits {
    Limits {
        values: 200_000,
        ..Limits::default()
    }
}

/// A tag by id, path or pattern.
pub(super) type TagText = Text<{ Pattern::BYTES_MAX }>;

/// A time: microseconds since 1970-01-01 UTC, or RFC 3339, or without an offset as in the zone.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Moment {
    /// Microseconds since 1970-01-01 UTC.
    Micros(i64),
    /// E.g. `2026-11-21T08:00:00Z` or `2026-11-21T09:00:00`.
    Text(Text<64>),
}

/// The width of an interval.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Step {
    /// Microseconds; 0 makes one interval.
    Micros(i64),
    /// A number and `m`, `h`, `d`, `w`, `mo` or `y`.
    Text(Text<32>),
}

/// How data are treated: the configuration of OPC UA Part 13, 4.2.1.2.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Options {
    /// Values hold until the next one; false when absent.
    stepped: bool,
    /// Uncertain samples count as bad; true when absent.
    treat_uncertain_as_bad: Option<bool>,
    /// Share of bad data from which on a result is bad, 0 to 100; 100 when absent.
    #[schemars(range(min = 0, max = 100))]
    percent_data_bad: Option<u8>,
    /// Share of good data from which on a result is good, 0 to 100; 100 when absent.
    #[schemars(range(min = 0, max = 100))]
    percent_data_good: Option<u8>,
    /// Values after the last sample follow its slope; false when absent.
    use_sloped_extrapolation: bool,
}

/// A tag of an answer.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct ChosenTag {
    /// Id of the tag.
    tag: ObjectId,
    /// Its path.
    path: String,
    /// Unit of its numbers.
    unit: String,
    #[serde(skip)]
    #[schemars(skip)]
    index: u32,
}

impl ChosenTag {
    pub(super) fn index(&self) -> TagIndex {
        TagIndex(self.index)
    }

    fn new(tag: &TagEntry) -> ChosenTag {
        ChosenTag {
            tag: tag.id(),
            path: tag.path().to_string(),
            unit: tag.unit().to_owned(),
            index: tag.index().0,
        }
    }
}

impl Moment {
    pub(super) fn read(&self, pointer: &str, zone: &TimeZone) -> Result<i64, ApiError> {
        let text = match self {
            Moment::Micros(time_us) => return Ok(*time_us),
            Moment::Text(text) => text,
        };
        let instant = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let local: jiff::civil::DateTime = text.parse().ok()?;
            Some(local.to_zoned(zone.clone()).ok()?.timestamp())
        });
        instant.map(jiff::Timestamp::as_microsecond).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            let reason = format!("{shown:?}; e.g. \"2026-11-21T08:00:00Z\" or microseconds");
            ApiError::field(pointer, reason)
        })
    }
}

impl Step {
    pub(super) fn read(&self, zone: TimeZone) -> Result<Interval, ApiError> {
        match self {
            Step::Micros(width_us) => Ok(Interval::Every(*width_us)),
            Step::Text(text) => step::parse(text, zone).map_err(from_history),
        }
    }
}

impl Options {
    pub(super) fn read(&self) -> Result<AggregateOptions, ApiError> {
        let percent = |name: &str, given: Option<u8>| match given.unwrap_or(100) {
            percent @ 0..=100 => Ok(percent),
            percent => {
                let reason = format!("{percent}; 0 to 100 are allowed");
                Err(ApiError::field(format!("/options/{name}"), reason))
            }
        };
        Ok(AggregateOptions {
            stepped: self.stepped,
            treat_uncertain_as_bad: self.treat_uncertain_as_bad.unwrap_or(true),
            percent_data_bad: percent("percent_data_bad", self.percent_data_bad)?,
            percent_data_good: percent("percent_data_good", self.percent_data_good)?,
            sloped_extrapolation: self.use_sloped_extrapolation,
        })
    }
}

pub(super) fn zone(name: Option<&str>) -> Result<TimeZone, ApiError> {
    name.map_or(Ok(TimeZone::UTC), step::zone)
        .map_err(from_history)
}

pub(super) fn aggregates(names: &[Text<64>]) -> Result<Vec<Aggregate>, ApiError> {
    let read = |(nth, name): (usize, &Text<64>)| {
        name.parse().map_err(|error| match error {
            HistoryError::Invalid { reason, .. } => {
                ApiError::field(format!("/aggregates/{nth}"), reason)
            }
            other => from_history(other),
        })
    };
    names.iter().enumerate().map(read).collect()
}

/// Returns the tags of a question, each once, in its order.
pub(super) fn tags(
    app: &App,
    rights: &Rights,
    texts: &[TagText],
) -> Result<Vec<ChosenTag>, ApiError> {
    let plant = app.hub.plant();
    let mut chosen: Vec<ChosenTag> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    limits().check_tags(texts.len()).map_err(from_history)?;
    for (nth, text) in texts.iter().enumerate() {
        let refused = |reason| ApiError::field(format!("/tags/{nth}"), reason);
        let by_id = text.parse::<ObjectId>().ok().and_then(|id| plant.tag(id));
        let mut found = match by_id {
            Some(tag) => vec![tag],
            None => {
                let pattern: Pattern =
                    text.parse()
                        .map_err(|error: headworks_core::pattern::PatternError| {
                            refused(error.to_string())
                        })?;
                plant.select(&pattern)
            }
        };
        found.retain(|tag| rights.sees(tag.path()));
        if found.is_empty() {
            let shown: String = text.chars().take(80).collect();
            return Err(refused(format!("{shown:?} is no tag and selects none")));
        }
        let new = found.into_iter().filter(|tag| known.insert(tag.index()));
        chosen.extend(new.map(|tag| ChosenTag::new(tag)));
    }
    limits().check_tags(chosen.len()).map_err(from_history)?;
    Ok(chosen)
}

/// Cancels the work when the request goes.
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Answers a question off the threads of the sockets; it ends when the client goes away.
pub(super) async fn answer<T: Serialize + Send + 'static>(
    app: &App,
    work: impl FnOnce(&dyn Historian, Watch<'_>) -> Result<T, HistoryError> + Send + 'static,
) -> Result<Written<T>, ApiError> {
    let historian = app.hub.historian();
    watched(app, move |watch| {
        work(&*historian, watch).map_err(from_history)
    })
    .await
}

/// Works off the threads of the sockets; ends when the client goes away, or when it takes too
/// long.
pub(in crate::api) async fn watched<T: Serialize + Send + 'static>(
    app: &App,
    work: impl FnOnce(Watch<'_>) -> Result<T, ApiError> + Send + 'static,
) -> Result<Written<T>, ApiError> {
    let gone = Gone(Arc::default());
    let is_gone = Arc::clone(&gone.0);
    let stop = app.stop.clone();
    let bytes = app.blocking(move || {
        let end = Instant::now() + PATIENCE;
        let watch = || {
            if is_gone.load(Ordering::Relaxed) || stop.is_cancelled() {
                return Some(Stop::Cancelled);
            }
            (end < Instant::now()).then_some(Stop::TimedOut)
        };
        let found = work(&watch)?;
        serde_json::to_vec(&found).map_err(|error| ApiError::internal(&error))
    });
    let bytes = bytes.await?;
    drop(gone);
    Ok(Written(bytes, PhantomData))
}

pub(in crate::api) fn from_history(error: HistoryError) -> ApiError {
    let text = error.to_string();
    match error {
        HistoryError::Invalid { field, reason } => ApiError::field(pointer(field), reason),
        HistoryError::TimedOut => ApiError::new(Code::Timeout, text),
        HistoryError::Cancelled => ApiError::new(Code::Busy, "the server is stopping"),
        HistoryError::Store(StoreError::Query { field, reason }) => {
            ApiError::field(pointer(field), reason)
        }
        HistoryError::Store(error) => errors::from_store(error),
    }
}

/// Returns where a field of the store stands in the body.
fn pointer(field: &str) -> String {
    match field {
        "start_us" | "range" => "/start".to_owned(),
        "end_us" => "/end".to_owned(),
        other => format!("/{other}"),
    }
}
