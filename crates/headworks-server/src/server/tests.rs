use axum::http::Method;
use headworks_hub::{Hub, HubSettings};
use headworks_telemetry::{Telemetry, TelemetrySettings};
use serde_json::json;

use super::*;
use crate::problem::ApiError;
use crate::route::{Call, NoContent, Permission, Route};
use crate::routes;

/// What the panicking handler says.
const CRY: &str = "the handler of the test panics";
const MISTAKE: &str = "/api/v1/mistake";

/// A handler with a mistake in it; it waits first, so that the panic comes out of the task.
async fn mistaken(_call: Call) -> Result<NoContent, ApiError> {
    tokio::task::yield_now().await;
    panic!("{CRY}");
}

/// A running server whose table has one more route, and the token of its owner.
struct Rig {
    _hub: Hub,
    telemetry: Telemetry,
    address: SocketAddr,
    token: String,
}

async fn start(directory: &std::path::Path) -> Rig {
    let hub = Hub::start(HubSettings::new(directory.join("data"))).await;
    let hub = hub.unwrap();
    let telemetry = Telemetry::new(TelemetrySettings {
        levels: "info".into(),
        ..TelemetrySettings::default()
    })
    .unwrap();
    telemetry.keep_errors(directory).unwrap();
    telemetry.subscribe().unwrap();
    let settings = ServerSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        telemetry: telemetry.clone(),
        ..ServerSettings::default()
    };
    let mut server = Server::bind(settings, hub.handle()).await.unwrap();
    let mut all = routes::routes();
    let permission = Permission::View;
    all.push(Route::new(
        "mistake",
        Method::GET,
        MISTAKE,
        permission,
        mistaken,
    ));
    server.router = router::router_of(Arc::clone(&server.app), all);
    let (setup, address) = (server.setup_token().unwrap(), server.local_address());
    tokio::spawn(server.serve(CancellationToken::new()));
    let owner = json!({ "token": setup, "name": "owner", "password": "kettle-drum 7 ferry" });
    let url = format!("http://{address}/api/v1/setup");
    let made = tokio::task::spawn_blocking(move || {
        let mut answer = ureq::post(url).send_json(owner).unwrap();
        answer.body_mut().read_json::<serde_json::Value>().unwrap()
    });
    let token = made.await.unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    Rig {
        _hub: hub,
        telemetry,
        address,
        token,
    }
}

impl Rig {
    /// Asks on a connection that stays open; returns the whole answer.
    async fn ask(&self, stream: &mut TcpStream, path: &str) -> String {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            self.address, self.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&answer).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                if length.unwrap().parse::<usize>().unwrap() <= body.len() {
                    return text;
                }
            }
            let read = stream.read_buf(&mut answer).await.unwrap();
            assert!(0 < read, "the connection was cut after {text:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_handler_is_an_answer_and_ends_no_connection() {
    let directory = tempfile::tempdir().unwrap();
    let rig = start(directory.path()).await;
    let mut own = TcpStream::connect(rig.address).await.unwrap();
    let mut other = TcpStream::connect(rig.address).await.unwrap();
    assert!(
        rig.ask(&mut other, "/api/v1/tags")
            .await
            .contains(" 200 OK")
    );
    for _ in 0..3 {
        let answer = rig.ask(&mut own, MISTAKE).await;
        assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
        assert!(!answer.contains(CRY), "what broke is for the log: {answer}");
    }
    // The connection it came on, and another one that was open, go on.
    for stream in [&mut own, &mut other] {
        assert!(rig.ask(stream, "/api/v1/tags").await.contains(" 200 OK"));
    }
    let metrics = rig.ask(&mut other, "/metrics").await;
    let counted = "headworks_panics_total 3\n";
    assert!(metrics.contains(counted), "{metrics}");

    rig.telemetry.flush(Duration::from_secs(5));
    let page = rig
        .ask(&mut other, "/api/v1/system/errors?level=error")
        .await;
    let page: serde_json::Value =
        serde_json::from_str(page.split_once("\r\n\r\n").unwrap().1).unwrap();
    let kinds = page["items"].as_array().unwrap();
    let kind = kinds
        .iter()
        .find(|kind| kind["message"].as_str().unwrap().contains(CRY));
    assert_eq!(kind.expect("its kind")["count"], 3, "{page}");
}
