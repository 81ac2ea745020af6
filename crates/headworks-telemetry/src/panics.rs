//! Panics become lines too.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

use serde_json::Map;

use crate::line::{Level, Line, clean, now_us};
use crate::scrub;
use crate::telemetry::Telemetry;

/// Most bytes of a back-trace.
const BACKTRACE_BYTES_MAX: usize = 16 << 10;

/// Keeps panics from now on, besides what is done with them already.
pub(crate) fn watch(telemetry: Telemetry) {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        previous(info);
        telemetry.take_panic(line_of(info));
    }));
}

fn line_of(info: &PanicHookInfo<'_>) -> Line {
    let payload = info.payload_as_str().unwrap_or("a panic without a text");
    let mut fields = Map::new();
    if let Some(location) = info.location() {
        fields.insert("location".into(), location.to_string().into());
    }
    Line {
        id: 0,
        time_us: now_us(),
        level: Level::Error,
        module: info
            .location()
            .map_or_else(|| "panic".to_owned(), |place| place.file().to_owned()),
        message: format!("panic: {}", clean(&scrub::text(payload.to_owned()))),
        fields,
        spans: Vec::new(),
        thread: std::thread::current().name().map(clean),
        causes: Vec::new(),
        backtrace: Some(backtrace()),
    }
}

fn backtrace() -> String {
    let mut text = Backtrace::force_capture().to_string();
    if BACKTRACE_BYTES_MAX < text.len() {
        let end = text.floor_char_boundary(BACKTRACE_BYTES_MAX);
        text.truncate(end);
        text.push_str("\n…");
    }
    text
}
