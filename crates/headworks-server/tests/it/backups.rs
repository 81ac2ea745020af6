//! Backups over the API.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::rig::{Rig, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_directory_backups_are_refused_with_the_remedy() {
    let rig = Rig::start().await;
    let list = rig.get("/api/v1/backups").expect(200);
    assert_eq!(
        (&list["directory"], &list["items"]),
        (&json!(null), &json!([]))
    );
    rig.post("/api/v1/backups", &json!(null))
        .refused(409, "not_configured");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_listed_and_checked() {
    let rig = Rig::start_with(|settings, directory| {
        settings.backup.directory = Some(directory.join("backups"));
    })
    .await;
    let job = rig.post("/api/v1/backups", &json!(null)).expect(202);
    let job = rig.wait_for_job(&job).await;
    assert_eq!(job["state"], "done", "{job}");
    let id = job["result"]["id"].as_str().unwrap().to_owned();
    let list = rig.get("/api/v1/backups").expect(200);
    assert_eq!(list["items"][0]["id"], id);
    assert_eq!(list["error"], json!(null));
    assert_eq!(list["items"][0]["check"], json!(null));
    assert!(list["data"].as_str().unwrap().ends_with("/data"), "{list}");
    let check = rig
        .post(&format!("/api/v1/backups/{id}/verify"), &json!(null))
        .expect(202);
    let check = rig.wait_for_job(&check).await;
    assert_eq!(check["result"]["problems"], json!([]), "{check}");
    assert_eq!(check["progress"], 1.0, "{check}");
    let list = rig.get("/api/v1/backups").expect(200);
    assert_eq!(list["items"][0]["check"]["problems"], 0, "{list}");
    rig.post("/api/v1/backups/20200101T000000Z/verify", &json!(null))
        .refused(404, "not_found");
    rig.post("/api/v1/backups/..%2f..%2fetc/verify", &json!(null))
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_found_and_stays_known() {
    let (rig, backups) = with_directory().await;
    let id = back_up(&rig).await;
    let damaged = largest_file(&backups.join("files"));
    std::fs::write(&damaged, b"something else").unwrap();
    let check = rig
        .post(&format!("/api/v1/backups/{id}/verify"), &json!(null))
        .expect(202);
    let check = rig.wait_for_job(&check).await;
    let problems = check["result"]["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{check}");
    let list = rig.get("/api/v1/backups").expect(200);
    assert_eq!(list["items"][0]["check"]["problems"], 1, "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_backup_takes_its_files_along_and_leaves_those_of_others() {
    let (rig, backups) = with_directory().await;
    let first = back_up(&rig).await;
    let second = back_up(&rig).await;
    let gone = format!("/api/v1/backups/{first}");
    assert_eq!(rig.delete(&gone).status, 204);
    rig.delete(&gone).refused(404, "not_found");
    let list = rig.get("/api/v1/backups").expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    let check = rig
        .post(&format!("/api/v1/backups/{second}/verify"), &json!(null))
        .expect(202);
    let check = rig.wait_for_job(&check).await;
    assert_eq!(check["result"]["problems"], json!([]), "{check}");
    rig.delete(&format!("/api/v1/backups/{second}")).expect(204);
    assert!(files_in(&backups.join("files")).is_empty());
    assert!(files_in(&backups.join("checks")).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_says_when_the_next_one_comes_and_why_the_last_failed() {
    let rig = Rig::start_with(|settings, directory| {
        let taken = directory.join("taken");
        std::fs::write(&taken, "a file").unwrap();
        settings.backup.directory = Some(taken.join("backups"));
        settings.backup.every = Some(Duration::from_secs(3600));
    })
    .await;
    let list = || rig.get("/api/v1/backups").expect(200);
    wait_for(|| list()["error"].is_string()).await;
    let job = rig.post("/api/v1/backups", &json!(null)).expect(202);
    let job = rig.wait_for_job(&job).await;
    assert_eq!(job["state"], "failed", "{job}");
    let found = list();
    assert!(found["unreadable"].is_string(), "{found}");
    let ahead_us = found["next_us"].as_i64().unwrap() - rig.now_us();
    assert!(
        (3_500_000_000..=3_600_000_000).contains(&ahead_us),
        "{found}"
    );
    assert!(
        found["failed_us"].as_i64().unwrap() <= rig.now_us(),
        "{found}"
    );
}

async fn with_directory() -> (Rig, PathBuf) {
    let mut backups = PathBuf::new();
    let rig = Rig::start_with(|settings, directory| {
        backups = directory.join("backups");
        settings.backup.directory = Some(backups.clone());
    })
    .await;
    (rig, backups)
}

/// Makes a backup and returns its name.
async fn back_up(rig: &Rig) -> String {
    let job = rig.post("/api/v1/backups", &json!(null)).expect(202);
    let job = rig.wait_for_job(&job).await;
    assert_eq!(job["state"], "done", "{job}");
    job["result"]["id"].as_str().unwrap().to_owned()
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let (directories, mut files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    files.extend(directories.iter().flat_map(|path| files_in(path)));
    files
}

fn largest_file(directory: &Path) -> PathBuf {
    let files = files_in(directory).into_iter();
    let bytes = |path: &PathBuf| std::fs::metadata(path).unwrap().len();
    files.max_by_key(bytes).unwrap()
}
