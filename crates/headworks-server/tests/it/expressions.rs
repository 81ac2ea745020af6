//! Expressions tried before they are saved.

use serde_json::{Value as Json, json};

use crate::rig::Rig;

const CHECK: &str = "/api/v1/expressions/check";

fn check(rig: &Rig, body: &Json) -> Json {
    rig.post(CHECK, body).expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_that_works_says_what_it_reads_and_gives() {
    let (rig, tags) = Rig::with_tags(&["supply", "return"]).await;
    let now_us = rig.now_us();
    rig.give(&tags[0], now_us - 2_000_000, 80.0).await;
    rig.give(&tags[1], now_us - 1_000_000, 60.0).await;
    let text = r#"supply - tag("plant/boiler/return")"#;
    let body = json!({ "text": text, "kind": "formula", "device": tags[0]["device"] });
    let answer = check(&rig, &body);
    assert_eq!(answer["error"], Json::Null);
    let compiled = &answer["compiled"];
    assert_eq!(compiled["gives"], "number");
    assert_eq!(compiled["remembers"], false);
    assert_eq!(compiled["follows_clock"], false);
    let (cost, most) = (&compiled["cost"], &compiled["cost_max"]);
    assert!(0 < cost.as_u64().unwrap() && cost.as_u64() < most.as_u64());
    let inputs = compiled["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 2);
    assert_eq!(inputs[0]["reference"], "supply");
    assert_eq!(inputs[0]["tag"], tags[0]["id"]);
    assert_eq!(inputs[1]["path"], "plant/boiler/return");
    assert_eq!(inputs[1]["current"]["value"], 60.0);
    let result = &compiled["result"];
    assert_eq!(
        (&result["value"], &result["fault"]),
        (&json!(20.0), &Json::Null)
    );
    assert_eq!(result["time_us"], now_us - 1_000_000);
    assert_eq!(result["quality"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_marked_and_explained() {
    let (rig, tags) = Rig::with_tags(&["supply"]).await;
    let device = &tags[0]["device"];
    for (text, column, length, message, hint) in [
        (
            "clmp(supply, 0, 1)",
            1,
            4,
            "there is no function \"clmp\"",
            "did you mean clamp?",
        ),
        ("1 + suply", 5, 5, "suply", "did you mean supply?"),
        ("supply +", 9, 0, "expected a value, found the end", ""),
        (
            "supply = 2",
            8,
            1,
            "`=` has no meaning here",
            "compare with `==`",
        ),
    ] {
        let body = json!({ "text": text, "kind": "formula", "device": device });
        let answer = check(&rig, &body);
        assert_eq!(answer["compiled"], Json::Null, "{text}");
        let error = &answer["error"];
        assert_eq!(
            (&error["column"], &error["length"]),
            (&json!(column), &json!(length)),
            "{text}"
        );
        assert!(
            error["message"].as_str().unwrap().contains(message),
            "{error}"
        );
        assert!(
            error["hint"].as_str().unwrap_or("").contains(hint),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_without_value_says_why() {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    let ask = |text: &str| {
        let body = json!({ "text": text, "kind": "formula", "device": tags[0]["device"] });
        check(&rig, &body)["compiled"]["result"].clone()
    };
    let divided = ask("a / (a - 1)");
    assert_eq!(divided["value"], Json::Null);
    assert_eq!(divided["class"], "bad");
    assert_eq!(divided["fault"]["fault"], "division_by_zero");
    assert_eq!(divided["fault"]["column"], 3);
    assert_eq!(divided["fault"]["message"], "division by zero at column 3");
    let waiting = ask("a + b");
    assert_eq!(waiting["quality_name"], "BadWaitingForInitialData");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transform_is_given_the_value_of_its_tag() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    rig.give(&tags[0], rig.now_us(), 1234.0).await;
    let text = "scale(0.001) | round(1)";
    let body = json!({ "text": text, "kind": "transform", "tag": tags[0]["id"] });
    assert_eq!(check(&rig, &body)["compiled"]["result"]["value"], 1.2);
    let body = json!({ "text": "value > 1000", "kind": "route_condition", "tag": tags[0]["id"] });
    assert_eq!(check(&rig, &body)["compiled"]["result"]["value"], true);
    // Without a tag it compiles, and gives nothing.
    let answer = check(&rig, &json!({ "text": text, "kind": "transform" }));
    assert_eq!(answer["compiled"]["inputs"][0]["reference"], "value");
    assert_eq!(answer["compiled"]["result"], Json::Null);
    // A formula is given nothing.
    let answer = check(
        &rig,
        &json!({ "text": "value", "kind": "formula", "tag": tags[0]["id"] }),
    );
    assert_eq!(answer["error"]["column"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_those_of_the_object_that_is_saved() {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    rig.give(&tags[0], rig.now_us(), 3.0).await;
    rig.give(&tags[1], rig.now_us(), 4.0).await;
    let path = r#"tag("plant/boiler/b")"#;
    let by_name = "value < b";
    let by_path = format!("value < {path}");
    for (kind, text, is_good) in [
        ("alarm_condition", by_name, true),
        ("alarm_condition", by_path.as_str(), true),
        ("route_condition", by_name, false),
        ("route_condition", by_path.as_str(), true),
        ("transform", "value + b", false),
        ("formula", by_name, false),
        ("formula", "3 < b", true),
    ] {
        let answer = check(
            &rig,
            &json!({ "text": text, "kind": kind, "tag": tags[0]["id"] }),
        );
        assert_eq!(
            answer["error"].is_null(),
            is_good,
            "{kind} {text}: {answer}"
        );
        if is_good {
            assert_eq!(answer["compiled"]["result"]["value"], true, "{kind} {text}");
        }
    }
    // What the check says of them is what saving says of them.
    let rule = |text: &str, tag: bool| {
        let mut rule = json!({ "name": "r", "priority": 2,
            "condition": { "kind": "expression", "text": text } });
        if tag {
            rule["tag"] = tags[0]["id"].clone();
        }
        rig.post("/api/v1/alarm-rules", &rule).status
    };
    assert_eq!(rule("value < 5", false), 422, "an alarm without a tag");
    let nothing = check(
        &rig,
        &json!({ "text": "value < 5", "kind": "alarm_condition" }),
    );
    assert_eq!(nothing["error"]["column"], 1, "{nothing}");
    assert_eq!(rule(by_name, true), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_is_a_text_is_refused_as_when_it_is_saved() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    for kind in ["alarm_condition", "route_condition"] {
        let body = json!({ "text": "\"yes\"", "kind": kind, "tag": tags[0]["id"] });
        let error = &check(&rig, &body)["error"];
        assert_eq!(
            error["message"], "gives a text; it must be true or false",
            "{kind}"
        );
    }
    let formula = json!({ "text": "\"yes\"", "kind": "formula" });
    assert_eq!(check(&rig, &formula)["error"], Json::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_formula_that_would_need_itself_is_told_the_way() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let device = &tags[0]["device"];
    let make = |name: &str, formula: &str| {
        let tag = json!({ "device": device, "name": name, "formula": formula });
        rig.post("/api/v1/tags", &tag).expect(201)
    };
    let one = make("one", "a + 1");
    make("two", "one + a");
    let body = json!({ "text": "a + two", "kind": "formula", "tag": one["id"] });
    let error = &check(&rig, &body)["error"];
    let way = "plant/boiler/one <- plant/boiler/two <- plant/boiler/one";
    assert_eq!(error["message"], format!("needs its own result: {way}"));
    // Another tag may read both.
    let body = json!({ "text": "a + two + one", "kind": "formula", "device": device });
    assert_eq!(check(&rig, &body)["error"], Json::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_caller_tries_with_the_tags_that_it_sees() {
    let (rig, tags) = Rig::with_tags(&["seen", "hidden"]).await;
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    rig.give(&tags[1], rig.now_us(), 2.0).await;
    let new = json!({ "name": "partner", "role": "viewer", "read": ["plant/boiler/seen"] });
    let made = rig.post("/api/v1/tokens", &new).expect(201);
    let token = made["secret"].as_str().unwrap();
    let ask = |body: &Json| rig.send_as(token, "POST", CHECK, Some(body));
    let body = |text: &str| json!({ "text": text, "kind": "formula", "device": tags[0]["device"] });
    let answer = ask(&body("seen * 2")).expect(200);
    assert_eq!(answer["compiled"]["result"]["value"], 2.0);
    let refused = ask(&body("hidden * 2")).expect(200);
    let never = ask(&body("hiden * 2")).expect(200);
    assert_eq!(refused["compiled"], Json::Null);
    assert!(
        !never.to_string().contains("hidden"),
        "no hint at what is hidden: {never}"
    );
    let by_path = ask(&body(r#"tag("plant/boiler/hidden")"#)).expect(200);
    assert_eq!(by_path["compiled"], Json::Null);
    let about = json!({ "text": "value", "kind": "alarm_condition", "tag": tags[1]["id"] });
    assert_eq!(ask(&about).refused(422, "invalid_body"), ["/tag"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_expressions_are_refused_with_a_reason() {
    let rig = Rig::start().await;
    let deep = format!("{}1{}", "(".repeat(2000), ")".repeat(2000));
    let long = vec!["1"; 2040].join("+");
    for text in [
        deep.as_str(),
        long.as_str(),
        "2 ** 10 ** 10 ** 10 ** 10",
        "\"a\" * 2",
        "((",
        "\u{7f}",
    ] {
        let answer = rig.post(CHECK, &json!({ "text": text, "kind": "formula" }));
        let shown: String = text.chars().take(20).collect();
        if answer.status == 422 {
            assert_eq!(answer.refused(422, "invalid_body"), ["/text"], "{shown}");
            continue;
        }
        let answer = answer.expect(200);
        let fault = &answer["compiled"]["result"]["fault"];
        assert!(
            answer["error"].is_object() || fault.is_object(),
            "{shown}: {answer}"
        );
    }
    let much = "1+".repeat(3000);
    let refused = rig.post(CHECK, &json!({ "text": much, "kind": "formula" }));
    assert_eq!(refused.refused(422, "invalid_body"), ["/text"]);
    let nobody = "0192d3c0-0000-7000-8000-000000000000";
    for field in ["device", "tag"] {
        let refused = rig.post(
            CHECK,
            &json!({ "text": "1", "kind": "formula", field: nobody }),
        );
        assert_eq!(refused.refused(422, "invalid_body"), [format!("/{field}")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_is_listed_with_an_example_of_each_function() {
    let rig = Rig::start().await;
    let list = rig.get("/api/v1/expressions/functions").expect(200);
    let items = list["items"].as_array().unwrap();
    assert!(60 < items.len(), "{}", items.len());
    let clamp = items.iter().find(|one| one["name"] == "clamp").unwrap();
    assert_eq!(clamp["signature"], "clamp(x, low, high)");
    assert_eq!(clamp["group"], "math");
    for item in items {
        let example = item["example"].as_str().unwrap();
        assert!(example.contains(item["name"].as_str().unwrap()), "{item}");
        assert!(!item["doc"].as_str().unwrap().is_empty(), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calculated_tags_are_listed_with_what_they_read_and_how_they_went() {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    let make = |name: &str, formula: &str| {
        let tag = json!({ "device": tags[0]["device"], "name": name, "formula": formula });
        rig.post("/api/v1/tags", &tag).expect(201)
    };
    let sum = make("sum", "a + b");
    let share = make("share", "sum / (a - 1)");
    let now_us = rig.now_us();
    rig.give(&tags[1], now_us, 2.0).await;
    rig.give(&tags[0], now_us, 1.0).await;
    let list = rig.get("/api/v1/calculated-tags").expect(200);
    assert_eq!(list["total"], 2);
    let (first, second) = (&list["items"][0], &list["items"][1]);
    assert_eq!(
        (&first["name"], &second["name"]),
        (&json!("share"), &json!("sum"))
    );
    assert_eq!(second["formula"], "a + b");
    assert_eq!(second["current"]["value"], 3.0);
    assert_eq!(
        (&second["fault"], &second["error"]),
        (&Json::Null, &Json::Null)
    );
    assert_eq!(second["inputs"][1]["path"], "plant/boiler/b");
    assert_eq!(second["inputs"][1]["current"]["value"], 2.0);
    assert!(now_us <= second["evaluated_us"].as_i64().unwrap());
    assert!(2 <= second["evaluations"].as_u64().unwrap());
    assert_eq!(first["fault"]["message"], "division by zero at column 5");
    let one = format!("/api/v1/calculated-tags/{}", share["id"].as_str().unwrap());
    assert_eq!(rig.get(&one).expect(200)["id"], share["id"]);
    let none = format!(
        "/api/v1/calculated-tags/{}",
        tags[0]["id"].as_str().unwrap()
    );
    rig.get(&none).refused(404, "not_found");
    for (query, names) in [
        ("quality=bad", vec!["share"]),
        ("search=SUM", vec!["share", "sum"]),
        ("search=a%20%2B", vec!["sum"]),
        ("sort=-path&limit=1", vec!["sum"]),
        ("pattern=nothing/**", vec![]),
        ("reads=SUM", vec!["share"]),
    ] {
        let query = query.replace(
            "=SUM",
            &format!(
                "={}",
                match query {
                    "reads=SUM" => sum["id"].as_str().unwrap(),
                    _ => "SUM",
                }
            ),
        );
        let list = rig
            .get(&format!("/api/v1/calculated-tags?{query}"))
            .expect(200);
        let items = list["items"].as_array().unwrap().iter();
        let found: Vec<&str> = items.map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_caller_sees_of_inputs_what_it_may() {
    let (rig, tags) = Rig::with_tags(&["secret"]).await;
    let sum = json!({ "device": tags[0]["device"], "name": "sum", "formula": "secret * 2" });
    rig.post("/api/v1/tags", &sum).expect(201);
    rig.give(&tags[0], rig.now_us(), 21.0).await;
    let new = json!({ "name": "partner", "role": "viewer", "read": ["plant/boiler/sum"] });
    let made = rig.post("/api/v1/tokens", &new).expect(201);
    let token = made["secret"].as_str().unwrap();
    let list = rig
        .send_as(token, "GET", "/api/v1/calculated-tags", None)
        .expect(200);
    let input = &list["items"][0]["inputs"][0];
    assert_eq!((&input["tag"], &input["path"]), (&Json::Null, &Json::Null));
    assert_eq!(input["current"], Json::Null);
    assert_eq!(list["items"][0]["current"]["value"], 42.0);
}
