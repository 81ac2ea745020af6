//! The audit journal: who did what, proof of it, and copies of it.

use std::io::Write;
use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use headworks_access::journal::{CSV_HEADER, write_csv};
use headworks_access::{ActorKind, Cursor, Filter, JournalError, Outcome, Recorded, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::app::App;
use crate::problem::ApiError;
use crate::route::{self, Call, Download};
use crate::stream;

/// Entries of a page when the client does not say.
const LIMIT_DEFAULT: usize = 100;
/// Most entries of a page.
const LIMIT_MAX: usize = 1000;

/// Which entries; what is absent matches all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// First instant, microseconds since 1970-01-01 UTC.
    from_us: Option<i64>,
    /// First instant after the range.
    to_us: Option<i64>,
    /// Name of who did it.
    actor: Option<String>,
    /// What was done, e.g. `write_tag`.
    action: Option<String>,
    /// Kind of what it was done to, e.g. `tag`.
    target_kind: Option<String>,
    /// Id or path of what it was done to.
    target: Option<String>,
    /// What became of it: `done`, `refused` or `failed`.
    outcome: Option<AuditOutcome>,
    /// Only entries that hold this text.
    search: Option<String>,
    /// Entries of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which entries are copied; what is absent matches all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CopyQuery {
    /// First instant, microseconds since 1970-01-01 UTC.
    from_us: Option<i64>,
    /// First instant after the range.
    to_us: Option<i64>,
    /// Name of who did it.
    actor: Option<String>,
    /// What was done, e.g. `write_tag`.
    action: Option<String>,
    /// Kind of what it was done to, e.g. `tag`.
    target_kind: Option<String>,
    /// Id or path of what it was done to.
    target: Option<String>,
    /// What became of it: `done`, `refused` or `failed`.
    outcome: Option<AuditOutcome>,
    /// Only entries that hold this text.
    search: Option<String>,
}

/// What became of a request.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AuditOutcome {
    /// It was done.
    Done,
    /// It was not allowed or not valid.
    Refused,
    /// It was tried and failed.
    Failed,
}

/// A page of the journal, newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuditPage {
    /// The entries; may be none while there are more.
    items: Vec<AuditEntry>,
    /// `cursor` of the next page; null after the last.
    next_cursor: Option<String>,
    /// Entries that were lost since the start, because the disk refused them.
    dropped: u64,
    /// Why entries are being lost at present.
    fault: Option<String>,
}

/// One entry.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuditEntry {
    /// Its number, without gaps, from 1.
    seq: u64,
    /// Its hash, over the hash of the entry before and all that it says; hexadecimal.
    hash: String,
    /// When, microseconds since 1970-01-01 UTC.
    time_us: i64,
    /// Who.
    actor: AuditActor,
    /// From where.
    address: String,
    /// What.
    action: String,
    /// To what.
    target: AuditTarget,
    /// What became of it.
    outcome: AuditOutcome,
    /// Code of the problem, when it was not done.
    problem: Option<String>,
    /// The request it belongs to.
    request_id: String,
    /// How the target was.
    before: Option<Json>,
    /// How the target is since.
    after: Option<Json>,
    /// A sentence for people.
    detail: Option<String>,
}

/// Who did something.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuditActor {
    /// `user`, `token`, `system`, or `nobody` who is not signed in.
    kind: &'static str,
    /// The account.
    id: Option<Uuid>,
    /// Its name at that time; of nobody the name that was claimed.
    name: String,
}

/// What something was done to.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuditTarget {
    /// Kind of object, empty for none.
    kind: String,
    /// Id or path.
    id: String,
}

/// Whether the journal is as it was written.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuditProof {
    /// Whether every entry is as it was written.
    is_proven: bool,
    /// Entries that were read.
    rows: u64,
    /// Number of the last entry. Who notes it with its hash elsewhere can prove later that nothing
    /// before was changed.
    last_seq: u64,
    /// Its hash, hexadecimal.
    last_hash: String,
    /// Entries that retention removed.
    removed: u64,
    /// The first entry that is not as it was written; null when all are.
    problem: Option<AuditProblem>,
}

/// What is not as it was written.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuditProblem {
    /// The first entry concerned.
    seq: u64,
    /// What is wrong with it.
    detail: String,
}

/// Answers with a page of the journal.
pub(crate) async fn list(call: Call<AuditQuery>) -> Result<route::Json<AuditPage>, ApiError> {
    let limit = call.query.limit.unwrap_or(LIMIT_DEFAULT);
    if limit == 0 || LIMIT_MAX < limit {
        let reason = format!("{limit}; 1 to {LIMIT_MAX} are allowed");
        return Err(ApiError::query("limit", reason));
    }
    let cursor = call
        .query
        .cursor
        .as_deref()
        .map(str::parse::<Cursor>)
        .transpose();
    let cursor = cursor.map_err(|reason| ApiError::query("cursor", reason))?;
    let (app, filter) = (Arc::clone(&call.app), Filter::from(call.query));
    let page = call.app.blocking(move || {
        app.journal
            .page(&filter, cursor, limit)
            .map_err(from_journal)
    });
    let page = page.await?;
    Ok(route::Json(AuditPage {
        items: page.entries.into_iter().map(AuditEntry::from).collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
        dropped: call.app.journal.dropped(),
        fault: call.app.journal.fault(),
    }))
}

/// Sends the matching entries as CSV, oldest first, safe to be opened in a spreadsheet.
pub(crate) async fn copy(call: Call<CopyQuery>) -> Result<Download, ApiError> {
    if let Some(query) = call.parts.uri.query() {
        // A part of the journal must not pass for all of it later.
        call.note.detail(query);
    }
    let filter = Filter::from(call.query);
    let turn = call.app.stream_turn().await?;
    let app = Arc::clone(&call.app);
    let (mut writer, body) = stream::answer();
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        if let Err(error) = write_copy(&app, &filter, &mut writer) {
            writer.abort(error.to_string());
        }
    });
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static("text/csv; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, media_type);
    let name = HeaderValue::from_static("attachment; filename=\"audit.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(Download(response))
}

fn write_copy(app: &App, filter: &Filter, out: &mut impl Write) -> Result<(), JournalError> {
    let mut row = CSV_HEADER.as_bytes().to_vec();
    app.journal.for_each(filter, |recorded| {
        write_csv(&mut row, recorded);
        out.write_all(&row)?;
        row.clear();
        Ok(())
    })?;
    // what is left when there was no entry at all
    out.write_all(&row)
        .and_then(|()| out.flush())
        .map_err(JournalError::Output)
}

/// Walks the whole journal and answers whether it is as it was written.
pub(crate) async fn verify(call: Call) -> Result<route::Json<AuditProof>, ApiError> {
    let app = Arc::clone(&call.app);
    let verdict = call
        .app
        .blocking(move || app.journal.verify().map_err(from_journal));
    Ok(route::Json(AuditProof::from(verdict.await?)))
}

fn from_journal(error: JournalError) -> ApiError {
    ApiError::storage(&error)
}

impl From<AuditQuery> for Filter {
    fn from(query: AuditQuery) -> Filter {
        Filter::from(CopyQuery {
            from_us: query.from_us,
            to_us: query.to_us,
            actor: query.actor,
            action: query.action,
            target_kind: query.target_kind,
            target: query.target,
            outcome: query.outcome,
            search: query.search,
        })
    }
}

impl From<CopyQuery> for Filter {
    fn from(query: CopyQuery) -> Filter {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Filter {
            from_us: query.from_us,
            to_us: query.to_us,
            actor: given(query.actor),
            action: given(query.action),
            action_prefix: None,
            target_kind: given(query.target_kind),
            target: given(query.target),
            outcome: query.outcome.map(Outcome::from),
            text: given(query.search),
        }
    }
}

impl From<AuditOutcome> for Outcome {
    fn from(outcome: AuditOutcome) -> Outcome {
        match outcome {
            AuditOutcome::Done => Outcome::Done,
            AuditOutcome::Refused => Outcome::Refused,
            AuditOutcome::Failed => Outcome::Failed,
        }
    }
}

impl From<Recorded> for AuditEntry {
    fn from(recorded: Recorded) -> AuditEntry {
        let entry = recorded.entry;
        AuditEntry {
            seq: recorded.seq,
            hash: recorded.hash.to_string(),
            time_us: entry.time_us,
            actor: AuditActor {
                kind: ActorKind::name(entry.actor.kind),
                id: entry.actor.id,
                name: entry.actor.name,
            },
            address: entry.address,
            action: entry.action,
            target: AuditTarget {
                kind: entry.target.kind,
                id: entry.target.id,
            },
            outcome: match entry.outcome {
                Outcome::Done => AuditOutcome::Done,
                Outcome::Refused => AuditOutcome::Refused,
                Outcome::Failed => AuditOutcome::Failed,
            },
            problem: entry.problem,
            request_id: entry.request_id,
            before: entry.before,
            after: entry.after,
            detail: entry.detail,
        }
    }
}

impl From<Verdict> for AuditProof {
    fn from(verdict: Verdict) -> AuditProof {
        AuditProof {
            is_proven: verdict.is_proven(),
            rows: verdict.rows,
            last_seq: verdict.last.seq,
            last_hash: verdict.last.hash.to_string(),
            removed: verdict.anchors.removed,
            problem: verdict.problem.map(|problem| AuditProblem {
                seq: problem.seq,
                detail: problem.to_string(),
            }),
        }
    }
}
