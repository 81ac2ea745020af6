//! Links by which somebody acknowledges one event of one alarm.
//!
//! A token says alarm, event, account, language and until when it counts, and is signed. It gives
//! nobody any right: whether the account may acknowledge is asked when it does. It works once by
//! nature, because an event is acknowledged once and never again.

use headworks_access::Keyring;
use headworks_core::alarm::EventId;
use headworks_core::model::ObjectId;
use uuid::Uuid;

/// What the keyring signs tokens for.
const PURPOSE: &str = "acknowledge an alarm";
/// How long a link counts: over a long weekend.
pub(super) const LINK_US: i64 = 4 * 86_400 * 1_000_000;
/// Bytes of a signature that are in a token: enough to not be guessed, and short to copy.
const SIGNATURE_BYTES: usize = 16;
/// Bytes of a token before the account.
const HEAD_BYTES: usize = 16 + 8 + 8 + 2;
/// Most characters of a token.
const TOKEN_MAX: usize = 2 * (HEAD_BYTES + 64 * 4 + SIGNATURE_BYTES);

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AckLink {
    /// The alarm.
    pub alarm: ObjectId,
    /// The event that is acknowledged.
    pub event: EventId,
    /// The account in whose name.
    pub account: String,
    /// Language of the page, two letters.
    pub language: [u8; 2],
    /// Until when it counts, microseconds since 1970-01-01 UTC.
    pub until_us: i64,
}

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// It is none that this hub has signed.
    Wrong,
    /// It was one, and its time is over.
    Expired,
}

impl AckLink {
    /// Returns the token.
    pub fn token(&self, keyring: &Keyring) -> String {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.account.len() + SIGNATURE_BYTES);
        bytes.extend_from_slice(self.alarm.0.as_bytes());
        bytes.extend_from_slice(&self.event.0.get().to_be_bytes());
        bytes.extend_from_slice(&self.until_us.to_be_bytes());
        bytes.extend_from_slice(&self.language);
        bytes.extend_from_slice(self.account.as_bytes());
        let signature = keyring.sign(PURPOSE, &bytes);
        bytes.extend_from_slice(&signature[..SIGNATURE_BYTES]);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a token.
    ///
    /// # Errors
    ///
    /// When it is no token of this hub, or its time is over.
    pub fn read(token: &str, keyring: &Keyring, now_us: i64) -> Result<AckLink, LinkError> {
        let bytes = bytes_of(token).ok_or(LinkError::Wrong)?;
        let length = bytes.len().checked_sub(SIGNATURE_BYTES);
        let (said, signature) = bytes.split_at(length.ok_or(LinkError::Wrong)?);
        let signed = &keyring.sign(PURPOSE, said)[..SIGNATURE_BYTES];
        // In the same time for each wrong signature.
        let difference = signed
            .iter()
            .zip(signature)
            .fold(0, |all, (a, b)| all | (a ^ b));
        if difference != 0 {
            return Err(LinkError::Wrong);
        }
        let link = parse(said).ok_or(LinkError::Wrong)?;
        if link.until_us <= now_us {
            return Err(LinkError::Expired);
        }
        Ok(link)
    }
}

fn parse(said: &[u8]) -> Option<AckLink> {
    let (alarm, rest) = said.split_first_chunk::<16>()?;
    let (event, rest) = rest.split_first_chunk::<8>()?;
    let (until_us, rest) = rest.split_first_chunk::<8>()?;
    let (language, account) = rest.split_first_chunk::<2>()?;
    Some(AckLink {
        alarm: ObjectId(Uuid::from_bytes(*alarm)),
        event: EventId::new(u64::from_be_bytes(*event))?,
        account: String::from_utf8(account.to_vec()).ok()?,
        language: *language,
        until_us: i64::from_be_bytes(*until_us),
    })
}

fn bytes_of(token: &str) -> Option<Vec<u8>> {
    if TOKEN_MAX < token.len() || !token.len().is_multiple_of(2) || !token.is_ascii() {
        return None;
    }
    let digits: Option<Vec<u8>> = token.chars().map(digit).collect();
    let pairs = digits?;
    Some(pairs.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn digit(letter: char) -> Option<u8> {
    // Only as it is written: another writing would be another link to the same.
    let digit = letter.to_digit(16).filter(|_| !letter.is_ascii_uppercase());
    digit.and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_was_signed_and_nothing_else() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keyring = Keyring::open(one.path()).unwrap();
        let link = AckLink {
            alarm: ObjectId(Uuid::from_u128(7)),
            event: EventId::new(9).unwrap(),
            account: "änna".to_owned(),
            language: *b"de",
            until_us: 1000,
        };
        let token = link.token(&keyring);
        assert_eq!(AckLink::read(&token, &keyring, 999), Ok(link));
        assert_eq!(
            AckLink::read(&token, &keyring, 1000),
            Err(LinkError::Expired)
        );
        let foreign = Keyring::open(other.path()).unwrap();
        assert_eq!(AckLink::read(&token, &foreign, 1), Err(LinkError::Wrong));
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(
                AckLink::read(&changed, &keyring, 1),
                Err(LinkError::Wrong),
                "{place}"
            );
            let cut = AckLink::read(&token[..place], &keyring, 1);
            assert_eq!(cut, Err(LinkError::Wrong), "{place}");
        }
        for odd in [
            "",
            "zz",
            "é",
            &token.to_uppercase(),
            &format!("{token}00"),
            &"0".repeat(9999),
        ] {
            assert_eq!(
                AckLink::read(odd, &keyring, 1),
                Err(LinkError::Wrong),
                "{odd}"
            );
        }
    }
}
