//! Telegraf: `inputs.modbus` in its three styles: register, request, metric.
//!
//! Source: the documentation of the plugin `inputs.modbus`. Addresses count from 0.

use headworks_core::model::Settings;
use headworks_core::{ByteOrder, DataType};
use headworks_protocols::modbus::settings::Transport;
use headworks_protocols::modbus::table::Table;
use serde_json::{Map, Value};

use super::ImportError;
use super::fields::Fields;
use super::project::{
    Line, Link, Point, Project, Unit, address, network, period_ms, serial, with_bit,
};

/// Keys of the plugin that are not carried over, with the reason.
const LOST: [(&str, &str); 9] = [
    ("retries_wait", "a request is sent again at once"),
    ("name_override", "measurements of Telegraf are not kept"),
    ("tags", "tags of metrics are not kept"),
    ("busy_retries", "busy devices are asked again by `retries`"),
    (
        "busy_retries_wait",
        "busy devices are asked again by `retries`",
    ),
    (
        "workarounds",
        "the planner of requests has its own rules; set `pause_ms` where needed",
    ),
    ("optimization", "the planner of requests has its own rules"),
    (
        "optimization_max_register_fill",
        "see `gap_max` of the device",
    ),
    ("omit", "nothing here means the same"),
];

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<Project, ImportError> {
    let table: Map<String, Value> = toml::from_str(text)
        .map_err(|error| ImportError(format!("the TOML is broken: {}", error.message())))?;
    let mut project = Project::default();
    let mut root = Fields::new(&table, "");
    let mut interval = None;
    if let Some(mut agent) = root.object("agent") {
        interval = agent.text("interval");
        agent.finish(&mut project, &[]);
    }
    let Some(mut inputs) = root.object("inputs") else {
        return Err(ImportError(
            "there is no [[inputs.modbus]] in the file".into(),
        ));
    };
    for plugin in inputs.objects("modbus", &mut project) {
        self::plugin(plugin, interval.as_deref(), &mut project);
    }
    let other = "only inputs.modbus is read";
    inputs.finish(&mut project, &[]);
    root.finish(
        &mut project,
        &[
            ("outputs", other),
            ("processors", other),
            ("aggregators", other),
        ],
    );
    Ok(project)
}

fn plugin(mut plugin: Fields<'_>, agent: Option<&str>, project: &mut Project) {
    let name = plugin.text("name").unwrap_or_else(|| "Telegraf".to_owned());
    let mut link = Link::new(&*plugin.place, &*name);
    link.settings = settings(&mut plugin, project);
    let interval = plugin.text("interval");
    let interval = interval.as_deref().or(agent).unwrap_or("10s");
    let period = millis(interval).unwrap_or(10_000.0);
    let style = plugin.text("configuration_type");
    let mut units = Units {
        name,
        period_ms: period_ms(period).0,
        retries: plugin.whole("retries", project).unwrap_or(0),
        list: Vec::new(),
    };
    plugin.skip(&["slave_id"]);
    match style.as_deref().unwrap_or("register") {
        "register" => registers(&mut plugin, &mut units, project),
        "request" => requests(&mut plugin, &mut units, "request", project),
        "metric" => requests(&mut plugin, &mut units, "metric", project),
        other => {
            let reason = "there are register, request and metric";
            project.error(None, plugin.at("configuration_type"), other, reason);
        }
    }
    plugin.finish(project, &LOST);
    link.units = units.list.into_iter().map(|(_, unit)| unit).collect();
    project.links.push(link);
}

/// The devices of a plugin, one per unit id.
struct Units {
    name: String,
    period_ms: u32,
    retries: i64,
    list: Vec<(u8, Unit)>,
}

impl Units {
    fn get(&mut self, id: u8, place: &str) -> &mut Unit {
        if let Some(at) = self.list.iter().position(|(known, _)| *known == id) {
            return &mut self.list[at].1;
        }
        let name = match self.list.len() {
            0 => self.name.clone(),
            _ => format!("{} {id}", self.name),
        };
        let mut unit = Unit::new(place, name).with_unit_id(id);
        unit.period_ms = self.period_ms;
        let retries = self.retries.clamp(0, 5);
        unit.settings.insert("retries".into(), retries.into());
        let at = self.list.len();
        self.list.push((id, unit));
        &mut self.list[at].1
    }
}

fn settings(plugin: &mut Fields<'_>, project: &mut Project) -> Option<Settings> {
    let controller = plugin.text("controller").unwrap_or_default();
    let mode = plugin
        .text("transmission_mode")
        .unwrap_or_default()
        .to_lowercase();
    let timeout = plugin.text("timeout").and_then(|text| millis(&text));
    let place = plugin.at("controller");
    let mut whole = |key: &str, default| plugin.whole(key, project).unwrap_or(default);
    let (baud_rate, data_bits) = (whole("baud_rate", 9600), whole("data_bits", 8));
    let stop_bits = whole("stop_bits", 1);
    let parity = plugin.text("parity").unwrap_or_else(|| "N".to_owned());
    let settings = match controller.split_once("://") {
        Some(("tcp", target)) => {
            let transport = match mode.as_str() {
                "rtuovertcp" => Transport::RtuOverTcp,
                "asciiovertcp" => Transport::AsciiOverTcp,
                _ => Transport::Tcp,
            };
            let (host, port) = target.rsplit_once(':').unwrap_or((target, "502"));
            Ok(network(transport, host, port.parse().unwrap_or(502)))
        }
        Some(("file", port)) => serial(&Line {
            is_ascii: mode == "ascii",
            port: port.to_owned(),
            baud_rate,
            parity,
            data_bits,
            stop_bits,
        }),
        _ => Err("tcp://HOST:PORT or file:///dev/PORT is needed".to_owned()),
    };
    match settings {
        Ok(mut settings) => {
            if let Some(timeout) = timeout {
                let timeout = period_ms(timeout).0.min(60_000);
                settings.insert("timeout_ms".into(), timeout.into());
            }
            Some(settings)
        }
        Err(reason) => {
            project.error(None, place, &controller, reason);
            None
        }
    }
}

/// Reads a duration as Go writes it: `1m30s`, `500ms`; a bare number is seconds.
fn millis(text: &str) -> Option<f64> {
    if let Ok(secs) = text.parse::<f64>() {
        return Some(secs * 1000.0);
    }
    let mut rest = text.trim();
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest
            .find(|char: char| char.is_ascii_digit())
            .unwrap_or(rest.len());
        sum += number
            * match &rest[..end] {
                "h" => 3_600_000.0,
                "m" => 60_000.0,
                "s" => 1000.0,
                "ms" => 1.0,
                "us" | "µs" => 0.001,
                _ => return None,
            };
        rest = &rest[end..];
    }
    Some(sum)
}

fn unit_id(fields: &mut Fields<'_>, project: &mut Project) -> u8 {
    let id = fields.whole("slave_id", project).unwrap_or(1);
    u8::try_from(id).unwrap_or_else(|_| {
        let place = fields.at("slave_id");
        project.error(None, place, &id.to_string(), "a unit id is 0 to 255");
        1
    })
}

/// Reads the style `register`: four lists of points.
fn registers(plugin: &mut Fields<'_>, units: &mut Units, project: &mut Project) {
    let id = unit_id(plugin, project);
    for (key, table) in [
        ("discrete_inputs", Table::Discrete),
        ("coils", Table::Coil),
        ("holding_registers", Table::Holding),
        ("input_registers", Table::Input),
    ] {
        for mut entry in plugin.objects(key, project) {
            let place = entry.place.clone();
            let point = register(&mut entry, table, project);
            if point.is_some() {
                entry.finish(project, &LOST);
            }
            units.get(id, &place).points.extend(point);
        }
    }
}

fn register(entry: &mut Fields<'_>, table: Table, project: &mut Project) -> Option<Point> {
    let name = name_of(entry);
    let numbers: Vec<i64> = match entry.get("address") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_i64).collect(),
        Some(value) => value.as_i64().into_iter().collect(),
        None => Vec::new(),
    };
    let is_run = numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let (Some(&start), true) = (numbers.first(), is_run) else {
        let reason = "the addresses do not follow each other, which one tag here needs";
        project.note(name, &*entry.place, reason);
        return None;
    };
    let mut point = place(entry, &name, table, start, project)?;
    if table.is_bits() {
        return Some(point);
    }
    let count = numbers.len();
    let type_name = entry.text("data_type").unwrap_or_default();
    let data_type = match (type_name.to_uppercase().as_str(), count) {
        ("FIXED", 1) => Some(DataType::Int16),
        ("FIXED", 2) => Some(DataType::Int32),
        ("FIXED", 4) => Some(DataType::Int64),
        ("UFIXED" | "FLOAT32", 1) => Some(DataType::Uint16),
        ("UFIXED" | "FLOAT32", 2) => Some(DataType::Uint32),
        ("UFIXED" | "FLOAT32", 4) => Some(DataType::Uint64),
        ("BIT", _) => return bit(entry, point, project),
        (other, _) => type_of(other),
    };
    let Some(data_type) = data_type else {
        let reason = format!("the type {type_name:?} of {count} registers is not known here");
        project.note(name, &*entry.place, reason);
        return None;
    };
    point.tag.data_type = data_type;
    if data_type == DataType::String {
        point.tag.length = u16::try_from(count).ok();
    } else if data_type
        .registers()
        .is_some_and(|wanted| usize::from(wanted) != count)
    {
        let reason = format!("{type_name} does not have {count} registers");
        project.error(None, entry.at("address"), &name, reason);
        return None;
    }
    point.tag.order = order(entry, "byte_order", None, project);
    point.tag.scale = entry.number("scale", project).unwrap_or(1.0);
    Some(point)
}

/// Reads the styles `request` and `metric`: lists of fields of one device.
fn requests(plugin: &mut Fields<'_>, units: &mut Units, key: &str, project: &mut Project) {
    for mut request in plugin.objects(key, project) {
        let id = unit_id(&mut request, project);
        let common = request.text("byte_order");
        let table = request.text("register");
        let measurement = request.text("measurement");
        let place = request.place.clone();
        for mut field in request.objects("fields", project) {
            let own = field.text("measurement").or_else(|| measurement.clone());
            let prefix = own.filter(|name| name != "modbus");
            let table = field.text("register").or_else(|| table.clone());
            let point = self::field(&mut field, table.as_deref(), common.as_deref(), project);
            if point.is_some() {
                field.finish(project, &LOST);
            }
            let named = point.map(|mut point| {
                if let Some(prefix) = prefix {
                    point.name = format!("{prefix}.{}", point.name);
                }
                point
            });
            units.get(id, &place).points.extend(named);
        }
        request.finish(project, &LOST);
    }
}

fn field(
    field: &mut Fields<'_>,
    table: Option<&str>,
    common_order: Option<&str>,
    project: &mut Project,
) -> Option<Point> {
    let name = field.text("name").unwrap_or_default();
    if field.flag("omit") == Some(true) {
        let reason = "omitted there too: it only fills a gap between requests";
        project.note(name, &*field.place, reason);
        field.skip(&["address", "type", "length", "scale", "output"]);
        return None;
    }
    let table = match table.unwrap_or("holding") {
        "coil" => Table::Coil,
        "discrete" => Table::Discrete,
        "holding" => Table::Holding,
        "input" => Table::Input,
        other => {
            let reason = "there are coil, discrete, holding and input";
            project.error(None, field.at("register"), other, reason);
            return None;
        }
    };
    let Some(start) = field.whole("address", project) else {
        project.error(None, field.at("address"), "", "an address is needed");
        return None;
    };
    let mut point = place(field, &name, table, start, project)?;
    // The kind of number that Telegraf passes on is no matter of the device.
    field.skip(&["output"]);
    if table.is_bits() {
        return Some(point);
    }
    let type_name = field.text("type").unwrap_or_default();
    if type_name.eq_ignore_ascii_case("BIT") {
        return bit(field, point, project);
    }
    let Some(data_type) = type_of(&type_name.to_uppercase()) else {
        let reason = format!("the type {type_name:?} is not known here");
        project.note(name, &*field.place, reason);
        return None;
    };
    point.tag.data_type = data_type;
    let length = field.whole("length", project);
    if data_type == DataType::String {
        point.tag.length = length.and_then(|length| u16::try_from(length).ok());
    }
    point.tag.order = order(field, "byte_order", common_order, project);
    point.tag.scale = field.number("scale", project).unwrap_or(1.0);
    Some(point)
}

fn name_of(entry: &mut Fields<'_>) -> String {
    let name = entry.text("name").unwrap_or_default();
    match entry.text("measurement").filter(|text| !text.is_empty()) {
        Some(measurement) => format!("{measurement}.{name}"),
        None => name,
    }
}

fn place(
    fields: &Fields<'_>,
    name: &str,
    table: Table,
    start: i64,
    project: &mut Project,
) -> Option<Point> {
    match address(table, start) {
        Ok(address) => Some(Point::new(None, &*fields.place, name, address)),
        Err(reason) => {
            project.error(None, fields.at("address"), &start.to_string(), reason);
            None
        }
    }
}

fn bit(fields: &mut Fields<'_>, point: Point, project: &mut Project) -> Option<Point> {
    let bit = fields.whole("bit", project).unwrap_or(0);
    fields.skip(&["byte_order", "scale"]);
    let address = point.tag.address.parse();
    let address = address
        .map_err(|error: headworks_protocols::modbus::address::AddressError| error.to_string());
    match address.and_then(|address| with_bit(address, bit)) {
        Ok(address) => Some(Point::new(None, point.place, point.name, address)),
        Err(reason) => {
            project.error(None, fields.at("bit"), &bit.to_string(), reason);
            None
        }
    }
}

fn order(
    fields: &mut Fields<'_>,
    key: &str,
    common: Option<&str>,
    project: &mut Project,
) -> Option<ByteOrder> {
    let own = fields.text(key);
    let text = own.as_deref().or(common)?;
    match text.to_uppercase().as_str() {
        "AB" | "ABCD" | "ABCDEFGH" => None,
        "BA" | "BADC" | "BADCFEHG" => Some(ByteOrder::Badc),
        "CDAB" | "GHEFCDAB" => Some(ByteOrder::Cdab),
        "DCBA" | "HGFEDCBA" => Some(ByteOrder::Dcba),
        other => {
            let reason = "there are AB, BA, ABCD, BADC, CDAB, DCBA and those of eight bytes";
            project.error(None, fields.at(key), other, reason);
            None
        }
    }
}

fn type_of(name: &str) -> Option<DataType> {
    Some(match name {
        "INT8L" => DataType::Int8,
        "INT8H" => DataType::Int8High,
        "UINT8L" => DataType::Uint8,
        "UINT8H" => DataType::Uint8High,
        "INT16" => DataType::Int16,
        "UINT16" => DataType::Uint16,
        "INT32" => DataType::Int32,
        "UINT32" => DataType::Uint32,
        "INT64" => DataType::Int64,
        "UINT64" => DataType::Uint64,
        "FLOAT16" | "FLOAT16-IEEE" => DataType::Float16,
        "FLOAT32" | "FLOAT32-IEEE" => DataType::Float32,
        "FLOAT64" | "FLOAT64-IEEE" => DataType::Float64,
        "STRING" => DataType::String,
        _ => return None,
    })
}
