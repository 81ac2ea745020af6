//! Names of other programs as names of ours.

use std::collections::HashMap;

use headworks_core::TagName;
use unicode_normalization::UnicodeNormalization;

/// Most bytes of a segment that still has room for a number behind it.
const BYTES_MAX: usize = 112;

/// Returns a name as a segment of a path: what a path cannot hold becomes `_`, a slash `.`.
pub(crate) fn segment(text: &str) -> TagName {
    let normal: String = text.nfc().collect();
    let plain: String = normal.trim().chars().map(plain).collect();
    let mut end = plain.len().min(BYTES_MAX);
    while !plain.is_char_boundary(end) {
        end -= 1;
    }
    let kept = plain[..end].trim();
    let kept = if kept.is_empty() { "unnamed" } else { kept };
    // The fallback is a constant that is a name.
    kept.parse()
        .unwrap_or_else(|_| "unnamed".parse().expect("a plain word is a name"))
}

fn plain(char: char) -> char {
    match char {
        '/' => '.',
        '+' | '#' | '$' | '*' => '_',
        char if char.is_control() => '_',
        char => char,
    }
}

/// Names that are taken, upper and lower case as one.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    names: HashMap<String, u32>,
}

impl Taken {
    /// Takes a name; returns whether it was free.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        self.names.insert(name.to_lowercase(), 1).is_none()
    }

    /// Returns whether a name is taken.
    pub(crate) fn is_taken(&self, name: &str) -> bool {
        self.names.contains_key(&name.to_lowercase())
    }

    /// Takes a name, with a number behind it when it is taken.
    pub(crate) fn free(&mut self, name: &str) -> String {
        if self.take_new(name) {
            return name.to_owned();
        }
        let folded = name.to_lowercase();
        let mut number = self.names.get(&folded).copied().unwrap_or(1);
        loop {
            number += 1;
            let candidate = format!("{name}_{number}");
            if self.take_new(&candidate) {
                self.names.insert(folded, number);
                return candidate;
            }
        }
    }

    fn take_new(&mut self, name: &str) -> bool {
        !self.is_taken(name) && self.take(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_becomes_a_name() {
        for (text, want) in [
            ("Temp 1", "Temp 1"),
            ("a/b", "a.b"),
            (" $x#y+*\n", "_x_y__"),
            ("", "unnamed"),
            ("e\u{301}", "é"),
            ("/", "."),
        ] {
            assert_eq!(segment(text).as_str(), want);
        }
        assert!(segment(&"ä".repeat(200)).as_str().len() <= BYTES_MAX);
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let mut taken = Taken::default();
        assert_eq!(taken.free("a"), "a");
        assert_eq!(taken.free("A"), "A_2");
        assert_eq!(taken.free("a"), "a_3");
        assert!(!taken.take("a_3"));
    }
}
