//! Texts.

use super::{ANY, Body, Function, Kind, Parameter, TEXT, integer, optional, repeated};
use super::{required, string};
use crate::expr::TEXT_BYTES_MAX;
use crate::expr::arithmetic::{joined, shared};
use crate::expr::error::Fault;
use crate::expr::scalar::{Entry, Scalar};

const PART: Parameter = required("part", Kind::Text);

/// What a function costs that goes through a text of the greatest length.
const COST: u32 = 40;

const fn function(
    name: &'static str,
    parameters: &'static [Parameter],
    gives: Kind,
    body: fn(&[Entry]) -> Result<Scalar, Fault>,
) -> Function {
    Function::new(name, parameters, gives, Body::Pure(body)).cost(COST)
}

pub(super) static FUNCTIONS: &[Function] = &[
    function("text", &[ANY], Kind::Text, text).doc("x as a text.", "text(1.5)", "\"1.5\""),
    function(
        "format",
        &[
            required("x", Kind::Number),
            required("decimals", Kind::Int),
            optional("unit", Kind::Text),
        ],
        Kind::Text,
        format_number,
    )
    .doc(
        "x with so many decimals (0 to 15), and a unit behind it.",
        "format(21.456, 1, \"°C\")",
        "\"21.5 °C\"",
    ),
    function("join", &[ANY, repeated("y", Kind::Any)], Kind::Text, join).doc(
        "All arguments as one text.",
        "join(\"P\", 1, \" on\")",
        "\"P1 on\"",
    ),
    function("len", &[TEXT], Kind::Int, len).doc("The number of characters.", "len(\"°C\")", "2"),
    function("lower", &[TEXT], Kind::Text, lower).doc(
        "The text in small letters.",
        "lower(\"ON\")",
        "\"on\"",
    ),
    function("upper", &[TEXT], Kind::Text, upper).doc(
        "The text in capital letters.",
        "upper(\"on\")",
        "\"ON\"",
    ),
    function("trim", &[TEXT], Kind::Text, trim).doc(
        "The text without the blanks around it.",
        "trim(\" on \")",
        "\"on\"",
    ),
    function("contains", &[TEXT, PART], Kind::Bool, contains).doc(
        "Whether the part occurs in the text.",
        "contains(\"pump 1 fault\", \"fault\")",
        "true",
    ),
    function("starts_with", &[TEXT, PART], Kind::Bool, starts_with).doc(
        "Whether the text begins with the part.",
        "starts_with(\"E042\", \"E\")",
        "true",
    ),
    function("ends_with", &[TEXT, PART], Kind::Bool, ends_with).doc(
        "Whether the text ends with the part.",
        "ends_with(\"E042\", \"E\")",
        "false",
    ),
    function(
        "replace",
        &[TEXT, PART, required("by", Kind::Text)],
        Kind::Text,
        replace,
    )
    .doc(
        "The text with each occurrence of the part, which is not empty, replaced.",
        "replace(\"1,5\", \",\", \".\")",
        "\"1.5\"",
    ),
    function(
        "substring",
        &[
            TEXT,
            required("start", Kind::Int),
            optional("length", Kind::Int),
        ],
        Kind::Text,
        substring,
    )
    .doc(
        "The characters from start on, counted from 0, to the end or so many as length says.",
        "substring(\"E042\", 1)",
        "\"042\"",
    ),
];

fn scalar(arguments: &[Entry], at: usize) -> Result<&Scalar, Fault> {
    Ok(&arguments.get(at).ok_or(Fault::Argument)?.scalar)
}

/// Returns a value as people write it.
fn written(scalar: &Scalar) -> Result<String, Fault> {
    match scalar {
        Scalar::Bool(value) => Ok(value.to_string()),
        Scalar::Int(value) => Ok(value.to_string()),
        Scalar::Float(value) => Ok(format!("{value:?}")),
        Scalar::Text(text) => Ok(text.to_string()),
        Scalar::Bad(_) => Err(Fault::Type),
    }
}

fn text(arguments: &[Entry]) -> Result<Scalar, Fault> {
    shared(&written(scalar(arguments, 0)?)?)
}

fn format_number(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let digits = super::count(arguments, 1, 15)?;
    let digits = usize::try_from(digits).map_err(|_| Fault::Argument)?;
    let number = format!("{:.digits$}", super::float(arguments, 0)?);
    if arguments.len() < 3 {
        return shared(&number);
    }
    joined(&[&number, " ", string(arguments, 2)?])
}

fn join(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let mut text = String::new();
    for argument in arguments {
        text.push_str(&written(&argument.scalar)?);
        if TEXT_BYTES_MAX < text.len() {
            return Err(Fault::TextTooLong);
        }
    }
    shared(&text)
}

fn len(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let count = string(arguments, 0)?.chars().count();
    i64::try_from(count)
        .map(Scalar::Int)
        .map_err(|_| Fault::Overflow)
}

fn lower(arguments: &[Entry]) -> Result<Scalar, Fault> {
    shared(&string(arguments, 0)?.to_lowercase())
}

fn upper(arguments: &[Entry]) -> Result<Scalar, Fault> {
    shared(&string(arguments, 0)?.to_uppercase())
}

fn trim(arguments: &[Entry]) -> Result<Scalar, Fault> {
    shared(string(arguments, 0)?.trim())
}

fn contains(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let found = string(arguments, 0)?.contains(string(arguments, 1)?);
    Ok(Scalar::Bool(found))
}

fn starts_with(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let found = string(arguments, 0)?.starts_with(string(arguments, 1)?);
    Ok(Scalar::Bool(found))
}

fn ends_with(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let found = string(arguments, 0)?.ends_with(string(arguments, 1)?);
    Ok(Scalar::Bool(found))
}

fn replace(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let (text, part, by) = (
        string(arguments, 0)?,
        string(arguments, 1)?,
        string(arguments, 2)?,
    );
    if part.is_empty() {
        return Err(Fault::Argument);
    }
    let found = text.matches(part).count();
    // Counted before anything is written: 4 kB of one letter replaced by 4 kB are 16 MB.
    if TEXT_BYTES_MAX < text.len() - found * part.len() + found * by.len() {
        return Err(Fault::TextTooLong);
    }
    shared(&text.replace(part, by))
}

fn substring(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let place = |at| usize::try_from(integer(arguments, at)?).map_err(|_| Fault::Argument);
    let length = match arguments.get(2) {
        Some(_) => place(2)?,
        None => usize::MAX,
    };
    let rest = string(arguments, 0)?.chars().skip(place(1)?);
    shared(&rest.take(length).collect::<String>())
}
