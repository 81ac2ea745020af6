//! JSON lines: an object per sample.

use std::ops::Range;

use headworks_core::TagIndex;
use headworks_store::Chunk;

use super::options::{ExportPlan, QualityStyle};
use super::rows::{Item, LongRows, item, write_hex};
use crate::tag::Tag;
use crate::text::cell::Numbers;
use crate::text::quality;
use crate::text::time::{TimeStyle, TimeWriter};

/// Objects with path, time, value, quality, unit.
pub(super) struct JsonRows {
    style: TimeStyle,
    quality: QualityStyle,
    numbers: Numbers,
    times: TimeWriter,
    tag: Option<TagIndex>,
    /// From the brace to the name of the time.
    before: Vec<u8>,
    /// The unit and the end of the line.
    after: Vec<u8>,
}

impl JsonRows {
    pub(super) fn new(plan: &ExportPlan) -> JsonRows {
        let options = plan.options();
        JsonRows {
            style: options.time,
            quality: plan.quality(),
            numbers: Numbers::default(),
            times: TimeWriter::new(options.time, plan.zone().clone()),
            tag: None,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    fn turn_to(&mut self, tag: &Tag) {
        if self.tag == Some(tag.index) {
            return;
        }
        self.tag = Some(tag.index);
        let time = match self.style {
            TimeStyle::Iso | TimeStyle::Plain => "\"time\":\"",
            TimeStyle::Micros => "\"time_us\":",
        };
        self.before = format!("{{\"path\":{},{time}", quoted(&tag.path)).into_bytes();
        self.after = if tag.unit.is_empty() {
            b"}\n".to_vec()
        } else {
            format!(",\"unit\":{}}}\n", quoted(&tag.unit)).into_bytes()
        };
    }

    fn value(&mut self, out: &mut Vec<u8>, item: Option<Item<'_>>) {
        match item {
            None => out.extend_from_slice(b"null"),
            Some(Item::Bool(true)) => out.extend_from_slice(b"true"),
            Some(Item::Bool(false)) => out.extend_from_slice(b"false"),
            Some(Item::I64(value)) => self.numbers.integer(out, value),
            Some(Item::U64(value)) => self.numbers.integer(out, value),
            Some(Item::F64(value)) if value.is_finite() => self.numbers.float(out, value, b'.'),
            Some(Item::F64(_)) => out.extend_from_slice(b"null"),
            Some(Item::Text(value)) => out.extend_from_slice(quoted(value).as_bytes()),
            Some(Item::Bytes(value)) => {
                out.push(b'"');
                write_hex(out, value);
                out.push(b'"');
            }
        }
    }
}

impl LongRows for JsonRows {
    fn write(&mut self, out: &mut Vec<u8>, tag: &Tag, chunk: &Chunk, rows: Range<usize>) {
        self.turn_to(tag);
        for at in rows {
            out.extend_from_slice(&self.before);
            self.times.write(out, chunk.times_us[at]);
            if self.style != TimeStyle::Micros {
                out.push(b'"');
            }
            out.extend_from_slice(b",\"value\":");
            self.value(out, item(chunk, at));
            let code = chunk.qualities[at];
            match self.quality {
                QualityStyle::None => {}
                QualityStyle::Name => {
                    out.extend_from_slice(b",\"quality\":\"");
                    quality::write_name(out, code);
                    out.push(b'"');
                }
                QualityStyle::Auto | QualityStyle::Code => {
                    out.extend_from_slice(b",\"quality\":");
                    self.numbers.integer(out, code);
                }
            }
            out.extend_from_slice(&self.after);
        }
    }
}

fn quoted(text: &str) -> String {
    // A text always has a JSON form.
    serde_json::to_string(text).unwrap_or_default()
}
