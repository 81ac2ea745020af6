//! Every request of the documentation is sent to a running hub as it stands there.

use serde_json::Value;

use crate::BINARY;
use crate::support::rest::{Answer, Hub};

const QUERIES: &str = include_str!("../../../../docs/operating/queries.md");
const API_PAGE: &str = include_str!("../../../../docs/API.md");
const API: &str = "/api/v1/";

/// A request that a page shows.
#[derive(Debug)]
struct Request {
    method: Option<String>,
    /// The path below `/api/v1/`.
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Value>,
    /// The status that the page says, when it is no success.
    status: Option<u16>,
}

/// Returns the commands of a page, each with its continued lines.
fn commands(page: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in page.lines() {
        let Some(line) = line.strip_prefix("    ") else {
            is_open = false;
            continue;
        };
        if line.starts_with("curl ") {
            commands.push(line.to_owned());
            is_open = true;
        } else if is_open {
            let command = commands.last_mut().unwrap();
            command.push('\n');
            command.push_str(line);
        }
    }
    commands
}

/// Takes a command apart as a shell does: spaces part words, single quotes keep them together.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for char in command.chars() {
        match char {
            '\'' => is_quoted = !is_quoted,
            '\\' if !is_quoted => {} // only before the end of a line
            char if char.is_whitespace() && !is_quoted => words.push(std::mem::take(&mut word)),
            char => word.push(char),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn request(command: &str) -> Request {
    let mut words = words(command).into_iter();
    let (mut path, mut headers) = (None, Vec::new());
    let (mut method, mut body, mut status) = (None, None, None);
    assert_eq!(words.next().as_deref(), Some("curl"));
    while let Some(word) = words.next() {
        match word.as_str() {
            "-s" => {}
            "-H" => {
                let header = words.next().unwrap();
                let (name, value) = header.split_once(": ").unwrap();
                headers.push((name.to_owned(), value.to_owned()));
            }
            "-X" => method = words.next(),
            "-d" => body = Some(serde_json::from_str(&words.next().unwrap()).unwrap()),
            "#" => status = words.next().map(|status| status.parse().unwrap()),
            url => {
                let (_, below) = url.split_once(API).unwrap_or_else(|| panic!("{url}"));
                assert!(path.replace(below.to_owned()).is_none(), "{command}");
            }
        }
    }
    let path = path.unwrap();
    Request {
        method,
        path,
        headers,
        body,
        status,
    }
}

/// Returns what a page names in code as `GET /api/v1/...` or `POST /api/v1/...`.
fn named(page: &'static str, method: &str) -> Vec<&'static str> {
    let spans = page.split('`').skip(1).step_by(2);
    let named = spans.filter_map(|span| span.strip_prefix(method)?.trim().strip_prefix(API));
    named.collect()
}

/// Sends a request as curl does.
fn send(hub: &Hub, request: &Request) -> Answer {
    let default = if request.body.is_some() {
        "POST"
    } else {
        "GET"
    };
    let method = request.method.as_deref().unwrap_or(default);
    let url = format!("{}{API}{}", hub.url, request.path);
    let mut wanted = ureq::http::Request::builder().method(method).uri(url);
    wanted = wanted.header("authorization", hub.bearer());
    for (name, value) in &request.headers {
        wanted = wanted.header(name, value);
    }
    let body = request.body.as_ref().map(Value::to_string);
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let answer = match body {
        Some(body) => agent.run(wanted.body(body).unwrap()),
        None => agent.run(wanted.body(()).unwrap()),
    };
    let mut answer = answer.unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    Answer {
        status: answer.status().as_u16(),
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
    }
}

fn demonstration(directory: &std::path::Path) -> Hub {
    Hub::start(BINARY.as_ref(), directory, &["--demo"]).unwrap()
}

#[test]
fn every_question_about_history_answers() {
    let directory = tempfile::tempdir().unwrap();
    let hub = demonstration(directory.path());
    let requests: Vec<Request> = commands(QUERIES).iter().map(|one| request(one)).collect();
    assert!(!requests.is_empty());
    for request in &requests {
        let answer = send(&hub, request);
        assert_eq!(answer.status, 200, "{request:?}: {}", answer.body);
        let found = [&answer.body["tags"], &answer.body["items"]];
        let is_full = |list: &&Value| list.as_array().is_some_and(|list| !list.is_empty());
        let is_deletion = answer.body["samples"].is_u64();
        assert!(is_deletion || found.iter().any(is_full), "{}", answer.body);
    }
    let posted = |path: &&str| {
        requests
            .iter()
            .any(|one| one.path == **path && one.body.is_some())
    };
    let missing: Vec<_> = named(QUERIES, "POST ")
        .into_iter()
        .filter(|path| !posted(path))
        .collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
    for path in named(QUERIES, "GET ") {
        let answer = hub.get(&path.replace("{id}", &a_tag(&hub))).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}

#[test]
fn every_request_of_the_page_about_the_api_does_what_it_says() {
    let directory = tempfile::tempdir().unwrap();
    let hub = demonstration(directory.path());
    hub.wait_for_good("demo/heating/boiler/supply_temperature", crate::PATIENCE)
        .unwrap();
    let tag = a_tag(&hub);
    let mut seen = 0;
    for command in commands(API_PAGE) {
        let mut request = request(&command);
        request.path = request.path.replace("ID", &tag);
        let password = |body: Value| {
            let text = body
                .to_string()
                .replace("PASSWORD", crate::support::rest::PASSWORD);
            serde_json::from_str(&text).unwrap()
        };
        request.body = request.body.map(password);
        let answer = send(&hub, &request);
        let is_right = match request.status {
            Some(status) => answer.status == status && answer.body["status"] == status,
            None => (200..300).contains(&answer.status),
        };
        assert!(is_right, "{command}: {} {}", answer.status, answer.body);
        seen += 1;
    }
    assert!(8 <= seen, "{seen}");
}

fn a_tag(hub: &Hub) -> String {
    let tags = hub.get("tags?limit=1").unwrap();
    tags.body["items"][0]["id"].as_str().unwrap().to_owned()
}
