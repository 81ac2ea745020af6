//! Messages with places for what is known only when the alarm is raised.

use crate::value::Value;

/// What a message can say.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageFacts<'a> {
    /// The value that was judged: `{value}`.
    pub value: Option<&'a Value>,
    /// The limit that it was judged by: `{limit}`.
    pub limit: Option<f64>,
    /// Path of the tag: `{tag}`.
    pub tag: &'a str,
    /// Unit of the tag: `{unit}`.
    pub unit: &'a str,
    /// Digits behind the decimal point of value and limit; as many as they need when absent.
    pub decimals: Option<u8>,
}

/// What stands for something that is not known.
const UNKNOWN: &str = "–";
/// Most characters of a value in a message.
const VALUE_MAX: usize = 100;

/// A piece of a message.
enum Piece<'a> {
    Text(&'a str),
    Place(&'a str),
}

/// Checks the places of a message; the error is the reason.
pub(super) fn check(message: &str) -> Result<(), String> {
    for piece in pieces(message) {
        match piece {
            Ok(Piece::Text(_) | Piece::Place("value" | "limit" | "tag" | "unit")) => {}
            Ok(Piece::Place(other)) => {
                return Err(format!(
                    "{{{other}}} is unknown: {{value}}, {{limit}}, {{tag}} and {{unit}} are known"
                ));
            }
            Err(_) => return Err("has a brace without its partner: write {{ or }} for one".into()),
        }
    }
    Ok(())
}

impl MessageFacts<'_> {
    /// Returns a message with its places filled in. `{{` and `}}` are braces; a place that nobody
    /// knows is left as it stands.
    pub fn render(&self, message: &str) -> String {
        let mut text = String::with_capacity(message.len() + 32);
        for piece in pieces(message) {
            match piece {
                Ok(Piece::Text(part)) => text.push_str(part),
                Ok(Piece::Place("value")) => text.push_str(&shown(self.shown_value())),
                Ok(Piece::Place("limit")) => {
                    let limit = self.limit.map(|limit| self.shown_number(limit));
                    text.push_str(&shown(limit));
                }
                Ok(Piece::Place("tag")) => text.push_str(self.tag),
                Ok(Piece::Place("unit")) => text.push_str(self.unit),
                Ok(Piece::Place(other)) => text.extend(["{", other, "}"]),
                Err(rest) => text.push_str(rest),
            }
        }
        text
    }

    fn shown_value(&self) -> Option<String> {
        match self.value? {
            Value::F64(value) => Some(self.shown_number(*value)),
            value => Some(value.to_string()),
        }
    }

    fn shown_number(&self, value: f64) -> String {
        match self.decimals {
            Some(decimals) => format!("{value:.*}", usize::from(decimals)),
            None => value.to_string(),
        }
    }
}

fn shown(value: Option<String>) -> String {
    value.map_or(UNKNOWN.to_owned(), |value| {
        value.chars().take(VALUE_MAX).collect()
    })
}

/// Returns the pieces of a message; an error is the rest from a brace without partner on.
fn pieces(message: &str) -> impl Iterator<Item = Result<Piece<'_>, &str>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        let (piece, end) = next_piece(rest)?;
        rest = &rest[end..];
        Some(piece)
    })
}

/// Returns the first piece of a text and where it ends, or nothing at the end of the text.
fn next_piece(rest: &str) -> Option<(Result<Piece<'_>, &str>, usize)> {
    if rest.is_empty() {
        return None;
    }
    if rest.starts_with("{{") || rest.starts_with("}}") {
        return Some((Ok(Piece::Text(&rest[..1])), 2));
    }
    if let Some(inner) = rest.strip_prefix('{') {
        return Some(match inner.find(['{', '}']) {
            Some(end) if inner[end..].starts_with('}') => {
                (Ok(Piece::Place(&inner[..end])), end + 2)
            }
            _ => (Err(rest), rest.len()),
        });
    }
    if rest.starts_with('}') {
        return Some((Err(rest), rest.len()));
    }
    let end = rest.find(['{', '}']).unwrap_or(rest.len());
    Some((Ok(Piece::Text(&rest[..end])), end))
}
