//! Pages and exports.

use super::*;

/// A journal of 300 entries: two actors, three actions, every tenth refused, times in pairs.
fn varied() -> (tempfile::TempDir, Journal) {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    for number in 0..300 {
        journal.submit(&one_of_many(number));
    }
    journal
        .record(&Entry::new(-1, Actor::system(), "start"))
        .unwrap();
    (directory, journal)
}

fn one_of_many(number: i64) -> Entry {
    let action = ["create_tag", "create_device", "sign_in"][usize::try_from(number % 3).unwrap()];
    let actor = Actor {
        name: ["anna", "bert"][usize::try_from(number % 2).unwrap()].to_owned(),
        ..anna()
    };
    Entry {
        target: Target::new(
            ["tag", "device"][usize::from(number % 5 == 0)],
            format!("o{}", number % 7),
        ),
        outcome: match number % 10 {
            0 => Outcome::Refused,
            _ => Outcome::Done,
        },
        after: (number == 123).then(|| json!({ "name": "50%_\\Pump" })),
        ..Entry::new(number / 2, actor, action)
    }
}

/// Checks that pages and the export give what a plain look at all entries gives.
#[track_caller]
fn check_filter(filter: &Filter, matches: fn(&Entry) -> bool, count: usize) {
    let (_directory, journal) = varied();
    let mut all = Vec::new();
    let everything = Filter::default();
    journal
        .for_each(&everything, |row| {
            all.push(row.clone());
            Ok(())
        })
        .unwrap();
    assert_eq!(all.len(), 301);
    assert!(all.is_sorted_by_key(|row| (row.entry.time_us, row.seq)));
    all.retain(|row| matches(&row.entry));
    assert_eq!(all.len(), count);
    let mut exported = Vec::new();
    journal
        .for_each(filter, |row| {
            exported.push(row.clone());
            Ok(())
        })
        .unwrap();
    assert_eq!(exported, all);
    let mut paged = Vec::new();
    let mut cursor = None;
    loop {
        let page = journal.page(filter, cursor, 7).unwrap();
        assert!(page.entries.len() <= 7);
        paged.extend(page.entries);
        let Some(next) = page.next else { break };
        assert_eq!(next.to_string().parse(), Ok(next));
        cursor = Some(next);
    }
    paged.reverse();
    assert_eq!(paged, all);
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn no_filter_gives_all() {
    check_filter(&Filter::default(), |_| true, 301);
}

#[test]
fn times_have_an_end_that_does_not_belong_to_them() {
    let filter = Filter {
        from_us: Some(10),
        to_us: Some(20),
        ..Filter::default()
    };
    check_filter(&filter, |entry| (10..20).contains(&entry.time_us), 20);
}

#[test]
fn an_actor_and_an_outcome_together() {
    let filter = Filter {
        actor: text("anna"),
        outcome: Some(Outcome::Refused),
        ..Filter::default()
    };
    check_filter(&filter, |entry| entry.outcome == Outcome::Refused, 30);
}

#[test]
fn an_action_exact_or_by_its_beginning() {
    let exact = Filter {
        action: text("create_tag"),
        ..Filter::default()
    };
    check_filter(&exact, |entry| entry.action == "create_tag", 100);
    let beginning = Filter {
        action_prefix: text("create_"),
        ..Filter::default()
    };
    check_filter(&beginning, |entry| entry.action.starts_with("create_"), 200);
    let none = Filter {
        action_prefix: text("delete_"),
        ..Filter::default()
    };
    check_filter(&none, |_| false, 0);
}

#[test]
fn a_target_by_kind_and_id() {
    let kind = Filter {
        target_kind: text("device"),
        ..Filter::default()
    };
    check_filter(&kind, |entry| entry.target.kind == "device", 60);
    let both = Filter {
        target_kind: text("device"),
        target: text("o3"),
        from_us: Some(5),
        ..Filter::default()
    };
    let matches = |entry: &Entry| entry.target == Target::new("device", "o3") && 5 <= entry.time_us;
    check_filter(&both, matches, 9);
}

#[test]
fn a_text_anywhere_is_no_pattern() {
    let found = |filter: &str| Filter {
        text: text(filter),
        ..Filter::default()
    };
    check_filter(&found("50%_\\\\pump"), |entry| entry.after.is_some(), 1);
    check_filter(&found("p%mp"), |_| false, 0);
    check_filter(&found("SIGN_IN"), |entry| entry.action == "sign_in", 100);
}

#[test]
fn an_export_that_cannot_be_written_ends() {
    let (_directory, journal) = varied();
    let error = journal
        .for_each(&Filter::default(), |_| {
            Err(std::io::ErrorKind::StorageFull.into())
        })
        .unwrap_err();
    assert!(matches!(error, JournalError::Output(_)), "{error}");
}

#[test]
fn a_wrong_cursor_is_refused() {
    for wrong in ["", "1", "a.b", "1.", ".1", "1.2.3"] {
        wrong.parse::<Cursor>().unwrap_err();
    }
}

/// The filters of a page, each with what it is driven by.
fn filters() -> [Filter; 8] {
    let actor = text("anna");
    let base = Filter::default;
    [
        base(),
        Filter {
            from_us: Some(10),
            to_us: Some(1_000),
            ..base()
        },
        Filter {
            actor: actor.clone(),
            ..base()
        },
        Filter {
            action: text("sign_in"),
            actor,
            ..base()
        },
        Filter {
            action_prefix: text("create_"),
            ..base()
        },
        Filter {
            target: text("o3"),
            target_kind: text("tag"),
            ..base()
        },
        Filter {
            target_kind: text("device"),
            from_us: Some(5),
            ..base()
        },
        Filter {
            outcome: Some(Outcome::Refused),
            ..base()
        },
    ]
}

#[test]
fn every_page_is_walked_in_the_order_of_an_index() {
    let (directory, _journal) = varied();
    let database = raw(directory.path());
    for filter in filters() {
        let plan = query::plan(&database, &filter).unwrap().join("\n");
        assert!(plan.contains("INDEX entries_"), "{filter:?}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{filter:?}: {plan}");
    }
}

#[test]
#[ignore = "fills a million rows, for a minute"]
fn pages_of_a_million_rows_take_less_than_ten_milliseconds() {
    let directory = tempfile::tempdir().unwrap();
    drop(Journal::open(directory.path()).unwrap());
    let mut database = raw(directory.path());
    let transaction = database.transaction().unwrap();
    let mut last = chain::Link::START;
    for number in 0..1_000_000 {
        let columns = Columns::of(&one_of_many(number));
        last = writer::append(&transaction, last, &columns).unwrap();
    }
    transaction.commit().unwrap();
    let reader = Reader::open(directory.path()).unwrap();
    for filter in filters() {
        reader.page(&filter, None, 100).unwrap();
        let begun = std::time::Instant::now();
        let page = reader.page(&filter, None, 100).unwrap();
        let took = begun.elapsed();
        assert_eq!(page.entries.len(), 100);
        eprintln!("{took:?} {filter:?}");
        assert!(took.as_millis() < 10, "{took:?}: {filter:?}");
    }
    let begun = std::time::Instant::now();
    let verdict = check(directory.path());
    eprintln!("walked {} rows in {:?}", verdict.rows, begun.elapsed());
}

/// Walks the chain, of which only the head is unknown.
fn check(directory: &Path) -> Verdict {
    let verdict = verify(directory).unwrap();
    assert_eq!(verdict.problem.as_ref().unwrap().kind, ProblemKind::Tail);
    verdict
}
