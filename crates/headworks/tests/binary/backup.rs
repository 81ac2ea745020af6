//! `headworks backup` beside a running hub, and the hub on what was restored.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_store::{EmbeddedHistorian, Historian, HistorianOptions};
use serde_json::json;

use crate::support::rest::{Hub, PASSWORD};
use crate::{check_ended, headworks, start};

fn backup(name: &str, directory: &Path, more: &[&str]) -> std::process::Output {
    let arguments = ["backup", name, directory.to_str().unwrap(), "--json"];
    headworks(&[&arguments, more].concat())
}

fn said(output: &std::process::Output) -> serde_json::Value {
    check_ended(output, 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_backup_is_made_beside_the_process_that_writes_and_restored() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (target, other) = (
        directory.path().join("backups"),
        directory.path().join("other"),
    );
    let from = ["--data", data.to_str().unwrap()];
    let to = ["--data", other.to_str().unwrap()];
    let historian = EmbeddedHistorian::open(&data, HistorianOptions::default()).unwrap();
    let ramp = (0..10_000).map(|second| Update {
        tag: TagIndex(1),
        sample: Sample::good(second * 1_000_000, Value::I64(second)),
    });
    historian.append(&ramp.collect::<Vec<_>>()).unwrap();
    let created = said(&backup("create", &target, &from));
    let listed = said(&backup("list", &target, &[]));
    assert_eq!(listed[0]["id"], created["id"]);
    assert_eq!(said(&backup("verify", &target, &[]))["problems"], json!([]));
    let in_use = backup("restore", &target, &from);
    check_ended(&in_use, 1);
    let restored = said(&backup("restore", &target, &to));
    assert_eq!(restored["id"], created["id"]);
    check_ended(&backup("restore", &target, &to), 1);
    let newest = |historian: EmbeddedHistorian| historian.latest(&[TagIndex(1)]).unwrap();
    let copy = EmbeddedHistorian::open(&other, HistorianOptions::default()).unwrap();
    assert_eq!(copy.stats().in_memory, 10_000);
    assert_eq!(newest(copy), newest(historian));
    let pruned = said(&backup("prune", &target, &["--last", "1"]));
    assert_eq!(pruned["removed"], json!([]));
}

#[test]
fn an_authenticator_needs_the_master_key_of_before_and_there_is_a_way_out_without_it() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let (data, target) = (place("data"), place("backups"));
    let hub = start(&data);
    crate::canaries::add_authenticator(&hub);
    let from = ["--data", data.to_str().unwrap()];
    said(&backup("create", &target, &from));
    assert_eq!(hub.stop().unwrap(), Some(0));
    let credentials = json!({ "name": "owner", "password": PASSWORD, "code": "000000" });
    for (name, has_key) in [("with", true), ("without", false)] {
        let other = place(name);
        let to = ["--data", other.to_str().unwrap()];
        let restored =
            headworks(&[&["backup", "restore", target.to_str().unwrap()], &to[..]].concat());
        check_ended(&restored, 0);
        let text = String::from_utf8_lossy(&restored.stdout).into_owned();
        assert!(text.contains("headworks user reset-totp NAME"), "{text}");
        if has_key {
            std::fs::copy(data.join("master.key"), other.join("master.key")).unwrap();
        }
        let hub = Hub::without_token(Path::new(crate::BINARY), &other).unwrap();
        let refused = hub.post("session", &credentials).unwrap();
        if has_key {
            // The authenticator is asked as before; only the code is wrong.
            assert_eq!(
                (refused.status, &refused.body["code"]),
                (401, &json!("sign_in_failed"))
            );
        } else {
            assert_eq!(
                (refused.status, &refused.body["code"]),
                (409, &json!("account_conflict"))
            );
            let detail = refused.body["detail"].as_str().unwrap();
            assert!(
                detail.contains("headworks user reset-totp NAME"),
                "{detail}"
            );
        }
        check_ended(
            &headworks(&[&["user", "reset-totp", "owner"], &to[..]].concat()),
            0,
        );
        let body = json!({ "name": "owner", "password": PASSWORD });
        let signed_in =
            crate::support::wait_for("a sign-in without a code", crate::PATIENCE, || {
                (hub.post("session", &body).ok()?.status == 200).then_some(())
            });
        signed_in.unwrap();
        assert_eq!(hub.stop().unwrap(), Some(0));
    }
}

fn sign_in_and_back_up(hub: &Hub, data: &Path, target: &Path) {
    let credentials = &json!({ "name": "owner", "password": PASSWORD });
    let is_over = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let signing_in = scope.spawn(move || {
            let turns = (0..1_000).take_while(|_| !is_over.load(Ordering::Relaxed));
            let opened = turns.map(|_| hub.create("session", credentials).unwrap());
            opened.count()
        });
        for _ in 0..3 {
            said(&backup(
                "create",
                target,
                &["--data", data.to_str().unwrap()],
            ));
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(0 < signing_in.join().unwrap());
    });
}

#[test]
fn accounts_and_the_audit_journal_are_in_a_backup_made_while_people_sign_in() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let (data, target, other) = (place("data"), place("backups"), place("other"));
    let hub = start(&data);
    sign_in_and_back_up(&hub, &data, &target);
    assert_eq!(hub.stop().unwrap(), Some(0));
    let to = ["--data", other.to_str().unwrap()];
    said(&backup("restore", &target, &to));
    for name in ["master.key", "setup-token", "tls", "errors.db"] {
        assert!(!other.join(name).exists(), "{name}");
    }
    check_ended(&headworks(&[&["audit", "verify"][..], &to].concat()), 0);
    // Signs in with the password of before; a hub without accounts would print a set-up token.
    let hub = start(&other);
    assert!(!hub.process.stdout().contains("set-up token"));
    assert_eq!(hub.get("users").unwrap().status, 200);
    assert_eq!(hub.stop().unwrap(), Some(0));
    check_ended(&headworks(&[&["audit", "verify"][..], &to].concat()), 0);
}
