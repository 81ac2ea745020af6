//! Secrets that are planted everywhere a secret is taken, and looked for everywhere something
//! comes out: in clear they are nowhere.

use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::support::rest::{Hub, PASSWORD};
use crate::support::wait_for;
use crate::{BINARY, PATIENCE, check_ended, headworks};

/// A name of somebody: no secret, and so the proof that the search finds what is there.
const VISIBLE: &str = "visible-finch";
const USER_PASSWORD: &str = "canary-password 8 xylophone";
const WRONG_PASSWORD: &str = "canary-wrong 9 marimba";
const DATABASE_PASSWORD: &str = "canary-database-celesta";
const WEBHOOK_SECRET: &str = "canary-webhook-vibraphone";
const SENTRY_KEY: &str = "canarysentryglockenspiel";

/// Something that came out: where, and what.
type Output = (String, Vec<u8>);

fn start(directory: &Path) -> Hub {
    let mut command = Command::new(BINARY);
    command
        .args(["run", "--listen", "127.0.0.1:0", "--data"])
        .arg(directory.join("data"))
        .current_dir(directory)
        .env("HEADWORKS__LOG__LEVEL", "debug")
        .env("HEADWORKS__LOG__FILE", directory.join("hub.log"))
        .env("HEADWORKS__BACKUP__DIRECTORY", directory.join("backups"));
    for (name, value) in secret_settings() {
        command.env(name, value);
    }
    Hub::of(command).unwrap()
}

fn secret_settings() -> [(&'static str, String); 2] {
    let database = format!("postgres://hub:{DATABASE_PASSWORD}@127.0.0.1:1/plant");
    let sentry = format!("http://{SENTRY_KEY}@127.0.0.1:1/7");
    [
        ("HEADWORKS__DATABASE__URL", database),
        ("HEADWORKS__TELEMETRY__SENTRY_DSN", sentry),
    ]
}

/// Gives secrets to the hub in every way there is, and returns them with their names.
fn plant(hub: &Hub) -> Vec<(&'static str, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let user = json!({ "name": VISIBLE, "role": "operator", "password": USER_PASSWORD });
    hub.create("users", &user).unwrap();
    let credentials = json!({ "name": VISIBLE, "password": USER_PASSWORD });
    let session = hub.create("session", &credentials).unwrap();
    let wrong = json!({ "name": VISIBLE, "password": WRONG_PASSWORD });
    assert_eq!(hub.post("session", &wrong).unwrap().status, 401);
    let token = json!({ "name": "reader", "kind": "program", "role": "viewer" });
    let token = hub.create("tokens", &token).unwrap();
    let kiosk = json!({ "name": "wall", "kind": "kiosk", "role": "viewer" });
    let kiosk = hub.create("tokens", &kiosk).unwrap();
    hub.create("session/kiosk", &json!({ "token": kiosk["secret"] }))
        .unwrap();
    let stdout = hub.process.stdout();
    let shown = stdout.lines().find(|line| line.contains("set-up token"));
    let set_up = shown.and_then(|line| line.split_whitespace().nth(2));
    let [access_cookie, refresh_cookie] = cookies(hub);
    vec![
        ("access cookie", access_cookie),
        ("refresh cookie", refresh_cookie),
        ("password of the owner", PASSWORD.to_owned()),
        ("password", USER_PASSWORD.to_owned()),
        ("wrong password", WRONG_PASSWORD.to_owned()),
        ("set-up token", set_up.unwrap().to_owned()),
        ("access token", hub.token.clone()),
        ("access token of another", text(&session["access_token"])),
        ("API token", text(&token["secret"])),
        ("token of a wall screen", text(&kiosk["secret"])),
        ("secret of an authenticator", add_authenticator(hub)),
        ("password of the database", DATABASE_PASSWORD.to_owned()),
        ("key of the Sentry server", SENTRY_KEY.to_owned()),
        ("secret of a webhook", add_webhook(hub)),
    ]
}

/// Stores a secret and tries a webhook with it, which fails.
fn add_webhook(hub: &Hub) -> String {
    let url = format!("{}/api/v1/secrets/hook", hub.url);
    let request = ureq::put(url).header("authorization", hub.bearer());
    let stored = request.send_json(json!({ "value": WEBHOOK_SECRET }));
    assert_eq!(stored.unwrap().status().as_u16(), 200);
    let target = json!({
        "kind": "webhook", "url": "http://127.0.0.1:1/${secret:hook}", "body": "{}",
        "headers": { "x-key": "${secret:hook}" },
    });
    let channel = json!({ "name": "chat", "target": target });
    let id = hub.create_id("channels", &channel).unwrap();
    let tested = hub
        .create(&format!("channels/{id}/test"), &json!({}))
        .unwrap();
    assert_eq!(tested["is_sent"], false, "{tested}");
    WEBHOOK_SECRET.to_owned()
}

/// Signs in as a browser, refreshes once, and returns the values of the cookies that count then.
fn cookies(hub: &Hub) -> [String; 2] {
    let credentials = json!({ "name": VISIBLE, "password": USER_PASSWORD });
    let values = |answer: &ureq::http::Response<ureq::Body>| {
        let set = answer.headers().get_all("set-cookie").iter();
        let pairs = set.map(|text| text.to_str().unwrap().split(';').next().unwrap().to_owned());
        pairs.collect::<Vec<String>>()
    };
    let opened = ureq::post(format!("{}/api/v1/session", hub.url)).send_json(&credentials);
    let first = values(&opened.unwrap());
    let refresh = ureq::post(format!("{}/api/v1/session/refresh", hub.url));
    let refreshed = refresh.header("cookie", first.join("; ")).send_empty();
    let mut second = values(&refreshed.unwrap());
    second.sort_unstable();
    let secrets = second.iter().map(|pair| pair.split_once('=').unwrap().1);
    let secrets: Vec<String> = secrets.map(str::to_owned).collect();
    assert!(
        secrets.iter().all(|secret| 20 < secret.len()),
        "{secrets:?}"
    );
    secrets.try_into().unwrap()
}

/// Adds an authenticator to the owner and returns its secret.
pub(crate) fn add_authenticator(hub: &Hub) -> String {
    let offer = hub.create("session/totp", &json!({})).unwrap();
    let secret = offer["secret"].as_str().unwrap();
    let parsed: headworks_access::TotpSecret = secret.parse().unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "the hub compares with the time of the day"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let code = parsed.code_at(i64::try_from(now.as_micros()).unwrap());
    let body = json!({ "password": PASSWORD, "secret": secret, "code": code });
    let url = format!("{}/api/v1/session/totp", hub.url);
    let request = ureq::put(url).header("authorization", hub.bearer());
    assert_eq!(request.send_json(&body).unwrap().status().as_u16(), 204);
    secret.to_owned()
}

/// Returns the answers of every route that needs no more than its path.
fn answers(hub: &Hub) -> Vec<Output> {
    let schema: serde_json::Value = serde_json::from_slice(&ask(hub, "/api/schema")).unwrap();
    let paths = schema["paths"].as_object().unwrap();
    let is_asked = |path: &&String| {
        // Sockets and the stream of events do not end.
        let is_endless = path.starts_with("/ws") || path.ends_with("/stream");
        paths[*path]["get"].is_object() && !path.contains('{') && !is_endless
    };
    let asked = paths.keys().filter(is_asked);
    let mut answers: Vec<Output> = asked.map(|path| (path.clone(), ask(hub, path))).collect();
    assert!(25 < answers.len(), "{}", answers.len());
    let of_ids = answers_of_ids(hub, &paths.keys().collect::<Vec<_>>());
    assert!(5 <= of_ids.len(), "{}", of_ids.len());
    answers.extend(of_ids);
    answers
}

/// Returns the answers of every route of one thing, for all things that the list of its kind has.
fn answers_of_ids(hub: &Hub, paths: &[&String]) -> Vec<Output> {
    let mut answers = Vec::new();
    for path in paths {
        let Some((list, rest)) = path.split_once("/{id}") else {
            continue;
        };
        let found = serde_json::from_slice::<serde_json::Value>(&ask(hub, list));
        let items = found
            .ok()
            .and_then(|found| Some(found["items"].as_array()?.clone()));
        for item in items.unwrap_or_default() {
            let id = match &item["id"] {
                serde_json::Value::String(id) => id.clone(),
                id => id.to_string(),
            };
            let place = format!("{list}/{id}{rest}");
            answers.push((place.clone(), ask(hub, &place)));
        }
    }
    answers
}

fn ask(hub: &Hub, path: &str) -> Vec<u8> {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)));
    let agent: ureq::Agent = config.build().into();
    let request = agent.get(format!("{}{path}", hub.url));
    let answer = request.header("authorization", hub.bearer()).call();
    answer.unwrap().body_mut().read_to_vec().unwrap()
}

/// Makes a backup and waits for it.
fn back_up(hub: &Hub) {
    hub.create("backups", &json!(null)).unwrap();
    let made = wait_for("a backup", PATIENCE, || {
        let backups = hub.get("backups").ok()?.body;
        (!backups["items"].as_array()?.is_empty()).then_some(())
    });
    made.unwrap();
}

/// Returns every file below a directory.
fn files(directory: &Path) -> Vec<Output> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path.display().to_string(), bytes));
        }
    }
    found
}

/// Makes a support bundle beside the running hub and returns its parts.
fn bundle(hub: &Hub, directory: &Path) -> Vec<Output> {
    let path = directory.join("bundle.zip");
    let mut command = Command::new(BINARY);
    command
        .args(["support-bundle", "--url", &hub.url, "--data"])
        .arg(directory.join("data"))
        .arg("-o")
        .arg(&path)
        .current_dir(directory)
        .env("HEADWORKS__LOG__FILE", directory.join("hub.log"))
        .env("HEADWORKS_TOKEN", &hub.token);
    for (name, value) in secret_settings() {
        command.env(name, value);
    }
    check_ended(&command.output().unwrap(), 0);
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
    let mut parts = Vec::new();
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        parts.push((format!("bundle {}", part.name().unwrap()), bytes));
    }
    parts
}

/// Writes the plant as code.
fn export_plant(hub: &Hub, directory: &Path) {
    let mut command = Command::new(BINARY);
    command
        .args(["export", "plant", "--url", &hub.url])
        .env("HEADWORKS_TOKEN", &hub.token)
        .current_dir(directory);
    check_ended(&command.output().unwrap(), 0);
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn no_secret_is_anywhere_in_clear() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let hub = start(place);
    let canaries = plant(&hub);
    back_up(&hub);
    let mut outputs = answers(&hub);
    let bundled = bundle(&hub, place);
    for name in [
        "health.json",
        "stats.json",
        "log.txt",
        "settings.json",
        "audit.json",
    ] {
        let name = format!("bundle {name}");
        assert!(bundled.iter().any(|part| part.0 == name), "{name}");
    }
    outputs.extend(bundled);
    let data = place.join("data");
    let csv = headworks(&["audit", "export", "--data", data.to_str().unwrap()]);
    outputs.push(("audit.csv".to_owned(), csv.stdout));
    outputs.push(("stderr".to_owned(), hub.process.stderr().into_bytes()));
    export_plant(&hub, place);
    outputs.extend(files(place));
    assert!(
        outputs
            .iter()
            .any(|output| output.0.ends_with("plant/connections.toml"))
    );
    assert_eq!(hub.stop().unwrap(), Some(0));
    outputs.extend(files(place));
    for (secret, text) in &canaries {
        for (output, bytes) in &outputs {
            assert!(!holds(bytes, text), "the {secret} is in {output}");
        }
    }
    for end in ["/api/v1/users", "/api/v1/audit", "audit.csv", "access.db"] {
        let found = |output: &&Output| output.0.ends_with(end) && holds(&output.1, VISIBLE);
        assert!(outputs.iter().any(|output| found(&output)), "{end}");
    }
    let backed_up = |output: &&Output| output.0.contains("backups") && holds(&output.1, VISIBLE);
    assert!(outputs.iter().any(|output| backed_up(&output)), "backup");
}
