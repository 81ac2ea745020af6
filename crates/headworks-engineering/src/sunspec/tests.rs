use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use headworks_core::model::ObjectBody;
use headworks_hub::{Hub, HubSettings};
use headworks_protocols::PROTOCOLS;
use proptest::prelude::*;

use super::*;
use crate::template::{Whole, check, check_edits};

/// Returns what the program of the alliance says of the published layouts.
fn published() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os("HEADWORKS_VENV").map_or_else(|| root.join(".venv"), PathBuf::from);
    let python = venv.join("bin/python");
    assert!(
        python.exists(),
        "{} is missing; run `cargo xtask setup`",
        python.display()
    );
    let script = root.join("crates/headworks-protocols/tests/modbus/sunspec_peer.py");
    let output = Command::new(python)
        .arg(script)
        .arg("layout")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What no tag is made of: number and length, factors, padding, the address of the device, and how
/// many inputs there are, their numbers and clocks.
fn is_left_out(model: u16, row: &Value) -> bool {
    let name = row["name"].as_str().unwrap();
    let clock = model == 160 && ["Tms", "TmsPer"].contains(&name);
    let is_frame = ["ID", "L", "N", "DA", "Pad"].contains(&name);
    is_frame || clock || row["type"] == "sunssf"
}

fn kind_of(row: &Value) -> Kind {
    let size = u16::try_from(row["size"].as_u64().unwrap()).unwrap();
    match row["type"].as_str().unwrap() {
        "uint16" | "enum16" | "bitfield16" => Kind::U16,
        "int16" => Kind::I16,
        "uint32" | "bitfield32" => Kind::U32,
        "uint64" => Kind::U64,
        "acc32" => Kind::Acc32,
        "acc64" => Kind::Acc64,
        "float32" => Kind::F32,
        "string" => Kind::Text(size),
        other => panic!("{other}"),
    }
}

fn unit_of(row: &Value) -> &str {
    let unit = row["units"].as_str().unwrap_or("").trim();
    match unit {
        "Pct" => "%",
        "% WMax/sec" | "% WChaMax/sec" => "%/s",
        "C" => "°C",
        "AH" => "Ah",
        "Secs" => "s",
        "Var" => "var",
        "Varh" => "varh",
        "ohms" => "Ω",
        "PF" | "cos()" => "",
        unit if unit.starts_with('%') => "%",
        unit => unit,
    }
}

#[track_caller]
fn check_points(model: u16, points: &[Point], rows: &Value, all: &Value) {
    let rows: Vec<&Value> = rows.as_array().unwrap().iter().collect();
    let wanted: Vec<&&Value> = rows.iter().filter(|row| !is_left_out(model, row)).collect();
    assert_eq!(points.len(), wanted.len(), "{model}");
    for (point, row) in points.iter().zip(wanted) {
        // The models of meters write the names of the voltages between phases in two ways.
        let id = row["name"].as_str().unwrap();
        let is_other_way = (201..=204).contains(&model) && id == point.id.replace("PhV", "PPV");
        assert!(id == point.id || is_other_way, "{model} {id} {}", point.id);
        assert_eq!(row["offset"], point.offset, "{model} {id}");
        assert_eq!(point.kind, kind_of(row), "{model} {id}");
        assert_eq!(point.kind.registers(), row["size"], "{model} {id}");
        assert_eq!(point.unit, unit_of(row), "{model} {id}");
        let factor = point.factor.map(|Factor(id, _)| id);
        assert_eq!(factor, row["sf"].as_str(), "{model} {id}");
        if let Some(Factor(name, offset)) = point.factor {
            let mut all = all.as_array().unwrap().iter();
            let register = all.find(|row| row["name"] == name).unwrap();
            assert_eq!(register["offset"], offset, "{model} {name}");
            assert_eq!(register["type"], "sunssf");
        }
    }
}

#[test]
fn every_point_stands_where_the_published_models_have_it() {
    let published = published();
    let published = published.as_object().unwrap();
    let ids: BTreeSet<u16> = published.keys().map(|id| id.parse().unwrap()).collect();
    let known: BTreeSet<u16> = (0..=u16::MAX)
        .filter(|&id| points::of(id).is_some())
        .collect();
    assert_eq!(known, ids);
    for id in known {
        let (known, rows) = (points::of(id).unwrap(), &published[&id.to_string()]);
        check_points(id, known.points, &rows["points"], &rows["points"]);
        let last = rows["points"].as_array().unwrap().last().unwrap();
        let length = last["offset"].as_u64().unwrap() + last["size"].as_u64().unwrap() - 2;
        assert_eq!(u64::from(known.length), length, "{id}");
        if let Some(inputs) = known.inputs {
            check_points(id, inputs.points, &rows["inputs"], &rows["points"]);
            let last = rows["inputs"].as_array().unwrap().last().unwrap();
            let size = last["offset"].as_u64().unwrap() + last["size"].as_u64().unwrap();
            assert_eq!(u64::from(inputs.size), size);
            let mut all = rows["points"].as_array().unwrap().iter();
            let count = all.find(|row| row["type"] == "count").unwrap();
            assert_eq!(count["offset"], inputs.count);
        }
    }
}

/// Returns a model with all registers 0 but these, by their offset from its number.
fn model(id: u16, address: u16, length: u16, words: &[(usize, u16)]) -> Model {
    let mut registers = vec![0; usize::from(length) + 2];
    (registers[0], registers[1]) = (id, length);
    for &(offset, word) in words {
        registers[offset] = word;
    }
    let problem = None;
    Model {
        id,
        address,
        length,
        registers,
        problem,
    }
}

fn found(models: Vec<Model>) -> SunSpec {
    SunSpec {
        base: 40_000,
        models,
        read_max: None,
    }
}

fn common(address: u16, maker: [u16; 2]) -> Model {
    model(
        1,
        address,
        65,
        &[(2, maker[0]), (3, maker[1]), (18, 0x4D37)],
    )
}

fn wanted() -> Wanted {
    Wanted {
        unit_id: 126,
        ..Wanted::default()
    }
}

#[track_caller]
fn check_whole(template: &Template) {
    assert_eq!(template.check(), Ok(()));
    assert_eq!(check(&Whole::new(template, None), PROTOCOLS), []);
}

fn tags(reading: &Reading) -> BTreeMap<&str, &Settings> {
    let tags = reading.template.tags.iter();
    tags.map(|tag| (tag["name"].as_str().unwrap(), tag))
        .collect()
}

/// An inverter: 45.67 A, none on phase C, 12.3 kW, counter at 0, no factor of the voltages.
fn inverter(address: u16) -> Model {
    let words = [
        (2, 4567),
        (3, 1500),
        (4, 1501),
        (5, 0xFFFF),
        (6, 0xFFFE),
        (7, 400),
        (13, 0x8000),
        (14, 123),
        (15, 2),
        (16, 5001),
        (17, 11),
        (33, 0xFFF6),
        (38, 4),
    ];
    model(103, address, 50, &words)
}

#[test]
fn scale_factors_become_scales_and_marks_of_no_value_stay_marks() {
    let found = found(vec![common(40_002, [0x4163, 0x6D65]), inverter(40_069)]);
    let reading = read(&found, &wanted());
    check_whole(&reading.template);
    let tags = tags(&reading);
    let json = |name: &str| Value::Object(tags[name].clone());
    assert_eq!(
        json("inverter_current"),
        json!({
            "name": "inverter_current", "address": "HR40071", "data_type": "uint16",
            "unit": "A", "scale": 0.01, "decimals": 2, "invalid": [65535],
            "description": "SunSpec 103 A",
        })
    );
    assert_eq!(tags["inverter_active_power"]["scale"], 100.0);
    assert_eq!(tags["inverter_active_power"]["decimals"], 0);
    assert_eq!(tags["inverter_active_power"]["invalid"], json!([-32768]));
    let state = tags["inverter_state"]["description"].as_str().unwrap();
    assert!(
        state.starts_with("SunSpec 103 St: 1 off, 2 sleeping"),
        "{state}"
    );
    assert_eq!(
        json("inverter_a_sf"),
        json!({
            "name": "inverter_a_sf", "address": "HR40075", "data_type": "int16",
            "min": -2.5, "max": -1.5, "invalid": [-32768],
            "description": "SunSpec 103 A_SF: -2 when the device was read",
        })
    );
    assert!(!tags["inverter_voltage_ab"].contains_key("scale"));
    assert!(!tags["inverter_frequency"].contains_key("scale"));
    let problems = &reading.models[1].problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].contains("scale factor V_SF has no value"),
        "{problems:?}"
    );
    assert!(
        problems[1].contains("scale factor Hz_SF is 11, beyond"),
        "{problems:?}"
    );
}

#[test]
fn a_template_says_who_the_device_is_and_how_it_is_asked() {
    let mut found = found(vec![common(40_002, [0x4163, 0x6D65]), inverter(40_069)]);
    found.read_max = Some(50);
    let template = read(&found, &wanted()).template;
    assert_eq!(
        (&*template.name, &*template.vendor, &*template.model),
        ("Acme M7", "Acme", "M7")
    );
    assert_eq!(template.parameters[0].default, Some(126.into()));
    let settings = Value::Object(template.settings.clone());
    assert_eq!(
        settings,
        json!({ "unit_id": "${unit_id}", "max_registers": 50 })
    );
    assert!(
        template
            .source
            .ends_with("models 1, 103 from holding register 40000 on")
    );
    let name = Some("Roof".to_owned());
    let named = read(&found, &Wanted { name, ..wanted() });
    assert_eq!(named.template.name, "Roof");
    found.models.remove(0);
    let nameless = read(&found, &wanted());
    assert_eq!(nameless.template.name, "SunSpec device");
    check_whole(&nameless.template);
}

#[test]
fn points_without_value_are_left_out_unless_they_are_kept() {
    let found = found(vec![inverter(40_002)]);
    let reading = read(&found, &wanted());
    let absent = &reading.models[0].absent;
    assert!(
        absent.contains(&"AphC".to_owned()) && absent.contains(&"WH".to_owned()),
        "{absent:?}"
    );
    assert!(!tags(&reading).contains_key("inverter_current_c"));
    let keep_absent = true;
    let kept = read(
        &found,
        &Wanted {
            keep_absent,
            ..wanted()
        },
    );
    check_whole(&kept.template);
    assert_eq!(tags(&kept)["inverter_current_c"]["scale"], 0.01);
    assert_eq!(tags(&kept)["inverter_energy"]["invalid"], json!([0]));
    assert_eq!(&kept.models[0].absent, absent);
    let points = points::of(103).unwrap().points.len();
    assert_eq!(
        reading.models[0].tags - tags_of_factors(&reading) + absent.len(),
        points
    );
    assert_eq!(kept.models[0].tags - tags_of_factors(&kept), points);
}

fn tags_of_factors(reading: &Reading) -> usize {
    tags(reading)
        .keys()
        .filter(|name| name.ends_with("_sf"))
        .count()
}

#[test]
fn a_second_meter_and_every_input_have_names_of_their_own() {
    let meter = |address| model(203, address, 105, &[(2, 5), (18, 7)]);
    let mppt = model(
        160,
        40_400,
        68,
        &[(8, 3), (2, 0xFFFF), (19, 11), (39, 12), (59, 13)],
    );
    let reading = read(&found(vec![meter(40_002), meter(40_109), mppt]), &wanted());
    check_whole(&reading.template);
    let tags = tags(&reading);
    assert_eq!(tags["meter_current"]["address"], "HR40004");
    assert_eq!(tags["meter_2_current"]["address"], "HR40111");
    for (number, address) in [(1, "HR40419"), (2, "HR40439"), (3, "HR40459")] {
        let tag = tags[&*format!("mppt_input_{number}_dc_current")];
        assert_eq!(tag["address"], address);
        assert_eq!(tag["description"], format!("SunSpec 160 DCA[{number}]"));
        assert_eq!(tag["scale"], 0.1);
    }
    assert_eq!(reading.models[2].problems, [""; 0]);
}

#[test]
fn lengths_that_are_not_the_published_ones_are_told() {
    let short = model(103, 40_002, 40, &[(2, 5)]);
    let long = model(203, 40_044, 120, &[(2, 5)]);
    let many = model(160, 40_200, 28, &[(8, 9)]);
    let unread = Model {
        registers: vec![124, 24, 5, 5],
        problem: Some("holding 40242: no answer".to_owned()),
        ..model(124, 40_240, 24, &[])
    };
    let unknown = model(64_001, 40_300, 4, &[]);
    let models = vec![short, long, many, unread, unknown];
    let reading = read(&found(models), &wanted());
    check_whole(&reading.template);
    let problem = |at: usize| reading.models[at].problems.first().map_or("", |text| text);
    assert!(problem(0).starts_with("40 registers, where the published model has 50: points"));
    assert!(problem(1).starts_with("120 registers, where the published model has 105: the points"));
    assert_eq!(problem(2), "9 inputs are said; there is room for 1");
    assert_eq!(problem(3), "holding 40242: no answer");
    assert!(reading.models[3].problems[1].contains("scale factor WChaMax_SF is not there"));
    assert_eq!((problem(4), reading.models[4].title), ("", ""));
    assert_eq!(reading.models[4].tags, 0);
}

#[test]
fn an_earlier_reading_becomes_its_next_version() {
    let template = read(&found(vec![inverter(40_002)]), &wanted()).template;
    assert_eq!(renewed(&template, &template), Ok(None));
    let mut other = found(vec![inverter(40_002)]);
    other.models[0].registers[6] = 0xFFFF; // 10^-1
    let other = read(&other, &wanted()).template;
    let widgets = vec![Settings::new()];
    let version = "7".to_owned();
    let earlier = Template {
        version,
        widgets,
        ..template.clone()
    };
    let next = renewed(&other, &earlier).unwrap().unwrap();
    assert_eq!((&*next.version, next.widgets.len()), ("8", 1));
    assert_eq!(next.tags, other.tags);
    let source = "a manual".to_owned();
    let foreign = Template {
        source,
        ..template.clone()
    };
    assert_eq!(renewed(&template, &foreign), Err(NameTaken(template.name)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_saved_renewed_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let settings = HubSettings {
        protocols: PROTOCOLS,
        ..HubSettings::new(directory.path().join("data"))
    };
    let hub = Hub::start(settings).await.unwrap();
    let handle = hub.handle();
    let template = read(&found(vec![inverter(40_002)]), &wanted()).template;
    let mut other = template.clone();
    other.tags.pop();
    for (template, want, count) in [
        (&template, Loading::Created, 1),
        (&template, Loading::Unchanged, 0),
        (&other, Loading::Updated, 1),
        (&other, Loading::Unchanged, 0),
    ] {
        let saving = saving(&handle.plant(), template, &mut handle.id_maker()).unwrap();
        let edits = saving.edits();
        assert_eq!((saving.loading, edits.len()), (want, count));
        assert_eq!(check_edits(&handle.plant(), PROTOCOLS, &edits), []);
        if !edits.is_empty() {
            handle.apply(edits, "test").await.unwrap();
        }
    }
    let plant = handle.plant();
    assert_eq!(plant.templates().iter().next().unwrap().body.version, "2");
    hub.stop(Duration::from_secs(2)).await.unwrap();
}

fn any_model() -> impl Strategy<Value = Model> {
    let ids = prop::sample::select(vec![
        1, 103, 113, 120, 121, 122, 123, 124, 160, 203, 701, 802,
    ]);
    let word = prop_oneof![Just(0), Just(0xFFFF), Just(0x8000), 0..12_u16, any::<u16>()];
    (
        ids,
        0..64_000_u16,
        prop::collection::vec(word, 0..200),
        0..50_u16,
    )
        .prop_map(|(id, address, words, lacking)| Model {
            id,
            address,
            length: u16::try_from(words.len()).unwrap() + lacking,
            registers: [vec![id, 0], words].concat(),
            problem: None,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn whatever_a_device_says_the_template_can_be_saved(
        models in prop::collection::vec(any_model(), 0..8),
        keep_absent in any::<bool>(),
    ) {
        let reading = read(&found(models), &Wanted { keep_absent, ..wanted() });
        check_whole(&reading.template);
        let made: usize = reading.models.iter().map(|model| model.tags).sum();
        prop_assert_eq!(made, reading.template.tags.len());
    }
}
