//! The REST interface of a running hub.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::Process;
use super::wait_for;

/// A running hub and its address.
#[derive(Debug)]
pub(crate) struct Hub {
    /// The process.
    pub(crate) process: Process,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    /// Access token of the owner.
    pub(crate) token: String,
    agent: ureq::Agent,
}

/// An answer: status and body; the body is null when it is no JSON.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Value,
}

/// Password of the owner of every hub.
pub(crate) const PASSWORD: &str = "kettle-drum 7 ferry";
/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// Time for a start on a busy machine.
const START_PATIENCE: Duration = Duration::from_secs(20);

impl Hub {
    /// Starts `headworks run` on a free port with a data directory and more arguments.
    pub(crate) fn start(binary: &Path, data: &Path, arguments: &[&str]) -> Result<Hub, String> {
        let mut command = Command::new(binary);
        command
            .args(["run", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments);
        // A `headworks.toml` of the working directory is none of ours.
        command.current_dir(data.parent().unwrap_or(data));
        // Measurements ask as fast as they can.
        command.env("HEADWORKS__SERVER__REQUESTS_PER_SECOND", "0");
        command.env("HEADWORKS__SERVER__CONNECTIONS_PER_ADDRESS", "16384");
        Hub::of(command)
    }

    /// Starts a hub on a data directory with accounts and signs nobody in.
    pub(crate) fn without_token(binary: &Path, data: &Path) -> Result<Hub, String> {
        let mut command = Command::new(binary);
        command
            .args(["run", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .current_dir(data.parent().unwrap_or(data));
        Hub::signed_out(command)
    }

    /// Starts a command that runs a hub.
    pub(crate) fn of(command: Command) -> Result<Hub, String> {
        let mut hub = Hub::signed_out(command)?;
        hub.token = hub.sign_in()?;
        Ok(hub)
    }

    fn signed_out(command: Command) -> Result<Hub, String> {
        let mut process = Process::start(command)?;
        let url = process.wait_for_word("http://", START_PATIENCE)?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Ok(Hub {
            process,
            url: url.trim_end_matches('/').to_owned(),
            token: String::new(),
            agent: config.into(),
        })
    }

    /// Makes the owner at the first start, signs them in at every other; returns the token.
    fn sign_in(&self) -> Result<String, String> {
        let stdout = self.process.stdout();
        let line = stdout
            .lines()
            .find_map(|line| line.trim().strip_prefix("set-up token"));
        let answer = match line {
            Some(token) => {
                let token = token.split_whitespace().next();
                let body = json!({ "token": token, "name": "owner", "password": PASSWORD });
                self.post("setup", &body)?
            }
            None => self.post("session", &Hub::credentials())?,
        };
        Hub::token_of(&answer)
    }

    /// Signs the owner in once more: others may have signed in so often that the first session
    /// is closed.
    pub(crate) fn sign_in_again(&mut self) -> Result<(), String> {
        self.token = Hub::token_of(&self.post("session", &Hub::credentials())?)?;
        Ok(())
    }

    fn token_of(answer: &Answer) -> Result<String, String> {
        let token = answer.body["access_token"].as_str();
        token
            .map(str::to_owned)
            .ok_or_else(|| format!("signing in: {answer:?}"))
    }

    /// Reads a resource below `/api/v1/`.
    pub(crate) fn get(&self, path: &str) -> Result<Answer, String> {
        let request = self.agent.get(self.api(path));
        Answer::read(request.header("authorization", self.bearer()).call())
    }

    /// Posts a body to a resource below `/api/v1/`.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        let request = self.agent.post(self.api(path));
        Answer::read(
            request
                .header("authorization", self.bearer())
                .send_json(body),
        )
    }

    /// Posts a body; an error unless it is accepted.
    pub(crate) fn create(&self, path: &str, body: &Value) -> Result<Value, String> {
        let answer = self.post(path, body)?;
        match answer.status {
            200..300 => Ok(answer.body),
            status => Err(format!("POST {path}: {status} {}", answer.body)),
        }
    }

    /// Returns the id of a new object.
    pub(crate) fn create_id(&self, path: &str, body: &Value) -> Result<String, String> {
        let created = self.create(path, body)?;
        let id = created["id"]
            .as_str()
            .ok_or_else(|| format!("no id in {created}"))?;
        Ok(id.to_owned())
    }

    /// Makes many tags in one transaction.
    pub(crate) fn create_tags(&self, tags: &[Value]) -> Result<Value, String> {
        self.create("tags", &json!({ "items": tags }))
    }

    /// Returns the values whose paths match, as `[{path, value, quality, time_us}]`.
    pub(crate) fn values(&self, pattern: &str) -> Result<Vec<Value>, String> {
        let answer = self.get(&format!("values?pattern={pattern}"))?;
        match answer.body["items"].as_array() {
            Some(items) => Ok(items.clone()),
            None => Err(format!("values: {} {}", answer.status, answer.body)),
        }
    }

    /// Waits until a tag has a good value and returns its item of `values`.
    pub(crate) fn wait_for_good(&self, path: &str, patience: Duration) -> Result<Value, String> {
        wait_for(&format!("a good value of {path}"), patience, || {
            let values = self.values(path).ok()?;
            values
                .into_iter()
                .find(|item| item["quality"] == 0 && !item["value"].is_null())
        })
    }

    /// Asks it to stop and waits; returns the exit code.
    pub(crate) fn stop(mut self) -> Result<Option<i32>, String> {
        self.process.signal("TERM")?;
        Ok(self.process.wait(Duration::from_secs(10))?.code())
    }

    /// Makes the token of a wall screen and returns the address that opens it.
    pub(crate) fn wall_screen(&self) -> Result<String, String> {
        let new = json!({ "name": "wall", "kind": "kiosk", "role": "viewer" });
        let made = self.create("tokens", &new)?;
        let secret = made["secret"].as_str();
        let secret = secret.ok_or_else(|| format!("no secret in {made}"))?;
        Ok(format!("{}/#kiosk={secret}", self.url))
    }

    /// Returns the body of a sign-in of the owner.
    pub(crate) fn credentials() -> Value {
        json!({ "name": "owner", "password": PASSWORD })
    }

    /// Returns the value of the header that says who asks.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn api(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.url)
    }
}

impl Answer {
    fn read(
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, String> {
        let mut answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let body = answer
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec();
        let body = body.map_err(|error| error.to_string())?;
        Ok(Answer {
            status,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }
}
