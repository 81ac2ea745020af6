//! FUXA: the devices of a project as JSON.
//!
//! Source: the documentation of FUXA, "HowTo Devices and Tags"; addresses count from 1, a type with
//! LE has all bytes reversed, with MLE the words.

use headworks_core::model::Settings;
use headworks_core::{ByteOrder, DataType};
use headworks_protocols::modbus::settings::Transport;
use headworks_protocols::modbus::table::Table;
use serde_json::Value;

use super::ImportError;
use super::fields::{Fields, json};
use super::project::{
    Line, Link, Point, Project, Unit, address, network, period_ms, serial, with_bit,
};

/// Keys that are not carried over, with the reason.
const LOST: [(&str, &str); 5] = [
    ("init", "start values are not written"),
    (
        "deadband",
        "every sample is kept; the history knows retention",
    ),
    ("scaleReadFunction", "scripts are not carried over"),
    ("scaleWriteFunction", "scripts are not carried over"),
    ("timestamp", "nothing here means the same"),
];

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<Project, ImportError> {
    let value = json(text)?;
    let mut project = Project::default();
    let devices = match &value["devices"] {
        Value::Null => &value,
        devices => devices,
    };
    let is_one = devices["tags"].is_object();
    let list: Vec<(String, &Value)> = match devices {
        one if is_one => vec![("device".to_owned(), one)],
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered.map(|(at, one)| (at.to_string(), one)).collect()
        }
        Value::Object(map) => map.iter().map(|(id, one)| (id.clone(), one)).collect(),
        _ => return Err(ImportError("no devices in the file".into())),
    };
    for (id, one) in list {
        if let Some(map) = one.as_object() {
            device(Fields::new(map, format!("/devices/{id}")), &mut project);
        }
    }
    if let Value::Object(map) = &value
        && !value["devices"].is_null()
    {
        for key in map
            .keys()
            .filter(|key| !matches!(key.as_str(), "devices" | "version"))
        {
            project.note(key, "", "only devices are read");
        }
    }
    Ok(project)
}

fn device(mut device: Fields<'_>, project: &mut Project) {
    let name = device.text("name").unwrap_or_default();
    let kind = device.text("type").unwrap_or_default();
    let place = device.place.clone();
    if kind != "ModbusTCP" && kind != "ModbusRTU" {
        let reason = format!("devices of the type {kind:?} are not read; only Modbus is");
        return project.note(name, place, reason);
    }
    let mut link = Link::new(&*place, &*name);
    let Some(mut property) = device.object("property") else {
        return project.error(None, device.at("property"), &name, "it is missing");
    };
    let id = property.whole("slaveid", project).unwrap_or(1);
    let is_serial = kind == "ModbusRTU";
    match settings(&mut property, is_serial, project) {
        Ok(settings) => link.settings = Some(settings),
        Err(reason) => return project.error(None, property.at("address"), &name, reason),
    }
    // Sharing a socket is a matter of connections here; the method belongs to web requests.
    property.skip(&["socketReuse", "method", "format"]);
    let writes_many = property.flag("forceFC16") == Some(true);
    property.finish(
        project,
        &[("delay", "set `pause_ms` of the connection where needed")],
    );
    let Ok(id) = u8::try_from(id) else {
        return project.error(None, place, &id.to_string(), "a unit id is 0 to 255");
    };
    let mut unit = Unit::new(&*place, name).with_unit_id(id);
    if writes_many {
        let key = "write_functions".into();
        unit.settings.insert(key, "multiple".into());
    }
    if let Some(millis) = device.number("polling", project) {
        unit.period_ms = period_ms(millis).0;
    }
    link.enabled = device.flag("enabled").unwrap_or(true);
    if let Some(Value::Object(tags)) = device.get("tags") {
        for (key, one) in tags {
            if let Some(map) = one.as_object() {
                let mut tag = Fields::new(map, format!("{place}/tags/{key}"));
                let point = point(&mut tag, project);
                if point.is_some() {
                    tag.finish(project, &LOST);
                }
                unit.points.extend(point);
            }
        }
    }
    device.skip(&["id"]);
    device.finish(project, &LOST);
    link.units.push(unit);
    project.links.push(link);
}

fn settings(
    property: &mut Fields<'_>,
    is_serial: bool,
    project: &mut Project,
) -> Result<Settings, String> {
    let option = property.text("connectionOption").unwrap_or_default();
    let target = property.text("address").unwrap_or_default();
    let mut whole = |key: &str, default| property.whole(key, project).unwrap_or(default);
    let (baud_rate, port) = (whole("baudrate", 9600), whole("port", 502));
    let (data_bits, stop_bits) = (whole("databits", 8), whole("stopbits", 1));
    let parity = property.text("parity").unwrap_or_default();
    if is_serial {
        return serial(&Line {
            is_ascii: option == "AsciiPort",
            port: target,
            baud_rate,
            parity,
            data_bits,
            stop_bits,
        });
    }
    let transport = match option.as_str() {
        "TcpRTUBufferedPort" | "TelnetPort" => Transport::RtuOverTcp,
        "UdpPort" => {
            let reason = "UDP is not spoken; the connection is made over TCP";
            project.note("connectionOption", &*property.place, reason);
            Transport::Tcp
        }
        _ => Transport::Tcp,
    };
    let (host, own) = match target.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (&*target, None),
    };
    if host.trim().is_empty() {
        return Err("an address is needed, HOST:PORT".to_owned());
    }
    let port = own.or(u16::try_from(port).ok()).unwrap_or(502);
    Ok(network(transport, host, port))
}

fn point(tag: &mut Fields<'_>, project: &mut Project) -> Option<Point> {
    let name = tag.text("name").unwrap_or_default();
    let place = match place(tag, project) {
        Ok(place) => place,
        Err((key, value, reason)) => {
            project.error(None, tag.at(key), &value, reason);
            return None;
        }
    };
    let kind = tag.text("type").unwrap_or_default();
    let mut point = Point::new(None, &*tag.place, &*name, place);
    if !place.table.is_bits() && place.bit.is_none() {
        let Some((data_type, order)) = type_of(&kind) else {
            let reason = format!("the type {kind:?} is not known here");
            project.note(name, &*tag.place, reason);
            return None;
        };
        (point.tag.data_type, point.tag.order) = (data_type, order);
    }
    if let Some(divisor) = tag.number("divisor", project).filter(|&one| one != 0.0) {
        point.tag.scale = 1.0 / divisor;
    }
    scale(tag, &mut point, project);
    point.tag.writable = matches!(place.table, Table::Coil | Table::Holding);
    let decimals = tag.whole("format", project);
    point.tag.decimals = decimals.and_then(|one| u8::try_from(one).ok().filter(|one| *one <= 9));
    let label = tag.text("label").filter(|label| *label != point.name);
    let description = tag.text("description").filter(|text| !text.is_empty());
    point.tag.description = description.or(label).unwrap_or_default();
    if let Some(mut daq) = tag.object("daq") {
        point.tag.history = daq.flag("enabled").unwrap_or(false);
        daq.finish(
            project,
            &[
                (
                    "interval",
                    "every sample is stored; the history knows retention",
                ),
                (
                    "changed",
                    "every sample is stored; the history knows retention",
                ),
                ("restored", "the last value is always restored"),
            ],
        );
    }
    // The id is only that of the file; the others are what it was when the project was saved.
    tag.skip(&["id", "value", "timestamp"]);
    Some(point)
}

type Wrong = (&'static str, String, String);

fn place(
    tag: &mut Fields<'_>,
    project: &mut Project,
) -> Result<headworks_protocols::modbus::address::Address, Wrong> {
    let area = tag.whole("memaddress", project).unwrap_or(-1);
    let table = match area {
        0 => Table::Coil,
        100_000 => Table::Discrete,
        300_000 => Table::Input,
        400_000 => Table::Holding,
        _ => {
            let reason = "there are 000000, 100000, 300000 and 400000".to_owned();
            return Err(("memaddress", area.to_string(), reason));
        }
    };
    let text = tag.text("address").unwrap_or_default();
    let wrong = |reason: String| ("address", text.clone(), reason);
    let (number, bit) = match text.split_once('.') {
        Some((number, bit)) => (number, Some(bit)),
        None => (&*text, None),
    };
    let number: i64 = number
        .trim()
        .parse()
        .map_err(|_| wrong("a number from 1 is needed".into()))?;
    let place = address(table, number - 1).map_err(wrong)?;
    let is_bool = tag.text("type").is_some_and(|kind| kind == "Bool");
    match bit {
        Some(bit) => {
            let bit = bit
                .parse()
                .map_err(|_| wrong("no bit; 0 to 15 are".into()))?;
            with_bit(place, bit).map_err(wrong)
        }
        None if is_bool && !table.is_bits() => with_bit(place, 0).map_err(wrong),
        None => Ok(place),
    }
}

fn scale(tag: &mut Fields<'_>, point: &mut Point, project: &mut Project) {
    let Some(mut scale) = tag.object("scale") else {
        return;
    };
    let mode = scale.text("mode").unwrap_or_default();
    if mode.is_empty() || mode == "undefined" {
        scale.skip(&[
            "rawLow",
            "rawHigh",
            "scaledLow",
            "scaledHigh",
            "dateTimeFormat",
        ]);
        return;
    }
    if mode != "linear" {
        let reason = format!("the scaling {mode:?} is not known; the tag has the raw value");
        return project.note(&*point.name, &*tag.place, reason);
    }
    let mut number = |key: &str| scale.number(key, project).unwrap_or(0.0);
    let (raw_low, raw_high) = (number("rawLow"), number("rawHigh"));
    let (low, high) = (number("scaledLow"), number("scaledHigh"));
    let factor = (high - low) / (raw_high - raw_low);
    if !factor.is_finite() || factor == 0.0 {
        let reason = format!("the range {raw_low} to {raw_high} gives no factor");
        return project.error(None, &*scale.place, &point.name, reason);
    }
    // The divisor comes first there, then the range.
    point.tag.offset = low - raw_low * factor;
    point.tag.scale *= factor;
}

fn type_of(name: &str) -> Option<(DataType, Option<ByteOrder>)> {
    let (base, order) = match name.strip_suffix("MLE") {
        Some(base) => (base, Some(ByteOrder::Cdab)),
        None => match name.strip_suffix("LE") {
            Some(base) => (base, Some(ByteOrder::Dcba)),
            None => (name, None),
        },
    };
    let data_type = match base {
        "Int16" => DataType::Int16,
        "UInt16" => DataType::Uint16,
        "Int32" => DataType::Int32,
        "UInt32" => DataType::Uint32,
        "Int64" => DataType::Int64,
        "UInt64" => DataType::Uint64,
        "Float32" => DataType::Float32,
        "Float64" => DataType::Float64,
        _ => return None,
    };
    Some((data_type, order))
}
