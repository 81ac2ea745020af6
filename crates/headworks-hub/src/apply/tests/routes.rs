//! Routes as they are configured: what is refused, and what holds tags.

use headworks_core::model::{Route, Tag};

use super::*;

/// A device with three tags of which the first two may be written: a, b, c.
struct Tags {
    device: ObjectId,
    ids: [ObjectId; 3],
}

async fn tags(test: &TestHub, name: &str) -> Tags {
    let line = test.line(name).await;
    let mut ids = Vec::new();
    for (at, tag) in ["a", "b", "c"].into_iter().enumerate() {
        let tag: Tag = serde_json::from_value(json!({
            "name": tag, "device": line.device, "address": format!("{}", at + 10),
            "data_type": "float64", "writable": tag != "c",
        }))
        .unwrap();
        ids.push(test.create(tag).await);
    }
    Tags {
        device: line.device,
        ids: ids.try_into().unwrap(),
    }
}

impl Tags {
    fn path(&self, test: &TestHub, at: usize) -> String {
        test.handle
            .plant()
            .tag(self.ids[at])
            .unwrap()
            .path()
            .to_string()
    }

    fn route(&self, name: &str, from: &str, to: usize, more: serde_json::Value) -> Route {
        let mut body = json!({
            "name": name, "from": [from], "to": [{ "kind": "tag", "tag": self.ids[to] }],
        });
        let more = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(more);
        serde_json::from_value(body).unwrap()
    }
}

/// Returns the places and reasons for which edits are refused.
async fn refusal(test: &TestHub, edits: Vec<Edit>) -> String {
    match test.handle.apply(edits, "test").await {
        Err(HubError::Invalid(problems)) => {
            let lines = problems.iter();
            let lines = lines.map(|one| format!("{} {} {}", one.edit, one.field, one.reason));
            lines.collect::<Vec<String>>().join("\n")
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_a_route_names_must_be_there_and_be_writable() {
    let test = TestHub::new().await;
    let tags = tags(&test, "routes-names").await;
    let path = tags.path(&test, 0);
    let when = |text: &str| json!({ "when": text });
    let gone = serde_json::from_value(json!({
        "name": "r", "from": ["x"], "to": [{ "kind": "tag", "tag": tags.device }],
    }))
    .unwrap();
    for (route, wanted) in [
        (tags.route("r", &path, 2, json!({})), "/to/0/tag"),
        (tags.route("r", &path, 2, json!({})), "cannot be written"),
        (gone, "/to/0/tag there is no tag"),
        (
            tags.route("r", "x", 1, when("tag(\"no/where\") > 1")),
            "/when column 1",
        ),
        (
            tags.route("r", &tags.path(&test, 2), 1, json!({ "back": {} })),
            "no way back",
        ),
    ] {
        let told = refusal(&test, vec![Edit::create(route)]).await;
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    let right = tags.route("r", &path, 1, when(&format!("tag(\"{path}\") > 1")));
    test.create(right.clone()).await;
    let told = refusal(&test, vec![Edit::create(right)]).await;
    assert!(
        told.contains("/name there is a route \"r\" already"),
        "{told}"
    );
}

#[tokio::test]
async fn routes_that_write_in_a_circle_are_refused_with_the_path() {
    let test = TestHub::new().await;
    let tags = tags(&test, "routes-circle").await;
    let (a, b) = (tags.path(&test, 0), tags.path(&test, 1));
    test.create(tags.route("there", &a, 1, json!({}))).await;
    let back = tags.route("back", &b, 0, json!({}));
    let told = refusal(&test, vec![Edit::create(back.clone())]).await;
    assert!(told.starts_with("0 /to writes in a circle: "), "{told}");
    for part in [
        format!("{a} (route \"back\")"),
        format!("{b} (route \"there\")"),
    ] {
        assert!(told.contains(&part), "{told}");
    }
    let wide = tags.route("wide", "**", 0, json!({}));
    let told = refusal(&test, vec![Edit::create(wide)]).await;
    assert!(
        told.contains(&format!("{a} -> {a} (route \"wide\")")),
        "{told}"
    );
    // who only counts, is disabled or leaves the tag out writes in no circle
    for (name, more) in [
        ("counts", json!({ "dry_run": true })),
        ("off", json!({ "enabled": false })),
    ] {
        test.create(tags.route(name, &b, 0, more)).await;
    }
    let but = tags.route("but", "**", 0, json!({ "except": [a, b] }));
    test.create(but).await;
    let told = refusal(
        &test,
        vec![
            Edit::create(tags.route("one", "nothing/x", 0, json!({}))),
            Edit::create(back),
        ],
    )
    .await;
    assert!(told.starts_with("1 /to"), "{told}");
}

#[tokio::test]
async fn a_pair_is_one_route_and_no_circle() {
    let test = TestHub::new().await;
    let tags = tags(&test, "routes-pair").await;
    let (a, b) = (tags.path(&test, 0), tags.path(&test, 1));
    test.create(tags.route("pair", &a, 1, json!({ "back": {} })))
        .await;
    let told = refusal(
        &test,
        vec![Edit::create(tags.route("more", &b, 0, json!({})))],
    )
    .await;
    assert!(told.contains("writes in a circle"), "{told}");
}

#[tokio::test]
async fn circles_through_formulas_are_found_also_when_the_formula_comes_last() {
    let test = TestHub::new().await;
    let tags = tags(&test, "routes-formula").await;
    let b = tags.path(&test, 1);
    let sum = b.replace("/b", "/sum");
    test.create(tags.route("r", &sum, 1, json!({}))).await;
    let formula: Tag = serde_json::from_value(json!({
        "name": "sum", "device": tags.device, "address": "", "data_type": "float64",
        "formula": "a + b",
    }))
    .unwrap();
    let told = refusal(&test, vec![Edit::create(formula)]).await;
    assert!(told.contains("writes in a circle"), "{told}");
    assert!(told.contains(&format!("{sum} (formula)")), "{told}");
}

#[tokio::test]
async fn tags_do_not_go_from_under_routes_but_may_be_renamed() {
    let test = TestHub::new().await;
    let tags = tags(&test, "routes-hold").await;
    let (a, b) = (tags.path(&test, 0), tags.path(&test, 1));
    let reading = json!({ "when": format!("tag(\"{a}\") > 1") });
    test.create(tags.route("r", "elsewhere/*", 1, reading))
        .await;
    let delete = |at: usize| Edit::Delete {
        id: tags.ids[at],
        expected: None,
        cascade: true,
    };
    for at in [0, 1] {
        let told = refusal(&test, vec![delete(at)]).await;
        assert!(
            told.contains("the route \"r\" would no longer work"),
            "{told}"
        );
    }
    let change = |at: usize, change: fn(&mut Tag)| {
        let mut body = test.handle.plant().tag(tags.ids[at]).unwrap().object().body;
        change(&mut body);
        Edit::Update {
            id: tags.ids[at],
            expected: None,
            body: body.into(),
        }
    };
    let told = refusal(&test, vec![change(1, |tag| tag.writable = false)]).await;
    assert!(told.contains("cannot be written"), "{told}");
    let told = refusal(
        &test,
        vec![change(0, |tag| tag.name = "z".parse().unwrap())],
    )
    .await;
    assert!(told.contains("would no longer work"), "{told}");
    let renamed = change(1, |tag| tag.name = "y".parse().unwrap());
    test.handle.apply(vec![renamed], "test").await.unwrap();
    assert_ne!(tags.path(&test, 1), b, "a target is known by its id");
}
