//! One log line: made once from an event, then written in several places.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How much a line matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Every step.
    Trace,
    /// For who looks for a fault.
    Debug,
    /// What the operator asked for.
    Info,
    /// What the program recovers from.
    Warn,
    /// Lost data, or work for a person.
    Error,
}

/// One log line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Line {
    /// Number of the line since the start of the process, from 1.
    pub id: u64,
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// How much it matters.
    pub level: Level,
    /// Part of the program, e.g. `headworks_hub::link`.
    pub module: String,
    /// What happened, without line breaks and control characters.
    pub message: String,
    /// Fields of the event.
    #[schemars(with = "Map<String, Value>")]
    pub fields: Map<String, Value>,
    /// Spans around it, outermost first.
    pub spans: Vec<SpanContext>,
    /// Name of the thread.
    pub thread: Option<String>,
    /// Why, nearest reason first, where an error came along.
    pub causes: Vec<String>,
    /// The calls that led here, of a panic.
    pub backtrace: Option<String>,
}

/// A span around a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SpanContext {
    /// Name of the span.
    pub name: String,
    /// Its fields.
    #[schemars(with = "Map<String, Value>")]
    pub fields: Map<String, Value>,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineFormat {
    /// For people, without colours.
    #[default]
    Text,
    /// For people at a terminal.
    Coloured,
    /// One JSON object per line.
    Json,
}

/// Most characters of a message or of a text of a field.
const TEXT_CHARS_MAX: usize = 4_096;

impl Level {
    /// Returns the name in five characters.
    pub(crate) const fn padded(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => " INFO",
            Level::Warn => " WARN",
            Level::Error => "ERROR",
        }
    }

    /// Returns the name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }

    const fn colour(self) -> &'static str {
        match self {
            Level::Trace => "\x1b[35m",
            Level::Debug => "\x1b[34m",
            Level::Info => "\x1b[32m",
            Level::Warn => "\x1b[33m",
            Level::Error => "\x1b[31m",
        }
    }
}

impl From<&tracing::Level> for Level {
    fn from(level: &tracing::Level) -> Level {
        match *level {
            tracing::Level::TRACE => Level::Trace,
            tracing::Level::DEBUG => Level::Debug,
            tracing::Level::INFO => Level::Info,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::ERROR => Level::Error,
        }
    }
}

impl Line {
    /// Returns the bytes that it takes in memory, roughly.
    pub(crate) fn cost(&self) -> usize {
        let spans: usize = self.spans.iter().map(|span| map_cost(&span.fields)).sum();
        let causes: usize = self.causes.iter().map(|cause| cause.len() + 24).sum();
        let backtrace = self.backtrace.as_ref().map_or(0, String::len);
        size_of::<Line>()
            + self.module.len()
            + self.message.len()
            + map_cost(&self.fields)
            + spans
            + causes
            + backtrace
    }

    /// Writes the line, with its end.
    pub(crate) fn render(&self, format: LineFormat) -> String {
        match format {
            LineFormat::Text => self.text("", ""),
            LineFormat::Coloured => self.text(self.level.colour(), "\x1b[0m"),
            LineFormat::Json => self.json(),
        }
    }

    fn text(&self, colour: &str, end: &str) -> String {
        let time = time_text(self.time_us);
        let level = self.level.padded();
        let mut text = format!("{time} {colour}{level}{end} ");
        for span in &self.spans {
            text.push_str(&span.name);
            text.push('{');
            write_fields(&mut text, &span.fields);
            text.push_str("}: ");
        }
        text.push_str(&self.message);
        if !self.fields.is_empty() {
            text.push(' ');
            write_fields(&mut text, &self.fields);
        }
        for cause in &self.causes {
            write!(text, " because {cause:?}").ok();
        }
        text.push('\n');
        text
    }

    fn json(&self) -> String {
        let mut object = Map::new();
        // A field never hides what every line has.
        object.extend(self.fields.clone());
        object.insert("timestamp".into(), time_text(self.time_us).into());
        object.insert("level".into(), self.level.padded().trim().into());
        object.insert("message".into(), self.message.as_str().into());
        object.insert("target".into(), self.module.as_str().into());
        if !self.spans.is_empty() {
            object.insert("spans".into(), json!(self.spans));
        }
        if !self.causes.is_empty() {
            object.insert("causes".into(), json!(self.causes));
        }
        format!("{}\n", Value::Object(object))
    }
}

fn map_cost(map: &Map<String, Value>) -> usize {
    let cost =
        |(name, value): (&String, &Value)| name.len() + 64 + value.as_str().map_or(0, str::len);
    map.iter().map(cost).sum()
}

fn write_fields(text: &mut String, fields: &Map<String, Value>) {
    for (place, (name, value)) in fields.iter().enumerate() {
        if 0 < place {
            text.push(' ');
        }
        let written = match value.as_str() {
            Some(value) => write!(text, "{name}={value}"),
            None => write!(text, "{name}={value}"),
        };
        // A `String` takes everything.
        written.ok();
    }
}

/// Returns a time as RFC 3339 in UTC with microseconds.
pub(crate) fn time_text(time_us: i64) -> String {
    jiff::Timestamp::from_microsecond(time_us)
        .map_or_else(|_| time_us.to_string(), |time| format!("{time:.6}"))
}

/// Returns the time now, microseconds since 1970-01-01 UTC.
pub(crate) fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// Returns a text that stays on one line and in its reading direction: line breaks, control
/// characters and marks of direction are written as escapes; what is very long is cut.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(TEXT_CHARS_MAX));
    for (place, character) in text.chars().enumerate() {
        if place == TEXT_CHARS_MAX {
            clean.push('…');
            break;
        }
        if is_unsafe(character) {
            clean.extend(character.escape_default());
        } else {
            clean.push(character);
        }
    }
    clean
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_is_escaped() {
        assert_eq!(clean("a\r\nb\x1b[31m"), "a\\r\\nb\\u{1b}[31m");
        assert_eq!(
            clean("a\u{2028}b\u{85}c\u{202e}d"),
            "a\\u{2028}b\\u{85}c\\u{202e}d"
        );
        assert_eq!(clean("Kessel 3 °C"), "Kessel 3 °C");
        assert_eq!(
            clean(&"x".repeat(9_000)).chars().count(),
            TEXT_CHARS_MAX + 1
        );
    }

    #[test]
    fn times_have_microseconds() {
        assert_eq!(time_text(1_500_000), "1970-01-01T00:00:01.500000Z");
    }
}
