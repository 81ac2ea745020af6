//! A PostgreSQL server of the test's own, in a temporary directory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use headworks_store::DatabaseUrl;
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// PostgreSQL on a Unix socket; ends with its owner.
pub(crate) struct Server {
    directory: TempDir,
    bin: PathBuf,
    child: Option<Child>,
}

impl Server {
    /// Makes a cluster and starts it.
    pub(crate) fn start() -> Server {
        let directory = tempfile::tempdir().unwrap();
        let bin = programs();
        give_away(directory.path());
        let init = as_user(&bin.join("initdb"))
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=hub",
                "--encoding=UTF8",
            ])
            .args(["--locale=C", "--pgdata"])
            .arg(directory.path().join("data"))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(init.success(), "initdb: {init}");
        let mut server = Server {
            directory,
            bin,
            child: None,
        };
        server.run();
        server
    }

    /// Starts the server of the cluster, again when it was killed.
    pub(crate) fn run(&mut self) {
        let log = std::fs::File::create(self.directory.path().join("server.log")).unwrap();
        let child = as_user(&self.bin.join("postgres"))
            .arg("-D")
            .arg(self.directory.path().join("data"))
            .args(["-c", "listen_addresses="])
            .arg("-c")
            .arg(format!(
                "unix_socket_directories={}",
                self.directory.path().display()
            ))
            .args(["-c", "max_wal_size=2GB", "-c", "shared_buffers=64MB"])
            .args(self.preload())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let start = Instant::now();
        while !self.try_sql("postgres", "SELECT 1") {
            if start.elapsed() > Duration::from_secs(30) {
                let log = std::fs::read_to_string(self.directory.path().join("server.log"));
                panic!("no server within 30 s: {log:?}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// TimescaleDB works only in a server that has loaded it at its start.
    fn preload(&self) -> &'static [&'static str] {
        match self.has_timescale() {
            true => &["-c", "shared_preload_libraries=timescaledb"],
            false => &[],
        }
    }

    /// Whether TimescaleDB is installed beside the server.
    pub(crate) fn has_timescale(&self) -> bool {
        let shared = Command::new(self.bin.join("pg_config"))
            .arg("--sharedir")
            .output();
        let shared = shared.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let directories = [
            shared.map(|text| PathBuf::from(text.trim())).ok(),
            // without the development package there is no pg_config; Debian's place then
            self.bin.parent().and_then(debian_share),
        ];
        directories
            .into_iter()
            .flatten()
            .any(|share| share.join("extension/timescaledb.control").exists())
    }

    /// Ends all processes of the server at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let backends = std::fs::read_to_string(children).unwrap_or_default();
        child.kill().unwrap();
        for backend in backends.split_whitespace() {
            // A backend may end by itself before.
            drop(Command::new("kill").args(["-9", backend]).output());
        }
        child.wait().unwrap();
        std::thread::sleep(Duration::from_millis(200));
        // The dead server's file would keep the next one from starting on its socket.
        drop(std::fs::remove_file(
            self.directory.path().join("data/postmaster.pid"),
        ));
    }

    /// Makes an empty database.
    pub(crate) fn database(&self, name: &str) -> DatabaseUrl {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        DatabaseUrl::parse(&self.url("hub", name)).unwrap()
    }

    /// Returns the URL of a database.
    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        let host = self.directory.path().display().to_string();
        format!("postgres://{user}@{}/{database}", host.replace('/', "%2F"))
    }

    /// Returns the directory of the cluster's files.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Runs statements.
    pub(crate) fn sql(&self, database: &str, sql: &str) {
        self.query(database, sql).unwrap();
    }

    /// Runs one statement and returns its first column.
    pub(crate) fn column(&self, database: &str, sql: &str) -> Vec<String> {
        self.query(database, sql).unwrap()
    }

    /// As [`Server::column`]; nothing while the server is away or has no such table.
    pub(crate) fn column_if_any(&self, database: &str, sql: &str) -> Vec<String> {
        self.query(database, sql).unwrap_or_default()
    }

    fn try_sql(&self, database: &str, sql: &str) -> bool {
        self.query(database, sql).is_ok()
    }

    fn query(&self, database: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
        // in a thread of its own, so that tests with a runtime can ask too
        std::thread::scope(|scope| scope.spawn(|| self.ask(database, sql)).join().unwrap())
    }

    fn ask(&self, database: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let url = self.url("hub", database);
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
            tokio::spawn(connection);
            let messages = client.simple_query(sql).await?;
            let rows = messages.iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => {
                    Some(row.get(0).unwrap_or("null").to_owned())
                }
                _ => None,
            });
            Ok(rows.collect())
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Finds the server's programs, which Debian keeps off the path.
fn programs() -> PathBuf {
    let entries = std::fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is not installed; `cargo xtask setup` installs it");
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("no PostgreSQL server is installed")
}

/// `/usr/share/postgresql/15` of `/usr/lib/postgresql/15`.
fn debian_share(library: &Path) -> Option<PathBuf> {
    Some(Path::new("/usr/share/postgresql").join(library.file_name()?))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// PostgreSQL refuses to run as root: then it runs as its own user, who gets the directory.
fn give_away(directory: &Path) {
    if is_root() {
        let chown = Command::new("chown")
            .arg("postgres")
            .arg(directory)
            .status();
        assert!(chown.unwrap().success(), "there is no user postgres");
    }
}

fn as_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    command.arg("--pdeathsig=QUIT").arg(program);
    command
}
