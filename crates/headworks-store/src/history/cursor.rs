//! Where the next page of samples begins.

use std::fmt;
use std::str::FromStr;

use headworks_core::TagIndex;

use super::HistoryError;

/// A place in the samples of a query: opaque to clients, and right however many samples arrive
/// in between, because it names a tag and a time and not a number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The tag that the next page begins with.
    pub tag: TagIndex,
    /// The first time of that tag that the next page may have.
    pub next_us: i64,
    /// End of the range of the first page: `now` must not move from page to page.
    pub end_us: i64,
    /// Sum over the question, so that a cursor is not used for another one.
    pub question: u32,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!(
            "{:08x}{:016x}{:016x}{:08x}",
            self.tag.0, self.next_us, self.end_us, self.question
        );
        let sum = crc32fast::hash(text.as_bytes());
        write!(f, "{text}{sum:08x}")
    }
}

impl FromStr for Cursor {
    type Err = HistoryError;

    fn from_str(text: &str) -> Result<Cursor, HistoryError> {
        parse(text).ok_or_else(|| {
            let shown: String = text.chars().take(20).collect();
            let reason = format!("{shown:?} is no cursor; use next_cursor of the page before");
            HistoryError::invalid("cursor", reason)
        })
    }
}

fn parse(text: &str) -> Option<Cursor> {
    if text.len() != 56 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let (body, sum) = text.split_at(48);
    if u32::from_str_radix(sum, 16).ok()? != crc32fast::hash(body.as_bytes()) {
        return None;
    }
    let word = |from: usize| u32::from_str_radix(&body[from..from + 8], 16).ok();
    let long = |from: usize| i64::from_str_radix(&body[from..from + 16], 16).ok();
    Some(Cursor {
        tag: TagIndex(word(0)?),
        next_us: long(8)?,
        end_us: long(24)?,
        question: word(40)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_and_nothing_else_does() {
        let cursor = Cursor {
            tag: TagIndex(u32::MAX),
            next_us: 1_800_000_000_000_001,
            end_us: crate::history::TIME_US_MAX,
            question: 7,
        };
        let text = cursor.to_string();
        assert_eq!(text.parse::<Cursor>().unwrap(), cursor);
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(other).unwrap();
            assert!(other.parse::<Cursor>().is_err(), "{other}");
        }
        for text in ["", "x", "é", &text[1..], &format!("{text}0")] {
            let error = text.parse::<Cursor>().unwrap_err().to_string();
            assert!(error.contains("is no cursor"), "{error}");
        }
    }
}
