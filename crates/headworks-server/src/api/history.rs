//! Questions about history: raw samples, values at instants, aggregates, charts; deletion.

mod ask;
mod line;

use std::ops::ControlFlow;

use headworks_core::{QualityClass, Sample, Value};
use headworks_store::TimeRange;
use headworks_store::history::HistoryError;
use headworks_store::history::aggregates::{Aggregate, Engine, Intervals, Processed};
use headworks_store::history::at_time::{self, AtTimeQuery};
use headworks_store::history::chart::{ChartPoint, ChartQuery};
use headworks_store::history::processed::{self, ProcessedQuery};
use headworks_store::history::raw::{self, RawPart, RawQuery};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use ask::{ChosenTag, Moment, Options, Step, TagText, answer, limits, tags};
pub(super) use ask::{from_history, watched};

use crate::problem::ApiError;
use crate::route::{Call, Json, NoQuery, Written};
use crate::text::Text;

/// Which raw samples to read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAsk {
    /// Tags by id, path or pattern.
    tags: Vec<TagText>,
    /// First instant.
    start: Moment,
    /// First instant after the range.
    end: Moment,
    /// Zone of times without an offset, e.g. `Europe/Berlin`; UTC when absent.
    zone: Option<Text<64>>,
    /// Most samples of the page, 1 to 100000; 10000 when absent.
    limit: Option<usize>,
    /// The last sample before and the first after the range too.
    #[serde(default)]
    bounds: bool,
    /// `next_cursor` of the page before.
    cursor: Option<Text<256>>,
}

/// Which values at instants to read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtTimeAsk {
    /// Tags by id, path or pattern.
    tags: Vec<TagText>,
    /// The instants, rising.
    times: Vec<Moment>,
    /// Zone of times without an offset; UTC when absent.
    zone: Option<Text<64>>,
    /// The samples before and after each instant too.
    #[serde(default)]
    bounds: bool,
    /// How data are treated.
    #[serde(default)]
    options: Options,
}

/// Which aggregates to compute.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProcessedAsk {
    /// Tags by id, path or pattern.
    tags: Vec<TagText>,
    /// Names of aggregates, see `GET /api/v1/history/aggregates`.
    aggregates: Vec<Text<64>>,
    /// Start of the range; after the end the range runs backward.
    start: Moment,
    /// End of the range, not part of it.
    end: Moment,
    /// Width in microseconds, 0 for one interval, or of the calendar, e.g. `1d`.
    interval: Step,
    /// Zone of the calendar and of times without an offset; UTC when absent.
    zone: Option<Text<64>>,
    /// How data are treated.
    #[serde(default)]
    options: Options,
}

/// What to draw.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChartAsk {
    /// Tags by id, path or pattern.
    tags: Vec<TagText>,
    /// First instant.
    start: Moment,
    /// First instant after the range.
    end: Moment,
    /// Zone of times without an offset; UTC when absent.
    zone: Option<Text<64>>,
    /// Pixel columns, 1 to 10000; 800 when absent.
    columns: Option<usize>,
    /// A pause longer than these microseconds breaks the line.
    gap_us: Option<i64>,
}

/// Which samples to delete.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteAsk {
    /// Tags by id, path or pattern.
    tags: Vec<TagText>,
    /// First instant.
    start: Moment,
    /// First instant after the range.
    end: Moment,
    /// Zone of times without an offset; UTC when absent.
    zone: Option<Text<64>>,
}

/// Samples column by column.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct Samples {
    /// Times, microseconds since 1970-01-01 UTC.
    times_us: Vec<i64>,
    /// Values; null where the status is bad.
    values: Vec<Option<Value>>,
    /// OPC UA status codes with information bits.
    statuses: Vec<u32>,
}

/// A tag and its samples.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TagSamples {
    #[serde(flatten)]
    tag: ChosenTag,
    #[serde(flatten)]
    samples: Samples,
}

/// A page of raw samples.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RawAnswer {
    /// Tags with samples of the page.
    tags: Vec<TagSamples>,
    /// `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

/// A sample beside an instant.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Neighbour {
    time_us: i64,
    value: Option<Value>,
    status: u32,
}

/// A tag at the instants.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TagAtTime {
    #[serde(flatten)]
    tag: ChosenTag,
    #[serde(flatten)]
    samples: Samples,
    /// The last sample at or before each instant, when asked for.
    before: Vec<Option<Neighbour>>,
    /// The first sample after each instant, when asked for.
    after: Vec<Option<Neighbour>>,
}

/// Values of tags at the same instants.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AtTimeAnswer {
    /// The tags.
    tags: Vec<TagAtTime>,
}

/// An aggregate of a tag, one entry for each interval.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Column {
    /// Name of the aggregate.
    aggregate: &'static str,
    #[serde(flatten)]
    samples: Samples,
}

/// The aggregates of a tag.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TagColumns {
    #[serde(flatten)]
    tag: ChosenTag,
    /// The aggregates in the order asked for.
    columns: Vec<Column>,
}

/// Aggregates of tags over the same intervals.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProcessedAnswer {
    /// Start of each interval in the direction of the range.
    starts_us: Vec<i64>,
    /// The tags.
    tags: Vec<TagColumns>,
}

/// The line of a tag.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TagLine {
    #[serde(flatten)]
    tag: ChosenTag,
    /// Times, microseconds since 1970-01-01 UTC.
    times_us: Vec<i64>,
    /// Values; null where the line is broken.
    values: Vec<Option<Value>>,
    /// Worst class of quality in the pixel column.
    worst: Vec<QualityClass>,
}

/// Lines of a chart.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChartAnswer {
    /// The tags.
    tags: Vec<TagLine>,
}

/// How much was deleted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deleted {
    /// Samples that are gone.
    samples: u64,
}

/// An aggregate.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AggregateInfo {
    /// Name in OPC UA Part 13.
    name: &'static str,
    /// What it is.
    description: &'static str,
    /// Section of Part 13, version 1.05.
    section: &'static str,
    /// Whether texts and bytes have no such aggregate.
    needs_numbers: bool,
}

/// Every aggregate.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AggregateList {
    /// The aggregates in the order of Part 13.
    items: Vec<AggregateInfo>,
}

impl TagLine {
    fn new(tag: ChosenTag, points: Vec<ChartPoint>) -> TagLine {
        TagLine {
            tag,
            times_us: points.iter().map(|point| point.time_us).collect(),
            worst: points.iter().map(|point| point.worst).collect(),
            values: points.into_iter().map(|point| point.value).collect(),
        }
    }
}

impl Samples {
    fn push(&mut self, time_us: i64, value: Option<Value>, status: u32) {
        self.times_us.push(time_us);
        self.values.push(value);
        self.statuses.push(status);
    }

    fn of(results: impl Iterator<Item = Processed>) -> Samples {
        let mut samples = Samples::default();
        results.for_each(|one| samples.push(one.time_us, one.value, one.quality.code()));
        samples
    }
}

fn neighbour(sample: Option<Sample>) -> Option<Neighbour> {
    sample.map(|sample| Neighbour {
        time_us: sample.time_us,
        value: sample.value,
        status: sample.quality.code(),
    })
}

fn range(start: &Moment, end: &Moment, zone: Option<&str>) -> Result<TimeRange, ApiError> {
    let zone = ask::zone(zone)?;
    Ok(TimeRange {
        start_us: start.read("/start", &zone)?,
        end_us: end.read("/end", &zone)?,
    })
}

/// Answers with a page of raw samples.
pub(crate) async fn raw(call: Call<NoQuery, Json<RawAsk>>) -> Result<Written<RawAnswer>, ApiError> {
    let rights = call.rights()?;
    let body = call.body.0;
    let chosen = tags(&call.app, &rights, &body.tags)?;
    let cursor = body.cursor.as_deref().map(str::parse).transpose();
    let query = RawQuery {
        tags: chosen.iter().map(ChosenTag::index).collect(),
        range: range(&body.start, &body.end, body.zone.as_deref())?,
        limit: body.limit.unwrap_or(10_000),
        with_bounds: body.bounds,
        cursor: cursor.map_err(from_history)?,
    };
    query.check(&limits()).map_err(from_history)?;
    answer(&call.app, move |store, watch| {
        let mut tags: Vec<TagSamples> = Vec::new();
        let next = raw::raw(store, &query, &limits(), watch, &mut |part| {
            match part {
                RawPart::Tag(nth) => tags.push(TagSamples {
                    tag: chosen[nth].clone(),
                    samples: Samples::default(),
                }),
                RawPart::Sample(sample) => {
                    if let Some(tag) = tags.last_mut() {
                        let status = sample.quality.code();
                        tag.samples.push(sample.time_us, sample.value, status);
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        let next_cursor = next.map(|cursor| cursor.to_string());
        Ok(RawAnswer { tags, next_cursor })
    })
    .await
}

/// Answers with the values of tags at instants.
pub(crate) async fn at_time(
    call: Call<NoQuery, Json<AtTimeAsk>>,
) -> Result<Written<AtTimeAnswer>, ApiError> {
    let rights = call.rights()?;
    let body = call.body.0;
    let chosen = tags(&call.app, &rights, &body.tags)?;
    let zone = ask::zone(body.zone.as_deref())?;
    let options = body.options.read()?;
    let times = body.times.iter().enumerate();
    let times = times.map(|(nth, time)| time.read(&format!("/times/{nth}"), &zone));
    let query = AtTimeQuery {
        tags: chosen.iter().map(|tag| (tag.index(), options)).collect(),
        times_us: times.collect::<Result<_, _>>()?,
        with_bounds: body.bounds,
    };
    query.check(&limits()).map_err(from_history)?;
    answer(&call.app, move |store, watch| {
        let mut tags = Vec::with_capacity(chosen.len());
        at_time::at_time(store, &query, &limits(), watch, &mut |nth, found| {
            tags.push(TagAtTime {
                tag: chosen[nth].clone(),
                samples: Samples::of(found.values.into_iter()),
                before: found.before.into_iter().map(neighbour).collect(),
                after: found.after.into_iter().map(neighbour).collect(),
            });
            ControlFlow::Continue(())
        })?;
        Ok(AtTimeAnswer { tags })
    })
    .await
}

/// Answers with aggregates of tags.
pub(crate) async fn processed(
    call: Call<NoQuery, Json<ProcessedAsk>>,
) -> Result<Written<ProcessedAnswer>, ApiError> {
    let rights = call.rights()?;
    let body = call.body.0;
    let chosen = tags(&call.app, &rights, &body.tags)?;
    let options = body.options.read()?;
    let range = range(&body.start, &body.end, body.zone.as_deref())?;
    let interval = body.interval.read(ask::zone(body.zone.as_deref())?)?;
    let intervals = Intervals::of(range.start_us, range.end_us, &interval, limits().buckets);
    let query = ProcessedQuery {
        tags: chosen.iter().map(|tag| (tag.index(), options)).collect(),
        intervals: intervals.map_err(from_history)?,
        aggregates: ask::aggregates(&body.aggregates)?,
    };
    query.check(&limits()).map_err(from_history)?;
    answer(&call.app, move |store, watch| {
        let mut tags = Vec::with_capacity(chosen.len());
        processed::processed(
            store,
            &query,
            &limits(),
            watch,
            &mut |nth, engine: &Engine| {
                let columns = query.aggregates.iter().map(|&aggregate| Column {
                    aggregate: aggregate.name(),
                    samples: Samples::of(engine.results(aggregate)),
                });
                tags.push(TagColumns {
                    tag: chosen[nth].clone(),
                    columns: columns.collect(),
                });
                ControlFlow::Continue(())
            },
        )?;
        let starts_us = query.intervals.starts();
        Ok(ProcessedAnswer { starts_us, tags })
    })
    .await
}

/// Answers with lines for a chart; columns of a minute and more are drawn from roll-ups.
pub(crate) async fn chart(
    call: Call<NoQuery, Json<ChartAsk>>,
) -> Result<Written<ChartAnswer>, ApiError> {
    let rights = call.rights()?;
    let body = call.body.0;
    let chosen = tags(&call.app, &rights, &body.tags)?;
    let query = ChartQuery {
        tags: chosen.iter().map(ChosenTag::index).collect(),
        range: range(&body.start, &body.end, body.zone.as_deref())?,
        columns: body.columns.unwrap_or(800),
        gap_us: body.gap_us,
    };
    query.check(&limits()).map_err(from_history)?;
    answer(&call.app, move |store, watch| {
        let lines = chosen.iter().map(|tag| {
            let query = ChartQuery {
                tags: vec![tag.index()],
                ..query.clone()
            };
            let points = line::line(store, &query, &limits(), watch)?;
            Ok(TagLine::new(tag.clone(), points))
        });
        let tags = lines.collect::<Result<_, HistoryError>>()?;
        Ok(ChartAnswer { tags })
    })
    .await
}

/// Deletes samples of tags in a range.
pub(crate) async fn delete(
    call: Call<NoQuery, Json<DeleteAsk>>,
) -> Result<Json<Deleted>, ApiError> {
    let rights = call.rights()?;
    let body = call.body.0;
    let chosen = tags(&call.app, &rights, &body.tags)?;
    let range = range(&body.start, &body.end, body.zone.as_deref())?;
    headworks_store::history::check_range(range).map_err(from_history)?;
    let indices: Vec<_> = chosen.iter().map(ChosenTag::index).collect();
    let historian = call.app.hub.historian();
    let work = move || {
        let deleted = historian.delete(&indices, range);
        deleted.map_err(super::errors::from_store)
    };
    let samples = call.app.blocking(work).await?;
    Ok(Json(Deleted { samples }))
}

/// Lists the aggregates.
pub(crate) async fn aggregates(_: Call) -> Result<Json<AggregateList>, ApiError> {
    let info = |aggregate: &Aggregate| AggregateInfo {
        name: aggregate.name(),
        description: aggregate.description(),
        section: aggregate.section(),
        needs_numbers: aggregate.needs_numbers(),
    };
    let items = Aggregate::ALL.iter().map(info).collect();
    Ok(Json(AggregateList { items }))
}
