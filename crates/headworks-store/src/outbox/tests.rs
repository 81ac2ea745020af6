//! The outbox on a real file.

use uuid::Uuid;

use super::*;

fn id(number: u128) -> ObjectId {
    ObjectId(Uuid::from_u128(number))
}

fn message(body: &str) -> NewMessage {
    NewMessage {
        channel: id(1),
        policy: Some(id(2)),
        body: body.to_owned(),
    }
}

fn step(entry: u64, bodies: &[&str]) -> OutboxStep {
    OutboxStep {
        entry,
        cases: Vec::new(),
        messages: bodies.iter().map(|body| message(body)).collect(),
    }
}

fn tried(state: MessageState, next_us: i64, answer: &str) -> Tried {
    Tried {
        state,
        next_us,
        answer: answer.to_owned(),
    }
}

fn bodies(messages: &[StoredMessage]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.body.as_str())
        .collect()
}

#[test]
fn a_message_goes_from_waiting_to_its_outcome() {
    let directory = tempfile::tempdir().unwrap();
    let (outbox, start) = Outbox::open(directory.path()).unwrap();
    assert_eq!(
        (start.entry, start.cases.len(), start.interrupted),
        (None, 0, 0)
    );
    outbox.commit(&step(7, &["one", "two"]), 100).unwrap();
    assert_eq!(outbox.next_due_us().unwrap(), Some(100));
    assert!(outbox.due(99, 10).unwrap().is_empty());
    let due = outbox.due(100, 10).unwrap();
    assert_eq!(bodies(&due), ["one", "two"]);

    assert!(outbox.begin(due[0].id, 101).unwrap());
    assert!(!outbox.begin(due[0].id, 101).unwrap(), "only once");
    let failed = tried(MessageState::Waiting, 500, &"ö".repeat(400));
    outbox.finish(due[0].id, &failed, 102).unwrap();
    assert!(outbox.begin(due[1].id, 103).unwrap());
    outbox
        .finish(due[1].id, &tried(MessageState::Sent, 0, "200"), 104)
        .unwrap();
    assert_eq!(outbox.next_due_us().unwrap(), Some(500));

    let log = outbox
        .query(&MessageQuery {
            limit: 10,
            ..MessageQuery::default()
        })
        .unwrap();
    assert_eq!(bodies(&log), ["two", "one"]);
    assert_eq!((log[0].state, log[0].attempts), (MessageState::Sent, 1));
    assert_eq!(
        (log[1].state, log[1].changed_us),
        (MessageState::Waiting, 102)
    );
    assert_eq!(log[1].answer.len(), ANSWER_BYTES_MAX);
    let sent = MessageQuery {
        state: Some(MessageState::Sent),
        channel: Some(id(1)),
        policy: Some(id(2)),
        before: Some(log[0].id + 1),
        limit: 1,
    };
    assert_eq!(bodies(&outbox.query(&sent).unwrap()), ["two"]);
    let other = MessageQuery {
        channel: Some(id(9)),
        ..sent
    };
    assert!(outbox.query(&other).unwrap().is_empty());
    let stats = outbox.stats().unwrap();
    assert_eq!((stats.waiting, stats.sent, stats.given_up), (1, 1, 0));
}

#[test]
fn a_start_knows_the_entry_the_cases_and_what_was_on_its_way() {
    let directory = tempfile::tempdir().unwrap();
    let (outbox, _) = Outbox::open(directory.path()).unwrap();
    let mut first = step(7, &["one", "two"]);
    first.cases = vec![
        (id(1), id(2), Some("a".to_owned())),
        (id(1), id(3), Some("b".to_owned())),
    ];
    outbox.commit(&first, 100).unwrap();
    let mut second = step(9, &[]);
    second.cases = vec![(id(1), id(2), None), (id(1), id(3), Some("c".to_owned()))];
    outbox.commit(&second, 200).unwrap();
    let due = outbox.due(200, 1).unwrap();
    outbox.begin(due[0].id, 201).unwrap();
    drop(outbox); // as a kill does: nothing is written at the end

    let (outbox, start) = Outbox::open(directory.path()).unwrap();
    assert_eq!((start.entry, start.interrupted), (Some(9), 1));
    assert_eq!(start.cases, [(id(1), id(3), "c".to_owned())]);
    let due = outbox.due(300, 10).unwrap();
    assert_eq!(bodies(&due), ["one", "two"]);
    assert_eq!((due[0].attempts, due[0].answer.as_str()), (1, INTERRUPTED));
    assert_eq!((due[1].attempts, due[1].answer.as_str()), (0, ""));
}

#[test]
fn what_waits_and_what_is_kept_have_bounds() {
    let directory = tempfile::tempdir().unwrap();
    let (outbox, _) = Outbox::open(directory.path()).unwrap();
    let most = usize::try_from(OUTBOX_MAX).unwrap();
    outbox.commit(&step(1, &vec!["old"; most]), 100).unwrap();
    outbox.commit(&step(2, &["new"; 3]), 200).unwrap();
    let stats = outbox.stats().unwrap();
    assert_eq!(
        (stats.waiting, stats.given_up, stats.crowded_out),
        (OUTBOX_MAX, 3, 3)
    );
    let kept = usize::try_from(DELIVERIES_KEPT).unwrap();
    for round in 0..5 {
        outbox
            .commit(&step(3 + round, &vec!["more"; most]), 300)
            .unwrap();
    }
    let stats = outbox.stats().unwrap();
    assert_eq!(stats.waiting, OUTBOX_MAX);
    assert_eq!((stats.given_up, stats.removed), (DELIVERIES_KEPT, 5003));
    let log = MessageQuery {
        limit: 2 * kept,
        ..MessageQuery::default()
    };
    assert_eq!(outbox.query(&log).unwrap().len(), kept + most);
}

#[test]
fn a_damaged_file_is_named_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("notifications.db"), [7; 4096]).unwrap();
    let error = Outbox::open(directory.path()).err().unwrap().to_string();
    assert!(
        error.contains("notifications.db") && error.contains("move the file"),
        "{error}"
    );
}
