//! VictoriaMetrics and InfluxDB 1: both take the line protocol over HTTP.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use headworks_core::{TagIndex, Update, Value};
use headworks_store::TimeRange;
use tempfile::TempDir;

use super::{Outcome, Peer, Server, bytes_below, free_port, wait_for};

/// VictoriaMetrics. It has no quality; a second series for it would halve its rate.
pub(crate) struct Victoria(Http);

/// InfluxDB 1.x with the quality as a field.
pub(crate) struct Influx(Http);

/// A program that is asked over HTTP.
struct Http {
    agent: ureq::Agent,
    address: String,
    body: String,
    directory: TempDir,
    _server: Server,
}

impl Http {
    fn start(name: &str, command: impl FnOnce(&TempDir, u16) -> Outcome<Command>) -> Outcome<Http> {
        let directory = tempfile::tempdir()?;
        let port = free_port()?;
        let mut command = command(&directory, port)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{name} does not start: {error}; is it installed?"))?;
        Ok(Http {
            agent: ureq::Agent::new_with_defaults(),
            address: format!("http://127.0.0.1:{port}"),
            body: String::new(),
            directory,
            _server: Server(child),
        })
    }

    fn post(&self, path: &str, content_type: &str, body: &str) -> Outcome<String> {
        let request = self.agent.post(format!("{}{path}", self.address));
        let mut answer = request.header("Content-Type", content_type).send(body)?;
        let limit = 1 << 30;
        Ok(answer
            .body_mut()
            .with_config()
            .limit(limit)
            .read_to_string()?)
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Outcome<String> {
        let request = self.agent.post(format!("{}{path}", self.address));
        let mut answer = request.send_form(fields.iter().copied())?;
        let limit = 1 << 30;
        Ok(answer
            .body_mut()
            .with_config()
            .limit(limit)
            .read_to_string()?)
    }

    /// Sends the samples that have a number as lines `t,tag=3 v=4.5 1767225600000`.
    fn write(&mut self, path: &str, batch: &[Update], with_quality: bool) -> Outcome<()> {
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        for update in batch {
            let Some(number) = number(update) else {
                continue;
            };
            write!(body, "t,tag={} v={number}", update.tag.0)?;
            if with_quality {
                write!(body, ",q={}i", update.sample.quality.code())?;
            }
            writeln!(body, " {}", update.sample.time_us / 1_000)?;
        }
        self.post(path, "text/plain", &body)?;
        self.body = body;
        Ok(())
    }
}

fn number(update: &Update) -> Option<f64> {
    match update.sample.value.as_ref()? {
        Value::F64(number) => Some(*number),
        #[expect(clippy::cast_precision_loss, reason = "peers keep floats")]
        Value::I64(number) => Some(*number as f64),
        Value::Bool(state) => Some(f64::from(u8::from(*state))),
        _ => None,
    }
}

impl Victoria {
    pub(crate) fn start() -> Outcome<Victoria> {
        let http = Http::start("victoria-metrics", |directory, port| {
            let mut command = Command::new("victoria-metrics");
            command.arg(format!("-storageDataPath={}", directory.path().display()));
            command.arg(format!("-httpListenAddr=127.0.0.1:{port}"));
            command.args([
                "-retentionPeriod=100y",
                "-search.maxUniqueTimeseries=100000",
            ]);
            Ok(command)
        })?;
        let health = format!("{}/health", http.address);
        wait_for("victoria-metrics", || http.agent.get(&health).call().ok())?;
        Ok(Victoria(http))
    }
}

impl Peer for Victoria {
    fn append(&mut self, batch: &[Update]) -> Outcome<()> {
        self.0.write("/write?precision=ms", batch, false)
    }

    fn finish(&mut self) -> Outcome<()> {
        let flush = format!("{}/internal/force_flush", self.0.address);
        self.0.agent.get(&flush).call()?;
        Ok(())
    }

    fn read(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64> {
        let series = format!("t_v{{tag=\"{}\"}}", tag.0);
        let (start, end) = (seconds(range.start_us), seconds(range.end_us - 1_000));
        let fields = [("match[]", &*series), ("start", &start), ("end", &end)];
        let answer = self.0.form("/api/v1/export", &fields)?;
        let mut count = 0;
        for line in answer.lines() {
            let line: serde_json::Value = serde_json::from_str(line)?;
            count += line["values"].as_array().map_or(0, Vec::len) as u64;
        }
        Ok(count)
    }

    fn hours(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64> {
        let mut count = 0;
        for function in ["min", "max", "avg"] {
            let query = format!("{function}_over_time(t_v{{tag=\"{}\"}}[1h])", tag.0);
            let (start, end) = (
                seconds(range.start_us + 3_600_000_000),
                seconds(range.end_us),
            );
            let fields = [
                ("query", &*query),
                ("start", &start),
                ("end", &end),
                ("step", "1h"),
                ("nocache", "1"),
            ];
            let answer = self.0.form("/api/v1/query_range", &fields)?;
            let answer: serde_json::Value = serde_json::from_str(&answer)?;
            let values = &answer["data"]["result"][0]["values"];
            count = values.as_array().map_or(0, Vec::len) as u64;
        }
        Ok(count)
    }

    fn bytes(&mut self) -> Outcome<u64> {
        bytes_below(self.0.directory.path())
    }
}

impl Influx {
    pub(crate) fn start() -> Outcome<Influx> {
        let http = Http::start("influxd", |directory, port| {
            let file = directory.path().join("influxdb.conf");
            std::fs::write(&file, configuration(directory, port, free_port()?))?;
            let mut command = Command::new("influxd");
            command.arg("-config").arg(file);
            Ok(command)
        })?;
        let ping = format!("{}/ping", http.address);
        wait_for("influxd", || http.agent.get(&ping).call().ok())?;
        let create = "CREATE DATABASE b WITH DURATION INF SHARD DURATION 1d NAME r";
        http.form("/query", &[("q", create)])?;
        Ok(Influx(http))
    }

    fn query(&self, query: &str) -> Outcome<serde_json::Value> {
        let fields = [("db", "b"), ("epoch", "ms"), ("q", query)];
        Ok(serde_json::from_str(&self.0.form("/query", &fields)?)?)
    }
}

/// Everything below one directory, nothing sent to anybody.
fn configuration(directory: &TempDir, port: u16, rpc_port: u16) -> String {
    let path = directory.path().display();
    format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:{rpc_port}\"\n\
         [meta]\ndir = \"{path}/meta\"\n\
         [data]\ndir = \"{path}/data\"\nwal-dir = \"{path}/wal\"\nindex-version = \"tsi1\"\n\
         [http]\nbind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\n\
         max-body-size = 0\n[monitor]\nstore-enabled = false\n"
    )
}

impl Peer for Influx {
    fn append(&mut self, batch: &[Update]) -> Outcome<()> {
        self.0.write("/write?db=b&precision=ms", batch, true)
    }

    fn finish(&mut self) -> Outcome<()> {
        Ok(())
    }

    fn read(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64> {
        let query = format!("SELECT v,q FROM t WHERE {}", condition(tag, range));
        let answer = self.query(&query)?;
        let rows = &answer["results"][0]["series"][0]["values"];
        Ok(rows.as_array().map_or(0, Vec::len) as u64)
    }

    fn hours(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64> {
        let query = format!(
            "SELECT min(v),max(v),mean(v) FROM t WHERE {} GROUP BY time(1h) fill(none)",
            condition(tag, range)
        );
        let answer = self.query(&query)?;
        let rows = &answer["results"][0]["series"][0]["values"];
        Ok(rows.as_array().map_or(0, Vec::len) as u64)
    }

    fn bytes(&mut self) -> Outcome<u64> {
        bytes_below(self.0.directory.path())
    }
}

fn condition(tag: TagIndex, range: TimeRange) -> String {
    let (start, end) = (range.start_us / 1_000, range.end_us / 1_000);
    format!("\"tag\"='{}' AND time>={start}ms AND time<{end}ms", tag.0)
}

fn seconds(time_us: i64) -> String {
    format!("{}.{:03}", time_us / 1_000_000, time_us / 1_000 % 1_000)
}
