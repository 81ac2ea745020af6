//! A disk that fails, and a journal that is damaged.

use super::*;
use crate::EventKind;

impl Works {
    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.hub.directory.path().join("alarms.db")).unwrap()
    }

    fn told(&self) -> Vec<String> {
        let events = self.hub.handle.events();
        let of_alarms = events
            .into_iter()
            .filter(|event| event.kind == EventKind::Alarms);
        of_alarms.map(|event| event.message).collect()
    }
}

#[tokio::test]
async fn alarms_go_on_beside_a_disk_that_fails_and_lose_nothing() {
    let works = Works::new("alarm-disk", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    let database = works.database();
    database
        .execute_batch("ALTER TABLE entries RENAME TO away")
        .unwrap();
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await; // shown all the same
    let alarms = works.hub.handle.alarms();
    works
        .hub
        .until(|handle| handle.alarms().stats().fault.is_some())
        .await;
    assert_eq!(*alarms.last_number().borrow(), 0, "nothing is durable");
    assert!(
        works.told()[0].contains("cannot be stored"),
        "{:?}",
        works.told()
    );
    for _ in 0..50 {
        works.bring(&[(0, 40)]).await;
        works.bring(&[(0, 60)]).await;
    }
    database
        .execute_batch("ALTER TABLE away RENAME TO entries")
        .unwrap();
    let entries = works.journal(101).await;
    assert!(entries.iter().map(|entry| entry.number).eq(1..=101));
    works
        .hub
        .until(|handle| handle.alarms().stats().fault.is_none())
        .await;
    assert!(
        works.told()[0].contains("0 entries were lost"),
        "{:?}",
        works.told()
    );
    assert_eq!(alarms.stats().stored, 101);
}

#[tokio::test]
async fn a_damaged_entry_is_told_of_and_its_alarm_begins_as_normal() {
    let works = Works::new("alarm-damage", 2).await;
    let alarms = [
        works.alarm(0, above_50()).await,
        works.alarm(1, above_50()).await,
    ];
    works.bring(&[(0, 60), (1, 60)]).await;
    works.journal(2).await;
    works
        .database()
        .execute("UPDATE entries SET body = '{' WHERE number = 1", [])
        .unwrap();
    let works = works.restart().await;
    assert_eq!(works.state(alarms[0]), State::Normal);
    assert_eq!(works.state(alarms[1]), State::Unacknowledged);
    let told = works.told();
    assert!(told[0].contains("entry 1 of alarm"), "{told:?}");
}
