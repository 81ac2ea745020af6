use proptest::prelude::*;

use super::super::parser::{parse, parse_transform};
use super::*;

/// Expressions that may be right or wrong, made of pieces of the language.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "1", "2.5", "10m", "a", "t", "\"x\"", "'", "\\", "(", ")", ",", "|", "+", "-", "*", "**",
        "/", "//", "%", "<<", "<", ">=", "==", "!=", "&", "^", "~", " and ", " or ", " not ",
        " if ", " else ", "tag(", "abs(", "avg(", "clamp", "1e", "0x", "_", "ä", ".", "=", " ",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Expressions of the grammar.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<u32>().prop_map(|value| value.to_string()),
        (0.0..1e18).prop_map(|value: f64| format!("{value:?}")),
        prop::sample::select(vec!["a", "b", "on", "true", "false", "pi()", "tag('x/y')"])
            .prop_map(str::to_owned),
        "[a-z\"\\\\\n°]{0,6}".prop_map(|text| super::super::tree::quoted(&text)),
        (1_u32..90_000).prop_map(|ms| format!("avg(a, {ms}ms)")),
    ];
    let binary = prop::sample::select(vec![
        "+", "-", "*", "/", "//", "%", "**", "&", "^", "<<", ">>", "<", "<=", "==", "!=", "and",
        "or",
    ]);
    leaf.prop_recursive(6, 60, 3, move |inner| {
        prop_oneof![
            (inner.clone(), binary.clone(), inner.clone())
                .prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("not ({inner})")),
            inner.clone().prop_map(|inner| format!("-({inner})")),
            inner
                .clone()
                .prop_map(|inner| format!("({inner}) | scale(2)")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("max({x}, {y})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(x, y, z)| format!("(({x}) if {y} else {z})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        let _tree = parse(&text);
        let _tree = parse_transform(&text);
    }

    #[test]
    fn any_pieces_are_compiled_and_evaluated_or_refused(text in pieces()) {
        match Program::compile(&text, &AnyScope) {
            Ok(program) => {
                let context = Context { now_us: NOW_US, zone: &TimeZone::UTC };
                let inputs = vec![Sample::good(NOW_US, Value::F64(0.5)); program.inputs().len()];
                let mut state = program.new_state();
                let sample = program.evaluate(&inputs, &context, &mut state).sample;
                prop_assert_eq!(sample.value.is_none(), sample.quality.is_bad());
            }
            Err(error) => {
                let columns = text.chars().count() + 1;
                prop_assert!((1..=columns).contains(&(error.column as usize)));
            }
        }
    }

    #[test]
    fn what_is_printed_is_read_as_the_same_tree(text in expressions()) {
        if let Ok(tree) = parse(&text) {
            let printed = tree.print();
            let again = parse(&printed).unwrap();
            prop_assert_eq!(again.shape(), tree.shape(), "{} became {}", text, printed);
            prop_assert_eq!(again.print(), printed);
        }
    }
}
