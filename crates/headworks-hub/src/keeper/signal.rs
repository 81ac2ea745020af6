//! How the housekeeper is woken and stopped.

use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// What the housekeeper is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// To begin a round now.
    pub(crate) wake: bool,
    /// To end.
    pub(crate) stop: bool,
}

/// Wakes one thread.
#[derive(Default)]
pub(crate) struct Signal {
    told: Mutex<Told>,
    changed: Condvar,
}

impl Signal {
    /// Has a round begin now.
    pub(crate) fn wake(&self) {
        self.told.lock().wake = true;
        self.changed.notify_one();
    }

    /// Has the thread end; for good.
    pub(crate) fn stop(&self) {
        self.told.lock().stop = true;
        self.changed.notify_one();
    }

    /// Waits until something is told or the time has come; being woken is told once.
    pub(crate) fn wait_until(&self, deadline: Instant) -> Told {
        let mut told = self.told.lock();
        while *told == Told::default() {
            if self.changed.wait_until(&mut told, deadline).timed_out() {
                break;
            }
        }
        let now = *told;
        told.wake = false;
        now
    }
}
