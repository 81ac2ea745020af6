//! Assets: what stands in them follows them.

use headworks_core::model::{Asset, Device, Group, Tag, Template};

use super::*;

fn asset(name: &str, parent: Option<u128>) -> Asset {
    Asset {
        name: name.parse().unwrap(),
        parent: parent.map(object_id),
        level: headworks_core::model::AssetLevel::Site,
        description: String::new(),
    }
}

fn device_in(asset: u128, path: &str) -> Device {
    let mut body = device("pump", object_id(1));
    body.asset = Some(object_id(asset));
    body.path = path.parse().unwrap();
    body
}

/// Assets 20 `north` and 21 `north/intake`, connection 1, device 2 in 21, tags 3 and 4, of which
/// 4 is placed in 20.
fn placed_plant() -> Vec<Edit> {
    let mut elsewhere: Tag = tag("level", object_id(2));
    elsewhere.asset = Some(object_id(20));
    vec![
        create(4, elsewhere),
        create(3, tag("flow", object_id(2))),
        create(2, device_in(21, "pump1")),
        create(21, asset("intake", Some(20))),
        create(20, asset("north", None)),
        create(1, connection("whole-plant")),
    ]
}

fn paths(test: &TestHub) -> Vec<String> {
    let plant = test.handle.plant();
    plant.tags().map(|tag| tag.path().to_string()).collect()
}

#[tokio::test]
async fn tags_stand_where_their_device_or_they_themselves_are_placed() {
    let test = TestHub::new().await;
    test.handle.apply(placed_plant(), "test").await.unwrap();
    assert_eq!(paths(&test), ["north/intake/pump1/flow", "north/level"]);
    let plant = test.handle.plant();
    let path = plant.device_path(object_id(2)).unwrap();
    assert_eq!(path.as_str(), "north/intake/pump1");
}

#[tokio::test]
async fn a_renamed_asset_takes_everything_in_it_along_and_numbers_stay() {
    let test = TestHub::new().await;
    test.handle.apply(placed_plant(), "test").await.unwrap();
    let numbers = |test: &TestHub| {
        let plant = test.handle.plant();
        [3, 4].map(|id| plant.tag(object_id(id)).unwrap().index())
    };
    let before = numbers(&test);
    let rename = Edit::update(object_id(20), asset("south", None));
    test.handle.apply(vec![rename], "test").await.unwrap();
    assert_eq!(paths(&test), ["south/intake/pump1/flow", "south/level"]);
    assert_eq!(numbers(&test), before);
    assert!(test.handle.plant().tag_by_path("north/level").is_none());
    let move_up = Edit::update(object_id(21), asset("intake", None));
    test.handle.apply(vec![move_up], "test").await.unwrap();
    assert_eq!(paths(&test), ["intake/pump1/flow", "south/level"]);
}

#[tokio::test]
async fn places_survive_a_restart() {
    let test = TestHub::new().await;
    test.handle.apply(placed_plant(), "test").await.unwrap();
    let test = test.restart().await;
    assert_eq!(paths(&test), ["north/intake/pump1/flow", "north/level"]);
}

async fn check_refused_there(edits: Vec<Edit>, want: &[(usize, &str, &str)]) {
    let test = TestHub::new().await;
    test.handle.apply(placed_plant(), "test").await.unwrap();
    let before = paths(&test);
    let error = test.handle.apply(edits, "test").await.unwrap_err();
    check_problems(error, want);
    assert_eq!(paths(&test), before);
}

#[tokio::test]
async fn an_asset_cannot_lie_in_itself() {
    let edits = vec![Edit::update(object_id(20), asset("north", Some(21)))];
    let want = [(0, "/parent", "lies in itself: north/intake/north")];
    check_refused_there(edits, &want).await;
}

#[tokio::test]
async fn two_assets_cannot_have_one_path() {
    let edits = vec![create(22, asset("North", None))];
    let want = [(0, "/name", "there is an asset North already")];
    check_refused_there(edits, &want).await;
}

#[tokio::test]
async fn an_asset_cannot_take_the_path_of_a_tag() {
    let edits = vec![create(22, asset("level", Some(20)))];
    let want = [(0, "/path", "north/level is a tag")];
    check_refused_there(edits, &want).await;
}

#[tokio::test]
async fn a_moved_asset_may_not_bring_its_tags_where_others_are() {
    let test = TestHub::new().await;
    test.handle.apply(placed_plant(), "test").await.unwrap();
    let other = vec![
        create(30, asset("east", None)),
        create(31, {
            let mut body = device_in(30, "intake/pump1");
            body.name = "other".into();
            body
        }),
        create(32, tag("FLOW", object_id(31))),
    ];
    test.handle.apply(other, "test").await.unwrap();
    let edits = vec![Edit::update(object_id(21), asset("intake", Some(30)))];
    let error = test.handle.apply(edits, "test").await.unwrap_err();
    check_problems(
        error,
        &[(0, "/path", "differs from east/intake/pump1/FLOW only by")],
    );
}

#[tokio::test]
async fn an_asset_with_something_in_it_goes_only_with_all_of_it() {
    let test = TestHub::new().await;
    test.handle.apply(placed_plant(), "test").await.unwrap();
    let refused = test
        .handle
        .apply(vec![delete(object_id(20), false)], "test")
        .await;
    let Err(HubError::HasChildren { count, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(count, 2);
    let applied = test
        .handle
        .apply(vec![delete(object_id(20), true)], "test")
        .await;
    assert_eq!(applied.unwrap()[0].cascaded, 4);
    assert_eq!(paths(&test), Vec::<String>::new());
    assert!(test.handle.plant().devices().is_empty());
}

#[tokio::test]
async fn groups_name_members_that_are_there() {
    let group = |tags: &[u128]| Group {
        name: "pumps".into(),
        description: String::new(),
        devices: vec![object_id(2)],
        tags: tags.iter().copied().map(object_id).collect(),
    };
    check_refused_there(
        vec![Edit::create(group(&[3, 99]))],
        &[(0, "/tags/1", "does not exist")],
    )
    .await;
    check_refused_there(
        vec![Edit::create(group(&[3, 3]))],
        &[(0, "/tags/1", "is named twice")],
    )
    .await;
}

#[tokio::test]
async fn a_template_has_one_level_of_bases() {
    let template = |name: &str, base: Option<u128>| -> Template {
        let body = json!({ "name": name, "version": "1", "protocol": "any",
            "base": base.map(object_id) });
        serde_json::from_value(body).unwrap()
    };
    let test = TestHub::new().await;
    let edits = vec![
        create(50, template("meter", None)),
        create(51, template("meter 3p", Some(50))),
    ];
    test.handle.apply(edits, "test").await.unwrap();
    let third = Edit::create(template("third", Some(51)));
    let error = test.handle.apply(vec![third], "test").await.unwrap_err();
    check_problems(error, &[(0, "/base", "has a base itself")]);
    let turned = Edit::update(object_id(50), template("meter", Some(51)));
    let error = test.handle.apply(vec![turned], "test").await.unwrap_err();
    check_problems(error, &[(0, "/base", "has a base itself")]);
    let refused = test
        .handle
        .apply(vec![delete(object_id(50), false)], "test")
        .await;
    assert!(matches!(refused, Err(HubError::HasChildren { .. })));
}
