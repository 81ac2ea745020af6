//! Certificates that the server makes for itself.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;

use jiff::{Timestamp, ToSpan, civil};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType,
};

use super::Files;
use super::certificate::{Certificate, CertificateError};
use crate::settings::{Authority, ServerSettings};

/// Days that a certificate lives; browsers refuse those that live longer than 398.
const LIFE_DAYS: i32 = 397;

/// Names and addresses under which clients find the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Those that a certificate must have.
    needed: BTreeSet<String>,
    /// Those that it gets besides: they change with the network.
    found: BTreeSet<String>,
}

impl Names {
    /// Returns the names of a server with these settings that listens at `local`.
    pub(crate) fn of(settings: &ServerSettings, local: SocketAddr) -> Names {
        let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut needed = BTreeSet::from(own);
        for name in &settings.hosts {
            let authority = Authority {
                host: &name.host,
                port: None,
            };
            let ip = authority.ip().map(|ip| ip.to_string());
            needed.insert(ip.unwrap_or_else(|| name.host.clone()));
        }
        let ip = local.ip().to_canonical();
        let mut found = BTreeSet::new();
        if ip.is_unspecified() {
            found.extend(machine_addresses());
        } else {
            needed.insert(ip.to_string());
        }
        found.extend(machine_name());
        Names { needed, found }
    }
}

/// Returns the addresses under which others reach this machine.
fn machine_addresses() -> Vec<String> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let addresses = interfaces.iter().map(if_addrs::Interface::ip);
    // Addresses that are good on one link only have a zone, which no certificate can name.
    let is_link_local = |ip: &std::net::IpAddr| match ip {
        std::net::IpAddr::V4(ip) => ip.is_link_local(),
        std::net::IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    addresses
        .filter(|ip| !is_link_local(ip))
        .map(|ip| ip.to_string())
        .collect()
}

fn machine_name() -> Option<String> {
    let name = rustix::system::uname()
        .nodename()
        .to_str()
        .ok()?
        .to_ascii_lowercase();
    Authority::parse(&name)
        .is_some_and(|name| name.port.is_none())
        .then_some(name)
}

/// Makes a new certificate when there is none, two thirds of its life are over, it lacks a name
/// that it must have, or it cannot be used.
pub(super) fn review(files: &Files, names: &Names, now_us: i64) -> Result<(), CertificateError> {
    let provider = rustls::crypto::ring::default_provider();
    if files.certificate.exists() {
        match Certificate::read(files, &provider) {
            Ok(found) if is_good(&found, names, now_us) => return Ok(()),
            Ok(_) => tracing::info!("the certificate is old or lacks a name, a new one is made"),
            Err(error) => tracing::warn!(
                error = error.with_source(),
                "the certificate cannot be used, a new one is made"
            ),
        }
    }
    make(files, names, now_us)
}

fn is_good(certificate: &Certificate, names: &Names, now_us: i64) -> bool {
    let (begin_us, end_us) = certificate.life_us();
    let renew_us = begin_us.saturating_add(end_us.saturating_sub(begin_us) / 3 * 2);
    (begin_us..renew_us).contains(&now_us) && names.needed.is_subset(&certificate.names())
}

fn make(files: &Files, names: &Names, now_us: i64) -> Result<(), CertificateError> {
    let key = KeyPair::generate()?;
    let certificate = parameters(names, now_us)?.self_signed(&key)?;
    // The key first: a certificate without its key is made anew at the next start.
    for (path, text) in [
        (&files.key, key.serialize_pem()),
        (&files.certificate, certificate.pem()),
    ] {
        write_private(path, text.as_bytes()).map_err(|source| CertificateError::Unwritable {
            path: path.clone(),
            source,
        })?;
    }
    Ok(())
}

fn parameters(names: &Names, now_us: i64) -> Result<CertificateParams, CertificateError> {
    let today = Timestamp::from_microsecond(now_us).unwrap_or(Timestamp::UNIX_EPOCH);
    let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |date: civil::Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(date.year().into(), month, day)
    };
    let mut parameters = CertificateParams::default();
    // Clocks of clients may be slow.
    parameters.not_before = day(today.saturating_sub(1.day()));
    parameters.not_after = day(today.saturating_add(LIFE_DAYS.days()));
    let all = names.needed.union(&names.found);
    parameters.subject_alt_names = all
        .map(|name| alternative(name))
        .collect::<Result<_, _>>()?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let name = "Headworks, made by itself";
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

fn alternative(name: &str) -> Result<SanType, rcgen::Error> {
    Ok(match name.parse() {
        Ok(ip) => SanType::IpAddress(ip),
        Err(_) => SanType::DnsName(name.try_into()?),
    })
}

/// Writes a file that its owner alone can read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("pem.new");
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}
