//! Log lines in a file that rotates by size.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// A file for log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// The newest lines; older ones are in `PATH.1`, `PATH.2` and so on.
    pub path: PathBuf,
    /// Bytes from which the next file is begun.
    pub bytes_max: u64,
    /// Older files that stay.
    pub files_kept: usize,
}

/// Most lines that wait for the disk.
const QUEUE_MAX: usize = 4_096;

/// The way to the file: lines wait in a bounded queue for the thread that writes.
#[derive(Debug)]
pub(crate) struct FileWriter {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    failing: Arc<AtomicBool>,
}

enum Message {
    Line(String),
    Flush(SyncSender<()>),
}

/// The file, open.
struct Rotating {
    settings: FileSettings,
    file: File,
    bytes: u64,
}

impl FileWriter {
    /// Opens the file and starts the thread that writes.
    pub(crate) fn start(settings: FileSettings) -> std::io::Result<FileWriter> {
        let rotating = Rotating::open(settings)?;
        let (queue, messages) = sync_channel(QUEUE_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let failing = Arc::new(AtomicBool::new(false));
        let (lost, fails) = (Arc::clone(&dropped), Arc::clone(&failing));
        std::thread::Builder::new()
            .name("log file".into())
            .spawn(move || write_all(rotating, &messages, &lost, &fails))?;
        Ok(FileWriter {
            queue,
            dropped,
            failing,
        })
    }

    /// Takes a line; it is dropped and counted when too many wait.
    pub(crate) fn write(&self, line: String) {
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns how many lines were dropped: the queue was full or the disk refused.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns whether the disk refused the last line.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Waits until what was taken is written, but not longer than `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            written.recv_timeout(patience).ok();
        }
    }
}

fn write_all(
    mut rotating: Rotating,
    messages: &Receiver<Message>,
    lost: &AtomicU64,
    failing: &AtomicBool,
) {
    for message in messages {
        match message {
            Message::Line(line) => {
                let fails = rotating.write(&line).is_err();
                failing.store(fails, Ordering::Relaxed);
                lost.fetch_add(fails.into(), Ordering::Relaxed);
            }
            Message::Flush(done) => _ = done.try_send(()).ok(),
        }
    }
}

impl Rotating {
    fn open(settings: FileSettings) -> std::io::Result<Rotating> {
        if let Some(parent) = settings.path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = append_to(&settings.path)?;
        let bytes = file.metadata()?.len();
        Ok(Rotating {
            settings,
            file,
            bytes,
        })
    }

    fn write(&mut self, line: &str) -> std::io::Result<()> {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if 0 < self.bytes && self.settings.bytes_max < self.bytes.saturating_add(length) {
            self.rotate()?;
        }
        self.file.write_all(line.as_bytes())?;
        self.bytes += length;
        Ok(())
    }

    /// Moves each file one place on; the last one goes.
    fn rotate(&mut self) -> std::io::Result<()> {
        let kept = self.settings.files_kept;
        for place in (0..kept).rev() {
            let from = self.numbered(place);
            if from.exists() {
                std::fs::rename(from, self.numbered(place + 1))?;
            }
        }
        if kept == 0 {
            std::fs::remove_file(&self.settings.path)?;
        }
        self.file = append_to(&self.settings.path)?;
        self.bytes = 0;
        Ok(())
    }

    fn numbered(&self, place: usize) -> PathBuf {
        if place == 0 {
            return self.settings.path.clone();
        }
        let mut name = self.settings.path.clone().into_os_string();
        name.push(format!(".{place}"));
        name.into()
    }
}

fn append_to(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o640);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_rotate_by_size_and_the_oldest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("logs/hub.log");
        let settings = FileSettings {
            path: path.clone(),
            bytes_max: 100,
            files_kept: 2,
        };
        let writer = FileWriter::start(settings.clone()).unwrap();
        for number in 0..50 {
            writer.write(format!("line {number:02} of fifty\n")); // 20 bytes, five in a file
        }
        writer.flush(Duration::from_secs(5));
        let read = |name: &str| std::fs::read_to_string(directory.path().join("logs").join(name));
        assert!(read("hub.log").unwrap().starts_with("line 45 "));
        assert!(read("hub.log.1").unwrap().starts_with("line 40 "));
        assert_eq!(read("hub.log.2").unwrap().lines().count(), 5);
        assert!(read("hub.log.3").is_err());
        assert_eq!(writer.dropped(), 0);
        // A new start goes on in the file.
        let again = FileWriter::start(FileSettings {
            bytes_max: 1_000,
            ..settings
        })
        .unwrap();
        again.write("one more\n".into());
        again.flush(Duration::from_secs(5));
        assert_eq!(read("hub.log").unwrap().lines().count(), 6);
    }
}
