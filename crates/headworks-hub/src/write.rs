//! The way of a write: from an engineering value to a confirmed value at the device.

use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::ObjectId;
use headworks_core::{DataType, Sample, Update, Value};
use headworks_protocols::{Command, WriteError, WriteReport};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tracing::{debug, info, warn};

use crate::error::HubError;
use crate::handle::Written;
use crate::hub::Shared;
use crate::plant::TagEntry;

/// Longest time a write may take, waiting for its turn included.
const WRITE: Duration = Duration::from_secs(30);

/// Who writes a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer<'a> {
    /// Somebody who asked for it and waits for the answer.
    Caller,
    /// A route, by its name: there may be many writes, so that those that succeed are no news.
    Route(&'a str),
}

/// Writes a value; see [`crate::HubHandle::write`].
pub(crate) async fn write(
    shared: &Shared,
    id: ObjectId,
    value: Value,
    writer: Writer<'_>,
) -> Result<Written, HubError> {
    let plant = shared.plant.load_full();
    let tag = plant
        .tag(id)
        .ok_or(HubError::NotFound { kind: "tag", id })?;
    let started = Instant::now();
    let outcome = match plant.connection_of(tag) {
        Some(connection) if plant.is_polled(tag) => {
            write_to(shared, connection, tag, value.clone()).await
        }
        Some(connection) => {
            let reason = "the tag, its device or its connection is disabled";
            Err(shared.link_down(connection, reason.into()))
        }
        None => Err(HubError::Stopping),
    };
    shared.totals.count_write(&outcome);
    log(tag, &value, started.elapsed(), &outcome, writer);
    outcome
}

fn log(
    tag: &TagEntry,
    value: &Value,
    took: Duration,
    outcome: &Result<Written, HubError>,
    writer: Writer<'_>,
) {
    let path = tag.path();
    match (outcome, writer) {
        (Ok(written), Writer::Caller) => {
            let read_back = written.read_back.as_ref().map(ToString::to_string);
            let confirmed = written.confirmed;
            info!(%path, %value, read_back, confirmed, ?took, "tag written");
        }
        (Ok(written), Writer::Route(route)) => {
            let confirmed = written.confirmed;
            debug!(%path, %value, confirmed, ?took, route, "tag written by a route");
        }
        (Err(error), Writer::Caller) => warn!(%path, %value, %error, ?took, "tag not written"),
        (Err(error), Writer::Route(route)) => {
            // the router tells of the first of many, and counts the others
            debug!(%path, %value, %error, ?took, route, "tag not written by a route");
        }
    }
}

async fn write_to(
    shared: &Shared,
    connection: ObjectId,
    tag: &Arc<TagEntry>,
    value: Value,
) -> Result<Written, HubError> {
    let value = check(tag, value)?;
    let raw = tag
        .scaling()
        .invert(&value)
        .map_err(|error| HubError::Value {
            path: tag.path().clone(),
            reason: error.to_string(),
        })?;
    let report = send(shared, connection, tag, raw).await?;
    let read_back = report.read_back.as_ref().and_then(|raw| {
        // what the device holds is shown even when it does not fit the scaling
        tag.scaling().apply(raw.clone()).ok()
    });
    let time_us = shared.clock.now_us();
    if let Some(raw) = report.read_back {
        let sample = Sample::good(time_us, raw);
        let tag = tag.index();
        let read = vec![Update { tag, sample }];
        shared.ingest.take(read, time_us).await;
    }
    Ok(Written {
        value,
        read_back,
        confirmed: report.confirmed,
        time_us,
    })
}

/// Checks that a tag may be written and that the value fits its type and range.
fn check(tag: &TagEntry, value: Value) -> Result<Value, HubError> {
    let path = || tag.path().clone();
    if !tag.writable() {
        return Err(HubError::NotWritable { path: path() });
    }
    let value = fit(tag.data_type(), value).map_err(|reason| HubError::Value {
        path: path(),
        reason,
    })?;
    let Some(number) = value.as_f64().filter(|_| !matches!(value, Value::Bool(_))) else {
        return Ok(value);
    };
    let beyond = match (tag.min(), tag.max()) {
        (Some(min), _) if number < min => Some(format!("{value} is below its min, {min}")),
        (_, Some(max)) if max < number => Some(format!("{value} is above its max, {max}")),
        _ => None,
    };
    match beyond {
        Some(reason) => Err(HubError::Value {
            path: path(),
            reason,
        }),
        None => Ok(value),
    }
}

/// Returns the value as the data type takes it; 0 and 1 are bools where bools are wanted.
fn fit(data_type: DataType, value: Value) -> Result<Value, String> {
    match (data_type, value) {
        (DataType::Bool, value @ Value::Bool(_)) => Ok(value),
        (DataType::Bool, value) => match value.as_f64() {
            Some(0.0) => Ok(Value::Bool(false)),
            Some(1.0) => Ok(Value::Bool(true)),
            _ => Err(format!("{value} is not a bool; give true or false")),
        },
        (DataType::String, value @ Value::Text(_)) => Ok(value),
        (DataType::String, value) => Err(format!("{value} is not a text")),
        (_, value @ (Value::I64(_) | Value::U64(_))) => Ok(value),
        (_, Value::F64(number)) if number.is_finite() => Ok(Value::F64(number)),
        (_, value) => Err(format!(
            "{value} is not a number; the tag is of type {data_type}"
        )),
    }
}

async fn send(
    shared: &Shared,
    connection: ObjectId,
    tag: &TagEntry,
    raw: Value,
) -> Result<WriteReport, HubError> {
    let (reply, answer) = oneshot::channel();
    let command = Command::Write {
        tag: tag.index(),
        value: raw,
        reply,
    };
    shared.command(connection, command).await?;
    let source = match timeout(WRITE, answer).await {
        Ok(Ok(Ok(report))) => return Ok(report),
        Ok(Ok(Err(error))) => error,
        Ok(Err(_)) => WriteError::NoAnswer {
            reason: "the link went down; the value may or may not have arrived".into(),
        },
        Err(_) => WriteError::NoAnswer {
            reason: format!("waited for {} s", WRITE.as_secs()),
        },
    };
    let path = tag.path().clone();
    Err(HubError::Write { path, source })
}
