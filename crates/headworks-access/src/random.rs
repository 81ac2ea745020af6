//! Random texts, and the hashes under which they are kept.

use sha2::{Digest, Sha256};

/// What is kept of a token: nobody can sign in with it.
pub(crate) type Hash = [u8; 32];

/// Letters of texts that people type: without those that look alike (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Returns `N` random bytes.
///
/// # Panics
///
/// When the system has no randomness to give, without which nothing here is safe.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    assert!(
        getrandom::fill(&mut bytes).is_ok(),
        "the system gives no random bytes"
    );
    bytes
}

/// Returns a new token of 256 bits with a prefix by which people and scanners know it.
pub(crate) fn token(prefix: &str) -> String {
    let mut text = String::with_capacity(prefix.len() + 64);
    text.push_str(prefix);
    for byte in bytes::<32>() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Returns a random password of 100 bits that people can type: four groups of five characters.
///
/// # Panics
///
/// When the system has no randomness to give.
pub fn code() -> String {
    let letters = bytes::<20>().map(|byte| LETTERS[usize::from(byte % 32)]);
    let groups = letters.chunks(5).map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join("-")
}

/// Returns the hash of a token.
pub(crate) fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_codes_are_long_and_never_the_same() {
        let (one, other) = (token("hwa_"), token("hwa_"));
        assert_ne!(one, other);
        assert_eq!(one.len(), 68);
        let code = code();
        assert_eq!(code.len(), 23);
        assert!(code.bytes().all(|b| b == b'-' || LETTERS.contains(&b)));
    }
}
