//! A SunSpec device of the simulator becomes a template, a device, values; and once more after its
//! scale factor has changed.

use headworks_core::DataType;
use headworks_protocols::modbus::simulator::{
    Plant, PlantDevice, PlantTag, Simulator, SimulatorConfig,
};
use headworks_protocols::signal::Signal;
use serde_json::{Value as Json, json};

use crate::rig::{Rig, wait_for};

struct Field {
    rig: Rig,
    simulator: Simulator,
    connection: Json,
}

/// Registers of an inverter: 12.34 A in all, none on phase C, 5,600 W, 50.01 Hz.
fn words() -> Vec<u16> {
    let mut words = vec![0x5375, 0x6E53, 1, 65];
    words.extend([0x4163, 0x6D65]); // Acme
    words.resize(4 + 65, 0);
    words.extend([103, 50]);
    let mut inverter = [0_u16; 50];
    for (offset, word) in [(0, 1234), (3, 0xFFFF), (4, 0xFFFE), (12, 56), (13, 2)] {
        inverter[offset] = word;
    }
    (inverter[14], inverter[15]) = (5001, 0xFFFE);
    words.extend(inverter);
    words.extend([0xFFFF, 0]);
    words
}

fn device(words: &[u16]) -> PlantDevice {
    let tag = |(address, word): (u16, &u16)| PlantTag {
        name: format!("r{address}").parse().unwrap(),
        address: format!("HR{address}"),
        data_type: DataType::Uint16,
        length: None,
        scale: 1.0,
        offset: 0.0,
        unit: String::new(),
        decimals: None,
        min: None,
        max: None,
        signal: Signal::Constant((*word).into()),
        description: String::new(),
    };
    PlantDevice {
        name: "roof".to_owned(),
        path: "field/roof".parse().unwrap(),
        unit_id: 3,
        period_ms: 1000,
        order: headworks_core::ByteOrder::default(),
        strict: true,
        forbidden: Vec::new(),
        description: String::new(),
        tags: (40_000..).zip(words).map(tag).collect(),
    }
}

async fn field(words: &[u16]) -> Field {
    let (seed, devices) = (1, vec![device(words)]);
    let config = SimulatorConfig::tcp(Plant { seed, devices });
    let simulator = Simulator::start(config).await.unwrap();
    let rig = Rig::start_with(|settings, _| settings.protocols = headworks_protocols::PROTOCOLS);
    let rig = rig.await;
    let connection = json!({
        "name": "line", "protocol": "modbus",
        "settings": { "endpoint": simulator.addresses()[0].to_string() },
    });
    let connection = rig.post("/api/v1/connections", &connection).expect(201);
    Field {
        rig,
        simulator,
        connection: connection["id"].clone(),
    }
}

impl Field {
    async fn read(&self, more: Json) -> Json {
        let line = json!({ "connection": self.connection, "pause_ms": 0, "timeout_ms": 300 });
        let mut body = json!({ "line": line, "unit_id": 3 });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let job = self
            .rig
            .post("/api/v1/discovery/sunspec", &body)
            .expect(202);
        self.rig.wait_for_job(&job).await
    }

    fn save(&self, result: &Json) -> Json {
        for dry_run in [true, false] {
            let body = json!({ "dry_run": dry_run, "edits": result["edits"] });
            self.rig.post("/api/v1/edits", &body).expect(200);
        }
        let templates = self.rig.get("/api/v1/templates").expect(200);
        templates["items"][0].clone()
    }

    /// Makes a device of a template and returns its id.
    fn make_device(&self, template: &Json) -> String {
        let row = json!({
            "name": "roof", "connection": self.connection, "path": "plant/roof",
            "settings": { "timeout_ms": 300 },
        });
        let place = format!(
            "/api/v1/templates/{}/devices",
            template["id"].as_str().unwrap()
        );
        let made = self
            .rig
            .post(&place, &json!({ "devices": [row] }))
            .expect(200);
        made["devices"][0]["id"].as_str().unwrap().to_owned()
    }

    fn value(&self, name: &str) -> Json {
        let values = self
            .rig
            .get(&format!("/api/v1/values?pattern=plant/roof/{name}"));
        values.expect(200)["items"][0].clone()
    }

    /// The device says no value, then another factor: the first is bad, the second doubtful.
    async fn change(&self) {
        let set = |tag: &str, word: f64| self.simulator.set("roof", tag, word).unwrap();
        set("r40085", 65_535.0);
        wait_for(|| {
            BAD <= self.value("inverter_frequency")["quality"]
                .as_u64()
                .unwrap()
        })
        .await;
        set("r40085", 5002.0);
        self.wait_for("inverter_frequency", 50.02, 0).await;
        set("r40071", 123.0);
        set("r40075", 65_535.0); // 10^-1
        self.wait_for("inverter_a_sf", -1.0, UNCERTAIN_RANGE).await;
    }

    async fn wait_for(&self, name: &str, want: f64, quality: u64) {
        wait_for(|| {
            let found = self.value(name);
            found["value"] == want && found["quality"] == quality
        })
        .await;
    }
}

const UNCERTAIN_RANGE: u64 = 0x4094_0000;
const BAD: u64 = 0x8000_0000;

#[tokio::test(flavor = "multi_thread")]
async fn a_device_says_what_it_is_and_its_values_are_right() {
    let field = field(&words()).await;
    let job = field.read(json!({})).await;
    assert_eq!(job["state"], "done", "{job:#}");
    let result = &job["result"];
    assert_eq!(
        (&result["broken"], &result["problems"]),
        (&Json::Null, &json!([]))
    );
    assert_eq!(result["identity"]["manufacturer"], "Acme");
    assert_eq!(result["models"][1]["title"], "inverter, three phases");
    let absent = result["models"][1]["absent"].to_string();
    assert!(
        absent.contains("\"AphC\"") && absent.contains("\"WH\""),
        "{absent}"
    );
    assert_eq!(result["saving"], "created");
    let template = field.save(result);
    assert_eq!(
        (&template["name"], &template["version"]),
        (&json!("Acme"), &json!("1"))
    );

    let device = field.make_device(&template);
    field.wait_for("inverter_current", 12.34, 0).await;
    field.wait_for("inverter_active_power", 5600.0, 0).await;
    field.wait_for("inverter_frequency", 50.01, 0).await;
    field.wait_for("inverter_a_sf", -2.0, 0).await;

    field.change().await;

    let job = field.read(json!({})).await;
    assert_eq!(job["result"]["saving"], "updated", "{job:#}");
    let template = field.save(&job["result"]);
    assert_eq!(template["version"], "2");
    let place = format!("/api/v1/devices/{device}/template");
    let drift = field.rig.get(&place).expect(200);
    assert!(drift["changed"].to_string().contains("/scale"), "{drift:#}");
    field
        .rig
        .post(&format!("{place}/apply"), &json!({}))
        .expect(200);
    field.wait_for("inverter_current", 12.3, 0).await;
    field.wait_for("inverter_a_sf", -1.0, 0).await;
    let again = field.read(json!({})).await;
    assert_eq!(again["result"]["saving"], "unchanged");
    assert_eq!(again["result"]["edits"], json!([]));
    field.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_sunspec_device_is_told_with_place_and_remedy() {
    let field = field(&[1, 2, 3]).await;
    let job = field.read(json!({})).await;
    assert_eq!(job["state"], "failed", "{job:#}");
    let error = job["error"].as_str().unwrap();
    assert!(error.contains("no SunSpec marker"), "{error}");
    assert!(
        error.contains("40000: 0001 0002") && error.contains("unit id"),
        "{error}"
    );
    let line = json!({ "connection": field.connection });
    for (more, pointer) in [
        (json!({ "name": " " }), "/name"),
        (json!({ "name": "x".repeat(129) }), "/name"),
        (json!({ "unit_id": 256 }), "/unit_id"),
        (json!({ "colour": 1 }), "/colour"),
    ] {
        let mut body = json!({ "line": line });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let refused = field.rig.post("/api/v1/discovery/sunspec", &body);
        let pointers = refused.refused(422, "invalid_body");
        assert_eq!(pointers, [pointer]);
    }
    field.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_that_breaks_off_gives_what_was_read_and_says_so() {
    let mut words = words();
    words.truncate(40);
    words[3] = 36;
    let field = field(&words).await;
    let result = field.read(json!({ "name": "Rest" })).await["result"].clone();
    let broken = result["broken"].as_str().unwrap();
    assert!(
        broken.starts_with("the chain of models breaks at holding register 40040"),
        "{broken}"
    );
    let problem = result["models"][0]["problems"][0].as_str().unwrap();
    assert!(
        problem.starts_with("36 registers, where the published model has 66"),
        "{problem}"
    );
    assert_eq!(result["template"]["name"], "Rest");

    let own = json!({ "name": "Rest", "version": "1", "protocol": "modbus" });
    field.rig.post("/api/v1/templates", &own).expect(201);
    let result = field.read(json!({ "name": "Rest" })).await["result"].clone();
    assert_eq!(
        (&result["saving"], &result["edits"]),
        (&Json::Null, &json!([]))
    );
    assert_eq!(result["problems"][0]["pointer"], "/name", "{result:#}");
    field.simulator.stop().await;
}
