//! Bodies that are right: one or more per operation, which together have every field.

mod logic;

use serde_json::{Value as Json, json};

use super::notification::Notification;
use crate::pictures::upload;
use crate::rig::{PASSWORD, Rig};

/// A right body and where it goes.
pub(super) struct Example {
    /// Operation of the document, e.g. `POST /api/v1/tags`.
    pub(super) operation: &'static str,
    /// The path that is asked.
    pub(super) place: String,
    pub(super) body: Json,
}

/// Objects that the bodies name.
pub(super) struct Plant {
    connection: Json,
    device: Json,
    tag: Json,
    dashboard: Json,
    picture: Json,
    policy: Json,
    asset: Json,
    group: Json,
    dictionary: Json,
    alarm: Json,
    route: Json,
    /// Tags with numbers.
    number: Json,
    limit: Json,
    template: Json,
    user: Json,
    notification: Notification,
}

fn id(object: &Json) -> String {
    object["id"].as_str().unwrap().to_owned()
}

/// Returns where an object is.
fn at(kind: &str, object: &Json) -> String {
    format!("/api/v1/{kind}/{}", id(object))
}

pub(super) fn of(operation: &'static str, place: &str, body: &Json) -> Example {
    Example {
        operation,
        place: place.to_owned(),
        body: body.clone(),
    }
}

/// How objects of a kind are made and replaced.
type Operations = (&'static str, &'static str);

const CONNECTIONS: Operations = ("POST /api/v1/connections", "PUT /api/v1/connections/{id}");
const DEVICES: Operations = ("POST /api/v1/devices", "PUT /api/v1/devices/{id}");
const DASHBOARDS: Operations = ("POST /api/v1/dashboards", "PUT /api/v1/dashboards/{id}");
const POLICIES: Operations = (
    "POST /api/v1/retention-policies",
    "PUT /api/v1/retention-policies/{id}",
);

const ASSETS: Operations = ("POST /api/v1/assets", "PUT /api/v1/assets/{id}");
const ALARM_RULES: Operations = ("POST /api/v1/alarm-rules", "PUT /api/v1/alarm-rules/{id}");
const ROUTES: Operations = ("POST /api/v1/routes", "PUT /api/v1/routes/{id}");
const GROUPS: Operations = ("POST /api/v1/groups", "PUT /api/v1/groups/{id}");
const DICTIONARIES: Operations = ("POST /api/v1/dictionaries", "PUT /api/v1/dictionaries/{id}");
const TEMPLATES: Operations = ("POST /api/v1/templates", "PUT /api/v1/templates/{id}");

impl Plant {
    pub(super) async fn make(rig: &Rig) -> Plant {
        let device = rig.make_device("boiler").await;
        let tag = json!({
            "device": device["id"], "name": "level", "address": "level",
            "data_type": "string", "writable": true,
        });
        let tag = rig.post("/api/v1/tags", &tag).expect(201);
        let boiler = device["id"].clone();
        let number = |name: &str| {
            json!({
                "device": boiler, "name": name, "address": name, "data_type": "float64",
            })
        };
        let page = json!({ "name": "page", "order": 1, "groups": [] });
        let policy = json!({ "name": "policy", "pattern": "nothing/**" });
        let asset = json!({ "name": "north" });
        let group = json!({ "name": "pumps" });
        let condition = json!({ "kind": "expression", "text": "1 > 2" });
        let alarm = json!({ "name": "hot", "condition": condition });
        let hook = json!({ "kind": "webhook", "url": "http://192.0.2.1/hook" });
        let route = json!({ "name": "away", "from": ["nothing/*"], "to": [hook] });
        let template = json!({ "name": "meter", "version": "1", "protocol": "given" });
        rig.make_user("somebody", "viewer");
        let user = rig.get("/api/v1/users?search=somebody").expect(200);
        Plant {
            connection: rig.get("/api/v1/connections").expect(200)["items"][0].clone(),
            device,
            tag,
            dashboard: rig.post("/api/v1/dashboards", &page).expect(201),
            picture: upload(rig, "plan.svg"),
            policy: rig.post("/api/v1/retention-policies", &policy).expect(201),
            asset: rig.post("/api/v1/assets", &asset).expect(201),
            number: rig.post("/api/v1/tags", &number("number")).expect(201),
            limit: rig.post("/api/v1/tags", &number("limit")).expect(201),
            group: rig.post("/api/v1/groups", &group).expect(201),
            dictionary: rig
                .post("/api/v1/dictionaries", &json!({ "language": "de" }))
                .expect(201),
            alarm: rig.post("/api/v1/alarm-rules", &alarm).expect(201),
            route: rig.post("/api/v1/routes", &route).expect(201),
            template: rig.post("/api/v1/templates", &template).expect(201),
            user: user["items"][0].clone(),
            notification: Notification::make(rig),
        }
    }

    /// Returns right bodies for every operation that takes one.
    pub(super) fn examples(&self, rig: &Rig) -> Vec<Example> {
        let mut examples = self.objects(rig);
        examples.extend(self.history());
        examples.extend(self.people());
        examples.extend(own_account());
        examples.extend(self.discovery());
        examples.extend(self.notification.examples());
        examples
    }

    fn discovery(&self) -> Vec<Example> {
        let settings = json!({ "endpoint": "127.0.0.1:1" });
        let unsaved = json!({ "settings": settings, "pause_ms": 1, "timeout_ms": 10 });
        let saved = json!({ "connection": self.connection["id"] });
        let mut examples = Vec::new();
        for line in [unsaved, saved] {
            let units = json!({ "line": line, "first": 1, "last": 1, "retries": 1 });
            let registers = json!({
                "line": line, "unit_id": 1, "tables": ["holding"], "first": 0, "last": 1,
                "max_registers": 1, "max_bits": 1, "grain": 1,
            });
            let decode = json!({
                "line": line, "unit_id": 1, "address": "HR0", "count": 1, "samples": 1,
                "every_ms": 1, "max_registers": 1,
            });
            let write = json!({
                "line": line, "unit_id": 1, "address": "HR0", "value": 1, "min": 0, "max": 1,
                "expect": 0, "restore": true, "multiple": true, "confirm": false,
            });
            let sunspec = json!({
                "line": line, "unit_id": 1, "name": "Roof", "keep_absent": true,
            });
            for (operation, body) in [
                ("POST /api/v1/discovery/sunspec", sunspec),
                ("POST /api/v1/discovery/units", units),
                ("POST /api/v1/discovery/registers", registers),
                ("POST /api/v1/discovery/decode", decode),
                ("POST /api/v1/discovery/write", write),
            ] {
                let place = operation.split_once(' ').unwrap().1;
                examples.push(of(operation, place, &body));
            }
        }
        examples
    }

    fn objects(&self, rig: &Rig) -> Vec<Example> {
        let connection = json!({
            "name": "another", "protocol": "given", "enabled": false, "description": "free",
            "settings": rig.connection()["settings"],
        });
        let device = json!({
            "name": "kettle", "connection": self.connection["id"], "path": "plant/kettle",
            "enabled": false, "period_ms": 1000, "settings": {}, "description": "free",
            "asset": self.asset["id"],
            "template": { "id": self.template["id"], "version": "1", "parameters": {} },
        });
        let asset = json!({
            "name": "south", "parent": self.asset["id"], "level": "area", "description": "free",
        });
        let dictionary = json!({ "language": "nl", "words": { "kettle": "ketel" } });
        let group = json!({
            "name": "drives", "description": "free", "devices": [self.device["id"]],
            "tags": [self.tag["id"]],
        });
        let policy = json!({
            "name": "another", "pattern": "nothing/*", "priority": 7, "enabled": true,
            "days": { "raw": 1, "minute": 1, "five_minutes": 1, "hour": 1, "day": 1, "week": 1 },
            "description": "free",
        });
        let test = json!({ "connection": connection, "device": device });
        let log = format!("{}/log", at("connections", &self.connection));
        let mut examples = vec![
            self.picture(),
            of(
                "POST /api/v1/connections/test",
                "/api/v1/connections/test",
                &test,
            ),
            of(
                "PUT /api/v1/connections/{id}/log",
                &log,
                &json!({ "enabled": true }),
            ),
            of(
                "PUT /api/v1/system/logs/levels",
                "/api/v1/system/logs/levels",
                &json!({ "levels": "info" }),
            ),
        ];
        for (operations, object, body) in [
            (CONNECTIONS, &self.connection, connection),
            (DEVICES, &self.device, device),
            (DASHBOARDS, &self.dashboard, self.dashboard_body()),
            (POLICIES, &self.policy, policy),
            (ASSETS, &self.asset, asset),
            (GROUPS, &self.group, group),
            (DICTIONARIES, &self.dictionary, dictionary),
            (TEMPLATES, &self.template, self.template_body()),
        ] {
            let (post, put) = operations;
            let list = post.split_once(' ').unwrap().1;
            examples.push(of(post, list, &body));
            examples.push(of(put, &format!("{list}/{}", id(object)), &body));
        }
        examples.extend(self.alarms());
        examples.extend(self.routes());
        examples.extend(self.acts());
        examples.extend(self.tags());
        examples.extend(self.edits());
        examples.extend(self.templates());
        examples
    }

    fn picture(&self) -> Example {
        let body = json!({
            "name": "hall.svg", "media_type": "image/svg+xml", "hash": self.picture["hash"],
            "bytes": 9,
        });
        let place = at("pictures", &self.picture);
        of("PUT /api/v1/pictures/{id}", &place, &body)
    }

    fn templates(&self) -> Vec<Example> {
        let devices = format!("{}/devices", at("templates", &self.template));
        let apply = format!("{}/template/apply", at("devices", &self.device));
        let device = json!({
            "name": "m1", "connection": self.connection["id"], "asset": self.asset["id"],
            "path": "plant/m1", "enabled": true, "description": "free", "settings": {},
            "parameters": {},
        });
        let again = json!({
            "dry_run": true, "delete_extra": true, "keep_settings": true, "parameters": {},
        });
        let load = json!({ "dry_run": true, "names": ["ABB ACS880"], "update": true });
        vec![
            of(
                "POST /api/v1/templates/{id}/devices",
                &devices,
                &json!({ "dry_run": true, "devices": [device] }),
            ),
            of("POST /api/v1/devices/{id}/template/apply", &apply, &again),
            of(
                "POST /api/v1/template-library/load",
                "/api/v1/template-library/load",
                &load,
            ),
        ]
    }

    fn template_body(&self) -> Json {
        json!({
            "name": "another meter", "version": "2", "vendor": "Maker", "model": "M 1",
            "source": "manual", "description": "free", "protocol": "given",
            "base": self.template["id"], "period_ms": 1000, "settings": {},
            "tags": [{ "name": "power", "address": "place" }],
            "alarms": [{
                "name": "high", "tag": "power", "condition": { "kind": "high", "limit": 1.0 },
            }],
            "widgets": [{
                "type": "value", "x": 0, "y": 0, "w": 1, "h": 1, "bindings": [{ "tag": "power" }],
            }],
            "parameters": [{
                "name": "ratio", "type": "number", "default": 2.0, "min": 1.0, "max": 3.0,
                "description": "free",
            }],
        })
    }

    fn edits(&self) -> Vec<Example> {
        const NAME: &str = "POST /api/v1/edits";
        let fresh = "0192d3c0-0000-7000-8000-0000000000aa";
        let asset = json!({ "name": "west" });
        let rows = [
            json!({ "op": "create", "kind": "asset", "id": fresh, "body": asset }),
            json!({
                "op": "update", "kind": "asset", "id": self.asset["id"], "revision": 1,
                "body": asset,
            }),
            json!({ "op": "patch", "id": self.asset["id"], "revision": 1, "patch": {} }),
            json!({ "op": "delete", "id": self.group["id"], "revision": 1, "cascade": true }),
        ];
        let body = |row: &Json| json!({ "dry_run": true, "edits": [row] });
        rows.iter()
            .map(|row| of(NAME, "/api/v1/edits", &body(row)))
            .collect()
    }

    fn tags(&self) -> Vec<Example> {
        let (tag, level) = (self.tag_body("pressure"), at("tags", &self.tag));
        let write = format!("{level}/write");
        let calculated = json!({
            "device": self.device["id"], "name": "half", "formula": "5 / 2", "unit": "bar",
        });
        vec![
            of("POST /api/v1/tags", "/api/v1/tags", &tag),
            of(
                "POST /api/v1/tags",
                "/api/v1/tags",
                &json!({ "items": [tag] }),
            ),
            of(
                "POST /api/v1/expressions/check",
                "/api/v1/expressions/check",
                &json!({
                    "text": "value * 2", "kind": "transform", "tag": self.tag["id"],
                    "device": self.device["id"],
                }),
            ),
            of(
                "POST /api/v1/tags/{id}/back-calculate",
                &format!("{level}/back-calculate"),
                &json!({
                    "start_us": 0, "end_us": 9, "inputs_too": true, "replace": false,
                    "dry_run": true,
                }),
            ),
            of("PUT /api/v1/tags/{id}", &level, &tag),
            of("PUT /api/v1/tags/{id}", &level, &calculated),
            of("POST /api/v1/tags", "/api/v1/tags", &calculated),
            of(
                "POST /api/v1/tags",
                "/api/v1/tags",
                &json!({ "items": [calculated] }),
            ),
            of(
                "POST /api/v1/tags/{id}/write",
                &write,
                &json!({ "value": "x" }),
            ),
        ]
    }

    fn tag_body(&self, name: &str) -> Json {
        json!({
            "device": self.device["id"], "name": name, "address": "place",
            "asset": self.asset["id"], "data_type": "float64", "order": "ABCD", "length": 1,
            "scale": 2.0, "offset": 1.0,
            "unit": "bar", "decimals": 2, "min": 0.0, "max": 9.0, "invalid": [7],
            "period_ms": 1000, "enabled": true, "writable": true, "history": true,
            "validation": {
                "max_step": 1.0, "max_rate_per_s": 1.0, "freeze_s": 60,
                "expected_period_ms": 1000, "by_exception": false,
            },
            "description": "free",
        })
    }

    /// Fields that any widget can have, whatever its type reads of them.
    fn widget_options(&self) -> Json {
        json!({
            "link": "/alarms", "show_quality": false,
            "limits": {
                "source": "own", "low_low": 1.0, "low": 2.0, "high": 3.0, "high_high": 4.0,
            },
            "filter": {
                "pattern": "plant/**", "asset": self.asset["id"], "group": self.group["id"],
            },
            "value": { "rate": true, "write": true },
            "gauge": { "style": "half_circle", "target": 2.0 },
            "chart": {
                "style": "step", "limits": true, "events": true, "zoom": false,
                "right": { "mode": "static", "min": 0.0, "max": 1.0 },
            },
            "bars": {
                "by": "day", "count": 7, "figure": "delta", "stacked": true, "sort": "ascending",
                "shift_start": "05:30", "shift_hours": 12,
            },
            "states": {
                "rows": [{
                    "value": 1, "up_to": 2.0, "text": "on", "symbol": "cross", "severity": 1,
                }],
                "invert": true,
            },
            "table": { "columns": ["name", "value"], "sort": "value", "descending": true },
            "alarm_list": {
                "area": "plant", "priorities": [1, 2], "state": "all", "columns": ["name"],
                "acknowledge": false,
            },
            "setpoint": {
                "control": "select", "min": 0.0, "max": 9.0, "step": 0.5,
                "choices": [{ "value": 1, "text": "one" }], "confirm": "tick",
            },
            "button": {
                "action": "hold", "value": 1, "release": 0, "label": "go", "confirm": "tick",
            },
            "image": { "file": "plan.svg", "alt": "plan", "fit": "cover" },
            "frame": { "url": "http://192.0.2.1/", "refresh_s": 60 },
            "roles": ["operator", "admin"],
        })
    }

    fn dashboard_body(&self) -> Json {
        let mut widget = json!({
            "type": "image", "title": "one", "x": 0, "y": 0, "w": 1, "h": 1,
            "bindings": [
                { "tag": self.tag["id"], "color": "t1", "right": true, "x": 10.0, "y": 20.0 },
            ],
            "description": "free",
            "trend": { "enabled": true, "step_secs": 1, "aggregation": "mean", "range_min": 5 },
            "format": { "decimals": 1, "show_unit": true, "size": "m" },
            "axis": { "mode": "static", "min": 0.0, "max": 1.0 },
            "show_legend": true,
        });
        let options = self.widget_options().as_object().unwrap().clone();
        widget.as_object_mut().unwrap().extend(options);
        json!({
            "name": "another page", "order": 3,
            "groups": [{
                "name": "block", "description": "free", "collapsed": false, "widgets": [widget],
            }],
        })
    }

    fn history(&self) -> Vec<Example> {
        let tags = json!(["plant/boiler/level"]);
        let options = json!({
            "stepped": true, "treat_uncertain_as_bad": true, "percent_data_bad": 100,
            "percent_data_good": 100, "use_sloped_extrapolation": false,
        });
        let of = |operation: &'static str, body: Json| Example {
            operation,
            place: operation.split_once(' ').unwrap().1.to_owned(),
            body,
        };
        vec![
            of(
                "POST /api/v1/history/raw",
                json!({
                    "tags": tags, "start": 0, "end": 9, "zone": "UTC", "limit": 5,
                    "bounds": true, "cursor": null,
                }),
            ),
            of(
                "POST /api/v1/history/at-time",
                json!({
                    "tags": tags, "times": [1], "zone": "UTC", "bounds": true,
                    "options": options,
                }),
            ),
            of(
                "POST /api/v1/history/processed",
                json!({
                    "tags": tags, "aggregates": ["Count"], "start": 0, "end": 9, "interval": 3,
                    "zone": "UTC", "options": options,
                }),
            ),
            of(
                "POST /api/v1/history/chart",
                json!({
                    "tags": tags, "start": 0, "end": 9, "zone": "UTC", "columns": 3, "gap_us": 1,
                }),
            ),
            of(
                "POST /api/v1/history/delete",
                json!({ "tags": tags, "start": 0, "end": 9, "zone": "UTC" }),
            ),
            of(
                "POST /api/v1/exports",
                json!({
                    "pattern": "plant/**", "start_us": 0, "end_us": 9, "format": "csv",
                    "packing": "none", "layout": "long", "delimiter": "comma",
                    "decimal": "point", "header": true, "zone": "UTC", "time": "iso",
                    "quality": "auto", "guard_formulas": true,
                }),
            ),
        ]
    }

    fn people(&self) -> Vec<Example> {
        let user = at("users", &self.user);
        let hash = "$2b$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
        let made = json!({
            "name": "new", "full_name": "New", "role": "viewer", "write": ["plant/**"],
            "password": PASSWORD, "must_change_password": true,
        });
        let brought = json!({ "name": "newer", "role": "viewer", "password_hash": hash });
        let changed = json!({
            "full_name": "Some Body", "role": "viewer", "write": ["plant/**"],
            "is_disabled": false,
        });
        let reset = json!({ "password": "another ferry drum 8", "must_change_password": true });
        let token = json!({
            "name": "reader", "kind": "program", "role": "viewer", "read": ["plant/**"],
            "write": ["plant/**"], "expires_us": 4_000_000_000_000_000_i64,
        });
        vec![
            of("POST /api/v1/users", "/api/v1/users", &made),
            of("POST /api/v1/users", "/api/v1/users", &brought),
            of("PATCH /api/v1/users/{id}", &user, &changed),
            of(
                "PUT /api/v1/users/{id}/password",
                &format!("{user}/password"),
                &reset,
            ),
            of("POST /api/v1/tokens", "/api/v1/tokens", &token),
            of(
                "PUT /api/v1/secrets/{name}",
                "/api/v1/secrets/teams",
                &json!({ "value": "long enough", "hosts": ["hooks.example"] }),
            ),
        ]
    }
}

/// Returns bodies about the caller's own account.
fn own_account() -> Vec<Example> {
    let owner = json!({ "token": "x", "name": "eve", "full_name": "Eve", "password": PASSWORD });
    let sign_in = json!({ "name": "somebody", "password": PASSWORD, "code": "123456" });
    let change = json!({ "current": PASSWORD, "password": "another ferry drum 8" });
    let totp = json!({ "password": PASSWORD, "secret": "x", "code": "123456" });
    let session = "/api/v1/session";
    vec![
        of("POST /api/v1/setup", "/api/v1/setup", &owner),
        of("POST /api/v1/session", session, &sign_in),
        of(
            "POST /api/v1/session/kiosk",
            "/api/v1/session/kiosk",
            &json!({ "token": "hwk_x" }),
        ),
        of(
            "PUT /api/v1/session/password",
            "/api/v1/session/password",
            &change,
        ),
        of("PUT /api/v1/session/totp", "/api/v1/session/totp", &totp),
        of(
            "POST /api/v1/session/totp/disable",
            "/api/v1/session/totp/disable",
            &json!({ "password": PASSWORD }),
        ),
        of(
            "PUT /api/v1/me/preferences/{key}",
            "/api/v1/me/preferences/look",
            &json!({ "value": { "theme": "dark" } }),
        ),
    ]
}
