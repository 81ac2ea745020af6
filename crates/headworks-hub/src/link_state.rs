//! The life of a link as a pure machine: state and event give state and actions.
//!
//! ```text
//!             Answered              Lost, Crashed
//! Starting ------------> Running ------------------> Waiting
//!    |                                                 |
//!    | Unusable                    Retry               |
//!    +----------> Parked      <------------------------+ (to Starting)
//! ```
//!
//! `Changed` leads to `Starting` from everywhere, `Stop` to `Stopped`, which nothing leaves.

use std::time::Duration;

/// Time before the first new try.
const BACKOFF_FIRST: Duration = Duration::from_millis(250);
/// Longest time between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// Where a link stands; `failures` counts those in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// The driver runs; nothing has come yet.
    Starting { failures: u32 },
    /// The driver runs and brings samples.
    Running { failures: u32 },
    /// The link failed and will be tried again.
    Waiting { failures: u32 },
    /// The link cannot work until its configuration changes.
    Parked,
    /// The link was stopped for good.
    Stopped,
}

/// What happens to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkEvent {
    /// The first samples of a run came.
    Answered,
    /// The driver ended; `stable` when it had run so long that earlier failures do not count.
    Lost { stable: bool },
    /// The driver says that trying again cannot help.
    Unusable,
    /// The driver panicked.
    Crashed,
    /// The time to wait is over.
    Retry,
    /// The configuration is so different that the driver must be built anew.
    Changed,
    /// The link is to end.
    Stop,
}

/// What the link's task must do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkAction {
    /// Stop the driver that runs.
    Halt,
    /// Drop the driver, so that the next run builds a new one.
    Forget,
    /// Mark the tags: their source is silent.
    MarkLost,
    /// Start the driver.
    Run,
    /// Send [`LinkEvent::Retry`] after [`backoff`].
    RetryLater,
}

impl LinkState {
    /// The state before the first start: a start is a change.
    pub(crate) const NEW: LinkState = LinkState::Parked;

    /// Applies an event; returns the next state and what is to be done.
    #[must_use]
    pub(crate) fn apply(self, event: LinkEvent) -> (LinkState, &'static [LinkAction]) {
        use LinkAction::{Forget, Halt, MarkLost, RetryLater, Run};
        use LinkEvent as E;
        use LinkState as S;
        match (self, event) {
            (S::Starting { failures } | S::Running { failures }, E::Answered) => {
                (S::Running { failures }, &[])
            }
            (S::Starting { failures } | S::Running { failures }, E::Lost { stable }) => {
                let failures = if stable { 0 } else { failures };
                (
                    S::Waiting {
                        failures: failures.saturating_add(1),
                    },
                    &[MarkLost, RetryLater],
                )
            }
            (S::Starting { failures } | S::Running { failures }, E::Crashed) => {
                let failures = failures.saturating_add(1);
                (S::Waiting { failures }, &[Forget, MarkLost, RetryLater])
            }
            (S::Starting { .. } | S::Running { .. }, E::Unusable) => (S::Parked, &[MarkLost]),
            (S::Starting { .. } | S::Running { .. }, E::Changed) => {
                (S::Starting { failures: 0 }, &[Halt, Forget, Run])
            }
            (S::Waiting { failures }, E::Retry) => (S::Starting { failures }, &[Run]),
            (S::Waiting { .. } | S::Parked, E::Changed) => {
                (S::Starting { failures: 0 }, &[Forget, Run])
            }
            (S::Starting { .. } | S::Running { .. }, E::Stop) => (S::Stopped, &[Halt]),
            (S::Waiting { .. } | S::Parked, E::Stop) => (S::Stopped, &[]),
            // a driver that has ended says nothing more, one that runs is not waited for
            (state @ (S::Starting { .. } | S::Running { .. }), E::Retry)
            | (
                state @ (S::Waiting { .. } | S::Parked),
                E::Answered | E::Lost { .. } | E::Crashed | E::Unusable,
            )
            | (state @ S::Parked, E::Retry) => (state, &[]),
            (S::Stopped, _) => (S::Stopped, &[]),
        }
    }
}

/// Returns the time before the next try after `failures` in a row: doubling from 250 ms, never
/// above 30 s, of which `random` takes away up to a quarter, so that links that failed together
/// do not come back together.
pub(crate) fn backoff(failures: u32, random: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let full = BACKOFF_FIRST
        .saturating_mul(1 << doublings)
        .min(BACKOFF_MAX);
    full - full.mul_f64(0.25 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::LinkAction::{Forget, Halt, MarkLost, RetryLater, Run};
    use super::LinkEvent::{Answered, Changed, Crashed, Lost, Retry, Stop, Unusable};
    use super::LinkState::{Parked, Running, Starting, Stopped, Waiting};
    use super::*;

    const LOST: LinkEvent = Lost { stable: false };

    #[test]
    fn every_state_knows_every_event() {
        let starting = Starting { failures: 2 };
        let running = Running { failures: 2 };
        let waiting = Waiting { failures: 2 };
        let again = Waiting { failures: 3 };
        let fresh = Starting { failures: 0 };
        #[rustfmt::skip]
        let table: &[(LinkState, LinkEvent, LinkState, &[LinkAction])] = &[
            (starting, Answered, running, &[]),
            (starting, LOST, again, &[MarkLost, RetryLater]),
            (starting, Unusable, Parked, &[MarkLost]),
            (starting, Crashed, again, &[Forget, MarkLost, RetryLater]),
            (starting, Retry, starting, &[]),
            (starting, Changed, fresh, &[Halt, Forget, Run]),
            (starting, Stop, Stopped, &[Halt]),
            (running, Answered, running, &[]),
            (running, LOST, again, &[MarkLost, RetryLater]),
            (running, Lost { stable: true }, Waiting { failures: 1 }, &[MarkLost, RetryLater]),
            (running, Unusable, Parked, &[MarkLost]),
            (running, Crashed, again, &[Forget, MarkLost, RetryLater]),
            (running, Retry, running, &[]),
            (running, Changed, fresh, &[Halt, Forget, Run]),
            (running, Stop, Stopped, &[Halt]),
            (waiting, Answered, waiting, &[]),
            (waiting, LOST, waiting, &[]),
            (waiting, Unusable, waiting, &[]),
            (waiting, Crashed, waiting, &[]),
            (waiting, Retry, starting, &[Run]),
            (waiting, Changed, fresh, &[Forget, Run]),
            (waiting, Stop, Stopped, &[]),
            (Parked, Answered, Parked, &[]),
            (Parked, LOST, Parked, &[]),
            (Parked, Unusable, Parked, &[]),
            (Parked, Crashed, Parked, &[]),
            (Parked, Retry, Parked, &[]),
            (Parked, Changed, fresh, &[Forget, Run]),
            (Parked, Stop, Stopped, &[]),
            (Stopped, Answered, Stopped, &[]),
            (Stopped, LOST, Stopped, &[]),
            (Stopped, Unusable, Stopped, &[]),
            (Stopped, Crashed, Stopped, &[]),
            (Stopped, Retry, Stopped, &[]),
            (Stopped, Changed, Stopped, &[]),
            (Stopped, Stop, Stopped, &[]),
        ];
        for &(state, event, next, actions) in table {
            assert_eq!(
                state.apply(event),
                (next, actions),
                "{state:?} and {event:?}"
            );
        }
    }

    #[test]
    fn the_backoff_doubles_to_its_limit_and_jitters_downwards() {
        let full: Vec<u128> = (1..=9)
            .map(|failures| backoff(failures, 0).as_millis())
            .collect();
        assert_eq!(
            full,
            [250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]
        );
        assert_eq!(backoff(u32::MAX, 0), BACKOFF_MAX);
        assert_eq!(backoff(1, u32::MAX), Duration::from_micros(187_500));
    }
}
