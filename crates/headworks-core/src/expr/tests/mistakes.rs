//! Every mistake is named with its column and, where we can guess, with what would be right.

use super::*;

#[track_caller]
fn check_errors(errors: &[(&str, &str)]) {
    for (text, want) in errors {
        check_error(text, want);
    }
}

#[test]
fn the_grammar_is_explained() {
    check_errors(&[
        ("", "column 1: expected a value, found the end"),
        ("a +", "column 4: expected a value, found the end"),
        ("(a", "column 3: expected `)`, found the end"),
        (
            "a b",
            "column 3: expected an operator or the end, found the name \"b\"",
        ),
        (
            "a = 5",
            "column 3: `=` has no meaning here; compare with `==`; an expression has a value and \
             assigns nothing",
        ),
        ("a && b", "column 3: `&&` has no meaning here; write `and`"),
        ("a || b", "column 3: `||` has no meaning here; write `or`"),
        ("!a", "column 1: `!` has no meaning here; write `not`"),
        (
            "a ? 1 : 2",
            "column 3: `?` has no meaning here; write `a if condition else b`",
        ),
        (
            "1 if a",
            "column 7: expected `else`, found the end; a choice is written `a if condition else b`",
        ),
        (
            "for",
            "column 1: `for` has no meaning here; there are no loops; window functions look back",
        ),
        ("a $ b", "column 3: '$' has no meaning in an expression"),
        (
            "2 * not a",
            "column 5: expected a value, found `not`; put brackets around `not ...`",
        ),
    ]);
}

#[test]
fn names_and_calls_are_explained() {
    check_errors(&[
        (
            "clmp(a, 0, 1)",
            "column 1: there is no function \"clmp\"; did you mean clamp?",
        ),
        (
            "average(a)",
            "column 1: there is no function \"average\"; it is called avg here",
        ),
        (
            "presure + 1",
            "column 1: nothing here is called \"presure\"; did you mean pressure?",
        ),
        (
            "tag(\"plant/boiler/tmp\")",
            "column 1: there is no tag \"plant/boiler/tmp\"; did you mean plant/boiler/temp?",
        ),
        (
            "tag(a)",
            "column 5: expected the path of the tag in quotes, found the name \"a\"; as in \
             tag(\"plant/boiler/temp\"); a path cannot be computed",
        ),
        (
            "clamp(a, 1)",
            "column 1: clamp is not given 2 arguments like these; write clamp(x, low, high)",
        ),
        (
            "on_for(a > 1, 10)",
            "column 1: on_for needs a duration as its last argument, such as 10m; write \
             on_for(condition, duration)",
        ),
        (
            "tag('a//b')",
            "column 5: path segment \"\" has 0 bytes, 1 to 128 are allowed",
        ),
        (
            "sqrt",
            "column 1: nothing here is called \"sqrt\"; sqrt is a function: write sqrt(...)",
        ),
        (
            "ä + ö",
            "column 1: nothing here is called \"ä\"; another tag is written \
             tag(\"path/of/the/tag\")",
        ),
    ]);
}

#[test]
fn kinds_that_do_not_go_together_are_explained() {
    check_errors(&[
        (
            "t * 2",
            "column 3: `*` needs numbers, this is a text; float(text) reads a number",
        ),
        (
            "b & 1",
            "column 3: `&` needs integers, this is a float; int(x) cuts the fraction off",
        ),
        (
            "t + a",
            "column 3: `+` needs two numbers or two texts, not one of each; join(a, b) makes a \
             text of both",
        ),
        (
            "t > a",
            "column 3: `>` compares a text with a number; float(text) reads a number, text(x) \
             writes one",
        ),
        (
            "sqrt(t)",
            "column 6: x of sqrt(x) is a number, this is a text",
        ),
        (
            "10m",
            "column 1: a duration stands only where a function takes one; as in `avg(x, 10m)`; \
             seconds as a number are written without a unit",
        ),
    ]);
}

#[test]
fn literals_are_explained() {
    check_errors(&[
        (
            "5x",
            "column 1: a number followed by \"x\"; a duration ends with ms, s, m, h or d, as in \
             10m; names begin with a letter",
        ),
        ("'abc", "column 1: the text has no end: ' is missing"),
        (
            "'\\x'",
            "column 2: `\\x` has no meaning; a backslash itself is written `\\\\`",
        ),
        (
            "9223372036854775808",
            "column 1: the integer is larger than 9223372036854775807; write it with a decimal \
             point, as a float",
        ),
        ("1e999", "column 1: the number is too large for a float"),
    ]);
}
