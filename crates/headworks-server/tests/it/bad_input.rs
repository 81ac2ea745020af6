//! Input that nobody sends by mistake: every field of every body of the document with what cannot
//! stand there. The document is the list, so that a new field is tried without anybody thinking
//! of it.

mod bodies;
mod callers;
mod fields;
mod notification;
mod paths;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig};
use bodies::{Example, Plant};
use fields::{Field, Fields, fields, with};

/// Texts of many lines, by the last part of their place.
const FREE_TEXTS: &[&str] = &[
    "action",
    "body",
    "cause",
    "comment",
    "consequence",
    "description",
];
/// Secrets may be made of any characters, and values are what a device takes.
const ANY_CHARACTERS: [&str; 6] = ["password", "current", "token", "secret", "states", "value"];

/// A rig with right bodies, and what the document says of each.
struct Bench {
    rig: Rig,
    examples: Vec<(Example, Fields)>,
}

impl Bench {
    async fn start() -> Bench {
        let rig = Rig::start().await;
        let document = rig.get("/api/schema").expect(200);
        let plant = Plant::make(&rig).await;
        let examples = plant.examples(&rig).into_iter();
        let examples = examples.map(|example| {
            let (method, path) = example.operation.split_once(' ').unwrap();
            let operation = &document["paths"][path][method.to_lowercase()];
            let body = &operation["requestBody"]["content"]["application/json"];
            assert!(body.is_object(), "{} takes no body", example.operation);
            let fields = fields(&document, &body["schema"]);
            (example, fields)
        });
        let bench = Bench {
            examples: examples.collect(),
            rig,
        };
        bench.check_complete(&document);
        bench
    }

    /// Fails when an operation or a field of the document has no example.
    fn check_complete(&self, document: &Json) {
        let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, about) in methods.as_object().unwrap() {
                let body = &about["requestBody"]["content"]["application/json"];
                if body.is_object() {
                    let name = format!("{} {path}", method.to_uppercase());
                    let all = fields(document, &body["schema"]);
                    missing.insert(name, all.into_keys().collect());
                }
            }
        }
        for (example, fields) in &self.examples {
            let known = missing.get_mut(example.operation).unwrap();
            for place in fields.keys() {
                if example.body.pointer(place).is_some() {
                    known.remove(place);
                }
            }
        }
        missing.retain(|_, places| !places.is_empty());
        assert_eq!(missing, BTreeMap::new(), "add them to bodies.rs");
    }

    /// Calls `f` for every field that an example has.
    fn for_each(&self, mut f: impl FnMut(&Example, &str, &Field)) {
        for (example, fields) in &self.examples {
            for (place, field) in fields {
                if !place.is_empty() && example.body.pointer(place).is_some() {
                    f(example, place, field);
                }
            }
        }
    }

    fn send(&self, example: &Example, body: Vec<u8>) -> Answer {
        let method = example.operation.split(' ').next().unwrap();
        self.rig.send(method, &example.place, &[], Some(body))
    }

    /// Sends an example with another value at a place; the answer must blame that place.
    #[track_caller]
    fn check_refused(&self, example: &Example, place: &str, field: &Field, value: &Json) {
        let body = with(&example.body, place, value.clone()).unwrap();
        let answer = self.send(example, body.to_string().into_bytes());
        let shown: String = value.to_string().chars().take(60).collect();
        let what = format!("{} {place} = {shown}: {}", example.operation, answer.text);
        assert_eq!(answer.status, 422, "{what}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(answer.text.len() < 4_000, "{what}");
        let problem = answer.json();
        assert_eq!(problem["code"], "invalid_body", "{what}");
        let errors = problem["errors"].as_array().unwrap();
        let blames = errors.iter().any(|error| {
            let pointer = error["pointer"].as_str().unwrap();
            let is_above = place.starts_with(&format!("{pointer}/")) && !pointer.is_empty();
            let is_inside = pointer
                .strip_prefix(place)
                .is_some_and(|rest| value.pointer(rest).is_some());
            pointer == place || (is_above && field.is_choice) || is_inside
        });
        assert!(blames, "{what}");
    }

    /// Sends an example whose text at a place is replaced by bytes; it must be no JSON.
    #[track_caller]
    fn check_broken(&self, example: &Example, place: &str, bytes: &[u8]) {
        const MARK: &str = "a mark for bytes";
        let text = with(&example.body, place, MARK.into()).unwrap().to_string();
        let (before, after) = text.split_once(MARK).unwrap();
        let body = [before.as_bytes(), bytes, after.as_bytes()].concat();
        let answer = self.send(example, body);
        let what = format!("{} {place}: {}", example.operation, answer.text);
        assert_eq!(answer.status, 400, "{what}");
        assert_eq!(answer.json()["code"], "invalid_json", "{what}");
    }
}

/// Returns the last part of a place that is no number.
fn name_of(place: &str) -> &str {
    let mut parts = place.rsplit('/');
    let is_name = |part: &&str| part.parse::<usize>().is_err();
    parts.find(is_name).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_of_a_body_has_a_greatest_length_and_longer_ones_are_refused() {
    let bench = Bench::start().await;
    let mut unbounded = BTreeSet::new();
    bench.for_each(|example, place, field| {
        if !field.is_text() {
            return;
        }
        let Some(most) = field.length_max else {
            unbounded.insert(format!("{} {place}", example.operation));
            return;
        };
        let most = usize::try_from(most).unwrap();
        for length in [most + 1, 100_000] {
            // Characters, not bytes, are counted.
            let long = json!("ä".repeat(length));
            bench.check_refused(example, place, field, &long);
        }
    });
    assert_eq!(unbounded, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_type_in_any_field_of_a_body_is_refused_with_its_pointer() {
    let bench = Bench::start().await;
    let values = [
        json!(null),
        json!(true),
        json!(12),
        json!(0.5),
        json!("text"),
        json!([]),
        json!({}),
        json!([[]]),
        json!(1e300),
        json!(-9_223_372_036_854_775_808_i64),
    ];
    let mut tried = 0;
    bench.for_each(|example, place, field| {
        for value in values.iter().filter(|value| !field.takes(value)) {
            // An absent field and null are the same where there is a default.
            let is_absent = value.is_null() && place.matches('/').count() == 1;
            if !(is_absent && is_optional(example, place)) {
                bench.check_refused(example, place, field, value);
                tried += 1;
            }
        }
        if field.is_enum {
            let other = json!("__proto__");
            bench.check_refused(example, place, field, &other);
        }
        if field.format.as_deref() == Some("uuid") {
            for text in ["x", "../../etc/passwd", "{id}"] {
                bench.check_refused(example, place, field, &json!(text));
            }
        }
    });
    assert!(800 < tried, "{tried}");
}

/// Returns whether null says as much as nothing.
fn is_optional(example: &Example, place: &str) -> bool {
    let known = [("POST /api/v1/setup", "/full_name")];
    known.contains(&(example.operation, place))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_in_any_object_of_a_body_is_refused_proto_too() {
    let bench = Bench::start().await;
    let mut tried = 0;
    for (example, fields) in &bench.examples {
        for (place, field) in fields.iter().filter(|(_, field)| field.is_closed) {
            if example.body.pointer(place).is_none() {
                continue;
            }
            for name in [
                "no_such",
                "__proto__",
                "constructor",
                "prototype",
                "a\r\nb",
                "",
            ] {
                let place = format!("{place}/{name}");
                bench.check_refused(example, &place, field, &json!({ "polluted": true }));
                tried += 1;
            }
        }
    }
    assert!(150 < tried, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_nesting_in_any_field_of_a_body_is_refused() {
    let bench = Bench::start().await;
    let deep = [
        format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000)),
    ];
    bench.for_each(|example, place, _| {
        const MARK: &str = "a mark for bytes";
        let text = with(&example.body, place, MARK.into()).unwrap().to_string();
        for deep in &deep {
            let body = text.replace(&format!("\"{MARK}\""), deep);
            let answer = bench.send(example, body.into_bytes());
            let what = format!("{} {place}: {}", example.operation, answer.text);
            assert!([400, 422].contains(&answer.status), "{what}");
            assert!(answer.text.len() < 4_000, "{what}");
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_utf8_in_any_text_of_a_body_is_refused() {
    let bench = Bench::start().await;
    bench.for_each(|example, place, field| {
        if field.types.contains("string") {
            for bytes in [
                &b"\xff"[..],
                b"\xc0\xaf",
                b"\xed\xa0\x80",
                b"\xf4\x90\x80\x80",
                b"a\xe2\x82",
                b"\\ud800",
                b"\\udc00\\ud800",
                b"a\r\nb",
                b"a\0b",
            ] {
                bench.check_broken(example, place, bytes);
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn line_breaks_and_control_characters_in_names_are_refused() {
    let bench = Bench::start().await;
    let mut tried = BTreeSet::new();
    bench.for_each(|example, place, field| {
        let name = name_of(place);
        if !field.is_text() || ANY_CHARACTERS.contains(&name) {
            return;
        }
        let breaks: &[&str] = match FREE_TEXTS.contains(&name) {
            true => &["a\0b", "a\u{1b}[31mb", "a\u{85}b"],
            false => &[
                "a\r\nset-cookie: b",
                "a\nb",
                "a\tb",
                "a\0b",
                "a\u{1b}[31mb",
                "a\u{85}b",
            ],
        };
        for text in breaks {
            bench.check_refused(example, place, field, &json!(text));
        }
        tried.insert(name.to_owned());
    });
    for name in [
        "name",
        "unit",
        "address",
        "path",
        "title",
        "pattern",
        "full_name",
        "levels",
    ] {
        assert!(tried.contains(name), "{name}: {tried:?}");
    }
}
