//! Whatever a hub takes goes into files and comes back from them.

use std::sync::Mutex;

use headworks_core::model::Tag;
use headworks_core::{ByteOrder, DataType};
use headworks_hub::Body;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Map;

use super::*;

/// Texts of names: what spreadsheets, TOML and CSV stumble over.
fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9=,;'\"@\\\\äß€._\\[\\]-][A-Za-z0-9 =,;'\"@\\\\äß€._\\[\\]{}-]{0,8}"
}

fn free_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ -~äß€\n\r\t]{0,24}",
        "\"{0,4}'{0,4}\n?\"{0,3}"
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.1), Just(-273.15), Just(5.0), any::<f64>()]
        .prop_filter("finite", |number| number.is_finite())
}

/// Whatever JSON can say.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        number().prop_map(Value::from),
        free_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            object_of(inner).prop_map(Value::Object),
        ]
    })
}

fn object_of(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let key = prop_oneof![
        Just("json".to_owned()),
        Just("name".to_owned()),
        "[ -~ä]{0,6}"
    ];
    vec((key, inner), 0..4).prop_map(|fields| fields.into_iter().collect())
}

/// Numbers by which things choose among others.
type Choice = prop::sample::Index;

/// Name, whether it has a base, tags and settings.
type AnyTemplate = (String, bool, Vec<Map<String, Value>>, Map<String, Value>);

/// Text, title, tag and end of the axis.
type AnyWidget = (String, String, Choice, f64);

/// Name, texts, tag and the tag that is its limit.
type AnyAlarm = (String, String, Option<Choice>, Choice);

#[derive(Debug, Clone)]
struct AnyPlant {
    assets: Vec<(String, Option<Choice>, String)>,
    connections: Vec<(String, String)>,
    templates: Vec<AnyTemplate>,
    devices: Vec<AnyDevice>,
    tags: Vec<AnyTag>,
    groups: Vec<(String, String, Vec<Choice>)>,
    alarms: Vec<AnyAlarm>,
    /// Each a channel, a roster, a dictionary, a policy and a route.
    outward: Vec<(String, String, Choice)>,
    dashboards: Vec<(String, i32, Vec<AnyWidget>)>,
    policies: Vec<(String, [Option<u32>; 3], String)>,
}

#[derive(Debug, Clone)]
struct AnyDevice {
    name: String,
    connection: Choice,
    asset: Option<Choice>,
    template: Option<(Option<Choice>, Map<String, Value>)>,
    settings: (u8, bool),
    description: String,
}

#[derive(Debug, Clone)]
struct AnyTag {
    name: String,
    device: Choice,
    asset: Option<Choice>,
    fields: Tag,
}

prop_compose! {
    fn tag()(
        (name, unit, description) in (name(), "[ -~°µäΩ²€]{0,8}", free_text()),
        (device, asset) in (any::<Choice>(), option::weighted(0.2, any::<Choice>())),
        (data_type, order) in (0..3_usize, option::of(0..ByteOrder::ALL.len())),
        (scale, offset, min) in (number(), number(), option::of(number())),
        invalid in vec(any::<i64>(), 0..3),
        (decimals, period_ms) in (option::of(0_u8..=9), option::of(10_u32..3_600_000)),
        flags in any::<[bool; 4]>(),
        (max_step, freeze_s) in (option::of(1e-9..1e9_f64), option::of(1_u32..1000)),
        formula in option::weighted(0.2, " ?[1-9][0-9]{0,8} ([-+*] [1-9][0-9]{0,8} ){0,3}"),
    ) -> AnyTag {
        let data_type = [DataType::Float32, DataType::Uint16, DataType::Int64][data_type];
        let nobody = ObjectId(uuid::Uuid::nil());
        let bare = crate::plan::bare_tag(nobody, "t".parse().unwrap());
        let mut fields = Tag {
            address: "HR0".into(),
            order: order.map(|at| ByteOrder::ALL[at]),
            scale: if scale == 0.0 { 1.0 } else { scale },
            enabled: flags[0], writable: flags[1], history: flags[2],
            data_type, unit, description, invalid, decimals, period_ms, offset, min,
            ..bare
        };
        if formula.is_some() {
            fields = Tag {
                address: String::new(), formula, order: None, invalid: Vec::new(),
                scale: 1.0, offset: 0.0, writable: false,
                ..fields
            };
        }
        fields.validation.max_step = max_step;
        fields.validation.freeze_s = freeze_s;
        fields.validation.by_exception = flags[3];
        AnyTag { name, device, asset, fields }
    }
}

prop_compose! {
    fn device()(
        (name, description) in (name(), free_text()),
        connection in any::<Choice>(),
        asset in option::of(any::<Choice>()),
        template in option::of((option::of(any::<Choice>()), object_of(anything()))),
        settings in (1..=247_u8, any::<bool>()),
    ) -> AnyDevice {
        AnyDevice { name, connection, asset, template, settings, description }
    }
}

prop_compose! {
    fn plant()(
        assets in vec((name(), option::of(any::<Choice>()), free_text()), 0..5),
        connections in vec((name(), free_text()), 1..3),
        templates in vec(
            (name(), any::<bool>(), vec(object_of(anything()), 0..3), object_of(anything())), 0..3),
        devices in vec(device(), 0..4),
        tags in vec(tag(), 0..10),
        groups in vec((name(), free_text(), vec(any::<Choice>(), 0..4)), 0..3),
        alarms in vec(
            (name(), free_text(), option::of(any::<Choice>()), any::<Choice>()), 0..4),
        outward in vec((name(), free_text(), any::<Choice>()), 0..3),
        dashboards in vec(
            (name(), any::<i32>(),
                vec((free_text(), name(), any::<Choice>(), number()), 0..3)), 0..3),
        policies in vec(
            (name(), prop::array::uniform3(option::of(1_u32..=36_525)), free_text()), 0..3),
    ) -> AnyPlant {
        AnyPlant {
            assets, connections, templates, devices, tags, groups, alarms, outward, dashboards,
            policies,
        }
    }
}

impl AnyPlant {
    /// Returns the edits that make the plant; those of tags that the hub refuses are left out.
    fn edits(&self, new_id: &mut dyn FnMut() -> ObjectId) -> Vec<Edit> {
        let mut made = Made {
            new_id,
            edits: Vec::new(),
        };
        let assets = self.assets(&mut made);
        let connections: Vec<ObjectId> =
            (0..)
                .zip(&self.connections)
                .map(|(at, one)| {
                    made.make(Kind::Connection, json!({
                "name": format!("{}~{at}", one.0), "protocol": "modbus", "enabled": false,
                "settings": { "endpoint": "192.0.2.1:502" }, "description": one.1,
            }))
                })
                .collect();
        let templates = self.templates(&mut made);
        let devices: Vec<ObjectId> =
            (0..)
                .zip(&self.devices)
                .map(|(at, one)| {
                    let template = one.template.as_ref().map(|(id, parameters)| {
                        let id = id
                            .and_then(|choice| pick(&templates, choice))
                            .unwrap_or_else(nobody);
                        json!({ "id": id, "version": "1", "parameters": parameters })
                    });
                    let order = if one.settings.1 { "CDAB" } else { "ABCD" };
                    made.make(Kind::Device, json!({
                "name": format!("{}~{at}", one.name), "path": format!("{}~d{at}", one.name),
                "connection": one.connection.get(&connections),
                "asset": one.asset.and_then(|choice| pick(&assets, choice)),
                "template": template, "description": one.description,
                "settings": { "unit_id": one.settings.0, "order": order },
            }))
                })
                .collect();
        let tags = self.tags(&mut made, &devices, &assets);
        self.alarms(&mut made, &tags);
        self.outward(&mut made);
        self.views(&mut made, &devices, &tags);
        made.edits
    }

    fn assets(&self, made: &mut Made<'_>) -> Vec<ObjectId> {
        let mut assets: Vec<ObjectId> = Vec::new();
        for (at, (name, parent, description)) in self.assets.iter().enumerate() {
            let parent = parent.and_then(|choice| pick(&assets, choice));
            let name = format!("{name}~a{at}");
            let asset = json!({ "name": name, "parent": parent, "description": description });
            assets.push(made.make(Kind::Asset, asset));
        }
        assets
    }

    fn templates(&self, made: &mut Made<'_>) -> Vec<ObjectId> {
        let mut templates: Vec<ObjectId> = Vec::new();
        for (at, (name, has_base, tags, settings)) in self.templates.iter().enumerate() {
            let base = templates.first().filter(|_| *has_base);
            templates.push(made.make(
                Kind::Template,
                json!({
                    "name": format!("{name}~{at}"), "version": "1", "protocol": "modbus",
                    "base": base, "tags": tags, "settings": settings, "widgets": tags,
                    "parameters": [{ "name": "p", "default": name, "min": 0.5 }],
                }),
            ));
        }
        templates
    }

    fn tags(
        &self,
        made: &mut Made<'_>,
        devices: &[ObjectId],
        assets: &[ObjectId],
    ) -> Vec<ObjectId> {
        let mut tags = Vec::new();
        for (at, one) in self.tags.iter().enumerate() {
            let Some(device) = pick(devices, one.device) else {
                continue;
            };
            let mut tag = one.fields.clone();
            tag.device = device;
            tag.asset = one.asset.and_then(|choice| pick(assets, choice));
            tag.name = format!("{}~t{at}", one.name).parse().unwrap();
            if Body::Tag(tag.clone()).check().is_ok() {
                let id = (made.new_id)();
                made.edits.push(Edit::Create {
                    id: Some(id),
                    body: Body::Tag(tag),
                });
                tags.push(id);
            }
        }
        tags
    }

    fn alarms(&self, made: &mut Made<'_>, tags: &[ObjectId]) {
        for (at, (name, text, tag, limit)) in self.alarms.iter().enumerate() {
            let tag = tag.and_then(|choice| pick(tags, choice));
            let condition = match (tag, pick(tags, *limit)) {
                (Some(tag), Some(limit)) if tag != limit => {
                    json!({ "kind": "high", "limit": { "tag": limit } })
                }
                _ => json!({ "kind": "expression", "text": "1 > 2" }),
            };
            made.make(
                Kind::Alarm,
                json!({
                    "name": format!("{name}~{at}"), "tag": tag, "condition": condition,
                    "cause": text, "description": text, "translations": { "de": "so" },
                }),
            );
        }
    }

    /// Makes what leads outside: who is told of alarms, and where samples go.
    fn outward(&self, made: &mut Made<'_>) {
        let writable = made.writable();
        for (at, (name, text, choice)) in self.outward.iter().enumerate() {
            let (name, description) = (format!("{name}~{at}"), text);
            let person = json!({ "name": "Anna", "email": "anna@plant.example" });
            let hook = json!({ "kind": "webhook", "url": "https://192.0.2.1/${secret:key}" });
            let mail = json!({ "kind": "email", "to": ["team@plant.example"] });
            let channel = json!({ "name": name, "description": description, "target": mail });
            let channel = made.make(Kind::Channel, channel);
            let roster = json!({ "name": name, "description": text, "people": [person] });
            let roster = made.make(Kind::Roster, roster);
            let word = if text.trim().is_empty() { "so" } else { text };
            let words = json!({ "json": word, (name.as_str()): "so", "a/b.c": "x\ny" });
            let language = format!("de-{at}");
            let words = json!({ "language": language, "words": words });
            made.make(Kind::Dictionary, words);
            let steps = json!([{ "channel": channel, "rosters": [roster] }]);
            let policy = json!({ "name": name, "description": text, "steps": steps });
            made.make(Kind::Policy, policy);
            let mut to = vec![hook];
            if let Some(tag) = pick(&writable, *choice) {
                to.push(json!({ "kind": "tag", "tag": tag }));
            }
            let route = json!({
                "name": name, "description": text, "from": ["nothing/**"], "to": to,
                "transform": "scale(2)",
            });
            made.make(Kind::Route, route);
        }
    }

    fn views(&self, made: &mut Made<'_>, devices: &[ObjectId], tags: &[ObjectId]) {
        let unique = |all: &[ObjectId], choices: &[Choice]| {
            let mut ids: Vec<ObjectId> = choices.iter().filter_map(|&one| pick(all, one)).collect();
            let mut seen = std::collections::HashSet::new();
            ids.retain(|&id| seen.insert(id));
            ids
        };
        for (at, (name, description, members)) in self.groups.iter().enumerate() {
            made.make(
                Kind::Group,
                json!({
                    "name": format!("{name}~{at}"), "description": description,
                    "devices": unique(devices, members), "tags": unique(tags, members),
                }),
            );
        }
        for (at, (name, order, widgets)) in self.dashboards.iter().enumerate() {
            let widget = |(text, title, tag, max): &AnyWidget| {
                let binding = json!({ "tag": pick(tags, *tag).unwrap_or_else(nobody) });
                json!({
                    "type": "gauge", "title": title, "x": 1, "y": 0, "w": 3, "h": 2,
                    "bindings": [binding], "description": text,
                    "axis": { "max": max }, "format": { "decimals": 2, "size": "xl" },
                })
            };
            let widgets: Vec<Value> = widgets.iter().map(widget).collect();
            let group = json!({ "name": name, "collapsed": true, "widgets": widgets });
            made.make(
                Kind::Dashboard,
                json!({
                    "name": format!("{name}~{at}"), "order": order,
                    "groups": [group, { "name": "", "widgets": [] }],
                }),
            );
        }
        for (at, (name, days, description)) in self.policies.iter().enumerate() {
            made.make(
                Kind::Retention,
                json!({
                    "name": format!("{name}~{at}"), "pattern": "a/**", "description": description,
                    "days": { "raw": days[0], "hour": days[1], "week": days[2] },
                }),
            );
        }
    }
}

struct Made<'a> {
    new_id: &'a mut dyn FnMut() -> ObjectId,
    edits: Vec<Edit>,
}

impl Made<'_> {
    /// Returns the tags that a route may write.
    fn writable(&self) -> Vec<ObjectId> {
        let tags = self.edits.iter().filter_map(|edit| match edit {
            Edit::Create {
                id: Some(id),
                body: Body::Tag(tag),
            } if tag.writable && tag.enabled => Some(*id),
            _ => None,
        });
        tags.collect()
    }

    fn make(&mut self, kind: Kind, body: Value) -> ObjectId {
        let id = (self.new_id)();
        let shown = body.to_string();
        let body = Body::from_value(kind, body).unwrap_or_else(|error| panic!("{error}: {shown}"));
        self.edits.push(Edit::Create { id: Some(id), body });
        id
    }
}

fn pick(all: &[ObjectId], choice: Choice) -> Option<ObjectId> {
    (!all.is_empty()).then(|| *choice.get(all))
}

fn nothing() -> Files {
    FILES
        .map(|(_, name)| (name.to_owned(), String::new()))
        .into()
}

/// Makes a plant in one hub, takes its files to another, and compares.
async fn check_round(one: &Rig, other: &Rig, plant: &AnyPlant) {
    one.apply(&nothing()).await;
    let hub = one.handle();
    let edits = plant.edits(&mut hub.id_maker());
    hub.apply(edits, "test").await.unwrap();
    let files = one.export();
    let again = one.plan(&files).await;
    assert_eq!(again.errors(), [], "{files:#?}");
    assert_eq!(again.steps(), [], "{files:#?}");

    // onto whatever the last round left there, then onto nothing
    other.apply(&files).await;
    let again = other.plan(&files).await;
    assert_eq!(again.steps(), [], "{files:#?}");
    other.apply(&nothing()).await;
    other.apply(&files).await;
    assert_eq!(other.export(), files);
}

#[test]
fn every_plant_comes_back_from_its_files_byte_by_byte() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (one, other) = runtime.block_on(async { (Rig::start().await, Rig::start().await) });
    let config = Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let kinds: Mutex<BTreeMap<Kind, usize>> = Mutex::default();
    let outcome = runner.run(&plant(), |plant| {
        runtime.block_on(check_round(&one, &other, &plant));
        let plant = one.handle().plant();
        for (kind, _) in FILES {
            let mut kinds = kinds.lock().unwrap();
            *kinds.entry(kind).or_default() += called::ids(&plant, kind).len();
        }
        Ok(())
    });
    outcome.unwrap();
    let kinds = kinds.into_inner().unwrap();
    assert!(kinds.values().all(|count| 50 < *count), "{kinds:?}");
}
