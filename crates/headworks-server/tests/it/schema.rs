//! The answers against the OpenAPI document.

use serde_json::{Value as Json, json};

use crate::pictures::upload;
use crate::rig::Rig;

/// Returns where `value` does not fit `schema`, if anywhere.
fn misfit(document: &Json, schema: &Json, value: &Json, place: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(&reference[1..]).unwrap();
        return misfit(document, target, value, place);
    }
    let misfits = |schema| misfit(document, schema, value, place);
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choice].as_array()
            && choices.iter().all(|choice| misfits(choice).is_some())
        {
            return Some(format!("{place}: {value} fits none of {choice}"));
        }
    }
    if let Some(wanted) = schema.get("const")
        && wanted != value
    {
        return Some(format!("{place}: {value} is not {wanted}"));
    }
    if let Some(values) = schema["enum"].as_array()
        && !values.contains(value)
    {
        return Some(format!("{place}: {value} is none of {values:?}"));
    }
    let types = match &schema["type"] {
        Json::Array(types) => types.clone(),
        Json::String(_) => vec![schema["type"].clone()],
        _ => Vec::new(),
    };
    if !types.is_empty()
        && !types
            .iter()
            .any(|name| is_of(value, name.as_str().unwrap()))
    {
        return Some(format!("{place}: {value} is no {types:?}"));
    }
    misfit_inside(document, schema, value, place)
}

fn misfit_inside(document: &Json, schema: &Json, value: &Json, place: &str) -> Option<String> {
    match value {
        Json::Object(fields) => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let missing = required
                .iter()
                .find(|name| !fields.contains_key(name.as_str().unwrap()));
            if let Some(missing) = missing {
                return Some(format!("{place}: {missing} is missing"));
            }
            let known = schema["properties"].as_object();
            fields.iter().find_map(|(name, value)| {
                let place = format!("{place}/{name}");
                match known.and_then(|known| known.get(name)) {
                    Some(schema) => misfit(document, schema, value, &place),
                    None if known.is_some() => Some(format!("{place}: is not documented")),
                    None => None,
                }
            })
        }
        Json::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
            misfit(document, &schema["items"], item, &format!("{place}/{at}"))
        }),
        _ => None,
    }
}

fn is_of(value: &Json, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    }
}

#[track_caller]
fn check(document: &Json, method: &str, path: &str, value: &Json) {
    let responses = &document["paths"][path][method]["responses"];
    let status = if responses["201"].is_object() {
        "201"
    } else {
        "200"
    };
    let schema = &responses[status]["content"]["application/json"]["schema"];
    assert!(!schema.is_null(), "{method} {path} has no schema");
    if let Some(reason) = misfit(document, schema, value, "") {
        panic!("{method} {path}: {reason}\n{value}");
    }
}

/// Returns what a path cannot be asked without.
fn required_query(methods: &Json) -> String {
    let parameters = methods["get"]["parameters"].as_array().unwrap();
    let needed = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true)
        .map(|parameter| match parameter["name"].as_str().unwrap() {
            "tag" => "tag=plant/boiler/a",
            "language" => "language=de",
            other => panic!("the test has no value for {other}"),
        });
    let needed: Vec<&str> = needed.collect();
    format!("?{}", needed.join("&"))
}

/// Makes an object of each of the other kinds; returns their ids by chapter, and a change.
fn more_objects(rig: &Rig) -> Json {
    let made = [
        (
            "retention-policies",
            json!({ "name": "all", "pattern": "**" }),
        ),
        ("assets", json!({ "name": "north" })),
        ("groups", json!({ "name": "pumps" })),
        (
            "alarm-rules",
            json!({ "name": "hot", "condition": { "kind": "expression", "text": "1 > 2" } }),
        ),
        (
            "routes",
            json!({
                "name": "away", "from": ["nothing/*"],
                "to": [{ "kind": "webhook", "url": "http://192.0.2.1/" }],
            }),
        ),
        (
            "channels",
            json!({ "name": "mail", "target": { "kind": "email" } }),
        ),
        (
            "rosters",
            json!({ "name": "night", "people": [{ "name": "A", "email": "a@b.example" }] }),
        ),
        (
            "dictionaries",
            json!({ "language": "de", "words": { "kettle": "Kessel" } }),
        ),
        (
            "templates",
            json!({ "name": "meter", "version": "1", "protocol": "given" }),
        ),
    ];
    let mut ids = json!({});
    for (chapter, body) in made {
        let object = rig.post(&format!("/api/v1/{chapter}"), &body).expect(201);
        ids[chapter] = object["id"].clone();
        ids["change"] = object["updated_us"].to_string().into();
    }
    let policy = json!({ "name": "all", "steps": [{ "channel": ids["channels"] }] });
    let policy = rig.post("/api/v1/notification-policies", &policy);
    ids["notification-policies"] = policy.expect(201)["id"].clone();
    let gone = rig.post("/api/v1/groups", &json!({ "name": "gone" }));
    let gone = gone.expect(201)["id"].as_str().unwrap().to_owned();
    rig.delete(&format!("/api/v1/groups/{gone}")).expect(204);
    ids["pictures"] = upload(rig, "plan.svg")["id"].clone();
    ids["made"] = make_of_template(rig, &ids["templates"]);
    ids
}

/// Makes a device of a template and returns its id.
fn make_of_template(rig: &Rig, template: &Json) -> Json {
    let connection = rig.get("/api/v1/connections").expect(200)["items"][0]["id"].clone();
    let device = json!({ "name": "made", "connection": connection, "path": "plant/made" });
    let place = format!("/api/v1/templates/{}/devices", template.as_str().unwrap());
    let body = json!({ "devices": [device] });
    rig.post(&place, &body).expect(200)["devices"][0]["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_documented_shape() {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    rig.give(&tags[0], rig.now_us() - 1_000_000, 1.5).await;
    let auto = rig.get("/api/v1/dashboards/auto").expect(200);
    let dashboard = rig.post("/api/v1/dashboards", &auto).expect(201);
    let document = rig.get("/api/schema").expect(200);
    check(&document, "post", "/api/v1/dashboards", &dashboard);
    check(&document, "post", "/api/v1/tags", &tags[0]);
    let row = json!({ "device": tags[0]["device"], "name": "c", "address": "1" });
    let rows = json!({ "items": [row] });
    let many = rig.post("/api/v1/tags", &rows).expect(201);
    check(&document, "post", "/api/v1/tags", &many);
    let unsaved = json!({ "connection": rig.connection() });
    let outcome = rig.post("/api/v1/connections/test", &unsaved).expect(200);
    check(&document, "post", "/api/v1/connections/test", &outcome);

    let calculated = json!({ "device": tags[0]["device"], "name": "sum", "formula": "a + b" });
    let calculated = rig.post("/api/v1/tags", &calculated).expect(201);
    let device = rig.get("/api/v1/devices").expect(200)["items"][0].clone();
    let more = more_objects(&rig);
    tracing::subscriber::with_default(rig.telemetry.subscriber().unwrap(), || {
        tracing::warn!("the one error of the journal");
    });
    rig.telemetry.flush(std::time::Duration::from_secs(10));
    let me = rig.get("/api/v1/session").expect(200);
    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        if !methods["get"]["responses"]["200"]["content"]["application/json"].is_object() {
            continue;
        }
        let id = match path.split('/').nth(3) {
            Some("connections") => &device["connection"],
            Some("devices") if path.ends_with("/template") => &more["made"],
            Some("devices") => &device["id"],
            Some("tags") => &tags[0]["id"],
            // the tests of these chapters make one first
            Some("exports" | "imports" | "jobs") if path.contains("{id}") => continue,
            Some("calculated-tags") => &calculated["id"],
            Some("changes") => &more["change"],
            Some(chapter) if more[chapter].is_string() => &more[chapter],
            Some("alarms") => &more["alarm-rules"],
            Some("users") => &me["id"],
            _ => &dashboard["id"],
        };
        let place = path
            .replace("{id}", id.as_str().unwrap())
            .replace("{kind}", "tag")
            .replace("{key}", "look")
            .replace("{group}", "1");
        let query = required_query(methods);
        let answer = rig.get(&format!("{place}{query}")).expect(200);
        check(&document, "get", path, &answer);
        seen += 1;
    }
    assert!(20 < seen, "{seen}");
    let raw = format!(
        "/api/v1/tags/{}/trend-data?raw=true",
        tags[0]["id"].as_str().unwrap()
    );
    check(
        &document,
        "get",
        "/api/v1/tags/{id}/trend-data",
        &rig.get(&raw).expect(200),
    );
    let problem = rig.get("/api/v1/tags?limit=0").json();
    let schema = &document["components"]["responses"]["Problem400"]["content"];
    let schema = &schema["application/problem+json"]["schema"];
    assert_eq!(misfit(&document, schema, &problem, ""), None);
}
