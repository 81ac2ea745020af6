use super::*;
use crate::modbus::exception::ExceptionCode;

const REGISTER: TestWrite = TestWrite {
    address: Address::new(Table::Holding, 7),
    value: 42,
    min: i32::MIN,
    max: i32::MAX,
    expect: None,
    restore: false,
    multiple: false,
};

/// Answers reads and writes as a register does; returns the outcome and the functions asked.
fn play(what: TestWrite, mut answer: impl FnMut(&Request) -> Got) -> (WriteOutcome, Vec<u8>) {
    let mut writing = TestWriting::new(what).unwrap();
    let mut functions = Vec::new();
    while let Some(request) = writing.next() {
        functions.push(request.function());
        match answer(&request) {
            Got::Word(word) => writing.take(Outcome::Data(&word.to_be_bytes())),
            Got::Outcome(outcome) => writing.take(outcome),
        }
    }
    (writing.outcome().clone(), functions)
}

enum Got {
    Word(u16),
    Outcome(Outcome<'static>),
}

fn register(held: &mut u16) -> impl FnMut(&Request) -> Got {
    |request| match request {
        Request::WriteRegister { value, .. } => {
            *held = *value;
            Got::Outcome(Outcome::Data(&[]))
        }
        _ => Got::Word(*held),
    }
}

#[test]
fn a_register_is_read_written_and_read_back() {
    let mut held = 5;
    let (outcome, functions) = play(REGISTER, register(&mut held));
    assert_eq!(functions, [3, 6, 3]);
    assert_eq!((outcome.old, outcome.read_back), (Some(5), Some(42)));
    assert!(outcome.confirmed);
    assert_eq!(outcome.code, "confirmed");
    assert_eq!(held, 42);
}

#[test]
fn the_old_value_is_written_back_when_wanted() {
    let mut held = 5;
    let what = TestWrite {
        restore: true,
        ..REGISTER
    };
    let (outcome, functions) = play(what, register(&mut held));
    assert_eq!(functions, [3, 6, 3, 6, 3]);
    assert_eq!(outcome.restored, Some(5));
    assert_eq!((outcome.code, held), ("confirmed", 5));
}

#[test]
fn nothing_is_written_where_nothing_can_be_read_or_something_else_stands() {
    let refuse = |_: &Request| Got::Outcome(Outcome::Refused(ExceptionCode::ILLEGAL_DATA_ADDRESS));
    let (outcome, functions) = play(REGISTER, refuse);
    assert_eq!((outcome.code, functions), ("unread", vec![3]));
    let what = TestWrite {
        expect: Some(6),
        ..REGISTER
    };
    let mut held = 5;
    let (outcome, functions) = play(what, register(&mut held));
    assert_eq!((outcome.code, functions, held), ("unexpected", vec![3], 5));
}

#[test]
fn a_write_that_was_not_answered_is_not_sent_again_but_looked_after() {
    let mut writes = 0;
    let (outcome, _) = play(REGISTER, |request| match request {
        Request::WriteRegister { .. } => {
            writes += 1;
            Got::Outcome(Outcome::Silent)
        }
        _ => Got::Word(if writes == 0 { 5 } else { 42 }),
    });
    assert_eq!(writes, 1);
    assert_eq!(outcome.code, "confirmed");
    let (outcome, _) = play(REGISTER, |request| match request {
        Request::WriteRegister { .. } => Got::Outcome(Outcome::Refused(ExceptionCode(4))),
        _ => Got::Word(5),
    });
    assert_eq!((outcome.code, outcome.written), ("refused", None));
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is_sent() {
    let check = |what: TestWrite, want: &str| {
        let error = TestWriting::new(what).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    };
    let at = |address| TestWrite {
        address,
        ..REGISTER
    };
    check(at(Address::new(Table::Input, 0)), "read-only");
    check(at(Address::new(Table::Coil, 0)), "0 to 1");
    check(at("HR3.4".parse().unwrap()), "one bit");
    let beyond = |value, min, max| TestWrite {
        value,
        min,
        max,
        ..REGISTER
    };
    check(beyond(70_000, i32::MIN, i32::MAX), "-32768 to 65535");
    check(beyond(50, 0, 45), "0 to 45");
    let negative = TestWriting::new(beyond(-1, -5, 5)).unwrap();
    assert_eq!(negative.word(), 0xFFFF);
}
