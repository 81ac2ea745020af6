//! A certificate with its key, read from PEM files.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

use super::{Files, NOTICE_US};

/// A certificate that can be used.
pub(super) struct Certificate {
    /// The chain and the key that fits it.
    pub key: CertifiedKey,
    parsed: x509_cert::Certificate,
    sha256: [u8; 32],
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or is no PEM file of its kind.
    #[error("{path:?} cannot be read as {what}; a PEM file is needed")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// Why.
        source: rustls_pki_types::pem::Error,
    },
    /// The file holds no certificate, or one that is damaged.
    #[error("{path:?} holds no certificate that can be read")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Certificate and key cannot be used together.
    #[error("certificate {certificate:?} and key {key:?} cannot be used together")]
    Unfit {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Setup(#[from] rustls::Error),
    /// A certificate of our own cannot be made.
    #[error("a certificate cannot be made for the names of the settings")]
    Make(#[from] rcgen::Error),
    /// A file of our own cannot be written.
    #[error("{path:?} cannot be written")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl CertificateError {
    /// Returns the error with what caused it, in one line.
    pub(crate) fn with_source(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

impl Certificate {
    /// Reads a certificate and its key, and checks that they belong together.
    pub(super) fn read(
        files: &Files,
        provider: &CryptoProvider,
    ) -> Result<Certificate, CertificateError> {
        let chain = read_chain(&files.certificate)?;
        let damaged = || CertificateError::Damaged {
            path: files.certificate.clone(),
        };
        let first = chain.first().ok_or_else(damaged)?;
        let parsed = x509_cert::Certificate::from_der(first).map_err(|_| damaged())?;
        let sha256 = Sha256::digest(first).into();
        let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|source| {
            CertificateError::Unreadable {
                path: files.key.clone(),
                what: "a private key",
                source,
            }
        })?;
        let key = CertifiedKey::from_der(chain, key, provider).map_err(|source| {
            CertificateError::Unfit {
                certificate: files.certificate.clone(),
                key: files.key.clone(),
                source,
            }
        })?;
        Ok(Certificate {
            key,
            parsed,
            sha256,
        })
    }

    /// Returns begin and end of its life in microseconds since 1970-01-01 UTC.
    pub(super) fn life_us(&self) -> (i64, i64) {
        let validity = &self.parsed.tbs_certificate.validity;
        (time_us(validity.not_before), time_us(validity.not_after))
    }

    /// Returns the end of its life.
    pub(super) fn end(&self) -> Timestamp {
        Timestamp::from_microsecond(self.life_us().1).unwrap_or(Timestamp::MAX)
    }

    /// Returns the names and addresses it was made for.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let found = self.parsed.tbs_certificate.get::<SubjectAltName>();
        let names = found
            .ok()
            .flatten()
            .map_or(Vec::new(), |(_, names)| names.0);
        names.iter().filter_map(name_of).collect()
    }

    /// Returns the SHA-256 of the certificate as browsers show it.
    pub(super) fn fingerprint(&self) -> String {
        let mut text = String::new();
        for (at, byte) in self.sha256.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            // Writing to a `String` cannot fail.
            write!(text, "{colon}{byte:02X}").unwrap_or_default();
        }
        text
    }

    /// Returns what tells it from others, for people.
    pub(super) fn describe(&self) -> String {
        let (until, fingerprint) = (self.end(), self.fingerprint());
        format!("certificate until {until} with SHA-256 {fingerprint}")
    }

    /// Returns what is wrong with it in time for somebody to get a new one.
    pub(super) fn complaint(&self, now_us: i64) -> Option<String> {
        let (begin_us, end_us) = self.life_us();
        if now_us < begin_us {
            return Some("the certificate is not valid yet; check the clock".into());
        }
        if now_us.saturating_add(NOTICE_US) <= end_us {
            return None;
        }
        let (end, verb) = (self.end(), if now_us < end_us { "ends" } else { "ended" });
        Some(format!(
            "the certificate {verb} at {end}; put a new one into its place"
        ))
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    read().map_err(|source| CertificateError::Unreadable {
        path: path.to_owned(),
        what: "a certificate",
        source,
    })
}

fn time_us(time: Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_micros()).unwrap_or(i64::MAX)
}

fn name_of(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_ascii_lowercase()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = || Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?));
            let v6 = || Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?));
            v4().or_else(v6).map(|ip| ip.to_string())
        }
        _ => None,
    }
}
