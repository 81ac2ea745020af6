//! Channels: what is refused, templates and presets.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::*;

fn webhook(change: impl FnOnce(&mut Webhook)) -> Result<(), String> {
    let mut webhook = Webhook {
        method: WebhookMethod::Post,
        url: "https://hooks.example/x?a=1".to_owned(),
        headers: BTreeMap::new(),
        body_type: BodyType::Json,
        body: "{\"text\": \"{title}\"}".to_owned(),
    };
    change(&mut webhook);
    let channel = Channel {
        name: "hook".to_owned(),
        description: String::new(),
        enabled: true,
        language: "en".to_owned(),
        target: ChannelTarget::Webhook(webhook),
    };
    channel.check().map_err(|error| error.to_string())
}

#[track_caller]
fn check_refused(want: &str, change: impl FnOnce(&mut Webhook)) {
    let error = webhook(change).unwrap_err();
    assert!(error.starts_with(want), "{error}");
}

#[test]
fn addresses_are_those_of_the_web_without_a_password() {
    for url in [
        "http://10.0.0.7:8080/hook",
        "https://hooks.example",
        "${secret:teams}",
        "https://api.example/bot${secret:bot}/send",
    ] {
        webhook(|hook| hook.url = url.to_owned()).unwrap();
    }
    for url in [
        "",
        "ftp://a.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "https://user:password@a.example/",
        "https://a.example/a b",
        "https://a.example/\r\nx",
        "https://a.example/${secret:}",
        "https://a.example/${secret:a b}",
        "https://a.example/${env:HOME}",
        "https://a.example/${secret:open",
    ] {
        check_refused("/target/url: ", |hook| hook.url = url.to_owned());
    }
}

#[test]
fn headers_are_headers() {
    let header = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    webhook(|hook| hook.headers = header("Authorization", "Bearer ${secret:x}")).unwrap();
    for (name, value) in [
        ("", "x"),
        ("a b", "x"),
        ("Host", "x"),
        ("content-length", "1"),
        ("x", "a\r\nb: c"),
        ("x", "ö"),
        ("x", "${secret}"),
    ] {
        check_refused("/target/headers", |hook| hook.headers = header(name, value));
    }
    let many = (0..21).map(|number| (format!("x{number}"), String::new()));
    check_refused("/target/headers: 21", |hook| hook.headers = many.collect());
}

#[test]
fn bodies_name_what_there_is_and_are_json_whatever_stands_there() {
    for (body, want) in [
        (" ", "is empty"),
        (
            "{\"a\": \"{titel}\"}",
            "{titel} is not known; there are title, text",
        ),
        ("{\"a\": {title}}", "is no JSON"),
        ("{\"a\": \"{title}\"", "is no JSON"),
        ("{\"a\": \"${secret:x}\"}", "a secret can stand"),
    ] {
        check_refused(&format!("/target/body: {want}"), |hook| {
            hook.body = body.to_owned()
        });
    }
    webhook(|hook| {
        hook.body_type = BodyType::Text;
        hook.body = "{title}: {text} {not a name} {}".to_owned();
    })
    .unwrap();
}

#[test]
fn placeholders_are_filled_in_once() {
    let value = |name: &str| Cow::Owned(format!("<{name} {{text}}>"));
    let filled = fill_template("{title}{{name}} {Title} {", false, value);
    assert_eq!(filled, "<title {text}>{<name {text}>} {Title} {");
}

/// Returns the body of a preset for an alarm whose texts are as awkward as can be.
fn filled(id: &str) -> Json {
    let preset = channel_presets()
        .into_iter()
        .find(|one| one.id == id)
        .unwrap();
    let text = "5\" pump \\ 7\n<b>@here</b> {title}\u{0}";
    let value = |name: &str| match name {
        "urgency" => Cow::Borrowed("5"),
        "kind" => Cow::Borrowed("raised"),
        _ => Cow::Borrowed(text),
    };
    let body = fill_template(&preset.webhook.body, true, value);
    let body: Json = serde_json::from_str(&body).unwrap();
    assert!(body.to_string().contains("5\\\" pump"), "{body}");
    body
}

#[test]
fn presets_are_valid_and_have_the_shapes_that_the_services_ask_for() {
    for preset in channel_presets() {
        webhook(|hook| *hook = preset.webhook.clone()).unwrap();
    }
    let teams = filled("teams");
    assert_eq!(teams["type"], "message");
    let card = &teams["attachments"][0];
    assert_eq!(
        card["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    assert_eq!(card["content"]["type"], "AdaptiveCard");
    assert_eq!(card["content"]["body"][1]["type"], "TextBlock");

    let slack = filled("slack");
    assert!(slack["text"].is_string());
    assert_eq!(slack["blocks"][0]["type"], "header");
    for block in slack["blocks"].as_array().unwrap() {
        assert_eq!(block["text"]["type"], "plain_text");
    }

    let telegram = filled("telegram");
    assert!(telegram["chat_id"].is_string() && telegram["text"].is_string());
    assert!(telegram.get("parse_mode").is_none());

    let ntfy = filled("ntfy");
    assert_eq!(ntfy["priority"], 5);
    assert!(ntfy["topic"].is_string() && ntfy["message"].is_string());
    assert_eq!(ntfy["tags"], serde_json::json!(["raised"]));
}

#[test]
fn channels_are_read_strictly() {
    for json in [
        r#"{"name":"a","target":{"kind":"email","to":["a@b.example"]}}"#,
        r#"{"name":"a","target":{"kind":"webhook","url":"http://a/","body":"{}"}}"#,
    ] {
        let channel: Channel = serde_json::from_str(json).unwrap();
        channel.check().unwrap();
        let again = serde_json::to_string(&channel).unwrap();
        assert_eq!(serde_json::from_str::<Channel>(&again).unwrap(), channel);
    }
    for json in [
        r#"{"name":"a","target":{"kind":"email","too":[]}}"#,
        r#"{"name":"a","target":{"kind":"webhook","url":"http://a/","body":"{}","x":1}}"#,
        r#"{"name":"a","target":{"kind":"pigeon"}}"#,
        r#"{"name":"a","kind":"email","target":{"kind":"email"}}"#,
    ] {
        assert!(serde_json::from_str::<Channel>(json).is_err(), "{json}");
    }
}
