use super::*;

fn route(last: u8) -> ObjectId {
    format!("0192d3c0-0000-7000-8000-0000000000{last:02x}")
        .parse()
        .unwrap()
}

fn letter(of: u8, time_us: i64) -> Letter {
    Letter {
        number: 0,
        time_us,
        route: route(of),
        target: "webhook http://h".into(),
        reason: "answered 503".into(),
        tries: 3,
        body: r#"{"value":1}"#.into(),
    }
}

fn times(letters: &[Letter]) -> Vec<i64> {
    letters.iter().map(|letter| letter.time_us).collect()
}

#[test]
fn letters_come_back_newest_first_and_by_route() {
    let directory = tempfile::tempdir().unwrap();
    let letters = DeadLetters::open(directory.path(), 100).unwrap();
    letters
        .add(&[letter(1, 1), letter(2, 2), letter(1, 3)], 0)
        .unwrap();
    assert_eq!(times(&letters.newest(None, None, 10).unwrap()), [3, 2, 1]);
    assert_eq!(
        times(&letters.newest(Some(route(1)), None, 10).unwrap()),
        [3, 1]
    );
    let first = letters.newest(None, None, 1).unwrap();
    let rest = letters.newest(None, Some(first[0].number), 10).unwrap();
    assert_eq!(times(&rest), [2, 1]);
    let stored = letters.get(first[0].number).unwrap().unwrap();
    let wanted = Letter {
        number: first[0].number,
        ..letter(1, 3)
    };
    assert_eq!(stored, wanted);
    assert_eq!(letters.by_route().unwrap(), [(route(1), 2), (route(2), 1)]);
}

#[test]
fn beyond_the_bound_the_oldest_go_and_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let letters = DeadLetters::open(directory.path(), 3).unwrap();
    letters.add(&[letter(1, 1), letter(1, 2)], 0).unwrap();
    letters
        .add(&[letter(1, 3), letter(1, 4), letter(1, 5)], 7)
        .unwrap();
    assert_eq!(times(&letters.newest(None, None, 10).unwrap()), [5, 4, 3]);
    let want = LetterStats {
        letters: 3,
        dropped: 9,
    };
    assert_eq!(letters.stats(), want);
    let many: Vec<Letter> = (10..20).map(|time_us| letter(1, time_us)).collect();
    letters.add(&many, 0).unwrap();
    assert_eq!(
        times(&letters.newest(None, None, 10).unwrap()),
        [19, 18, 17]
    );
    drop(letters);
    let letters = DeadLetters::open(directory.path(), 3).unwrap();
    let want = LetterStats {
        letters: 3,
        dropped: 19,
    };
    assert_eq!(letters.stats(), want, "also over a restart");
}

#[test]
fn numbers_are_not_given_twice() {
    let directory = tempfile::tempdir().unwrap();
    let letters = DeadLetters::open(directory.path(), 10).unwrap();
    letters.add(&[letter(1, 1)], 0).unwrap();
    let number = letters.newest(None, None, 1).unwrap()[0].number;
    assert_eq!(letters.remove(&[number, number + 5]).unwrap(), 1);
    letters.add(&[letter(1, 2)], 0).unwrap();
    assert!(number < letters.newest(None, None, 1).unwrap()[0].number);
    assert_eq!(letters.get(number).unwrap(), None);
}

#[test]
fn all_letters_of_a_route_go_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let letters = DeadLetters::open(directory.path(), 10).unwrap();
    letters
        .add(&[letter(1, 1), letter(2, 2), letter(1, 3)], 0)
        .unwrap();
    assert_eq!(letters.remove_all(Some(route(1))).unwrap(), 2);
    assert_eq!(letters.stats().letters, 1);
    assert_eq!(letters.remove_all(None).unwrap(), 1);
    assert_eq!(letters.stats().letters, 0);
}

#[test]
fn a_long_reason_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let letters = DeadLetters::open(directory.path(), 10).unwrap();
    let long = Letter {
        reason: "ä".repeat(5000),
        ..letter(1, 1)
    };
    letters.add(&[long], 0).unwrap();
    assert_eq!(
        letters.newest(None, None, 1).unwrap()[0]
            .reason
            .chars()
            .count(),
        500
    );
}

#[test]
fn a_damaged_file_says_what_helps() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("dead-letters.db"), [b'x'; 4096]).unwrap();
    let error = DeadLetters::open(directory.path(), 10).err().unwrap();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(
        error.to_string().contains("move dead-letters.db away"),
        "{error}"
    );
}
