//! Accounts, sessions and tokens over the API.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::rig::{Answer, NOBODY, PASSWORD, Rig, wait_for};

/// Returns the cookies of an answer, as a browser sends them back.
fn cookies(answer: &Answer) -> String {
    let set = answer.headers.get_all("set-cookie").iter();
    let pairs = set.map(|text| text.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

fn sign_in(rig: &Rig, name: &str, password: &str) -> Answer {
    let body = json!({ "name": name, "password": password }).to_string();
    rig.send(
        "POST",
        "/api/v1/session",
        &[NOBODY],
        Some(body.into_bytes()),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_is_open_once() {
    let rig = Rig::start().await;
    let state = rig
        .send("GET", "/api/v1/setup", &[NOBODY], None)
        .expect(200);
    assert_eq!(state["needed"], false);
    let again = json!({ "token": "ABC", "name": "eve", "password": PASSWORD });
    rig.post("/api/v1/setup", &again)
        .refused(401, "sign_in_failed");
    let me = rig.get("/api/v1/session").expect(200);
    assert_eq!(
        (me["name"].as_str(), me["role"].as_str()),
        (Some("owner"), Some("owner"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_refreshes_and_signs_out_by_cookies() {
    let rig = Rig::start().await;
    let opened = sign_in(&rig, "OWNER", PASSWORD);
    opened.expect(200);
    for cookie in opened.headers.get_all("set-cookie") {
        let text = cookie.to_str().unwrap();
        assert!(text.contains("; HttpOnly; SameSite=Strict"), "{text}");
    }
    let first = cookies(&opened);
    let with = |cookies: &str, method: &str, path: &str| {
        rig.send(method, path, &[("cookie", cookies)], None)
    };
    assert_eq!(
        with(&first, "GET", "/api/v1/session").expect(200)["via"],
        "session"
    );
    let refreshed = with(&first, "POST", "/api/v1/session/refresh");
    refreshed.expect(200);
    let second = cookies(&refreshed);
    with(&first, "GET", "/api/v1/session").refused(401, "not_signed_in");
    with(&second, "GET", "/api/v1/session").expect(200);
    let out = with(&second, "DELETE", "/api/v1/session");
    out.expect(204);
    assert!(out.headers.get_all("set-cookie").iter().count() == 2);
    with(&second, "GET", "/api/v1/session").refused(401, "not_signed_in");
    with(&second, "POST", "/api/v1/session/refresh").refused(401, "not_signed_in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_refresh_token_closes_the_session() {
    let rig = Rig::start().await;
    let first = cookies(&sign_in(&rig, "owner", PASSWORD));
    let refresh = |cookies: &str| {
        rig.send(
            "POST",
            "/api/v1/session/refresh",
            &[("cookie", cookies)],
            None,
        )
    };
    let second = cookies(&refresh(&first));
    refresh(&first).refused(401, "not_signed_in");
    let after = rig.send("GET", "/api/v1/session", &[("cookie", &second)], None);
    after.refused(401, "not_signed_in");
    refresh(&second).refused(401, "not_signed_in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_of_a_foreign_page_changes_nothing() {
    let rig = Rig::start().await;
    let cookies = cookies(&sign_in(&rig, "owner", PASSWORD));
    let headers = [
        ("cookie", cookies.as_str()),
        ("origin", "http://evil.example"),
    ];
    let body = rig.connection().to_string().into_bytes();
    let answer = rig.send("POST", "/api/v1/connections", &headers, Some(body));
    answer.refused(403, "foreign_origin");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_gets_slower_and_never_locks_out_for_good() {
    let rig = Rig::start().await;
    let mut refused = 0;
    for _ in 0..12 {
        match sign_in(&rig, "owner", "a wrong password").status {
            401 => {}
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(3 <= refused, "{refused} of 12 were slowed down");
    let slow = sign_in(&rig, "owner", PASSWORD);
    if slow.status == 429 {
        let pause: u64 = slow.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(pause <= 60, "{pause}");
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    sign_in(&rig, "owner", PASSWORD).expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_takes_away_is_gone_at_once() {
    let rig = Rig::start().await;
    let token = rig.make_user("anna", "admin");
    let anna = rig.get("/api/v1/users?search=anna").expect(200)["items"][0].clone();
    let path = format!("/api/v1/users/{}", anna["id"].as_str().unwrap());
    let change = |body: Json| rig.send("PATCH", &path, &[], Some(body.to_string().into_bytes()));
    let mut socket = rig.watch_as(&token, "/ws").await;
    assert_eq!(socket.next().await["op"], "hello");
    change(json!({ "role": "viewer" })).expect(200);
    rig.send_as(&token, "GET", "/api/v1/users", None)
        .refused(403, "forbidden");
    rig.send_as(&token, "GET", "/api/v1/tags", None).expect(200);
    assert_eq!(socket.close_code().await, Some(4401));
    change(json!({ "is_disabled": true })).expect(200);
    rig.send_as(&token, "GET", "/api/v1/tags", None)
        .refused(401, "not_signed_in");
    sign_in(&rig, "anna", PASSWORD).refused(401, "sign_in_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_writes_where_granted() {
    let (rig, tags) = Rig::with_tags(&["mine", "other"]).await;
    let user = json!({
        "name": "op", "role": "operator", "password": PASSWORD, "write": ["plant/boiler/mine"],
    });
    rig.post("/api/v1/users", &user).expect(201);
    let token = rig.sign_in("op");
    let write = |tag: &Json| {
        let path = format!("/api/v1/tags/{}/write", tag["id"].as_str().unwrap());
        rig.send_as(&token, "POST", &path, Some(&json!({ "value": 1.5 })))
    };
    assert_ne!(write(&tags[0]).status, 403);
    let refused = write(&tags[1]);
    refused.refused(403, "forbidden");
    assert!(
        refused.text.contains("op may not write plant/boiler/other"),
        "{}",
        refused.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_touch_owners_and_the_last_one_stays() {
    let rig = Rig::start().await;
    let admin = rig.make_user("admin", "admin");
    let owner = rig.get("/api/v1/session").expect(200)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/users/{owner}");
    let as_admin =
        |method: &str, path: &str, body: Json| rig.send_as(&admin, method, path, Some(&body));
    as_admin("PATCH", &path, json!({ "role": "viewer" })).refused(403, "forbidden");
    let reset = json!({ "password": "another ferry drum 8" });
    as_admin("PUT", &format!("{path}/password"), reset).refused(403, "forbidden");
    let eve = json!({ "name": "eve", "role": "owner", "password": PASSWORD });
    as_admin("POST", "/api/v1/users", eve).refused(403, "forbidden");
    rig.delete(&path).refused(409, "account_conflict");
    let bad = json!({ "name": "bert", "role": "viewer", "password": "password1" });
    let pointers = rig.post("/api/v1/users", &bad).refused(422, "invalid_body");
    assert_eq!(pointers, ["/password"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_reset_has_to_be_changed_before_anything_else() {
    let rig = Rig::start().await;
    rig.make_user("anna", "admin");
    let anna = rig.get("/api/v1/users?search=anna").expect(200)["items"][0]["id"].clone();
    let path = format!("/api/v1/users/{}/password", anna.as_str().unwrap());
    let first = "another ferry drum 8";
    let body = json!({ "password": first }).to_string().into_bytes();
    rig.send("PUT", &path, &[], Some(body)).expect(204);
    sign_in(&rig, "anna", PASSWORD).refused(401, "sign_in_failed");
    let opened = sign_in(&rig, "anna", first).expect(200);
    assert_eq!(opened["me"]["must_change_password"], true);
    let token = opened["access_token"].as_str().unwrap();
    let refused = rig.send_as(token, "GET", "/api/v1/tags", None);
    refused.refused(403, "password_change_needed");
    let wrong = json!({ "current": "wrong", "password": PASSWORD });
    let change = |body: &Json| rig.send_as(token, "PUT", "/api/v1/session/password", Some(body));
    change(&wrong).refused(403, "forbidden");
    change(&json!({ "current": first, "password": PASSWORD })).expect(204);
    rig.send_as(token, "GET", "/api/v1/tags", None).expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_screen_has_a_cookie_and_only_sees() {
    let rig = Rig::start().await;
    let new = json!({ "name": "wall", "kind": "kiosk", "role": "viewer" });
    let made = rig.post("/api/v1/tokens", &new).expect(201);
    let body = json!({ "token": made["secret"] }).to_string().into_bytes();
    let opened = rig.send("POST", "/api/v1/session/kiosk", &[NOBODY], Some(body));
    opened.expect(200);
    let cookie = cookies(&opened);
    let with = |method: &str, path: &str| rig.send(method, path, &[("cookie", &cookie)], None);
    with("GET", "/api/v1/tags").expect(200);
    assert_eq!(with("GET", "/api/v1/session").expect(200)["via"], "token");
    with("GET", "/api/v1/sessions").refused(403, "forbidden");
    with("GET", "/api/v1/users").refused(403, "forbidden");
    rig.delete(&format!("/api/v1/tokens/{}", made["id"].as_str().unwrap()))
        .expect(204);
    with("GET", "/api/v1/tags").refused(401, "not_signed_in");
    let secrets = rig.get("/api/v1/tokens?all=true").expect(200).to_string();
    assert!(!secrets.contains("hwk_"), "{secrets}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_is_added_with_proof_and_asked_for() {
    let rig = Rig::start().await;
    let offer = rig.post("/api/v1/session/totp", &json!({})).expect(200);
    let secret: headworks_access::TotpSecret = offer["secret"].as_str().unwrap().parse().unwrap();
    let now_us = rig.now_us();
    let mut body = json!({ "password": PASSWORD, "secret": offer["secret"], "code": "000000" });
    let add = |body: &Json| {
        rig.send(
            "PUT",
            "/api/v1/session/totp",
            &[],
            Some(body.to_string().into_bytes()),
        )
    };
    assert_eq!(add(&body).refused(422, "invalid_body"), ["/code"]);
    body["code"] = secret.code_at(now_us - 30_000_000).into();
    add(&body).expect(204);
    sign_in(&rig, "owner", PASSWORD).refused(401, "code_needed");
    let full = json!({
        "name": "owner", "password": PASSWORD, "code": secret.code_at(rig.now_us()),
    });
    rig.post("/api/v1/session", &full).expect(200);
    rig.post("/api/v1/session", &full)
        .refused(401, "sign_in_failed");

    let wrong = json!({ "password": "not this one" });
    rig.post("/api/v1/session/totp/disable", &wrong)
        .refused(403, "forbidden");
    assert_eq!(rig.get("/api/v1/session").expect(200)["has_totp"], true);
    let right = json!({ "password": PASSWORD });
    // Some proxies drop the body of a DELETE, and with it the proof.
    rig.delete("/api/v1/session/totp")
        .refused(405, "method_not_allowed");
    rig.post("/api/v1/session/totp/disable", &right).expect(204);
    sign_in(&rig, "owner", PASSWORD).expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_in_the_journal_without_secrets() {
    let (rig, tags) = Rig::with_tags(&["level"]).await;
    sign_in(&rig, "owner", "a wrong password").refused(401, "sign_in_failed");
    rig.make_user("anna", "viewer");
    let path = format!("/api/v1/tags/{}/write", tags[0]["id"].as_str().unwrap());
    rig.post(&path, &json!({ "value": 7.5 }));
    rig.delete(&format!("/api/v1/tags/{}", tags[0]["id"].as_str().unwrap()))
        .expect(204);
    let written = || {
        let page = rig.get("/api/v1/audit?action=delete_tag").expect(200);
        !page["items"].as_array().unwrap().is_empty()
    };
    wait_for(written).await;
    let page = rig.get("/api/v1/audit?limit=50").expect(200);
    let items = page["items"].as_array().unwrap();
    let find = |action: &str| {
        let found = items.iter().find(|item| item["action"] == action);
        found.unwrap_or_else(|| panic!("{action}: {page}"))
    };
    let failed = items
        .iter()
        .find(|item| item["problem"] == "sign_in_failed")
        .unwrap();
    assert_eq!(
        (&failed["actor"]["name"], &failed["actor"]["kind"]),
        (&json!("owner"), &json!("nobody"))
    );
    assert_eq!(find("create_user")["after"]["name"], "anna");
    let write = find("write_tag");
    assert_eq!(
        (&write["target"]["id"], &write["after"]),
        (&json!("plant/boiler/level"), &json!(7.5))
    );
    assert_eq!(find("delete_tag")["before"]["name"], "level");
    assert_eq!(find("delete_tag")["address"], "127.0.0.1");
    assert!(!page.to_string().contains(PASSWORD));
}
