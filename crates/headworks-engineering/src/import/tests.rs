use headworks_core::ByteOrder;
use headworks_core::model::ObjectId;
use headworks_hub::{Body, Edit};

use super::*;

/// The samples of the pages, so that what they show is what is tested.
const PAGES: [(Format, &str); 8] = [
    (
        Format::KepwareCsv,
        include_str!("../../../../docs/onboarding/import-kepware-csv.md"),
    ),
    (
        Format::KepwareJson,
        include_str!("../../../../docs/onboarding/import-kepware-json.md"),
    ),
    (
        Format::Telegraf,
        include_str!("../../../../docs/onboarding/import-telegraf.md"),
    ),
    (
        Format::Iobroker,
        include_str!("../../../../docs/onboarding/import-iobroker.md"),
    ),
    (
        Format::Thingsboard,
        include_str!("../../../../docs/onboarding/import-thingsboard.md"),
    ),
    (
        Format::Fuxa,
        include_str!("../../../../docs/onboarding/import-fuxa.md"),
    ),
    (
        Format::HomeAssistant,
        include_str!("../../../../docs/onboarding/import-home-assistant.md"),
    ),
    (
        Format::Modpoll,
        include_str!("../../../../docs/onboarding/import-modpoll.md"),
    ),
];

fn sample(format: Format) -> &'static str {
    let (_, page) = PAGES.into_iter().find(|(one, _)| *one == format).unwrap();
    let (_, rest) = page.split_once("```").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("```").unwrap().0
}

fn options() -> ImportOptions {
    ImportOptions {
        endpoint: Some("192.0.2.1:502".into()),
        table: Some(Table::Holding),
        ..ImportOptions::default()
    }
}

fn import_with(text: &str, options: &ImportOptions) -> Result<(Format, Plan), ImportError> {
    let mut number = 0_u128;
    let mut new_id = move || {
        number += 1;
        ObjectId(uuid::Uuid::from_u128(number))
    };
    read(text.as_bytes(), &Plant::default(), options, &mut new_id)
}

/// Writes what a plan makes, one line for each object.
fn lines(plan: &Plan) -> Vec<String> {
    let line = |(edit, origin): (&Edit, &crate::plan::Origin)| match edit {
        Edit::Create { body, .. } => match body {
            Body::Connection(body) => {
                let settings = serde_json::to_string(&body.settings).unwrap();
                format!("connection {} {settings}", body.name)
            }
            Body::Device(body) => {
                let settings = serde_json::to_string(&body.settings).unwrap();
                format!("device {} {} ms {settings}", body.name, body.period_ms)
            }
            Body::Tag(tag) => {
                let order = tag.order.map_or("-", ByteOrder::name);
                let mut line = format!(
                    "{} {} {} {order} x{} {:+}",
                    origin.name, tag.address, tag.data_type, tag.scale, tag.offset
                );
                line += if tag.writable { " rw" } else { "" };
                line
            }
            _ => unreachable!("importers make these three kinds"),
        },
        _ => unreachable!("importers only make objects"),
    };
    plan.edits().iter().zip(plan.origins()).map(line).collect()
}

#[track_caller]
fn check(format: Format, want: &[&str], notes: &[&str]) {
    let (found, plan) = import_with(sample(format), &options()).unwrap();
    assert_eq!(found, format);
    assert_eq!(plan.errors(), []);
    let lines = lines(&plan);
    assert_eq!(lines, want, "\n{}", lines.join("\n"));
    let said = |note: &str| {
        let (key, reason) = note.rsplit_once(": ").unwrap();
        let mut all = plan.notes().iter();
        all.any(|one| one.key.contains(key) && one.reason.contains(reason))
    };
    for note in notes {
        assert!(said(note), "{note:?} is not in {:#?}", plan.notes());
    }
    assert_eq!(plan.note_count(), notes.len(), "{:#?}", plan.notes());
}

#[test]
fn kepware_csv_is_read() {
    check(
        Format::KepwareCsv,
        &[
            r#"connection Kepware {"endpoint":"192.0.2.1:502"}"#,
            r#"device Kepware device 1000 ms {"order":"CDAB","unit_id":1}"#,
            "Kepware device/Motor.Speed HR0 uint16 - x0.1 +0 rw",
            "Kepware device/Motor.Energy HR10 float32 - x1 +0",
            "Kepware device/Motor.Fault HR2.2 bool - x1 +0",
            "Kepware device/Level IR0 int16 - x1 +0",
            "Kepware device/Serial HR100 string - x1 +0",
            "Kepware device/Run C0 bool - x1 +0 rw",
        ],
        &[
            "byte order: does not hold them",
            "clamp: not cut off",
            "scaling of Level: only linear",
            "Table: arrays are not read",
        ],
    );
}

#[test]
fn kepware_json_is_read() {
    check(
        Format::KepwareJson,
        &[
            r#"connection Hall {"endpoint":"192.0.2.20:1502"}"#,
            r#"device Drive 2000 ms {"timeout_ms":1500,"unit_id":5}"#,
            "Drive/Speed HR10 float32 - x1 +0 rw",
            "Drive/Temp.Motor IR2 int16 - x0.1 -50",
        ],
        &[
            "DEVICE_SCAN_MODE: nothing here",
            "channel Other: only Modbus",
        ],
    );
}

#[test]
fn telegraf_is_read_in_its_three_styles() {
    check(
        Format::Telegraf,
        &[
            r#"connection meter {"endpoint":"192.0.2.30:502","timeout_ms":500}"#,
            r#"device meter 5000 ms {"retries":0,"unit_id":1}"#,
            "meter/relay C3 bool - x1 +0",
            "meter/power HR8 int32 CDAB x0.1 +0",
            "meter/voltage HR0 float32 - x1 +0",
            "connection line {\"baud_rate\":19200,\"data_bits\":8,\"parity\":\"even\",\
             \"serial_port\":\"/dev/ttyUSB0\",\"stop_bits\":1,\"transport\":\"rtu\"}",
            r#"device line 5000 ms {"retries":0,"unit_id":7}"#,
            "line/inverter.energy IR0 uint64 DCBA x0.001 +0",
            "line/inverter.alarm IR5.3 bool - x1 +0",
            r#"connection pump {"endpoint":"192.0.2.31:502"}"#,
            r#"device pump 5000 ms {"retries":0,"unit_id":2}"#,
            "pump/flow HR100 float32 - x1 +0",
        ],
        &[
            "torn: do not follow each other",
            "gap: omitted there too",
            "tags: tags of metrics",
        ],
    );
}

#[test]
fn iobroker_is_read() {
    check(
        Format::Iobroker,
        &[
            r#"connection ioBroker {"endpoint":"192.0.2.1:502"}"#,
            r#"device ioBroker device 1 1000 ms {"unit_id":1}"#,
            "ioBroker device 1/power HR0 int32 CDAB x0.1 +0 rw",
            "ioBroker device 1/energy HR10 float32 - x1 +0 rw",
            "ioBroker device 1/high HR20 uint8_high - x1 +0 rw",
            "ioBroker device 1/text HR30 string - x1 +0 rw",
        ],
        &[
            "role: not kept",
            "room: not kept",
            "formula of energy: x / 1000: not carried over",
            "wide: not known here",
        ],
    );
    let mut unsaid = options();
    unsaid.table = None;
    let (_, plan) = import_with(sample(Format::Iobroker), &unsaid).unwrap();
    assert!(plan.errors()[0].reason.contains("give `table`"));
    let alias = sample(Format::Iobroker).replace("\n0\t", "\n40001\t");
    let (_, plan) = import_with(&alias, &unsaid).unwrap();
    assert!(lines(&plan)[2].contains("power HR0 "), "{:?}", lines(&plan));
}

#[test]
fn thingsboard_is_read() {
    let mut want = vec![
        r#"connection Boiler {"endpoint":"192.0.2.50:5021","timeout_ms":35000}"#.to_owned(),
        r#"device Boiler 5000 ms {"order":"CDAB","unit_id":4}"#.to_owned(),
        "Boiler/temperature IR8 int16 - x0.1 +0".to_owned(),
        "Boiler/power HR20 float32 - x1 +0".to_owned(),
        "Boiler/flags_0 HR30.0 bool - x1 +0".to_owned(),
        "Boiler/flags_1 HR30.1 bool - x1 +0".to_owned(),
    ];
    want.push("Boiler/model IR0 string ABCD x1 +0".to_owned());
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    check(
        Format::Thingsboard,
        &want,
        &[
            "wide: not taken apart",
            "rpc: calls of ThingsBoard",
            "deviceType: profiles",
            "slave: no Modbus server",
        ],
    );
}

#[test]
fn fuxa_is_read() {
    check(
        Format::Fuxa,
        &[
            r#"connection Press {"endpoint":"192.0.2.60:502"}"#,
            r#"device Press 500 ms {"unit_id":3}"#,
            "Press/force HR10 float32 CDAB x1 +0 rw",
            "Press/oil IR0 int16 - x0.1 +0",
            "Press/level IR1 uint16 - x0.025 +0",
            "Press/lamp C0 bool - x1 +0 rw",
        ],
        &[
            "interval: every sample is stored",
            "note: not known here",
            "PLC: only Modbus",
            "hmi: only devices",
        ],
    );
}

#[test]
fn home_assistant_is_read() {
    check(
        Format::HomeAssistant,
        &[
            r#"connection heat_pump {"endpoint":"192.0.2.70:502","timeout_ms":3000}"#,
            r#"device heat_pump 15000 ms {"unit_id":1}"#,
            "heat_pump/Outside IR1 int16 - x0.1 -5",
            "heat_pump/Running DI3 bool - x1 +0",
            "heat_pump/Boost C13 bool - x1 +0 rw",
            r#"device heat_pump 2 15000 ms {"unit_id":2}"#,
            "heat_pump 2/Energy HR40 uint32 DCBA x1 +0",
            "heat_pump 2/Energy 1 HR42 uint32 DCBA x1 +0",
        ],
        &[
            "device_class: not kept",
            "Custom: make a tag by hand",
            "climates: not made",
            "homeassistant: only modbus",
        ],
    );
}

#[test]
fn modpoll_is_read() {
    let (_, plan) = import_with(sample(Format::Modpoll), &options()).unwrap();
    let lines = lines(&plan);
    assert_eq!(
        lines.len(),
        3 + 1 + 16 + 1 + 8 + 1,
        "\n{}",
        lines.join("\n")
    );
    for want in [
        "meter/energy HR4 uint32 CDAB x0.1 +0 rw",
        "meter/status_15 HR8.15 bool - x1 +0",
        "io/out_7 C7 bool - x1 +0 rw",
        "io/far IR300 int16 - x1 +0",
    ] {
        assert!(
            lines.iter().any(|line| line == want),
            "{want}\n{}",
            lines.join("\n")
        );
    }
    assert_eq!(plan.errors(), []);
    assert_eq!(plan.note_count(), 1, "{:?}", plan.notes());
}

#[test]
fn every_format_is_told_from_the_others() {
    for (format, _) in PAGES {
        assert_eq!(looks_like(sample(format)), Some(format), "{format:?}");
        for wrong in Format::ALL.into_iter().filter(|other| *other != format) {
            let given = ImportOptions {
                format: Some(wrong),
                ..options()
            };
            let error = import_with(sample(format), &given).unwrap_err().to_string();
            assert!(error.contains(format.title()), "{error}");
        }
    }
}

#[test]
fn what_is_no_project_is_refused_and_never_panics() {
    for (text, want) in [
        ("", "empty"),
        (" \r\n", "empty"),
        ("a\0b", "NUL"),
        ("hello", "none of the formats"),
        ("device,name,address\nx,y,HR1\n", "none of the formats"),
        ("{}", "none of the formats"),
    ] {
        let error = import_with(text, &options()).unwrap_err().to_string();
        assert!(error.contains(want), "{text:?}: {error}");
    }
    for (format, _) in PAGES {
        let given = ImportOptions {
            format: Some(format),
            ..options()
        };
        let text = sample(format);
        for end in (0..text.len())
            .step_by(7)
            .filter(|&end| text.is_char_boundary(end))
        {
            // Whatever comes out, it comes out.
            drop(import_with(&text[..end], &given));
        }
        let deep = "[".repeat(100_000);
        assert!(import_with(&deep, &given).is_err() || matches!(format, Format::Modpoll));
    }
}

#[test]
fn names_that_clash_get_a_number_or_are_mistakes() {
    let text =
        "device,m,1\npoll,coil,0,9,BE_BE\nref,a,0,bool,r\nref,A,1,bool,r\nref,b/c,2,bool,r\n";
    let (_, plan) = import_with(text, &options()).unwrap();
    let lines = lines(&plan);
    assert!(lines[3].starts_with("m/A_2 C1"), "{lines:?}");
    assert!(lines[4].starts_with("m/b.c C2"), "{lines:?}");
    assert_eq!(plan.note_count(), 2, "{:?}", plan.notes());
    let mut report = options();
    report.clash = Clash::Report;
    let (_, plan) = import_with(text, &report).unwrap();
    assert_eq!(plan.error_count(), 1);
    report.endpoint = None;
    let (_, plan) = import_with(text, &report).unwrap();
    assert!(
        plan.errors()[0].reason.contains("give `endpoint`"),
        "{:?}",
        plan.errors()
    );
}

#[test]
fn latin_1_is_read_as_what_it_was() {
    let text = "device,W\u{e4}rme,1\npoll,coil,0,9,BE_BE\nref,a,0,bool,r\n";
    let latin: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let mut ids = || ObjectId(uuid::Uuid::nil());
    let (_, plan) = read(&latin, &Plant::default(), &options(), &mut ids).unwrap();
    assert_eq!(plan.origins()[1].name, "Wärme");
}

#[test]
fn two_plugins_on_one_serial_port_share_its_connection() {
    let plugin = |unit: u8| {
        format!(
            "[[inputs.modbus]]\nname = \"line{unit}\"\nslave_id = {unit}\n\
             controller = \"file:///dev/ttyS0\"\n\
             coils = [{{ name = \"a\", address = [0] }}]\n"
        )
    };
    let text = plugin(1) + &plugin(2);
    let (_, plan) = import_with(&text, &options()).unwrap();
    let lines = lines(&plan);
    let links = lines
        .iter()
        .filter(|line| line.starts_with("connection "))
        .count();
    assert_eq!((links, lines.len()), (1, 5), "{lines:?}");
    assert!(
        plan.notes()[0]
            .reason
            .contains("share the connection \"line1\"")
    );
}
