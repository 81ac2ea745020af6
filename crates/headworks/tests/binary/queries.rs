//! Every request of `docs/operating/queries.md` is sent to a running hub as it stands there.

use serde_json::Value;

use crate::BINARY;
use crate::support::rest::Hub;

const PAGE: &str = include_str!("../../../../docs/operating/queries.md");
const API: &str = "/api/v1/";

/// A request that the page shows: a path below `/api/v1/`, and a body when it is posted.
#[derive(Debug)]
struct Request {
    path: String,
    body: Option<Value>,
}

/// Returns the commands of the page, each with its continued lines.
fn commands() -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in PAGE.lines() {
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
    let (mut path, mut body) = (None, None);
    assert_eq!(words.next().as_deref(), Some("curl"));
    while let Some(word) = words.next() {
        match word.as_str() {
            "-s" => {}
            "-H" => {
                let header = words.next().unwrap();
                assert_eq!(header, "Content-Type: application/json", "{command}");
            }
            "-d" => body = Some(serde_json::from_str(&words.next().unwrap()).unwrap()),
            url => {
                let (_, below) = url.split_once(API).unwrap_or_else(|| panic!("{url}"));
                assert!(path.replace(below.to_owned()).is_none(), "{command}");
            }
        }
    }
    Request {
        path: path.unwrap(),
        body,
    }
}

/// Returns what the page names in code as `GET /api/v1/...` or `POST /api/v1/...`.
fn named(method: &str) -> Vec<&'static str> {
    let spans = PAGE.split('`').skip(1).step_by(2);
    let named = spans.filter_map(|span| span.strip_prefix(method)?.trim().strip_prefix(API));
    named.collect()
}

#[test]
fn every_request_of_the_page_answers() {
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::start(BINARY.as_ref(), directory.path(), &["--demo"]).unwrap();
    let requests: Vec<Request> = commands().iter().map(|one| request(one)).collect();
    assert!(!requests.is_empty());
    for Request { path, body } in &requests {
        let answer = match body {
            Some(body) => hub.post(path, body),
            None => hub.get(path),
        };
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
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
    let missing: Vec<_> = named("POST ")
        .into_iter()
        .filter(|path| !posted(path))
        .collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
    for path in named("GET ") {
        let answer = hub.get(&path.replace("{id}", &a_tag(&hub))).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}

fn a_tag(hub: &Hub) -> String {
    let tags = hub.get("tags?limit=1").unwrap();
    tags.body["items"][0]["id"].as_str().unwrap().to_owned()
}
