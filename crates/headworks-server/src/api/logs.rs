//! The newest log lines, and which lines are made.

use headworks_telemetry::{Level, LinePage, LineQuery, StartError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::page::{LIMIT_DEFAULT, LIMIT_MAX};
use crate::problem::{ApiError, Code};
use crate::route::{Call, Json, NoQuery};
use crate::text::Text;

/// Query parameters of the list of lines.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogQuery {
    /// Only lines that matter at least so much.
    level: Option<Level>,
    /// Only lines of this part of the program, e.g. `headworks_hub`.
    module: Option<String>,
    /// Only lines whose message or fields hold this text.
    text: Option<String>,
    /// Only lines from this time on, microseconds since 1970-01-01 UTC.
    since_us: Option<i64>,
    /// Only lines before the one with this number: `next_before` of the page before.
    before: Option<u64>,
    /// Lines of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
}

/// Which lines are made.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LogLevels {
    /// `error`, `warn`, `info`, `debug` or `trace`, also per part of the program:
    /// `info,headworks_protocols=debug`.
    levels: String,
}

/// Which lines are to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedLevels {
    /// `error`, `warn`, `info`, `debug` or `trace`, also per part of the program:
    /// `info,headworks_protocols=debug`.
    levels: Text<1000>,
}

/// Checks a limit of a list.
pub(super) fn limit_of(limit: Option<usize>) -> Result<usize, ApiError> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if limit == 0 || LIMIT_MAX < limit {
        let reason = format!("{limit}; 1 to {LIMIT_MAX} are allowed");
        return Err(ApiError::query("limit", reason));
    }
    Ok(limit)
}

/// Lists lines, newest first.
pub(crate) async fn list(call: Call<LogQuery>) -> Result<Json<LinePage>, ApiError> {
    let query = LineQuery {
        limit: limit_of(call.query.limit)?,
        level: call.query.level,
        module: call.query.module,
        text: call.query.text,
        since_us: call.query.since_us,
        before: call.query.before,
    };
    let telemetry = call.app.telemetry.clone();
    let page = call.app.blocking(move || Ok(telemetry.lines(&query)));
    Ok(Json(page.await?))
}

/// Answers which lines are made.
pub(crate) async fn levels(call: Call) -> Result<Json<LogLevels>, ApiError> {
    let levels = call.app.telemetry.levels();
    Ok(Json(LogLevels { levels }))
}

/// Changes which lines are made.
pub(crate) async fn set_levels(
    call: Call<NoQuery, Json<WantedLevels>>,
) -> Result<Json<LogLevels>, ApiError> {
    let levels = call.body.0.levels.into_string();
    let telemetry = &call.app.telemetry;
    telemetry.set_levels(&levels).map_err(|error| match error {
        StartError::Levels { .. } => ApiError::field("/levels", error.to_string()),
        other => ApiError::new(Code::Internal, other.to_string()),
    })?;
    tracing::info!(levels, "log levels changed");
    Ok(Json(LogLevels { levels }))
}
