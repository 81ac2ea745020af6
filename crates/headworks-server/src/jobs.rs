//! Long work: a request starts a job, others look at it, and it can be cancelled.
//!
//! Jobs live in memory: a restart forgets them. What a job makes (files) is kept by its chapter.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use headworks_core::model::ObjectId;
use headworks_protocols::Clock;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::problem::{ApiError, Code};

/// Jobs that work at once; each holds a thread.
const RUNNING_MAX: usize = 2;
/// Jobs that ask devices at once; they wait most of the time, and may be paused for long.
const ASKING_MAX: usize = 4;
/// Jobs that wait for their turn.
const QUEUED_MAX: usize = 32;
/// Jobs that have ended and are still shown; the oldest are forgotten.
const ENDED_MAX: usize = 100;

/// The kind of jobs that ask devices.
pub(crate) const DISCOVERY: &str = "discovery";

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobState {
    /// Waits for others to end.
    Queued,
    /// Works.
    Running,
    /// Ended as asked.
    Done,
    /// Ended with an error.
    Failed,
    /// Was told to end early.
    Cancelled,
}

/// A job as others see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Job")]
pub(crate) struct JobView {
    /// Names the job.
    pub id: ObjectId,
    /// What it does, e.g. `export`.
    pub kind: String,
    /// What it does it with, for people.
    pub title: String,
    /// Where it is.
    pub state: JobState,
    /// Part that is done, 0 to 1.
    pub progress: f64,
    /// How much is done, in a unit of the kind.
    pub done: u64,
    /// How much there is to do, 0 as long as nobody knows.
    pub total: u64,
    /// Whether it was told to rest; only jobs that ask devices do.
    pub paused: bool,
    /// More figures of the kind, as they are now; an object or null.
    pub detail: Json,
    /// Why it failed.
    pub error: Option<String>,
    /// What came of it; null before it is done, of a discovery what was found until now.
    pub result: Json,
    /// When it was asked for, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// When it began to work.
    pub started_us: Option<i64>,
    /// When it ended.
    pub ended_us: Option<i64>,
}

/// How work that did not succeed ended.
#[derive(Debug)]
pub(crate) enum JobError {
    /// [`Work::is_cancelled`] was seen.
    Cancelled,
    /// The reason, for people: the thing, the place and the remedy.
    Failed(String),
}

/// The handle that work gets: it says how far it is and asks whether to go on.
pub(crate) struct Work {
    job: Arc<Job>,
}

/// All jobs; cheap to clone.
#[derive(Clone)]
pub(crate) struct Jobs {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    tasks: TaskTracker,
    turns: Semaphore,
    asking: Semaphore,
    /// In the order of their making.
    jobs: Mutex<VecDeque<Arc<Job>>>,
}

struct Job {
    id: ObjectId,
    kind: &'static str,
    title: String,
    created_us: i64,
    cancelled: AtomicBool,
    paused: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    status: Mutex<Status>,
}

struct Status {
    state: JobState,
    detail: Json,
    error: Option<String>,
    result: Json,
    started_us: Option<i64>,
    ended_us: Option<i64>,
}

impl Work {
    /// Returns whether the work is to end, with [`JobError::Cancelled`]; to be asked often.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.job.cancelled.load(Ordering::Relaxed)
    }

    /// Returns whether the work is to rest until this is false again, or it is cancelled.
    pub(crate) fn is_paused(&self) -> bool {
        self.job.paused.load(Ordering::Relaxed)
    }

    /// Shows what has come of it until now; stays when it is cancelled.
    pub(crate) fn set_result(&self, result: Json) {
        self.job.status.lock().result = result;
    }

    /// Says how much of how much is done.
    pub(crate) fn set_progress(&self, done: u64, total: u64) {
        self.job.done.store(done, Ordering::Relaxed);
        self.job.total.store(total, Ordering::Relaxed);
    }

    /// Shows more figures: a small object.
    pub(crate) fn set_detail(&self, detail: Json) {
        self.job.status.lock().detail = detail;
    }
}

impl Jobs {
    /// Returns an empty registry whose jobs are counted by `tasks`.
    pub(crate) fn new(clock: Clock, tasks: TaskTracker) -> Jobs {
        let inner = Inner {
            clock,
            tasks,
            turns: Semaphore::new(RUNNING_MAX),
            asking: Semaphore::new(ASKING_MAX),
            jobs: Mutex::default(),
        };
        Jobs {
            inner: Arc::new(inner),
        }
    }

    /// Starts work on a thread of its own when its turn comes; what it returns is the `result`.
    pub(crate) fn start(
        &self,
        kind: &'static str,
        title: String,
        work: impl FnOnce(&Work) -> Result<Json, JobError> + Send + 'static,
    ) -> Result<JobView, ApiError> {
        self.start_as(self.next_id(), kind, title, work)
    }

    /// As [`Jobs::start`], under an id from [`Jobs::next_id`] that something else already has.
    pub(crate) fn start_as(
        &self,
        id: ObjectId,
        kind: &'static str,
        title: String,
        work: impl FnOnce(&Work) -> Result<Json, JobError> + Send + 'static,
    ) -> Result<JobView, ApiError> {
        let job = Arc::new(Job {
            id,
            kind,
            title,
            created_us: self.inner.clock.now_us(),
            cancelled: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            status: Mutex::new(Status::default()),
        });
        self.enter(Arc::clone(&job))?;
        let view = job.view();
        self.inner
            .tasks
            .spawn(run(Arc::clone(&self.inner), job, work));
        Ok(view)
    }

    /// Returns an id that no other job has.
    pub(crate) fn next_id(&self) -> ObjectId {
        let now_us = u64::try_from(self.inner.clock.now_us()).unwrap_or(0);
        let nanos = u32::try_from(now_us % 1_000_000 * 1000).unwrap_or(0);
        let time = uuid::Timestamp::from_unix(uuid::NoContext, now_us / 1_000_000, nanos);
        ObjectId(uuid::Uuid::new_v7(time))
    }

    /// Returns a job; none when it was never there or is forgotten.
    pub(crate) fn get(&self, id: ObjectId) -> Option<JobView> {
        self.find(id).map(|job| job.view())
    }

    /// Returns the jobs of a kind, or all; newest first.
    pub(crate) fn list(&self, kind: Option<&str>) -> Vec<JobView> {
        let jobs = self.inner.jobs.lock();
        let wanted = |job: &&Arc<Job>| kind.is_none_or(|kind| kind == job.kind);
        jobs.iter()
            .rev()
            .filter(wanted)
            .map(|job| job.view())
            .collect()
    }

    /// Tells a job to end; one that has ended stays as it is. None when there is no such job.
    pub(crate) fn cancel(&self, id: ObjectId) -> Option<JobView> {
        let job = self.find(id)?;
        job.cancel(self.inner.clock.now_us());
        Some(job.view())
    }

    /// Tells a job of a kind to rest, or to go on. None when there is no such job.
    pub(crate) fn pause(&self, id: ObjectId, kind: &str, paused: bool) -> Option<JobView> {
        let job = self.find(id).filter(|job| job.kind == kind)?;
        job.paused.store(paused, Ordering::Relaxed);
        Some(job.view())
    }

    /// Forgets a job that has ended.
    pub(crate) fn forget(&self, id: ObjectId) {
        let mut jobs = self.inner.jobs.lock();
        jobs.retain(|job| job.id != id || !job.has_ended());
    }

    /// Tells all jobs to end, at the stop of the server.
    pub(crate) fn cancel_all(&self) {
        let now_us = self.inner.clock.now_us();
        let jobs = self.inner.jobs.lock();
        jobs.iter().for_each(|job| job.cancel(now_us));
    }

    fn find(&self, id: ObjectId) -> Option<Arc<Job>> {
        let jobs = self.inner.jobs.lock();
        jobs.iter().find(|job| job.id == id).cloned()
    }

    /// Takes a job into the table, or refuses it when too many wait.
    fn enter(&self, job: Arc<Job>) -> Result<(), ApiError> {
        let mut jobs = self.inner.jobs.lock();
        let waiting = jobs.iter().filter(|job| job.is(JobState::Queued)).count();
        if QUEUED_MAX <= waiting {
            let detail = format!("{waiting} jobs wait already; try again when some have ended");
            return Err(ApiError::new(Code::Busy, detail));
        }
        let ended = jobs.iter().filter(|job| job.has_ended()).count();
        if ENDED_MAX <= ended
            && let Some(oldest) = jobs.iter().position(|job| job.has_ended())
        {
            jobs.remove(oldest);
        }
        jobs.push_back(job);
        Ok(())
    }
}

/// Waits for a turn, works, and writes down how it ended.
async fn run(
    inner: Arc<Inner>,
    job: Arc<Job>,
    work: impl FnOnce(&Work) -> Result<Json, JobError> + Send + 'static,
) {
    let turns = if job.kind == DISCOVERY {
        &inner.asking
    } else {
        &inner.turns
    };
    let Ok(_turn) = turns.acquire().await else {
        return; // the semaphore is never closed
    };
    if !job.begin(inner.clock.now_us()) {
        return;
    }
    let worker = Work {
        job: Arc::clone(&job),
    };
    let outcome = tokio::task::spawn_blocking(move || {
        std::panic::catch_unwind(AssertUnwindSafe(|| work(&worker)))
    });
    let outcome = match outcome.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(JobError::Failed(
            "the job broke off inside the hub; its log says more".into(),
        )),
    };
    job.finish(outcome, inner.clock.now_us());
}

impl Job {
    fn is(&self, state: JobState) -> bool {
        self.status.lock().state == state
    }

    fn has_ended(&self) -> bool {
        self.status.lock().ended_us.is_some()
    }

    /// Begins, unless the job was cancelled while it waited.
    fn begin(&self, now_us: i64) -> bool {
        let mut status = self.status.lock();
        if status.state != JobState::Queued {
            return false;
        }
        status.state = JobState::Running;
        status.started_us = Some(now_us);
        true
    }

    fn cancel(&self, now_us: i64) {
        self.cancelled.store(true, Ordering::Relaxed);
        let mut status = self.status.lock();
        if status.state == JobState::Queued {
            status.state = JobState::Cancelled;
            status.ended_us = Some(now_us);
        }
    }

    fn finish(&self, outcome: Result<Json, JobError>, now_us: i64) {
        let mut status = self.status.lock();
        status.ended_us = Some(now_us);
        match outcome {
            Ok(result) => {
                status.state = JobState::Done;
                status.result = result;
            }
            Err(JobError::Cancelled) => status.state = JobState::Cancelled,
            Err(JobError::Failed(reason)) => {
                tracing::warn!(kind = self.kind, id = %self.id, reason, "a job failed");
                status.state = JobState::Failed;
                status.error = Some(reason);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a share needs few digits")]
    fn view(&self) -> JobView {
        let status = self.status.lock();
        let done = self.done.load(Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed);
        let progress = match (status.state, total) {
            (JobState::Done, _) => 1.0,
            (_, 0) => 0.0,
            (_, total) => (done as f64 / total as f64).clamp(0.0, 1.0),
        };
        JobView {
            id: self.id,
            kind: self.kind.to_owned(),
            title: self.title.clone(),
            state: status.state,
            progress,
            done,
            total,
            paused: self.paused.load(Ordering::Relaxed) && status.ended_us.is_none(),
            detail: status.detail.clone(),
            error: status.error.clone(),
            result: status.result.clone(),
            created_us: self.created_us,
            started_us: status.started_us,
            ended_us: status.ended_us,
        }
    }
}

impl Default for Status {
    fn default() -> Status {
        Status {
            state: JobState::Queued,
            detail: Json::Null,
            error: None,
            result: Json::Null,
            started_us: None,
            ended_us: None,
        }
    }
}

#[cfg(test)]
mod tests;
