//! Foreign programs that are started for a test and end with it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::PATIENCE;

/// A running program; killed when it is dropped.
pub(crate) struct Peer {
    child: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Peer {
    pub(crate) fn spawn(command: &mut Command) -> Peer {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Peer { child }
    }

    /// Waits until `ready` is true; panics when the program ends before.
    pub(crate) async fn wait_until(&mut self, mut ready: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !ready() {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the peer has ended with {status}");
            }
            assert!(begin.elapsed() < PATIENCE, "the peer does not get ready");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn wait_for_port(&mut self, port: u16) {
        self.wait_until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())
            .await;
    }
}

/// Returns a port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Returns the Python that has pymodbus.
pub(crate) fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os("HEADWORKS_VENV").map_or_else(|| root.join(".venv"), PathBuf::from);
    let python = venv.join("bin/python");
    assert!(
        python.exists(),
        "{} is missing; run `cargo xtask setup`, or set HEADWORKS_VENV to a virtual environment \
         that has pymodbus",
        python.display()
    );
    python
}

/// Starts `pymodbus_server.py` with the arguments of one way to reach it.
pub(crate) fn pymodbus(arguments: &[&str]) -> Peer {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/modbus/pymodbus_server.py");
    Peer::spawn(Command::new(python()).arg(script).args(arguments))
}

/// Two ends of a serial line.
pub(crate) struct SerialLine {
    pub(crate) ours: String,
    pub(crate) theirs: String,
    _socat: Peer,
    _directory: TempDir,
}

/// Makes a pair of pseudo terminals with socat.
pub(crate) async fn serial_line() -> SerialLine {
    let directory = tempfile::tempdir().unwrap();
    let end = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (ours, theirs) = (end("ours"), end("theirs"));
    let mut command = Command::new("socat");
    for end in [&ours, &theirs] {
        command.arg(format!("pty,raw,echo=0,link={end}"));
    }
    let mut socat = Peer::spawn(&mut command);
    socat
        .wait_until(|| Path::new(&ours).exists() && Path::new(&theirs).exists())
        .await;
    SerialLine {
        ours,
        theirs,
        _socat: socat,
        _directory: directory,
    }
}
