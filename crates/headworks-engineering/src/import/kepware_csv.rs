//! Kepware: the tags of one device as CSV.
//!
//! Source: *Kepware server help*, "CSV import and export"; *Modbus Ethernet driver help*, "Modbus
//! addressing" and "Settings" (zero-based addressing, first word low).

use std::ops::ControlFlow;

use headworks_core::{ByteOrder, DataType};
use headworks_exchange::sheet::{Row, Sheet};
use headworks_protocols::modbus::address::Address;
use headworks_protocols::modbus::table::Table;

use super::ImportError;
use super::project::{Link, Point, Project, Unit, address, with_bit};

/// Columns that change nothing here.
const PASSED: [&str; 4] = [
    "respect data type",
    "scaled data type",
    "respect gui timestamp",
    "tag group",
];

/// What Kepware says of a tag, from CSV or JSON.
#[derive(Debug, Default)]
pub(super) struct KepwareTag {
    pub(super) row: Option<u64>,
    pub(super) place: String,
    pub(super) name: String,
    pub(super) address: String,
    pub(super) data_type: Option<DataType>,
    /// The name or number of the type in the file.
    pub(super) type_name: String,
    pub(super) is_array: bool,
    pub(super) writable: bool,
    pub(super) period_ms: Option<f64>,
    pub(super) description: String,
    pub(super) scaling: Option<KepwareScaling>,
    /// Whether the first register has number 1, as it has by default.
    pub(super) counts_from_one: bool,
}

/// A scaling by two ranges.
#[derive(Debug, Default)]
pub(super) struct KepwareScaling {
    pub(super) is_linear: bool,
    pub(super) raw: (f64, f64),
    pub(super) scaled: (f64, f64),
    pub(super) clamps: bool,
    pub(super) negates: bool,
    pub(super) unit: String,
}

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<Project, ImportError> {
    let sheet = Sheet::open(text.as_bytes(), None);
    let sheet = sheet.map_err(|error| ImportError(error.describe()))?;
    let mut project = Project::default();
    let mut unit = Unit::new("the file", "Kepware device").with_unit_id(1);
    unit.set_order(ByteOrder::Cdab);
    let mut header: Option<Vec<String>> = None;
    let read = sheet.read(&mut |row| {
        match &header {
            Some(header) => {
                let tag = of_row(row, header, &mut project);
                unit.points.extend(point(tag, &mut project));
            }
            None => header = header_of(row),
        }
        ControlFlow::Continue(())
    });
    read.map_err(|error| ImportError(error.describe()))?;
    let Some(header) = header else {
        return Err(ImportError(
            "no header with `Tag Name` and `Address`; export the tags of a device as CSV".into(),
        ));
    };
    note_header(&header, &mut project);
    let mut link = Link::new("the file", "Kepware");
    link.units.push(unit);
    project.links.push(link);
    Ok(project)
}

fn header_of(row: &Row<'_>) -> Option<Vec<String>> {
    let cells = (0..row.cells()).map(|at| row.text(at).unwrap_or_default().trim().to_lowercase());
    let cells: Vec<String> = cells.collect();
    let has = |name: &str| cells.iter().any(|cell| cell == name);
    (has("tag name") && has("address")).then_some(cells)
}

const KNOWN: [&str; 15] = [
    "tag name",
    "address",
    "data type",
    "client access",
    "scan rate",
    "scaling",
    "raw low",
    "raw high",
    "scaled low",
    "scaled high",
    "clamp low",
    "clamp high",
    "eng units",
    "description",
    "negate value",
];

fn note_header(header: &[String], project: &mut Project) {
    project.note(
        "unit id, byte order",
        "the file",
        "a CSV export does not hold them: unit 1 and Kepware's default, first word low (CDAB), \
         were taken; compare one value of two registers with the device",
    );
    for name in header {
        if !name.is_empty() && !KNOWN.contains(&&**name) && !PASSED.contains(&&**name) {
            project.note(name, "the header", "nothing here means the same");
        }
    }
}

fn of_row(row: &Row<'_>, header: &[String], project: &mut Project) -> KepwareTag {
    let cell = |name: &str| {
        let at = header.iter().position(|known| known == name);
        let text = at.and_then(|at| row.text(at).ok()).unwrap_or_default();
        text.trim().to_owned()
    };
    let mut number = |name: &str| {
        let text = cell(name);
        if text.is_empty() {
            return None;
        }
        let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            project.error(Some(row.line()), name, &text, "a number is needed");
        }
        number
    };
    let scaling = cell("scaling").to_lowercase();
    let is_scaled = !scaling.is_empty() && scaling != "none";
    let scaling = is_scaled.then(|| KepwareScaling {
        is_linear: scaling == "linear",
        raw: (
            number("raw low").unwrap_or(0.0),
            number("raw high").unwrap_or(0.0),
        ),
        scaled: (
            number("scaled low").unwrap_or(0.0),
            number("scaled high").unwrap_or(0.0),
        ),
        clamps: is_yes(&cell("clamp low")) || is_yes(&cell("clamp high")),
        negates: is_yes(&cell("negate value")),
        unit: cell("eng units"),
    });
    let type_name = cell("data type");
    let element = type_name.to_lowercase();
    KepwareTag {
        row: Some(row.line()),
        place: String::new(),
        name: cell("tag name"),
        address: cell("address"),
        data_type: type_of(element.trim_end_matches(" array")),
        is_array: element.ends_with(" array"),
        type_name,
        writable: matches!(
            cell("client access").to_lowercase().as_str(),
            "r/w" | "rw" | "wo"
        ),
        period_ms: number("scan rate"),
        description: cell("description"),
        scaling,
        counts_from_one: true,
    }
}

fn is_yes(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "1" | "true" | "yes")
}

fn type_of(name: &str) -> Option<DataType> {
    Some(match name {
        "boolean" => DataType::Bool,
        "char" => DataType::Int8,
        "byte" => DataType::Uint8,
        "short" => DataType::Int16,
        "word" | "" | "default" => DataType::Uint16,
        "long" => DataType::Int32,
        "dword" => DataType::Uint32,
        "llong" => DataType::Int64,
        "qword" => DataType::Uint64,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "string" => DataType::String,
        "bcd" => DataType::Bcd16,
        "lbcd" => DataType::Bcd32,
        _ => return None,
    })
}

/// Makes a tag of ours, or writes down why not.
pub(super) fn point(tag: KepwareTag, project: &mut Project) -> Option<Point> {
    let place = match tag.row {
        Some(row) => format!("row {row}"),
        None => tag.place.clone(),
    };
    if tag.is_array || tag.address.contains('[') {
        let reason = "arrays are not read; make one tag for each element";
        project.note(tag.name, place, reason);
        return None;
    }
    let Some(data_type) = tag.data_type else {
        let reason = format!("the type {} is not known here", tag.type_name);
        project.note(tag.name, place, reason);
        return None;
    };
    let (address, length) = match address_of(&tag.address, tag.counts_from_one) {
        Ok(found) => found,
        Err(reason) => {
            project.error(tag.row, column(&tag, "address"), &tag.address, reason);
            return None;
        }
    };
    let mut point = Point::new(tag.row, tag.place, tag.name, address);
    let is_bit = address.table.is_bits() || address.bit.is_some();
    if !is_bit {
        point.tag.data_type = data_type;
    }
    if let Some(length) = length {
        point.tag.data_type = DataType::String;
        point.tag.length = Some(length);
    }
    let read_only = matches!(address.table, Table::Discrete | Table::Input);
    point.tag.writable = tag.writable && !read_only;
    // Kepware's default of 100 ms is no decision of anybody.
    let period = tag
        .period_ms
        .filter(|&millis| 0.0 < millis && millis != 100.0);
    point.tag.period_ms = period.map(|millis| super::project::period_ms(millis).0);
    point.tag.description = tag.description;
    if let Some(scaling) = tag.scaling {
        scale(&mut point, &scaling, &place, project);
    }
    Some(point)
}

fn column(tag: &KepwareTag, name: &str) -> String {
    match tag.row {
        Some(_) => name.to_owned(),
        None => format!("{}/{name}", tag.place),
    }
}

fn scale(point: &mut Point, scaling: &KepwareScaling, place: &str, project: &mut Project) {
    point.tag.unit.clone_from(&scaling.unit);
    let ((raw_low, raw_high), (low, high)) = (scaling.raw, scaling.scaled);
    if !scaling.is_linear {
        let reason = "only linear scaling is known; the tag has the raw value";
        project.note(format!("scaling of {}", point.name), place, reason);
        return;
    }
    let factor = (high - low) / (raw_high - raw_low);
    if !factor.is_finite() || factor == 0.0 {
        let reason = format!("the range {raw_low} to {raw_high} gives no factor");
        return project.error(point.row, format!("{place} scaling"), &point.name, reason);
    }
    let sign = if scaling.negates { -1.0 } else { 1.0 };
    point.tag.scale = tidy(factor) * sign;
    point.tag.offset = tidy(low - raw_low * factor) * sign;
    if scaling.clamps {
        let (least, greatest) = if scaling.negates {
            (-low.max(high), -low.min(high))
        } else {
            (low.min(high), low.max(high))
        };
        (point.tag.min, point.tag.max) = (Some(least), Some(greatest));
        let reason = "values beyond the range are not cut off here but marked as uncertain";
        project.note("clamp", place, reason);
    }
}

/// Returns a number without the last digits that a division leaves; 0 is never negative.
fn tidy(number: f64) -> f64 {
    let short: f64 = format!("{number:.12e}").parse().unwrap_or(number);
    short + 0.0
}

/// Reads an address of the Modbus drivers; returns it with the registers of a string.
pub(super) fn address_of(
    text: &str,
    counts_from_one: bool,
) -> Result<(Address, Option<u16>), String> {
    let (point, rest) = match text.split_once('.') {
        Some((point, rest)) => (point, Some(rest.trim())),
        None => (text, None),
    };
    let point = point.trim();
    let digits = point.trim_start_matches(['H', 'h']);
    let wrong = || "no Modbus address; write e.g. 40001, 400001.3 or 400001.20H".to_owned();
    if !matches!(digits.len(), 5 | 6) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let table = match &digits[..1] {
        "0" => Table::Coil,
        "1" => Table::Discrete,
        "3" => Table::Input,
        "4" => Table::Holding,
        _ => return Err(wrong()),
    };
    let number: i64 = digits[1..].parse().map_err(|_| wrong())?;
    let address = address(table, number - i64::from(counts_from_one))?;
    let Some(rest) = rest else {
        return Ok((address, None));
    };
    let bytes = rest.trim_end_matches(['H', 'L', 'h', 'l']);
    if bytes.len() < rest.len() {
        if rest.ends_with(['L', 'l']) {
            return Err("strings with the low byte first are not read; take H".to_owned());
        }
        let bytes: u16 = bytes.parse().map_err(|_| wrong())?;
        return Ok((address, Some(bytes.div_ceil(2))));
    }
    let bit: i64 = rest.parse().map_err(|_| wrong())?;
    Ok((with_bit(address, bit)?, None))
}
