//! What every protocol in the table must do; a new one is held against it without a further line.

use std::collections::BTreeSet;
use std::time::Duration;

use headworks_core::model::{Connection, Device, ObjectBody, ObjectId, Tag};
use headworks_core::{TagIndex, TagPath};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{DeviceConfig, LinkConfig, PROTOCOLS, Place, Protocol, TagConfig};

/// A connection with its devices and tags, as a sample writes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    connection: toml::Table,
    #[serde(default)]
    device: Vec<toml::Table>,
}

fn id(number: usize) -> ObjectId {
    format!("0192d3c0-0000-7000-8000-{number:012}")
        .parse()
        .unwrap()
}

/// Returns the body that a table of a sample is.
fn body<T: ObjectBody>(table: toml::Table, parent: Option<(&str, ObjectId)>) -> T {
    let mut json = serde_json::to_value(table).unwrap();
    if let Some((field, id)) = parent {
        json[field] = json!(id);
    }
    let body: T = serde_json::from_value(json).unwrap();
    body.check().unwrap();
    body
}

/// Returns the link of a text in the form of `sample.toml`.
pub(crate) fn link_of(text: &str) -> LinkConfig {
    let sample: Sample = toml::from_str(text).unwrap();
    let connection: Connection = body(sample.connection, None);
    let mut tags_before = 0;
    let devices = sample
        .device
        .into_iter()
        .enumerate()
        .map(|(number, mut table)| {
            let tags = table
                .remove("tag")
                .map_or_else(Vec::new, |tags| tags.try_into().unwrap());
            let device: Device = body(table, Some(("connection", id(0))));
            let config = device_config(device, number + 1, tags, tags_before);
            tags_before += config.tags.len();
            config
        });
    LinkConfig {
        connection: id(0),
        name: connection.name,
        settings: connection.settings,
        devices: devices.collect(),
    }
}

fn device_config(
    device: Device,
    number: usize,
    tags: Vec<toml::Table>,
    tags_before: usize,
) -> DeviceConfig {
    let tags = tags.into_iter().enumerate().map(|(step, table)| {
        let tag: Tag = body(table, Some(("device", id(number))));
        let index = TagIndex(u32::try_from(tags_before + step).unwrap());
        tag_config(tag, index, &device.path, device.period_ms)
    });
    DeviceConfig {
        device: id(number),
        tags: tags.collect(),
        name: device.name,
        settings: device.settings,
    }
}

fn tag_config(tag: Tag, index: TagIndex, device: &TagPath, period_ms: u32) -> TagConfig {
    TagConfig {
        tag: index,
        path: device.join(&tag.name).unwrap(),
        address: tag.address.into(),
        data_type: tag.data_type,
        order: tag.order,
        length: tag.length,
        period: Duration::from_millis(tag.period_ms.unwrap_or(period_ms).into()),
        writable: tag.writable,
    }
}

/// Returns names and schemas of the settings.
fn properties(schema: &schemars::Schema) -> Vec<(String, Json)> {
    let properties = schema.get("properties").and_then(Json::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, json)| (name.clone(), json.clone()))
        .collect()
}

fn each(check: impl Fn(&'static Protocol)) {
    for protocol in PROTOCOLS {
        eprintln!("{}", protocol.name); // says which one, when it fails
        check(protocol);
    }
}

#[test]
fn the_table_is_sorted_and_its_entries_are_complete() {
    let names: Vec<&str> = PROTOCOLS.iter().map(|protocol| protocol.name).collect();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    each(|protocol| {
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(protocol.name.bytes().all(is_name));
        assert!(!protocol.title.is_empty() && !protocol.summary.is_empty());
        assert!(!protocol.address_help.is_empty() && !protocol.address_help.contains('\n'));
        assert_eq!(
            crate::protocol(protocol.name).unwrap().title,
            protocol.title
        );
    });
}

#[test]
fn every_sample_builds() {
    each(|protocol| {
        let sample: Sample = toml::from_str(protocol.sample).unwrap();
        assert_eq!(sample.connection["protocol"].as_str(), Some(protocol.name));
        let link = link_of(protocol.sample);
        assert!(
            link.devices.iter().any(|device| !device.tags.is_empty()),
            "no tag"
        );
        assert_eq!((protocol.check)(&link), []);
        (protocol.build)(link).unwrap();
    });
}

#[test]
fn every_setting_is_described_and_in_the_sample() {
    each(|protocol| {
        for schema in [(protocol.connection_schema)(), (protocol.device_schema)()] {
            assert_eq!(schema.get("type"), Some(&json!("object")));
            assert_eq!(schema.get("additionalProperties"), Some(&json!(false)));
            for (name, json) in properties(&schema) {
                let description = json["description"].as_str().unwrap_or_default();
                assert!(!description.is_empty(), "{name} has no description");
                assert!(json.get("default").is_some(), "{name} has no default");
                let mut lines = protocol.sample.lines();
                let shown = lines.any(|line| {
                    let line = line.trim_start_matches("# ");
                    line.strip_prefix(name.as_str())
                        .is_some_and(|rest| rest.starts_with(" ="))
                });
                assert!(shown, "{name} is not in sample.toml");
            }
        }
    });
}

#[test]
fn every_readme_begins_with_the_title() {
    each(|protocol| {
        let first = protocol.readme.lines().next().unwrap_or_default();
        assert_eq!(first, format!("# {}", protocol.title));
        assert!(
            protocol.readme.contains("## Addresses"),
            "it says how addresses are written"
        );
    });
}

#[track_caller]
fn check_refused(protocol: &Protocol, link: LinkConfig, place: &Place, field: &str) {
    let errors = (protocol.check)(&link);
    let found = errors.iter().find(|error| error.field == field);
    let found = found.unwrap_or_else(|| panic!("{field} is not among {errors:?}"));
    assert_eq!(found.place, *place);
    assert!(!found.reason.is_empty());
    assert!((protocol.build)(link).is_err(), "check and build agree");
}

#[test]
fn unknown_settings_are_errors_that_name_them() {
    each(|protocol| {
        let mut link = link_of(protocol.sample);
        link.settings.insert("no_such_setting".to_owned(), json!(1));
        check_refused(
            protocol,
            link,
            &Place::Connection,
            "/settings/no_such_setting",
        );
        let mut link = link_of(protocol.sample);
        let device = link.devices[0].device;
        link.devices[0]
            .settings
            .insert("no_such_setting".to_owned(), json!(1));
        check_refused(
            protocol,
            link,
            &Place::Device(device),
            "/settings/no_such_setting",
        );
    });
}

#[test]
fn settings_of_the_wrong_kind_are_errors_that_name_them() {
    each(|protocol| {
        for (name, _) in properties(&(protocol.connection_schema)()) {
            let mut link = link_of(protocol.sample);
            link.settings.insert(name.clone(), json!([{}]));
            check_refused(
                protocol,
                link,
                &Place::Connection,
                &format!("/settings/{name}"),
            );
        }
        for (name, _) in properties(&(protocol.device_schema)()) {
            let mut link = link_of(protocol.sample);
            let place = Place::Device(link.devices[0].device);
            link.devices[0].settings.insert(name.clone(), json!([{}]));
            check_refused(protocol, link, &place, &format!("/settings/{name}"));
        }
    });
}

#[test]
fn an_address_that_means_nothing_is_an_error_of_its_tag() {
    each(|protocol| {
        let mut link = link_of(protocol.sample);
        link.devices[0].tags[0].address = "\u{1F4A7} no address".into();
        let place = Place::Tag(link.devices[0].tags[0].path.clone());
        check_refused(protocol, link, &place, "/address");
    });
}

#[test]
fn every_error_is_told_not_only_the_first() {
    each(|protocol| {
        let mut link = link_of(protocol.sample);
        for tag in &mut link.devices[0].tags {
            tag.address = "?".into();
        }
        let paths: BTreeSet<String> = (protocol.check)(&link)
            .iter()
            .map(|error| error.place.to_string())
            .collect();
        assert_eq!(paths.len(), link.devices[0].tags.len());
    });
}
