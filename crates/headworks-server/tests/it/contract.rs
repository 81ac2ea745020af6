//! What all routes have in common, tried on every route of the document.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::pictures::upload;
use crate::rig::Rig;

/// Lists that are not cut into pages: what is in them is bounded by something else.
const SHORT_LISTS: &[(&str, &str)] = &[
    (
        "/api/v1/alarm-rules/{id}/history",
        "revisions of one object",
    ),
    ("/api/v1/assets/{id}/history", "revisions of one object"),
    ("/api/v1/backups", "as many as the settings keep"),
    (
        "/api/v1/changes/{id}",
        "the first thousand objects, and how many there are",
    ),
    ("/api/v1/channel-presets", "a table of the program"),
    ("/api/v1/channels/{id}/history", "revisions of one object"),
    (
        "/api/v1/connections/{id}/history",
        "revisions that the store keeps of one object",
    ),
    ("/api/v1/dashboards/{id}/history", "the same"),
    ("/api/v1/devices/{id}/history", "the same"),
    (
        "/api/v1/dictionaries/{id}/history",
        "revisions of one object",
    ),
    ("/api/v1/exports", "as many as are kept"),
    ("/api/v1/expressions/functions", "a table of the program"),
    ("/api/v1/frame-sources", "a setting"),
    ("/api/v1/groups/{id}/history", "revisions of one object"),
    ("/api/v1/history/aggregates", "a table of the program"),
    ("/api/v1/jobs", "as many as are kept"),
    ("/api/v1/me/preferences", "bounded per account"),
    (
        "/api/v1/notification-policies/{id}/history",
        "revisions of one object",
    ),
    ("/api/v1/pictures/{id}/history", "revisions of one object"),
    ("/api/v1/protocols", "a table of the program"),
    (
        "/api/v1/retention-policies/{id}/history",
        "revisions of one object",
    ),
    ("/api/v1/rosters/{id}/history", "revisions of one object"),
    ("/api/v1/rosters/{id}/on-duty", "the people of one roster"),
    ("/api/v1/routes/{id}/history", "revisions of one object"),
    ("/api/v1/secrets", "bounded, of the whole hub"),
    ("/api/v1/sessions", "of one account, bounded"),
    ("/api/v1/tags/{id}/history", "revisions of one object"),
    ("/api/v1/template-library", "a table of the program"),
    ("/api/v1/templates/{id}/history", "revisions of one object"),
    ("/api/v1/tokens", "bounded per account"),
    ("/api/v1/users/{id}/sessions", "of one account, bounded"),
];

/// Kinds of objects that have a revision.
const REVISIONED: &[&str] = &[
    "alarm-rules",
    "assets",
    "channels",
    "connections",
    "dashboards",
    "devices",
    "dictionaries",
    "groups",
    "notification-policies",
    "pictures",
    "retention-policies",
    "rosters",
    "routes",
    "tags",
    "templates",
];

const NOBODY_ID: &str = "0192d3c0-0000-7000-8000-000000000000";

/// One operation of the document.
struct Operation {
    method: String,
    path: String,
    about: Json,
}

impl Operation {
    fn parameters(&self) -> BTreeSet<&str> {
        let parameters = self.about["parameters"].as_array().unwrap().iter();
        parameters
            .map(|one| one["name"].as_str().unwrap())
            .collect()
    }

    fn place(&self) -> String {
        let place = self
            .path
            .replace("{id}", NOBODY_ID)
            .replace("{kind}", "tag");
        place.replace("{group}", "1")
    }

    fn takes_json(&self) -> bool {
        self.about["requestBody"]["content"]["application/json"].is_object()
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Asks with a query and, where one is read, a body.
    fn ask(&self, rig: &Rig, place: &str) -> crate::rig::Answer {
        let has_body = self.about["requestBody"].is_object();
        let body = has_body.then(|| b"{}".to_vec());
        rig.send(&self.method, place, &[], body)
    }
}

fn operations(document: &Json) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, about) in methods.as_object().unwrap() {
            found.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                about: about.clone(),
            });
        }
    }
    assert!(100 < found.len(), "{}", found.len());
    found
}

/// Follows a reference.
fn resolved<'a>(document: &'a Json, schema: &'a Json) -> &'a Json {
    match schema["$ref"].as_str() {
        Some(place) => document.pointer(&place[1..]).unwrap(),
        None => schema,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_has_pages_or_is_short() {
    let rig = Rig::start().await;
    let document = rig.get("/api/schema").expect(200);
    let device = rig.make_device("kettle").await["id"].clone();
    let mut short = BTreeSet::new();
    for operation in operations(&document) {
        let answer = &operation.about["responses"]["200"]["content"]["application/json"];
        let answer = resolved(&document, &answer["schema"]);
        let items = &answer["properties"]["items"];
        if operation.method != "GET" || items["type"] != "array" {
            continue;
        }
        let parameters = operation.parameters();
        if parameters.contains("cursor") {
            assert!(parameters.contains("limit"), "{}", operation.name());
            let next = &answer["properties"]["next_cursor"];
            assert!(next.is_object(), "{}: no next_cursor", operation.name());
            for limit in ["0", "100001", "-1", "x"] {
                let place = operation.path.replace("{id}", device.as_str().unwrap());
                // what a list cannot be asked without
                let needed = match parameters.contains("language") {
                    true => "language=de&",
                    false => "",
                };
                let place = format!("{place}?{needed}limit={limit}");
                let refused = rig.get(&place).refused(400, "invalid_query");
                assert_eq!(refused, ["?limit"], "{place}");
            }
        } else if !parameters.contains("limit") {
            short.insert(operation.path);
        }
    }
    let known = SHORT_LISTS.iter().map(|(path, _)| (*path).to_owned());
    assert_eq!(short, known.collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_is_one_of_a_list() {
    let rig = Rig::start().await;
    let document = rig.get("/api/schema").expect(200);
    let mut seen = 0;
    for operation in operations(&document) {
        if !operation.parameters().contains("sort") {
            continue;
        }
        let refused = rig.get(&format!("{}?sort=no_such", operation.place()));
        assert_eq!(refused.refused(400, "invalid_query"), ["?sort"]);
        seen += 1;
    }
    assert!(2 <= seen, "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_query_parameter_is_refused_everywhere_with_and_without_a_slash() {
    let rig = Rig::start().await;
    let document = rig.get("/api/schema").expect(200);
    for operation in operations(&document) {
        for slash in ["", "/"] {
            let place = format!("{}{slash}?no_such=1", operation.place());
            let answer = operation.ask(&rig, &place);
            let found = (answer.status, answer.json()["code"].clone());
            let what = format!("{} {place}: {}", operation.method, answer.text);
            assert_eq!(found, (400, json!("invalid_query")), "{what}");
            assert_eq!(answer.json()["errors"][0]["pointer"], "?no_such", "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_of_a_body_is_refused_everywhere() {
    let rig = Rig::start().await;
    let document = rig.get("/api/schema").expect(200);
    let mut seen = 0;
    for operation in operations(&document) {
        if !operation.takes_json() {
            continue;
        }
        for name in ["no_such", "__proto__"] {
            let body = format!("{{\"{name}\":1}}").into_bytes();
            let answer = rig.send(&operation.method, &operation.place(), &[], Some(body));
            let found = (answer.status, answer.json()["code"].clone());
            let what = format!("{}: {}", operation.name(), answer.text);
            assert_eq!(found, (422, json!("invalid_body")), "{what}");
            let pointer = &answer.json()["errors"][0]["pointer"];
            assert_eq!(*pointer, format!("/{name}"), "{what}");
        }
        seen += 1;
    }
    assert!(20 < seen, "{seen}");
}

/// Makes an object of each kind that has a revision; returns kind, id and revision.
async fn objects(rig: &Rig) -> Vec<(&'static str, String, Json)> {
    rig.make_device("kettle").await;
    let device = rig.get("/api/v1/devices").expect(200)["items"][0]["id"].clone();
    let tag = json!({
        "device": device, "name": "level", "address": "level", "data_type": "float64",
    });
    rig.post("/api/v1/tags", &tag).expect(201);
    let auto = rig.get("/api/v1/dashboards/auto").expect(200);
    rig.post("/api/v1/dashboards", &auto).expect(201);
    let policy = json!({ "name": "all", "pattern": "**" });
    rig.post("/api/v1/retention-policies", &policy).expect(201);
    upload(rig, "plan.svg");
    rig.post("/api/v1/assets", &json!({ "name": "north" }))
        .expect(201);
    rig.post("/api/v1/groups", &json!({ "name": "pumps" }))
        .expect(201);
    let template = json!({ "name": "meter", "version": "1", "protocol": "given" });
    rig.post("/api/v1/templates", &template).expect(201);
    let alarm = json!({ "name": "hot", "condition": { "kind": "expression", "text": "1 > 2" } });
    rig.post("/api/v1/alarm-rules", &alarm).expect(201);
    let channel = json!({ "name": "mail", "target": { "kind": "email" } });
    let channel = rig.post("/api/v1/channels", &channel).expect(201);
    let people = json!([{ "name": "Anna", "email": "anna@plant.example" }]);
    rig.post(
        "/api/v1/rosters",
        &json!({ "name": "night", "people": people }),
    )
    .expect(201);
    let policy = json!({ "name": "all", "steps": [{ "channel": channel["id"] }] });
    rig.post("/api/v1/notification-policies", &policy)
        .expect(201);
    let hook = json!({ "kind": "webhook", "url": "http://192.0.2.1/" });
    let route = json!({ "name": "away", "from": ["nothing/*"], "to": [hook] });
    rig.post("/api/v1/routes", &route).expect(201);
    let words = json!({ "language": "de", "words": { "kettle": "Kessel" } });
    rig.post("/api/v1/dictionaries", &words).expect(201);
    let made = REVISIONED.iter().map(|kind| {
        let list = rig.get(&format!("/api/v1/{kind}")).expect(200);
        let object = list["items"][0].clone();
        let id = object["id"].as_str().unwrap().to_owned();
        (*kind, id, object)
    });
    made.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_a_revisioned_object_can_be_bound_to_its_revision() {
    let rig = Rig::start().await;
    let document = rig.get("/api/schema").expect(200);
    let bound: BTreeSet<String> = operations(&document)
        .iter()
        .filter(|one| one.parameters().contains("If-Match"))
        .map(Operation::name)
        .collect();
    let wanted = REVISIONED
        .iter()
        .flat_map(|kind| ["PUT", "DELETE"].map(|method| format!("{method} /api/v1/{kind}/{{id}}")));
    assert_eq!(bound, wanted.collect());
    for (kind, id, object) in objects(&rig).await {
        let place = format!("/api/v1/{kind}/{id}");
        let revision = object["revision"].as_u64().unwrap();
        let tag = rig.get(&place).headers["etag"].clone();
        assert_eq!(tag, format!("\"{revision}\""), "{kind}");
        let body = replacement(&document, kind, &object);
        let changed = rig.put(&place, &format!("\"{revision}\""), &body);
        changed.expect(200);
        let stale = format!("\"{revision}\"");
        let refused = rig.put(&place, &stale, &body);
        refused.refused(412, "conflict");
        assert_eq!(refused.headers["etag"], format!("\"{}\"", revision + 1));
        let refused = rig.send("DELETE", &place, &[("if-match", &stale)], None);
        refused.refused(412, "conflict");
        rig.put(&place, "3", &body).refused(400, "invalid_header");
    }
}

/// Returns what a client sends back of an object: the fields that the document lets it send.
fn replacement(document: &Json, kind: &str, object: &Json) -> Json {
    let put = &document["paths"][format!("/api/v1/{kind}/{{id}}")]["put"];
    let schema = &put["requestBody"]["content"]["application/json"]["schema"];
    let known = resolved(document, schema)["properties"]
        .as_object()
        .unwrap();
    let fields = object.as_object().unwrap().iter();
    let fields = fields.filter(|(name, _)| known.contains_key(*name));
    fields
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_the_reference_allow_no_script_but_files() {
    let rig = Rig::start().await;
    for page in ["/api/docs", "/api/redoc/"] {
        let answer = rig.get(page);
        assert_eq!(answer.status, 200, "{page}");
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        let csp = answer.headers["content-security-policy"].to_str().unwrap();
        for part in [
            "script-src 'self';",
            "style-src 'self' 'unsafe-inline';",
            "connect-src 'self';",
            "frame-ancestors 'none';",
        ] {
            assert!(csp.contains(part), "{page}: {csp}");
        }
        let inline = answer.text.split("<script").skip(1);
        let is_file = |script: &str| script.starts_with(" src=\"/reference/");
        assert!(inline.clone().all(is_file), "{page}: {}", answer.text);
        assert_eq!(inline.count(), 2, "{page}");
    }
    for other in ["/", "/api/schema", "/api/docs/x"] {
        let answer = rig.get(other);
        let csp = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(csp.contains("style-src 'self';"), "{other}: {csp}");
    }
    let outer = crate::outer::Outer::start(&rig, |settings| {
        settings.base_path = "/hub".parse().unwrap();
    })
    .await;
    let page = outer.ask("GET", "/hub/api/docs", &outer.owner).await;
    assert!(page.contains("src=\"/hub/reference/swagger.js\""), "{page}");
}
