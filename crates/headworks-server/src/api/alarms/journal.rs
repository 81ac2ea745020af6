//! The journal of alarms: every transition, and copies of it.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use headworks_core::TagPath;
use headworks_core::alarm::{Entry, State};
use headworks_core::model::{ObjectId, Priority};
use headworks_store::{JournalCursor, JournalQuery};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::errors;
use crate::app::App;
use crate::problem::ApiError;
use crate::route::{Call, Download, Json};

/// Entries of a page when the client does not say.
const LIMIT_DEFAULT: usize = 100;
/// Most entries of a page.
const LIMIT_MAX: usize = 1000;
/// Most entries of a copy.
const EXPORT_MAX: usize = 1_000_000;

/// First line of a copy.
const CSV_HEADER: &str = "number,time,alarm,name,path,priority,cause,from,to,event,value,limit,\
                          text,first_out,by,comment\r\n";

/// Which entries; what is absent matches all.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmJournalQuery {
    /// First instant, microseconds since 1970-01-01 UTC.
    from_us: Option<i64>,
    /// First instant after the range.
    to_us: Option<i64>,
    /// Only entries of this alarm.
    alarm: Option<ObjectId>,
    /// Only entries of this priority, 1 to 4.
    #[schemars(range(min = 1, max = 4))]
    priority: Option<Priority>,
    /// Only entries after which the alarm was in this state.
    state: Option<State>,
    /// Only entries of alarms whose tag lies below this folder.
    area: Option<TagPath>,
    /// Entries of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of the journal, newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AlarmJournalPage {
    /// The entries.
    items: Vec<Entry>,
    /// `cursor` of the next page; null after the last.
    next_cursor: Option<String>,
}

/// Answers with a page of the journal.
pub(crate) async fn list(
    call: Call<AlarmJournalQuery>,
) -> Result<Json<AlarmJournalPage>, ApiError> {
    let query = call.query.journal_query()?;
    let page = call.app.hub.alarms().journal(query).await;
    let page = page.map_err(errors::of_body)?;
    Ok(Json(AlarmJournalPage {
        items: page.entries,
        next_cursor: page.next.map(write_cursor),
    }))
}

/// Sends the matching entries as CSV, newest first.
pub(crate) async fn export(call: Call<AlarmJournalQuery>) -> Result<Download, ApiError> {
    let mut query = call.query.journal_query()?;
    query.limit = LIMIT_MAX;
    let turn = call.app.stream_turn().await?;
    let (app, state) = (Arc::clone(&call.app), (query, 0_usize, true));
    let pieces = futures_util::stream::unfold(Some(state), move |state| {
        let (app, _turn) = (Arc::clone(&app), &turn);
        async move {
            let (query, sent, is_first) = state?;
            let piece = next_piece(&app, query, sent, is_first).await;
            Some(match piece {
                Ok((text, rest)) => (Ok(text), rest),
                Err(error) => (Err(std::io::Error::other(error)), None),
            })
        }
    });
    let mut response = Response::new(axum::body::Body::from_stream(Box::pin(pieces)));
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static("text/csv; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, media_type);
    let name = HeaderValue::from_static("attachment; filename=\"alarms.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(Download(response))
}

/// Where a copy goes on: what is asked next, how many entries were sent, whether none were.
type Rest = Option<(JournalQuery, usize, bool)>;

async fn next_piece(
    app: &App,
    mut query: JournalQuery,
    sent: usize,
    is_first: bool,
) -> Result<(String, Rest), headworks_hub::HubError> {
    let page = app.hub.alarms().journal(query.clone()).await?;
    let mut text = String::new();
    if is_first {
        text.push_str(CSV_HEADER);
    }
    page.entries
        .iter()
        .for_each(|entry| write_row(&mut text, entry));
    let sent = sent + page.entries.len();
    let rest = page.next.filter(|_| sent < EXPORT_MAX).map(|next| {
        query.before = Some(next);
        (query, sent, false)
    });
    Ok((text, rest))
}

impl AlarmJournalQuery {
    fn journal_query(&self) -> Result<JournalQuery, ApiError> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if limit == 0 || LIMIT_MAX < limit {
            let reason = format!("{limit}; 1 to {LIMIT_MAX} are allowed");
            return Err(ApiError::query("limit", reason));
        }
        Ok(JournalQuery {
            from_us: self.from_us,
            to_us: self.to_us,
            alarms: self.alarm.into_iter().collect(),
            priorities: self.priority.into_iter().collect(),
            states: self.state.into_iter().collect(),
            area: self.area.clone(),
            before: self.cursor.as_deref().map(read_cursor).transpose()?,
            limit,
        })
    }
}

fn write_cursor(cursor: JournalCursor) -> String {
    format!("{}:{}", cursor.time_us, cursor.number)
}

fn read_cursor(text: &str) -> Result<JournalCursor, ApiError> {
    let parts = text.split_once(':');
    let parts = parts.and_then(|(time_us, number)| {
        Some(JournalCursor {
            time_us: time_us.parse().ok()?,
            number: number.parse().ok()?,
        })
    });
    parts.ok_or_else(|| {
        let reason = "no cursor of this list; take next_cursor of the page before";
        ApiError::query("cursor", reason)
    })
}

fn write_row(out: &mut String, entry: &Entry) {
    let transition = &entry.transition;
    let time = jiff::Timestamp::from_microsecond(transition.time_us).unwrap_or_default();
    let (by, comment) = match &transition.by {
        Some(by) => (&*by.actor, &*by.comment),
        None => ("", ""),
    };
    let cause = serde_json::to_value(transition.cause).unwrap_or_default();
    let cells = [
        entry.number.to_string(),
        time.to_string(),
        entry.alarm.to_string(),
        entry.name.clone(),
        entry
            .path
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        entry.priority.to_string(),
        cause.as_str().unwrap_or_default().to_owned(),
        transition.from.letter().to_string(),
        transition.to.letter().to_string(),
        transition
            .event
            .map(|event| event.id.to_string())
            .unwrap_or_default(),
        entry
            .value
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        entry
            .limit
            .map(|limit| limit.to_string())
            .unwrap_or_default(),
        entry.text.clone(),
        entry.first_out.to_string(),
        by.to_owned(),
        comment.to_owned(),
    ];
    for (at, cell) in cells.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        write_cell(out, cell);
    }
    out.push_str("\r\n");
}

/// Writes a cell that no spreadsheet takes for a formula.
fn write_cell(out: &mut String, cell: &str) {
    let is_number = cell.parse::<f64>().is_ok();
    let is_formula = !is_number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula || cell.contains([',', '"', '\r', '\n']) {
        out.push('"');
        out.push_str(if is_formula { "'" } else { "" });
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(cell);
    }
}
