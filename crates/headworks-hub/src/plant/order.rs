//! The order of paths: by characters, upper and lower case as one.

use std::cmp::Ordering;

/// Returns the text in lower case, character by character, so that no character's form depends
/// on its neighbours.
pub(crate) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Compares two texts as if both were folded, without making copies.
pub(crate) fn compare_folded(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        let left = left.bytes().map(|byte| byte.to_ascii_lowercase());
        return left.cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    let left = left.chars().flat_map(char::to_lowercase);
    left.cmp(right.chars().flat_map(char::to_lowercase))
}

/// Returns whether `text` starts with `prefix` when both are folded.
pub(crate) fn is_folded_prefix(prefix: &str, text: &str) -> bool {
    let mut text = text.chars().flat_map(char::to_lowercase);
    prefix
        .chars()
        .flat_map(char::to_lowercase)
        .all(|wanted| text.next() == Some(wanted))
}

/// Returns whether the folded `text` holds `needle`, which is folded already.
pub(crate) fn contains_folded(text: &str, needle: &str) -> bool {
    if !text.is_ascii() {
        return fold(text).contains(needle);
    }
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    needle.is_empty()
        || text
            .windows(needle.len())
            .any(|window| window.eq_ignore_ascii_case(needle))
}
