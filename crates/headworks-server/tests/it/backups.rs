//! Backups over the API.

use serde_json::json;

use crate::rig::Rig;

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
    let check = rig
        .post(&format!("/api/v1/backups/{id}/verify"), &json!(null))
        .expect(202);
    let check = rig.wait_for_job(&check).await;
    assert_eq!(check["result"]["problems"], json!([]), "{check}");
    rig.post("/api/v1/backups/20200101T000000Z/verify", &json!(null))
        .refused(404, "not_found");
    rig.post("/api/v1/backups/..%2f..%2fetc/verify", &json!(null))
        .refused(404, "not_found");
}
