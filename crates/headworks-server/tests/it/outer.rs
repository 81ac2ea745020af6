//! A second server on the hub of a rig, with settings of its own, and clients that say every byte.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use headworks_server::{Server, ServerSettings};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::rig::Rig;

/// A server that ends with the test.
pub(crate) struct Outer {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    /// The header by which the owner of the rig is known.
    pub(crate) owner: String,
    _stop: tokio_util::sync::DropGuard,
}

impl Outer {
    pub(crate) async fn start(rig: &Rig, change: impl FnOnce(&mut ServerSettings)) -> Outer {
        let mut settings = ServerSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..ServerSettings::default()
        };
        change(&mut settings);
        let server = Server::bind(settings, rig.hub.handle()).await.unwrap();
        let stop = CancellationToken::new();
        let (address, url) = (server.local_address(), server.url());
        tokio::spawn(server.serve(stop.clone()));
        Outer {
            address,
            url,
            owner: format!("authorization: Bearer {}\r\n", rig.token),
            _stop: stop.drop_guard(),
        }
    }

    /// Connects from an address of this machine.
    pub(crate) async fn connect_from(&self, from: [u8; 4]) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        let to = SocketAddr::from(([127, 0, 0, 1], self.address.port()));
        socket.connect(to).await.unwrap()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        self.connect_from([127, 0, 0, 1]).await
    }

    /// Sends bytes on a connection of their own and returns all that comes back.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        say(&mut stream, request).await;
        rest(&mut stream).await
    }

    /// Asks with these lines of headers besides the usual ones.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &str) -> String {
        let port = self.address.port();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\
             {headers}\r\n"
        );
        self.raw(&request).await
    }
}

pub(crate) async fn say(stream: &mut (impl AsyncWrite + Unpin), text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Reads to the end; a connection that is cut ends too.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let read = tokio::time::timeout(Duration::from_secs(20), reading).await;
    drop(read.expect("an end within 20 s"));
    String::from_utf8_lossy(&answer).into_owned()
}

/// Returns the value of a header of an answer.
pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
}

/// Shakes hands as a client that trusts the certificates of a file and nothing else.
pub(crate) async fn shake_hands(
    stream: TcpStream,
    roots: &std::path::Path,
    protocols: &[&[u8]],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    use rustls_pki_types::pem::PemObject;
    let mut store = rustls::RootCertStore::empty();
    for root in rustls_pki_types::CertificateDer::pem_file_iter(roots).unwrap() {
        store.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(store)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let name = rustls_pki_types::ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}
