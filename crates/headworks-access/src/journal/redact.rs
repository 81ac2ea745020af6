//! Takes secrets out of values before they go into the journal.

use serde_json::Value as Json;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Words of a key that say that its value is a secret.
const WORDS: [&str; 19] = [
    "apikey",
    "auth",
    "authorization",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "key",
    "keys",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "pwd",
    "secret",
    "secrets",
    "token",
    "tokens",
];
/// Ends of words that say so, as in `privatekey` or `totp`.
const ENDS: [&str; 5] = ["key", "otp", "password", "secret", "token"];
/// Words that end so by chance.
const HARMLESS: [&str; 3] = ["hotkey", "monkey", "turkey"];

/// Masks the values of keys that hold secrets, at any depth: passwords, passphrases, secrets,
/// tokens, keys, one-time codes, credentials.
///
/// A key counts by its words, in `snake_case`, `kebab-case` or `camelCase`. `null`, `true` and
/// `false` stay: they say whether there is a secret, not which.
pub fn redact(value: &mut Json) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Json::Array(items) => open.extend(items),
            Json::Object(members) => {
                for (key, value) in members {
                    if !is_secret(key) {
                        open.push(value);
                    } else if !value.is_null() && !value.is_boolean() {
                        *value = MASK.into();
                    }
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
}

fn is_secret(key: &str) -> bool {
    words(key).iter().any(|word| {
        let word = word.as_str();
        WORDS.contains(&word)
            || !HARMLESS.contains(&word) && ENDS.iter().any(|end| word.ends_with(end))
    })
}

/// Splits a key into words in lower case.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for character in key.chars() {
        if !character.is_alphanumeric() || (after_lower && character.is_uppercase()) {
            words.push(String::new());
        }
        after_lower = character.is_lowercase() || character.is_numeric();
        if let Some(word) = words.last_mut()
            && character.is_alphanumeric()
        {
            word.extend(character.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_at_any_depth() {
        let mut value = json!({
            "name": "broker",
            "password": "canary",
            "tls": { "privateKey": "canary", "key_file": "canary", "ca": "root.pem" },
            "users": [{ "name": "anna", "totp": 123_456, "PASSPHRASE": ["canary"] }],
            "api-key": { "value": "canary" },
            "accessToken": "canary",
            "apikey": "canary",
            "APIKEY": "canary",
            "Authorization": "canary",
        });
        redact(&mut value);
        assert!(!value.to_string().contains("canary"), "{value}");
        assert!(!value.to_string().contains("123456"), "{value}");
        assert_eq!(value["name"], "broker");
        assert_eq!(value["tls"]["ca"], "root.pem");
        assert_eq!(value["users"][0]["name"], "anna");
        assert_eq!(value["password"], "***");
    }

    #[test]
    fn what_is_no_secret_stays() {
        let before = json!({
            "keyboard": "de", "monkey": "Fips", "tokenizer": "words", "author": "anna",
            "password": null, "has_password": true, "values": [1, "token", null],
        });
        let mut after = before.clone();
        redact(&mut after);
        assert_eq!(after, before);
    }
}
