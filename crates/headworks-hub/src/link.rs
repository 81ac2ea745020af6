//! One connection at run time: a task that keeps its driver running.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use headworks_core::model::{Connection, Object, ObjectId};
use headworks_core::{Quality, Update};
use headworks_protocols::{
    AskFailure, Command, ConfigError, Driver, DriverContext, DriverError, LinkStats, WireLog,
    WriteError,
};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::hub::Shared;
use crate::link_state::{LinkAction, LinkEvent, LinkState, backoff};
use crate::status::ConnectionState;

/// Orders that may wait for a link or its driver.
const ORDERS: usize = 64;
/// Batches of samples that may wait for ingest before the driver has to.
const SAMPLE_BATCHES: usize = 16;
/// Time a driver has to end when it is told to.
const HALT: Duration = Duration::from_secs(1);
/// A run that lasted so long was a success: failures before it do not count any more.
const STABLE: Duration = Duration::from_secs(10);

/// What a link is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Pass on to the driver.
    Command(Command),
    /// Devices or tags have changed.
    Reconfigure,
    /// Protocol or settings of the connection have changed.
    Rebuild,
}

/// What others may see of a link.
#[derive(Debug)]
pub(crate) struct LinkWatch {
    status: Mutex<LinkStatus>,
    pub(crate) stats: Arc<LinkStats>,
    pub(crate) wire_log: Arc<WireLog>,
}

/// How a link does.
#[derive(Clone, Debug)]
pub(crate) struct LinkStatus {
    pub(crate) state: ConnectionState,
    pub(crate) since_us: i64,
    pub(crate) last_error: Option<String>,
    pub(crate) last_error_us: Option<i64>,
    pub(crate) restarts: u64,
}

/// A running link as its supervisor holds it.
pub(crate) struct LinkHandle {
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) watch: Arc<LinkWatch>,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

struct Link {
    shared: Arc<Shared>,
    connection: ObjectId,
    watch: Arc<LinkWatch>,
    state: LinkState,
    /// The driver while it does not run; none when it must be built.
    driver: Option<Box<dyn Driver>>,
    /// Whether the driver has not taken over the newest configuration.
    outdated: bool,
    run: Option<Run>,
    retry_at: Option<Instant>,
}

/// A driver that runs.
struct Run {
    task: JoinHandle<DriverEnd>,
    pump: JoinHandle<()>,
    commands: mpsc::Sender<Command>,
    stop: CancellationToken,
    started: Instant,
    answered: Option<oneshot::Receiver<()>>,
    reconfigured: Option<oneshot::Receiver<Result<(), ConfigError>>>,
}

type DriverEnd = (Box<dyn Driver>, Result<(), DriverError>);

enum RunEvent {
    Ended(Result<DriverEnd, JoinError>),
    Answered,
    Reconfigured(bool),
}

/// Starts the task of a connection.
pub(crate) fn start(shared: &Arc<Shared>, connection: ObjectId) -> LinkHandle {
    let (orders, queue) = mpsc::channel(ORDERS);
    let stats = LinkStats::counting_in(Arc::clone(&shared.totals.links));
    let watch = Arc::new(LinkWatch::new(shared.clock.now_us(), stats));
    let stop = shared.stop.child_token();
    let link = Link {
        shared: Arc::clone(shared),
        connection,
        watch: Arc::clone(&watch),
        state: LinkState::NEW,
        driver: None,
        outdated: true,
        run: None,
        retry_at: None,
    };
    let task = tokio::spawn(link.live(queue, stop.clone()));
    LinkHandle {
        orders,
        watch,
        stop,
        task,
    }
}

impl LinkWatch {
    fn new(now_us: i64, stats: LinkStats) -> LinkWatch {
        LinkWatch {
            status: Mutex::new(LinkStatus {
                state: ConnectionState::Starting,
                since_us: now_us,
                last_error: None,
                last_error_us: None,
                restarts: 0,
            }),
            stats: Arc::new(stats),
            wire_log: Arc::default(),
        }
    }

    /// Returns how the link does.
    pub(crate) fn status(&self) -> LinkStatus {
        self.status.lock().clone()
    }

    /// Returns the last error, or that there is none.
    pub(crate) fn last_error(&self) -> String {
        let error = self.status.lock().last_error.clone();
        error.unwrap_or_else(|| "it is starting".into())
    }
}

impl Link {
    async fn live(mut self, mut orders: mpsc::Receiver<Order>, stop: CancellationToken) {
        let mut device_changes = self.watch.stats.changes();
        self.apply(LinkEvent::Changed).await;
        while self.state != LinkState::Stopped {
            tokio::select! {
                biased;
                () = stop.cancelled() => self.apply(LinkEvent::Stop).await,
                event = next_of(&mut self.run) => self.take_run_event(event).await,
                () = due(self.retry_at) => self.apply(LinkEvent::Retry).await,
                Some(order) = orders.recv() => self.take_order(order).await,
                Ok(()) = device_changes.changed() => self.shared.note_status_change(),
            }
        }
    }

    async fn apply(&mut self, event: LinkEvent) {
        let mut event = Some(event);
        while let Some(now) = event.take() {
            let (next, actions) = self.state.apply(now);
            if self.state != next {
                self.retry_at = None;
            }
            self.state = next;
            for action in actions {
                match action {
                    LinkAction::Halt => self.halt().await,
                    LinkAction::Forget => self.driver = None,
                    LinkAction::MarkLost => self.mark_lost().await,
                    LinkAction::RetryLater => self.retry_later(),
                    LinkAction::Run => event = self.start(),
                }
            }
            self.show();
        }
    }

    async fn take_run_event(&mut self, event: RunEvent) {
        match event {
            RunEvent::Answered => self.apply(LinkEvent::Answered).await,
            RunEvent::Reconfigured(true) => self.finish_reconfigure(),
            RunEvent::Reconfigured(false) => self.apply(LinkEvent::Changed).await,
            RunEvent::Ended(end) => {
                let stable = match self.run.take() {
                    Some(mut run) => {
                        run.drain().await;
                        // what it was told but had not taken over is lost with its channel
                        self.outdated |= run.reconfigured.is_some();
                        STABLE <= run.started.elapsed()
                    }
                    None => false,
                };
                let event = self.judge(end, stable);
                self.apply(event).await;
            }
        }
    }

    async fn take_order(&mut self, order: Order) {
        match order {
            Order::Rebuild => self.apply(LinkEvent::Changed).await,
            Order::Reconfigure => {
                self.outdated = true;
                if self.run.is_none() || !self.reconfigure() {
                    self.apply(LinkEvent::Changed).await;
                }
            }
            Order::Command(command) => {
                let refused = match &self.run {
                    Some(run) => run
                        .commands
                        .try_send(command)
                        .err()
                        .map(|error| match error {
                            mpsc::error::TrySendError::Full(command) => {
                                (command, TOO_MANY.to_owned())
                            }
                            mpsc::error::TrySendError::Closed(command) => {
                                (command, self.watch.last_error())
                            }
                        }),
                    None => Some((command, self.watch.last_error())),
                };
                if let Some((command, reason)) = refused {
                    refuse(command, reason);
                }
            }
        }
    }

    /// Builds the driver where needed and starts it; returns the event of a failure.
    fn start(&mut self) -> Option<LinkEvent> {
        if self.driver.is_none() || self.outdated {
            match self.build() {
                Ok(driver) => self.driver = Some(driver),
                Err(reason) => {
                    error!(connection = %self.name(), %reason, "connection cannot start");
                    self.note_error(reason);
                    return Some(LinkEvent::Unusable);
                }
            }
            self.outdated = false;
        }
        let driver = self.driver.take()?;
        self.run = Some(Run::start(driver, &self.watch, &self.shared));
        None
    }

    fn build(&self) -> Result<Box<dyn Driver>, String> {
        let plant = self.shared.plant.load();
        let gone = || "the connection does not exist any more".to_owned();
        let link = plant.link_config(self.connection).ok_or_else(gone)?;
        let name = &plant
            .connection(self.connection)
            .ok_or_else(gone)?
            .body
            .protocol;
        let protocol = self
            .shared
            .protocol(name)
            .ok_or_else(|| format!("protocol {name:?} is not known to this program"))?;
        (protocol.build)(link).map_err(|error| error.to_string())
    }

    /// Hands the newest configuration to the running driver; returns whether it can take it.
    fn reconfigure(&mut self) -> bool {
        let link = self.shared.plant.load().link_config(self.connection);
        let (Some(run), Some(link)) = (&mut self.run, link) else {
            return false;
        };
        if run.reconfigured.is_some() {
            return true; // the newest configuration is taken when the driver has answered
        }
        let (reply, answer) = oneshot::channel();
        let sent = run.commands.try_send(Command::Reconfigure { link, reply });
        run.reconfigured = Some(answer);
        self.outdated = false;
        // a driver that has just ended is built anew for its next run
        !matches!(sent, Err(mpsc::error::TrySendError::Full(_)))
    }

    fn finish_reconfigure(&mut self) {
        if self.outdated {
            self.reconfigure();
        }
    }

    async fn halt(&mut self) {
        let Some(mut run) = self.run.take() else {
            return;
        };
        run.stop.cancel();
        if timeout(HALT, &mut run.task).await.is_err() {
            warn!(connection = %self.name(), "driver did not stop in time and was ended");
            run.task.abort();
        }
        run.drain().await;
    }

    /// Says what the end of a driver means, keeps the driver and notes the error.
    fn judge(&mut self, end: Result<DriverEnd, JoinError>, stable: bool) -> LinkEvent {
        let (event, reason) = match end {
            Ok((driver, result)) => {
                self.driver = Some(driver);
                match result {
                    Ok(()) => (LinkEvent::Lost { stable }, "the driver ended".to_owned()),
                    Err(error @ DriverError::Link { .. }) => {
                        (LinkEvent::Lost { stable }, error.to_string())
                    }
                    Err(error @ DriverError::Unusable { .. }) => {
                        (LinkEvent::Unusable, error.to_string())
                    }
                }
            }
            Err(error) => (LinkEvent::Crashed, panic_text(error)),
        };
        self.log_end(event, &reason);
        self.note_error(reason);
        event
    }

    fn log_end(&self, event: LinkEvent, reason: &str) {
        let connection = self.name();
        let again = self.watch.status.lock().state == ConnectionState::Error;
        match event {
            LinkEvent::Crashed => error!(connection, reason, "driver failed; it is started again"),
            LinkEvent::Unusable => {
                error!(
                    connection,
                    reason, "link cannot work until its configuration changes"
                );
            }
            _ if again => debug!(connection, reason, "link is still down"),
            _ => warn!(connection, reason, "link lost, reconnecting"),
        }
    }

    fn note_error(&self, reason: String) {
        let mut status = self.watch.status.lock();
        status.last_error = Some(reason);
        status.last_error_us = Some(self.shared.clock.now_us());
    }

    async fn mark_lost(&mut self) {
        let plant = self.shared.plant.load_full();
        let tags = plant
            .devices_of(self.connection)
            .flat_map(|device| plant.tags_of(device.id))
            .filter(|tag| plant.is_polled(tag))
            .map(|tag| tag.index())
            .collect();
        let now_us = self.shared.clock.now_us();
        self.watch.stats.link_down(now_us, &self.watch.last_error());
        let quality = Quality::BAD_NO_COMMUNICATION;
        self.shared.ingest.mark(tags, quality, now_us).await;
    }

    fn retry_later(&mut self) {
        if let LinkState::Waiting { failures } = self.state {
            self.retry_at = Some(Instant::now() + backoff(failures, random()));
            self.watch.status.lock().restarts += 1;
            self.shared.totals.restarts.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Shows the state to others. A link that is tried again stays in error until it answers.
    fn show(&self) {
        let state = match self.state {
            LinkState::Starting { failures: 0 } => ConnectionState::Starting,
            LinkState::Running { .. } => ConnectionState::Running,
            LinkState::Starting { .. } | LinkState::Waiting { .. } | LinkState::Parked => {
                ConnectionState::Error
            }
            LinkState::Stopped => ConnectionState::Stopped,
        };
        let mut status = self.watch.status.lock();
        if status.state == state {
            return;
        }
        if (status.state, state) == (ConnectionState::Error, ConnectionState::Running) {
            info!(connection = %self.name(), "link is up again");
        }
        status.state = state;
        status.since_us = self.shared.clock.now_us();
        self.shared.note_status_change();
    }

    fn name(&self) -> String {
        let plant = self.shared.plant.load();
        let name = |object: &Arc<Object<Connection>>| object.body.name.clone();
        plant
            .connection(self.connection)
            .map_or_else(|| self.connection.to_string(), name)
    }
}

impl Run {
    fn start(mut driver: Box<dyn Driver>, watch: &LinkWatch, shared: &Arc<Shared>) -> Run {
        let (commands, command_queue) = mpsc::channel(ORDERS);
        let (samples, sample_queue) = mpsc::channel(SAMPLE_BATCHES);
        let (first, answered) = oneshot::channel();
        let stop = CancellationToken::new();
        let mut context = DriverContext {
            samples,
            commands: command_queue,
            stop: stop.clone(),
            stats: Arc::clone(&watch.stats),
            wire_log: Arc::clone(&watch.wire_log),
            clock: shared.clock.clone(),
        };
        let task = tokio::spawn(async move {
            let result = driver.run(&mut context).await;
            (driver, result)
        });
        Run {
            task,
            pump: tokio::spawn(pump(sample_queue, Arc::clone(shared), first)),
            commands,
            stop,
            started: Instant::now(),
            answered: Some(answered),
            reconfigured: None,
        }
    }

    /// Waits for what happens next.
    async fn next(&mut self) -> RunEvent {
        loop {
            tokio::select! {
                biased;
                first = take(&mut self.answered) => {
                    if first.is_ok() {
                        return RunEvent::Answered;
                    }
                }
                end = &mut self.task => return RunEvent::Ended(end),
                answer = take(&mut self.reconfigured) => {
                    // without an answer the driver may or may not have taken it over
                    return RunEvent::Reconfigured(matches!(answer, Ok(Ok(()))));
                }
            }
        }
    }

    /// Waits until ingest has what the driver sent, so that a mark made next is the newest.
    async fn drain(&mut self) {
        // a slow historian may hold it up: then it goes on by itself, and nothing is lost
        let _late = timeout(HALT, &mut self.pump).await.is_err();
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.stop.cancel();
        self.task.abort();
    }
}

/// What a person reads whose order found a full queue.
const TOO_MANY: &str = "too many orders wait for the device; try again";

async fn pump(
    mut samples: mpsc::Receiver<Vec<Update>>,
    shared: Arc<Shared>,
    first: oneshot::Sender<()>,
) {
    let mut first = Some(first);
    while let Some(batch) = samples.recv().await {
        if let Some(first) = first.take() {
            // an error only says that the run is over already
            first.send(()).unwrap_or_default();
        }
        let received_us = shared.clock.now_us();
        shared
            .clocks
            .note(&shared.plant.load(), &batch, received_us);
        shared.ingest.take(batch, received_us).await;
    }
}

async fn next_of(run: &mut Option<Run>) -> RunEvent {
    match run {
        Some(run) => run.next().await,
        None => std::future::pending().await,
    }
}

/// Waits for an answer and takes the receiver away with it; never ends without one.
async fn take<T>(
    receiver: &mut Option<oneshot::Receiver<T>>,
) -> Result<T, oneshot::error::RecvError> {
    let answer = match receiver {
        Some(receiver) => receiver.await,
        None => std::future::pending().await,
    };
    *receiver = None;
    answer
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Answers an order that no driver can carry out; a poll learns it by the end of its channel.
fn refuse(command: Command, reason: String) {
    // an error only says that nobody waits for the answer
    match command {
        Command::Write { reply, .. } => drop(reply.send(Err(WriteError::LinkDown { reason }))),
        Command::Ask { reply, .. } => drop(reply.send(Err(AskFailure::LinkDown { reason }))),
        Command::Poll { .. } | Command::Reconfigure { .. } => {}
    }
}

fn panic_text(error: JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else {
        return "the driver was ended".into();
    };
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    format!("the driver panicked: {}", text.unwrap_or_default())
}

fn random() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    let bits = RandomState::new().hash_one(0_u8);
    u32::try_from(bits >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests;
