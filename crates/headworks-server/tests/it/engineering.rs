//! Tag tables and projects of other programs over HTTP.

use headworks_protocols::Protocol;
use headworks_protocols::modbus::PROTOCOL;
use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig, wait_for};

static MODBUS: &[&Protocol] = &[&PROTOCOL];

const TABLE: &str = "/api/v1/tag-table";
const IMPORTS: &str = "/api/v1/plant-imports";

fn upload(rig: &Rig, path: &str, file: impl Into<Vec<u8>>) -> Answer {
    let headers = [("content-type", "application/octet-stream")];
    rig.send("POST", path, &headers, Some(file.into()))
}

async fn start() -> Rig {
    Rig::start_with(|settings, _| settings.protocols = MODBUS).await
}

/// Returns the tags as an Excel file.
fn sheet(rig: &Rig) -> Vec<u8> {
    let url = format!("http://{}{TABLE}?format=xlsx", rig.address);
    let token = format!("Bearer {}", rig.token);
    let mut answer = ureq::get(url)
        .header("authorization", token)
        .call()
        .unwrap();
    answer.body_mut().read_to_vec().unwrap()
}

/// Makes a Modbus device that is never asked.
fn modbus_device(rig: &Rig) -> Json {
    let connection = json!({
        "name": "meters", "protocol": "modbus", "enabled": false,
        "settings": { "endpoint": "192.0.2.1:502" },
    });
    let connection = rig.post("/api/v1/connections", &connection).expect(201);
    let device = json!({
        "name": "Meter 1", "connection": connection["id"], "path": "plant/meter1",
    });
    rig.post("/api/v1/devices", &device).expect(201)
}

fn export(rig: &Rig) -> String {
    let reply = rig.get(TABLE);
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text
}

const ROWS: &str = "device;name;address;data_type;order;length;scale;offset;unit;decimals;min;max;\
    invalid;period_ms;enabled;writable;history;max_step;max_rate_per_s;freeze_s;\
    expected_period_ms;by_exception;description\r\n\
    Meter 1;voltage;30001;float32;CDAB;;0,1;-5;V;1;0;300;;500;;;;10;2,5;60;1000;;\"two\nlines\"\r\n\
    Meter 1;=cmd;HR7;int16;;;;;;;;;-32768;;false;true;false;;;;;true;-x\r\n\
    Meter 1;text;HR20;string;;8;;;;;;;;;;;;;;;;;'quoted'\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_table_goes_in_and_comes_out_the_same() {
    let rig = start().await;
    modbus_device(&rig);
    let plan = upload(&rig, &format!("{TABLE}?dry_run=true"), ROWS).expect(200);
    assert_eq!(plan["created"], json!({ "tag": 3 }), "{plan}");
    assert_eq!(plan["applied"], false);
    assert_eq!(plan["change"], Json::Null);
    assert_eq!(plan["rows"][0]["name"], "plant/meter1/voltage");
    assert_eq!(export(&rig).lines().count(), 1);
    let done = upload(&rig, TABLE, ROWS).expect(200);
    assert_eq!(done["applied"], true);
    let change = done["change"].as_i64().unwrap();
    let changes = rig.get(&format!("/api/v1/changes/{change}")).expect(200);
    assert_eq!(changes["total"], 3, "{changes}");
    let tags = rig.get("/api/v1/tags?search=voltage").expect(200);
    let tag = &tags["items"][0];
    assert_eq!((&tag["scale"], &tag["offset"]), (&json!(0.1), &json!(-5.0)));
    assert_eq!(tag["order"], "CDAB");
    assert_eq!(tag["validation"]["max_rate_per_s"], 2.5);
    assert_eq!(tag["description"], "two\nlines");

    let first = export(&rig);
    assert!(first.contains(",'=cmd,"), "{first}");
    let again = upload(&rig, TABLE, first.clone()).expect(200);
    assert_eq!(again["unchanged"], 3, "{again}");
    assert_eq!(again["updated"], json!({}));
    let excel = sheet(&rig);
    let again = upload(&rig, TABLE, excel.clone()).expect(200);
    assert_eq!(again["unchanged"], 3, "{again}");
    assert!(sheet(&rig) == excel, "the same tags give the same bytes");

    let gone = upload(&rig, &format!("{TABLE}?mode=delete"), first.clone()).expect(200);
    assert_eq!(gone["deleted"], json!({ "tag": 3 }), "{gone}");
    upload(&rig, TABLE, first.clone()).expect(200);
    assert_eq!(export(&rig), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn replacing_deletes_what_the_file_does_not_name() {
    let rig = start().await;
    modbus_device(&rig);
    upload(&rig, TABLE, ROWS).expect(200);
    let rest = "device,name,unit\nMeter 1,voltage,kV\n";
    let done = upload(&rig, &format!("{TABLE}?mode=replace"), rest).expect(200);
    assert_eq!(done["deleted"], json!({ "tag": 2 }), "{done}");
    assert_eq!(done["updated"], json!({ "tag": 1 }));
    let tags = rig.get("/api/v1/tags").expect(200);
    assert_eq!(tags["items"][0]["unit"], "kV");
    assert_eq!(
        tags["items"][0]["scale"], 0.1,
        "a column that is not there changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_named_with_its_row_and_nothing_is_applied() {
    let rig = start().await;
    modbus_device(&rig);
    let file = "device,name,address,data_type,scale\n\
        Meter 1,a,HR1,float33,1\n\
        Meter 2,b,HR2,int16,1\n\
        Meter 1,c,HR3,int16,much\n\
        Meter 1,C,HR4,int16,1\n\
        Meter 1,d,,int16,1\n\
        Meter 1,e,HR5,int16,0\n";
    let plan = upload(&rig, &format!("{TABLE}?dry_run=true"), file).expect(200);
    let errors: Vec<(u64, &str)> = plan["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (
                error["row"].as_u64().unwrap(),
                error["column"].as_str().unwrap(),
            )
        })
        .collect();
    let want = [
        (2, "data_type"),
        (3, "device"),
        (4, "scale"),
        (5, "name"),
        (6, "address"),
        (7, "scale"),
    ];
    assert_eq!(errors, want, "{plan}");
    let text = plan["errors"].to_string();
    assert!(text.contains("plant/meter1/c in row 4"), "{text}");
    let refused = upload(&rig, TABLE, file);
    refused.refused(422, "invalid_body");
    assert!(
        refused.text.contains("/rows/2/data_type"),
        "{}",
        refused.text
    );
    // only the protocol knows that this is no address
    let file = "device,name,address\nMeter 1,good,HR1\nMeter 1,bad,50001\n";
    let plan = upload(&rig, &format!("{TABLE}?dry_run=true"), file).expect(200);
    assert_eq!(plan["error_count"], 1, "{plan}");
    assert_eq!(plan["errors"][0]["row"], 3);
    assert_eq!(plan["errors"][0]["column"], "address");
    upload(&rig, TABLE, file).refused(422, "invalid_body");
    assert_eq!(export(&rig).lines().count(), 1);
    upload(&rig, TABLE, "").refused(422, "unreadable_file");
    upload(&rig, TABLE, "device,name\n").refused(422, "unreadable_file");
    upload(&rig, TABLE, "\0\0\0").refused(422, "unreadable_file");
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_made_where_that_is_wanted() {
    let rig = start().await;
    modbus_device(&rig);
    let file = "device,name,address\nNew,a,HR1\nNew,b,HR2\nMeter 1,c,HR3\n";
    let path = format!("{TABLE}?create_devices=meters");
    let done = upload(&rig, &path, file).expect(200);
    assert_eq!(done["created"], json!({ "device": 1, "tag": 3 }), "{done}");
    upload(&rig, &format!("{TABLE}?create_devices=nobody"), file).refused(422, "unreadable_file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_of_another_program_becomes_a_plant() {
    let rig = start().await;
    let file = "modbus:\n  - name: house\n    type: tcp\n    host: 192.0.2.9\n    port: 502\n    \
        sensors:\n      - name: Power\n        address: 8\n        slave: 3\n        \
        data_type: int32\n        swap: word\n        scale: 0.1\n        \
        unit_of_measurement: W\n        device_class: power\n";
    let plan = upload(&rig, &format!("{IMPORTS}?dry_run=true"), file).expect(200);
    assert_eq!(plan["format"], "home_assistant");
    assert_eq!(
        plan["created"],
        json!({ "connection": 1, "device": 1, "tag": 1 }),
        "{plan}"
    );
    assert_eq!(plan["not_carried_over"][0]["key"], "device_class");
    upload(&rig, IMPORTS, file).expect(200);
    let tag = &rig.get("/api/v1/tags").expect(200)["items"][0];
    assert_eq!(tag["path"], "house/Power");
    assert_eq!(
        (&tag["address"], &tag["order"]),
        (&json!("HR8"), &json!("CDAB"))
    );
    let again = upload(&rig, IMPORTS, file).expect(200);
    assert!(
        again["not_carried_over"].to_string().contains("house_2"),
        "{again}"
    );
    let refused = upload(&rig, &format!("{IMPORTS}?on_clash=report"), file);
    refused.refused(422, "invalid_body");
    let wrong = upload(&rig, &format!("{IMPORTS}?format=telegraf"), file);
    assert!(
        wrong
            .text
            .contains("looks like a `modbus:` of Home Assistant"),
        "{}",
        wrong.text
    );
    upload(&rig, IMPORTS, "hello").refused(422, "unreadable_file");
    upload(&rig, IMPORTS, "").refused(422, "unreadable_file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_registers_goes_into_a_device_of_the_plant() {
    let rig = start().await;
    modbus_device(&rig);
    let file = "_address\tname\ttype\tlen\tfactor\toffset\n3\tflow\tuint16be\t1\t0,5\t-1\n";
    let path = format!("{IMPORTS}?table=input&device=Meter%201");
    let done = upload(&rig, &path, file).expect(200);
    assert_eq!(done["created"], json!({ "tag": 1 }), "{done}");
    let tag = &rig.get("/api/v1/tags").expect(200)["items"][0];
    assert_eq!(tag["path"], "plant/meter1/flow");
    assert_eq!(
        (&tag["address"], &tag["scale"]),
        (&json!("IR3"), &json!(0.5))
    );
    upload(&rig, &format!("{IMPORTS}?table=input"), file).refused(422, "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_are_bounded_noted_and_for_those_who_may_configure() {
    let rig = start().await;
    modbus_device(&rig);
    upload(&rig, TABLE, ROWS).expect(200);
    let noted = || rig.get("/api/v1/audit?action=import_tag_table").expect(200);
    // the journal is written after the answer
    wait_for(|| noted()["items"][0].is_object()).await;
    let journal = noted();
    let entry = &journal["items"][0];
    assert_eq!(
        entry["target"],
        json!({ "kind": "file", "id": "tag_table" }),
        "{journal}"
    );
    assert_eq!(
        entry["detail"],
        "tag_table: 3 created, 0 updated, 0 deleted"
    );
    for path in [TABLE, IMPORTS] {
        let large = vec![b'x'; (64 << 20) + 1];
        upload(&rig, path, large).refused(413, "body_too_large");
        let nobody = rig.send("POST", path, &[crate::rig::NOBODY], Some(Vec::new()));
        nobody.refused(401, "not_signed_in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_stands_in_the_asset_of_its_row() {
    let rig = start().await;
    modbus_device(&rig);
    let site = json!({ "name": "north", "parent": null, "level": "site" });
    rig.post("/api/v1/assets", &site).expect(201);
    let file = "device,name,address,asset\nMeter 1,flow,HR1,north\n";
    upload(&rig, TABLE, file).expect(200);
    let table = export(&rig);
    assert!(
        table.contains("\r\nnorth/flow,Meter 1,flow,HR1,"),
        "{table}"
    );
    assert_eq!(upload(&rig, TABLE, table).expect(200)["unchanged"], 1);
    let wrong = upload(&rig, TABLE, file.replace("north", "south"));
    assert_eq!(wrong.refused(422, "invalid_body"), ["/rows/2/asset"]);
}
