//! The plant as code over HTTP.

use std::io::{Cursor, Write};

use headworks_engineering::code::{Files, bundle};
use headworks_protocols::Protocol;
use headworks_protocols::modbus::PROTOCOL;
use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig, wait_for};

static MODBUS: &[&Protocol] = &[&PROTOCOL];

const CODE: &str = "/api/v1/plant-code";

async fn start() -> Rig {
    Rig::start_with(|settings, _| settings.protocols = MODBUS).await
}

fn upload(rig: &Rig, query: &str, file: Vec<u8>) -> Answer {
    let headers = [("content-type", "application/zip")];
    rig.send("POST", &format!("{CODE}{query}"), &headers, Some(file))
}

fn send(rig: &Rig, query: &str, files: &Files) -> Answer {
    upload(rig, query, bundle::pack(files).unwrap())
}

fn export(rig: &Rig) -> Files {
    let url = format!("http://{}{CODE}", rig.address);
    let token = format!("Bearer {}", rig.token);
    let mut answer = ureq::get(url)
        .header("authorization", token)
        .call()
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "application/zip");
    bundle::unpack(&answer.body_mut().read_to_vec().unwrap()).unwrap()
}

fn of(texts: &[(&str, &str)]) -> Files {
    let texts = texts.iter().copied();
    texts
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect()
}

const CONNECTIONS: &str = "[[connection]]\nname = \"line\"\nprotocol = \"modbus\"\n\
    enabled = false\nsettings = { endpoint = \"192.0.2.1:502\" }\n";
const DEVICES: &str = "[[device]]\nname = \"boiler\"\nconnection = \"line\"\npath = \"boiler\"\n";

fn plant() -> Files {
    of(&[
        ("connections.toml", CONNECTIONS),
        ("devices.toml", DEVICES),
        (
            "tags.csv",
            "device,name,address\nboiler,temp,HR0\nboiler,level,HR1\n",
        ),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_in_and_come_out_the_same_and_are_taken_back() {
    let rig = start().await;
    let plan = send(&rig, "?dry_run=true", &plant()).expect(200);
    assert_eq!(plan["applied"], false);
    assert_eq!(
        plan["created"],
        json!({ "connection": 1, "device": 1, "tag": 2 })
    );
    let step = json!({ "action": "create", "kind": "tag", "name": "boiler/level" });
    assert_eq!(plan["steps"][3], step, "{plan}");
    assert_eq!(rig.get("/api/v1/tags").expect(200)["items"], json!([]));

    let state = plan["state"].as_str().unwrap();
    let done = send(&rig, &format!("?state={state}"), &plant()).expect(200);
    assert_eq!(done["applied"], true);
    let change = done["change"].as_i64().unwrap();
    let files = export(&rig);
    assert_eq!(files.len(), headworks_engineering::code::FILES.len());
    let again = send(&rig, "", &files).expect(200);
    assert_eq!(
        (&again["unchanged"], &again["change"]),
        (&json!(4), &Json::Null)
    );
    assert_eq!(export(&rig), files);

    let place = format!("/api/v1/changes/{change}/undo");
    rig.post(&place, &json!({})).expect(200);
    assert_eq!(
        rig.get("/api/v1/connections").expect(200)["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_not_applied_to_another_plant_than_it_was_made_for() {
    let rig = start().await;
    send(&rig, "", &plant()).expect(200);
    let mut files = export(&rig);
    let text = files.get_mut("tags.csv").unwrap();
    *text = text.replace("HR1", "HR9");
    let plan = send(&rig, "?dry_run=true", &files).expect(200);
    let change = &plan["steps"][0]["changes"];
    assert_eq!(
        *change,
        json!([{ "field": "address", "from": "HR1", "to": "HR9" }])
    );
    rig.post("/api/v1/assets", &json!({ "name": "north" }))
        .expect(201);
    let query = format!("?state={}", plan["state"].as_str().unwrap());
    send(&rig, &query, &files).refused(412, "conflict");
    let asset = rig.get("/api/v1/assets").expect(200)["items"][0].clone();
    assert_eq!(asset["name"], "north", "nothing was applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_have_file_line_and_key_and_nothing_is_applied() {
    let rig = start().await;
    let mut files = plant();
    let text = files.get_mut("tags.csv").unwrap();
    *text = text.replace("HR1", "HR99999");
    let plan = send(&rig, "?dry_run=true", &files).expect(200);
    assert_eq!(plan["error_count"], 1, "{plan}");
    let error = &plan["errors"][0];
    let place = (&error["file"], &error["line"], &error["key"]);
    assert_eq!(place, (&json!("tags.csv"), &json!(3), &json!("address")));
    let refused = send(&rig, "", &files).refused(422, "invalid_body");
    assert_eq!(refused, ["/tags.csv/3/address"]);
    assert_eq!(
        rig.get("/api/v1/connections").expect(200)["items"],
        json!([])
    );

    let base = "[[template]]\nname = \"m\"\nversion = \"1\"\nprotocol = \"modbus\"\n\
        [[template.tags]]\nname = \"a\"\naddress = \"HR99999\"\n";
    let refused = send(&rig, "", &of(&[("templates.toml", base)]));
    let refused = refused.refused(422, "invalid_body");
    assert_eq!(refused, ["/templates.toml/7/tags[0].address"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rests_on_a_deleted_object_and_is_in_no_file_is_not_deleted_with_it() {
    let rig = start().await;
    send(&rig, "", &plant()).expect(200);
    let none = of(&[("devices.toml", "")]);
    let plan = send(&rig, "?dry_run=true", &none).expect(200);
    let reason = plan["errors"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("device \"boiler\" has 2 children"),
        "{reason}"
    );
    send(&rig, "", &none).refused(422, "invalid_body");
    let all = of(&[("devices.toml", ""), ("tags.csv", "")]);
    let done = send(&rig, "", &all).expect(200);
    assert_eq!(done["deleted"], json!({ "device": 1, "tag": 2 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_that_are_none_of_ours_are_refused() {
    let rig = start().await;
    for (bytes, want) in [
        (Vec::new(), "no whole ZIP archive"),
        (
            b"[[asset]]\nname = \"a\"\n".to_vec(),
            "no whole ZIP archive",
        ),
        (
            bundle::pack(&of(&[("../x.toml", "")])).unwrap(),
            "none of the files",
        ),
        (bundle::pack(&Files::new()).unwrap(), "none of the files"),
        (bomb(), "more than 96 MiB"),
        (not_utf8(), "tags.csv"),
    ] {
        let answer = upload(&rig, "", bytes);
        answer.refused(422, "unreadable_file");
        assert!(answer.text.contains(want), "{}", answer.text);
    }
    let large = vec![b'x'; (64 << 20) + 1];
    upload(&rig, "", large).refused(413, "body_too_large");
    let nobody = rig.send("POST", CODE, &[crate::rig::NOBODY], Some(Vec::new()));
    nobody.refused(401, "not_signed_in");
    let viewer = format!("Bearer {}", rig.make_user("looker", "viewer"));
    let headers = [("authorization", viewer.as_str())];
    let file = bundle::pack(&plant()).unwrap();
    rig.send("POST", CODE, &headers, Some(file))
        .refused(403, "forbidden");
}

fn bomb() -> Vec<u8> {
    bundle::pack(&of(&[("tags.csv", &"\n".repeat(97 << 20))])).unwrap()
}

fn not_utf8() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("tags.csv", options).unwrap();
    archive
        .write_all(b"device,name,address\n\xff,\xfe,x\n")
        .unwrap();
    archive.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_took_the_plant_out_and_who_brought_it_in_is_noted() {
    let rig = start().await;
    send(&rig, "", &plant()).expect(200);
    export(&rig);
    let noted = |action: &str| {
        let found = rig
            .get(&format!("/api/v1/audit?action={action}"))
            .expect(200);
        found["items"][0].clone()
    };
    // the journal is written after the answer
    wait_for(|| noted("export_plant_code").is_object()).await;
    let entry = noted("apply_plant_code");
    assert_eq!(
        entry["detail"],
        "plant_code: 4 created, 0 updated, 0 deleted"
    );
}
