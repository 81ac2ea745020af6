//! The two threads: one syncs the log and looks at the age of what is in memory, one seals.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::reserve::is_full;
use super::seal::Sealer;
use super::{Sealing, Shared};

/// Pause after a seal that failed, e.g. because the disk is full.
const RETRY: Duration = Duration::from_secs(1);
/// Pause between looks at the age when no group commit sets another.
const LOOK_MAX: Duration = Duration::from_secs(1);
const LOOK_MIN: Duration = Duration::from_millis(5);

pub(super) fn start(shared: &Arc<Shared>) -> std::io::Result<Vec<JoinHandle<()>>> {
    let syncing = Arc::clone(shared);
    let sealing = Arc::clone(shared);
    Ok(vec![
        std::thread::Builder::new()
            .name("historian-sync".into())
            .spawn(move || syncing.sync_loop())?,
        std::thread::Builder::new()
            .name("historian-seal".into())
            .spawn(move || sealing.seal_loop(&mut Sealer::new()))?,
    ])
}

impl Shared {
    fn sync_loop(&self) {
        let commit = self.options.group_commit;
        let pause = if commit.is_zero() {
            LOOK_MAX
        } else {
            commit.clamp(LOOK_MIN, LOOK_MAX)
        };
        while !self.wait_for_stop(pause) {
            // A failure is kept by the writer, which tells everybody who appends.
            if let Err(error) = self.sync() {
                tracing::debug!(%error, "group commit failed");
            }
            self.start_seal_when_due();
        }
    }

    /// Seals what has become old, or what lost its log, or what can give a full disk room.
    fn start_seal_when_due(&self) {
        let mut writer = self.writer.lock();
        let due = writer.is_older(self.options.seal_age_max)
            || writer.must_seal()
            || writer.is_full() && self.tables.read().active.points() != 0;
        if !due || self.signal.lock().to_seal.is_some() {
            return;
        }
        if let Err(error) = self.freeze(&mut writer) {
            tracing::warn!(%error, "cannot start a seal now");
        }
    }

    /// Returns whether the threads are to stop, after at most `pause`.
    fn wait_for_stop(&self, pause: Duration) -> bool {
        let deadline = Instant::now() + pause;
        let mut signal = self.signal.lock();
        while !signal.stop {
            if self.changed.wait_until(&mut signal, deadline).timed_out() {
                break;
            }
        }
        signal.stop
    }

    fn seal_loop(&self, sealer: &mut Sealer) {
        while let Some(sealing) = self.next_seal() {
            match sealer.seal(self, &sealing) {
                Ok(()) => self.end_seal(&sealing),
                Err(error) => {
                    tracing::error!(%error, "sealing failed and is tried again; \
                        the samples are safe in the write-ahead log");
                    let has_room = is_full(&error) && self.release_reserve();
                    self.signal.lock().seal_error = Some(error);
                    self.changed.notify_all();
                    if !has_room && self.wait_for_stop(RETRY) {
                        return;
                    }
                }
            }
        }
    }

    fn next_seal(&self) -> Option<Arc<Sealing>> {
        let mut signal = self.signal.lock();
        loop {
            if signal.stop {
                return None;
            }
            if let Some(sealing) = &signal.to_seal {
                return Some(Arc::clone(sealing));
            }
            self.changed.wait(&mut signal);
        }
    }

    /// The files are there: readers go to them, memory and log can go.
    fn end_seal(&self, sealing: &Sealing) {
        self.tables.write().sealing = None;
        let mut signal = self.signal.lock();
        signal.to_seal = None;
        signal.seal_error = None;
        signal.sealed = sealing.generation;
        drop(signal);
        self.changed.notify_all();
        if let Err(error) = self.remove_logs(sealing.generation) {
            // Harmless: the next start removes what is sealed.
            tracing::warn!(%error, "a sealed write-ahead log stays for now");
        }
    }
}
