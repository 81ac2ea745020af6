use headworks_core::model::{ObjectId, RetentionDays, RetentionPolicy, Tag};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::testing::{connection, device, tag_with};

fn id(number: u128) -> ObjectId {
    ObjectId(Uuid::from_u128(number))
}

fn object<T>(number: u128, body: T) -> Object<T> {
    Object {
        id: id(number),
        revision: 1,
        updated_us: 0,
        body,
    }
}

fn entry(index: u32, folder: &str, name: &str, shapes: &mut Shapes) -> Arc<TagEntry> {
    let tag = tag_with(name, id(2), &json!({"unit": "°C", "scale": 0.1}));
    let path = format!("{folder}/{name}").parse().unwrap();
    let object = object(100 + u128::from(index), tag);
    Arc::new(TagEntry::new(object, TagIndex(index), path, shapes).unwrap())
}

fn plant(names: &[(&str, &str)]) -> (Plant, Shapes) {
    let mut shapes = Shapes::default();
    let mut changes = PlantChanges::default();
    changes
        .connections
        .insert(id(1), Some(Arc::new(object(1, connection("plc")))));
    changes
        .devices
        .insert(id(2), Some(Arc::new(object(2, device("boiler", id(1))))));
    for (index, (folder, name)) in (0..).zip(names) {
        let tag = entry(index, folder, name, &mut shapes);
        changes.tags.insert(tag.index(), Some(tag));
    }
    (Plant::default().with(changes), shapes)
}

fn paths<'a>(tags: impl IntoIterator<Item = &'a Arc<TagEntry>>) -> Vec<String> {
    tags.into_iter().map(|tag| tag.path().to_string()).collect()
}

#[test]
fn tags_stand_in_the_order_of_their_paths_without_regard_to_case() {
    let (plant, _) = plant(&[
        ("b", "Zulu"),
        ("b", "alpha"),
        ("B", "mike"),
        ("a", "x"),
        ("Ä", "x"),
    ]);
    assert_eq!(
        paths(plant.tags()),
        ["a/x", "b/alpha", "B/mike", "b/Zulu", "Ä/x"]
    );
    assert_eq!(paths(plant.tags_of(id(2))), paths(plant.tags()));
}

#[test]
fn a_tag_is_found_by_id_number_and_exact_path() {
    let (plant, _) = plant(&[("a", "x"), ("Ö", "Größe")]);
    let tag = plant.tag_by_path("Ö/Größe").unwrap();
    assert_eq!(tag.index(), TagIndex(1));
    assert_eq!(plant.tag(tag.id()).unwrap().path(), tag.path());
    assert_eq!(plant.tag_at(TagIndex(1)).unwrap().path(), tag.path());
    assert!(plant.tag_by_path("ö/größe").is_none());
    assert!(plant.tag_by_folded_path("ö/GRÖßE").is_some());
    assert_eq!(plant.kind_of(tag.id()), Some(Kind::Tag));
    assert_eq!(plant.kind_of(id(2)), Some(Kind::Device));
    assert_eq!(plant.kind_of(id(77)), None);
    assert!(plant.tag_at(TagIndex(2)).is_none());
}

#[test]
fn patterns_select_what_they_match_and_nothing_else() {
    let names = [
        ("a/b", "x"),
        ("a/b", "y"),
        ("a/bc", "x"),
        ("A/b", "z"),
        ("a", "b-1"),
        ("c", "x"),
    ];
    let (plant, _) = plant(&names);
    for text in [
        "**",
        "a/**",
        "a/b/*",
        "a/b*/x",
        "**/x",
        "a/b/x",
        "nothing/*",
        "*/b-1",
        "A/**",
    ] {
        let pattern: Pattern = text.parse().unwrap();
        let all = plant.tags().filter(|tag| pattern.matches(tag.path()));
        assert_eq!(paths(plant.select(&pattern)), paths(all), "{text}");
    }
}

#[test]
fn search_finds_parts_of_paths_in_any_case() {
    let (plant, _) = plant(&[
        ("Kessel", "Übertemperatur"),
        ("kessel", "druck"),
        ("pumpe", "x"),
    ]);
    assert_eq!(paths(plant.search("KESSEL")).len(), 2);
    assert_eq!(paths(plant.search("übertemp")), ["Kessel/Übertemperatur"]);
    assert_eq!(paths(plant.search("e/x")), ["pumpe/x"]);
    assert_eq!(paths(plant.search("")).len(), 3);
    assert!(paths(plant.search("temperaturx")).is_empty());
}

#[test]
fn an_entry_gives_back_the_tag_it_was_made_from() {
    let body: Tag = tag_with(
        "Flow [1]",
        id(2),
        &json!({
            "address": "40001", "data_type": "float32", "order": "CDAB", "scale": 0.1,
            "offset": -40.0, "unit": "°C", "decimals": 1, "min": -40.0, "max": 200.0,
            "invalid": [32768], "period_ms": 250, "enabled": false, "writable": true,
            "history": false, "description": "supply"
        }),
    );
    let path = "plant/boiler/Flow [1]".parse().unwrap();
    let tag = object(9, body);
    let entry = TagEntry::new(tag.clone(), TagIndex(3), path, &mut Shapes::default()).unwrap();
    assert_eq!(entry.object(), tag);
    assert_eq!(entry.name(), "Flow [1]");
    assert_eq!(entry.path().as_str(), "plant/boiler/Flow [1]");
}

#[test]
fn equal_tags_share_their_shape_and_unused_shapes_are_forgotten() {
    let (plant, mut shapes) = plant(&[("a", "x"), ("a", "y")]);
    let [first, second] = [0, 1].map(|index| Arc::clone(plant.tag_at(TagIndex(index)).unwrap()));
    assert!(Arc::ptr_eq(first.shape(), second.shape()));
    drop((plant, first, second));
    shapes.purge();
    let other = entry(5, "a", "z", &mut shapes);
    assert_eq!(Arc::strong_count(other.shape()), 2);
}

#[test]
fn a_changed_plant_keeps_what_did_not_change() {
    let (before, mut shapes) = plant(&[("a", "x"), ("a", "y"), ("a", "z")]);
    let mut changes = PlantChanges::default();
    changes
        .tags
        .insert(TagIndex(1), Some(entry(1, "b", "y", &mut shapes)));
    changes.tags.insert(TagIndex(0), None);
    changes
        .tags
        .insert(TagIndex(7), Some(entry(7, "A", "new", &mut shapes)));
    let after = before.with(changes);
    assert_eq!(after.generation(), before.generation() + 1);
    assert_eq!(paths(after.tags()), ["A/new", "a/z", "b/y"]);
    assert_eq!(paths(before.tags()), ["a/x", "a/y", "a/z"]);
    assert!(after.tag(id(100)).is_none());
    assert_eq!(after.tag_count(), 3);
    assert_eq!(after.index_end(), 8);
    let [old, new] = [&before, &after].map(|plant| plant.tag_at(TagIndex(2)).unwrap());
    assert!(Arc::ptr_eq(old, new));
    assert!(Arc::ptr_eq(&before.devices()[0], &after.devices()[0]));
}

#[test]
fn a_change_that_moves_nothing_keeps_the_order_itself() {
    let (before, mut shapes) = plant(&[("a", "x"), ("a", "y")]);
    let mut changes = PlantChanges::default();
    changes
        .tags
        .insert(TagIndex(1), Some(entry(1, "a", "y", &mut shapes)));
    let after = before.with(changes);
    assert!(Arc::ptr_eq(&before.order, &after.order));
    assert!(Arc::ptr_eq(&before.tag_ids, &after.tag_ids));
}

/// Makes a policy for raw samples; its name is its place in the list.
fn policies(given: &[(&str, u32, u16)]) -> PlantChanges {
    let mut changes = PlantChanges::default();
    for (number, &(pattern, raw, priority)) in (500..).zip(given) {
        let body = json!({
            "name": number.to_string(), "pattern": pattern, "priority": priority,
            "days": {"raw": raw},
        });
        let policy: RetentionPolicy = serde_json::from_value(body).unwrap();
        changes
            .retention
            .insert(id(number), Some(Arc::new(object(number, policy))));
    }
    changes
}

fn raw_days(plant: &Plant) -> Vec<Option<u32>> {
    let retention = plant.retention(RetentionDays::default());
    plant
        .tags()
        .map(|tag| retention.of(tag.index()).raw)
        .collect()
}

#[test]
fn the_leading_policy_of_a_tag_holds() {
    let (plant, _) = plant(&[("a", "flow"), ("a", "level"), ("b", "flow")]);
    assert_eq!(raw_days(&plant), [Some(7); 3]);
    let with = |given: &[(&str, u32, u16)]| plant.with(policies(given));
    // the more specific of equal priorities
    let next = with(&[("a/*", 10, 5), ("a/flow", 20, 5), ("**", 30, 5)]);
    assert_eq!(raw_days(&next), [Some(20), Some(10), Some(30)]);
    // the least priority
    let next = with(&[("a/*", 10, 1), ("a/flow", 20, 5)]);
    assert_eq!(raw_days(&next), [Some(10), Some(10), Some(7)]);
    // a policy for all hides those behind it
    let next = with(&[("**", 30, 1), ("a/flow", 20, 5)]);
    assert_eq!(raw_days(&next), [Some(30); 3]);
    // a policy that says what the default says still leads
    let next = with(&[("a/flow", 7, 1), ("a/*", 20, 5)]);
    assert_eq!(raw_days(&next), [Some(7), Some(20), Some(7)]);
}

#[test]
fn what_is_resolved_for_all_is_what_each_tag_is_told() {
    let (plant, _) = plant(&[("a", "flow"), ("a", "level"), ("b/c", "flow"), ("b", "x")]);
    let plant = plant.with(policies(&[
        ("a/*", 10, 5),
        ("**/flow", 20, 5),
        ("b/**", 30, 5),
        ("*/x", 40, 4),
    ]));
    let told: Vec<Option<u32>> = plant
        .tags()
        .map(|tag| plant.effective_retention(tag.path()).unwrap().body.days.raw)
        .collect();
    assert_eq!(told, raw_days(&plant));
    assert_eq!(told, [Some(20), Some(10), Some(20), Some(40)]);
}

#[test]
fn a_policy_that_selects_nothing_costs_nothing() {
    let (plant, _) = plant(&[("a", "flow")]);
    let plant = plant.with(policies(&[("z/**", 10, 5)]));
    assert!(plant.retention(RetentionDays::default()).tags.is_empty());
}
