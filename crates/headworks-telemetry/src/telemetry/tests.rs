use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

fn settings(levels: &str) -> TelemetrySettings {
    TelemetrySettings {
        levels: levels.into(),
        ..TelemetrySettings::default()
    }
}

fn all() -> LineQuery {
    LineQuery {
        limit: 1_000,
        ..LineQuery::default()
    }
}

/// A request as a server saw it: its head and its body.
struct Seen {
    head: String,
    body: String,
}

/// Starts a server that answers 200 to all and says what it saw.
fn receiver() -> (String, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, seen) = channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            while let Some(request) = read_request(&stream) {
                sender.send(request).unwrap();
            }
        }
    });
    (address, seen)
}

fn read_request(mut stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1)?;
    let length = length.split("\r\n").next()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .ok()?;
    Some(Seen {
        head,
        body: String::from_utf8(body).ok()?,
    })
}

#[test]
fn no_field_makes_a_second_line() {
    let directory = tempfile::tempdir().unwrap();
    for format in [LineFormat::Text, LineFormat::Json] {
        let path = directory.path().join(format!("{format:?}.log"));
        let file = FileSettings {
            path: path.clone(),
            bytes_max: 1 << 20,
            files_kept: 1,
        };
        // Nothing goes to standard error of the test but what decides the format of the file.
        let inner = Inner {
            file: Some(FileWriter::start(file).unwrap()),
            file_format: format,
            levels: Mutex::new("trace".into()),
            ..Inner::default()
        };
        let telemetry = Telemetry {
            inner: Arc::new(inner),
        };
        let hostile = "x\r\n2026-01-01T00:00:00Z ERROR forged\u{2028}\u{1b}[2J\u{0}";
        tracing::subscriber::with_default(telemetry.subscriber().unwrap(), || {
            let span = tracing::info_span!("scan", name = hostile);
            let _in = span.enter();
            let error = std::io::Error::other(hostile);
            tracing::error!(tag = hostile, %error, debug = ?hostile, "failed: {hostile}");
            let error: &dyn std::error::Error = &error;
            tracing::warn!(target: "a\nb", error, "{}", hostile);
        });
        telemetry.flush(PATIENCE);
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        let control = |character: char| character.is_control() && character != '\n';
        assert!(
            !text.contains(control) && !text.contains('\u{2028}'),
            "{text}"
        );
        if format == LineFormat::Json {
            for line in text.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                assert!(line["message"].as_str().unwrap().contains("forged"));
            }
        }
    }
}

#[test]
fn levels_change_at_run_time() {
    let telemetry = Telemetry::new(settings("info")).unwrap();
    tracing::subscriber::with_default(telemetry.subscriber().unwrap(), || {
        tracing::debug!(target: "headworks_hub::link", "one");
        telemetry.set_levels("warn,headworks_hub=debug").unwrap();
        tracing::debug!(target: "headworks_hub::link", "two");
        tracing::info!(target: "headworks_server", "three");
    });
    let lines = telemetry.lines(&all()).items;
    let messages: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(messages, ["two"]);
    assert_eq!(telemetry.levels(), "warn,headworks_hub=debug");
    for bad in ["", "infoo", "info,a=b"] {
        let error = telemetry.set_levels(bad).unwrap_err();
        assert!(matches!(error, StartError::Levels { .. }), "{bad}: {error}");
    }
    let detached = Telemetry::default().set_levels("info").unwrap_err();
    assert!(matches!(detached, StartError::Detached));
}

#[test]
fn the_journal_gets_what_came_before_it_was_opened() {
    let directory = tempfile::tempdir().unwrap();
    let telemetry = Telemetry::new(settings("info")).unwrap();
    let _guard = tracing::subscriber::set_default(telemetry.subscriber().unwrap());
    tracing::warn!("before");
    tracing::info!("not this");
    telemetry.keep_errors(directory.path()).unwrap();
    tracing::error!(password = "geheim", "after");
    telemetry.flush(PATIENCE);
    let query = crate::ErrorQuery {
        limit: 10,
        ..crate::ErrorQuery::default()
    };
    let page = telemetry.errors().unwrap().groups(&query).unwrap();
    let messages: Vec<&str> = page.items.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(messages, ["after", "before"]);
    let stats = telemetry.stats();
    assert_eq!((stats.lines, stats.warnings, stats.errors), (3, 1, 1));
    let bytes = std::fs::read(directory.path().join("errors.db-wal")).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&bytes).contains("geheim"));
}

#[test]
fn a_panic_is_kept_with_its_calls() {
    let telemetry = Telemetry::new(settings("info")).unwrap();
    panics::watch(telemetry.clone());
    let thread = std::thread::Builder::new().name("poll 7".into());
    let ended = thread
        .spawn(|| panic!("register 9\nis odd"))
        .unwrap()
        .join();
    assert!(ended.is_err());
    let query = LineQuery {
        text: Some("register 9".into()),
        ..all()
    };
    let lines = telemetry.lines(&query).items;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].message, "panic: register 9\\nis odd");
    assert_eq!(lines[0].thread.as_deref(), Some("poll 7"));
    assert!(lines[0].module.ends_with("telemetry/tests.rs"));
    let backtrace = lines[0].backtrace.as_ref().unwrap();
    assert!(
        backtrace.contains("a_panic_is_kept_with_its_calls"),
        "{backtrace}"
    );
}

#[test]
fn a_sentry_server_gets_errors_without_secrets() {
    let (address, seen) = receiver();
    let telemetry = Telemetry::new(TelemetrySettings {
        sentry: Some(format!("http://abc123@{address}/42").parse().unwrap()),
        ..settings("info")
    })
    .unwrap();
    tracing::subscriber::with_default(telemetry.subscriber().unwrap(), || {
        let url = "postgres://hub:geheim@db/plant";
        tracing::info!("not this");
        tracing::error!(token = "geheim", url, device = 7, "the database is away");
    });
    let request = seen.recv_timeout(PATIENCE).unwrap();
    assert!(
        request.head.starts_with("post /api/42/envelope/ http/1.1"),
        "{}",
        request.head
    );
    assert!(request.head.contains("sentry_key=abc123"));
    assert!(!request.body.contains("geheim"), "{}", request.body);
    let parts: Vec<Value> = request
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [head, item, event] = parts.as_slice() else {
        panic!("{}", request.body);
    };
    assert_eq!(item["length"], request.body.lines().nth(2).unwrap().len());
    assert_eq!(head["event_id"], event["event_id"]);
    assert_eq!(event["level"], "error");
    assert_eq!(event["logentry"]["formatted"], "the database is away");
    assert_eq!(event["extra"]["fields"]["device"], 7);
    telemetry.flush(PATIENCE);
    assert_eq!(telemetry.stats().sentry.unwrap().sent, 1);
    assert!(seen.try_recv().is_err());
}

#[test]
fn a_collector_gets_traces() {
    let (address, seen) = receiver();
    let telemetry = Telemetry::new(TelemetrySettings {
        otlp: Some(format!("http://{address}").parse().unwrap()),
        ..settings("info")
    })
    .unwrap();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    telemetry.trace(Trace {
        name: "GET /api/v1/tags/{id}".into(),
        start_us: 1_000_000,
        duration: Duration::from_micros(2_500),
        method: "GET".into(),
        route: "/api/v1/tags/{id}",
        status: 500,
        parent: crate::TraceParent::parse(parent),
    });
    let request = seen.recv_timeout(PATIENCE).unwrap();
    assert!(request.head.starts_with("post /v1/traces http/1.1"));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let resource = &body["resourceSpans"][0];
    let service = &resource["resource"]["attributes"][0];
    assert_eq!(service["key"], "service.name");
    assert_eq!(service["value"]["stringValue"], "headworks");
    let span = &resource["scopeSpans"][0]["spans"][0];
    assert_eq!(span["name"], "GET /api/v1/tags/{id}");
    assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(span["spanId"].as_str().unwrap().len(), 16);
    assert_eq!(span["endTimeUnixNano"], "1002500000");
    assert_eq!(span["status"]["code"], 2);
    telemetry.flush(PATIENCE);
    assert_eq!(telemetry.stats().otlp.unwrap().sent, 1);
    assert!(!Telemetry::default().is_tracing());
}
