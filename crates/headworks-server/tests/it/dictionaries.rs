//! Dictionaries: what the plant's own texts are in other languages.

use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig};

const LIST: &str = "/api/v1/dictionaries";

fn words(rig: &Rig, language: &str) -> Json {
    let place = format!("{LIST}/words?language={language}");
    rig.get(&place).expect(200)["words"].clone()
}

fn make(rig: &Rig, language: &str, words: &Json) -> Json {
    let body = json!({ "language": language, "words": words });
    rig.post(LIST, &body).expect(201)
}

fn place(object: &Json) -> String {
    format!("{LIST}/{}", object["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dictionary_lives_and_dies() {
    let rig = Rig::start().await;
    let made = make(
        &rig,
        "de",
        &json!({ "boiler": "Kessel", "level": "Füllstand" }),
    );
    assert_eq!(made["words"]["boiler"], "Kessel");
    let list = rig.get(LIST).expect(200);
    let item = &list["items"][0];
    assert_eq!(
        (&item["language"], &item["word_count"]),
        (&json!("de"), &json!(2))
    );
    assert_eq!(item["words"], Json::Null);
    assert_eq!(rig.get(&place(&made)).expect(200), made);
    assert_eq!(
        rig.get(&format!("{LIST}?search=nl")).expect(200)["total"],
        0
    );

    let changed = json!({ "language": "de", "words": { "boiler": "Dampfkessel" } });
    let answer = rig.put(&place(&made), "\"1\"", &changed).expect(200);
    assert_eq!(answer["words"], changed["words"]);
    let stale = rig.put(&place(&made), "\"1\"", &changed);
    stale.refused(412, "conflict");
    rig.delete(&place(&made)).expect(204);
    rig.get(&place(&made)).refused(404, "not_found");
    let history = rig.get(&format!("{}/history", place(&made))).expect(200);
    assert_eq!(history["items"][1]["body"], changed);
    assert_eq!(words(&rig, "de"), json!({}));

    // What was deleted comes back from the bin, words and all.
    let bin = rig.get("/api/v1/bin").expect(200);
    let gone = &bin["items"][0];
    assert_eq!(
        (&gone["kind"], &gone["body"]),
        (&json!("dictionary"), &changed)
    );
    let place = format!("/api/v1/bin/{}/restore", made["id"].as_str().unwrap());
    rig.post(&place, &json!({})).expect(200);
    assert_eq!(words(&rig, "de"), changed["words"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_has_one_dictionary() {
    let rig = Rig::start().await;
    let german = make(&rig, "de", &json!({}));
    let english = make(&rig, "en", &json!({}));
    for language in ["de", "DE"] {
        let refused = rig.post(LIST, &json!({ "language": language }));
        assert_eq!(refused.refused(422, "invalid_body"), ["/language"]);
        assert!(refused.text.contains("already"), "{}", refused.text);
    }
    let same = json!({ "language": "DE" });
    rig.put(&place(&german), "*", &same).expect(200);
    let refused = rig.put(&place(&english), "*", &same);
    assert_eq!(refused.refused(422, "invalid_body"), ["/language"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_of_a_dictionary_has_its_pointer() {
    let rig = Rig::start().await;
    let many: serde_json::Map<String, Json> =
        (0..10_001).map(|at| (at.to_string(), json!("x"))).collect();
    for (body, pointer) in [
        (json!({}), ""),
        (json!({ "language": "German" }), "/language"),
        (
            json!({ "language": "de", "words": { "a": "" } }),
            "/words/a",
        ),
        (
            json!({ "language": "de", "words": { "a/b": "x\u{7}" } }),
            "/words/a~1b",
        ),
        (
            json!({ "language": "de", "words": { "a\u{0}": "x" } }),
            "/words/a\u{0}",
        ),
        (
            json!({ "language": "de", "words": { " ": "x" } }),
            "/words/ ",
        ),
        (
            json!({ "language": "de", "words": { "a": "x".repeat(4001) } }),
            "/words/a",
        ),
        (json!({ "language": "de", "words": { "a": 1 } }), "/words/a"),
        (json!({ "language": "de", "words": many }), "/words"),
        (json!({ "language": "de", "name": "x" }), "/name"),
    ] {
        let refused = rig.post(LIST, &body);
        assert_eq!(refused.refused(422, "invalid_body"), [pointer]);
    }
    for language in ["", "x", "German", "de_AT"] {
        let refused = rig.get(&format!("{LIST}/words?language={language}"));
        assert_eq!(
            refused.refused(400, "invalid_query"),
            ["?language"],
            "{language}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_falls_back_to_its_language_word_by_word() {
    let rig = Rig::start().await;
    make(
        &rig,
        "de",
        &json!({ "boiler": "Kessel", "potato": "Kartoffel" }),
    );
    make(&rig, "de-AT", &json!({ "potato": "Erdapfel" }));
    assert_eq!(words(&rig, "de")["potato"], "Kartoffel");
    let austrian = json!({ "boiler": "Kessel", "potato": "Erdapfel" });
    assert_eq!(words(&rig, "de-AT"), austrian);
    assert_eq!(words(&rig, "DE-at"), austrian);
    assert_eq!(words(&rig, "de-CH")["potato"], "Kartoffel");
    assert_eq!(words(&rig, "nl"), json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_known_are_not_sent_again() {
    let rig = Rig::start().await;
    let made = make(&rig, "de", &json!({ "boiler": "Kessel" }));
    let place_of_words = format!("{LIST}/words?language=de");
    let first = rig.get(&place_of_words);
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(first.headers["cache-control"], "private, no-cache");
    let ask = |etag: &str| -> Answer {
        rig.send("GET", &place_of_words, &[("if-none-match", etag)], None)
    };
    for known in [etag.clone(), format!("\"x\", W/{etag}")] {
        let again = ask(&known);
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{known}");
        assert_eq!(again.headers["etag"], etag.as_str());
    }
    let changed = json!({ "language": "de", "words": { "boiler": "Dampfkessel" } });
    rig.put(&place(&made), "*", &changed).expect(200);
    assert_eq!(ask(&etag).expect(200)["words"], changed["words"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_keeps_its_own_translation() {
    let (rig, tags) = Rig::with_tags(&["seen"]).await;
    let condition = json!({ "kind": "high", "limit": 80.0 });
    let rule = json!({
        "name": "hot", "tag": tags[0]["id"], "condition": condition, "message": "{value} is hot",
        "translations": { "de": "{value} ist heiß" },
    });
    rig.post("/api/v1/alarm-rules", &rule).expect(201);
    make(&rig, "de", &json!({ "{value} is hot": "other" }));
    let answer = rig.get(&format!("{LIST}/words?language=de-AT")).expect(200);
    assert_eq!(
        answer["messages"],
        json!({ "{value} is hot": "{value} ist heiß" })
    );
    assert_eq!(answer["words"]["{value} is hot"], "other");
    let answer = rig.get(&format!("{LIST}/words?language=nl")).expect(200);
    assert_eq!(answer["messages"], json!({}));
}

/// Writes texts into the plant wherever they can stand.
fn write_texts(rig: &Rig, tag: &Json) {
    let widget = json!({
        "type": "button", "title": "Pump", "x": 0, "y": 0, "w": 2, "h": 1,
        "bindings": [{ "tag": tag["id"] }],
        "button": { "action": "write", "value": 1, "label": "Start" },
        "states": { "rows": [{ "value": 1, "text": "runs" }] },
    });
    let groups = json!([{ "name": "level", "widgets": [widget] }]);
    let board = json!({ "name": "Überblick", "groups": groups });
    rig.post("/api/v1/dashboards", &board).expect(201);
    rig.post(
        "/api/v1/groups",
        &json!({ "name": "pumps", "description": "all\nof them" }),
    )
    .expect(201);
    let rule = json!({
        "name": "empty", "tag": tag["id"], "condition": { "kind": "low", "limit": 1.0 },
        "message": "only {value} left", "action": "fill it",
    });
    rig.post("/api/v1/alarm-rules", &rule).expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_texts_of_the_plant_are_listed_with_their_translation() {
    let (rig, tags) = Rig::with_tags(&["level", "flow"]).await;
    write_texts(&rig, &tags[0]);
    make(
        &rig,
        "de",
        &json!({ "level": "Füllstand", "Start": "Los", "of old": "von früher" }),
    );
    let ask = |query: &str| {
        let place = format!("{LIST}/texts?language=DE{query}");
        rig.get(&place).expect(200)
    };
    let texts = |answer: &Json| -> Vec<String> {
        let items = answer["items"].as_array().unwrap().iter();
        items
            .map(|item| item["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ask("");
    let want = [
        "all\nof them",
        "boiler",
        "empty",
        "fill it",
        "flow",
        "level",
        "of old",
        "only {value} left",
        "Pump",
        "pumps",
        "runs",
        "Start",
        "Überblick",
    ];
    assert_eq!(texts(&all), want);
    assert_eq!((&all["count"], &all["translated"]), (&json!(12), &json!(2)));
    let level = &all["items"][5];
    assert_eq!(level["translation"], "Füllstand");
    assert_eq!(level["used_by"], json!(["tag", "dashboard"]));
    let missing = ask("&only=missing");
    assert_eq!(
        (missing["total"].as_u64(), missing["count"].as_u64()),
        (Some(10), Some(12))
    );
    assert!(!texts(&missing).contains(&"Start".to_owned()), "{missing}");
    assert_eq!(texts(&ask("&only=unused")), ["of old"]);
    assert_eq!(texts(&ask("&search=FÜLL")), ["level"]);
    assert_eq!(texts(&ask("&search=pump")), ["Pump", "pumps"]);
    let first = ask("&limit=8");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ask(&format!("&limit=8&cursor={cursor}"));
    assert_eq!([texts(&first), texts(&second)].concat(), want);
    let other = rig.get(&format!("{LIST}/texts?language=nl")).expect(200);
    assert_eq!(
        (&other["count"], &other["translated"]),
        (&json!(12), &json!(0))
    );
}

/// A rig with tags of which its token sees the first only.
async fn narrowed_rig() -> (Rig, Vec<Json>, String) {
    let (rig, tags) = Rig::with_tags(&["seen", "hidden"]).await;
    let new = json!({ "name": "wall", "kind": "kiosk", "role": "viewer",
        "read": ["plant/boiler/seen"] });
    let made = rig.post("/api/v1/tokens", &new).expect(201);
    let token = made["secret"].as_str().unwrap().to_owned();
    (rig, tags, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_reader_gets_the_words_of_what_is_shown_to_them() {
    let (rig, tags, token) = narrowed_rig().await;
    let tile = |title: &str, tag: &Json| {
        json!({
            "type": "value", "title": title, "x": 0, "y": 0, "w": 2, "h": 1,
            "bindings": [{ "tag": tag["id"] }],
        })
    };
    let shown = json!({ "name": "inside", "widgets": [tile("warm", &tags[0])] });
    let kept = json!({ "name": "vault", "widgets": [tile("secret", &tags[1])] });
    let board = json!({ "name": "boiler room", "groups": [shown, kept] });
    rig.post("/api/v1/dashboards", &board).expect(201);
    let other = json!({ "name": "hidden room", "groups": [kept] });
    rig.post("/api/v1/dashboards", &other).expect(201);
    let texts = [
        "seen",
        "hidden",
        "boiler",
        "warm",
        "secret",
        "inside",
        "vault",
        "boiler room",
        "hidden room",
        "nobody's",
    ];
    let all: serde_json::Map<String, Json> = texts
        .iter()
        .map(|text| ((*text).to_owned(), json!(format!("{text} in German"))))
        .collect();
    make(&rig, "de", &all.into());
    for (tag, message) in [(&tags[0], "it is warm"), (&tags[1], "it is cold")] {
        let rule = json!({
            "name": message, "tag": tag["id"], "condition": { "kind": "high", "limit": 1.0 },
            "translations": { "de": "so" },
        });
        rig.post("/api/v1/alarm-rules", &rule).expect(201);
    }
    let place_of_words = format!("{LIST}/words?language=de");
    let answer = rig
        .send_as(&token, "GET", &place_of_words, None)
        .expect(200);
    let found: Vec<&String> = answer["words"].as_object().unwrap().keys().collect();
    assert_eq!(found, ["boiler", "boiler room", "inside", "seen", "warm"]);
    assert_eq!(answer["messages"], json!({ "it is warm": "so" }));
    let whole = rig.get(&place_of_words).expect(200);
    assert_eq!(whole["words"].as_object().unwrap().len(), texts.len());
    assert_eq!(whole["messages"].as_object().unwrap().len(), 2);
    rig.send_as(&token, "GET", LIST, None)
        .refused(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_screen_that_sees_everything_gets_every_word_and_changes_none() {
    let rig = Rig::start().await;
    make(&rig, "de", &json!({ "anything": "irgendetwas" }));
    let new = json!({ "name": "wall", "kind": "kiosk", "role": "viewer" });
    let made = rig.post("/api/v1/tokens", &new).expect(201);
    let token = made["secret"].as_str().unwrap();
    let place_of_words = format!("{LIST}/words?language=de");
    let answer = rig.send_as(token, "GET", &place_of_words, None).expect(200);
    assert_eq!(answer["words"]["anything"], "irgendetwas");
    let body = json!({ "language": "nl" });
    rig.send_as(token, "POST", LIST, Some(&body))
        .refused(403, "forbidden");
}
