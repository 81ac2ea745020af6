//! Home Assistant: the integration `modbus` in YAML.
//!
//! Source: the documentation of the integration, "Modbus". Addresses count from 0.

use headworks_core::model::Settings;
use headworks_core::{ByteOrder, DataType};
use headworks_protocols::modbus::settings::Transport;
use headworks_protocols::modbus::table::Table;
use serde_json::Value;

use super::fields::Fields;
use super::project::{
    Line, Link, Point, Project, Unit, address, network, period_ms, serial, with_bit,
};
use super::{ImportError, yaml};

/// Keys that are not carried over, with the reason.
const LOST: [(&str, &str); 10] = [
    (
        "climates",
        "climates are not made; make tags of their registers",
    ),
    (
        "covers",
        "covers are not made; make tags of their registers",
    ),
    ("unique_id", "ids of Home Assistant are not kept"),
    ("device_class", "classes of Home Assistant are not kept"),
    ("state_class", "classes of Home Assistant are not kept"),
    ("zero_suppress", "small values are shown as they are"),
    ("lazy_error_count", "a missed poll is shown as it is"),
    ("slave_count", "nothing here means the same"),
    ("delay", "the hub begins at once"),
    ("icon", "icons are not kept"),
];

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<Project, ImportError> {
    let value = yaml::parse(text).map_err(ImportError)?;
    let mut project = Project::default();
    let hubs = match &value {
        Value::Object(map) => map.get("modbus").unwrap_or(&Value::Null),
        value => value,
    };
    let Some(hubs) = hubs.as_array() else {
        let shown = hubs.as_str().unwrap_or_default();
        return Err(ImportError(format!(
            "`modbus:` is no list of hubs {shown}; where it is !include, import that file"
        )));
    };
    for (at, one) in hubs.iter().enumerate() {
        match one.as_object() {
            Some(map) => hub(Fields::new(map, format!("/modbus/{at}")), &mut project),
            None => project.error(None, format!("/modbus/{at}"), &one.to_string(), "no hub"),
        }
    }
    if let Value::Object(map) = &value {
        for key in map.keys().filter(|key| *key != "modbus") {
            project.note(key, "", "only modbus is read");
        }
    }
    Ok(project)
}

fn hub(mut hub: Fields<'_>, project: &mut Project) {
    let name = hub.text("name").unwrap_or_else(|| "modbus_hub".to_owned());
    let mut link = Link::new(&*hub.place, &*name);
    match settings(&mut hub, project) {
        Ok(settings) => link.settings = Some(settings),
        Err(reason) => project.error(None, &*hub.place, &name, reason),
    }
    let mut units: Vec<(u8, Unit)> = Vec::new();
    for (key, kind) in [
        ("sensors", Kind::Sensor),
        ("binary_sensors", Kind::Binary),
        ("switches", Kind::Switch),
        ("lights", Kind::Switch),
        ("fans", Kind::Switch),
    ] {
        for mut entity in hub.objects(key, project) {
            let id = unit_id(&mut entity, project);
            let points = points(&mut entity, kind, project);
            if !points.is_empty() {
                entity.finish(project, &LOST);
            }
            let unit = match units.iter().position(|(known, _)| *known == id) {
                Some(at) => &mut units[at].1,
                None => {
                    let unit_name = match units.len() {
                        0 => name.clone(),
                        _ => format!("{name} {id}"),
                    };
                    let mut unit = Unit::new(&*hub.place, unit_name).with_unit_id(id);
                    unit.period_ms = 15_000;
                    units.push((id, unit));
                    let last = units.len() - 1;
                    &mut units[last].1
                }
            };
            unit.points.extend(points);
        }
    }
    hub.finish(project, &LOST);
    link.units = units.into_iter().map(|(_, unit)| unit).collect();
    project.links.push(link);
}

fn settings(hub: &mut Fields<'_>, project: &mut Project) -> Result<Settings, String> {
    let kind = hub.text("type").unwrap_or_default();
    let host = hub.text("host").unwrap_or_default();
    let port = hub.text("port").unwrap_or_default();
    let method = hub.text("method").unwrap_or_default();
    let parity = hub.text("parity").unwrap_or_default();
    let mut whole = |key: &str, default| hub.whole(key, project).unwrap_or(default);
    let (baud_rate, data_bits) = (whole("baudrate", 9600), whole("bytesize", 8));
    let (stop_bits, pause) = (whole("stopbits", 1), whole("message_wait_milliseconds", 0));
    let timeout = hub.number("timeout", project).unwrap_or(5.0);
    for (key, text) in [("host", &host), ("port", &port)] {
        if text.starts_with('!') {
            return Err(format!(
                "{key} is {text}; write the value itself into the file"
            ));
        }
    }
    let number = || {
        port.parse()
            .map_err(|_| format!("port {port:?} is no number"))
    };
    let mut settings = match kind.as_str() {
        "serial" => serial(&Line {
            is_ascii: method == "ascii",
            port: port.clone(),
            baud_rate,
            parity,
            data_bits,
            stop_bits,
        })?,
        "tcp" => network(Transport::Tcp, &host, number()?),
        "rtuovertcp" => network(Transport::RtuOverTcp, &host, number()?),
        "udp" => {
            let reason = "UDP is not spoken; the connection is made over TCP";
            project.note("type", &*hub.place, reason);
            network(Transport::Tcp, &host, number()?)
        }
        _ => {
            return Err(format!(
                "type {kind:?}; tcp, rtuovertcp, udp and serial exist"
            ));
        }
    };
    let timeout_ms = period_ms(timeout * 1000.0).0.min(60_000);
    settings.insert("timeout_ms".into(), timeout_ms.into());
    if 0 < pause {
        settings.insert("pause_ms".into(), pause.min(10_000).into());
    }
    Ok(settings)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sensor,
    Binary,
    Switch,
}

fn unit_id(entity: &mut Fields<'_>, project: &mut Project) -> u8 {
    let own = entity.whole("slave", project);
    let id = own
        .or_else(|| entity.whole("device_address", project))
        .unwrap_or(1);
    u8::try_from(id).unwrap_or_else(|_| {
        let place = entity.at("slave");
        project.error(None, place, &id.to_string(), "a unit id is 0 to 255");
        1
    })
}

fn points(entity: &mut Fields<'_>, kind: Kind, project: &mut Project) -> Vec<Point> {
    let name = entity.text("name").unwrap_or_default();
    let Some(start) = entity.whole("address", project) else {
        project.error(None, entity.at("address"), &name, "an address is needed");
        return Vec::new();
    };
    let period = entity.number("scan_interval", project);
    let made = match kind {
        Kind::Sensor => sensor(entity, &name, start, project),
        Kind::Binary => binary(entity, &name, start, project),
        Kind::Switch => switch(entity, &name, start, project),
    };
    let mut points = match made {
        Ok(points) => points,
        Err(reason) => {
            project.note(name, &*entity.place, reason);
            return Vec::new();
        }
    };
    match period {
        Some(0.0) => {
            let reason = "it is not polled there; it is not here either";
            project.note("scan_interval", &*entity.place, reason);
            points
                .iter_mut()
                .for_each(|point| point.tag.enabled = false);
        }
        Some(secs) if secs != 15.0 => {
            let millis = period_ms(secs * 1000.0).0;
            points
                .iter_mut()
                .for_each(|point| point.tag.period_ms = Some(millis));
        }
        _ => {}
    }
    points
}

/// Why an entity cannot be a tag, or its tags.
type Made = Result<Vec<Point>, String>;

fn sensor(entity: &mut Fields<'_>, name: &str, start: i64, project: &mut Project) -> Made {
    let table = match entity.text("input_type").as_deref() {
        None | Some("holding") => Table::Holding,
        Some("input") => Table::Input,
        Some(other) => return Err(format!("input_type {other:?} is not known")),
    };
    let kind = entity
        .text("data_type")
        .unwrap_or_else(|| "int16".to_owned());
    let count = entity.whole("count", project);
    let (data_type, length) = type_of(&kind, count)
        .ok_or_else(|| format!("the type {kind:?} is not known here; make a tag by hand"))?;
    let order = match entity.text("swap").as_deref() {
        None | Some("none" | "false") => None,
        Some("byte") => Some(ByteOrder::Badc),
        Some("word") => Some(ByteOrder::Cdab),
        Some("word_byte") => Some(ByteOrder::Dcba),
        Some(other) => return Err(format!("swap {other:?} is not known")),
    };
    let more = entity.whole("virtual_count", project);
    let more = more
        .or_else(|| entity.whole("slave_count", project))
        .unwrap_or(0);
    let width = i64::from(data_type.registers().or(length).unwrap_or(1));
    let mut model = Point::new(None, &*entity.place, name, address(table, start)?);
    let tag = &mut model.tag;
    (tag.data_type, tag.order, tag.length) = (data_type, order, length);
    tag.scale = entity.number("scale", project).unwrap_or(1.0);
    tag.offset = entity.number("offset", project).unwrap_or(0.0);
    tag.unit = entity.text("unit_of_measurement").unwrap_or_default();
    let decimals = entity.whole("precision", project);
    tag.decimals = decimals.and_then(|one| u8::try_from(one).ok().filter(|one| *one <= 9));
    tag.min = entity.number("min_value", project);
    tag.max = entity.number("max_value", project);
    tag.invalid.extend(entity.whole("nan_value", project));
    if tag.min.is_some() || tag.max.is_some() {
        let reason = "values beyond are not cut off here but marked as uncertain";
        project.note("min_value, max_value", &*entity.place, reason);
    }
    let one = |at: i64| {
        let place = address(table, start + at * width)?;
        let name = match at {
            0 => name.to_owned(),
            at => format!("{name} {at}"),
        };
        let mut point = Point::new(None, &*entity.place, name, place);
        point.tag = headworks_core::model::Tag {
            address: place.to_string(),
            ..model.tag.clone()
        };
        Ok(point)
    };
    (0..=more.clamp(0, 1000)).map(one).collect()
}

fn binary(entity: &mut Fields<'_>, name: &str, start: i64, project: &mut Project) -> Made {
    let kind = entity.text("input_type");
    let table = match kind.as_deref() {
        None | Some("coil") => Table::Coil,
        Some("discrete_input") => Table::Discrete,
        Some("holding") => Table::Holding,
        Some("input") => Table::Input,
        Some(other) => return Err(format!("input_type {other:?} is not known")),
    };
    let more = entity.whole("virtual_count", project);
    let more = more
        .or_else(|| entity.whole("slave_count", project))
        .unwrap_or(0);
    let one = |at: i64| {
        let place = if table.is_bits() {
            address(table, start + at)?
        } else {
            address(table, start + at / 16).and_then(|place| with_bit(place, at % 16))?
        };
        let name = match at {
            0 => name.to_owned(),
            at => format!("{name} {at}"),
        };
        Ok(Point::new(None, &*entity.place, name, place))
    };
    (0..=more.clamp(0, 1000)).map(one).collect()
}

fn switch(entity: &mut Fields<'_>, name: &str, start: i64, project: &mut Project) -> Made {
    let table = match entity.text("write_type").as_deref() {
        None | Some("holding" | "holdings") => Table::Holding,
        Some("coil" | "coils") => Table::Coil,
        Some(other) => return Err(format!("write_type {other:?} is not known")),
    };
    for (key, usual) in [("command_on", 1), ("command_off", 0)] {
        if let Some(value) = entity.whole(key, project).filter(|value| *value != usual) {
            let reason = format!("{value} is written there; the tag takes the number itself");
            project.note(key, &*entity.place, reason);
        }
    }
    if entity.object("verify").is_some() {
        let reason = "writes are read back from the same address; another one is not known";
        project.note("verify", &*entity.place, reason);
    }
    let mut point = Point::new(None, &*entity.place, name, address(table, start)?);
    point.tag.writable = true;
    Ok(vec![point])
}

fn type_of(name: &str, count: Option<i64>) -> Option<(DataType, Option<u16>)> {
    Some((
        match name {
            "int16" | "int" if matches!(count, None | Some(1)) => DataType::Int16,
            "uint16" | "uint" if matches!(count, None | Some(1)) => DataType::Uint16,
            "int32" => DataType::Int32,
            "uint32" => DataType::Uint32,
            "int64" => DataType::Int64,
            "uint64" => DataType::Uint64,
            "float16" => DataType::Float16,
            "float32" => DataType::Float32,
            "float64" => DataType::Float64,
            "string" => {
                let length = u16::try_from(count?).ok()?;
                return Some((DataType::String, Some(length)));
            }
            _ => return None,
        },
        None,
    ))
}
