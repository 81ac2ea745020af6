use std::time::Duration;

use headworks_core::model::{Connection, ObjectBody, Settings, Tag};
use headworks_core::{ByteOrder, DataType};
use headworks_hub::{Hub, HubHandle, HubSettings};
use headworks_protocols::PROTOCOLS;
use headworks_protocols::modbus::simulator::{
    Plant as SimulatedPlant, PlantDevice, PlantTag, Ports, Simulator, SimulatorConfig,
};
use headworks_protocols::signal::Signal;
use serde_json::json;

use super::*;
use crate::template::{Made, Wanted, Whole, check, make};

#[test]
fn every_shipped_template_is_whole_and_says_where_it_is_from() {
    let all = shipped();
    assert!(12 <= all.len());
    for one in &all {
        let (file, template) = (one.file, &one.template);
        template
            .check()
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let base = base_of(&all, one);
        assert_eq!(one.base.is_some(), base.is_some(), "{file}");
        let errors = check(&Whole::new(template, base), PROTOCOLS);
        assert!(errors.is_empty(), "{file}: {errors:?}");
        for text in [&template.source, &template.description, &template.vendor] {
            assert!(!text.is_empty(), "{file}");
        }
    }
    let mut names: Vec<&str> = all.iter().map(|one| one.template.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len());
}

fn base_of<'a>(all: &'a [Shipped], one: &Shipped) -> Option<&'a Template> {
    let name = one.base.as_deref()?;
    let base = all.iter().find(|base| base.template.name == name)?;
    assert_eq!(base.base, None, "{}: a base has no base", one.file);
    Some(&base.template)
}

#[test]
fn versions_are_compared_as_numbers() {
    assert!(version_key("1.9") < version_key("1.10"));
    assert_eq!(version_key("1"), version_key("1.0.0"));
    assert!(version_key("2") < version_key("2.0.1"));
}

async fn hub(directory: &tempfile::TempDir) -> Hub {
    let settings = HubSettings {
        protocols: PROTOCOLS,
        ..HubSettings::new(directory.path().join("data"))
    };
    Hub::start(settings).await.unwrap()
}

async fn load_into(hub: &HubHandle, names: Option<&[String]>, update: bool) -> Vec<Loaded> {
    let (edits, loaded) = load(&hub.plant(), names, update, &mut hub.id_maker()).unwrap();
    if !edits.is_empty() {
        hub.apply(edits, "test").await.unwrap();
    }
    loaded
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_twice_changes_nothing_and_an_older_version_is_replaced_only_when_asked() {
    let directory = tempfile::tempdir().unwrap();
    let hub = hub(&directory).await;
    let handle = hub.handle();
    let names = ["Fronius Symo, Primo, Eco".to_owned()];
    let loaded = load_into(&handle, Some(&names), false).await;
    assert_eq!(loaded.len(), 2, "its base comes with it: {loaded:?}");
    assert!(loaded.iter().all(|one| one.loading == Loading::Created));
    let again = load_into(&handle, None, false).await;
    let count = |loading| again.iter().filter(|one| one.loading == loading).count();
    assert_eq!(
        (count(Loading::Unchanged), again.len()),
        (2, shipped().len())
    );
    assert_eq!(count(Loading::Created), again.len() - 2);

    let fronius = loaded.iter().find(|one| one.name == names[0]).unwrap();
    let plant = handle.plant();
    let body = plant.template(fronius.id).unwrap().body.clone();
    let base = body.base.and_then(|base| plant.template(base));
    assert_eq!(base.unwrap().body.vendor, "SunSpec Alliance");
    for (version, update, want) in [
        ("0.9", false, Loading::UpdateOffered),
        ("0.9", true, Loading::Updated),
        ("9.1", true, Loading::Kept),
    ] {
        let version = version.to_owned();
        let other = Template {
            version,
            ..body.clone()
        };
        let edit = vec![Edit::update(fronius.id, other)];
        handle.apply(edit, "test").await.unwrap();
        let loaded = load_into(&handle, Some(&names), update).await;
        let found = loaded.iter().find(|one| one.name == names[0]).unwrap();
        assert_eq!(found.loading, want);
    }
    let unknown = load(
        &handle.plant(),
        Some(&["x".to_owned()]),
        false,
        &mut handle.id_maker(),
    );
    assert_eq!(unknown, Err(UnknownName("x".to_owned())));
    hub.stop(Duration::from_secs(2)).await.unwrap();
}

/// Returns the device that a template makes for the tests.
fn made(all: &[Shipped], one: &Shipped, device: ObjectId, connection: ObjectId) -> Made {
    let whole = Whole::new(&one.template, base_of(all, one));
    let wanted = Wanted {
        name: one.file.to_owned(),
        connection,
        asset: None,
        path: format!("plant/{}", one.file).parse().unwrap(),
        enabled: true,
        description: String::new(),
        settings: Settings::new(),
        parameters: Settings::new(),
    };
    let mut made = make(&whole, device, device, &wanted).unwrap();
    made.device.template = None; // the template itself is not in the plant of this test
    made
}

fn simulated(made: &Made) -> PlantDevice {
    let settings = &made.device.settings;
    let order = settings.get("order").cloned();
    let order: Option<ByteOrder> = order.map(|order| serde_json::from_value(order).unwrap());
    PlantDevice {
        name: made.device.name.clone(),
        path: made.device.path.clone(),
        unit_id: 1, // answers to 0 and 255 besides; the test asks for 255
        period_ms: 1000,
        order: order.unwrap_or_default(),
        strict: true,
        forbidden: Vec::new(),
        description: String::new(),
        tags: made.tags.iter().map(simulated_tag).collect(),
    }
}

fn simulated_tag(tag: &Tag) -> PlantTag {
    let signal = match tag.data_type {
        DataType::String => Signal::Text("SN-4711".into()),
        DataType::Bool => Signal::Constant(1.0),
        _ => Signal::Constant(100.0 * tag.scale + tag.offset),
    };
    PlantTag {
        name: tag.name.clone(),
        address: tag.address.clone(),
        data_type: tag.data_type,
        length: tag.length,
        scale: tag.scale,
        offset: tag.offset,
        unit: String::new(),
        decimals: None,
        min: None,
        max: None,
        signal,
        description: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tag_of_every_shipped_template_becomes_good_on_the_simulator() {
    let directory = tempfile::tempdir().unwrap();
    let hub = hub(&directory).await;
    let handle = hub.handle();
    let (all, mut new_id) = (shipped(), handle.id_maker());
    let mut devices = Vec::new();
    for one in &all {
        let (device, connection) = (new_id(), new_id());
        devices.push((device, connection, made(&all, one, device, connection)));
    }
    let plant = SimulatedPlant {
        seed: 7,
        devices: devices.iter().map(|(_, _, made)| simulated(made)).collect(),
    };
    let config = SimulatorConfig {
        ports: Ports::PerDevice,
        ..SimulatorConfig::tcp(plant)
    };
    let simulator = Simulator::start(config).await.unwrap();
    let mut edits = Vec::new();
    for ((device, connection, mut made), address) in
        devices.into_iter().zip(simulator.addresses().to_vec())
    {
        let body = Connection {
            name: made.device.name.clone(),
            protocol: "modbus".to_owned(),
            enabled: true,
            settings: serde_json::from_value(json!({ "endpoint": address.to_string() })).unwrap(),
            description: String::new(),
        };
        edits.push(Edit::Create {
            id: Some(connection),
            body: body.into(),
        });
        made.device
            .settings
            .insert("unit_id".to_owned(), 255.into());
        edits.extend(made.into_edits(device, handle.id_maker()));
    }
    handle.apply(edits, "test").await.unwrap();
    wait_until_all_are_good(&handle).await;
    simulator.stop().await;
    hub.stop(Duration::from_secs(2)).await.unwrap();
}

async fn wait_until_all_are_good(hub: &HubHandle) {
    let plant = hub.plant();
    assert!(600 < plant.tag_count(), "{}", plant.tag_count());
    let mut bad = Vec::new();
    for _ in 0..600 {
        bad = plant
            .tags()
            .filter(|tag| {
                let last = hub.last(tag.index());
                !last.is_some_and(|sample| sample.quality.is_good())
            })
            .map(|tag| tag.path().as_str().to_owned())
            .collect();
        if bad.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!(
        "{} tags are not good: {:?}",
        bad.len(),
        &bad[..bad.len().min(20)]
    );
}
