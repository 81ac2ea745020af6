//! Alarms that run: how they stand, in lists and figures.

mod acts;
mod journal;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use headworks_core::alarm::{Event, Report, Shelf, State};
use headworks_core::model::{Alarm, Object, ObjectId, Priority};
use headworks_core::{Rights, TagPath, Value};
use headworks_hub::AlarmStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::errors;
use super::page::{LIMIT_MAX, Page, Window};
use crate::problem::ApiError;
use crate::route::{Call, Json};

pub(crate) use acts::{acknowledge, acknowledge_many, put_back, reset, shelve, take_out, unshelve};
pub(crate) use journal::{export, list as list_journal};

/// Longest time that statistics are made of, in microseconds: 400 days.
const STATISTICS_US_MAX: i64 = 400 * 86_400 * 1_000_000;
/// Time that statistics are made of when the client does not say, in microseconds: a week.
const STATISTICS_US: i64 = 7 * 86_400 * 1_000_000;

/// Which alarms are looked for, by what is asked of the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Which {
    /// Those that ask something of somebody: active, unacknowledged or latched.
    #[default]
    Open,
    /// Those whose condition holds, hidden or not.
    Active,
    /// Those that somebody has to acknowledge.
    Unacknowledged,
    /// Those on the shelf.
    Shelved,
    /// Those that are suppressed by design.
    Suppressed,
    /// Those out of service.
    OutOfService,
    /// Those that are shelved, suppressed or out of service.
    Hidden,
    /// All that are watched, also those that are normal.
    All,
}

/// Query parameters of the list of alarms.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmQuery {
    /// Which alarms; those that ask something of somebody when absent.
    #[serde(default)]
    state: Which,
    /// Only alarms of this priority, 1 to 4.
    #[schemars(range(min = 1, max = 4))]
    priority: Option<Priority>,
    /// Only alarms whose tag lies below this folder, e.g. `north/hall1`.
    area: Option<TagPath>,
    /// Only alarms whose name, text or path holds this text, upper and lower case as one.
    search: Option<String>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How an alarm stands.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AlarmItem {
    /// The alarm.
    id: ObjectId,
    /// Its name.
    name: String,
    /// Path of its tag, whose folders are its area.
    path: Option<TagPath>,
    /// Its tag.
    tag: Option<ObjectId>,
    /// How urgent it is.
    priority: Priority,
    /// Its state.
    state: State,
    /// Whether its condition holds, hidden or not.
    active: bool,
    /// Whether somebody has to acknowledge it.
    unacknowledged: bool,
    /// What it asks attention for; null when it asks for none.
    event: Option<Event>,
    /// When the last transition was, microseconds since 1970-01-01 UTC; 0 when there was none.
    since_us: i64,
    /// What the operator reads.
    text: String,
    /// The value of the last transition.
    value: Option<Value>,
    /// The limit of the last transition.
    limit: Option<f64>,
    /// Unit of the tag.
    unit: String,
    /// Name of its group; empty for none.
    group: String,
    /// Whether it is the first of its group.
    first_out: bool,
    /// How it is shelved.
    shelf: Option<Shelf>,
    /// Who made the last transition; null when nobody did.
    by: Option<String>,
    /// What was said to the last transition.
    comment: Option<String>,
    /// What probably has happened.
    cause: String,
    /// What happens if nobody does anything.
    consequence: String,
    /// What the operator is to do.
    action: String,
    /// Why a part of it cannot work: a tag that is no more, an expression that cannot be read.
    fault: Option<String>,
}

/// What the frame of the web UI shows of alarms.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AlarmSummary {
    /// Number of the newest entry of the journal.
    number: u64,
    /// By priority, 1 to 4.
    #[schemars(length(max = 4))]
    priorities: Vec<PriorityCount>,
    /// Alarms that are shelved, suppressed or out of service.
    put_aside: usize,
    /// The newest unacknowledged alarm of the highest priority.
    first: Option<AlarmItem>,
}

/// Alarms of a priority.
#[derive(Serialize, JsonSchema)]
struct PriorityCount {
    /// The priority.
    priority: Priority,
    /// Those that are active.
    active: usize,
    /// Those that somebody has to acknowledge.
    unacknowledged: usize,
}

/// Query parameters of the statistics.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatisticsQuery {
    /// First instant, microseconds since 1970-01-01 UTC; a week before the end when absent.
    from_us: Option<i64>,
    /// First instant after the range; the present when absent.
    to_us: Option<i64>,
    /// Operators who share the alarms; 1 when absent.
    #[schemars(range(min = 1, max = 1000))]
    operators: Option<u16>,
}

/// Figures of alarm performance, and what the alarms in them are called.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AlarmReport {
    /// The figures.
    #[serde(flatten)]
    report: Report,
    /// The alarms that the figures name and that are still configured.
    #[schemars(length(max = 210))]
    names: Vec<AlarmName>,
}

/// What an alarm is called.
#[derive(Serialize, JsonSchema)]
struct AlarmName {
    /// The alarm.
    alarm: ObjectId,
    /// Its name.
    name: String,
    /// Path of its tag.
    path: Option<TagPath>,
}

/// Lists alarms: what nobody has acknowledged first, then by priority, then the newest.
pub(crate) async fn list(call: Call<AlarmQuery>) -> Result<Json<Page<AlarmItem>>, ApiError> {
    let (query, hub) = (&call.query, &call.app.hub);
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let all = match query.state {
        Which::All => hub.alarms().list(),
        _ => hub.alarms().active(),
    };
    let rights = call.rights()?;
    let mut chosen: Vec<AlarmStatus> = all
        .into_iter()
        .filter(|status| query.state.holds(status) && query.matches(status))
        .filter(|status| sees(&rights, status.path.as_ref()))
        .collect();
    chosen.sort_by_cached_key(rank);
    let plant = hub.plant();
    Ok(Json(window.cut(
        chosen.len(),
        |place| chosen.get(place),
        |status| status.alarm.id.to_string(),
        |status| item(&plant, status),
    )))
}

/// Answers with how an alarm stands.
pub(crate) async fn get(call: Call) -> Result<Json<AlarmItem>, ApiError> {
    let status = status_of(&call, call.id()?)?;
    Ok(Json(item(&call.app.hub.plant(), &status)))
}

/// Answers with counts by priority, and the alarm to look at first.
pub(crate) async fn summary(call: Call) -> Result<Json<AlarmSummary>, ApiError> {
    Ok(Json(summarize(&call.app.hub, &call.rights()?)))
}

/// Answers with the figures of alarm performance.
pub(crate) async fn statistics(call: Call<StatisticsQuery>) -> Result<Json<AlarmReport>, ApiError> {
    let query = &call.query;
    let to_us = query.to_us.unwrap_or_else(|| call.app.hub.clock().now_us());
    let from_us = query.from_us.unwrap_or(to_us.saturating_sub(STATISTICS_US));
    if to_us <= from_us || STATISTICS_US_MAX < to_us.saturating_sub(from_us) {
        let reason = "must be before to_us, by 400 days at most";
        return Err(ApiError::query("from_us", reason));
    }
    let operators = query.operators.unwrap_or(1);
    if !(1..=1000).contains(&operators) {
        let reason = format!("{operators}; 1 to 1000 are allowed");
        return Err(ApiError::query("operators", reason));
    }
    let alarms = call.app.hub.alarms();
    let report = alarms.statistics(from_us, to_us, operators).await;
    let report = report.map_err(errors::of_body)?;
    let names = names(&call.app.hub.plant(), &report);
    Ok(Json(AlarmReport { report, names }))
}

fn names(plant: &headworks_hub::Plant, report: &Report) -> Vec<AlarmName> {
    let counted = report.top.iter().chain(&report.most_chattering);
    let counted = counted.map(|count| count.alarm);
    let stale = report.longest_stale.iter().map(|stale| stale.alarm);
    let named: BTreeSet<ObjectId> = counted.chain(stale).collect();
    let known = named.into_iter().filter_map(|id| plant.alarm(id));
    let name = |alarm: &Arc<Object<Alarm>>| AlarmName {
        alarm: alarm.id,
        name: alarm.body.name.clone(),
        path: alarm
            .body
            .tag
            .and_then(|tag| plant.tag(tag))
            .map(|tag| tag.path().clone()),
    };
    known.map(name).collect()
}

/// Returns what the frame shows of the alarms that a caller sees.
pub(crate) fn summarize(hub: &headworks_hub::HubHandle, rights: &Rights) -> AlarmSummary {
    let number = *hub.alarms().last_number().borrow();
    let mut seen = hub.alarms().active();
    seen.retain(|status| sees(rights, status.path.as_ref()));
    let count = |priority: Priority, is_meant: fn(State) -> bool| {
        let of_priority = seen
            .iter()
            .filter(|one| one.alarm.body.priority == priority);
        of_priority
            .filter(|one| is_meant(one.standing.state))
            .count()
    };
    let waiting = seen
        .iter()
        .filter(|one| one.standing.state.needs_acknowledgement());
    let first = waiting.min_by_key(|one| rank(one));
    AlarmSummary {
        number,
        priorities: Priority::ALL
            .map(|priority| PriorityCount {
                priority,
                active: count(priority, State::is_active),
                unacknowledged: count(priority, State::needs_acknowledgement),
            })
            .into(),
        put_aside: seen
            .iter()
            .filter(|one| one.standing.state.is_hidden())
            .count(),
        first: first.map(|one| item(&hub.plant(), one)),
    }
}

/// Returns whether a caller may see an alarm: one without a tag tells of any of them.
pub(crate) fn sees(rights: &Rights, path: Option<&TagPath>) -> bool {
    !rights.is_narrowed() || path.is_some_and(|path| rights.sees(path))
}

/// Returns how an alarm stands that the caller may see.
fn status_of<Q, B>(call: &Call<Q, B>, id: ObjectId) -> Result<AlarmStatus, ApiError> {
    let rights = call.rights()?;
    let found = call.app.hub.alarms().status(id);
    let seen = found.filter(|status| sees(&rights, status.path.as_ref()));
    seen.ok_or_else(|| ApiError::not_found("alarm", id))
}

/// Orders alarms: what nobody has acknowledged first, then by priority, then the newest.
fn rank(status: &AlarmStatus) -> (bool, Priority, Reverse<i64>, ObjectId) {
    let standing = &status.standing;
    (
        !standing.state.needs_acknowledgement(),
        status.alarm.body.priority,
        Reverse(standing.since_us),
        status.alarm.id,
    )
}

fn item(plant: &headworks_hub::Plant, status: &AlarmStatus) -> AlarmItem {
    let (alarm, standing) = (&status.alarm.body, &status.standing);
    let by = status
        .last
        .as_ref()
        .and_then(|last| last.transition.by.as_ref());
    let tag = alarm.tag.and_then(|tag| plant.tag(tag));
    AlarmItem {
        id: status.alarm.id,
        name: alarm.name.clone(),
        path: status.path.clone(),
        tag: alarm.tag,
        priority: alarm.priority,
        state: standing.state,
        active: standing.active,
        unacknowledged: standing.state.needs_acknowledgement(),
        event: standing.event,
        since_us: standing.since_us,
        text: match status.text() {
            "" => alarm.name.clone(),
            text => text.to_owned(),
        },
        value: status.value().cloned(),
        limit: status.limit(),
        unit: tag.map(|tag| tag.unit().to_owned()).unwrap_or_default(),
        group: alarm.group.clone(),
        first_out: status.first_out,
        shelf: standing.shelf,
        by: by.map(|by| by.actor.to_string()),
        comment: by
            .map(|by| by.comment.to_string())
            .filter(|said| !said.is_empty()),
        cause: alarm.cause.clone(),
        consequence: alarm.consequence.clone(),
        action: alarm.action.clone(),
        fault: status.fault.clone(),
    }
}

impl Which {
    fn holds(self, status: &AlarmStatus) -> bool {
        let standing = &status.standing;
        match self {
            Which::Open => status.is_open(),
            Which::Active => standing.active,
            Which::Unacknowledged => standing.state.needs_acknowledgement(),
            Which::Shelved => standing.state == State::Shelved,
            Which::Suppressed => standing.state == State::Suppressed,
            Which::OutOfService => standing.state == State::OutOfService,
            Which::Hidden => standing.state.is_hidden(),
            Which::All => true,
        }
    }
}

impl AlarmQuery {
    fn matches(&self, status: &AlarmStatus) -> bool {
        let alarm = &status.alarm.body;
        let path = status.path.as_ref().map(TagPath::as_str);
        let in_area = self.area.as_ref().is_none_or(|area| {
            path.and_then(|path| path.strip_prefix(area.as_str()))
                .is_some_and(|rest| rest.starts_with('/'))
        });
        let needle = self.search.as_deref().unwrap_or_default().to_lowercase();
        let texts = [Some(alarm.name.as_str()), Some(status.text()), path];
        let mut texts = texts.into_iter().flatten();
        in_area
            && self.priority.is_none_or(|one| alarm.priority == one)
            && texts.any(|text| text.to_lowercase().contains(&needle))
    }
}
