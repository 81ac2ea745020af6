//! One-time passwords by time (RFC 6238), as authenticator apps make them.

use std::str::FromStr;

use totp_rs::{Builder, Secret, Totp};

use crate::random;

/// Seconds that a one-time password is shown.
const STEP_S: u64 = 30;
/// Steps before and after the present one that are accepted, for clocks that differ.
const SKEW: u16 = 1;

/// The secret of one account's authenticator.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; 20]);

impl TotpSecret {
    /// Returns a new secret.
    pub fn new() -> TotpSecret {
        TotpSecret(random::bytes())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<TotpSecret> {
        bytes.try_into().ok().map(TotpSecret)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the secret as people type it into an app.
    pub fn to_base32(&self) -> String {
        Secret::from(self.0.to_vec()).to_base32()
    }

    /// Returns the address that apps read from a QR code.
    pub fn url(&self, account: &str) -> String {
        let account: String = account
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02X}"),
            })
            .collect();
        format!(
            "otpauth://totp/Headworks:{account}?secret={}&issuer=Headworks",
            self.to_base32()
        )
    }

    /// Returns the one-time password at a time.
    pub fn code_at(&self, now_us: i64) -> String {
        let seconds = now_us.max(0).unsigned_abs() / 1_000_000;
        self.machine().generate(seconds).to_string()
    }

    /// Returns the step of a one-time password that is right now; none when it is wrong or its
    /// step is not after `last`, because each counts once.
    pub(crate) fn check(&self, code: &str, now_us: i64, last: u64) -> Option<u64> {
        let seconds = now_us.max(0).unsigned_abs() / 1_000_000;
        let step = self.machine().check(code, seconds)?;
        (last < step).then_some(step)
    }

    fn machine(&self) -> Totp {
        Builder::new()
            .with_secret(self.0.to_vec())
            .with_skew(SKEW)
            .with_step_duration(STEP_S)
            .build_noncompliant()
    }
}

impl FromStr for TotpSecret {
    type Err = ();

    /// Reads a secret as [`TotpSecret::to_base32`] writes it.
    fn from_str(text: &str) -> Result<TotpSecret, ()> {
        let secret = Secret::try_from_base32(text.trim()).map_err(|_| ())?;
        TotpSecret::from_bytes(secret.as_bytes()).ok_or(())
    }
}

impl Default for TotpSecret {
    fn default() -> TotpSecret {
        TotpSecret::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_rfc_come_out() {
        // RFC 6238, appendix B, SHA-1, the last six of eight digits
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        assert_eq!(secret.to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code_at(seconds * 1_000_000), code);
        }
    }

    #[test]
    fn a_code_counts_once_and_only_near_its_time() {
        let secret = TotpSecret::new();
        let now_us = 1_700_000_000_000_000;
        let code = secret.code_at(now_us);
        let step = secret.check(&code, now_us, 0).unwrap();
        assert_eq!(secret.check(&code, now_us, step), None);
        assert!(secret.check(&code, now_us + 30_000_000, 0).is_some());
        assert_eq!(secret.check(&code, now_us + 90_000_000, 0), None);
        assert_eq!(secret.check("", now_us, 0), None);
    }

    #[test]
    fn the_address_holds_no_foreign_characters() {
        let url = TotpSecret::new().url("a b&secret=x");
        assert!(
            url.starts_with("otpauth://totp/Headworks:a%20b%26secret%3Dx?secret="),
            "{url}"
        );
    }
}
