mod alarms;
mod assets;
mod formulas;
mod past;
mod routes;

use headworks_core::model::{Dashboard, ObjectId};
use headworks_core::{Quality, Value};
use serde_json::json;
use uuid::Uuid;

use crate::edits::EDITS_MAX;
use crate::testing::{TestHub, connection, device, is_good, tag, tag_with};
use crate::{Action, Body, Edit, HubError, Problem};

fn create(id: u128, body: impl Into<Body>) -> Edit {
    Edit::Create {
        id: Some(object_id(id)),
        body: body.into(),
    }
}

fn object_id(id: u128) -> ObjectId {
    ObjectId(Uuid::from_u128(id))
}

fn delete(id: ObjectId, cascade: bool) -> Edit {
    Edit::Delete {
        id,
        expected: None,
        cascade,
    }
}

fn dashboard(name: &str) -> Dashboard {
    serde_json::from_value(json!({"name": name})).unwrap()
}

/// A plant in one list: connection 1, device 2, tags 3 and 4.
fn whole_plant() -> Vec<Edit> {
    vec![
        create(4, tag("pressure", object_id(2))),
        create(3, tag("flow", object_id(2))),
        create(2, device("pump", object_id(1))),
        create(1, connection("whole-plant")),
        Edit::create(dashboard("overview")),
    ]
}

#[track_caller]
fn check_problems(error: HubError, want: &[(usize, &str, &str)]) {
    let HubError::Invalid(problems) = error else {
        panic!("{error}");
    };
    let fits = |(problem, want): (&Problem, &(usize, &str, &str))| {
        (problem.edit, &*problem.field) == (want.0, want.1) && problem.reason.contains(want.2)
    };
    let same = problems.len() == want.len();
    assert!(same && problems.iter().zip(want).all(fits), "{problems:#?}");
}

async fn check_refused(edits: Vec<Edit>, want: &[(usize, &str, &str)]) {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let before = test.handle.plant();
    let error = test.handle.apply(edits, "test").await.unwrap_err();
    check_problems(error, want);
    assert_eq!(test.handle.plant().generation(), before.generation());
}

#[tokio::test]
async fn a_whole_plant_is_made_in_one_list_in_any_order() {
    let test = TestHub::new().await;
    let applied = test.handle.apply(whole_plant(), "test").await.unwrap();
    assert!(
        applied
            .iter()
            .all(|it| (it.revision, it.action) == (1, Action::Created))
    );
    let plant = test.handle.plant();
    assert_eq!(plant.tag_count(), 2);
    assert_eq!(
        applied[0].tag,
        Some(plant.tag(object_id(4)).unwrap().index())
    );
    assert_eq!(
        plant.tag_by_path("plant/pump/flow").unwrap().id(),
        object_id(3)
    );
    assert_eq!(plant.dashboards().len(), 1);
    let history = test.handle.history(object_id(1)).await.unwrap();
    assert_eq!((history.len(), &*history[0].author), (1, "test"));
}

#[tokio::test]
async fn references_must_lead_somewhere() {
    let edits = vec![
        create(11, device("lost", object_id(99))),
        create(12, tag("lost", object_id(98))),
    ];
    let want = [
        (0, "/connection", "does not exist"),
        (1, "/device", "does not exist"),
    ];
    check_refused(edits, &want).await;
}

#[tokio::test]
async fn names_are_unique_within_their_kind() {
    let edits = vec![
        Edit::create(connection("whole-plant")),
        Edit::create(dashboard("new")),
        Edit::create(dashboard("new")),
        Edit::create(dashboard("overview")),
    ];
    let HubError::Invalid(problems) = refused(edits).await else {
        panic!("invalid names");
    };
    let mut rows: Vec<usize> = problems.iter().map(|problem| problem.edit).collect();
    rows.sort_unstable();
    assert_eq!(rows.len(), 3);
    assert!(rows.contains(&0) && rows.contains(&3), "{problems:?}");
    assert!(problems.iter().all(|problem| problem.field == "/name"));
}

async fn refused(edits: Vec<Edit>) -> HubError {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    test.handle.apply(edits, "test").await.unwrap_err()
}

#[tokio::test]
async fn paths_differ_by_more_than_case() {
    let edits = vec![
        create(11, tag("FLOW", object_id(2))),
        create(12, tag("flow", object_id(2))),
        create(13, tag("new", object_id(2))),
    ];
    let HubError::Invalid(problems) = refused(edits).await else {
        panic!("invalid paths");
    };
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    let case = "edit 1: /name: path plant/pump/FLOW differs from plant/pump/flow only by";
    assert!(texts[0].starts_with(case), "{texts:?}");
    assert!(texts[1].starts_with("edit 2: /name: "), "{texts:?}");
}

#[tokio::test]
async fn a_path_is_a_tag_or_a_folder() {
    let mut below = device("below", object_id(1));
    below.path = "plant/pump/FLOW/x".parse().unwrap();
    let mut above = device("above", object_id(1));
    above.path = "plant".parse().unwrap();
    let edits = vec![
        create(11, below),
        create(12, above),
        create(13, tag("pump", object_id(12))),
    ];
    let want = [
        (0, "/path", "plant/pump/flow is a tag"),
        (2, "/name", "path plant/pump is that of an asset, a device"),
    ];
    check_refused(edits, &want).await;
}

#[tokio::test]
async fn two_tags_may_swap_their_names() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let edits = vec![
        Edit::update(object_id(3), tag("pressure", object_id(2))),
        Edit::update(object_id(4), tag("flow", object_id(2))),
    ];
    test.handle.apply(edits, "test").await.unwrap();
    let plant = test.handle.plant();
    assert_eq!(
        plant.tag_by_path("plant/pump/flow").unwrap().id(),
        object_id(4)
    );
    assert_eq!(plant.tag(object_id(3)).unwrap().revision(), 2);
}

#[tokio::test]
async fn what_the_protocol_refuses_names_the_row_and_the_field() {
    let mut wrong = connection("wrong");
    wrong.settings.insert("wrong".into(), 1.into());
    let mut unknown = connection("unknown");
    unknown.protocol = "carrier pigeon".into();
    let mut wrong_device = device("wrong", object_id(1));
    wrong_device.settings.insert("wrong".into(), 1.into());
    let edits = vec![
        create(11, wrong),
        create(12, unknown),
        create(13, wrong_device),
        create(14, tag_with("a", object_id(2), &json!({"address": "x"}))),
        create(15, tag("b", object_id(2))),
        create(
            16,
            tag_with("c", object_id(13), &json!({"address": "y", "scale": 0})),
        ),
    ];
    let want = [
        (0, "/settings/wrong", "unknown setting"),
        (
            1,
            "/protocol",
            "\"carrier pigeon\" is not one of the protocols fake",
        ),
        (2, "/settings/wrong", "unknown setting"),
        (3, "/address", "\"x\" is not a number"),
        (5, "/scale", "scale 0"),
        (5, "/address", "\"y\" is not a number"),
    ];
    check_refused(edits, &want).await;
}

#[tokio::test]
async fn edits_of_what_is_not_there_or_was_changed_are_refused() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let error = test
        .handle
        .apply(vec![delete(object_id(77), false)], "test")
        .await;
    assert!(matches!(
        error,
        Err(HubError::NotFound { kind: "object", .. })
    ));
    let edit = |expected| Edit::Update {
        id: object_id(3),
        expected: Some(expected),
        body: tag("flow", object_id(2)).into(),
    };
    test.handle.apply(vec![edit(1)], "test").await.unwrap();
    let error = test.handle.apply(vec![edit(1)], "test").await.unwrap_err();
    let HubError::Conflict {
        expected, found, ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((expected, found), (1, 2));
    let edit = Edit::update(object_id(3), connection("not a tag"));
    check_problems(
        test.handle.check(vec![edit]).await.unwrap_err(),
        &[(0, "", "is a tag, not a connection")],
    );
}

#[tokio::test]
async fn an_object_is_edited_once_in_a_list() {
    let edits = vec![
        Edit::update(object_id(3), tag("x", object_id(2))),
        Edit::update(object_id(3), tag("y", object_id(2))),
        delete(object_id(3), false),
    ];
    let want = [(1, "", "edited twice"), (2, "", "edited and deleted")];
    check_refused(edits, &want).await;
}

#[tokio::test]
async fn a_list_has_a_limit() {
    let edits = vec![delete(object_id(3), false); EDITS_MAX + 1];
    check_refused(
        edits,
        &[(0, "", "200001 edits in one list; at most 200000")],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn deleting_names_the_children_or_takes_them_along() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let index = test.handle.plant().tag(object_id(3)).unwrap().index();
    test.until(|handle| is_good(handle, index)).await;
    let error = test
        .handle
        .apply(vec![delete(object_id(1), false)], "test")
        .await
        .unwrap_err();
    let text = "connection \"whole-plant\" has 1 child: pump; \
                delete them too (cascade) or first";
    assert_eq!(error.to_string(), text);
    let applied = test
        .handle
        .apply(vec![delete(object_id(1), true)], "test")
        .await
        .unwrap();
    assert_eq!(
        (applied[0].cascaded, applied[0].action),
        (3, Action::Deleted)
    );
    let plant = test.handle.plant();
    assert_eq!(
        (
            plant.tag_count(),
            plant.devices().len(),
            plant.connections().len()
        ),
        (0, 0, 0)
    );
    assert_eq!(test.handle.last(index), None);
    assert!(test.handle.connection_status(object_id(1)).is_none());
    assert_eq!(test.handle.history(object_id(3)).await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_moves_takes_its_tags_along() {
    let test = TestHub::new().await;
    let line = test.line("moves").await;
    let mut body = device("moves", line.connection);
    body.path = "elsewhere/pump".parse().unwrap();
    test.handle
        .apply(vec![Edit::update(line.device, body)], "test")
        .await
        .unwrap();
    let plant = test.handle.plant();
    let tag = plant.tag_by_path("elsewhere/pump/flow").unwrap();
    assert_eq!((tag.index(), tag.revision()), (line.index, 1));
    assert!(plant.tag_by_path("plant/moves/flow").is_none());
    let last = test.handle.last(line.index).unwrap();
    assert_eq!(last.value, Some(Value::I64(7)));
}

#[tokio::test(start_paused = true)]
async fn a_plant_comes_back_as_it_was_with_its_last_values_marked_as_old() {
    let test = TestHub::new().await;
    let line = test.line("comes-back-later").await;
    let silent = test
        .create(tag_with("off", line.device, &json!({"enabled": false})))
        .await;
    let before = test.handle.last(line.index).unwrap();
    line.fake.script([crate::testing::Script::Hang]);
    let test = test.restart().await;
    let plant = test.handle.plant();
    assert_eq!(plant.tag(line.tag).unwrap().index(), line.index);
    assert_eq!(
        plant.tag(line.tag).unwrap().object().body,
        tag("flow", line.device)
    );
    let after = test.handle.last(line.index).unwrap();
    assert_eq!((after.value, after.time_us), (before.value, before.time_us));
    assert_eq!(after.quality, Quality::UNCERTAIN_LAST_USABLE);
    let silent = plant.tag(silent).unwrap().index();
    assert_eq!(test.quality(silent), Quality::BAD_OUT_OF_SERVICE);
}

#[tokio::test]
async fn edits_from_many_sides_are_applied_one_after_the_other() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let mut tasks = Vec::new();
    for number in 0..20 {
        let handle = test.handle.clone();
        let edit = Edit::create(tag(&format!("t{number}"), object_id(2)));
        tasks.push(tokio::spawn(async move {
            handle.apply(vec![edit], "test").await
        }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(test.handle.plant().tag_count(), 22);
    assert_eq!(
        *test.handle.plant_changes().borrow(),
        test.handle.plant().generation()
    );
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_leave_an_edit_half_done() {
    let test = TestHub::new().await;
    let apply = test.handle.apply(whole_plant(), "test");
    assert!(
        tokio::time::timeout(std::time::Duration::ZERO, apply)
            .await
            .is_err()
    );
    let mut changes = test.handle.plant_changes();
    changes
        .wait_for(|&generation| generation == 2)
        .await
        .unwrap();
    assert_eq!(test.handle.plant().tag_count(), 2);
}
