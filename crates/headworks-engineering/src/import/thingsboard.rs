//! ThingsBoard's gateway: the Modbus connector as JSON.
//!
//! Source: the documentation of the gateway, "Modbus connector". Addresses count from 0; without a
//! word of the file both orders are little.

use headworks_core::model::Settings;
use headworks_core::{ByteOrder, DataType};
use headworks_protocols::modbus::settings::Transport;
use headworks_protocols::modbus::table::Table;

use super::ImportError;
use super::fields::{Fields, json};
use super::project::{
    Line, Link, Point, Project, Unit, address, network, order, period_ms, serial, with_bit,
};

/// Keys that are not carried over, with the reason.
const LOST: [(&str, &str); 8] = [
    (
        "rpc",
        "calls of ThingsBoard are not known; make the tags writable that may be written",
    ),
    (
        "attributeUpdates",
        "updates of attributes are not known; make the tag writable",
    ),
    (
        "reportStrategy",
        "every sample is kept; the history knows retention",
    ),
    ("deviceType", "profiles of ThingsBoard are not kept"),
    ("connectAttemptTimeMs", "the hub has its own back-off"),
    ("connectAttemptCount", "the hub has its own back-off"),
    ("waitAfterFailedAttemptsMs", "the hub has its own back-off"),
    ("slave", "the hub is no Modbus server"),
];

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<Project, ImportError> {
    let value = json(text)?;
    let mut project = Project::default();
    let Some(map) = value.as_object() else {
        return Err(ImportError("an object is needed".into()));
    };
    let mut root = Fields::new(map, "");
    let Some(mut master) = root.object("master") else {
        return Err(ImportError(
            "there is no `master`; files of gateways before version 3.0 (`server`) are not read: \
             let the gateway convert it first"
                .into(),
        ));
    };
    for slave in master.objects("slaves", &mut project) {
        self::slave(slave, &mut project);
    }
    master.finish(&mut project, &[]);
    root.finish(&mut project, &LOST);
    Ok(project)
}

fn slave(mut slave: Fields<'_>, project: &mut Project) {
    let name = slave.text("deviceName").or_else(|| slave.text("name"));
    let name = name.unwrap_or_else(|| "ThingsBoard device".to_owned());
    slave.skip(&["name"]);
    let settings = settings(&mut slave, project);
    let id = slave.whole("unitId", project).unwrap_or(1);
    let Ok(id) = u8::try_from(id) else {
        let place = slave.at("unitId");
        return project.error(None, place, &id.to_string(), "a unit id is 0 to 255");
    };
    let mut unit = Unit::new(&*slave.place, &*name).with_unit_id(id);
    if let Some(millis) = slave.number("pollPeriod", project) {
        unit.period_ms = period_ms(millis).0;
    }
    if slave.flag("retries") == Some(false) {
        unit.settings.insert("retries".into(), 0.into());
    }
    slave.skip(&["retryOnEmpty", "retryOnInvalid"]);
    let little = |text: Option<String>| !text.is_some_and(|text| text.eq_ignore_ascii_case("BIG"));
    let common = order(
        little(slave.text("byteOrder")),
        little(slave.text("wordOrder")),
    );
    unit.set_order(common);
    for key in ["timeseries", "attributes"] {
        for mut entry in slave.objects(key, project) {
            let points = points(&mut entry, project);
            if !points.is_empty() {
                entry.finish(project, &LOST);
            }
            unit.points.extend(points);
        }
    }
    slave.finish(project, &LOST);
    let same = project
        .links
        .iter_mut()
        .find(|link| link.settings == settings);
    match same {
        Some(link) => link.units.push(unit),
        None => {
            let mut link = Link::new(&*unit.place, name);
            link.settings = settings;
            link.units.push(unit);
            project.links.push(link);
        }
    }
}

fn settings(slave: &mut Fields<'_>, project: &mut Project) -> Option<Settings> {
    let kind = slave.text("type").unwrap_or_else(|| "tcp".to_owned());
    let method = slave.text("method").unwrap_or_default();
    let port = slave.text("port").unwrap_or_default();
    let host = slave.text("host").unwrap_or_default();
    let mut whole = |key: &str, default| slave.whole(key, project).unwrap_or(default);
    let baud_rate = whole("baudrate", 9600);
    let (data_bits, stop_bits) = (whole("bytesize", 8), whole("stopbits", 1));
    let timeout = slave.number("timeout", project);
    let parity = slave.text("parity").unwrap_or_else(|| "N".to_owned());
    let made = match kind.as_str() {
        "serial" => serial(&Line {
            is_ascii: method == "ascii",
            port,
            baud_rate,
            parity,
            data_bits,
            stop_bits,
        }),
        "tcp" | "udp" | "tls" => {
            let transport = match (kind.as_str(), method.as_str()) {
                ("tls", _) => Transport::Tls,
                (_, "rtu") => Transport::RtuOverTcp,
                (_, "ascii") => Transport::AsciiOverTcp,
                _ => Transport::Tcp,
            };
            if kind == "udp" {
                let reason = "UDP is not spoken; the connection is made over TCP";
                project.note("type", &*slave.place, reason);
            }
            match port.parse() {
                Ok(port) => Ok(network(transport, &host, port)),
                Err(_) => Err("a port is needed, e.g. 502".to_owned()),
            }
        }
        _ => Err(format!("type {kind:?}; there are tcp, udp, tls and serial")),
    };
    match made {
        Ok(mut settings) => {
            if let Some(secs) = timeout {
                let timeout = period_ms(secs * 1000.0).0.min(60_000);
                settings.insert("timeout_ms".into(), timeout.into());
            }
            Some(settings)
        }
        Err(reason) => {
            project.error(None, &*slave.place, &host, reason);
            None
        }
    }
}

fn points(entry: &mut Fields<'_>, project: &mut Project) -> Vec<Point> {
    let name = entry.text("tag").unwrap_or_default();
    let table = match entry.whole("functionCode", project) {
        Some(1 | 5 | 15) => Table::Coil,
        Some(2) => Table::Discrete,
        Some(4) => Table::Input,
        Some(3 | 6 | 16) => Table::Holding,
        other => {
            let shown = other.map_or_else(String::new, |code| code.to_string());
            let reason = "a function code is needed: 1, 2, 3 or 4";
            project.error(None, entry.at("functionCode"), &shown, reason);
            return Vec::new();
        }
    };
    let Some(start) = start(entry, &name, project) else {
        return Vec::new();
    };
    let kind = entry.text("type").unwrap_or_default().to_lowercase();
    let count = entry.whole("objectsCount", project).unwrap_or(1);
    if table.is_bits() || matches!(kind.as_str(), "bits" | "bit") {
        return bits(entry, &name, table, start, count, project);
    }
    let Some(data_type) = type_of(&kind) else {
        let reason = format!("the type {kind:?} is not known here");
        project.note(name, &*entry.place, reason);
        return Vec::new();
    };
    let place = match address(table, start) {
        Ok(place) => place,
        Err(reason) => {
            project.error(None, entry.at("address"), &start.to_string(), reason);
            return Vec::new();
        }
    };
    let mut point = Point::new(None, &*entry.place, name, place);
    point.tag.data_type = data_type;
    if data_type == DataType::String {
        point.tag.length = u16::try_from(count).ok();
        // Texts are read in the order of the registers there.
        point.tag.order = Some(ByteOrder::Abcd);
    }
    let multiplier = entry.number("multiplier", project).unwrap_or(1.0);
    let divider = entry.number("divider", project).unwrap_or(1.0);
    point.tag.scale = multiplier / divider;
    vec![point]
}

fn start(entry: &mut Fields<'_>, name: &str, project: &mut Project) -> Option<i64> {
    let text = entry.text("address").unwrap_or_default();
    match text.trim().parse() {
        Ok(start) => Some(start),
        Err(_) if text.contains('-') => {
            let reason = format!("the range {text} is not taken apart; make one tag for each");
            project.note(name, &*entry.place, reason);
            None
        }
        Err(_) => {
            project.error(
                None,
                entry.at("address"),
                &text,
                "an address from 0 is needed",
            );
            None
        }
    }
}

/// Makes a tag of each bit: of coils and inputs, or of a register.
fn bits(
    entry: &mut Fields<'_>,
    name: &str,
    table: Table,
    start: i64,
    count: i64,
    project: &mut Project,
) -> Vec<Point> {
    let count = count.clamp(1, 2000);
    let mut points = Vec::new();
    entry.skip(&["bitTargetType"]);
    for at in 0..count {
        let place = if table.is_bits() {
            address(table, start + at)
        } else {
            address(table, start + at / 16).and_then(|place| with_bit(place, at % 16))
        };
        match place {
            Ok(place) => {
                let name = if count == 1 {
                    name.to_owned()
                } else {
                    format!("{name}_{at}")
                };
                points.push(Point::new(None, &*entry.place, name, place));
            }
            Err(reason) => {
                project.error(None, entry.at("address"), &start.to_string(), reason);
                return points;
            }
        }
    }
    points
}

fn type_of(name: &str) -> Option<DataType> {
    Some(match name {
        "8int" => DataType::Int8,
        "8uint" => DataType::Uint8,
        "16int" => DataType::Int16,
        "16uint" => DataType::Uint16,
        "16float" => DataType::Float16,
        "32int" | "int" | "long" | "integer" => DataType::Int32,
        "32uint" => DataType::Uint32,
        "32float" | "float" => DataType::Float32,
        "64int" => DataType::Int64,
        "64uint" => DataType::Uint64,
        "64float" | "double" => DataType::Float64,
        "string" => DataType::String,
        _ => return None,
    })
}
