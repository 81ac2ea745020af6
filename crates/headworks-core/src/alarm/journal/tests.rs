use super::*;
use crate::alarm::condition::Verdict;
use crate::alarm::machine::{By, Input, Ledger, Machine, Rule};

const RULE: Rule = Rule {
    on_delay_us: 0,
    off_delay_us: 0,
    re_alarm_us: None,
    shelve_max_us: 1_000_000,
    latching: false,
};

fn id(number: u8) -> ObjectId {
    format!("0192d3c0-0000-7000-8000-0000000000{number:02}")
        .parse()
        .unwrap()
}

fn entry(number: u64, alarm: u8, transition: Transition) -> Entry {
    Entry {
        number,
        alarm: id(alarm),
        name: "Pressure".into(),
        path: Some("north/boiler1/pressure".parse().unwrap()),
        priority: Priority::Critical,
        text: "HIGH 6.9 > 6.5 bar".into(),
        value: Some(Value::F64(6.9)),
        limit: Some(6.5),
        first_out: true,
        transition,
    }
}

/// Returns the journal of two alarms that are raised; the second is cleared and acknowledged.
fn journal() -> Vec<Entry> {
    let mut ledger = Ledger::new(None);
    let (mut first, mut second) = (Machine::default(), Machine::default());
    let raise = Input::Condition(Verdict::True);
    first.apply(&RULE, &mut ledger, 1, raise.clone()).unwrap();
    second.apply(&RULE, &mut ledger, 2, raise).unwrap();
    let clear = Input::Condition(Verdict::False);
    second.apply(&RULE, &mut ledger, 3, clear).unwrap();
    let acknowledge = Input::Acknowledge {
        event: second.standing().event.unwrap().id,
        by: By::new("ann", "seen"),
    };
    second.apply(&RULE, &mut ledger, 4, acknowledge).unwrap();
    let transitions = ledger.drain().zip([(1, 1), (2, 2), (3, 2), (4, 2)]);
    transitions
        .map(|(transition, (number, alarm))| entry(number, alarm, transition))
        .collect()
}

fn fold(entries: &[Entry]) -> Fold {
    let mut fold = Fold::default();
    entries.iter().for_each(|entry| fold.apply(entry).unwrap());
    fold
}

#[test]
fn the_active_list_is_what_is_not_normal() {
    let fold = fold(&journal());
    let active: Vec<ObjectId> = fold.active().map(|(alarm, _)| alarm).collect();
    assert_eq!(active, [id(1)]);
    assert_eq!(fold.number(), 4);
    assert_eq!(fold.last_event().unwrap().0.get(), 2);
    assert!(fold.get(id(1)).unwrap().first_out);
    let second = fold.get(id(2)).unwrap().standing;
    assert_eq!(second.acknowledged, fold.last_event());
}

#[test]
fn an_entry_comes_back_from_json() {
    for entry in journal() {
        let json = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&json).unwrap(), entry);
    }
}

#[test]
fn numbers_increase() {
    let entries = journal();
    let mut fold = fold(&entries[..2]);
    let before = fold.clone();
    let error = fold.apply(&entries[1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "entry 2 comes after entry 2 in the journal of alarms"
    );
    assert_eq!(fold, before);
}

#[test]
fn a_missing_entry_is_noticed_and_can_be_lived_with() {
    let entries = journal();
    let mut fold = fold(&entries[..2]);
    let before = fold.clone();
    let error = fold.apply(&entries[3]).unwrap_err();
    assert!(
        matches!(error, FoldError::Chain { number: 4, .. }),
        "{error}"
    );
    assert_eq!(fold, before);
    assert_eq!(fold.recover(&entries[3]), Err(error));
    assert_eq!(fold.get(id(2)).unwrap().standing.state, State::Normal);
    assert_eq!(fold.number(), 4);
}

#[test]
fn an_entry_that_contradicts_itself_is_left_out() {
    let mut damaged = journal();
    damaged[0].transition.after.event = None;
    let mut fold = Fold::default();
    let error = fold.recover(&damaged[0]).unwrap_err();
    assert!(
        matches!(error, FoldError::Damaged { number: 1, .. }),
        "{error}"
    );
    assert_eq!(fold, Fold::default());
}

#[test]
fn the_last_entry_of_each_alarm_is_enough() {
    let entries = journal();
    let whole = fold(&entries);
    assert_eq!(fold(&[entries[0].clone(), entries[3].clone()]), whole);
}
