//! Backups of the data directory.

use super::{DELETE, GET, POST};
use crate::api::backups;
use crate::route::Permission::Administer;
use crate::route::Route;

const CHAPTER: &str = "backups";
const BACKUPS: &str = "/api/v1/backups";

pub(super) fn backup_routes() -> Vec<Route> {
    vec![
        Route::new("list_backups", GET, BACKUPS, Administer, backups::list)
            .about(CHAPTER, "Lists the backups, newest first."),
        Route::new("create_backup", POST, BACKUPS, Administer, backups::create)
            .about(CHAPTER, "Starts a backup."),
        Route::new(
            "verify_backup",
            POST,
            "/api/v1/backups/{id}/verify",
            Administer,
            backups::verify,
        )
        .about(CHAPTER, "Starts the check of every file of a backup."),
        Route::new(
            "delete_backup",
            DELETE,
            "/api/v1/backups/{id}",
            Administer,
            backups::delete,
        )
        .about(
            CHAPTER,
            "Removes a backup and the files that no other one needs.",
        ),
    ]
}
