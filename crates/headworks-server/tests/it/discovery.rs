//! Discovery over the API, on the simulator: with a link of its own and between the polls of a
//! running connection.

use std::time::Duration;

use headworks_protocols::modbus::simulator::{
    Fault, PlantDevice, Simulator, SimulatorConfig, demo_plant,
};
use serde_json::{Value as Json, json};

use crate::rig::{Rig, wait_for};

struct Field {
    rig: Rig,
    simulator: Simulator,
    endpoint: String,
}

/// A hub that speaks Modbus, and the demo plant, whose devices refuse what they lack.
async fn field() -> Field {
    let mut plant = demo_plant();
    for device in &mut plant.devices {
        device.strict = true;
    }
    let simulator = Simulator::start(SimulatorConfig::tcp(plant)).await.unwrap();
    let rig = Rig::start_with(|settings, _| settings.protocols = headworks_protocols::PROTOCOLS);
    Field {
        rig: rig.await,
        endpoint: simulator.addresses()[0].to_string(),
        simulator,
    }
}

impl Field {
    /// Settings that nobody has saved.
    fn line(&self) -> Json {
        json!({ "settings": { "endpoint": self.endpoint }, "pause_ms": 0, "timeout_ms": 300 })
    }

    /// A saved connection with a device that is polled; returns both ids and the polled tag's.
    fn save(&self) -> (Json, Json) {
        let connection = json!({
            "name": "line", "protocol": "modbus", "settings": { "endpoint": self.endpoint },
        });
        let connection = self
            .rig
            .post("/api/v1/connections", &connection)
            .expect(201);
        let device = json!({
            "name": "boiler", "connection": connection["id"], "path": "plant/boiler",
            "settings": { "unit_id": boiler().unit_id }, "period_ms": 100,
        });
        let device = self.rig.post("/api/v1/devices", &device).expect(201);
        let tag = json!({
            "device": device["id"], "name": "first", "address": "HR0", "data_type": "int16",
        });
        let tag = self.rig.post("/api/v1/tags", &tag).expect(201);
        (connection["id"].clone(), tag["id"].clone())
    }

    async fn job(&self, what: &str, body: &Json) -> Json {
        let path = format!("/api/v1/discovery/{what}");
        let job = self.rig.post(&path, body).expect(202);
        self.rig.wait_for_job(&job).await
    }

    fn refused(&self, what: &str, body: &Json) -> (u16, String) {
        let answer = self.rig.post(&format!("/api/v1/discovery/{what}"), body);
        (answer.status, answer.text)
    }
}

fn boiler() -> PlantDevice {
    demo_plant().devices.swap_remove(0)
}

fn ids(job: &Json) -> Vec<u64> {
    let units = job["result"]["units"].as_array().unwrap();
    units
        .iter()
        .map(|unit| unit["unit_id"].as_u64().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn units_registers_and_their_meaning_are_found_and_become_a_tag() {
    let field = field().await;
    let line = field.line();
    let units = field
        .job("units", &json!({ "line": line, "last": 20 }))
        .await;
    assert_eq!(units["state"], "done", "{units:#}");
    let want: Vec<u64> = demo_plant()
        .devices
        .iter()
        .map(|one| one.unit_id.into())
        .collect();
    assert_eq!(ids(&units), want);
    assert_eq!(units["done"], 20);

    let unit_id = boiler().unit_id;
    let body = json!({ "line": line, "unit_id": unit_id, "tables": ["holding"], "last": 999 });
    let registers = field.job("registers", &body).await;
    let table = &registers["result"]["tables"][0];
    assert_eq!(table["end"], "complete", "{registers:#}");
    let part = &table["parts"][0];
    assert_eq!(part["first"]["six_digits"], "400001");
    assert_eq!(registers["detail"]["found"], table["counts"]["found"]);
    assert_eq!(registers["detail"]["remaining"], 0);

    let body = json!({
        "line": line, "unit_id": unit_id, "address": part["first"]["tag"], "count": part["count"],
        "samples": 5, "every_ms": 50,
    });
    let decoded = field.job("decode", &body).await;
    assert_eq!(decoded["result"]["samples"], 5, "{decoded:#}");
    let value = &decoded["result"]["values"][0]["candidates"][0];
    assert_eq!(value["notations"]["five_digits"], "40001");
    assert!(!value["reasons"].as_array().unwrap().is_empty());

    let (connection, _) = field.save();
    let device = json!({
        "name": "found", "connection": connection, "path": "plant/found",
        "settings": { "unit_id": unit_id },
    });
    let device = field.rig.post("/api/v1/devices", &device).expect(201);
    let mut tag = json!({ "device": device["id"], "name": "value" });
    for key in ["address", "data_type", "order", "length", "scale", "unit"] {
        tag[key] = value[key].clone();
    }
    field.rig.post("/api/v1/tags", &tag).expect(201);
    field.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_connection_is_asked_between_its_polls() {
    let field = field().await;
    let (connection, tag) = field.save();
    let path = format!("/api/v1/tags/{}/current-value", tag.as_str().unwrap());
    let time_us = || field.rig.get(&path).json()["time_us"].as_i64();
    wait_for(|| time_us().is_some()).await;
    let before = time_us();
    let line = json!({ "connection": connection, "pause_ms": 0 });
    let body = json!({ "line": line, "tables": ["holding"], "last": 1999 });
    let registers = field.job("registers", &body).await;
    assert_eq!(registers["state"], "done", "{registers:#}");
    assert_eq!(registers["result"]["tables"][0]["end"], "complete");
    assert!(before < time_us(), "polling went on");
    let errors = field.rig.get("/api/v1/connections").expect(200);
    assert_eq!(errors["items"][0]["status"]["restarts"], 0, "{errors:#}");
    field.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_rests_goes_on_and_ends_when_told() {
    let field = field().await;
    let line = json!({ "settings": { "endpoint": field.endpoint }, "pause_ms": 5 });
    let body = json!({ "line": line, "unit_id": boiler().unit_id });
    let job = field
        .rig
        .post("/api/v1/discovery/registers", &body)
        .expect(202);
    let id = job["id"].as_str().unwrap();
    let path = format!("/api/v1/jobs/{id}");
    let look = || field.rig.get(&path).expect(200);
    wait_for(|| 0 < look()["done"].as_u64().unwrap()).await;
    let order = |what: &str| {
        let path = format!("/api/v1/discovery/{id}/{what}");
        field.rig.post(&path, &json!({})).expect(200)
    };
    assert_eq!(order("pause")["paused"], true);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let resting = look();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(look()["detail"]["asked"], resting["detail"]["asked"]);
    assert_eq!(order("resume")["paused"], false);
    let asked = resting["detail"]["asked"].as_u64();
    wait_for(|| asked < look()["detail"]["asked"].as_u64()).await;
    // What was found until now can be seen while the scan goes on.
    wait_for(|| look()["result"]["tables"][0]["parts"][0].is_object()).await;
    assert_eq!(look()["state"], "running");
    field.rig.delete(&path).expect(200);
    wait_for(|| look()["state"] == "cancelled").await;
    let found = &look()["result"]["tables"][0];
    assert_eq!(found["end"], Json::Null, "{found:#}");
    assert!(0 < found["counts"]["settled"].as_u64().unwrap());
    field.simulator.stop().await;
}

/// A tag of the boiler that can be written, and its address.
fn set_point() -> (String, String) {
    let tags = boiler().tags.into_iter();
    let mut writable = tags.filter(|tag| tag.signal.is_writable() && tag.address.starts_with("HR"));
    let tag = writable.next().expect("a set point in a holding register");
    (tag.name.to_string(), tag.address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_write_is_confirmed_journalled_and_undone() {
    let field = field().await;
    let (connection, _) = field.save();
    let (_, address) = set_point();
    for line in [field.line(), json!({ "connection": connection })] {
        let mut body = json!({
            "line": line, "unit_id": boiler().unit_id, "address": address, "value": 501,
        });
        let (status, text) = field.refused("write", &body);
        assert_eq!(status, 422, "{text}");
        assert!(text.contains("/confirm"), "{text}");
        body["confirm"] = true.into();
        let wrote = field.rig.post("/api/v1/discovery/write", &body).expect(200);
        assert_eq!(wrote["outcome"]["code"], "confirmed", "{wrote:#}");
        assert_eq!(wrote["outcome"]["read_back"], 501);
        let old = &wrote["outcome"]["old"];
        let undone = field
            .rig
            .post("/api/v1/discovery/write", &wrote["undo"])
            .expect(200);
        assert_eq!(&undone["outcome"]["read_back"], old, "{undone:#}");
    }
    let entries = || field.rig.get("/api/v1/audit?action=test_write").expect(200);
    let done = |entries: &Json| {
        let items = entries["items"].as_array().unwrap();
        items
            .iter()
            .filter(|entry| entry["outcome"] == "done")
            .count()
    };
    wait_for(|| done(&entries()) == 4).await;
    let text = entries().to_string();
    assert!(
        text.contains("501 was written and 501 was read back"),
        "{text}"
    );
    field.simulator.stop().await;
}

#[track_caller]
fn check_refused(field: &Field, rows: Vec<(&str, Json, &str)>) {
    for (what, body, pointer) in rows {
        let (status, text) = field.refused(what, &body);
        assert_eq!(status, 422, "{what} {body}: {text}");
        let quoted = format!("{pointer}\"");
        assert!(text.contains(&quoted), "{what} {body}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_or_units_that_cannot_be_asked_are_refused_by_name() {
    let field = field().await;
    let line = field.line();
    let serial = json!({ "settings": { "transport": "rtu", "serial_port": "/dev/null" } });
    let nobody = json!({ "connection": "018f0000-0000-7000-8000-000000000000" });
    let empty = json!({ "settings": { "endpoint": "" } });
    let pace = |key: &str, ms: u32| {
        let mut line = line.clone();
        line[key] = ms.into();
        line
    };
    let rows = [
        (json!({ "line": line, "first": 9, "last": 3 }), "/last"),
        (json!({ "line": line, "retries": 6 }), "/retries"),
        (json!({ "line": serial, "first": 0 }), "/first"),
        (json!({ "line": serial, "last": 250 }), "/last"),
        (json!({ "line": {} }), "/line"),
        (json!({ "line": nobody }), "/line/connection"),
        (json!({ "line": empty }), "/line/settings/endpoint"),
        (json!({ "line": pace("timeout_ms", 1) }), "/line/timeout_ms"),
        (
            json!({ "line": pace("pause_ms", 99_999) }),
            "/line/pause_ms",
        ),
    ];
    let units = rows.map(|(body, pointer)| ("units", body, pointer));
    check_refused(&field, units.to_vec());
    field.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_values_that_cannot_be_are_refused_by_name() {
    let field = field().await;
    let body = |more: Json| {
        let mut body = json!({ "line": field.line() });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    let decode = |address: &str, count: u32| body(json!({ "address": address, "count": count }));
    let write = |address: &str, value: i32, max: i32| {
        body(json!({ "address": address, "value": value, "max": max, "confirm": true }))
    };
    let rows = vec![
        ("registers", body(json!({ "first": 9, "last": 3 })), "/last"),
        (
            "registers",
            body(json!({ "max_registers": 126 })),
            "/max_registers",
        ),
        ("registers", body(json!({ "max_bits": 0 })), "/max_bits"),
        ("registers", body(json!({ "grain": 9 })), "/grain"),
        ("decode", decode("HR0", 251), "/count"),
        ("decode", decode("HR65535", 2), "/count"),
        ("decode", decode("flash", 2), "/address"),
        ("decode", decode("HR0.3", 2), "/address"),
        ("write", write("IR0", 1, 9), "/address"),
        ("write", write("HR0", 70_000, 99_999), "/value"),
        ("write", write("HR0", 9, 5), "/value"),
    ];
    check_refused(&field, rows);
    field.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_misbehaves_ends_the_job_with_words() {
    let field = field().await;
    let device = boiler();
    let body = json!({
        "line": { "settings": { "endpoint": field.endpoint }, "timeout_ms": 50, "pause_ms": 0 },
        "unit_id": device.unit_id, "tables": ["holding"],
    });
    for (fault, end) in [(Fault::Mute, "silent"), (Fault::Exception(11), "gateway")] {
        field
            .simulator
            .set_fault(&device.name, Some(fault), None)
            .unwrap();
        let job = field.job("registers", &body).await;
        assert_eq!(job["result"]["tables"][0]["end"], end, "{job:#}");
    }
    field
        .simulator
        .set_fault(&device.name, Some(Fault::Mute), None)
        .unwrap();
    let body = json!({
        "line": body["line"], "unit_id": device.unit_id, "address": "HR0", "count": 4,
        "samples": 1,
    });
    let job = field.job("decode", &body).await;
    assert_eq!(job["state"], "failed", "{job:#}");
    assert!(
        job["error"].as_str().unwrap().contains("no answer"),
        "{job:#}"
    );
    let nobody = json!({ "line": { "settings": { "endpoint": "127.0.0.1:1" } } });
    let job = field.job("units", &nobody).await;
    assert_eq!(job["state"], "failed");
    assert!(
        job["error"].as_str().unwrap().contains("refused"),
        "{job:#}"
    );
    field.simulator.stop().await;
}
