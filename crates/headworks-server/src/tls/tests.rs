//! Certificates over the years, with given times.

use std::net::SocketAddr;

use super::*;
use crate::settings::ServerSettings;

const DAY_US: i64 = 86_400_000_000;
/// 2026-05-01.
const START_US: i64 = 1_777_593_600_000_000;

fn names(hosts: &[&str], local: &str) -> Names {
    let settings = ServerSettings {
        hosts: hosts.iter().map(|name| name.parse().unwrap()).collect(),
        ..ServerSettings::default()
    };
    Names::of(&settings, local.parse::<SocketAddr>().unwrap())
}

fn files(directory: &Path) -> Files {
    Files {
        certificate: directory.join("tls/certificate.pem"),
        key: directory.join("tls/key.pem"),
    }
}

/// Reviews at a day and returns the certificate that is there then.
fn review(files: &Files, names: &Names, day: i64) -> Certificate {
    made::review(files, names, START_US + day * DAY_US).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    Certificate::read(files, &provider).unwrap()
}

#[test]
fn a_certificate_of_our_own_has_our_names_and_a_private_key() {
    let directory = tempfile::tempdir().unwrap();
    let files = files(directory.path());
    let names = names(&["HMI.example:8443", "[2001:db8::1]"], "192.0.2.1:443");
    let made = review(&files, &names, 0);
    let found = made.names();
    for name in [
        "localhost",
        "127.0.0.1",
        "::1",
        "hmi.example",
        "2001:db8::1",
        "192.0.2.1",
    ] {
        assert!(found.contains(name), "{name} in {found:?}");
    }
    assert_eq!(made.fingerprint().len(), 32 * 3 - 1);
    #[cfg(unix)]
    for path in [&files.key, &files.certificate] {
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(path).unwrap());
        assert_eq!(mode & 0o777, 0o600, "{path:?}");
    }
}

#[test]
fn it_is_renewed_at_two_thirds_of_its_life_and_not_before() {
    let directory = tempfile::tempdir().unwrap();
    let files = files(directory.path());
    let names = names(&[], "127.0.0.1:443");
    let first = review(&files, &names, 0);
    let (begin_us, end_us) = first.life_us();
    assert_eq!(
        (begin_us, end_us),
        (START_US - DAY_US, START_US + 397 * DAY_US)
    );
    for day in [1, 100, 263] {
        let same = review(&files, &names, day);
        assert_eq!(same.fingerprint(), first.fingerprint(), "{day}");
    }
    let second = review(&files, &names, 265);
    assert_ne!(second.fingerprint(), first.fingerprint());
    assert_eq!(second.life_us().1, START_US + (265 + 397) * DAY_US);
    for (day, want) in [(-2, "not valid yet"), (390, "ends at"), (398, "ended at")] {
        let complaint = first.complaint(START_US + day * DAY_US).unwrap();
        assert!(complaint.contains(want), "{complaint}");
    }
    assert_eq!(first.complaint(START_US + 380 * DAY_US), None);
    // A clock that was wrong at the first start.
    let third = review(&files, &names, 200);
    assert_ne!(third.fingerprint(), second.fingerprint());
}

#[test]
fn it_is_made_anew_when_a_name_is_missing_or_it_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let files = files(directory.path());
    let first = review(&files, &names(&[], "127.0.0.1:443"), 0);
    let named = names(&["hmi.example"], "127.0.0.1:443");
    let second = review(&files, &named, 1);
    assert_ne!(second.fingerprint(), first.fingerprint());
    assert!(second.names().contains("hmi.example"));
    let same = review(&files, &named, 2);
    assert_eq!(same.fingerprint(), second.fingerprint());
    for path in [&files.key, &files.certificate] {
        let before = review(&files, &named, 2).fingerprint();
        std::fs::write(path, "-----BEGIN CERTIFICATE-----\n").unwrap();
        assert_ne!(review(&files, &named, 2).fingerprint(), before);
    }
    std::fs::remove_file(&files.key).unwrap();
    review(&files, &named, 2);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let one = files(&directory.path().join("one"));
    let other = files(&directory.path().join("other"));
    let names = names(&[], "127.0.0.1:443");
    review(&one, &names, 0);
    review(&other, &names, 0);
    let error = |certificate: &Path, key: &Path| {
        let settings = TlsSettings::Files {
            certificate: certificate.into(),
            key: key.into(),
        };
        let opened = Tls::open(&settings, names.clone(), START_US);
        opened.err().unwrap().with_source()
    };
    let missing = directory.path().join("nothing.pem");
    assert!(error(&missing, &one.key).contains("nothing.pem"));
    assert!(error(&one.certificate, &missing).contains("nothing.pem"));
    let mixed = error(&one.certificate, &other.key);
    assert!(mixed.contains("one/tls/certificate.pem") && mixed.contains("other/tls/key.pem"));
    assert!(error(&one.key, &one.key).contains("holds no certificate"));
    assert!(error(&one.certificate, &one.certificate).contains("private key"));
    let garbage = directory.path().join("garbage.pem");
    std::fs::write(&garbage, [0xff; 5000]).unwrap();
    assert!(error(&garbage, &one.key).contains("garbage.pem"));
}
