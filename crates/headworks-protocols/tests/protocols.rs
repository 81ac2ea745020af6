//! What every protocol of the table owes.

use std::time::Duration;

use headworks_core::model::Settings;
use headworks_core::{TagIndex, TagPath};
use headworks_protocols::{DeviceConfig, LinkConfig, PROTOCOLS, Protocol, TagConfig};
use serde::Deserialize;
use serde_json::json;

/// A sample as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    connection: SampleConnection,
    device: Vec<SampleDevice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleConnection {
    name: String,
    protocol: String,
    #[serde(default)]
    settings: Settings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleDevice {
    name: String,
    path: TagPath,
    period_ms: u64,
    #[serde(default)]
    settings: Settings,
    tag: Vec<serde_json::Value>,
}

const ID: &str = "01930000-0000-7000-8000-000000000001";

fn link(protocol: &Protocol, text: &str) -> LinkConfig {
    let sample: Sample = toml::from_str(text).expect(protocol.name);
    assert_eq!(sample.connection.protocol, protocol.name);
    let devices = sample.device.into_iter().map(|device| DeviceConfig {
        device: ID.parse().expect("an id"),
        tags: tags(&device),
        name: device.name,
        settings: device.settings,
    });
    LinkConfig {
        connection: ID.parse().expect("an id"),
        name: sample.connection.name,
        settings: sample.connection.settings,
        devices: devices.collect(),
    }
}

/// The tags, checked as the objects of the plant are.
fn tags(device: &SampleDevice) -> Vec<TagConfig> {
    let tags = device.tag.iter().zip(0..).map(|(tag, index)| {
        let mut tag = tag.clone();
        tag["device"] = json!(ID);
        let tag: headworks_core::model::Tag = serde_json::from_value(tag).expect("a tag");
        let period_ms = tag.period_ms.map_or(device.period_ms, u64::from);
        TagConfig {
            tag: TagIndex(index),
            path: device.path.join(&tag.name).expect("a path"),
            address: tag.address.into(),
            data_type: tag.data_type,
            order: tag.order,
            length: tag.length,
            period: Duration::from_millis(period_ms),
            writable: tag.writable,
        }
    });
    tags.collect()
}

#[test]
fn every_sample_builds() {
    for protocol in PROTOCOLS {
        let link = link(protocol, protocol.sample);
        assert_eq!((protocol.check)(&link), [], "{}", protocol.name);
        (protocol.build)(link).expect(protocol.name);
    }
}

/// A line `# key = value` shows the default, so its key must exist; one at a time, because some
/// exclude others.
#[test]
fn every_default_in_a_sample_is_a_setting() {
    for protocol in PROTOCOLS {
        let schemas = [(protocol.connection_schema)(), (protocol.device_schema)()];
        for line in protocol.sample.lines() {
            let Some((key, _)) = line
                .strip_prefix("# ")
                .and_then(|line| line.split_once(" = "))
            else {
                continue;
            };
            let pointer = format!("/properties/{key}");
            let is_known = schemas
                .iter()
                .any(|schema| schema.pointer(&pointer).is_some());
            assert!(is_known, "{}: {line}", protocol.name);
        }
    }
}

#[test]
fn every_setting_is_described_and_flat() {
    for protocol in PROTOCOLS {
        for schema in [(protocol.connection_schema)(), (protocol.device_schema)()] {
            let Some(properties) = schema
                .pointer("/properties")
                .and_then(|one| one.as_object())
            else {
                continue;
            };
            for (key, property) in properties {
                let name = format!("{} {key}: {property}", protocol.name);
                assert!(property["description"].is_string(), "{name}");
                let has_choice = property["oneOf"].is_array() || property["type"] != json!(null);
                assert!(has_choice, "{name}");
                assert!(property.get("$ref").is_none(), "{name}");
            }
        }
    }
}

#[test]
fn names_are_sorted_and_pages_have_titles() {
    assert!(PROTOCOLS.is_sorted_by(|one, next| one.name < next.name));
    for protocol in PROTOCOLS {
        assert!(protocol.readme.starts_with("# "), "{}", protocol.name);
        assert!(!protocol.address_help.is_empty() && !protocol.address_help.contains('\n'));
        assert!(headworks_protocols::protocol(protocol.name).is_some());
    }
}
