use std::collections::BTreeSet;

/// Returns the names of metrics that stand in a text between two marks.
fn names(text: &str, open: &str, close: char) -> BTreeSet<String> {
    let parts = text.split(open).skip(1);
    parts
        .filter_map(|part| part.split(close).next())
        .map(|name| format!("headworks_{name}"))
        .collect()
}

#[test]
fn the_manual_lists_exactly_what_is_written() {
    let written = names(include_str!("../metrics.rs"), "\"headworks_", '"');
    let manual = include_str!("../../../../../docs/operating/monitoring.md");
    let listed = names(manual, "| `headworks_", '`');
    assert!(30 < written.len());
    assert_eq!(listed, written);
}
