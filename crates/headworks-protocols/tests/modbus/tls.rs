//! Modbus in TLS against pymodbus, with certificates made for the test.

use std::path::Path;

use headworks_core::{DataType, Value};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::harness::{Harness, device, link, tag};
use crate::peers::{Peer, free_port, pymodbus};

/// A plant's authority with a certificate for the device and one for the hub.
struct Certificates {
    directory: TempDir,
}

impl Certificates {
    fn new() -> Certificates {
        let directory = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority
            .distinguished_name
            .push(DnType::CommonName, "plant authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = authority.self_signed(&key).unwrap().pem();
        std::fs::write(directory.path().join("ca.pem"), pem).unwrap();
        let issuer = Issuer::new(authority, key);
        let certificates = Certificates { directory };
        let server = ExtendedKeyUsagePurpose::ServerAuth;
        certificates.issue(&issuer, "device", "127.0.0.1", server.clone());
        certificates.issue(&issuer, "named", "meter1.plant.example", server);
        certificates.issue(&issuer, "hub", "hub", ExtendedKeyUsagePurpose::ClientAuth);
        certificates
    }

    fn issue(
        &self,
        issuer: &Issuer<'_, KeyPair>,
        file: &str,
        name: &str,
        usage: ExtendedKeyUsagePurpose,
    ) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        let pem = params.signed_by(&key, issuer).unwrap().pem();
        std::fs::write(self.directory.path().join(format!("{file}.pem")), pem).unwrap();
        let path = self.directory.path().join(format!("{file}.key"));
        std::fs::write(path, key.serialize_pem()).unwrap();
    }

    fn path(&self, file: &str) -> String {
        Path::to_str(&self.directory.path().join(file))
            .unwrap()
            .to_owned()
    }

    async fn peer(&self, name: &str) -> (Peer, u16) {
        let port = free_port();
        let files = [
            format!("{name}.pem"),
            format!("{name}.key"),
            "ca.pem".to_owned(),
        ];
        let [certificate, key, authority] = files.map(|file| self.path(&file));
        let port_text = port.to_string();
        let mut peer = pymodbus(&["tls", &port_text, &certificate, &key, &authority]);
        peer.wait_for_port(port).await;
        (peer, port)
    }

    fn connection(&self, port: u16) -> Json {
        json!({
            "transport": "tls",
            "endpoint": format!("127.0.0.1:{port}"),
            "tls_ca_file": self.path("ca.pem"),
            "tls_cert_file": self.path("hub.pem"),
            "tls_key_file": self.path("hub.key"),
        })
    }
}

fn start(connection: Json) -> Harness {
    let tags = vec![tag(0, "HR0", DataType::Uint16)];
    Harness::start(link(connection, vec![device(2, json!({}), tags)]))
}

#[tokio::test]
async fn both_sides_show_their_certificates() {
    let certificates = Certificates::new();
    let (_peer, port) = certificates.peer("device").await;
    let mut harness = start(certificates.connection(port));
    harness.wait_value(0, Value::I64(1000)).await;
    assert!(harness.write(0, Value::I64(5)).await.unwrap().confirmed);
    harness.stop().await;
}

#[tokio::test]
async fn the_name_in_the_certificate_is_checked_and_can_be_set() {
    let certificates = Certificates::new();
    let (_peer, port) = certificates.peer("named").await;
    let mut connection = certificates.connection(port);
    let mut harness = start(connection.clone());
    let error = harness.error().await;
    assert!(error.contains("TLS failed: "), "{error}");
    assert!(
        error.contains("check tls_ca_file, tls_server_name"),
        "{error}"
    );
    harness.stop().await;
    connection["tls_server_name"] = json!("meter1.plant.example");
    let mut harness = start(connection);
    harness.wait_value(0, Value::I64(1000)).await;
    harness.stop().await;
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_refused() {
    let certificates = Certificates::new();
    let other = Certificates::new();
    let (_peer, port) = certificates.peer("device").await;
    let mut connection = certificates.connection(port);
    connection["tls_ca_file"] = json!(other.path("ca.pem"));
    let mut harness = start(connection);
    let error = harness.error().await;
    assert!(
        error.contains("TLS failed: invalid peer certificate"),
        "{error}"
    );
    harness.stop().await;
}

#[tokio::test]
async fn files_that_are_missing_or_empty_are_named() {
    let certificates = Certificates::new();
    std::fs::write(certificates.path("empty.pem"), "").unwrap();
    for (field, file, want) in [
        ("tls_ca_file", "none.pem", "tls_ca_file \""),
        (
            "tls_ca_file",
            "empty.pem",
            "holds no certificate in PEM form",
        ),
        ("tls_key_file", "empty.pem", "tls_key_file \""),
    ] {
        let mut connection = certificates.connection(free_port());
        connection[field] = json!(certificates.path(file));
        let mut harness = start(connection);
        let error = harness.error().await;
        assert!(error.contains(want), "{error}");
        assert!(error.contains(file), "{error}");
        harness.stop().await;
    }
}
