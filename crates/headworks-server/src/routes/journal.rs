//! The audit journal.

use super::{GET, POST};
use crate::api::journal;
use crate::route::Permission::Administer;
use crate::route::Route;

const CHAPTER: &str = "audit";
const AUDIT: &str = "/api/v1/audit";

pub(super) fn journal_routes() -> Vec<Route> {
    vec![
        Route::new("list_audit", GET, AUDIT, Administer, journal::list)
            .about(CHAPTER, "Lists what was done, newest first."),
        Route::new(
            "export_audit",
            GET,
            "/api/v1/audit/export",
            Administer,
            journal::copy,
        )
        .long()
        .noted()
        .about(CHAPTER, "Sends what was done as CSV, oldest first."),
        Route::new(
            "verify_audit",
            POST,
            "/api/v1/audit/verify",
            Administer,
            journal::verify,
        )
        .about(CHAPTER, "Answers whether the journal is as it was written."),
    ]
}
