//! Jobs: long work that other chapters start.

use super::{DELETE, GET};
use crate::api::jobs;
use crate::route::Permission::{Operate, View};
use crate::route::Route;

const JOB: &str = "/api/v1/jobs/{id}";

pub(super) fn job_routes() -> Vec<Route> {
    vec![
        Route::new("list_jobs", GET, "/api/v1/jobs", View, jobs::list)
            .about("jobs", "Lists jobs, newest first."),
        Route::new("get_job", GET, JOB, View, jobs::get)
            .about("jobs", "Answers with a job and how far it is."),
        Route::new("cancel_job", DELETE, JOB, Operate, jobs::cancel)
            .about("jobs", "Tells a job to end early."),
    ]
}
