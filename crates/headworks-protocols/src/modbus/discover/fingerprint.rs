//! What a unit probably is, from what it answers.

use serde::Serialize;

use super::units::{FoundUnit, TableAnswer};
use crate::modbus::exception::ExceptionCode;
use crate::modbus::table::Table;

/// What something probably is: a code for programs and words for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Guess {
    /// Short and stable, e.g. `identified`, `sunspec`, `input_only`.
    pub code: String,
    /// The same in words.
    pub words: String,
}

impl Guess {
    fn new(code: &str, words: impl Into<String>) -> Guess {
        Guess {
            code: code.to_owned(),
            words: words.into(),
        }
    }
}

/// Returns what a unit probably is.
pub fn guess(unit: &FoundUnit) -> Guess {
    if unit.is_broken {
        let words = "what comes is no valid answer: two units with this id, a wrong baud rate or \
                     parity, or another protocol";
        return Guess::new("broken", words);
    }
    let said: Vec<&str> = [
        "vendor",
        "product_name",
        "product_code",
        "model_name",
        "version",
    ]
    .iter()
    .filter_map(|name| unit.identity.iter().find(|object| object.name == *name))
    .map(|object| object.text.as_str())
    .filter(|text| !text.is_empty())
    .collect();
    if !said.is_empty() {
        return Guess::new("identified", said.join(" "));
    }
    if let Some(base) = unit.sunspec_base {
        let words = format!("a SunSpec device; its map begins at holding register {base}");
        return Guess::new("sunspec", words);
    }
    by_tables(&unit.tables)
}

/// Where nothing else is known, the exceptions tell.
fn by_tables(tables: &[TableAnswer]) -> Guess {
    let find = |table| tables.iter().find(|answer| answer.table == table);
    let knows = |table| find(table).is_some_and(knows_function);
    let answers = |table| find(table).is_some_and(|answer| answer.value.is_some());
    let fails =
        |answer: &TableAnswer| answer.exception == Some(ExceptionCode::SERVER_DEVICE_FAILURE.0);
    if tables.iter().all(fails) {
        let words = "perhaps nobody: everything is refused with exception 04, as some gateways do \
                     for units that they do not reach";
        return Guess::new("doubtful", words);
    }
    let registers = (knows(Table::Holding), knows(Table::Input));
    let bits = knows(Table::Coil) || knows(Table::Discrete);
    if Table::ALL.into_iter().all(answers) {
        let words = "a PLC, a gateway or a simulator: every table begins at address 0";
        return Guess::new("all_tables", words);
    }
    match (registers, bits) {
        ((false, false), false) => Guess::new(
            "no_tables",
            "answers, but knows none of the functions that read tables",
        ),
        ((false, false), true) => Guess::new("bits_only", "an input or output module: bits only"),
        ((true, false), _) => Guess::new("holding", "registers by function 3"),
        ((false, true), _) => Guess::new(
            "input_only",
            "a meter or sensor: registers by function 4 only",
        ),
        ((true, true), false) => Guess::new("registers", "registers by functions 3 and 4, no bits"),
        ((true, true), true) => Guess::new("mixed", "registers and bits"),
    }
}

/// An address may be lacking; only exception 01 says that the table is.
fn knows_function(answer: &TableAnswer) -> bool {
    answer.value.is_some()
        || answer
            .exception
            .is_some_and(|code| code != ExceptionCode::ILLEGAL_FUNCTION.0)
}
