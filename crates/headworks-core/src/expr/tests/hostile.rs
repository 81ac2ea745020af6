//! Expressions made to hurt: refused with a message, or evaluated within their bounds.

use super::*;

#[track_caller]
fn check_refused(text: &str, want: &str) {
    let error = Program::compile(text, &AnyScope).unwrap_err().to_string();
    assert!(error.contains(want), "{error}");
    assert!(error.len() < 300, "{error}");
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [
        ("(", ")"),
        ("-", ""),
        ("not ", ""),
        ("~", ""),
        ("abs(", ")"),
    ] {
        let text = format!("{}1{}", open.repeat(1_000), close.repeat(1_000));
        check_refused(&text, "more than 64 parts within one another");
    }
    check_refused(&"2 ** ".repeat(1_000), "within one another");
    check_refused(&"1 if 1 else ".repeat(1_000), "within one another");
    check_refused(&"(".repeat(16_000), "within one another");
    check_refused(
        &format!("1{}", " | abs".repeat(1_000)),
        "within one another",
    );
    let both = format!("{}1{}", "(".repeat(60), "| abs | abs)".repeat(60));
    check_refused(&both, "within one another");
}

#[test]
fn what_is_deep_but_allowed_works() {
    let brackets = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    check(&brackets, 1);
    check(&format!("{}1", "-".repeat(60)), 1);
    check(&format!("1{}", " | abs".repeat(60)), 1);
}

#[test]
fn ten_thousand_terms_are_too_many() {
    check_refused(&vec!["1"; 10_000].join("+"), "at most 16384 are allowed");
    check_refused(&vec!["1"; 8_000].join("+"), "more than 2000 parts");
    check_refused(&vec!["x"; 5_000].join(" "), "expected an operator");
    check_refused(
        &format!("max({})", vec!["1"; 100].join(",")),
        "more than 64 arguments",
    );
}

#[test]
fn a_thousand_terms_are_evaluated() {
    check(&vec!["1"; 999].join("+"), 999);
    check(&vec!["1"; 999].join(" and "), 1);
    check(&vec!["1"; 999].join(" == "), true);
}

#[test]
fn huge_powers_end_at_once() {
    check_fault("9 ** 9 ** 9", Fault::Overflow, 3);
    check_fault("9.0 ** 9 ** 9", Fault::Overflow, 5);
    check_fault("1 << 9223372036854775807", Fault::Overflow, 3);
    check("1 >> 9223372036854775807", 0);
    check("1 ** 9223372036854775807", 1);
    check("(-1) ** 9223372036854775807", -1);
    check("-9223372036854775807 - 1", i64::MIN);
    check_fault("-(-9223372036854775807 - 1)", Fault::Overflow, 1);
    check_fault("(-9223372036854775807 - 1) // -1", Fault::Overflow, 28);
    check("(-9223372036854775807 - 1) % -1", 0);
    check_fault("abs(-9223372036854775807 - 1)", Fault::Overflow, 1);
    check_fault("int(1e19)", Fault::Overflow, 1);
    check_fault("bit(1, 64)", Fault::Argument, 1);
    check_fault("signed(1, 0)", Fault::Argument, 1);
    check_fault("round(1.5, 400)", Fault::Argument, 1);
    check_fault("substring('abc', -1)", Fault::Argument, 1);
}

#[test]
fn texts_stay_short() {
    let long = "x".repeat(4_000);
    check_fault(&format!("'{long}' + '{long}'"), Fault::TextTooLong, 4_004);
    check_fault(
        &format!("replace('{long}', 'x', 'yy')"),
        Fault::TextTooLong,
        1,
    );
    check_fault(&format!("join('{long}', '{long}')"), Fault::TextTooLong, 1);
    check_fault(
        &format!("upper('{}')", "ŉ".repeat(2_000)),
        Fault::TextTooLong,
        1,
    );
    check_refused(&format!("'{}'", "x".repeat(5_000)), "more than 4096 bytes");
    check_fault("replace('abc', '', 'x')", Fault::Argument, 1);
}

#[test]
fn cost_is_bounded_before_evaluation() {
    let many = vec!["upper('x')"; 200].join("+");
    check_refused(&many, "costs more than 5000 steps");
    let windows = vec!["rate(x)"; 40].join("+");
    check_refused(&windows, "more than 32 functions that remember");
}
