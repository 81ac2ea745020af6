//! History of a running hub, over its API.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use headworks_exchange::{ExportOptions, ImportOptions, Progress};
use serde::Serialize;
use serde_json::Value as Json;
use ureq::http::header::AUTHORIZATION;
use ureq::http::{HeaderValue, Request, Response};
use ureq::middleware::MiddlewareNext;
use ureq::{Body, SendBody};

use super::{ExportArguments, ImportArguments, Ticker, print_report, wrong};

/// Time between two looks at a job.
const LOOK: Duration = Duration::from_millis(200);

/// Asks a hub for something below `/api/v1/`.
pub(crate) fn fetch(url: &str, token: Option<&str>, path: &str) -> anyhow::Result<Json> {
    let place = format!("{}/{path}", api(url)?);
    let mut answer = accepted(agent(token)?.get(place).call(), url)?;
    Ok(answer.body_mut().read_json()?)
}

/// Writes the file as it is sent.
pub(super) fn export(
    url: &str,
    arguments: &ExportArguments,
    options: &ExportOptions,
) -> anyhow::Result<()> {
    let place = format!("{}/history/export?{}", api(url)?, query(options)?);
    let agent = agent(arguments.place.token.read()?.as_deref())?;
    let mut answer = accepted(agent.get(place).call(), url)?;
    let mut part = arguments.output.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let copied = copy(answer.body_mut().as_reader(), &part);
    if let Err(error) = copied {
        drop(std::fs::remove_file(&part));
        return Err(error).context("the hub broke the export off; its log says why");
    }
    std::fs::rename(&part, &arguments.output)?;
    println!("{}: {} bytes", arguments.output.display(), copied?);
    Ok(())
}

pub(crate) fn copy(mut body: impl Read, path: &Path) -> io::Result<u64> {
    let mut file = File::create(path)?;
    let bytes = io::copy(&mut body, &mut file)?;
    file.flush()?;
    file.sync_all()?;
    Ok(bytes)
}

/// Sends the file and waits for the job.
pub(super) fn import(
    url: &str,
    arguments: &ImportArguments,
    options: &ImportOptions,
) -> anyhow::Result<()> {
    let api = api(url)?;
    let agent = agent(arguments.place.token.read()?.as_deref())?;
    let file = File::open(&arguments.file);
    let file = file.with_context(|| format!("{} cannot be read", arguments.file.display()))?;
    let query = query(options)?;
    if arguments.preview {
        let request = agent.post(format!("{api}/imports/preview?{query}"));
        let report: Json = accepted(request.send(file), url)?.body_mut().read_json()?;
        print_report(&report);
        return Ok(());
    }
    let request = agent.post(format!("{api}/imports?{query}"));
    let job: Json = accepted(request.send(file), url)?.body_mut().read_json()?;
    let id = job["id"].as_str().unwrap_or_default().to_owned();
    let job = wait(&agent, &api, &id, url)?;
    if let (Some(path), Some(_)) = (&arguments.errors, job["result"]["errors"].as_str()) {
        let place = format!("{api}/imports/{id}/errors");
        let mut answer = accepted(agent.get(place).call(), url)?;
        copy(answer.body_mut().as_reader(), path)?;
    }
    print_report(&job["result"]["report"]);
    Ok(())
}

/// Waits until a job has ended and returns it.
fn wait(agent: &ureq::Agent, api: &str, id: &str, url: &str) -> anyhow::Result<Json> {
    let mut ticker = Ticker::new();
    loop {
        let place = format!("{api}/jobs/{id}");
        let job: Json = accepted(agent.get(place).call(), url)?
            .body_mut()
            .read_json()?;
        match job["state"].as_str() {
            Some("done") => return Ok(job),
            Some("failed") => bail!("{}", job["error"].as_str().unwrap_or("the import failed")),
            Some("cancelled") => bail!("the import was cancelled"),
            _ => {}
        }
        ticker.tell(&Progress {
            rows: job["detail"]["rows"].as_u64().unwrap_or(0),
            bytes: job["detail"]["bytes"].as_u64().unwrap_or(0),
            share: job["progress"].as_f64().unwrap_or(0.0),
        });
        thread::sleep(LOOK);
    }
}

/// Returns a client that sends the token, where there is one.
pub(crate) fn agent(token: Option<&str>) -> anyhow::Result<ureq::Agent> {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(10)));
    if let Some(token) = token {
        let header = HeaderValue::from_str(&format!("Bearer {token}"));
        let header = header.map_err(|_| wrong("the token holds characters that no token has"))?;
        let send = move |mut request: Request<SendBody<'_>>, next: MiddlewareNext<'_>| {
            request.headers_mut().insert(AUTHORIZATION, header.clone());
            next.handle(request)
        };
        config = config.middleware(send);
    }
    Ok(config.build().into())
}

pub(crate) fn api(url: &str) -> anyhow::Result<String> {
    if !url.starts_with("http://") {
        return Err(wrong(format!("--url {url}: http://HOST:PORT is needed")));
    }
    Ok(format!("{}/api/v1", url.trim_end_matches('/')))
}

/// Writes options as a query; what is absent stays away.
fn query(options: &impl Serialize) -> anyhow::Result<String> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Json::Object(options) = serde_json::to_value(options)? {
        for (name, value) in options {
            match value {
                Json::Null => {}
                Json::String(text) => drop(query.append_pair(&name, &text)),
                other => drop(query.append_pair(&name, &other.to_string())),
            }
        }
    }
    Ok(query.finish())
}

/// Returns an answer of success; a problem becomes an error with its detail.
fn accepted(
    answer: Result<Response<Body>, ureq::Error>,
    url: &str,
) -> anyhow::Result<Response<Body>> {
    let mut answer = answer.with_context(|| format!("no hub answers at {url}"))?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(refusal(&mut answer))
}

/// Returns the error of an answer that is no success, with every field that it names.
pub(crate) fn refusal(answer: &mut Response<Body>) -> anyhow::Error {
    let status = answer.status();
    let problem: Json = answer.body_mut().read_json().unwrap_or_default();
    match (problem["detail"].as_str(), status.as_u16()) {
        (Some(detail), 400 | 422) => wrong(with_fields(detail, &problem)),
        (Some(_), 401) => wrong(
            "the hub wants to know who asks: make a token on its page Tokens and give it in \
             HEADWORKS_TOKEN or in a file with --token-file",
        ),
        (Some(detail), _) => anyhow::anyhow!("{detail}"),
        (None, _) => anyhow::anyhow!("the hub answered {status}"),
    }
}

/// Returns what is wrong, with a line for each of several fields.
fn with_fields(detail: &str, problem: &Json) -> String {
    let mut text = detail.to_owned();
    let fields = problem["errors"]
        .as_array()
        .map_or(&[][..], |fields| fields);
    for field in fields.iter().filter(|_| 1 < fields.len()) {
        let part = |name: &str| field[name].as_str().unwrap_or_default();
        text += &format!("\n  {}: {}", part("pointer"), part("detail"));
    }
    text
}
