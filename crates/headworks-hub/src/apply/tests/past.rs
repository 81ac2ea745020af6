//! The way back: undo and bin.

use super::*;

async fn newest(test: &TestHub) -> i64 {
    let commits = test.handle.commits(i64::MAX, 1).await.unwrap();
    commits[0].time_us
}

async fn undo(test: &TestHub, change: i64) -> Result<(), HubError> {
    let edits = test.handle.undo_edits(change).await?;
    test.handle.apply(edits, "undo").await.map(drop)
}

fn everything(test: &TestHub) -> Vec<(String, Body)> {
    let plant = test.handle.plant();
    let tags = plant.tags().map(|tag| tag.id());
    let others = plant.devices().iter().map(|device| device.id);
    let others = others.chain(plant.connections().iter().map(|object| object.id));
    let ids = tags.chain(others);
    let mut all: Vec<_> = ids
        .map(|id| (id.to_string(), plant.body_of(id).unwrap()))
        .collect();
    all.sort_by(|left, right| left.0.cmp(&right.0));
    all
}

#[tokio::test]
async fn what_was_made_is_unmade_and_made_again() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let before = everything(&test);
    let number = test.handle.plant().tag(object_id(3)).unwrap().index();
    undo(&test, newest(&test).await).await.unwrap();
    assert_eq!(everything(&test), []);
    undo(&test, newest(&test).await).await.unwrap();
    assert_eq!(everything(&test), before);
    assert_eq!(
        test.handle.plant().tag(object_id(3)).unwrap().index(),
        number
    );
}

#[tokio::test]
async fn edits_of_one_list_are_taken_back_together() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let before = everything(&test);
    let edits = vec![
        Edit::update(object_id(3), tag("renamed", object_id(2))),
        delete(object_id(4), false),
        create(9, tag("new", object_id(2))),
    ];
    test.handle.apply(edits, "test").await.unwrap();
    let change = newest(&test).await;
    let commits = test.handle.commits(i64::MAX, 10).await.unwrap();
    assert_eq!(commits.len(), 2);
    assert_eq!(
        commits[0].counts.iter().map(|count| count.2).sum::<u64>(),
        3
    );
    undo(&test, change).await.unwrap();
    assert_eq!(everything(&test), before);
}

#[tokio::test]
async fn what_was_changed_since_is_not_undone_silently() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let rename = |name: &str| vec![Edit::update(object_id(3), tag(name, object_id(2)))];
    test.handle.apply(rename("first"), "test").await.unwrap();
    let change = newest(&test).await;
    test.handle.apply(rename("second"), "test").await.unwrap();
    let refused = undo(&test, change).await;
    assert!(
        matches!(
            refused,
            Err(HubError::Conflict {
                expected: 2,
                found: 3,
                ..
            })
        ),
        "{refused:?}"
    );
    assert!(matches!(
        undo(&test, 17).await,
        Err(HubError::NoCommit { time_us: 17 })
    ));
}

#[tokio::test]
async fn a_device_returns_from_the_bin_with_its_tags_and_their_numbers() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let before = everything(&test);
    test.handle
        .apply(vec![delete(object_id(2), true)], "eve")
        .await
        .unwrap();
    let bin = test.handle.bin(0, 10).await.unwrap();
    assert_eq!(bin.len(), 3);
    assert!(bin.iter().all(|object| object.author == "eve"));
    let restored = test.handle.restore(object_id(2), "bob").await.unwrap();
    assert_eq!(restored.len(), 3);
    assert_eq!(everything(&test), before);
    assert_eq!(test.handle.bin(0, 10).await.unwrap(), []);
    let again = test.handle.restore(object_id(2), "bob").await;
    assert!(matches!(again, Err(HubError::NotFound { .. })), "{again:?}");
}

#[tokio::test]
async fn commits_of_one_instant_are_told_apart() {
    let test = TestHub::new().await;
    for name in ["one", "two", "three"] {
        let edits = vec![Edit::create(connection(name))];
        test.handle.apply(edits, "test").await.unwrap();
    }
    let commits = test.handle.commits(i64::MAX, 10).await.unwrap();
    let mut times: Vec<i64> = commits.iter().map(|commit| commit.time_us).collect();
    times.dedup();
    assert_eq!(times.len(), 3);
    let rest = test.handle.commits(times[0], 10).await.unwrap();
    assert_eq!(rest.len(), 2);
}
