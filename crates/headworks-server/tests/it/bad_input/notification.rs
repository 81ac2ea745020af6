//! Bodies of channels, rosters and policies that are right.

use serde_json::{Value as Json, json};

use super::bodies::{Example, of};
use crate::rig::Rig;

/// Objects of notification.
pub(super) struct Notification {
    channel: Json,
    roster: Json,
    policy: Json,
}

fn person() -> Json {
    json!({
        "name": "Anna", "email": "anna@plant.example", "language": "de", "account": "anna",
    })
}

impl Notification {
    pub(super) fn make(rig: &Rig) -> Notification {
        let channel = json!({ "name": "mail", "target": { "kind": "email" } });
        let channel = rig.post("/api/v1/channels", &channel).expect(201);
        let roster = json!({ "name": "night", "people": [person()] });
        let roster = rig.post("/api/v1/rosters", &roster).expect(201);
        let policy = json!({ "name": "night", "steps": [{ "channel": channel["id"] }] });
        let policy = rig
            .post("/api/v1/notification-policies", &policy)
            .expect(201);
        Notification {
            channel,
            roster,
            policy,
        }
    }

    pub(super) fn examples(&self) -> Vec<Example> {
        let mail = json!({
            "name": "team", "description": "free", "enabled": true, "language": "de",
            "target": { "kind": "email", "to": ["team@plant.example"] },
        });
        let hook = json!({
            "name": "chat",
            "target": {
                "kind": "webhook", "method": "POST", "url": "https://chat.example/${secret:x}",
                "headers": { "x-key": "${secret:y}" }, "body_type": "json",
                "body": "{\"text\": \"{title}\"}",
            },
        });
        let hours = json!({ "days": ["mon"], "from": "06:00", "to": "22:00" });
        let roster = json!({
            "name": "day", "description": "free", "time_zone": "Europe/Berlin",
            "people": [person()], "days_off": ["2026-12-25"],
            "shifts": [{ "people": ["Anna"], "hours": hours, "on_days_off": "works" }],
        });
        let policy = json!({
            "name": "day", "description": "free", "enabled": true, "priorities": [1, 2],
            "areas": ["plant/**"], "groups": ["trip"],
            "steps": [{
                "after_min": 5, "channel": self.channel["id"], "rosters": [self.roster["id"]],
                "people": [person()],
            }],
            "repeat_min": 30, "stop_when_over": true, "tell_over": true,
            "tell_acknowledged": true, "group_by": "area", "group_s": 60, "digest_min": 10,
            "time_zone": "Europe/Berlin", "hours": [hours],
            "quiet": { "hours": [hours], "through": [1] },
        });
        let place =
            |list: &str, object: &Json| format!("{list}/{}", object["id"].as_str().unwrap());
        let (channels, rosters) = ("/api/v1/channels", "/api/v1/rosters");
        let policies = "/api/v1/notification-policies";
        vec![
            of("POST /api/v1/channels", channels, &mail),
            of("POST /api/v1/channels", channels, &hook),
            of(
                "PUT /api/v1/channels/{id}",
                &place(channels, &self.channel),
                &mail,
            ),
            of(
                "PUT /api/v1/channels/{id}",
                &place(channels, &self.channel),
                &hook,
            ),
            of(
                "POST /api/v1/channels/{id}/test",
                &format!("{}/test", place(channels, &self.channel)),
                &json!({ "person": person() }),
            ),
            of("POST /api/v1/rosters", rosters, &roster),
            of(
                "PUT /api/v1/rosters/{id}",
                &place(rosters, &self.roster),
                &roster,
            ),
            of("POST /api/v1/notification-policies", policies, &policy),
            of(
                "PUT /api/v1/notification-policies/{id}",
                &place(policies, &self.policy),
                &policy,
            ),
        ]
    }
}
