//! Web services that answer, hang, redirect and never end.

use super::*;
use headworks_core::route::Hold;
use headworks_store::TimeRange;

#[tokio::test(flavor = "multi_thread")]
async fn a_web_service_is_told_everything_that_is_known() {
    let (rig, receiver) = (
        Rig::start("hook-told", &["flow"]).await,
        Receiver::start().await,
    );
    let fields = json!({ "when": "value > 1", "transform": "scale(10)" });
    let id = rig.route(hook("plant/**", &receiver, "/ok", fields)).await;
    rig.plant.give_many(&[(0, 0.5)]).await;
    rig.plant.give(0, 4.0).await;
    let taken = receiver.taken(1).await;
    let body = taken[0].json();
    assert_eq!(body["value"], 40.0);
    assert_eq!(body["source_value"], 4.0);
    assert_eq!(body["path"], "plant/boiler/flow");
    assert_eq!(
        (&body["unit"], &body["device"]),
        (&json!("bar"), &json!("boiler"))
    );
    assert!(taken[0].head.contains("content-type: application/json"));
    let status = rig.until(id, |status| status.delivered == 1).await;
    assert_eq!((status.matched, status.passed), (2, 1));
    assert_eq!(status.held[&Hold::Condition], 1);
    assert_eq!(status.state, RouteState::Running);
    assert!(status.latency.is_some());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_and_a_method_are_used() {
    let (rig, receiver) = (
        Rig::start("hook-text", &["flow"]).await,
        Receiver::start().await,
    );
    let fields = json!({
        "body": r#"{"v": {value:json}, "t": "{name}"}"#, "method": "PUT",
        "headers": { "x-kind": "test" },
    });
    rig.route(hook("plant/boiler/flow", &receiver, "/ok", fields))
        .await;
    rig.plant.give(0, 4.5).await;
    let taken = receiver.taken(1).await;
    assert_eq!(taken[0].json(), json!({ "v": 4.5, "t": "flow" }));
    assert!(taken[0].line.starts_with("PUT /ok"), "{}", taken[0].line);
    assert!(taken[0].head.contains("x-kind: test"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_hangs_holds_up_no_other_and_its_parcel_is_kept() {
    let (rig, receiver) = (
        Rig::start("hook-hang", &["flow"]).await,
        Receiver::start().await,
    );
    let fields = json!({ "timeout_ms": 60_000, "rules": { "every_sample": true } });
    let hanging = rig
        .route(hook("plant/**", &receiver, "/hang", fields))
        .await;
    let quick = rig
        .route(hook("plant/**", &receiver, "/ok", json!({})))
        .await;
    for value in 0..50 {
        rig.plant.give(0, f64::from(value)).await;
    }
    receiver.taken(50).await;
    let status = rig.until(quick, |status| status.delivered == 50).await;
    assert!(status.latency.unwrap().p95_us < 2_000_000, "{status:?}");
    rig.until(hanging, |status| status.waiting == 49).await;
    // what waits when the route goes is kept
    let delete = Edit::Delete {
        id: hanging,
        expected: None,
        cascade: false,
    };
    rig.hub.handle().apply(vec![delete], "test").await.unwrap();
    let letters = rig.letters(50).await;
    assert!(letters.iter().all(|letter| letter.route == hanging));
    assert!(
        letters[0].reason.contains("was changed"),
        "{}",
        letters[0].reason
    );
    let refused = rig
        .router
        .handle()
        .replay(&LetterChoice::All(None))
        .unwrap();
    assert_eq!((refused.queued, refused.refused.len()), (0, 50));
    assert!(
        refused.refused[0]
            .reason
            .contains("does not exist any more")
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_outs_answers_and_redirects_are_told_as_reasons() {
    let (rig, receiver) = (
        Rig::start("hook-bad", &["flow"]).await,
        Receiver::start().await,
    );
    for (path, want, fields) in [
        (
            "/hang",
            "no whole answer within",
            json!({ "timeout_ms": 200 }),
        ),
        ("/busy", "answered 503: busy", json!({})),
        ("/wrong", "answered 400", json!({ "tries": 5 })),
        ("/redirect", "127.0.0.2", json!({})),
    ] {
        let id = rig.route(hook("plant/**", &receiver, path, fields)).await;
        rig.plant.give(0, 1.0).await;
        let status = rig.until(id, |status| status.dead == 1).await;
        let reason = status.last_error.unwrap().reason;
        assert!(reason.contains(want), "{path}: {reason}");
        assert_eq!(
            (status.state, status.failed_tries),
            (RouteState::Failing, 1),
            "{path}"
        );
        let delete = Edit::Delete {
            id,
            expected: None,
            cascade: false,
        };
        rig.hub.handle().apply(vec![delete], "test").await.unwrap();
    }
    let letters = rig.letters(4).await;
    assert!(letters.iter().all(|letter| letter.tries == 1));
    assert_eq!(receiver.count(), 0, "nobody was redirected to 127.0.0.2");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_hundred_megabytes_is_not_read() {
    let (rig, receiver) = (
        Rig::start("hook-huge", &["flow"]).await,
        Receiver::start().await,
    );
    let id = rig
        .route(hook("plant/**", &receiver, "/huge", json!({})))
        .await;
    rig.plant.give(0, 1.0).await;
    let status = rig.until(id, |status| status.delivered == 1).await;
    assert!(status.latency.unwrap().max_us < 5_000_000, "{status:?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_sent_again_and_survive_the_router() {
    let (rig, receiver) = (
        Rig::start("hook-again", &["flow"]).await,
        Receiver::start().await,
    );
    let busy = rig
        .route(hook("plant/**", &receiver, "/busy", json!({})))
        .await;
    rig.plant.give(0, 7.0).await;
    let first = rig.letters(1).await.remove(0);
    assert_eq!(first.parcel.as_ref().unwrap().path, "plant/boiler/flow");
    assert_eq!(first.route_name.as_deref(), Some("plant/** /busy"));
    // it fails again: another letter takes its place
    let choice = LetterChoice::Numbers(vec![first.number]);
    assert_eq!(rig.router.handle().replay(&choice).unwrap().queued, 1);
    rig.until(busy, |status| status.dead == 2).await;
    let second = rig.letters(1).await.remove(0);
    assert!(first.number < second.number);
    // with another router over the same files
    let Rig {
        hub,
        router,
        plant,
        directory,
    } = rig;
    router.stop().await;
    let router = Router::start(hub.handle(), client(), Arc::new(Everybody)).unwrap();
    let rig = Rig {
        hub,
        router,
        plant,
        directory,
    };
    rig.router.handle().settled().await;
    assert_eq!(rig.letters(1).await[0].number, second.number);
    let told = hook("plant/**", &receiver, "/ok", json!({}));
    let mut route: Route = serde_json::from_value(told).unwrap();
    route.name = "plant/** /busy".into();
    let update = |route: Route| Edit::Update {
        id: busy,
        expected: None,
        body: route.into(),
    };
    rig.hub
        .handle()
        .apply(vec![update(route)], "test")
        .await
        .unwrap();
    rig.router.handle().settled().await;
    let refused = rig
        .router
        .handle()
        .replay(&LetterChoice::All(Some(busy)))
        .unwrap();
    assert!(
        refused.refused[0]
            .reason
            .contains("does not lead to this target")
    );
    assert_eq!(
        rig.router
            .handle()
            .discard(&LetterChoice::All(None))
            .unwrap(),
        1
    );
    rig.letters(0).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_counts_and_delivers_nothing() {
    let (rig, receiver) = (
        Rig::start("hook-dry", &["flow"]).await,
        Receiver::start().await,
    );
    let dry = json!({ "dry_run": true });
    let id = rig.route(hook("plant/**", &receiver, "/ok", dry)).await;
    rig.plant.give(0, 1.0).await;
    let status = rig.until(id, |status| status.passed == 1).await;
    assert_eq!(status.state, RouteState::DryRun);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((receiver.count(), rig.status(id).delivered), (0, 0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_end_by_themselves() {
    let (rig, receiver) = (
        Rig::start("hook-window", &["flow"]).await,
        Receiver::start().await,
    );
    let window = json!({ "window": { "function": "max", "seconds": 1 } });
    rig.route(hook("plant/**", &receiver, "/ok", window)).await;
    rig.plant.give_many(&[(0, 1.0)]).await;
    rig.plant.give(0, 5.0).await;
    let taken = receiver.taken(1).await;
    let last = taken.last().unwrap().json();
    assert_eq!(last["value"], 5.0);
    assert_eq!(last["time_us"].as_i64().unwrap() % 1_000_000, 0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_bench_shows_what_a_route_would_do() {
    let rig = Rig::start("hook-trial", &["flow", "limit"]).await;
    for (tag, value) in [(1, 3.0), (0, 1.0), (0, 5.0), (0, 5.0), (0, 9.0)] {
        rig.plant.give(tag, value).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let route: Route = serde_json::from_value(json!({
        "name": "t", "from": ["plant/boiler/flow"],
        "to": [{ "kind": "webhook", "url": "http://192.0.2.1/" }],
        "when": "value > tag(\"plant/boiler/limit\")", "transform": "scale(2)",
    }))
    .unwrap();
    let hub = rig.hub.handle();
    let now_us = hub.clock().now_us();
    let range = TimeRange {
        start_us: now_us - 60_000_000,
        end_us: now_us + 1_000_000,
    };
    let trial = tokio::task::spawn_blocking(move || {
        for _ in 0..1500 {
            let found = trial(&hub, route.clone(), range, &|| None).unwrap();
            if 4 <= found.samples {
                return found;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the samples are not stored");
    });
    let trial = trial.await.unwrap();
    let good = trial.rows.iter().filter(|row| row.value.is_some());
    let shown: Vec<_> = good
        .map(|row| {
            (
                row.passed,
                row.held,
                row.result.as_ref().and_then(|value| value.as_f64()),
            )
        })
        .collect();
    let want = [
        (false, Some(Hold::Condition), None),
        (true, None, Some(10.0)),
        (false, Some(Hold::Unchanged), Some(10.0)),
        (true, None, Some(18.0)),
    ];
    assert_eq!(shown, want);
    assert_eq!((trial.tags, trial.passed, trial.is_cut), (1, 2, false));
    rig.stop().await;
}
