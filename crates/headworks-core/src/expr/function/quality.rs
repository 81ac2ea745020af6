//! Quality and age.

use super::{ANY, Body, CONDITION, Function, Kind, Parameter, repeated, required};
use crate::expr::error::Fault;
use crate::expr::program::Context;
use crate::expr::scalar::{Entry, Scalar, TIMELESS, newest, worst};
use crate::quality::{Quality, QualityClass};

const INSTEAD: Parameter = required("instead", Kind::Any);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("if_bad", &[ANY, INSTEAD], Kind::Any, Body::Whole(if_bad)).doc(
        "x, or the other value while x is bad.",
        "if_bad(1 / 0, 7)",
        "7",
    ),
    Function::new(
        "coalesce",
        &[ANY, repeated("y", Kind::Any)],
        Kind::Any,
        Body::Whole(coalesce),
    )
    .doc(
        "The first argument that is not bad.",
        "coalesce(1 / 0, sqrt(-1), 3)",
        "3",
    ),
    Function::new(
        "best",
        &[ANY, repeated("y", Kind::Any)],
        Kind::Any,
        Body::Whole(best),
    )
    .doc(
        "The argument of the best quality, the first of several.",
        "best(1 / 0, 4, 5)",
        "4",
    ),
    Function::new("is_good", &[ANY], Kind::Bool, Body::Whole(is_good)).doc(
        "Whether the quality of x is good. The answer itself is good.",
        "is_good(1)",
        "true",
    ),
    Function::new(
        "is_uncertain",
        &[ANY],
        Kind::Bool,
        Body::Whole(is_uncertain),
    )
    .doc(
        "Whether the quality of x is uncertain. The answer itself is good.",
        "is_uncertain(1)",
        "false",
    ),
    Function::new("is_bad", &[ANY], Kind::Bool, Body::Whole(is_bad)).doc(
        "Whether x is bad. The answer itself is good.",
        "is_bad(1 / 0)",
        "true",
    ),
    Function::new("quality", &[ANY], Kind::Int, Body::Whole(code)).doc(
        "The OPC UA status code of x.",
        "quality(1)",
        "0",
    ),
    Function::new("quality_name", &[ANY], Kind::Text, Body::Whole(name))
        .cost(20)
        .doc(
            "The name of the status code of x.",
            "quality_name(1)",
            "\"Good\"",
        ),
    Function::new("good_only", &[ANY], Kind::Any, Body::Whole(good_only)).doc(
        "x while its quality is good; bad when it is uncertain.",
        "good_only(5)",
        "5",
    ),
    Function::new("trust", &[ANY], Kind::Any, Body::Whole(trust)).doc(
        "x as good, though it may be uncertain; a bad x stays bad.",
        "trust(5)",
        "5",
    ),
    Function::new(
        "pass_if",
        &[ANY, CONDITION],
        Kind::Any,
        Body::Whole(pass_if),
    )
    .doc(
        "x while the condition is true, otherwise nothing: a pipeline ends here and nothing is \
         sent.",
        "5 | pass_if(5 > 3)",
        "5",
    ),
    Function::new("time_of", &[ANY], Kind::Float, Body::Whole(time_of)).doc(
        "When x was measured, in seconds since 1970-01-01 UTC; of a constant it is now.",
        "time_of(1) <= now()",
        "true",
    ),
    Function::new("age", &[ANY], Kind::Float, Body::Whole(age))
        .following_clock()
        .doc(
            "How many seconds ago x was measured; never below zero.",
            "age(1)",
            "0.0",
        ),
];

fn first_good(arguments: &[Entry]) -> Option<&Entry> {
    arguments.iter().find(|entry| !entry.scalar.is_bad())
}

fn chosen(entry: Option<&Entry>, arguments: &[Entry], column: u32) -> Entry {
    let time_us = newest(arguments);
    match entry.or(arguments.first()) {
        Some(entry) => Entry {
            time_us,
            ..entry.clone()
        },
        None => Entry::bad(Fault::Argument, column, time_us),
    }
}

fn if_bad(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    let used = match arguments {
        [x, _] if !x.scalar.is_bad() => Some(x),
        _ => arguments.last(),
    };
    chosen(used, arguments, column)
}

fn coalesce(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    chosen(first_good(arguments), arguments, column)
}

fn best(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    let best = arguments.iter().min_by_key(|entry| entry.quality.class());
    chosen(best, arguments, column)
}

/// Returns an answer about the first argument, good whatever that is.
fn answer(arguments: &[Entry], column: u32, about: impl FnOnce(&Entry) -> Scalar) -> Entry {
    match arguments.first() {
        Some(entry) => Entry::good(about(entry), entry.time_us),
        None => Entry::bad(Fault::Argument, column, TIMELESS),
    }
}

fn is_class(arguments: &[Entry], column: u32, class: QualityClass) -> Entry {
    answer(arguments, column, |x| {
        Scalar::Bool(x.quality.class() == class)
    })
}

fn is_good(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    is_class(arguments, column, QualityClass::Good)
}

fn is_uncertain(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    is_class(arguments, column, QualityClass::Uncertain)
}

fn is_bad(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    is_class(arguments, column, QualityClass::Bad)
}

fn code(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    answer(arguments, column, |x| {
        Scalar::Int(i64::from(x.quality.code()))
    })
}

fn name(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    answer(arguments, column, |x| {
        Scalar::Text(x.quality.to_string().into())
    })
}

fn good_only(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    let entry = chosen(None, arguments, column);
    if entry.quality.class() != QualityClass::Uncertain {
        return entry;
    }
    Entry {
        quality: Quality::BAD,
        ..Entry::bad(Fault::Input, column, entry.time_us)
    }
}

fn trust(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    let mut entry = chosen(None, arguments, column);
    if entry.quality.class() == QualityClass::Uncertain {
        entry.quality = Quality::GOOD;
    }
    entry
}

fn pass_if(arguments: &[Entry], _: &Context<'_>, column: u32) -> Entry {
    let [x, condition] = arguments else {
        return Entry::bad(Fault::Argument, column, TIMELESS);
    };
    let time_us = newest(arguments);
    if condition.scalar.is_bad() {
        return Entry {
            time_us,
            ..condition.clone()
        };
    }
    if !condition.scalar.truth() {
        return Entry::bad(Fault::HeldBack, column, time_us);
    }
    Entry {
        quality: worst(x.quality, condition.quality),
        scalar: x.scalar.clone(),
        time_us,
    }
}

fn measured_us(entry: &Entry, context: &Context<'_>) -> i64 {
    match entry.time_us {
        TIMELESS => context.now_us,
        time_us => time_us,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of today are exact"
)]
fn time_of(arguments: &[Entry], context: &Context<'_>, column: u32) -> Entry {
    answer(arguments, column, |x| {
        Scalar::Float(measured_us(x, context) as f64 / 1e6)
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of today are exact"
)]
fn age(arguments: &[Entry], context: &Context<'_>, column: u32) -> Entry {
    let mut entry = answer(arguments, column, |x| {
        let age_us = context.now_us.saturating_sub(measured_us(x, context));
        Scalar::Float(age_us.max(0) as f64 / 1e6)
    });
    entry.time_us = context.now_us;
    entry
}
