//! Texts of bodies that know how long they may be: what is longer never reaches a handler.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A text of one line of at most `MAX` characters.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Text<const MAX: usize>(String); // invariant: checked by `deserialize`

/// A password or token of at most `MAX` characters, whichever they are.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret<const MAX: usize>(Bounded<MAX>);

/// A text of at most `MAX` characters.
#[derive(Clone)]
struct Bounded<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Returns the text.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> Secret<MAX> {
    /// Returns the secret.
    pub(crate) fn into_string(self) -> String {
        self.0.0
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Text<MAX>, D::Error> {
        let Bounded(text) = Bounded::<MAX>::deserialize(reader)?;
        if text.chars().any(char::is_control) {
            return Err(D::Error::custom(
                "a text without control characters is needed",
            ));
        }
        Ok(Text(text))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Bounded<MAX> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Bounded<MAX>, D::Error> {
        reader.deserialize_str(Reader::<MAX>)
    }
}

/// Looks at the length before anything is copied.
struct Reader<const MAX: usize>;

impl<const MAX: usize> Visitor<'_> for Reader<MAX> {
    type Value = Bounded<MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text of at most {MAX} characters")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bounded<MAX>, E> {
        let count = text.chars().count();
        if MAX < count {
            let reason = format!("{count} characters; at most {MAX} are allowed");
            return Err(E::custom(reason));
        }
        Ok(Bounded(text.to_owned()))
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": MAX })
    }
}

impl<const MAX: usize> JsonSchema for Secret<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Secret{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": MAX, "writeOnly": true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused<T: for<'de> Deserialize<'de>>(json: &str, want: &str) {
        let Err(error) = serde_json::from_str::<T>(json) else {
            panic!("{json} was taken");
        };
        assert!(error.to_string().contains(want), "{error}");
    }

    #[test]
    fn a_text_is_bounded_in_characters_and_has_one_line() {
        let text: Text<3> = serde_json::from_str("\"äöü\"").unwrap();
        assert_eq!(&*text, "äöü");
        check_refused::<Text<3>>("\"äöüß\"", "4 characters; at most 3 are allowed");
        check_refused::<Text<3>>(r#""a\r\n""#, "control characters");
        check_refused::<Text<3>>("7", "a text of at most 3 characters");
    }

    #[test]
    fn a_secret_may_have_any_characters() {
        let secret: Secret<3> = serde_json::from_str(r#""\ta""#).unwrap();
        assert_eq!(secret.into_string(), "\ta");
        check_refused::<Secret<3>>("\"abcd\"", "4 characters; at most 3 are allowed");
    }
}
