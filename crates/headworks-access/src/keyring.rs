//! The master key, and what is sealed with it: secrets at rest.

use std::io::Write;
use std::path::{Path, PathBuf};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use crate::error::AccessError;
use crate::random;

const KEY_BYTES: usize = 32;
/// Marks sealed bytes and their version.
const VERSION: u8 = 1;

/// Seals secrets with AES-256-GCM and the master key of the data directory.
///
/// The key lies in `master.key`, which only its owner can read, or comes from the service manager:
/// a file `headworks-master-key` in the directory that `CREDENTIALS_DIRECTORY` names.
pub struct Keyring {
    key: LessSafeKey,
    /// Made from the master key, which itself only seals.
    signing: hmac::Key,
}

/// Bytes of a signature of [`Keyring::sign`].
pub const SIGNATURE_BYTES: usize = 32;

impl Keyring {
    /// Reads the master key of a data directory, or makes it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or made, or is no key.
    pub fn open(directory: &Path) -> Result<Keyring, AccessError> {
        let path = key_path(directory);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(&path)?,
            Err(source) => return Err(io("reading", &path, source)),
        };
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| AccessError::Damaged {
            reason: format!(
                "holds {} bytes where the master key has {KEY_BYTES}; put it back from a backup",
                bytes.len()
            ),
            path,
        })?;
        let master = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let signing = hmac::sign(&master, b"headworks signing key");
        Ok(Keyring {
            key: LessSafeKey::new(key),
            signing: hmac::Key::new(hmac::HMAC_SHA256, signing.as_ref()),
        })
    }

    /// Signs bytes; the signature holds for the same `purpose` only.
    pub fn sign(&self, purpose: &str, bytes: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let tag = hmac::sign(&self.signing, &purposed(purpose, bytes));
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(tag.as_ref());
        signature
    }

    /// Returns whether [`Keyring::sign`] made the signature; takes the same time for each wrong
    /// one.
    pub fn is_signed(&self, purpose: &str, bytes: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.signing, &purposed(purpose, bytes), signature).is_ok()
    }

    /// Seals `plain`; only the same `purpose` opens it again.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let nonce = random::bytes::<NONCE_LEN>();
        let mut body = plain.to_vec();
        let sealing = self.key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(purpose.as_bytes()),
            &mut body,
        );
        assert!(sealing.is_ok(), "a secret of 64 GiB");
        [&[VERSION][..], &nonce, &body].concat()
    }

    /// Opens what [`Keyring::seal`] made; none when the key, the purpose or a byte is another one.
    pub fn open_sealed(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let rest = sealed.strip_prefix(&[VERSION])?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let aad = Aad::from(purpose.as_bytes());
        let plain = self.key.open_in_place(nonce, aad, &mut body).ok()?;
        Some(plain.to_vec())
    }
}

/// Returns the bytes with their purpose, so that no two pairs are the same.
fn purposed(purpose: &str, bytes: &[u8]) -> Vec<u8> {
    let length = u64::try_from(purpose.len()).unwrap_or(u64::MAX);
    [&length.to_be_bytes(), purpose.as_bytes(), bytes].concat()
}

fn key_path(directory: &Path) -> PathBuf {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let given = credentials.map(|place| place.join("headworks-master-key"));
    given
        .filter(|path| path.exists())
        .unwrap_or_else(|| directory.join("master.key"))
}

fn make(path: &Path) -> Result<Vec<u8>, AccessError> {
    let bytes = random::bytes::<KEY_BYTES>().to_vec();
    write_private(path, &bytes)?;
    Ok(bytes)
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), AccessError> {
    let failed = |source| io("writing", path, source);
    let part = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let directory = std::fs::File::open(directory).map_err(failed)?;
    directory.sync_all().map_err(failed)
}

pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> AccessError {
    AccessError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_purpose_only() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keyring = Keyring::open(one.path()).unwrap();
        let sealed = keyring.seal("totp", b"secret");
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        let again = Keyring::open(one.path()).unwrap();
        assert_eq!(again.open_sealed("totp", &sealed).unwrap(), b"secret");
        assert_eq!(again.open_sealed("other", &sealed), None);
        let foreign = Keyring::open(other.path()).unwrap();
        assert_eq!(foreign.open_sealed("totp", &sealed), None);
        for place in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[place] ^= 1;
            assert_eq!(again.open_sealed("totp", &broken), None, "byte {place}");
            assert_eq!(again.open_sealed("totp", &sealed[..place]), None);
        }
    }

    #[test]
    fn a_signature_holds_for_its_bytes_purpose_and_key_only() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keyring = Keyring::open(one.path()).unwrap();
        let signature = keyring.sign("ack", b"event 7");
        let again = Keyring::open(one.path()).unwrap();
        assert!(again.is_signed("ack", b"event 7", &signature));
        assert!(!again.is_signed("ack", b"event 8", &signature));
        assert!(!again.is_signed("ac", b"kevent 7", &signature));
        assert!(!again.is_signed("ack", b"event 7", &signature[..31]));
        let foreign = Keyring::open(other.path()).unwrap();
        assert!(!foreign.is_signed("ack", b"event 7", &signature));
    }

    #[test]
    fn a_damaged_key_is_named() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("master.key"), b"short").unwrap();
        let error = Keyring::open(directory.path()).err().unwrap().to_string();
        assert!(
            error.contains("master.key") && error.contains("5 bytes"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        Keyring::open(directory.path()).unwrap();
        let file = std::fs::metadata(directory.path().join("master.key")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}
