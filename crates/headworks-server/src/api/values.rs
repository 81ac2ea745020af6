//! Present values by path pattern.

use std::borrow::Cow;

use headworks_core::{Pattern, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::page::{Page, Window};
use super::tag_list::parse_pattern;
use super::tags::quality_name;
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// Most values of a page.
const LIMIT_MAX: usize = 10_000;
/// Values of a page when the client does not say.
const LIMIT_DEFAULT: usize = 1000;

/// Query parameters of the list of values.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueQuery {
    /// Only tags whose path this selects: `*` within a segment, `**` for any depth.
    pattern: Option<String>,
    /// Items of the page, 1 to 10000; 1000 when absent.
    #[schemars(range(min = 1, max = 10_000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The present value of a tag.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PathValue {
    /// Path of the tag.
    path: String,
    /// The value in engineering units; null when there never was one.
    value: Option<Value>,
    /// OPC UA status code.
    quality: Option<u32>,
    /// Name of the status code.
    quality_name: Option<Cow<'static, str>>,
    /// Time of the sample, microseconds since 1970-01-01 UTC.
    time_us: Option<i64>,
    /// Unit, empty for none.
    unit: String,
}

/// Lists present values in order of path.
pub(crate) async fn list(call: Call<ValueQuery>) -> Result<Json<Page<PathValue>>, ApiError> {
    let rights = call.rights()?;
    let query = call.query;
    let limit = Some(query.limit.unwrap_or(LIMIT_DEFAULT));
    let window = Window::new(limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let pattern = parse_pattern(query.pattern.as_deref())?.unwrap_or_else(Pattern::all);
    let (hub, plant) = (call.app.hub.clone(), call.app.hub.plant());
    let page = call.app.blocking(move || {
        let mut tags = plant.select(&pattern);
        tags.retain(|tag| rights.sees(tag.path()));
        let at = |place: usize| tags.get(place).copied();
        let page = window.cut(
            tags.len(),
            at,
            |tag| tag.path().to_string(),
            |tag| {
                let last = hub.last(tag.index());
                PathValue {
                    path: tag.path().to_string(),
                    quality: last.as_ref().map(|sample| sample.quality.code()),
                    quality_name: last.as_ref().map(|sample| quality_name(sample.quality)),
                    time_us: last.as_ref().map(|sample| sample.time_us),
                    value: last.and_then(|sample| sample.value),
                    unit: tag.unit().to_owned(),
                }
            },
        );
        Ok(page)
    });
    Ok(Json(page.await?))
}
