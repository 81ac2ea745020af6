//! ioBroker.modbus: one of its four tables as TSV.
//!
//! Source: the documentation of the adapter, "Parameters of the data point", "Data types".

use std::ops::ControlFlow;

use headworks_core::{ByteOrder, DataType};
use headworks_exchange::sheet::{Decimal, Row, Sheet, parse_number};
use headworks_protocols::modbus::table::Table;

use super::ImportError;
use super::fields::whole_text;
use super::project::{Link, Point, Project, Unit, address};

/// Columns that are read.
const KNOWN: [&str; 10] = [
    "_address",
    "deviceid",
    "name",
    "description",
    "unit",
    "type",
    "len",
    "factor",
    "offset",
    "poll",
];
/// Columns that are not, with the reason.
const LOST: [(&str, &str); 6] = [
    (
        "formula",
        "formulas are not carried over; the tag has raw * factor + offset",
    ),
    ("role", "roles of ioBroker are not kept"),
    ("room", "rooms of ioBroker are not kept"),
    ("wp", "write pulses are not known"),
    ("cw", "cyclic writes are not known"),
    (
        "isscale",
        "a factor read from another register is not known; scale the tag by hand",
    ),
];

/// Reads a file; the table is found by the addresses where they are written as aliases.
pub(super) fn parse(text: &str, table: Option<Table>) -> Result<Project, ImportError> {
    let sheet = Sheet::open(text.as_bytes(), Some(b'\t'));
    let sheet = sheet.map_err(|error| ImportError(error.describe()))?;
    let mut project = Project::default();
    let mut units: Vec<(u8, Unit)> = Vec::new();
    let mut header: Option<Vec<String>> = None;
    let read = sheet.read(&mut |row| {
        let Some(header) = &header else {
            header = header_of(row);
            return ControlFlow::Continue(());
        };
        if let Some((id, point)) = point(row, header, table, &mut project) {
            match units.iter_mut().find(|(known, _)| *known == id) {
                Some((_, unit)) => unit.points.push(point),
                None => {
                    let name = format!("ioBroker device {id}");
                    let mut unit = Unit::new("the file", name).with_unit_id(id);
                    unit.points.push(point);
                    units.push((id, unit));
                }
            }
        }
        ControlFlow::Continue(())
    });
    read.map_err(|error| ImportError(error.describe()))?;
    let Some(header) = header else {
        return Err(ImportError("no header with `_address`".into()));
    };
    for name in header {
        let is_lost = LOST.iter().any(|(lost, _)| *lost == name);
        if !name.is_empty() && !is_lost && !KNOWN.contains(&&*name) {
            project.note(name, "the header", "nothing here means the same");
        }
    }
    let mut link = Link::new("the file", "ioBroker");
    link.units = units.into_iter().map(|(_, unit)| unit).collect();
    project.links.push(link);
    Ok(project)
}

fn header_of(row: &Row<'_>) -> Option<Vec<String>> {
    let cells = (0..row.cells()).map(|at| row.text(at).unwrap_or_default().trim().to_lowercase());
    let cells: Vec<String> = cells.collect();
    cells.iter().any(|cell| cell == "_address").then_some(cells)
}

fn point(
    row: &Row<'_>,
    header: &[String],
    table: Option<Table>,
    project: &mut Project,
) -> Option<(u8, Point)> {
    let cell = |name: &str| {
        let at = header.iter().position(|known| known == name);
        let text = at.and_then(|at| row.text(at).ok()).unwrap_or_default();
        text.trim().to_owned()
    };
    let line = Some(row.line());
    let (shown, name) = (cell("_address"), cell("name"));
    let place = match place(&shown, table) {
        Ok(place) => place,
        Err(reason) => {
            project.error(line, "_address", &shown, reason);
            return None;
        }
    };
    let name = if name.is_empty() { shown } else { name };
    let mut point = Point::new(line, "", &*name, place);
    note_lost(&cell, &name, row.line(), project);
    if !place.table.is_bits() {
        let kind = cell("type");
        let Some((data_type, order)) = type_of(&kind) else {
            let reason = format!("the type {kind:?} is not known here");
            project.note(name, format!("row {}", row.line()), reason);
            return None;
        };
        (point.tag.data_type, point.tag.order) = (data_type, order);
        let length = cell("len").parse().ok();
        point.tag.length = length.filter(|_| data_type == DataType::String);
        let mut number = |column: &str, default: f64| {
            let text = cell(column);
            if text.is_empty() {
                return default;
            }
            let found = parse_number(&text.replace(',', "."), Decimal::Point);
            found.unwrap_or_else(|| {
                project.error(line, column, &text, "a number is needed");
                default
            })
        };
        point.tag.scale = number("factor", 1.0);
        point.tag.offset = number("offset", 0.0);
    }
    point.tag.unit = cell("unit");
    point.tag.description = cell("description");
    point.tag.enabled = !matches!(cell("poll").to_lowercase().as_str(), "false" | "0");
    point.tag.writable = matches!(place.table, Table::Coil | Table::Holding);
    let id = cell("deviceid");
    let id = if id.is_empty() { Ok(1) } else { id.parse() };
    match id {
        Ok(id) => Some((id, point)),
        Err(_) => {
            let shown = cell("deviceid");
            project.error(line, "deviceId", &shown, "a unit id is needed");
            None
        }
    }
}

fn note_lost(cell: &impl Fn(&str) -> String, name: &str, line: u64, project: &mut Project) {
    for (column, reason) in LOST {
        let text = cell(column);
        if !matches!(text.to_lowercase().as_str(), "" | "false" | "0") {
            let key = match column {
                "formula" => format!("formula of {name}: {text}"),
                _ => column.to_owned(),
            };
            project.note(key, format!("row {line}"), reason);
        }
    }
}

/// Reads an address: one of a table that was named, or an alias such as 40001.
fn place(
    text: &str,
    table: Option<Table>,
) -> Result<headworks_protocols::modbus::address::Address, String> {
    let number = whole_text(text).ok_or("a whole number is needed")?;
    let alias = match number {
        10_001..=20_000 => Some((Table::Discrete, number - 10_001)),
        30_001..=40_000 => Some((Table::Input, number - 30_001)),
        40_001..=50_000 => Some((Table::Holding, number - 40_001)),
        _ => None,
    };
    match (table, alias) {
        (Some(table), Some((of_alias, start))) if table == of_alias => address(table, start),
        (Some(table), _) => address(table, number),
        (None, Some((table, start))) => address(table, start),
        (None, None) => Err(
            "the file does not say which table it is; give `table`: coil, discrete, input or \
             holding"
                .to_owned(),
        ),
    }
}

/// Returns type and order of a name.
fn type_of(name: &str) -> Option<(DataType, Option<ByteOrder>)> {
    let name = name.to_lowercase();
    let (base, ending) = match name.as_str() {
        "" => ("uint16", "be"),
        "string" => return Some((DataType::String, None)),
        "stringle" => return Some((DataType::String, Some(ByteOrder::Badc))),
        name if name.len() < 3 => return None,
        name => name.split_at_checked(name.len() - 2)?,
    };
    let order = match ending {
        "be" => None,
        "le" => Some(ByteOrder::Dcba),
        "sw" => Some(ByteOrder::Cdab),
        "sb" => Some(ByteOrder::Badc),
        _ => return None,
    };
    let (data_type, order) = match base {
        "uint8" | "int8" => {
            // Big-endian is the low byte of the register, little-endian the high one.
            let is_high = order == Some(ByteOrder::Dcba);
            let data_type = match (base, is_high) {
                ("uint8", false) => DataType::Uint8,
                ("uint8", true) => DataType::Uint8High,
                (_, false) => DataType::Int8,
                (_, true) => DataType::Int8High,
            };
            (data_type, None)
        }
        "uint16" => (DataType::Uint16, order),
        "int16" => (DataType::Int16, order),
        "uint32" => (DataType::Uint32, order),
        "int32" => (DataType::Int32, order),
        "uint64" => (DataType::Uint64, order),
        "int64" => (DataType::Int64, order),
        "float" => (DataType::Float32, order),
        "double" => (DataType::Float64, order),
        _ => return None,
    };
    Some((data_type, order))
}
