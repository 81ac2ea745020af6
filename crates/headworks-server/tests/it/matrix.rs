//! Who may ask what: every route of the table against nobody, every role and every kind of
//! session that is over.
//!
//! The routes come from the document that the table makes, so that a new one is tried without
//! anybody thinking of it.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::rig::{NOBODY, Rig};

/// The routes that anybody may ask. A new one belongs here only after a look at what it tells.
const OPEN: [&str; 9] = [
    "GET /ack/{token}",
    "GET /api/v1/setup",
    "POST /api/v1/session",
    "POST /api/v1/session/kiosk",
    "POST /api/v1/session/refresh",
    "POST /api/v1/setup",
    "GET /healthz",
    "GET /readyz",
    "POST /ack/{token}",
];

const ROLES: [&str; 4] = ["viewer", "operator", "admin", "owner"];

struct Row {
    method: String,
    path: String,
    permission: String,
    is_socket: bool,
}

fn rows(rig: &Rig) -> Vec<Row> {
    let document = rig.get("/api/schema").expect(200);
    let mut rows = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            rows.push(Row {
                method: method.to_uppercase(),
                path: path.replace("{id}", "018f0000-0000-7000-8000-000000000000"),
                permission: operation["x-permission"].as_str().unwrap().to_owned(),
                is_socket: operation["responses"].get("101").is_some(),
            });
        }
    }
    assert!(100 < rows.len(), "{} routes", rows.len());
    rows
}

impl Row {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Asks with a header that says who; the body is none that any route takes.
    fn ask(&self, rig: &Rig, header: (&str, &str)) -> (u16, String) {
        let body = (self.method != "GET" && self.method != "DELETE").then(|| b"{\"\":0}".to_vec());
        let answer = rig.send(&self.method, &self.path, &[header], body);
        let problem: Json = serde_json::from_str(&answer.text).unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or_default();
        (answer.status, code.to_owned())
    }

    /// Returns whether a role may pass.
    fn admits(&self, role: &str) -> bool {
        let least = match self.permission.as_str() {
            "open" | "signed_in" | "view" => "viewer",
            "operate" => "operator",
            "configure" | "administer" => "admin",
            other => panic!("{}: permission {other}", self.name()),
        };
        let place = |wanted: &str| ROLES.iter().position(|role| *role == wanted).unwrap();
        place(least) <= place(role)
    }

    /// Returns whether asking it ends the session that asks, or streams for ever.
    fn is_left_out(&self) -> bool {
        let ends = ["DELETE /api/v1/session", "DELETE /api/v1/sessions"];
        let streams = ["GET /api/v1/stream", "GET /api/v1/alarms/stream"];
        ends.contains(&self.name().as_str()) || streams.contains(&self.name().as_str())
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_but_where_the_list_says() {
    let rig = Rig::start().await;
    let rows = rows(&rig);
    let open = rows
        .iter()
        .filter(|row| row.permission == "open")
        .map(Row::name);
    let listed: BTreeSet<String> = OPEN.iter().map(ToString::to_string).collect();
    assert_eq!(open.collect::<BTreeSet<_>>(), listed);
    let revoked = rig.make_user("revoked", "owner");
    let headers = [("authorization", bearer(&revoked))];
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
    let headers: Vec<(&str, &str)> = headers.collect();
    rig.send("DELETE", "/api/v1/session", &headers, None)
        .expect(204);
    let forged = [
        "Bearer ",
        "Bearer null",
        "Basic b3duZXI6a2V0dGxlLWRydW0gNyBmZXJyeQ==",
        "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJvd25lciIsInJvbGUiOiJvd25lciJ9.",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvd25lciJ9.c2lnbmF0dXJl",
    ];
    for row in rows.iter().filter(|row| row.permission != "open") {
        let tries = forged.iter().map(|value| ("authorization", *value));
        let tries = tries.chain([NOBODY, headers[0], ("cookie", "headworks-access-1=x")]);
        for header in tries {
            let (status, code) = row.ask(&rig, header);
            let found = (status, code.as_str());
            assert_eq!(found, (401, "not_signed_in"), "{} {header:?}", row.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_passes_where_it_may_and_nowhere_else() {
    let rig = Rig::start().await;
    let rows = rows(&rig);
    for role in ROLES {
        let token = match role {
            "owner" => rig.token.clone(),
            role => rig.make_user(role, role),
        };
        let token = bearer(&token);
        for row in rows.iter().filter(|row| !row.is_left_out()) {
            let (status, code) = row.ask(&rig, ("authorization", &token));
            let what = format!("{role}: {} is {status} {code}", row.name());
            if row.admits(role) {
                assert!(
                    row.permission == "open" || code != "not_signed_in",
                    "{what}"
                );
                assert_ne!(code, "forbidden", "{what}");
                assert!(status < 500 || status == 503, "{what}");
            } else {
                assert_eq!((status, code.as_str()), (403, "forbidden"), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_part_of_the_plant_reaches_nothing_that_shows_more() {
    let (rig, tags) = Rig::with_tags(&["seen", "hidden"]).await;
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    rig.give(&tags[1], rig.now_us(), 2.0).await;
    let new = json!({ "name": "partner", "role": "operator", "read": ["plant/boiler/seen"] });
    let made = rig.post("/api/v1/tokens", &new).expect(201);
    let token = made["secret"].as_str().unwrap();
    let header = bearer(token);
    let mut passed = 0;
    for row in rows(&rig)
        .iter()
        .filter(|row| !row.is_left_out() && !row.is_socket)
    {
        if row.permission == "open" {
            continue;
        }
        let answer = rig.send(&row.method, &row.path, &[("authorization", &header)], None);
        assert!(
            !answer.text.contains("hidden"),
            "{}: {}",
            row.name(),
            answer.text
        );
        passed += u32::from(answer.status == 200);
    }
    assert!(3 <= passed, "{passed} routes");
    let as_token =
        |method: &str, path: &str, body: Option<&Json>| rig.send_as(token, method, path, body);
    let list = as_token("GET", "/api/v1/tags", None).expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    for (place, status) in [(0, 200), (1, 404)] {
        let id = tags[place]["id"].as_str().unwrap();
        as_token("GET", &format!("/api/v1/tags/{id}"), None).expect(status);
        as_token("GET", &format!("/api/v1/tags/{id}/current-value"), None).expect(status);
        as_token("GET", &format!("/api/v1/tags/{id}/trend-data"), None).expect(status);
    }
    let write = json!({ "value": 3.0 });
    let id = tags[1]["id"].as_str().unwrap();
    as_token("POST", &format!("/api/v1/tags/{id}/write"), Some(&write)).expect(404);
    let now_us = rig.now_us();
    let ask = json!({ "tags": ["**"], "start": now_us - 60_000_000, "end": now_us });
    let raw = as_token("POST", "/api/v1/history/raw", Some(&ask));
    assert!(
        raw.text.contains("seen") && !raw.text.contains("hidden"),
        "{}",
        raw.text
    );
    let mut watcher = rig.watch_as(token, "/ws").await;
    assert_eq!(watcher.next().await["op"], "hello");
    let order = json!({ "op": "subscribe", "id": 1, "pattern": "**" });
    let (named, _) = watcher.subscribe(order).await;
    let named = named.to_string();
    assert!(
        named.contains("seen") && !named.contains("hidden"),
        "{named}"
    );
}
