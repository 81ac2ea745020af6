//! The client against servers that we start, kind and unkind ones.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{
    ANSWER_BYTES_MAX, Client, Method, OutboundError, OutboundSettings, Request, SecretValue,
    Secrets,
};

const CANARY: &str = "canary-5a1d/9 ö";

struct Canary;

impl Secrets for Canary {
    fn find(&self, name: &str) -> Result<Option<SecretValue>, String> {
        let value = match name {
            "canary" => CANARY,
            "ascii" => "canary-ascii-1",
            "bound" => "canary-bound-2",
            "newline" => "canary\r\nx-evil: 1",
            _ => return Ok(None),
        };
        let hosts = match name {
            "bound" => vec!["hooks.example".to_owned()],
            _ => Vec::new(),
        };
        let value = value.to_owned();
        Ok(Some(SecretValue { value, hosts }))
    }
}

fn client(allow: &[&str]) -> Client {
    let settings = OutboundSettings {
        allow: allow.iter().map(|net| net.parse().unwrap()).collect(),
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(2),
        ..OutboundSettings::default()
    };
    Client::new(&settings, Arc::new(Canary)).unwrap()
}

fn near() -> Client {
    client(&["127.0.0.1/32"])
}

fn request(url: impl Into<String>) -> Request {
    Request {
        method: Method::Post,
        url: url.into(),
        headers: Vec::new(),
        content_type: "application/json",
        body: b"{\"text\":\"hot\"}".to_vec(),
    }
}

/// Reads the head and the body of a request.
async fn take(stream: &mut TcpStream) -> String {
    let mut taken = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&taken).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
            if length.unwrap_or(0) <= body.len() {
                return String::from_utf8_lossy(&taken).into_owned();
            }
        }
        match stream.read(&mut part).await {
            Ok(length) if 0 < length => taken.extend_from_slice(&part[..length]),
            _ => return String::from_utf8_lossy(&taken).into_owned(),
        }
    }
}

/// Starts a server that answers each connection in turn, and tells what it was asked.
async fn serve(answers: Vec<Vec<u8>>) -> (SocketAddr, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, told) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            asked.send(take(&mut stream).await).await.unwrap();
            drop(stream.write_all(&answer).await);
            drop(stream.shutdown().await);
        }
    });
    (address, told)
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn to(place: &str) -> String {
    format!("location: {place}\r\n")
}

fn refusal(error: OutboundError) -> String {
    match error {
        OutboundError::Refused { reason } => reason,
        OutboundError::Failed { reason } => panic!("failed: {reason}"),
    }
}

fn failure(error: OutboundError) -> String {
    match error {
        OutboundError::Failed { reason } => reason,
        OutboundError::Refused { reason } => panic!("refused: {reason}"),
    }
}

#[tokio::test]
async fn a_request_goes_out_and_its_answer_comes_back() {
    let busy = answer("429 Too Many Requests", "retry-after: 17\r\n", "slow down");
    let (address, mut asked) = serve(vec![answer("200 OK", "", "done"), busy]).await;
    let mut request = request(format!("http://{address}/hook?a=1#part"));
    request.headers = vec![("X-Key".into(), "${secret:ascii}".into())];
    let client = near();
    let taken = client.post(&request).await.unwrap();
    assert!(taken.is_success() && !taken.is_cut);
    assert_eq!(taken.text, "done");
    let text = asked.recv().await.unwrap();
    assert!(text.starts_with("POST /hook?a=1 HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("x-key: canary-ascii-1"), "{text}");
    assert!(text.contains("content-type: application/json"), "{text}");
    assert!(text.ends_with("{\"text\":\"hot\"}"), "{text}");
    let busy = client.post(&request).await.unwrap();
    assert!(!busy.is_success() && busy.is_worth_another_try());
    assert_eq!(busy.retry_after, Some(Duration::from_secs(17)));
}

#[tokio::test]
async fn loopback_is_refused_under_all_its_names() {
    let (address, _asked) = serve(vec![answer("200 OK", "", "inside")]).await;
    let port = address.port();
    let client = client(&[]);
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "0x7f.0.0.1",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "[::]",
    ] {
        let error = client
            .post(&request(format!("http://{host}:{port}/")))
            .await;
        let reason = refusal(error.unwrap_err());
        assert!(reason.contains("outbound.allow"), "{host}: {reason}");
    }
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
    ] {
        let error = client.post(&request(url)).await;
        refusal(error.unwrap_err());
    }
}

#[tokio::test]
async fn a_redirect_is_checked_like_the_first_address() {
    let inside = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let place = format!("http://{}/admin", inside.local_addr().unwrap());
    for place in [place.as_str(), "http://169.254.169.254/", "http://[::1]:1/"] {
        let (address, _asked) = serve(vec![answer("307 Temporary Redirect", &to(place), "")]).await;
        let error = near().post(&request(format!("http://{address}/"))).await;
        let reason = refusal(error.unwrap_err());
        assert!(reason.contains("outbound.allow"), "{place}: {reason}");
    }
    let knock = tokio::time::timeout(Duration::from_millis(50), inside.accept()).await;
    assert!(knock.is_err(), "somebody was at the door");
    for place in [
        "file:///etc/passwd",
        "ftp://a.example/",
        "http://u:p@a.example/",
    ] {
        let (address, _asked) = serve(vec![answer("302 Found", &to(place), "")]).await;
        let error = near().post(&request(format!("http://{address}/"))).await;
        let reason = refusal(error.unwrap_err());
        assert!(reason.contains("redirect"), "{place}: {reason}");
    }
}

#[tokio::test]
async fn redirects_keep_secrets_with_the_first_server_and_end() {
    let (second, mut seen) = serve(vec![answer("200 OK", "", "there")]).await;
    let hop = answer(
        "308 Permanent Redirect",
        &to(&format!("http://{second}/x")),
        "",
    );
    let (first, mut asked) = serve(vec![hop]).await;
    let mut sent = request(format!("http://{first}/"));
    sent.headers = vec![("Authorization".into(), "Bearer ${secret:ascii}".into())];
    assert_eq!(near().post(&sent).await.unwrap().text, "there");
    assert!(
        asked
            .recv()
            .await
            .unwrap()
            .contains("Bearer canary-ascii-1")
    );
    let text = seen.recv().await.unwrap();
    assert!(!text.contains("canary"), "{text}");
    assert!(
        text.starts_with("POST /x") && text.ends_with("{\"text\":\"hot\"}"),
        "{text}"
    );

    let again = || answer("303 See Other", &to("/again"), "");
    let (address, mut asked) = serve(vec![again(), again(), again(), again(), again()]).await;
    let error = near().post(&request(format!("http://{address}/"))).await;
    assert!(refusal(error.unwrap_err()).contains("more than 3 redirects"));
    asked.recv().await.unwrap();
    let text = asked.recv().await.unwrap();
    assert!(
        text.starts_with("GET /again") && !text.contains("hot"),
        "{text}"
    );
}

#[tokio::test]
async fn a_server_that_hangs_costs_its_time_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let began = Instant::now();
    let reason = failure(
        near()
            .post(&request(format!("http://{address}/")))
            .await
            .unwrap_err(),
    );
    assert!(reason.contains("within 2 s"), "{reason}");
    assert!(began.elapsed() < Duration::from_secs(4));

    let drip = tokio::spawn(async move {
        let (_given_up, _) = listener.accept().await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        take(&mut stream).await;
        drop(
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
                .await,
        );
        while stream.write_all(b".").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let reason = failure(
        near()
            .post(&request(format!("http://{address}/")))
            .await
            .unwrap_err(),
    );
    assert!(reason.contains("within 2 s"), "{reason}");
    drip.await.unwrap();
}

#[tokio::test]
async fn of_100_megabytes_64_kilobytes_are_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let flood = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        take(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let part = vec![b'x'; 1 << 20];
        let mut sent = 0;
        while sent < 100 && stream.write_all(&part).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let taken = near()
        .post(&request(format!("http://{address}/")))
        .await
        .unwrap();
    assert!(taken.is_cut && taken.is_success());
    assert_eq!(taken.text.len(), ANSWER_BYTES_MAX);
    let sent = flood.await.unwrap();
    assert!(sent < 50, "{sent} MB went over the line");
}

#[tokio::test]
async fn servers_that_break_off_are_told_apart_from_wrong_addresses() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf".to_vec();
    let (address, _asked) = serve(vec![Vec::new(), cut, b"SSH-2.0-x\r\n".to_vec()]).await;
    let client = near();
    for _ in 0..3 {
        failure(
            client
                .post(&request(format!("http://{address}/")))
                .await
                .unwrap_err(),
        );
    }
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let reason = failure(
        client
            .post(&request(format!("http://{closed}/")))
            .await
            .unwrap_err(),
    );
    assert!(reason.contains("no connection to 127.0.0.1"), "{reason}");
    let nowhere = request("http://no-such-host.invalid/");
    let reason = failure(client.post(&nowhere).await.unwrap_err());
    assert!(reason.contains("no-such-host.invalid"), "{reason}");
    for url in [
        "",
        "nonsense",
        "file:///etc/passwd",
        "http://a:b@c.example/",
        "gopher://x/",
    ] {
        refusal(client.post(&request(url)).await.unwrap_err());
    }
    for header in ["Host", "content-length", "Transfer-Encoding", "a b", ""] {
        let mut request = request("http://a.example/");
        request.headers = vec![(header.to_owned(), "1".to_owned())];
        refusal(client.post(&request).await.unwrap_err());
    }
}

#[tokio::test]
async fn a_secret_shows_in_no_answer_and_no_error() {
    let echo = |asked: &str| answer("200 OK", "", asked);
    let told = format!("got {CANARY}, canary-ascii-1 and /canary-5a1d/9%20%C3%B6");
    let (address, _asked) = serve(vec![echo(&told)]).await;
    let client = near();
    let mut sent = request(format!("http://{address}/${{secret:canary}}"));
    sent.headers = vec![("x-key".into(), "${secret:ascii}".into())];
    let text = client.post(&sent).await.unwrap().text;
    assert!(!text.contains("ascii-1"), "{text}");
    assert!(text.starts_with("got ***, *** and"), "{text}");

    for url in [
        "http://127.0.0.1:1/${secret:ascii}",
        "http://127.0.0.1:1/?k=${secret:canary}",
        "http://${secret:ascii}.invalid/",
        "http://${secret:canary}/",
        "http://u:${secret:canary}@127.0.0.1:1/",
        "${secret:canary}",
    ] {
        let error = client.post(&request(url)).await.unwrap_err().to_string();
        assert!(!error.contains("canary"), "{url}: {error}");
    }
    let mut sent = request(format!("http://{address}/"));
    sent.headers = vec![("x-key".into(), "${secret:newline}".into())];
    let error = client.post(&sent).await.unwrap_err();
    assert!(!refusal(error).contains("canary"));
    sent.headers = vec![("x-key".into(), "${secret:bound}".into())];
    let reason = refusal(client.post(&sent).await.unwrap_err());
    assert!(reason.contains("may not be sent to this host"), "{reason}");
}

#[tokio::test]
async fn certificates_are_checked_and_own_authorities_are_known() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut part = [0; 4096];
            drop(stream.read(&mut part).await);
            let place = to("http://127.0.0.1:1/");
            drop(stream.write_all(&answer("302 Found", &place, "")).await);
            drop(stream.shutdown().await);
        }
    });
    let url = format!("https://localhost:{port}/");
    let reason = failure(near().post(&request(&*url)).await.unwrap_err());
    assert!(reason.contains("no TLS"), "{reason}");

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, made.cert.pem()).unwrap();
    let settings = OutboundSettings {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        ca_file: Some(path),
        ..OutboundSettings::default()
    };
    let client = Client::new(&settings, Arc::new(Canary)).unwrap();
    let reason = refusal(client.post(&request(url)).await.unwrap_err());
    assert!(reason.contains("from https to http"), "{reason}");
}
