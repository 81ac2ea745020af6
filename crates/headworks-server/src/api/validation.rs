//! What is wrong with the samples of tags.

mod periods;

use std::sync::Arc;
use std::time::{Duration, Instant};

use headworks_core::model::ObjectId;
use headworks_hub::validation::{Expectation, Finding, Gap, Scan, scan};
use headworks_hub::{ClockSkew, HubHandle, Plant, TagEntry, Violation, ViolationCounts};
use headworks_store::Historian;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::periods::{Period, edges};
use super::errors;
use super::page::{LIMIT_MAX, Page, Window};
use super::tag_list::parse_pattern;
use crate::problem::{ApiError, Code};
use crate::route::{Call, Json};

const DAY_US: i64 = 86_400_000_000;
/// Most tags of the overview.
const TAGS_MAX: usize = 5_000;
/// Longest time that the overview may take.
const OVERVIEW: Duration = Duration::from_secs(20);

/// Query parameters of the validation of a tag.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagQuery {
    /// Start, microseconds since 1970-01-01 UTC; a day before the end when absent.
    start_us: Option<i64>,
    /// End, microseconds since 1970-01-01 UTC; now when absent.
    end_us: Option<i64>,
    /// Length of the periods that are told apart: a number and `m`, `h`, `d` or `w`, e.g. `1d`;
    /// at most 1000 periods. One period of the whole range when absent.
    period: Option<String>,
    /// Time zone in which days and weeks begin, e.g. `Europe/Berlin`; UTC when absent.
    zone: Option<String>,
}

/// Query parameters of the overview.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Only tags whose path this selects: `*` within a segment, `**` for any depth.
    pattern: Option<String>,
    /// Start, microseconds since 1970-01-01 UTC; an hour before the end when absent.
    start_us: Option<i64>,
    /// End, microseconds since 1970-01-01 UTC; now when absent.
    end_us: Option<i64>,
    /// Order: the least complete, the longest missing or the most violations first; by path when
    /// absent.
    #[serde(default)]
    sort: Sort,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Orders of the overview.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Path,
    Completeness,
    Gaps,
    Violations,
}

/// What is wrong with the samples of a tag.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TagValidationReport {
    /// The tag.
    id: ObjectId,
    /// Its path.
    path: String,
    /// What was expected.
    expectation: Expected,
    /// The whole range. It begins no earlier than the tag, nor than raw samples are kept.
    total: Finding,
    /// The periods asked for, oldest first; empty when none were.
    periods: Vec<Finding>,
    /// The longest gaps, longest first, at most 100.
    gaps: Vec<Gap>,
    /// How many gaps there are.
    gap_count: u64,
    /// Parts of files that could not be read: what they held is missing here.
    damaged: u64,
    /// What was odd about samples as they came.
    live: Live,
    /// The clock of the device against the hub's; null before its first sample.
    clock: Option<ClockSkew>,
}

/// What is expected of a tag.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Expected {
    /// Time between two samples, microseconds; null when no period is known.
    period_us: Option<i64>,
    /// Whether the source sends only changes: then a pause is no gap.
    by_exception: bool,
    /// Longest time between two samples that is no gap, microseconds; null when any pause is
    /// allowed.
    gap_after_us: Option<i64>,
}

/// What was odd about samples as they came.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Live {
    /// Since when it is counted: the start of the hub, microseconds since 1970-01-01 UTC.
    since_us: i64,
    /// How many.
    counts: ViolationCounts,
    /// The newest, newest first; of a state that goes on, its beginning.
    last: Vec<Violation>,
}

/// A tag in the overview.
#[derive(Clone, Serialize, JsonSchema)]
pub(crate) struct ValidationItem {
    /// The tag.
    id: ObjectId,
    /// Its path.
    path: String,
    /// Whether its source sends only changes.
    by_exception: bool,
    /// What is wrong with its stored samples.
    #[serde(flatten)]
    finding: Finding,
    /// Samples that were odd as they came, since the hub started.
    violations: u64,
}

/// Answers what is wrong with the samples of a tag.
pub(crate) async fn of_tag(call: Call<TagQuery>) -> Result<Json<TagValidationReport>, ApiError> {
    let id = call.id()?;
    let query = call.query;
    let hub = call.app.hub.clone();
    let plant = hub.plant();
    let tag = plant.tag(id);
    let tag = tag.ok_or_else(|| ApiError::not_found("tag", id))?;
    let tag = Arc::clone(tag);
    let asked = range(&hub, query.start_us, query.end_us, DAY_US)?;
    let period = query.period.as_deref().map(Period::parse).transpose()?;
    let zone = periods::zone(query.zone.as_deref())?;
    let answer = call.app.blocking(move || {
        let start_us = first_us(&hub, &plant, &tag, asked.0).min(asked.1);
        let edges = edges(start_us, asked.1, period, &zone)?;
        let expectation = plant.expectation(&tag);
        let historian = hub.historian();
        let found = scan(&*historian, tag.index(), expectation, &edges);
        let found = found.map_err(errors::from_store)?;
        Ok(report(&hub, &tag, expectation, found, period.is_some()))
    });
    Ok(Json(answer.await?))
}

fn report(
    hub: &HubHandle,
    tag: &TagEntry,
    expectation: Expectation,
    found: Scan,
    with_periods: bool,
) -> TagValidationReport {
    let (counts, last) = hub.violations(tag.index());
    TagValidationReport {
        id: tag.id(),
        path: tag.path().to_string(),
        expectation: Expected {
            period_us: expectation.period_us,
            by_exception: expectation.by_exception,
            gap_after_us: expectation.gap_after_us(),
        },
        total: Finding::total(&found.spans, found.gap_count),
        periods: if with_periods {
            found.spans
        } else {
            Vec::new()
        },
        gaps: found.gaps,
        gap_count: found.gap_count,
        damaged: found.damaged,
        live: Live {
            since_us: hub.start_us(),
            counts,
            last,
        },
        clock: hub.clock_skew(tag.device()),
    }
}

/// Lists tags with what is wrong with their samples.
pub(crate) async fn list(call: Call<ListQuery>) -> Result<Json<Page<ValidationItem>>, ApiError> {
    let query = call.query;
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let pattern = parse_pattern(query.pattern.as_deref())?;
    let hub = call.app.hub.clone();
    let plant = hub.plant();
    let asked = range(&hub, query.start_us, query.end_us, DAY_US / 24)?;
    let answer = call.app.blocking(move || {
        let tags: Vec<&Arc<TagEntry>> = match &pattern {
            Some(pattern) => plant.select(pattern),
            None => plant.tags().collect(),
        };
        if query.sort == Sort::Path {
            // only the page is looked at
            let at = |place: usize| tags.get(place).copied();
            let key = |tag: &&Arc<TagEntry>| tag.path().to_string();
            let page = window.cut(tags.len(), at, key, Arc::clone);
            let items = items_of(&hub, &plant, &page.items, asked)?;
            return Ok(Page {
                items,
                next_cursor: page.next_cursor,
                total: page.total,
            });
        }
        let tags: Vec<Arc<TagEntry>> = tags.into_iter().cloned().collect();
        let items = sorted(items_of(&hub, &plant, &tags, asked)?, query.sort);
        let at = |place: usize| items.get(place);
        Ok(window.cut(items.len(), at, |item| item.path.clone(), Clone::clone))
    });
    Ok(Json(answer.await?))
}

fn items_of(
    hub: &HubHandle,
    plant: &Plant,
    tags: &[Arc<TagEntry>],
    asked: (i64, i64),
) -> Result<Vec<ValidationItem>, ApiError> {
    if TAGS_MAX < tags.len() {
        let reason = format!(
            "{} tags; at most {TAGS_MAX} are put in order at once, narrow the pattern",
            tags.len()
        );
        return Err(ApiError::query("pattern", reason));
    }
    let (historian, started) = (hub.historian(), Instant::now());
    let one = |tag: &Arc<TagEntry>| {
        if OVERVIEW < started.elapsed() {
            let reason = "the range holds too many samples; narrow the range or the pattern";
            return Err(ApiError::new(Code::Timeout, reason));
        }
        item(hub, plant, &*historian, tag, asked)
    };
    tags.iter().map(one).collect()
}

fn item(
    hub: &HubHandle,
    plant: &Plant,
    historian: &dyn Historian,
    tag: &Arc<TagEntry>,
    asked: (i64, i64),
) -> Result<ValidationItem, ApiError> {
    let expectation = plant.expectation(tag);
    let start_us = first_us(hub, plant, tag, asked.0).min(asked.1);
    let found = scan(historian, tag.index(), expectation, &[start_us, asked.1]);
    let found = found.map_err(errors::from_store)?;
    let (counts, _) = hub.violations(tag.index());
    Ok(ValidationItem {
        id: tag.id(),
        path: tag.path().to_string(),
        by_exception: expectation.by_exception,
        finding: Finding::total(&found.spans, found.gap_count),
        violations: counts.total(),
    })
}

/// Puts the worst first; equal ones stay in order of path.
fn sorted(mut items: Vec<ValidationItem>, sort: Sort) -> Vec<ValidationItem> {
    match sort {
        Sort::Path => {}
        Sort::Completeness => items.sort_by(|left, right| {
            // what has no completeness comes last
            let share = |item: &ValidationItem| item.finding.completeness.unwrap_or(2.0);
            share(left).total_cmp(&share(right))
        }),
        Sort::Gaps => items.sort_by_key(|item| std::cmp::Reverse(item.finding.gap_us)),
        Sort::Violations => items.sort_by_key(|item| std::cmp::Reverse(item.violations)),
    }
    items
}

/// Returns the range asked for, up to now.
fn range(
    hub: &HubHandle,
    start_us: Option<i64>,
    end_us: Option<i64>,
    width_us: i64,
) -> Result<(i64, i64), ApiError> {
    let now_us = hub.clock().now_us();
    let end_us = end_us.unwrap_or(now_us).min(now_us);
    let start_us = start_us.unwrap_or(end_us.saturating_sub(width_us));
    if end_us <= start_us {
        let reason = format!("{start_us} is not before the end, {end_us}, or lies in the future");
        return Err(ApiError::query("start_us", reason));
    }
    Ok((start_us, end_us))
}

/// Returns from when on samples of a tag can be there: since it exists, and as long as raw
/// samples are kept.
fn first_us(hub: &HubHandle, plant: &Plant, tag: &TagEntry, start_us: i64) -> i64 {
    let policy = plant.effective_retention(tag.path());
    let days = policy.map_or_else(|| hub.default_retention(), |policy| policy.body.days);
    let kept_us = days.raw.map_or(i64::MIN, |days| {
        let now_us = hub.clock().now_us();
        now_us.saturating_sub(i64::from(days).saturating_mul(DAY_US))
    });
    start_us
        .max(kept_us)
        .max(made_us(tag.id()).unwrap_or(i64::MIN))
}

/// Returns when an object was made, as its id tells.
fn made_us(id: ObjectId) -> Option<i64> {
    let (secs, nanos) = id.0.get_timestamp()?.to_unix();
    let secs = i64::try_from(secs).ok()?;
    Some(
        secs.saturating_mul(1_000_000)
            .saturating_add(i64::from(nanos / 1000)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, completeness: Option<f64>, gap_us: i64) -> ValidationItem {
        ValidationItem {
            id: ObjectId(uuid::Uuid::nil()),
            path: path.into(),
            by_exception: false,
            finding: Finding {
                completeness,
                gap_us,
                ..Finding::default()
            },
            violations: 0,
        }
    }

    fn paths(sort: Sort) -> Vec<String> {
        let items = vec![
            found("a", None, 5),
            found("b", Some(1.0), 1),
            found("c", Some(0.5), 9),
            found("d", Some(0.5), 1),
        ];
        let items = sorted(items, sort);
        items.into_iter().map(|item| item.path).collect()
    }

    #[test]
    fn the_worst_comes_first_and_what_has_no_figure_last() {
        assert_eq!(paths(Sort::Completeness), ["c", "d", "b", "a"]);
        assert_eq!(paths(Sort::Gaps), ["c", "a", "b", "d"]);
        assert_eq!(paths(Sort::Path), ["a", "b", "c", "d"]);
    }
}
