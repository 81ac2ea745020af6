//! Clock and calendar, in the time zone of the evaluation.

use jiff::Zoned;

use super::{Body, Function, Kind, Parameter, repeated, required, string};
use crate::expr::arithmetic::to_float;
use crate::expr::error::Fault;
use crate::expr::program::Context;
use crate::expr::scalar::{Entry, Scalar};

const FROM: Parameter = required("from", Kind::Text);
const TO: Parameter = required("to", Kind::Text);

type Read = fn(&[Entry], &Context<'_>) -> Result<Scalar, Fault>;

const fn function(
    name: &'static str,
    parameters: &'static [Parameter],
    gives: Kind,
    read: Read,
) -> Function {
    Function::new(name, parameters, gives, Body::Clock(read))
}

pub(super) static FUNCTIONS: &[Function] = &[
    function("now", &[], Kind::Float, now).doc(
        "Seconds since 1970-01-01 UTC.",
        "now() > 0",
        "true",
    ),
    function("year", &[], Kind::Int, year).doc("The year.", "year()", "2026"),
    function("month", &[], Kind::Int, month).doc("The month, 1 to 12.", "month()", "11"),
    function("day", &[], Kind::Int, day).doc("The day of the month.", "day()", "21"),
    function("day_of_year", &[], Kind::Int, day_of_year).doc(
        "The day of the year, from 1.",
        "day_of_year()",
        "325",
    ),
    function("week", &[], Kind::Int, week).doc("The week of the year by ISO 8601.", "week()", "47"),
    function("weekday", &[], Kind::Int, weekday).doc(
        "The day of the week: Monday is 1, Sunday is 7.",
        "weekday()",
        "6",
    ),
    function("is_weekend", &[], Kind::Bool, is_weekend).doc(
        "Whether it is Saturday or Sunday.",
        "is_weekend()",
        "true",
    ),
    function("hour", &[], Kind::Int, hour).doc("The hour, 0 to 23.", "hour()", "13"),
    function("minute", &[], Kind::Int, minute).doc("The minute, 0 to 59.", "minute()", "30"),
    function("second", &[], Kind::Int, second).doc("The second, 0 to 59.", "second()", "0"),
    function("utc_offset", &[], Kind::Float, utc_offset).doc(
        "Hours by which local time is ahead of UTC, daylight saving time included.",
        "utc_offset()",
        "1.0",
    ),
    function("time_between", &[FROM, TO], Kind::Bool, time_between).doc(
        "Whether the time of day is from the first time on and before the second; over midnight \
         when the second is not later.",
        "time_between(\"22:00\", \"06:00\")",
        "false",
    ),
    function("date_between", &[FROM, TO], Kind::Bool, date_between).doc(
        "Whether the date lies between two dates of every year, written MM-DD, both included; \
         over new year when the second is earlier.",
        "date_between(\"11-01\", \"03-31\")",
        "true",
    ),
    function("shift", &[repeated("start", Kind::Text)], Kind::Int, shift).doc(
        "The number of the shift, from 1, of shifts that begin at these times of day in rising \
         order; before the first it is the last one, from the day before.",
        "shift(\"06:00\", \"14:00\", \"22:00\")",
        "1",
    ),
];

/// Returns the local time of an evaluation.
fn local(context: &Context<'_>) -> Result<Zoned, Fault> {
    let instant = jiff::Timestamp::from_microsecond(context.now_us);
    Ok(instant
        .map_err(|_| Fault::Argument)?
        .to_zoned(context.zone.clone()))
}

fn int(value: impl Into<i64>) -> Result<Scalar, Fault> {
    Ok(Scalar::Int(value.into()))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of today are exact"
)]
fn now(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    Ok(Scalar::Float(context.now_us as f64 / 1e6))
}

fn year(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    int(local(context)?.year())
}

fn month(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    int(local(context)?.month())
}

fn day(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    int(local(context)?.day())
}

fn day_of_year(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    int(local(context)?.day_of_year())
}

fn week(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    int(local(context)?.date().iso_week_date().week())
}

fn weekday(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    int(local(context)?.weekday().to_monday_one_offset())
}

fn is_weekend(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    let weekday = local(context)?.weekday().to_monday_one_offset();
    Ok(Scalar::Bool(6 <= weekday))
}

fn hour(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    int(local(context)?.hour())
}

fn minute(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    int(local(context)?.minute())
}

fn second(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    int(local(context)?.second())
}

fn utc_offset(_: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    let seconds = i64::from(local(context)?.offset().seconds());
    Ok(Scalar::Float(to_float(seconds) / 3600.0))
}

/// Reads two numbers of two digits each, separated by a sign.
fn pair(text: &str, separator: char) -> Result<(u8, u8), Fault> {
    let (first, second) = text.split_once(separator).ok_or(Fault::Argument)?;
    let number = |digits: &str| match digits.len() {
        1 | 2 if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(|_| Fault::Argument)
        }
        _ => Err(Fault::Argument),
    };
    Ok((number(first)?, number(second)?))
}

/// Returns the minute of the day of a time such as `06:30`.
fn minute_of_day(text: &str) -> Result<i64, Fault> {
    match pair(text, ':')? {
        (hour @ ..=23, minute @ ..=59) => Ok(i64::from(hour) * 60 + i64::from(minute)),
        _ => Err(Fault::Argument),
    }
}

fn minute_now(context: &Context<'_>) -> Result<i64, Fault> {
    let local = local(context)?;
    Ok(i64::from(local.hour()) * 60 + i64::from(local.minute()))
}

fn time_between(arguments: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    let from = minute_of_day(string(arguments, 0)?)?;
    let to = minute_of_day(string(arguments, 1)?)?;
    let now = minute_now(context)?;
    Ok(Scalar::Bool(if from < to {
        from <= now && now < to
    } else {
        from <= now || now < to
    }))
}

fn month_and_day(text: &str) -> Result<(u8, u8), Fault> {
    match pair(text, '-')? {
        date @ (1..=12, 1..=31) => Ok(date),
        _ => Err(Fault::Argument),
    }
}

fn date_between(arguments: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    let from = month_and_day(string(arguments, 0)?)?;
    let to = month_and_day(string(arguments, 1)?)?;
    let local = local(context)?;
    let number = |value: i8| u8::try_from(value).map_err(|_| Fault::Argument);
    let today = (number(local.month())?, number(local.day())?);
    Ok(Scalar::Bool(if from <= to {
        from <= today && today <= to
    } else {
        from <= today || today <= to
    }))
}

fn shift(arguments: &[Entry], context: &Context<'_>) -> Result<Scalar, Fault> {
    let now = minute_now(context)?;
    let mut previous = -1;
    let mut begun = 0;
    let mut number = 0;
    for at in 0..arguments.len() {
        let start = minute_of_day(string(arguments, at)?)?;
        if start <= previous {
            return Err(Fault::Argument);
        }
        previous = start;
        number += 1;
        if start <= now {
            begun = number;
        }
    }
    Ok(Scalar::Int(if begun == 0 { number } else { begun }))
}
