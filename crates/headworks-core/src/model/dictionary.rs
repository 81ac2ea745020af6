//! Dictionaries: what the plant's own texts are in another language.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::alarm::check_language;
use super::device::check_lines;
use super::object::{FieldError, Kind, ObjectBody};

/// What the plant's own texts, such as names of tags and titles of widgets, are in one language.
///
/// A text is translated wherever it is shown, whatever object it is of; one that is not in the
/// dictionary is shown as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dictionary {
    /// The language, e.g. `de` or `zh-CN`, which is the name of the dictionary: upper and lower
    /// case as one, there is one of each.
    #[schemars(length(min = 2, max = 35))]
    pub language: String,
    /// The texts: as they were written, and in this language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "words_schema")]
    pub words: BTreeMap<String, String>,
}

/// Most texts of a dictionary.
const WORDS_MAX: usize = 10_000;
/// Most characters of a text on either side: as many as the longest that an object may have.
const TEXT_MAX: usize = 4000;
/// Most characters of all texts together, so that a dictionary and its past states stay a
/// matter of moments.
const ALL_MAX: usize = 500_000;

fn words_schema(_: &mut SchemaGenerator) -> Schema {
    let text = json_schema!({ "type": "string", "minLength": 1, "maxLength": TEXT_MAX });
    json_schema!({
        "type": "object",
        "maxProperties": WORDS_MAX,
        "propertyNames": text,
        "additionalProperties": text,
    })
}

impl ObjectBody for Dictionary {
    const KIND: Kind = Kind::Dictionary;

    fn check(&self) -> Result<(), FieldError> {
        check_language("/language", &self.language)?;
        let count = self.words.len();
        if WORDS_MAX < count {
            let reason = format!("{count} texts; at most {WORDS_MAX} are allowed");
            return Err(FieldError::new("/words", reason));
        }
        let mut all = 0;
        for (base, translation) in &self.words {
            let field = format!("/words/{}", escape(base));
            check_word(&field, base, "the text itself")?;
            check_word(&field, translation, "its translation")?;
            all += base.chars().count() + translation.chars().count();
        }
        if ALL_MAX < all {
            let reason =
                format!("{all} characters in all texts; at most {ALL_MAX} together are allowed");
            return Err(FieldError::new("/words", reason));
        }
        Ok(())
    }
}

impl Dictionary {
    /// Returns whether it is of a language, upper and lower case as one.
    pub fn is_of(&self, language: &str) -> bool {
        self.language.eq_ignore_ascii_case(language)
    }
}

/// Returns the language without its region, e.g. `de` for `de-AT`; nothing when it has none.
pub fn main_language(language: &str) -> Option<&str> {
    language.split_once('-').map(|(main, _)| main)
}

fn check_word(field: &str, text: &str, what: &str) -> Result<(), FieldError> {
    if text.trim().is_empty() {
        let reason = format!("{what} is empty: leave it out to show the text as it was written");
        return Err(FieldError::new(field, reason));
    }
    check_lines(field, text, TEXT_MAX)
        .map_err(|error| FieldError::new(field, format_args!("{what}: {}", error.reason)))
}

/// Escapes a text in a JSON pointer (RFC 6901, section 3).
fn escape(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(language: &str, words: &[(&str, &str)]) -> Dictionary {
        let words = words.iter();
        Dictionary {
            language: language.into(),
            words: words
                .map(|(base, text)| ((*base).to_owned(), (*text).to_owned()))
                .collect(),
        }
    }

    #[track_caller]
    fn check_refused(dictionary: &Dictionary, field: &str, reason: &str) {
        let error = dictionary.check().unwrap_err();
        assert_eq!(error.field, field);
        assert!(error.reason.contains(reason), "{error}");
    }

    #[test]
    fn a_dictionary_has_a_language_and_may_have_words() {
        for language in ["de", "zh-CN", "deu", "nl-BE"] {
            assert_eq!(of(language, &[]).check(), Ok(()), "{language}");
        }
        let lines = of("de", &[("Boiler\nhouse", "Kessel\nhaus")]);
        assert_eq!(lines.check(), Ok(()));
        for language in ["", "d", "German", "de_AT", "de-"] {
            check_refused(&of(language, &[]), "/language", "no language tag");
        }
    }

    #[test]
    fn a_word_that_cannot_be_is_refused_with_its_place() {
        check_refused(
            &of("de", &[("Boiler", "")]),
            "/words/Boiler",
            "its translation is empty",
        );
        check_refused(
            &of("de", &[("Boiler", " ")]),
            "/words/Boiler",
            "its translation is empty",
        );
        check_refused(
            &of("de", &[("", "Kessel")]),
            "/words/",
            "the text itself is empty",
        );
        check_refused(
            &of("de", &[("a/b~c", "x\0")]),
            "/words/a~1b~0c",
            "its translation: holds",
        );
        check_refused(
            &of("de", &[("a\u{7}", "x")]),
            "/words/a\u{7}",
            "the text itself: holds",
        );
        let long = "x".repeat(TEXT_MAX + 1);
        check_refused(&of("de", &[("a", &long)]), "/words/a", "4001 characters");
        let long = "x".repeat(TEXT_MAX);
        assert_eq!(of("de", &[(&long, &long)]).check(), Ok(()));
    }

    #[test]
    fn a_dictionary_has_an_end() {
        let words = |count: usize, text: &str| Dictionary {
            language: "de".into(),
            words: (0..count)
                .map(|at| (format!("w{at:05}"), text.to_owned()))
                .collect(),
        };
        assert_eq!(words(WORDS_MAX, "x").check(), Ok(()));
        check_refused(&words(WORDS_MAX + 1, "x"), "/words", "10001 texts");
        check_refused(
            &words(300, &"x".repeat(TEXT_MAX)),
            "/words",
            "at most 500000 together",
        );
    }

    #[test]
    fn a_language_is_one_in_upper_and_lower_case() {
        assert!(of("de-AT", &[]).is_of("DE-at"));
        assert!(!of("de-AT", &[]).is_of("de"));
        assert_eq!(main_language("de-AT"), Some("de"));
        assert_eq!(main_language("zh-Hant-TW"), Some("zh"));
        assert_eq!(main_language("de"), None);
    }
}
