//! What is read is called otherwise, and nothing else of the text changes.

use super::*;
use crate::expr::{is_name, rename};

fn with(old: &str, new: &str) -> impl Fn(&Reference) -> Option<Reference> {
    let parse = |text: &str| match text.contains('/') {
        true => Reference::Tag(text.parse().unwrap()),
        false => Reference::Name(text.into()),
    };
    let (old, new) = (parse(old), parse(new));
    move |found| (*found == old).then(|| new.clone())
}

#[track_caller]
fn check_renamed(text: &str, (old, new): (&str, &str), want: Option<&str>) {
    assert_eq!(rename(text, &with(old, new)).as_deref(), want, "{text}");
}

#[test]
fn paths_change_within_their_quotes() {
    let flow = ("plant/pump/flow", "plant/pump 2/flow");
    for (text, want) in [
        (r#"tag("plant/pump/flow")"#, r#"tag("plant/pump 2/flow")"#),
        (
            r#"2*tag( 'plant/pump/flow' )  +tag("plant/pump/flow")"#,
            r#"2*tag( 'plant/pump 2/flow' )  +tag("plant/pump 2/flow")"#,
        ),
        (
            r#"avg(tag("plant/pump/flow"), 10m) | round(1)"#,
            r#"avg(tag("plant/pump 2/flow"), 10m) | round(1)"#,
        ),
        (
            r#"tag("plant/p\u0075mp/flow")"#,
            r#"tag("plant/pump 2/flow")"#,
        ),
    ] {
        check_renamed(text, flow, Some(want));
    }
    for text in [
        r#""plant/pump/flow" + tag("plant/pump/flow2")"#,
        r#"concat("plant/pump/flow", "x")"#,
        "plant/pump/flow",
        r#"tag("plant/pump/flow"#,
        "",
    ] {
        check_renamed(text, flow, None);
    }
}

#[test]
fn bare_names_change_and_functions_stay() {
    let round = ("round", "turn");
    check_renamed("round + round(round)", round, Some("turn + round(turn)"));
    check_renamed("x | round", round, None);
    check_renamed("x | round(round)", round, Some("x | round(turn)"));
    check_renamed("rounded", round, None);
    check_renamed("not flow", ("flow", "a/b"), Some(r#"not tag("a/b")"#));
}

#[test]
fn a_renamed_text_means_the_same() {
    let text = r#"if_bad(tag("a/b"), 0) * flow if 1 < flow <= 5 else avg(flow, 10m)"#;
    let program = Program::compile(text, &AnyScope).unwrap();
    let new = |found: &Reference| match found {
        Reference::Tag(path) => Some(Reference::Tag(format!("x/{path}").parse().unwrap())),
        Reference::Name(name) => Some(Reference::Name(format!("{name}_2").into())),
    };
    let renamed = Program::compile(&rename(text, &new).unwrap(), &AnyScope).unwrap();
    let want: Vec<Reference> = program.inputs().iter().filter_map(new).collect();
    assert_eq!(renamed.inputs(), want);
    assert_eq!(renamed.cost(), program.cost());
}

#[test]
fn what_can_stand_alone_is_a_name() {
    for name in ["flow", "_2", "Zähler", "value", "tag"] {
        assert!(is_name(name), "{name}");
    }
    for text in [
        "", "2nd", "a b", "a-b", "not", "true", "for", "a ", "\"a\"", "a/b",
    ] {
        assert!(!is_name(text), "{text}");
    }
}
