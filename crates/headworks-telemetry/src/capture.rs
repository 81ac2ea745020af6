//! From events of `tracing` to lines.

use std::error::Error;
use std::fmt::Debug;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::line::{Level, Line, SpanContext, clean, now_us};
use crate::scrub;
use crate::telemetry::Telemetry;

/// Takes every event that the filter lets through.
pub(crate) struct Capture {
    pub(crate) telemetry: Telemetry,
}

/// Most reasons of one error.
const CAUSES_MAX: usize = 16;

/// What a visitor found.
#[derive(Default)]
struct Found {
    message: String,
    module: Option<String>,
    fields: Map<String, Value>,
    causes: Vec<String>,
}

/// Fields of a span, kept with it.
struct SpanFields(Map<String, Value>);

impl Found {
    fn put(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => {
                self.message = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            }
            "log.target" => self.module = value.as_str().map(str::to_owned),
            name if name.starts_with("log.") => {}
            name => {
                let name = name.strip_prefix("r#").unwrap_or(name);
                self.fields
                    .insert(name.to_owned(), scrub::value(name, value));
            }
        }
    }
}

impl Visit for Found {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, clean(&scrub::text(format!("{value:?}"))).into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, clean(&scrub::text(value.to_owned())).into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, clean(&scrub::text(value.to_string())).into());
        let mut source = value.source();
        while let Some(error) = source.filter(|_| self.causes.len() < CAUSES_MAX) {
            self.causes.push(clean(&scrub::text(error.to_string())));
            source = error.source();
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut found = Found::default();
        attributes.record(&mut found);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(found.fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut found = Found::default();
        values.record(&mut found);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<SpanFields>()
        {
            fields.0.extend(found.fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut found = Found::default();
        event.record(&mut found);
        let spans = context.event_scope(event).into_iter().flatten();
        let spans: Vec<SpanContext> = spans
            .map(|span| SpanContext {
                name: span.name().to_owned(),
                fields: span
                    .extensions()
                    .get::<SpanFields>()
                    .map_or_else(Map::new, |fields| fields.0.clone()),
            })
            .collect();
        let module = found
            .module
            .unwrap_or_else(|| event.metadata().target().to_owned());
        self.telemetry.take(Line {
            id: 0,
            time_us: now_us(),
            level: Level::from(event.metadata().level()),
            module: clean(&module),
            message: found.message,
            fields: found.fields,
            spans: spans.into_iter().rev().collect(),
            thread: std::thread::current().name().map(clean),
            causes: found.causes,
            backtrace: None,
        });
    }
}
