//! Messages as they are written.

use std::sync::Arc;

use headworks_core::Value;
use headworks_core::alarm::EventId;
use headworks_core::model::{ObjectId, Person, channel_presets};
use serde_json::Value as Json;
use uuid::Uuid;

use super::super::engine::Message;
use super::*;

const TIME_US: i64 = 1_780_000_000_000_000;

fn line(kind: LineKind, text: &str) -> Line {
    Line {
        kind,
        alarm: ObjectId(Uuid::from_u128(1)),
        event: EventId::new(3),
        name: "hot".into(),
        path: Some("plant/boiler/temp".parse().unwrap()),
        priority: Priority::High,
        text: text.into(),
        value: Some(Value::F64(98.5)),
        limit: Some(90.0),
        raised_us: TIME_US,
        times: 2,
        by: (kind == LineKind::Acknowledged).then(|| Arc::from("bert")),
    }
}

fn letter(language: &str, lines: Vec<Line>, more: u64) -> Letter {
    Letter {
        message: Message {
            policy: ObjectId(Uuid::from_u128(2)),
            step: 0,
            time_us: TIME_US,
            is_digest: false,
            lines,
            more,
            by_priority: [0; 4],
        },
        policy_name: "night".to_owned(),
        channel_name: "mail".to_owned(),
        person: Some(Person {
            name: "Anna".to_owned(),
            email: "anna@plant.example".to_owned(),
            language: language.to_owned(),
            account: "anna".to_owned(),
        }),
        language: language.to_owned(),
        title: String::new(),
        is_test: false,
    }
}

fn with_page<T>(work: impl FnOnce(&Page<'_>) -> T) -> T {
    work(&Page {
        zone: &TimeZone::UTC,
        address: Some("https://hmi.example/base"),
        advice: &|_, language| Advice {
            text: match language {
                "de" => "Kessel zu heiß".to_owned(),
                _ => String::new(),
            },
            cause: "valve <stuck>".to_owned(),
            consequence: String::new(),
            action: "open it\nslowly".to_owned(),
        },
        link: &|_| Some("https://hmi.example/base/ack/0a".to_owned()),
    })
}

#[test]
fn an_email_says_what_where_since_when_and_what_to_do() {
    let letter = letter("en", vec![line(LineKind::Raised, "boiler is hot")], 0);
    let written = with_page(|page| email(&letter, page));
    assert_eq!(written.subject, "Alarm: boiler is hot");
    for part in [
        "Alarm: boiler is hot\n",
        "priority 2, plant/boiler/temp, since 2026-05-28 20:26:40 UTC, 2 times",
        "Cause: valve <stuck>\n",
        "What to do: open it\n    slowly\n",
        "Acknowledge: https://hmi.example/base/ack/0a\n",
        "Show alarms: https://hmi.example/base/alarms\n",
    ] {
        assert!(written.text.contains(part), "{part}: {}", written.text);
    }
    assert!(!written.text.contains("Consequence"));
    assert!(
        written.html.contains("valve &lt;stuck&gt;"),
        "{}",
        written.html
    );
    assert!(!written.html.contains("<script") && !written.html.contains("src="));
}

#[test]
fn a_reader_reads_the_own_language() {
    let lines = vec![line(LineKind::Escalated, "boiler is hot")];
    let written = with_page(|page| email(&letter("de-AT", lines.clone(), 0), page));
    assert_eq!(
        written.subject, "Nicht quittiert: boiler is hot",
        "no translation for de-AT"
    );
    let written = with_page(|page| email(&letter("de", lines.clone(), 4), page));
    assert_eq!(
        written.subject,
        "Nicht quittiert: Kessel zu heiß (+ 4 weitere)"
    );
    let written = with_page(|page| email(&letter("tlh", lines, 0), page));
    assert_eq!(written.subject, "Not acknowledged: boiler is hot");
}

#[test]
fn no_text_of_the_plant_is_markup_or_a_second_line_of_a_subject() {
    let evil = "hot\r\nBcc: eve@evil.example\u{2028}<img src=x onerror=alert(1)>\"'&";
    let letter = letter("en", vec![line(LineKind::Raised, evil)], 0);
    let written = with_page(|page| email(&letter, page));
    assert!(
        !written.subject.contains(['\r', '\n', '\u{2028}']),
        "{:?}",
        written.subject
    );
    assert!(!written.html.contains("<img"), "{}", written.html);
    assert!(
        written
            .html
            .contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;")
    );
}

#[test]
fn long_texts_are_cut_and_many_alarms_counted() {
    let long = "x".repeat(5000);
    let letter = letter("en", vec![line(LineKind::Raised, &long); 20], 9_980);
    with_page(|page| {
        let title = title(&letter, page, words("en"));
        assert!(
            title.chars().count() <= TITLE_MAX && title.ends_with("(+ 9999 more)"),
            "{title}"
        );
        let webhook = channel_presets().remove(1).webhook;
        let body: Json = serde_json::from_str(&body(&webhook, &letter, page)).unwrap();
        let text = body["blocks"][1]["text"]["text"].as_str().unwrap();
        assert_eq!(text.chars().count(), TEXT_MAX);
        assert!(text.ends_with('…'));
    });
}

#[test]
fn only_calls_have_links_and_advice() {
    for kind in [LineKind::Acknowledged, LineKind::Over, LineKind::Hidden] {
        let written = with_page(|page| email(&letter("en", vec![line(kind, "x")], 0), page));
        assert!(!written.text.contains("/ack/") && !written.text.contains("Cause"));
    }
    let written = with_page(|page| {
        email(
            &letter("en", vec![line(LineKind::Acknowledged, "x")], 0),
            page,
        )
    });
    assert!(written.text.contains("by bert"), "{}", written.text);
}

#[test]
fn webhooks_fill_in_every_placeholder() {
    let letter = letter("en", vec![line(LineKind::Raised, "boiler is \"hot\"")], 0);
    for preset in channel_presets() {
        let body = with_page(|page| body(&preset.webhook, &letter, page));
        let parsed: Json = serde_json::from_str(&body).unwrap();
        let text = parsed.to_string();
        assert!(
            text.contains("boiler is \\\"hot\\\""),
            "{}: {text}",
            preset.id
        );
        assert!(text.contains("plant/boiler/temp"), "{}: {text}", preset.id);
        assert!(!text.contains("{t"), "{}: {text}", preset.id);
    }
    let mut webhook = channel_presets().remove(0).webhook;
    let names = headworks_core::model::PLACEHOLDERS.map(|(name, _)| name);
    let parts = names.map(|name| match name {
        "priority" | "urgency" | "count" => format!("\"{name}\": {{{name}}}"),
        _ => format!("\"{name}\": \"{{{name}}}\""),
    });
    webhook.body = format!("{{{}}}", parts.join(","));
    let filled = with_page(|page| body(&webhook, &letter, page));
    let filled: Json = serde_json::from_str(&filled).unwrap();
    for (name, want) in [
        ("kind", Json::from("raised")),
        ("priority", 2.into()),
        ("urgency", 4.into()),
        ("count", 1.into()),
        ("name", "hot".into()),
        ("tag", "plant/boiler/temp".into()),
        ("area", "plant/boiler".into()),
        ("value", "98.5".into()),
        ("limit", "90".into()),
        ("time", "2026-05-28T20:26:40.000Z".into()),
        ("policy", "night".into()),
        ("link", "https://hmi.example/base/alarms".into()),
    ] {
        assert_eq!(filled[name], want, "{name}");
    }
}
