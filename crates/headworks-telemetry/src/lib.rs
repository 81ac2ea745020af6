//! What the program tells of itself: log lines, a journal of errors, figures, traces.
//!
//! Read in this order: [`Telemetry`] takes every event of `tracing` once, as a [`Line`], and hands
//! it on: to standard error, a file that rotates, a ring in memory, the [`ErrorJournal`], a server
//! that speaks the protocol of Sentry. [`Trace`]s of requests go to a collector by OTLP.
//! [`metrics`] writes figures as Prometheus reads them. Every queue is bounded and counts what it
//! drops: who logs never waits for a disk or a network.

mod capture;
mod errors;
mod export;
mod file;
mod line;
pub mod metrics;
mod otlp;
mod panics;
mod ring;
mod scrub;
mod sentry;
mod telemetry;

pub use errors::{ErrorGroup, ErrorJournal, ErrorOccurrence, ErrorPage, ErrorQuery, JournalError};
pub use export::{Endpoint, EndpointError, ExportStats};
pub use file::FileSettings;
pub use line::{Level, Line, LineFormat, SpanContext};
pub use otlp::{Trace, TraceParent};
pub use ring::{LinePage, LineQuery};
pub use scrub::text as scrub;
pub use sentry::{Dsn, DsnError};
pub use telemetry::{StartError, Telemetry, TelemetrySettings, TelemetryStats};
