use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use super::*;

fn jobs() -> Jobs {
    Jobs::new(Clock::new(|| 1_800_000_000_000_000), TaskTracker::new())
}

async fn ended(jobs: &Jobs, id: ObjectId) -> JobView {
    for _ in 0..6_000 {
        let view = jobs.get(id).unwrap();
        if view.ended_us.is_some() {
            return view;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the job did not end within 30 s");
}

#[tokio::test]
async fn a_job_says_how_far_it_is_and_what_came_of_it() {
    let jobs = jobs();
    let (go, wait) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let view = jobs
        .start("export", "all of it".into(), move |work| {
            work.set_progress(3, 4);
            work.set_detail(json!({ "rows": 7 }));
            tell.send(()).unwrap();
            wait.recv().unwrap();
            Ok(json!({ "rows": 9 }))
        })
        .unwrap();
    assert_eq!((view.state, view.progress), (JobState::Queued, 0.0));
    tokio::task::spawn_blocking(move || told.recv().unwrap())
        .await
        .unwrap();
    let view = jobs.get(view.id).unwrap();
    assert_eq!((view.state, view.progress), (JobState::Running, 0.75));
    assert_eq!(view.detail["rows"], 7);
    go.send(()).unwrap();
    let view = ended(&jobs, view.id).await;
    assert_eq!((view.state, view.progress), (JobState::Done, 1.0));
    assert_eq!(view.result["rows"], 9);
}

#[tokio::test]
async fn a_failure_and_a_panic_are_told() {
    let jobs = jobs();
    let failing = jobs
        .start("backup", String::new(), |_| {
            Err(JobError::Failed("the disk is full".into()))
        })
        .unwrap();
    let view = ended(&jobs, failing.id).await;
    assert_eq!(view.state, JobState::Failed);
    assert_eq!(view.error.as_deref(), Some("the disk is full"));
    let panicking = jobs
        .start("backup", String::new(), |_| panic!("on purpose"))
        .unwrap();
    let view = ended(&jobs, panicking.id).await;
    assert_eq!(view.state, JobState::Failed);
    assert!(view.error.unwrap().contains("broke off"));
}

#[tokio::test]
async fn running_and_waiting_jobs_can_be_cancelled() {
    let jobs = jobs();
    let spin = |work: &Work| {
        while !work.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(JobError::Cancelled)
    };
    let running: Vec<_> = (0..RUNNING_MAX)
        .map(|_| jobs.start("export", String::new(), spin).unwrap().id)
        .collect();
    while jobs.list(None).iter().any(|job| job.started_us.is_none()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let waiting = jobs.start("import", String::new(), spin).unwrap().id;
    let view = jobs.cancel(waiting).unwrap();
    assert_eq!(
        (view.state, view.started_us),
        (JobState::Cancelled, None),
        "one that waits ends at once"
    );
    jobs.cancel_all();
    for id in running {
        assert_eq!(ended(&jobs, id).await.state, JobState::Cancelled);
    }
    assert!(jobs.cancel(jobs.next_id()).is_none());
    assert_eq!(jobs.list(Some("import")).len(), 1);
}

#[tokio::test]
async fn queue_and_memory_of_jobs_have_bounds() {
    let jobs = jobs();
    let (go, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let mut blocked = Vec::new();
    loop {
        let wait = Arc::clone(&wait);
        let started = jobs.start("export", String::new(), move |_| {
            assert!(wait.lock().recv().is_err());
            Ok(Json::Null)
        });
        match started {
            Ok(view) => blocked.push(view.id),
            Err(error) => {
                assert_eq!(error.code(), Code::Busy);
                break;
            }
        }
        assert!(blocked.len() <= QUEUED_MAX + RUNNING_MAX);
    }
    drop(go);
    for id in blocked {
        ended(&jobs, id).await;
    }
    for _ in 0..ENDED_MAX + 10 {
        let id = jobs
            .start("export", String::new(), |_| Ok(Json::Null))
            .unwrap()
            .id;
        ended(&jobs, id).await;
    }
    assert!(jobs.list(None).len() <= ENDED_MAX + 1);
}
