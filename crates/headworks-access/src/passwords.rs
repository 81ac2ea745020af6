//! Passwords: rules, hashes, comparison.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::error::AccessError;

/// Fewest and most characters of a password.
const CHARACTERS: std::ops::RangeInclusive<usize> = 8..=128;
/// Decimal digits of the guesses that a password must withstand: all lists of common ones lie
/// below.
const GUESSES_LOG10_MIN: f64 = 6.0;
/// Characters that the estimate looks at; its cost grows faster than their number.
const ESTIMATED_MAX: usize = 48;

/// Hashes passwords with Argon2id: 19 MiB, 2 passes, 1 lane, which takes some 20 ms of one core.
///
/// Its calls block: they belong on a thread of their own, few at a time.
pub struct Passwords {
    /// A hash that no password has, so that unknown names take as long as known ones.
    nobody: String,
}

impl Passwords {
    /// Prepares; takes as long as one hash.
    pub fn new() -> Passwords {
        let nobody = crate::random::token("");
        Passwords {
            nobody: hash(&nobody),
        }
    }

    /// Returns whether `password` is the one of `hash`, and as quickly that nobody has it.
    ///
    /// Hashes of bcrypt, as other systems have them, are compared too.
    pub fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        let stored = hash.unwrap_or(&self.nobody);
        if stored.starts_with("$2") {
            return bcrypt::verify(password, stored).unwrap_or(false);
        }
        let Ok(parsed) = PasswordHash::new(stored) else {
            return false;
        };
        let fits = Argon2::default().verify_password(password.as_bytes(), &parsed);
        fits.is_ok() && hash.is_some()
    }
}

impl Default for Passwords {
    fn default() -> Passwords {
        Passwords::new()
    }
}

/// Returns the hash of a password, with parameters and salt.
///
/// # Panics
///
/// When the system has no randomness to give.
pub(crate) fn hash(password: &str) -> String {
    let salt = crate::random::bytes::<16>();
    let hash: Result<PasswordHash, _> =
        Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    match hash {
        Ok(hash) => hash.to_string(),
        // only a password of more than 4 GiB or a salt out of bounds fails
        Err(error) => unreachable!("argon2 with fixed parameters: {error}"),
    }
}

/// Returns whether a hash should be made anew at the next sign-in.
pub(crate) fn is_outdated(hash: &str) -> bool {
    !hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
}

/// Checks a hash that another system made.
pub(crate) fn check_hash(hash: &str) -> Result<(), AccessError> {
    let is_cheap = match hash.starts_with("$2") {
        true => is_cheap_bcrypt(hash),
        false => is_cheap_argon2(hash),
    };
    let reason = match is_cheap {
        Some(true) => return Ok(()),
        Some(false) => {
            "takes too long to compare: bcrypt up to cost 14 and Argon2id up to 256 MiB, 16 passes \
             and 8 lanes are taken"
        }
        None => "is no hash of bcrypt or Argon2id",
    };
    Err(AccessError::invalid("/password_hash", reason))
}

/// Returns whether comparing takes a second at most; none for what is no hash of bcrypt.
fn is_cheap_bcrypt(hash: &str) -> Option<bool> {
    let rest = hash
        .get(7..)
        .filter(|_| hash.len() == 60 && hash.is_ascii())?;
    let digits = rest
        .bytes()
        .all(|letter| letter.is_ascii_alphanumeric() || b"./".contains(&letter));
    let cost: u32 = hash.get(4..6)?.parse().ok().filter(|_| digits)?;
    Some((4..=14).contains(&cost))
}

/// Returns whether comparing takes a second at most; none for what is no hash of Argon2id.
fn is_cheap_argon2(hash: &str) -> Option<bool> {
    let parsed = PasswordHash::new(hash).ok()?;
    hash.starts_with("$argon2id$").then_some(())?;
    let params = argon2::Params::try_from(&parsed).ok()?;
    Some(params.m_cost() <= 256 << 10 && params.t_cost() <= 16 && params.p_cost() <= 8)
}

/// Checks a new password: 8 to 128 characters, and neither common nor made of the name.
///
/// # Errors
///
/// [`AccessError::Invalid`] with what to do instead.
pub fn check_password(password: &str, name: &str) -> Result<(), AccessError> {
    let found = password.chars().count();
    if !CHARACTERS.contains(&found) {
        let (least, most) = (CHARACTERS.start(), CHARACTERS.end());
        let reason = format!("has {found} characters; {least} to {most} are needed");
        return Err(AccessError::invalid("/password", reason));
    }
    let looked_at: String = password.chars().take(ESTIMATED_MAX).collect();
    let strength = zxcvbn::zxcvbn(&looked_at, &[name, "headworks"]);
    if strength.guesses_log10() < GUESSES_LOG10_MIN {
        let reason = "is easy to guess; take a few words that do not belong together, or a \
                      password manager";
        return Err(AccessError::invalid("/password", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new();
        let stored = hash("correct horse battery");
        assert!(passwords.verify("correct horse battery", Some(&stored)));
        assert!(!passwords.verify("correct horse batter", Some(&stored)));
        assert!(!passwords.verify("", Some(&stored)));
        assert!(!passwords.verify("correct horse battery", None));
        assert!(!passwords.verify("x", Some("$argon2id$nonsense")));
        assert!(!is_outdated(&stored), "{stored}");
        assert_ne!(stored, hash("correct horse battery"));
    }

    #[test]
    fn hashes_of_other_systems_are_taken() {
        let theirs = bcrypt::hash("correct horse battery", 4).unwrap();
        let passwords = Passwords::new();
        assert!(passwords.verify("correct horse battery", Some(&theirs)));
        assert!(!passwords.verify("wrong horse battery", Some(&theirs)));
        assert!(is_outdated(&theirs));
        assert!(check_hash(&theirs).is_ok());
        assert!(check_hash(&hash("x")).is_ok());
        for bad in [
            "",
            "secret",
            "$2b$04$short",
            "$1$md5$md5",
            "$argon2i$v=19$m=1,t=1,p=1$a$b",
        ] {
            assert!(check_hash(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hashes_that_take_long_to_compare_are_refused() {
        let argon2 = hash("x").replace("m=19456", "m=4194304");
        let passes = hash("x").replace("t=2", "t=4000");
        for costly in [format!("$2b$31${}", "a".repeat(53)), argon2, passes] {
            let error = check_hash(&costly).unwrap_err().to_string();
            assert!(error.contains("takes too long to compare"), "{error}");
        }
        assert!(check_hash(&format!("$2b$14${}", "a".repeat(53))).is_ok());
    }

    #[test]
    fn common_short_and_long_passwords_are_refused() {
        for bad in [
            "",
            "short",
            "password",
            "12345678",
            "password1",
            "qwertyuiop",
            "headworks",
            "headworks1",
            "iloveyou",
            "letmein123",
            "aaaaaaaaaaaa",
            "hans.muster",
            "Hans.Muster1",
            "P@ssw0rd",
        ] {
            assert!(check_password(bad, "hans.muster").is_err(), "{bad}");
        }
        assert!(check_password(&"ü".repeat(129), "x").is_err());
        let long = "correct horse battery staple ".repeat(4);
        for good in [
            "correct horse battery staple",
            "kettle-drum 7 ferry",
            long.as_str(),
        ] {
            assert!(check_password(good, "hans.muster").is_ok(), "{good}");
        }
    }
}
