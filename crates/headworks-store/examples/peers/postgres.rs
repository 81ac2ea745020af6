//! PostgreSQL: a table with day partitions, filled by binary COPY.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::SinkExt;
use headworks_core::{TagIndex, Update, Value};
use headworks_store::TimeRange;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use super::{Outcome, Peer, Server, free_port, wait_for};

/// Microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_US: i64 = 946_684_800_000_000;

const TABLES: &str = "
    SET synchronous_commit = off;
    SET jit = off;
    CREATE TABLE p (tag int4 NOT NULL, ts timestamptz NOT NULL, v float8, q int4,
        PRIMARY KEY (tag, ts)) PARTITION BY RANGE (ts);
    DO $$ DECLARE d date := '2025-12-31'; BEGIN WHILE d < '2026-02-02' LOOP
        EXECUTE format('CREATE TABLE p_%s PARTITION OF p FOR VALUES FROM (%L) TO (%L)',
            to_char(d, 'YYYYMMDD'), d, d + 1);
        d := d + 1;
    END LOOP; END $$;";

/// PostgreSQL in a directory of its own, with its default settings but a larger log, which loads
/// faster.
pub(crate) struct Postgres {
    runtime: tokio::runtime::Runtime,
    client: Client,
    buffer: Vec<u8>,
    _server: Server,
    _directory: TempDir,
}

impl Postgres {
    pub(crate) fn start() -> Outcome<Postgres> {
        let directory = tempfile::tempdir()?;
        let data = directory.path().join("data");
        let bin = programs()?;
        let owner = owner(directory.path())?;
        let init = as_user(owner.as_deref(), &bin.join("initdb"))
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
            ])
            .arg("--pgdata")
            .arg(&data)
            .stdout(Stdio::null())
            .status()?;
        if !init.success() {
            return Err(format!("initdb: {init}").into());
        }
        let port = free_port()?;
        let child = as_user(owner.as_deref(), &bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "max_wal_size=4GB"])
            .stderr(Stdio::null())
            .spawn()?;
        let server = Server(child);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let url = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres");
        let (client, connection) = wait_for("postgres", || {
            runtime.block_on(tokio_postgres::connect(&url, NoTls)).ok()
        })?;
        runtime.spawn(connection);
        runtime.block_on(client.batch_execute(TABLES))?;
        Ok(Postgres {
            runtime,
            client,
            buffer: Vec::new(),
            _server: server,
            _directory: directory,
        })
    }
}

/// Finds the server's programs, which Debian keeps off the path.
fn programs() -> Outcome<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map_err(|error| format!("/usr/lib/postgresql: {error}; is PostgreSQL installed?"))?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found
        .pop()
        .ok_or_else(|| "no PostgreSQL server is installed".into())
}

/// PostgreSQL refuses to run as root: then it runs as its own user, who gets the directory.
fn owner(directory: &Path) -> Outcome<Option<String>> {
    let id = Command::new("id").arg("-u").output()?;
    if id.stdout.trim_ascii() != b"0" {
        return Ok(None);
    }
    let chown = Command::new("chown")
        .arg("postgres")
        .arg(directory)
        .status()?;
    match chown.success() {
        true => Ok(Some("postgres".to_owned())),
        false => Err("there is no user postgres".into()),
    }
}

fn as_user(user: Option<&str>, program: &Path) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={user}"));
            command.args(["--regid=postgres", "--clear-groups", "--pdeathsig=QUIT"]);
            command.arg(program);
            command
        }
    }
}

impl Peer for Postgres {
    fn append(&mut self, batch: &[Update]) -> Outcome<()> {
        encode(batch, &mut self.buffer);
        let bytes = Bytes::copy_from_slice(&self.buffer);
        self.runtime.block_on(async {
            let copy = "COPY p (tag, ts, v, q) FROM STDIN (FORMAT binary)";
            let sink = self.client.copy_in(copy).await?;
            let mut sink = std::pin::pin!(sink);
            sink.send(bytes).await?;
            sink.finish().await?;
            Ok(())
        })
    }

    fn finish(&mut self) -> Outcome<()> {
        let end = self.client.batch_execute("ANALYZE p; CHECKPOINT");
        Ok(self.runtime.block_on(end)?)
    }

    fn read(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64> {
        let query = "SELECT ts, v, q FROM p WHERE tag = $1 AND $2 <= ts AND ts < $3 \
            AND v IS NOT NULL ORDER BY ts";
        let tag = tag.0.cast_signed();
        let (start, end) = (time(range.start_us), time(range.end_us));
        let rows = self
            .runtime
            .block_on(self.client.query(query, &[&tag, &start, &end]))?;
        Ok(rows.len() as u64)
    }

    fn hours(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64> {
        let query = "SELECT date_bin('1 hour', ts, '2000-01-01') AS hour, min(v), max(v), avg(v) \
            FROM p WHERE tag = $1 AND $2 <= ts AND ts < $3 GROUP BY hour ORDER BY hour";
        let tag = tag.0.cast_signed();
        let (start, end) = (time(range.start_us), time(range.end_us));
        let rows = self
            .runtime
            .block_on(self.client.query(query, &[&tag, &start, &end]))?;
        Ok(rows.len() as u64)
    }

    fn bytes(&mut self) -> Outcome<u64> {
        let query = "SELECT sum(pg_total_relation_size(inhrelid))::int8 FROM pg_inherits \
            WHERE inhparent = 'p'::regclass";
        let row = self.runtime.block_on(self.client.query_one(query, &[]))?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }
}

fn time(time_us: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(time_us.unsigned_abs())
}

/// Writes rows in the binary format of COPY.
fn encode(batch: &[Update], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for update in batch {
        let sample = &update.sample;
        out.extend_from_slice(&4_i16.to_be_bytes());
        field(&update.tag.0.to_be_bytes(), out);
        field(&(sample.time_us - EPOCH_US).to_be_bytes(), out);
        match number(sample.value.as_ref()) {
            Some(number) => field(&number.to_be_bytes(), out),
            None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
        field(&sample.quality.code().to_be_bytes(), out);
    }
    out.extend_from_slice(&(-1_i16).to_be_bytes());
}

fn field(bytes: &[u8], out: &mut Vec<u8>) {
    let length = i32::try_from(bytes.len()).expect("fields have 4 or 8 bytes");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::F64(number) => Some(*number),
        #[expect(clippy::cast_precision_loss, reason = "one column takes all numbers")]
        Value::I64(number) => Some(*number as f64),
        Value::Bool(state) => Some(f64::from(u8::from(*state))),
        _ => None,
    }
}
