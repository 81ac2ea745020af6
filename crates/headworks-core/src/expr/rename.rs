//! Other names in the text of an expression, the rest of it byte for byte.

use super::lexer::{Token, pieces};
use super::scope::Reference;

/// Returns the text with what it reads called otherwise; none when nothing changes, or the text is
/// no expression. `new` says what a reference is to be called, where it has another name.
///
/// Spaces, brackets and the quotes of paths stay as they were written. Names behind `|` and before
/// brackets are functions and stay too.
pub fn rename(text: &str, new: &dyn Fn(&Reference) -> Option<Reference>) -> Option<String> {
    let pieces = pieces(text)?;
    let mut renamed = String::with_capacity(text.len());
    let mut kept_to = 0;
    for (at, piece) in pieces.iter().enumerate() {
        let token = |place: Option<usize>| place.and_then(|at| pieces.get(at)).map(|one| &one.0);
        let is_sign = |place, sign| matches!(token(place), Some(Token::Sign(one)) if *one == sign);
        let is_tag = |place| matches!(token(place), Some(Token::Name(name)) if **name == *"tag");
        let (before, two_before) = (at.checked_sub(1), at.checked_sub(2));
        let (start, end) = (piece.1, piece.2);
        let next = match &piece.0 {
            Token::Name(_) if is_sign(Some(at + 1), "(") || is_sign(before, "|") => None,
            Token::Name(name) => new(&Reference::Name(name.clone())).map(|new| new.to_string()),
            Token::Text(path) if is_sign(before, "(") && is_tag(two_before) => {
                let path = path.parse().ok()?;
                new(&Reference::Tag(path)).map(|new| in_brackets(&new, &text[start..end]))
            }
            _ => None,
        };
        if let Some(next) = next {
            renamed.push_str(&text[kept_to..start]);
            renamed.push_str(&next);
            kept_to = end;
        }
    }
    renamed.push_str(&text[kept_to..]);
    (renamed != text).then_some(renamed)
}

/// Returns whether a text can stand as a bare name.
pub fn is_name(text: &str) -> bool {
    let pieces = pieces(text);
    let is_one = |pieces: Vec<_>| match pieces.as_slice() {
        [(Token::Name(_), 0, end)] => *end == text.len(),
        _ => false,
    };
    pieces.is_some_and(is_one) && super::parser::is_allowed(text)
}

/// Returns what stands in the brackets of `tag(...)`, in the quotes that were there.
fn in_brackets(new: &Reference, old: &str) -> String {
    let path = match new {
        Reference::Tag(path) => path.as_str(),
        Reference::Name(name) => name,
    };
    let quoted = super::tree::quoted(path);
    if !old.starts_with('\'') || path.contains(['\'', '"', '\\']) {
        return quoted;
    }
    format!("'{path}'")
}
