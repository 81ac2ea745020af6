//! TLS: certificates, protocols, renewal while connections are open.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use headworks_hub::{EventKind, Severity};
use headworks_server::{Server, ServerError, ServerSettings, TlsSettings};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::version::{TLS12, TLS13};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::outer::{Outer, header, rest, say, shake_hands};
use crate::rig::Rig;

const BOTH: [&rustls::SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// Starts with a certificate of its own; returns the directory that it is kept in.
async fn start(rig: &Rig) -> (Outer, TempDir) {
    let directory = TempDir::new().unwrap();
    let outer = Outer::start(rig, |settings| {
        settings.tls = TlsSettings::SelfSigned {
            directory: directory.path().join("tls"),
        };
    })
    .await;
    (outer, directory)
}

fn certificate(directory: &TempDir) -> PathBuf {
    directory.path().join("tls/certificate.pem")
}

async fn connect(outer: &Outer, roots: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = outer.connect().await;
    shake_hands(stream, roots, &[b"http/1.1"], &BOTH).await
}

fn request(outer: &Outer, connection: &str) -> String {
    let port = outer.address.port();
    format!(
        "GET /api/nothing HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: {connection}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_makes_its_certificate_and_speaks_both_versions_of_tls() {
    let rig = Rig::start().await;
    let (outer, directory) = start(&rig).await;
    assert!(outer.url.starts_with("https://127.0.0.1:"), "{}", outer.url);
    for (version, want) in [(&TLS12, "TLSv1_2"), (&TLS13, "TLSv1_3")] {
        let stream = outer.connect().await;
        let roots = certificate(&directory);
        let mut stream = shake_hands(stream, &roots, &[], &[version]).await.unwrap();
        let found = stream.get_ref().1.protocol_version().unwrap();
        assert_eq!(format!("{found:?}"), want);
        say(&mut stream, &request(&outer, "close")).await;
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        assert_eq!(
            header(&answer, "strict-transport-security"),
            Some("max-age=31536000")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_no_answer_speaks_of_it() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |_| {}).await;
    let answer = outer.ask("GET", "/api/nothing", "").await;
    assert!(header(&answer, "x-request-id").is_some());
    assert_eq!(header(&answer, "strict-transport-security"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_over_tls_may_change_and_open_sockets() {
    let rig = Rig::start().await;
    let (outer, directory) = start(&rig).await;
    let port = outer.address.port();
    for (origin, want) in [
        (format!("https://localhost:{port}"), "HTTP/1.1 101"),
        (format!("http://localhost:{port}"), "HTTP/1.1 403"),
    ] {
        let mut stream = connect(&outer, &certificate(&directory)).await.unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nhost: localhost:{port}\r\norigin: {origin}\r\n{}\
             connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            outer.owner
        );
        say(&mut stream, &request).await;
        let mut answer = [0; 12];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut answer)
            .await
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), want);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_serves_many_requests_on_one_connection() {
    let rig = Rig::start().await;
    let (outer, directory) = start(&rig).await;
    let stream = outer.connect().await;
    let roots = certificate(&directory);
    let stream = shake_hands(stream, &roots, &[b"h2", b"http/1.1"], &BOTH)
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    // after the first answer the client knows how many it may ask at once
    let uri = format!("https://localhost:{}/", outer.address.port());
    let first = hyper::Request::get(uri).body(Empty::<hyper::body::Bytes>::new());
    sender.send_request(first.unwrap()).await.unwrap();
    let asks = (0..200).map(|number| {
        let mut sender = sender.clone();
        let host = match number % 2 {
            0 => "localhost",
            _ => "evil.example",
        };
        let uri = format!("https://{host}:{}/api/nothing", outer.address.port());
        let request = hyper::Request::get(uri);
        let request = request.body(Empty::<hyper::body::Bytes>::new()).unwrap();
        tokio::spawn(async move {
            let answer = sender.send_request(request).await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert!(body.starts_with(b"{"));
            (number, status)
        })
    });
    for ask in asks.collect::<Vec<_>>() {
        let (number, status) = ask.await.unwrap();
        assert_eq!(status, if number % 2 == 0 { 404 } else { 421 });
    }
}

async fn connect_h2(outer: &Outer, roots: &Path) -> TlsStream<TcpStream> {
    let stream = outer.connect().await;
    shake_hands(stream, roots, &[b"h2"], &BOTH).await.unwrap()
}

fn ask_h2(outer: &Outer, more: &str) -> hyper::Request<()> {
    let uri = format!("https://localhost:{}/api/nothing", outer.address.port());
    hyper::Request::get(uri).header("x", more).body(()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_head_over_http2_is_refused() {
    let rig = Rig::start().await;
    let (outer, directory) = start(&rig).await;
    let stream = connect_h2(&outer, &certificate(&directory)).await;
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    for (length, want) in [
        (1 << 10, Some(404)),
        (15 << 10, Some(404)),
        (100 << 10, None),
    ] {
        let mut client = client.clone().ready().await.unwrap();
        let ask = ask_h2(&outer, &"a".repeat(length));
        let (answer, _) = client.send_request(ask, true).unwrap();
        let status = answer.await.map(|answer| answer.status().as_u16()).ok();
        // What is too long is answered with 431, or the stream is cut.
        assert!(
            status == want || (want.is_none() && status == Some(431)),
            "{length}: {status:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_begun_and_given_up_in_masses_harm_nobody_else() {
    let rig = Rig::start().await;
    let (outer, directory) = start(&rig).await;
    let roots = certificate(&directory);
    let flood = async || loop {
        let stream = connect_h2(&outer, &roots).await;
        let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        for _ in 0..10_000 {
            let Ok(mut ready) = client.ready().await else {
                break;
            };
            let Ok((_, mut stream)) = ready.send_request(ask_h2(&outer, "y"), false) else {
                break;
            };
            stream.send_reset(h2::Reason::CANCEL);
            client = ready;
        }
        connection.abort();
    };
    let floods = futures_util::future::join_all((0..4).map(|_| flood()));
    let measure = async {
        let mut times = Vec::new();
        for _ in 0..30 {
            let begun = std::time::Instant::now();
            let other = outer.connect_from([127, 0, 0, 2]).await;
            let mut other = shake_hands(other, &roots, &[], &BOTH).await.unwrap();
            say(&mut other, &request(&outer, "close")).await;
            let answer = rest(&mut other).await;
            assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        times[26]
    };
    let slow = tokio::select! {
        _ = floods => unreachable!("floods do not end"),
        slow = measure => slow,
    };
    assert!(slow < Duration::from_secs(1), "{slow:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_speaks_http2_and_http1() {
    let rig = Rig::start().await;
    let (outer, directory) = start(&rig).await;
    let url = format!("https://localhost:{}/api/nothing", outer.address.port());
    for (version, want) in [("--http2", "2 404"), ("--http1.1", "1.1 404")] {
        let mut curl = Command::new("curl");
        curl.args([
            version,
            "--silent",
            "--show-error",
            "--max-time",
            "10",
            "--cacert",
        ])
        .arg(certificate(&directory))
        .args([
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_version} %{http_code}",
        ])
        .arg(&url);
        let output = tokio::task::block_in_place(|| curl.output().unwrap());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), want, "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_on_the_port_of_https_is_told_so() {
    let rig = Rig::start().await;
    let (outer, _directory) = start(&rig).await;
    let answer = outer.raw("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("https://"),
        "{answer}"
    );
    assert!(!outer.raw("\0\0garbage\r\n\r\n").await.contains("HTTP"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_nothing_is_cut_off_before_the_handshake() {
    let rig = Rig::start().await;
    let directory = TempDir::new().unwrap();
    let outer = Outer::start(&rig, |settings| {
        settings.tls = TlsSettings::SelfSigned {
            directory: directory.path().join("tls"),
        };
        settings.limits.handshake_timeout = Duration::from_millis(300);
    })
    .await;
    let mut silent = outer.connect().await;
    assert_eq!(rest(&mut silent).await, "");
    let mut begun = outer.connect().await;
    say(&mut begun, "\x16\x03\x01").await;
    assert_eq!(rest(&mut begun).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_used_while_old_connections_go_on_and_a_broken_one_never() {
    let rig = Rig::start().await;
    let (other, others) = start(&rig).await; // makes the certificate to come
    drop(other);
    let (first, directory) = start(&rig).await;
    drop(first);
    let own = directory.path().join("tls");
    let old = directory.path().join("old.pem");
    std::fs::copy(own.join("certificate.pem"), &old).unwrap();
    let outer = Outer::start(&rig, |settings| {
        settings.tls = TlsSettings::Files {
            certificate: own.join("certificate.pem"),
            key: own.join("key.pem"),
        };
    })
    .await;
    let mut open = connect(&outer, &old).await.unwrap();

    std::fs::write(own.join("certificate.pem"), "half of a certif").unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    connect(&outer, &old).await.expect("the old one stays");
    let events = rig.hub.handle().events();
    let told = events
        .iter()
        .find(|event| event.kind == EventKind::Certificate);
    let told = told.expect("an event");
    assert!(
        told.message.contains("the old one stays in use"),
        "{told:?}"
    );
    assert_eq!(told.severity, Severity::Alarm);

    for file in ["certificate.pem", "key.pem"] {
        std::fs::copy(others.path().join("tls").join(file), own.join(file)).unwrap();
    }
    let new = certificate(&others);
    let mut tries = 0;
    while connect(&outer, &new).await.is_err() {
        tries += 1;
        assert!(tries < 100, "the new one is not used within 10 s");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(connect(&outer, &old).await.is_err());
    say(&mut open, &request(&outer, "close")).await;
    let answer = rest(&mut open).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_cannot_be_used_is_no_start() {
    let rig = Rig::start().await;
    let settings = ServerSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: TlsSettings::Files {
            certificate: "no/such/certificate.pem".into(),
            key: "no/such/key.pem".into(),
        },
        ..ServerSettings::default()
    };
    let error = Server::bind(settings, rig.hub.handle())
        .await
        .err()
        .unwrap();
    assert!(matches!(error, ServerError::Certificate(_)), "{error}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("no/such/certificate.pem"), "{source}");
}
