//! Every state and every input.

use std::fmt::Write;

use super::*;

/// What each input does to an alarm, by its state.
///
/// A letter is the state afterwards, with `!` when a new event begins and `~` when an old one
/// asks again. `.` means that nothing happens, `=` that only the condition changed, `x` that the
/// input is refused. In the states G, H and I the condition holds for `g`, `h` and `i` and does
/// not for `G`, `H` and `I`. `l` is a shelved alarm whose condition is over and that keeps a
/// latch. The last letter of a re-shelved alarm is that of its state.
const TABLE: &str = "
not latching     A  B  C  D  E  F  G  g  l  H  h  I  i
condition true   B! .  .  B! B! B! =  .  =  =  .  =  .
condition false  .  D  A  .  .  .  .  =  .  .  =  .  =
not judged       .  .  .  .  .  .  .  .  .  .  .  .  .
acknowledge      x  C  .  A  F  .  x  x  x  x  x  x  x
acknowledge old  x  x  x  x  x  x  x  x  x  x  x  x  x
reset            .  x  x  x  A  A  x  x  x  x  x  x  x
shelve           G  G  G  G  G  G  G  G  G  H  H  I  I
shelve one-shot  G  G  G  G  G  G  G  G  G  H  H  I  I
unshelve         .  .  .  .  .  .  A  B! E! .  .  .  .
suppress         H  H  H  H  H  H  H  H  H  .  .  I  I
end suppression  .  .  .  .  .  .  .  .  .  A  B! .  .
take out         I  I  I  I  I  I  I  I  I  I  I  .  .
put back         .  .  .  .  .  .  .  .  .  .  .  A  B!
an hour passes   .  B~ B~ .  .  .  A  B! E! .  .  .  .
remove           .  A  A  A  A  A  A  A  A  A  A  A  A

latching         A  B  C  D  E  F  G  g  l  H  h  I  i
condition true   B! .  .  B! B! B! =  .  =  =  .  =  .
condition false  .  E  F  .  .  .  .  =  .  .  =  .  =
not judged       .  .  .  .  .  .  .  .  .  .  .  .  .
acknowledge      x  C  .  A  F  .  x  x  x  x  x  x  x
acknowledge old  x  x  x  x  x  x  x  x  x  x  x  x  x
reset            .  x  x  x  A  A  x  x  x  x  x  x  x
shelve           G  G  G  G  G  G  G  G  G  H  H  I  I
shelve one-shot  G  G  G  G  G  G  G  G  G  H  H  I  I
unshelve         .  .  .  .  .  .  A  B! E! .  .  .  .
suppress         H  H  H  H  H  H  H  H  H  .  .  I  I
end suppression  .  .  .  .  .  .  .  .  .  A  B! .  .
take out         I  I  I  I  I  I  I  I  I  I  I  .  .
put back         .  .  .  .  .  .  .  .  .  .  .  A  B!
an hour passes   .  B~ B~ .  .  .  A  B! E! .  .  .  .
remove           .  A  A  A  A  A  A  A  A  A  A  A  A
";

const COLUMNS: [char; 13] = [
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'g', 'l', 'H', 'h', 'I', 'i',
];

const EVENT: u64 = 9;

fn inputs() -> Vec<(&'static str, Input)> {
    let by = || ann("because");
    vec![
        ("condition true", holds(true)),
        ("condition false", holds(false)),
        ("not judged", Input::Condition(Verdict::Unknown)),
        ("acknowledge", acknowledge(EventId::new(EVENT).unwrap())),
        (
            "acknowledge old",
            acknowledge(EventId::new(EVENT - 1).unwrap()),
        ),
        ("reset", Input::Reset { by: by() }),
        ("shelve", shelve(Some(200 * S), false)),
        ("shelve one-shot", shelve(Some(200 * S), true)),
        ("unshelve", Input::Unshelve { by: by() }),
        ("suppress", Input::Suppress(true)),
        ("end suppression", Input::Suppress(false)),
        ("take out", Input::TakeOut { by: by() }),
        ("put back", Input::PutBack { by: by() }),
        ("an hour passes", Input::Tick),
        ("remove", Input::Remove),
    ]
}

/// Returns what the journal says of an alarm of a column.
fn standing(column: char) -> Standing {
    let upper = column.to_ascii_uppercase();
    let letter = if column == 'l' { 'G' } else { upper };
    let state = State::ALL
        .into_iter()
        .find(|state| state.letter() == letter)
        .unwrap();
    let has_event = !state.is_hidden() && state != State::Normal;
    let id = EventId::new(EVENT).unwrap();
    Standing {
        state,
        active: state.is_active() || "ghi".contains(column),
        event: has_event.then_some(Event { id, raised_us: 0 }),
        shelf: (state == State::Shelved).then_some(Shelf {
            until_us: 100 * S,
            one_shot: false,
        }),
        suppressed: state == State::Suppressed,
        out_of_service: state == State::OutOfService,
        latch_kept: column == 'l',
        ..Standing::default()
    }
}

/// Returns a cell of the table.
fn cell(column: char, input: &Input, latching: bool) -> String {
    let before = standing(column);
    assert!(before.is_sound(), "{before:?}");
    let rule = Rule {
        latching,
        re_alarm_us: Some(3600 * S),
        ..RULE
    };
    let mut machine = Machine::restore(before);
    machine.verdict = before.active.into();
    let mut ledger = Ledger::new(EventId::new(EVENT));
    let time_us = if *input == Input::Tick { 3600 * S } else { S };
    let result = machine.apply(&rule, &mut ledger, time_us, input.clone());
    let transitions: Vec<Transition> = ledger.drain().collect();
    assert!(machine.standing().is_sound(), "{:?}", machine.standing());
    match (result, transitions.as_slice()) {
        (Err(_), []) => "x".into(),
        (Ok(()), []) => ".".into(),
        (Ok(()), [step]) => shown(step, before),
        other => panic!("{column} {input:?}: {other:?}"),
    }
}

fn shown(step: &Transition, before: Standing) -> String {
    assert_eq!(step.from, before.state);
    if before.state.is_hidden() && before.active != step.after.active && step.to == step.from {
        return "=".into();
    }
    let mark = match (step.opens_event(), step.announces()) {
        (true, _) => "!",
        (false, true) => "~",
        (false, false) => "",
    };
    format!("{}{mark}", step.to.letter())
}

#[test]
fn every_input_in_every_state_does_what_the_table_says() {
    let mut found = String::new();
    for (title, latching) in [("not latching", false), ("latching", true)] {
        let columns = COLUMNS.map(|column| format!("{column:<3}")).concat();
        writeln!(found, "\n{title:<17}{}", columns.trim_end()).unwrap();
        for (name, input) in inputs() {
            let cells = COLUMNS.map(|column| format!("{:<3}", cell(column, &input, latching)));
            writeln!(found, "{name:<17}{}", cells.concat().trim_end()).unwrap();
        }
    }
    assert!(found == TABLE, "the machine does this instead:\n{found}");
}

#[test]
fn every_state_is_a_column() {
    for state in State::ALL {
        assert!(COLUMNS.contains(&state.letter()), "{state}");
    }
}
