//! A hub and a server of one test, and clients for them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_hub::{DiskProbe, DiskSpace, Hub, HubSettings, TimeLimits, UpkeepSettings};
use headworks_server::{Limits, Server, ServerSettings};
use headworks_telemetry::{Telemetry, TelemetrySettings};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::net::TcpStream as AsyncStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use crate::protocol::{PROTOCOLS, give};

/// Password of every account of the tests.
pub(crate) const PASSWORD: &str = "kettle-drum 7 ferry";

/// Sent instead of a token: a request by nobody.
pub(crate) const NOBODY: (&str, &str) = ("authorization", "");

/// A running hub and server.
pub(crate) struct Rig {
    pub(crate) hub: Hub,
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) serving: JoinHandle<()>,
    line: String,
    /// Access token of the owner, whom every request comes from that says nothing else.
    pub(crate) token: String,
    /// Megabytes that are free on the disk of 1000 MB that the hub sees.
    pub(crate) free_megabytes: Arc<AtomicU64>,
    pub(crate) telemetry: Telemetry,
    agent: ureq::Agent,
    pub(crate) directory: TempDir,
}

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

/// A WebSocket of the test.
pub(crate) struct Watcher(pub(crate) WebSocketStream<MaybeTlsStream<AsyncStream>>);

fn disk_of(free_megabytes: Arc<AtomicU64>) -> DiskProbe {
    DiskProbe::new(move |_| {
        Ok(DiskSpace {
            total_bytes: 1_000_000_000,
            free_bytes: free_megabytes.load(Ordering::Relaxed) * 1_000_000,
        })
    })
}

/// Takes lines of the threads that say so; see `operations.rs`.
fn telemetry_in(directory: &Path) -> Telemetry {
    let settings = TelemetrySettings {
        levels: "info".into(),
        ..TelemetrySettings::default()
    };
    let telemetry = Telemetry::new(settings).unwrap();
    telemetry.keep_errors(directory).unwrap();
    telemetry
}

impl Rig {
    pub(crate) async fn start() -> Rig {
        Rig::start_with(|_, _| {}).await
    }

    /// Starts with other settings; `change` also gets a directory that ends with the rig.
    pub(crate) async fn start_with(change: impl FnOnce(&mut HubSettings, &Path)) -> Rig {
        Rig::start_all(change, |_| {}).await
    }

    /// Starts with other settings of the server.
    pub(crate) async fn start_server(change: impl FnOnce(&mut ServerSettings)) -> Rig {
        Rig::start_all(|_, _| {}, change).await
    }

    async fn start_all(
        change: impl FnOnce(&mut HubSettings, &Path),
        change_server: impl FnOnce(&mut ServerSettings),
    ) -> Rig {
        static LINES: AtomicU32 = AtomicU32::new(0);
        let directory = TempDir::new().unwrap();
        let free_megabytes = Arc::new(AtomicU64::new(900));
        let mut settings = HubSettings {
            protocols: PROTOCOLS,
            times: TimeLimits {
                past: Some(Duration::from_secs(20 * 365 * 86_400)), // some tests have round times
                ..TimeLimits::default()
            },
            upkeep: UpkeepSettings {
                disk: disk_of(Arc::clone(&free_megabytes)),
                ..UpkeepSettings::default()
            },
            ..HubSettings::new(directory.path().join("data"))
        };
        change(&mut settings, directory.path());
        let hub = Hub::start(settings).await.unwrap();
        let telemetry = telemetry_in(directory.path());
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut settings = ServerSettings {
            listen,
            telemetry: telemetry.clone(),
            limits: Limits {
                requests_per_second: 0, // some tests ask thousands of times
                ..Limits::default()
            },
            ..ServerSettings::default()
        };
        change_server(&mut settings);
        let server = Server::bind(settings, hub.handle()).await.unwrap();
        let setup_token = server.setup_token().unwrap();
        let address = server.local_address();
        let stop = CancellationToken::new();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build();
        let mut rig = Rig {
            hub,
            address,
            serving: tokio::spawn(server.serve(stop.clone())),
            stop,
            free_megabytes,
            line: format!("line {}", LINES.fetch_add(1, Ordering::Relaxed)),
            telemetry,
            token: String::new(),
            agent: agent.into(),
            directory,
        };
        let owner = json!({ "token": setup_token, "name": "owner", "password": PASSWORD });
        let made = rig.post("/api/v1/setup", &owner).expect(200);
        made["access_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut rig.token);
        rig
    }

    /// Starts with a connection, a device at `plant/boiler` and tags of these names.
    pub(crate) async fn with_tags(names: &[&str]) -> (Rig, Vec<Json>) {
        let rig = Rig::start().await;
        let tags = rig.make_tags(names).await;
        (rig, tags)
    }

    /// Makes the connection, a device at `plant/boiler` and tags of these names.
    pub(crate) async fn make_tags(&self, names: &[&str]) -> Vec<Json> {
        let device = self.make_device("boiler").await;
        let mut tags = Vec::new();
        for name in names {
            let tag = json!({
                "device": device["id"], "name": name, "address": name,
                "data_type": "float64", "unit": "°C", "writable": true, "max": 1e6,
            });
            tags.push(self.post("/api/v1/tags", &tag).expect(201));
        }
        tags
    }

    pub(crate) fn connection(&self) -> Json {
        json!({ "name": "line", "protocol": "given", "settings": { "line": self.line } })
    }

    /// Makes the connection, if there is none, and a device with its own path.
    pub(crate) async fn make_device(&self, name: &str) -> Json {
        let connections = self.get("/api/v1/connections").expect(200);
        let connection = match connections["items"][0]["id"].as_str() {
            Some(id) => json!(id),
            None => self
                .post("/api/v1/connections", &self.connection())
                .expect(201)["id"]
                .take(),
        };
        let device = json!({
            "name": name, "connection": connection, "path": format!("plant/{name}"),
            "period_ms": 3_600_000,
        });
        self.post("/api/v1/devices", &device).expect(201)
    }

    /// Gives a tag a value and waits until the hub knows it.
    pub(crate) async fn give(&self, tag: &Json, time_us: i64, value: f64) {
        let update = sample(tag, time_us, value);
        self.give_batch(vec![update]).await;
        let index = index_of(tag);
        wait_for(|| {
            self.hub
                .handle()
                .last(index)
                .is_some_and(|last| last.time_us == time_us)
        })
        .await;
    }

    pub(crate) async fn give_batch(&self, batch: Vec<Update>) {
        give(&self.line, batch).await;
    }

    /// Waits for the end of a job.
    pub(crate) async fn wait_for_job(&self, job: &Json) -> Json {
        let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
        let is_over = || self.get(&path).expect(200)["ended_us"].is_i64();
        wait_for(is_over).await;
        self.get(&path).expect(200)
    }

    pub(crate) fn now_us(&self) -> i64 {
        self.hub.handle().clock().now_us()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    pub(crate) fn post(&self, path: &str, body: &Json) -> Answer {
        self.send("POST", path, &[], Some(body.to_string().into_bytes()))
    }

    pub(crate) fn put(&self, path: &str, if_match: &str, body: &Json) -> Answer {
        let headers = [("if-match", if_match)];
        self.send("PUT", path, &headers, Some(body.to_string().into_bytes()))
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None)
    }

    /// Sends any request; a body is JSON unless a header says otherwise.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let says_who = |(name, _): &(&str, &str)| ["authorization", "cookie"].contains(name);
        if !headers.iter().any(says_who) {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        tokio::task::block_in_place(|| {
            let answer = match body {
                Some(body) => self.agent.run(request.body(body).unwrap()),
                None => self.agent.run(request.body(()).unwrap()),
            };
            let mut answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
            let bytes = answer.body_mut().read_to_vec().unwrap();
            Answer {
                status: answer.status().as_u16(),
                headers: answer.headers().clone(),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            }
        })
    }

    /// Sends bytes as they are, with the token after the first line, and returns all that comes
    /// back.
    pub(crate) fn raw(&self, request: &str) -> String {
        let token = format!("\r\nauthorization: Bearer {}\r\n", self.token);
        let request = request.replacen("\r\n", &token, 1);
        tokio::task::block_in_place(|| {
            let mut stream = TcpStream::connect(self.address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        })
    }

    pub(crate) async fn watch(&self, path: &str) -> Watcher {
        self.watch_as(&self.token, path).await
    }

    /// Opens a WebSocket with another token.
    pub(crate) async fn watch_as(&self, token: &str, path: &str) -> Watcher {
        let url = format!("ws://{}{path}", self.address);
        let mut request = url.into_client_request().unwrap();
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Watcher(socket)
    }

    /// Makes an account and returns its access token.
    pub(crate) fn make_user(&self, name: &str, role: &str) -> String {
        let user = json!({ "name": name, "role": role, "password": PASSWORD });
        self.post("/api/v1/users", &user).expect(201);
        self.sign_in(name)
    }

    /// Signs an account in and returns its access token.
    pub(crate) fn sign_in(&self, name: &str) -> String {
        let body = json!({ "name": name, "password": PASSWORD });
        let opened = self.post("/api/v1/session", &body).expect(200);
        opened["access_token"].as_str().unwrap().to_owned()
    }

    /// Sends a request with another token.
    pub(crate) fn send_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Json>,
    ) -> Answer {
        let header = format!("Bearer {token}");
        let body = body.map(|body| body.to_string().into_bytes());
        self.send(method, path, &[("authorization", &header)], body)
    }

    /// Opens the multiplexed socket and reads its greeting.
    pub(crate) async fn watch_all(&self) -> Watcher {
        let mut watcher = self.watch("/ws").await;
        let hello = watcher.next().await;
        assert_eq!(hello["op"], "hello");
        watcher
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        let parsed = serde_json::from_str(&self.text);
        parsed.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Json {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() {
            Json::Null
        } else {
            self.json()
        }
    }

    /// Checks a problem: its status, its code, and returns the pointers of its fields.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Vec<String> {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(
            problem["request_id"],
            self.headers["x-request-id"].to_str().unwrap()
        );
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let pointer = |error: &Json| error["pointer"].as_str().unwrap().to_owned();
        errors.iter().map(pointer).collect()
    }
}

impl Watcher {
    pub(crate) async fn say(&mut self, message: &Json) {
        self.say_text(&message.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Returns the next JSON message; fails after thirty seconds.
    pub(crate) async fn next(&mut self) -> Json {
        let message = self.next_within(Duration::from_secs(30)).await;
        message.expect("a message within 30 s")
    }

    pub(crate) async fn next_within(&mut self, time: Duration) -> Option<Json> {
        let end = tokio::time::Instant::now() + time;
        loop {
            let message = tokio::time::timeout_at(end, self.0.next()).await.ok()?;
            match message?.unwrap() {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Returns the next message of an operation, and drops those before it.
    pub(crate) async fn next_op(&mut self, op: &str) -> Json {
        loop {
            let message = self.next().await;
            if message["op"] == op || message["type"] == op {
                return message;
            }
        }
    }

    /// Waits for the end of the socket and returns its code; fails after five seconds.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        let end = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(30), end).await;
        ended.expect("an end within 30 s")
    }

    /// Subscribes and returns the tags and the snapshot.
    pub(crate) async fn subscribe(&mut self, order: Json) -> (Json, Json) {
        self.say(&order).await;
        (self.next_op("tags").await, self.next_op("values").await)
    }
}

pub(crate) fn index_of(tag: &Json) -> TagIndex {
    TagIndex(u32::try_from(tag["index"].as_u64().unwrap()).unwrap())
}

pub(crate) fn sample(tag: &Json, time_us: i64, value: f64) -> Update {
    Update {
        tag: index_of(tag),
        sample: Sample::good(time_us, Value::F64(value)),
    }
}

pub(crate) async fn wait_for(mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not happen within 30 s");
}
