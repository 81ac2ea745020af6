//! modpoll, the Python program: lines of `device`, `poll` and `ref`.
//!
//! Source: its documentation, "Modbus configure file". Addresses go over the wire as they stand.

use headworks_core::{ByteOrder, DataType};
use headworks_protocols::modbus::address::Address;
use headworks_protocols::modbus::table::Table;

use super::ImportError;
use super::project::{Link, Point, Project, Unit, address, order, with_bit};

/// The poller that the references belong to.
#[derive(Clone, Copy)]
struct Poller {
    table: Table,
    start: i64,
    size: i64,
    order: ByteOrder,
}

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<Project, ImportError> {
    let mut project = Project::default();
    let mut link = Link::new("the file", "modpoll");
    let mut poller = None;
    for (row, line) in (1_u64..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let known = if cells[0].eq_ignore_ascii_case("ref") {
            7
        } else {
            5
        };
        if let Some(more) = cells.iter().skip(known).find(|cell| !cell.is_empty()) {
            let reason = "a cell behind those that are known";
            project.note(*more, format!("row {row}"), reason);
        }
        match cells[0].to_lowercase().as_str() {
            "device" => {
                link.units.extend(unit(row, &cells, &mut project));
                poller = None;
            }
            "poll" => poller = self::poller(row, &cells, &mut project),
            "ref" => match (link.units.last_mut(), poller) {
                (Some(unit), Some(poller)) => {
                    unit.points
                        .extend(points(row, &cells, poller, &mut project));
                }
                _ => project.error(
                    Some(row),
                    "ref",
                    line,
                    "no device and poll before it that could be read",
                ),
            },
            other => {
                let reason = "a line begins with device, poll or ref";
                project.error(Some(row), "first cell", other, reason);
            }
        }
    }
    project.links.push(link);
    Ok(project)
}

fn unit(row: u64, cells: &[&str], project: &mut Project) -> Option<Unit> {
    let name = cells.get(1).copied().unwrap_or_default();
    let id = cells.get(2).copied().unwrap_or_default();
    match id.parse::<u8>() {
        Ok(id) => Some(Unit::new(format!("row {row}"), name).with_unit_id(id)),
        Err(_) => {
            project.error(Some(row), "device id", id, "a unit id is needed, 1 to 254");
            None
        }
    }
}

/// Returns the table of a name.
pub(super) fn table_of(name: &str) -> Option<Table> {
    match name.to_lowercase().as_str() {
        "coil" => Some(Table::Coil),
        "discrete_input" => Some(Table::Discrete),
        "holding_register" => Some(Table::Holding),
        "input_register" => Some(Table::Input),
        _ => None,
    }
}

fn poller(row: u64, cells: &[&str], project: &mut Project) -> Option<Poller> {
    let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
    let Some(table) = table_of(cell(1)) else {
        let reason = "there are coil, discrete_input, holding_register and input_register";
        project.error(Some(row), "object type", cell(1), reason);
        return None;
    };
    let mut whole = |at: usize, column: &str| {
        let value = cell(at).parse::<i64>().ok();
        if value.is_none() {
            project.error(Some(row), column, cell(at), "a whole number is needed");
        }
        value
    };
    let (start, size) = (whole(2, "start address")?, whole(3, "size")?);
    let order = match cell(4).to_uppercase().as_str() {
        "" | "BE_BE" => order(false, false),
        "BE_LE" => order(false, true),
        "LE_BE" => order(true, false),
        "LE_LE" => order(true, true),
        other => {
            let reason = "there are BE_BE, BE_LE, LE_BE and LE_LE";
            project.error(Some(row), "endian", other, reason);
            return None;
        }
    };
    if 9_999 < start {
        project.note(
            "address",
            format!("row {row}"),
            format!("{start} goes over the wire as it stands, as modpoll does it"),
        );
    }
    Some(Poller {
        table,
        start,
        size,
        order,
    })
}

/// What a type of modpoll is here.
enum Kind {
    One(DataType, Option<u16>),
    /// So many bits, one tag each.
    Bits(i64),
}

fn kind_of(name: &str) -> Option<Kind> {
    let one = |data_type| Some(Kind::One(data_type, None));
    match name {
        "" | "uint16" => one(DataType::Uint16),
        "int16" => one(DataType::Int16),
        "uint32" => one(DataType::Uint32),
        "int32" => one(DataType::Int32),
        "uint64" => one(DataType::Uint64),
        "int64" => one(DataType::Int64),
        "float16" => one(DataType::Float16),
        "float32" => one(DataType::Float32),
        "float64" => one(DataType::Float64),
        "bool" => Some(Kind::Bits(1)),
        "bool8" => Some(Kind::Bits(8)),
        "bool16" => Some(Kind::Bits(16)),
        name => {
            let bytes: u16 = name.strip_prefix("string")?.parse().ok()?;
            Some(Kind::One(DataType::String, Some(bytes.div_ceil(2))))
        }
    }
}

fn points(row: u64, cells: &[&str], poller: Poller, project: &mut Project) -> Vec<Point> {
    let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
    let name = cell(1);
    let (Ok(start), kind) = (cell(2).parse::<i64>(), kind_of(&cell(3).to_lowercase())) else {
        project.error(Some(row), "address", cell(2), "a whole number is needed");
        return Vec::new();
    };
    let Some(kind) = kind else {
        project.error(Some(row), "dtype", cell(3), "no type of modpoll");
        return Vec::new();
    };
    if !(poller.start..poller.start + poller.size).contains(&start) {
        let reason = "outside of what its poll reads; modpoll would not show it";
        project.note(name, format!("row {row}"), reason);
    }
    let Some(scale) = scale(row, cell(6), project) else {
        return Vec::new();
    };
    let mut finish = |name: String, address: Result<Address, String>| {
        let address = match address {
            Ok(address) => address,
            Err(reason) => {
                project.error(Some(row), "address", cell(2), reason);
                return None;
            }
        };
        let mut point = Point::new(Some(row), "", name, address);
        let is_writable = matches!(address.table, Table::Coil | Table::Holding);
        point.tag.writable = cell(4).contains('w') && is_writable;
        cell(5).clone_into(&mut point.tag.unit);
        Some(point)
    };
    match kind {
        Kind::One(data_type, length) => {
            let point = finish(name.to_owned(), address(poller.table, start));
            let set = |mut point: Point| {
                if !poller.table.is_bits() {
                    point.tag.data_type = data_type;
                    let is_one = data_type.registers() == Some(1);
                    let order = (poller.order != ByteOrder::Abcd).then_some(poller.order);
                    point.tag.order = order.filter(|_| !is_one || poller.order != ByteOrder::Cdab);
                }
                (point.tag.length, point.tag.scale) = (length, scale);
                point
            };
            point.map(set).into_iter().collect()
        }
        Kind::Bits(count) => {
            let bit = |at: i64| {
                let place = if poller.table.is_bits() {
                    address(poller.table, start + at)
                } else {
                    address(poller.table, start).and_then(|found| with_bit(found, at))
                };
                let name = if count == 1 {
                    name.to_owned()
                } else {
                    format!("{name}_{at}")
                };
                finish(name, place)
            };
            (0..count).filter_map(bit).collect()
        }
    }
}

fn scale(row: u64, text: &str, project: &mut Project) -> Option<f64> {
    if text.is_empty() {
        return Some(1.0);
    }
    let scale = text.parse::<f64>().ok().filter(|scale| scale.is_finite());
    if scale.is_none() {
        project.error(Some(row), "scale", text, "a number is needed");
    }
    scale
}
