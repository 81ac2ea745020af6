//! A child process whose output is kept and which never outlives its owner.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::wait_for;

/// A running program.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
    begun: Instant,
}

/// What a program has written so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output(Arc<Mutex<String>>);

/// Bytes kept of each stream: a program that floods does not fill the memory of a test.
const KEPT_BYTES_MAX: usize = 1 << 20;

impl Process {
    /// Starts a program without input.
    pub(crate) fn start(mut command: Command) -> Result<Process, String> {
        let begun = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command:?} could not be started: {error}"))?;
        let stdout = child.stdout.take().map(Output::collect).unwrap_or_default();
        let stderr = child.stderr.take().map(Output::collect).unwrap_or_default();
        Ok(Process {
            child,
            stdout,
            stderr,
            begun,
        })
    }

    /// Returns the number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns when it was started.
    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    /// Returns what it wrote to standard output.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Returns what it wrote to standard error.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits for a word of its standard output that begins so.
    pub(crate) fn wait_for_word(
        &mut self,
        start: &str,
        patience: Duration,
    ) -> Result<String, String> {
        let stdout = self.stdout.clone();
        let found = wait_for(start, patience, || {
            let ended = matches!(self.child.try_wait(), Ok(Some(_)) | Err(_));
            // A line may still be half written.
            let text = stdout.text();
            let whole = &text[..text.rfind('\n').map_or(0, |at| at + 1)];
            let word = whole
                .split_whitespace()
                .find(|word| word.starts_with(start));
            word.map(|word| Some(word.to_owned()))
                .or(ended.then_some(None))
        });
        match found {
            Ok(Some(word)) => Ok(word),
            Ok(None) => Err(format!("the program ended early: {}", self.stderr())),
            Err(error) => Err(format!("{error}; standard error: {}", self.stderr())),
        }
    }

    /// Sends a signal, e.g. `TERM`.
    pub(crate) fn signal(&self, name: &str) -> Result<(), String> {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.id().to_string()])
            .status()
            .map_err(|error| format!("kill could not be started: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("kill ended with {status}"))
        }
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self, patience: Duration) -> Result<ExitStatus, String> {
        let status = wait_for("the end of the program", patience, || {
            self.child.try_wait().ok().flatten()
        })?;
        // The pipes close with the process; the readers need a moment to take the rest.
        thread::sleep(Duration::from_millis(50));
        Ok(status)
    }

    /// Ends it the hard way, as a power cut of the process would.
    pub(crate) fn kill(&mut self) {
        // Fails only when it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Output {
    fn collect(pipe: impl Read + Send + 'static) -> Output {
        let output = Output::default();
        let kept = output.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            while reader
                .read_until(b'\n', &mut line)
                .is_ok_and(|count| 0 < count)
            {
                kept.push(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        output
    }

    fn push(&self, line: &str) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() + line.len() <= KEPT_BYTES_MAX {
            text.push_str(line);
        }
    }

    fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
