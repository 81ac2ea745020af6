//! Requests counted by route, and their traces.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use headworks_telemetry::metrics::Histogram;
use headworks_telemetry::{Trace, TraceParent};
use parking_lot::Mutex;

use crate::app::App;

/// Durations of requests by template of the route, method and class of the status.
///
/// Bounded: templates and methods are those of the table, classes are five.
#[derive(Default)]
pub(crate) struct HttpFigures(Mutex<BTreeMap<Requests, Histogram>>);

/// Requests that are counted together: template of the route, method, first digit of the status.
pub(crate) type Requests = (&'static str, String, u16);

/// A request that is being answered.
pub(crate) struct Watch {
    app: Arc<App>,
    route: &'static str,
    method: Method,
    start: Instant,
    /// What a trace needs; none when none are asked for.
    trace: Option<(i64, Option<TraceParent>)>,
}

impl HttpFigures {
    fn count(&self, requests: Requests, duration: Duration) {
        self.0.lock().entry(requests).or_default().observe(duration);
    }

    /// Returns all counts, in order of route.
    pub(crate) fn all(&self) -> Vec<(Requests, Histogram)> {
        let counts = self.0.lock();
        let one = |(key, counted): (&Requests, &Histogram)| (key.clone(), counted.clone());
        counts.iter().map(one).collect()
    }
}

impl Watch {
    /// Begins when the head of a request is there.
    pub(crate) fn begin(app: &Arc<App>, route: &'static str, request: &Request) -> Watch {
        let trace = app.telemetry.is_tracing().then(|| {
            let parent = request.headers().get("traceparent");
            let parent = parent.and_then(|header| header.to_str().ok());
            (Trace::now_us(), parent.and_then(TraceParent::parse))
        });
        Watch {
            app: Arc::clone(app),
            route,
            method: request.method().clone(),
            start: Instant::now(),
            trace,
        }
    }

    /// Ends with the head of the answer.
    pub(crate) fn end(self, response: Response) -> Response {
        let duration = self.start.elapsed();
        let status = response.status().as_u16();
        let method = self.method.to_string();
        if let Some((start_us, parent)) = self.trace {
            self.app.telemetry.trace(Trace {
                name: format!("{method} {}", self.route),
                start_us,
                duration,
                method: method.clone(),
                route: self.route,
                status,
                parent,
            });
        }
        let requests = (self.route, method, status / 100);
        self.app.http.count(requests, duration);
        response
    }
}
