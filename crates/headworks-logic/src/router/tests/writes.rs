//! Tags that routes write.

use super::*;
use headworks_core::route::Hold;

fn write(rig: &Rig, name: &str, from: &str, to: usize, more: Json) -> Json {
    let mut route = json!({ "name": name, "from": [from], "to": [rig.plant.target(to)] });
    let more = more.as_object().unwrap().clone();
    route.as_object_mut().unwrap().extend(more);
    route
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_written_and_the_newest_wins_while_a_write_is_under_way() {
    let rig = Rig::start("write-newest", &["x", "y"]).await;
    let scale = json!({ "transform": "scale(10)" });
    let id = rig
        .route(write(&rig, "r", "plant/boiler/x", 1, scale))
        .await;
    *rig.plant.line.delay.lock() = Duration::from_millis(300);
    for value in [1.0, 2.0, 3.0, 4.0] {
        rig.plant.give(0, value).await;
    }
    let status = rig
        .until(id, |status| {
            status.waiting == 0 && status.delivered + status.replaced == 4
        })
        .await;
    let written = rig.plant.written("y");
    assert_eq!(written.last(), Some(&40.0));
    assert_eq!(written.len() as u64, status.delivered);
    assert!(1 <= status.replaced, "{status:?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_follows_both_sides_and_does_not_swing() {
    let rig = Rig::start("write-pair", &["x", "y"]).await;
    let pair = json!({
        "transform": "scale(10)", "back": { "transform": "scale(0.1)" },
    });
    let id = rig
        .route(write(&rig, "pair", "plant/boiler/x", 1, pair))
        .await;
    *rig.plant.line.keeps.lock() = Some(|value: f64| value.round());
    rig.plant.give(1, 0.0).await;
    rig.plant.give(0, 5.0).await;
    rig.until(id, |status| status.delivered == 1).await;
    rig.until(id, |status| status.held.contains_key(&Hold::Loop))
        .await;
    assert_eq!(
        (rig.plant.written("x"), rig.plant.written("y")),
        (vec![], vec![50.0])
    );
    rig.plant.give(1, 80.0).await;
    rig.until(id, |status| status.delivered == 2).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        (rig.plant.written("x"), rig.plant.written("y")),
        (vec![8.0], vec![50.0])
    );
    rig.plant.give(1, 80.0).await;
    rig.plant.give(0, 8.0).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        rig.status(id).delivered,
        2,
        "what is polled again is no news"
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_refuses_or_cannot_take_goes_to_the_dead_letters() {
    let rig = Rig::start("write-dead", &["x", "deaf", "y"]).await;
    let from = "plant/boiler/x";
    let deaf = rig.route(write(&rig, "deaf", from, 1, json!({}))).await;
    let beyond = json!({ "transform": "scale(1e9)" });
    let beyond = rig.route(write(&rig, "beyond", from, 2, beyond)).await;
    rig.plant.give(0, 1.0).await;
    for (id, want) in [(deaf, "illegal data address"), (beyond, "above its max")] {
        let status = rig.until(id, |status| status.dead == 1).await;
        let reason = status.last_error.unwrap().reason;
        assert!(reason.contains(want), "{reason}");
    }
    // and so does what is meant for a plant that is switched off
    rig.letters(2).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_a_tag_is_written_when_it_is_sent_again() {
    let rig = Rig::start("write-again", &["x", "y"]).await;
    let id = rig
        .route(write(&rig, "r", "plant/boiler/x", 1, json!({})))
        .await;
    *rig.plant.line.delay.lock() = Duration::from_secs(3);
    rig.plant.give(0, 1.0).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    rig.plant.enable(false).await;
    rig.until(id, |status| status.dead == 1).await;
    let letter = rig.letters(1).await.remove(0);
    assert_eq!(letter.target, "tag plant/boiler/y");
    *rig.plant.line.delay.lock() = Duration::ZERO;
    rig.plant.enable(true).await;
    rig.router.handle().settled().await;
    for _ in 0..600 {
        let outcome = rig
            .router
            .handle()
            .replay(&LetterChoice::All(None))
            .unwrap();
        assert_eq!(outcome.refused, []);
        rig.router.handle().shared.letters.flush().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        if !rig.plant.written("y").is_empty() {
            break;
        }
    }
    assert_eq!(rig.plant.written("y"), [1.0]);
    rig.letters(0).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_that_the_author_may_not_write_any_more() {
    let rig = Rig::start("write-right", &["x", "forbidden"]).await;
    let id = rig
        .route(write(&rig, "r", "plant/boiler/x", 1, json!({})))
        .await;
    rig.plant.give(0, 5.0).await;
    let letters = rig.letters(1).await;
    assert_eq!(
        letters[0].reason,
        "test, who saved the route last, may not write plant/boiler/forbidden any more; somebody \
         who may has to save the route again"
    );
    assert_eq!(rig.plant.written("forbidden"), Vec::<f64>::new());
    assert_eq!(rig.status(id).state, RouteState::Failing);
    rig.stop().await;
}
