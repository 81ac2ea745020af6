//! CSV as RFC 4180 has it: lines end in CR LF, cells are quoted where needed.

use std::ops::Range;

use headworks_store::{Chunk, Column};

use super::options::{ExportPlan, QualityStyle};
use super::rows::{Cell, Item, LongRows, is_bad, item, write_hex};
use crate::tag::Tag;
use crate::text::cell::{Guard, Numbers, write_text};
use crate::text::quality;
use crate::text::time::{TimeStyle, TimeWriter};

/// How cells are written.
struct Style {
    delimiter: u8,
    decimal: u8,
    guard: Guard,
    quality: QualityStyle,
    numbers: Numbers,
    times: TimeWriter,
}

/// Rows of path, time, value, quality, unit.
pub(super) struct CsvRows<'a> {
    plan: &'a ExportPlan,
    style: Style,
    /// The tag that `before` and `after` belong to.
    tag: Option<headworks_core::TagIndex>,
    /// The path and a delimiter.
    before: Vec<u8>,
    /// A delimiter, the unit and the end of the line.
    after: Vec<u8>,
}

/// Rows of a time and a value per tag.
pub(super) struct CsvWide<'a> {
    plan: &'a ExportPlan,
    style: Style,
}

impl Style {
    fn new(plan: &ExportPlan) -> Style {
        let options = plan.options();
        Style {
            delimiter: options.delimiter.byte(),
            decimal: options.decimal.byte(),
            guard: plan.guard(),
            quality: plan.quality(),
            numbers: Numbers::default(),
            times: TimeWriter::new(options.time, plan.zone().clone()),
        }
    }

    fn text(&self, out: &mut Vec<u8>, text: &str) {
        write_text(out, text, self.delimiter, self.guard);
    }

    fn quality(&mut self, out: &mut Vec<u8>, code: u32) {
        match self.quality {
            QualityStyle::Code => self.numbers.integer(out, code),
            QualityStyle::Auto | QualityStyle::Name => quality::write_name(out, code),
            QualityStyle::None => {}
        }
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) {
        match *item {
            Item::Bool(value) => out.extend_from_slice(word(value)),
            Item::I64(value) => self.numbers.integer(out, value),
            Item::U64(value) => self.numbers.integer(out, value),
            Item::F64(value) => self.numbers.float(out, value, self.decimal),
            Item::Text(value) => self.text(out, value),
            Item::Bytes(value) => write_hex(out, value),
        }
    }
}

const fn word(value: bool) -> &'static [u8] {
    if value { b"true" } else { b"false" }
}

/// Returns the name of the time column: plain times say their zone there.
pub(super) fn time_header(plan: &ExportPlan) -> String {
    match plan.options().time {
        TimeStyle::Iso => "time".to_owned(),
        TimeStyle::Plain => format!("time [{}]", plan.options().zone),
        TimeStyle::Micros => "time_us".to_owned(),
    }
}

impl<'a> CsvRows<'a> {
    pub(super) fn new(plan: &'a ExportPlan) -> CsvRows<'a> {
        CsvRows {
            plan,
            style: Style::new(plan),
            tag: None,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    pub(super) fn write_header(&self, out: &mut Vec<u8>) {
        if !self.plan.options().header {
            return;
        }
        let time = time_header(self.plan);
        let quality = (self.style.quality != QualityStyle::None).then_some("quality");
        let names = ["path", &time, "value"].into_iter().chain(quality);
        for name in names {
            self.style.text(out, name);
            out.push(self.style.delimiter);
        }
        out.extend_from_slice(b"unit\r\n");
    }

    fn turn_to(&mut self, tag: &Tag) {
        if self.tag == Some(tag.index) {
            return;
        }
        self.tag = Some(tag.index);
        self.before.clear();
        self.style.text(&mut self.before, &tag.path);
        self.before.push(self.style.delimiter);
        self.after.clear();
        self.after.push(self.style.delimiter);
        if !tag.unit.is_empty() {
            self.style.text(&mut self.after, &tag.unit);
        }
        self.after.extend_from_slice(b"\r\n");
    }

    /// Writes rows whose values `write` writes; the kind of the values is decided once.
    fn rows(
        &mut self,
        out: &mut Vec<u8>,
        chunk: &Chunk,
        rows: Range<usize>,
        write: impl Fn(&mut Style, &mut Vec<u8>, usize),
    ) {
        let style = &mut self.style;
        let delimiter = style.delimiter;
        for at in rows {
            out.extend_from_slice(&self.before);
            style.times.write(out, chunk.times_us[at]);
            out.push(delimiter);
            let code = chunk.qualities[at];
            if !is_bad(code) {
                write(style, out, at);
            }
            if style.quality != QualityStyle::None {
                out.push(delimiter);
                style.quality(out, code);
            }
            out.extend_from_slice(&self.after);
        }
    }
}

impl LongRows for CsvRows<'_> {
    fn write(&mut self, out: &mut Vec<u8>, tag: &Tag, chunk: &Chunk, rows: Range<usize>) {
        self.turn_to(tag);
        match &chunk.values {
            Column::F64(values) => self.rows(out, chunk, rows, |style, out, at| {
                style.numbers.float(out, values[at], style.decimal);
            }),
            Column::I64(values) => self.rows(out, chunk, rows, |style, out, at| {
                style.numbers.integer(out, values[at]);
            }),
            Column::U64(values) => self.rows(out, chunk, rows, |style, out, at| {
                style.numbers.integer(out, values[at]);
            }),
            Column::Bool(values) => self.rows(out, chunk, rows, |_, out, at| {
                out.extend_from_slice(word(values[at]));
            }),
            Column::Text(values) => self.rows(out, chunk, rows, |style, out, at| {
                style.text(out, &values[at]);
            }),
            Column::Bytes(values) => self.rows(out, chunk, rows, |_, out, at| {
                write_hex(out, &values[at]);
            }),
        }
    }
}

impl<'a> CsvWide<'a> {
    pub(super) fn new(plan: &'a ExportPlan) -> CsvWide<'a> {
        CsvWide {
            plan,
            style: Style::new(plan),
        }
    }

    pub(super) fn write_header(&self, out: &mut Vec<u8>) {
        if !self.plan.options().header {
            return;
        }
        self.style.text(out, &time_header(self.plan));
        for tag in self.plan.tags() {
            out.push(self.style.delimiter);
            self.style.text(out, &tag.path);
            if self.style.quality != QualityStyle::None {
                out.push(self.style.delimiter);
                self.style.text(out, &format!("{} [quality]", tag.path));
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    pub(super) fn row(&mut self, out: &mut Vec<u8>, time_us: i64, cells: &[Option<Cell<'_>>]) {
        self.style.times.write(out, time_us);
        for cell in cells {
            out.push(self.style.delimiter);
            if let Some(item) = cell.and_then(|cell| item(cell.chunk, cell.at)) {
                self.style.item(out, &item);
            }
            if self.style.quality != QualityStyle::None {
                out.push(self.style.delimiter);
                if let Some(cell) = cell {
                    self.style.quality(out, cell.chunk.qualities[cell.at]);
                }
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}
