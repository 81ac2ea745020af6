//! Bodies about alarms and routes.

use serde_json::{Value as Json, json};

use super::{ALARM_RULES, Example, Plant, ROUTES, at, of};

impl Plant {
    /// Returns an alarm of every kind.
    pub(super) fn alarms(&self) -> Vec<Example> {
        let (list, one) = ("/api/v1/alarm-rules", at("alarm-rules", &self.alarm));
        let mut conditions = vec![
            json!({ "kind": "discrete", "states": [1, 2] }),
            json!({ "kind": "equals", "value": 1 }),
            json!({ "kind": "not_equals", "value": 1 }),
            json!({ "kind": "expression", "text": "1 > 2" }),
            json!({ "kind": "bad_quality", "uncertain": true }),
            json!({ "kind": "stale", "after_s": 60 }),
        ];
        for limit in [json!(1.0), json!({ "tag": self.limit["id"] })] {
            conditions.extend([
                json!({ "kind": "high_high", "limit": limit }),
                json!({ "kind": "high", "limit": limit }),
                json!({ "kind": "low", "limit": limit }),
                json!({ "kind": "low_low", "limit": limit }),
                json!({ "kind": "deviation", "setpoint": limit, "max": limit }),
                json!({
                    "kind": "rate_of_change", "max_per_s": limit, "direction": "rising",
                    "over_s": 9,
                }),
                json!({ "kind": "range", "low": 0.0, "high": limit }),
                json!({ "kind": "range", "low": limit, "high": 2.0 }),
            ]);
        }
        let body = |condition: &Json| {
            let mut body = json!({
                "name": "kettle", "tag": self.number["id"], "condition": condition,
                "priority": 2, "on_delay_ms": 1, "off_delay_ms": 1, "latching": true,
                "group": "pumps", "re_alarm_s": 600, "shelve_max_s": 600,
                "suppress_when": "1 > 2", "enabled": true, "message": "{value} {unit}",
                "translations": { "de": "zu hei\u{df}" }, "cause": "free",
                "consequence": "free", "action": "free", "description": "free",
            });
            if condition["kind"] == "high" {
                body["deadband"] = json!(0.5);
                body["on_bad"] = json!("raise");
            }
            body
        };
        let bodies = conditions.iter().map(body);
        let (test, stored) = ("POST /api/v1/alarm-rules/test", self.alarm["id"].clone());
        let try_out = "/api/v1/alarm-rules/test";
        let all = |body: Json| {
            let tried = json!({ "start_us": 0, "end_us": 9, "rule": body });
            [
                of(ALARM_RULES.0, list, &body),
                of(ALARM_RULES.1, &one, &body),
                of(test, try_out, &tried),
            ]
        };
        let mut examples: Vec<Example> = bodies.flat_map(all).collect();
        let tried = json!({ "start_us": 0, "end_us": 9, "id": stored });
        examples.push(of(test, try_out, &tried));
        examples
    }

    /// Returns what people do to an alarm.
    pub(super) fn acts(&self) -> Vec<Example> {
        let place = |act: &str| format!("{}/{act}", at("alarms", &self.alarm));
        let remark = json!({ "comment": "free" });
        let event = json!({ "alarm": self.alarm["id"], "event": 1 });
        let many = json!({ "events": [event], "comment": "free" });
        let mut examples = vec![
            of(
                "POST /api/v1/alarms/acknowledge",
                "/api/v1/alarms/acknowledge",
                &many,
            ),
            of(
                "POST /api/v1/alarms/{id}/acknowledge",
                &place("acknowledge"),
                &json!({ "event": 1, "comment": "free" }),
            ),
            of(
                "POST /api/v1/alarms/{id}/shelve",
                &place("shelve"),
                &json!({ "until_us": 1, "one_shot": true, "comment": "free" }),
            ),
        ];
        let others = ["reset", "unshelve", "out-of-service", "in-service"];
        examples.extend(others.map(|act| {
            let operation = match act {
                "reset" => "POST /api/v1/alarms/{id}/reset",
                "unshelve" => "POST /api/v1/alarms/{id}/unshelve",
                "out-of-service" => "POST /api/v1/alarms/{id}/out-of-service",
                _ => "POST /api/v1/alarms/{id}/in-service",
            };
            of(operation, &place(act), &remark)
        }));
        examples
    }

    /// Returns a route to every kind of target, and what is done with routes.
    pub(super) fn routes(&self) -> Vec<Example> {
        let (list, one) = ("/api/v1/routes", at("routes", &self.route));
        let hook = json!({
            "kind": "webhook", "url": "https://192.0.2.1/hook", "method": "PUT",
            "headers": { "x-key": "${secret:key}" }, "body_type": "text", "body": "{value}",
            "timeout_ms": 1000, "tries": 2,
        });
        let tag = json!({ "kind": "tag", "tag": self.tag["id"] });
        let schedule = json!({ "days": ["mon"], "from": "06:00", "to": "22:00" });
        let body = |from: &str, to: &Json, more: &Json| {
            let mut body = json!({
                "name": "further", "from": [from], "except": ["plant/x"], "to": [to],
                "accept": "good", "schedule": schedule, "when": "value > 1",
                "transform": "scale(2)", "dry_run": true, "enabled": true,
                "description": "free",
                "rules": { "deadband": 0.5, "min_interval_ms": 1, "max_per_minute": 9 },
            });
            let more = more.as_object().unwrap().clone();
            body.as_object_mut().unwrap().extend(more);
            body
        };
        let window = json!({ "window": { "function": "avg", "seconds": 60 } });
        let every = json!({ "rules": { "every_sample": true } });
        let pair = json!({ "except": [], "back": { "transform": "scale(0.5)" } });
        let writable = self.tag["path"].as_str().unwrap();
        let mut examples = Vec::new();
        let (test, stored) = ("POST /api/v1/routes/test", self.route["id"].clone());
        let mut tests = vec![json!({ "start_us": 0, "end_us": 9, "id": stored })];
        for body in [
            body("plant/**", &hook, &window),
            body("plant/**", &hook, &every),
            body("elsewhere/*", &tag, &json!({})),
            body(writable, &tag, &pair),
        ] {
            examples.push(of(ROUTES.0, list, &body));
            examples.push(of(ROUTES.1, &one, &body));
            tests.push(json!({ "start_us": 0, "end_us": 9, "route": body }));
        }
        for body in tests {
            examples.push(of(test, "/api/v1/routes/test", &body));
        }
        for operation in [
            "POST /api/v1/routes/dead-letters/replay",
            "POST /api/v1/routes/dead-letters/discard",
        ] {
            let place = operation.split_once(' ').unwrap().1;
            for body in [
                json!({ "numbers": [1] }),
                json!({ "route": self.route["id"] }),
                json!({ "all": true }),
            ] {
                examples.push(of(operation, place, &body));
            }
        }
        examples
    }
}
