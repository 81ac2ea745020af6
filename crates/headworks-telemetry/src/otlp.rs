//! Traces to a collector: OTLP over HTTP in its JSON form.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::export::{Endpoint, ExportStats, Exporter, agent};
use crate::line::now_us;

/// Who asked for something, as the header `traceparent` of W3C Trace Context says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: String,
    span: String,
}

/// One request that was answered: a span of its own trace, or of the client's.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What was done, of a small set: method and template of the route.
    pub name: String,
    /// When it began, microseconds since 1970-01-01 UTC.
    pub start_us: i64,
    /// How long it took.
    pub duration: Duration,
    /// Method of the request.
    pub method: String,
    /// Template of the route.
    pub route: &'static str,
    /// Status of the answer.
    pub status: u16,
    /// The client's span.
    pub parent: Option<TraceParent>,
}

/// The way to the collector.
#[derive(Debug)]
pub(crate) struct Traces(Exporter<Trace>);

impl TraceParent {
    /// Reads the header; none when it is not of version 00 or is all zeros.
    pub fn parse(header: &str) -> Option<TraceParent> {
        let mut parts = header.trim().split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, length: usize| {
            let is_lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            text.len() == length
                && text.bytes().all(is_lower_hex)
                && text.bytes().any(|it| it != b'0')
        };
        (version == "00" && is_hex(trace, 32) && is_hex(span, 16)).then(|| TraceParent {
            trace: trace.to_owned(),
            span: span.to_owned(),
        })
    }
}

impl Trace {
    /// Returns the time now, for [`Trace::start_us`].
    pub fn now_us() -> i64 {
        now_us()
    }
}

impl Traces {
    pub(crate) fn start(endpoint: &Endpoint) -> std::io::Result<Traces> {
        let agent = agent();
        let url = format!("{}/v1/traces", endpoint.as_str());
        let send = move |traces: &[Trace]| {
            let request = agent.post(&url).header("content-type", "application/json");
            request.send(body(traces).to_string()).is_ok()
        };
        Ok(Traces(Exporter::start("otlp", send)?))
    }

    pub(crate) fn give(&self, trace: Trace) {
        self.0.give(trace);
    }

    pub(crate) fn flush(&self, patience: Duration) {
        self.0.flush(patience);
    }

    pub(crate) fn stats(&self) -> ExportStats {
        self.0.stats()
    }
}

fn body(traces: &[Trace]) -> Value {
    let spans: Vec<Value> = traces.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            text("service.name", "headworks"),
            text("service.version", env!("CARGO_PKG_VERSION")),
        ] },
        "scopeSpans": [{
            "scope": { "name": "headworks", "version": env!("CARGO_PKG_VERSION") },
            "spans": spans,
        }],
    }] })
}

fn span(trace: &Trace) -> Value {
    let start_ns = i128::from(trace.start_us) * 1_000;
    let end_ns = start_ns + i128::try_from(trace.duration.as_nanos()).unwrap_or(0);
    let (trace_id, parent) = match &trace.parent {
        Some(parent) => (parent.trace.clone(), parent.span.as_str()),
        None => (Uuid::now_v7().simple().to_string(), ""),
    };
    // The last eight bytes of such an id are random but for two bits.
    let span_id = Uuid::now_v7().simple().to_string().split_off(16);
    let status = if trace.status < 500 {
        json!({})
    } else {
        json!({ "code": 2 })
    };
    json!({
        "traceId": trace_id,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": trace.name,
        "kind": 2,
        "startTimeUnixNano": start_ns.to_string(),
        "endTimeUnixNano": end_ns.to_string(),
        "attributes": [
            text("http.request.method", &trace.method),
            text("http.route", trace.route),
            { "key": "http.response.status_code",
              "value": { "intValue": trace.status.to_string() } },
        ],
        "status": status,
    })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_parent_is_what_w3c_says() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = TraceParent::parse(header).unwrap();
        assert_eq!(parent.span, "00f067aa0ba902b7");
        for bad in [
            "",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf9-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
    }
}
