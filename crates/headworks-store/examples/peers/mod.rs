//! The peers: how each is started, loaded and asked.

mod lines;
mod postgres;

use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use headworks_core::{TagIndex, Update};
use headworks_store::TimeRange;

pub(crate) use lines::{Influx, Victoria};
pub(crate) use postgres::Postgres;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A store of samples as the benchmark sees it.
pub(crate) trait Peer {
    /// Takes a batch; it is acknowledged when this returns.
    fn append(&mut self, batch: &[Update]) -> Outcome<()>;
    /// Brings what was taken into its final form, as far as the peer can be told to.
    fn finish(&mut self) -> Outcome<()>;
    /// Reads the numbers of a tag; returns how many there are.
    fn read(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64>;
    /// Computes least, greatest and mean of each hour; returns how many hours there are.
    fn hours(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64>;
    /// Returns the bytes on the disk.
    fn bytes(&mut self) -> Outcome<u64>;
}

/// A program that ends with its owner.
pub(crate) struct Server(pub(crate) Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Returns a loopback port that is free now.
pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Tries until it succeeds, for a program that needs some time to start.
pub(crate) fn wait_for<T>(name: &str, mut attempt: impl FnMut() -> Option<T>) -> Outcome<T> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        if let Some(value) = attempt() {
            return Ok(value);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("{name} does not answer within 30 s").into())
}

/// Adds up the files below a directory.
pub(crate) fn bytes_below(directory: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        bytes += match entry.file_type()?.is_dir() {
            true => bytes_below(&entry.path())?,
            false => entry.metadata()?.len(),
        };
    }
    Ok(bytes)
}
