//! What takes every line and hands it on.

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::capture::Capture;
use crate::errors::{ErrorJournal, JournalError};
use crate::export::{Endpoint, ExportStats};
use crate::file::{FileSettings, FileWriter};
use crate::line::{Level, Line, LineFormat};
use crate::otlp::{Trace, Traces};
use crate::panics;
use crate::ring::{LinePage, LineQuery, Ring};
use crate::sentry::{Dsn, Sentry};

/// File of the journal of errors in the data directory.
const ERRORS_FILE: &str = "errors.db";

/// Where lines go.
#[derive(Clone, Debug, Default)]
pub struct TelemetrySettings {
    /// Which lines are made, e.g. `info,headworks_protocols=debug`.
    pub levels: String,
    /// How lines are written to standard error; none to write none.
    pub stderr: Option<LineFormat>,
    /// A file that gets lines too, without colours.
    pub file: Option<FileSettings>,
    /// A server that gets warnings and errors.
    pub sentry: Option<Dsn>,
    /// A collector that gets traces of requests.
    pub otlp: Option<Endpoint>,
}

/// What takes every line and hands it on. Clones are the same.
///
/// The default one keeps the newest lines in memory and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    stderr: Option<LineFormat>,
    file: Option<FileWriter>,
    file_format: LineFormat,
    sentry: Option<Sentry>,
    traces: Option<Traces>,
    errors: OnceLock<ErrorJournal>,
    ring: Mutex<Ring>,
    lines: AtomicU64,
    warnings: AtomicU64,
    errors_seen: AtomicU64,
    panics: AtomicU64,
    levels: Mutex<String>,
    filter: OnceLock<reload::Handle<EnvFilter, Registry>>,
}

/// Why lines cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The file or a thread refuses.
    #[error("log lines cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// The levels cannot be read.
    #[error("{levels:?} is no log level: {reason}; use error, warn, info, debug or trace")]
    Levels {
        /// What was given.
        levels: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else takes the lines of this process.
    #[error("log lines cannot be taken: {0}")]
    Taken(#[from] tracing_subscriber::util::TryInitError),
    /// This one is not asked which lines are made.
    #[error("levels cannot be changed: this process does not take log lines")]
    Detached,
}

/// What was taken and dropped since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TelemetryStats {
    /// Lines.
    pub lines: u64,
    /// Warnings among them.
    pub warnings: u64,
    /// Errors among them.
    pub errors: u64,
    /// Panics among the errors.
    pub panics: u64,
    /// Lines that the file did not get.
    pub file_dropped: u64,
    /// Warnings and errors that the journal did not get.
    pub journal_dropped: u64,
    /// Whether the file or the journal refuses at present.
    pub failing: bool,
    /// What became of errors for the Sentry server.
    pub sentry: Option<ExportStats>,
    /// What became of traces.
    pub otlp: Option<ExportStats>,
}

impl Telemetry {
    /// Opens what the settings name. Nothing is taken before [`Telemetry::subscribe`].
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or a thread cannot be started.
    pub fn new(settings: TelemetrySettings) -> Result<Telemetry, StartError> {
        let file_format = match settings.stderr {
            Some(LineFormat::Json) => LineFormat::Json,
            _ => LineFormat::Text,
        };
        let inner = Inner {
            stderr: settings.stderr,
            file: settings.file.map(FileWriter::start).transpose()?,
            file_format,
            sentry: settings.sentry.map(Sentry::start).transpose()?,
            traces: settings.otlp.as_ref().map(Traces::start).transpose()?,
            levels: Mutex::new(settings.levels),
            ..Inner::default()
        };
        Ok(Telemetry {
            inner: Arc::new(inner),
        })
    }

    /// Takes all lines and panics of this process from now on.
    ///
    /// # Errors
    ///
    /// When somebody else does so already, or the levels cannot be read.
    pub fn subscribe(&self) -> Result<(), StartError> {
        self.subscriber()?.try_init()?;
        panics::watch(self.clone());
        Ok(())
    }

    /// Returns what takes lines, for one thread or one test.
    ///
    /// # Errors
    ///
    /// When the levels cannot be read.
    pub fn subscriber(&self) -> Result<impl Subscriber + Send + Sync + use<>, StartError> {
        let filter = filter_of(&self.inner.levels.lock())?;
        let (filter, handle) = reload::Layer::new(filter);
        drop(self.inner.filter.set(handle));
        let telemetry = self.clone();
        Ok(Registry::default().with(filter).with(Capture { telemetry }))
    }

    /// Keeps warnings and errors in the data directory from now on, with those that came before.
    ///
    /// # Errors
    ///
    /// When the journal cannot be opened.
    pub fn keep_errors(&self, data_directory: &Path) -> Result<(), JournalError> {
        let journal = ErrorJournal::open(&data_directory.join(ERRORS_FILE))?;
        // Both under the lock of the ring, so that no line is written twice or never.
        let ring = self.inner.ring.lock();
        for line in ring
            .all()
            .into_iter()
            .filter(|line| Level::Warn <= line.level)
        {
            journal.note(line);
        }
        drop(self.inner.errors.set(journal));
        Ok(())
    }

    /// Returns the journal of errors, if there is one.
    pub fn errors(&self) -> Option<&ErrorJournal> {
        self.inner.errors.get()
    }

    /// Returns which lines are made.
    pub fn levels(&self) -> String {
        self.inner.levels.lock().clone()
    }

    /// Changes which lines are made, until the process ends.
    ///
    /// # Errors
    ///
    /// When the levels cannot be read, or this one does not take lines.
    pub fn set_levels(&self, levels: &str) -> Result<(), StartError> {
        let filter = filter_of(levels)?;
        let handle = self.inner.filter.get().ok_or(StartError::Detached)?;
        handle.reload(filter).map_err(|_| StartError::Detached)?;
        levels.clone_into(&mut self.inner.levels.lock());
        Ok(())
    }

    /// Returns lines, newest first.
    pub fn lines(&self, query: &LineQuery) -> LinePage {
        let lines = self.inner.ring.lock().all();
        query.page(&lines)
    }

    /// Returns whether traces are asked for.
    pub fn is_tracing(&self) -> bool {
        self.inner.traces.is_some()
    }

    /// Takes a trace; nothing happens when none are asked for.
    pub fn trace(&self, trace: Trace) {
        if let Some(traces) = &self.inner.traces {
            traces.give(trace);
        }
    }

    /// Returns what was taken and dropped.
    pub fn stats(&self) -> TelemetryStats {
        let inner = &self.inner;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        TelemetryStats {
            lines: read(&inner.lines),
            warnings: read(&inner.warnings),
            errors: read(&inner.errors_seen),
            panics: read(&inner.panics),
            file_dropped: inner.file.as_ref().map_or(0, FileWriter::dropped),
            journal_dropped: inner.errors.get().map_or(0, ErrorJournal::dropped),
            failing: inner.file.as_ref().is_some_and(FileWriter::is_failing)
                || inner.errors.get().is_some_and(ErrorJournal::is_failing),
            sentry: inner.sentry.as_ref().map(Sentry::stats),
            otlp: inner.traces.as_ref().map(Traces::stats),
        }
    }

    /// Waits until what was taken is written and sent, but for each way not longer than
    /// `patience`.
    pub fn flush(&self, patience: Duration) {
        let inner = &self.inner;
        if let Some(file) = &inner.file {
            file.flush(patience);
        }
        if let Some(errors) = inner.errors.get() {
            errors.flush(patience);
        }
        if let Some(sentry) = &inner.sentry {
            sentry.flush(patience);
        }
        if let Some(traces) = &inner.traces {
            traces.flush(patience);
        }
    }

    /// Takes a line.
    pub(crate) fn take(&self, line: Line) {
        if let Some(format) = self.inner.stderr {
            // A broken pipe must not end the process.
            drop(
                std::io::stderr()
                    .lock()
                    .write_all(line.render(format).as_bytes()),
            );
        }
        self.take_quietly(line);
    }

    /// Takes the line of a panic, which is on standard error already.
    pub(crate) fn take_panic(&self, line: Line) {
        self.inner.panics.fetch_add(1, Ordering::Relaxed);
        self.take_quietly(line);
    }

    /// Takes a line that is on standard error already.
    fn take_quietly(&self, mut line: Line) {
        let inner = &self.inner;
        self.count(line.level);
        if let Some(file) = &inner.file {
            file.write(line.render(inner.file_format));
        }
        let mut ring = inner.ring.lock();
        line.id = inner.lines.fetch_add(1, Ordering::Relaxed) + 1;
        let line = Arc::new(line);
        ring.push(Arc::clone(&line));
        let journal = inner.errors.get();
        drop(ring);
        if line.level < Level::Warn {
            return;
        }
        if let Some(journal) = journal {
            journal.note(Arc::clone(&line));
        }
        if let Some(sentry) = &inner.sentry {
            sentry.give(line);
        }
    }

    fn count(&self, level: Level) {
        let count = match level {
            Level::Trace | Level::Debug | Level::Info => return,
            Level::Warn => &self.inner.warnings,
            Level::Error => &self.inner.errors_seen,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn filter_of(levels: &str) -> Result<EnvFilter, StartError> {
    let refused = |reason: String| StartError::Levels {
        levels: levels.chars().take(200).collect(),
        reason,
    };
    if levels.trim().is_empty() {
        return Err(refused("it is empty".into()));
    }
    // `infoo` alone would be taken for the name of a part of the program.
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    let is_unknown = |part: &&str| !part.contains('=') && !known.contains(part);
    if let Some(part) = levels.split(',').find(is_unknown) {
        return Err(refused(format!("{part:?} is not known")));
    }
    EnvFilter::try_new(levels).map_err(|error| refused(error.to_string()))
}
