//! The journal of errors.

use headworks_telemetry::{
    ErrorGroup, ErrorJournal, ErrorOccurrence, ErrorQuery, JournalError, Level, Telemetry,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::logs::limit_of;
use super::page::Page;
use crate::problem::{ApiError, Code};
use crate::route::{Call, Json, NoContent};

/// Query parameters of the list of kinds of errors.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorListQuery {
    /// Only `warn` or only `error`.
    level: Option<Level>,
    /// Only kinds whose module begins with this, e.g. `headworks_hub`.
    module: Option<String>,
    /// Only kinds whose newest message holds this.
    text: Option<String>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A kind of error and what is known of its newest cases.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ErrorDetail {
    /// The kind.
    group: ErrorGroup,
    /// The newest cases, at most 20, newest first.
    occurrences: Vec<ErrorOccurrence>,
}

/// Lists kinds of errors, last seen first.
pub(crate) async fn list(call: Call<ErrorListQuery>) -> Result<Json<Page<ErrorGroup>>, ApiError> {
    let limit = limit_of(call.query.limit)?;
    let offset = offset_of(call.query.cursor.as_deref())?;
    let query = ErrorQuery {
        level: call.query.level.map(|level| level.name().to_owned()),
        module: call.query.module,
        text: call.query.text,
        limit,
        offset,
    };
    let page = with_journal(&call.app, move |journal| journal.groups(&query)).await?;
    let end = offset + page.items.len();
    Ok(Json(Page {
        next_cursor: (!page.items.is_empty() && end < page.total).then(|| end.to_string()),
        items: page.items,
        total: page.total,
    }))
}

fn offset_of(cursor: Option<&str>) -> Result<usize, ApiError> {
    cursor.map_or(Ok(0), |text| {
        // There are at most a thousand kinds.
        let offset = text.parse::<u16>();
        offset.map(usize::from).map_err(|_| {
            let reason = "no cursor of this list; take next_cursor of the page before";
            ApiError::query("cursor", reason)
        })
    })
}

/// Answers with a kind of error.
pub(crate) async fn get(call: Call) -> Result<Json<ErrorDetail>, ApiError> {
    let id = group_of(&call)?;
    let found = with_journal(&call.app, move |journal| journal.group(id)).await?;
    let (group, occurrences) = found.ok_or_else(|| ApiError::not_found("error", id))?;
    Ok(Json(ErrorDetail { group, occurrences }))
}

/// Forgets a kind of error.
pub(crate) async fn clear(call: Call) -> Result<NoContent, ApiError> {
    let id = group_of(&call)?;
    let gone = with_journal(&call.app, move |journal| journal.clear(id)).await?;
    if gone {
        Ok(NoContent)
    } else {
        Err(ApiError::not_found("error", id))
    }
}

fn group_of(call: &Call) -> Result<i64, ApiError> {
    let text = call.param("group");
    text.parse()
        .map_err(|_| ApiError::new(Code::NotFound, "an error has a number as its id"))
}

async fn with_journal<T: Send + 'static>(
    app: &crate::app::App,
    ask: impl FnOnce(&ErrorJournal) -> Result<T, JournalError> + Send + 'static,
) -> Result<T, ApiError> {
    let telemetry: Telemetry = app.telemetry.clone();
    let work = move || {
        let journal = telemetry.errors().ok_or_else(|| {
            ApiError::new(
                Code::Storage,
                "errors are not kept: their journal cannot be opened",
            )
        })?;
        ask(journal).map_err(|error| ApiError::storage(&error))
    };
    app.blocking(work).await
}
