//! Secrets are taken out before anything is kept or sent.

use serde_json::Value;

/// Parts of names of fields whose values are secret.
const SECRET_NAMES: [&str; 9] = [
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "api_key",
    "private_key",
    "dsn",
];

/// Marks after which a secret follows, up to a blank, a quote or a separator.
const MARKS: [&str; 5] = ["Bearer ", "bearer ", "Basic ", "password=", "token="];

/// Returns whether a field of this name holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

/// Returns the value of a field as it may be kept.
pub(crate) fn value(name: &str, value: Value) -> Value {
    if is_secret(name) {
        return Value::from("***");
    }
    match value {
        Value::String(text) => Value::String(self::text(text)),
        other => other,
    }
}

/// Takes credentials out of URLs, headers and settings that a text quotes.
pub fn text(text: String) -> String {
    let mut text = without_user_info(text);
    for mark in MARKS {
        if text.contains(mark) {
            text = without_marked(&text, mark);
        }
    }
    text
}

fn without_marked(text: &str, mark: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(mark) {
        clean.push_str(before);
        clean.push_str(mark);
        clean.push_str("***");
        rest = &after[after.find(ends_secret).unwrap_or(after.len())..];
    }
    clean.push_str(rest);
    clean
}

fn ends_secret(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '&' | ',' | ';' | ')')
}

/// `scheme://user:password@host` becomes `scheme://***@host`.
fn without_user_info(text: String) -> String {
    if !text.contains("://") {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("://") {
        clean.push_str(before);
        clean.push_str("://");
        let authority = after
            .find(|character: char| character.is_whitespace() || matches!(character, '/' | '"'))
            .unwrap_or(after.len());
        rest = match after[..authority].rfind('@') {
            Some(at) => {
                clean.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_text(from: &str, want: &str) {
        assert_eq!(text(from.to_owned()), want);
    }

    #[test]
    fn credentials_go_and_the_rest_stays() {
        check_text(
            "no answer of postgres://hub:geheim@db:5432/plant today",
            "no answer of postgres://***@db:5432/plant today",
        );
        check_text("http://a/b@c", "http://a/b@c");
        check_text(
            "authorization: Bearer abc.def next",
            "authorization: Bearer *** next",
        );
        check_text("?token=abc&x=1", "?token=***&x=1");
        check_text("token of ring", "token of ring");
    }

    #[test]
    fn secret_fields_have_no_value() {
        assert_eq!(value("db_password", Value::from("x")), "***");
        assert_eq!(value("Authorization", Value::from("x")), "***");
        assert_eq!(value("count", Value::from(3)), 3);
    }
}
