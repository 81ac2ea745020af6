//! What every request may use: the hub, the live engine and the bounds.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use headworks_access::{Access, Caller, Journal, Via};
use headworks_exchange::{Kind, Tag, Tags};
use headworks_hub::{HubHandle, TagEntry};
use headworks_logic::notification::Notifier;
use headworks_logic::router::RouterHandle;
use headworks_store::Retention;
use headworks_telemetry::Telemetry;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::audit::Retaining;
use crate::edge::Edge;
use crate::jobs::Jobs;
use crate::limits::{Backoff, FairQueue, FairTurn, RateLimiter, Turns};
use crate::live::Live;
use crate::observe::HttpFigures;
use crate::openapi;
use crate::problem::{ApiError, Code};
use crate::settings::{ServerSettings, ShownSettings};

/// Most requests that are worked on at once; others wait.
const REQUESTS_MAX: usize = 256;
/// Most reads of history or long lists at once; each holds a thread.
const READS_MAX: usize = 4;

/// Most streams of history in and out at once; each holds a thread for as long as it flows.
const STREAMS_MAX: usize = 4;
/// Most of them of one account: they take long, and another must not wait for their end.
const STREAMS_SHARE: usize = 3;

/// Accounts and tokens whose pace is known.
const CALLERS_MAX: usize = 10_000;
/// Most passwords that are hashed at once: each takes 20 ms of a core, which polling needs more.
const HASHES_MAX: usize = 1;
/// Longest wait for a turn of a hash.
const HASH_PATIENCE: Duration = Duration::from_secs(10);
/// Time between two looks at what others changed about accounts.
const ACCESS_PERIOD: Duration = Duration::from_millis(200);
/// Looks at what others changed for one look at the disk.
const ACCESS_LOOKS: u32 = 5;

/// Longest wait for one of them to end.
const STREAM_PATIENCE: Duration = Duration::from_secs(5);

/// The server, as its handlers see it.
pub(crate) struct App {
    /// The running plant.
    pub hub: HubHandle,
    /// Where live values are handed out.
    pub live: Arc<Live>,
    /// What the program tells of itself.
    pub telemetry: Telemetry,
    /// The routes of samples, at work.
    pub routes: RouterHandle,
    /// Requests, counted.
    pub http: HttpFigures,
    /// Who may do what.
    pub access: Arc<Access>,
    /// Who is told of alarms.
    pub notifier: Arc<Notifier>,
    /// Who did what.
    pub journal: Journal,
    /// Whether old entries of it can go.
    pub retaining: Retaining,
    /// How often who fails to sign in.
    pub sign_ins: Backoff,
    /// How often each account and token asks, from wherever.
    caller_rates: Option<RateLimiter<Uuid>>,
    /// Long work.
    pub jobs: Jobs,
    /// The address it listens on.
    pub address: SocketAddr,
    /// What the settings say of every request.
    pub edge: Edge,
    /// All settings of the process, as people may read them.
    pub settings: Arc<ShownSettings>,
    /// Turns of requests.
    pub requests: Turns,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
    /// Connections and sockets.
    pub tasks: TaskTracker,
    /// Every tag as files name it, of a generation of the plant.
    tags: Mutex<Option<(u64, Arc<Tags>)>>,
    /// Counts the changes of accounts, sessions and tokens.
    access_changes: watch::Sender<u64>,
    hashes: Arc<Semaphore>,
    reads: Arc<FairQueue>,
    streams: Arc<FairQueue>,
    next_request: AtomicU64,
    openapi: OnceLock<Bytes>,
}

impl App {
    /// Returns the state of a server at `address`.
    pub(crate) fn new(
        hub: HubHandle,
        routes: RouterHandle,
        access: Arc<Access>,
        notifier: Arc<Notifier>,
        journal: Journal,
        address: SocketAddr,
        settings: &ServerSettings,
    ) -> App {
        let live = Live::new(hub.clone());
        // Requests of two runs differ in the log: the first number is the time of the start.
        let first = hub.clock().now_us().unsigned_abs() << 12;
        let tasks = TaskTracker::new();
        App {
            live,
            telemetry: settings.telemetry.clone(),
            http: HttpFigures::default(),
            routes,
            access,
            notifier,
            journal,
            retaining: Retaining::default(),
            sign_ins: Backoff::new(),
            caller_rates: settings.limits.rates(CALLERS_MAX),
            access_changes: watch::Sender::default(),
            hashes: Arc::new(Semaphore::new(HASHES_MAX)),
            jobs: Jobs::new(hub.clock(), tasks.clone()),
            hub,
            address,
            edge: Edge::new(settings, address.port()),
            settings: Arc::clone(&settings.shown),
            requests: Turns::new(REQUESTS_MAX, settings.limits.requests_at_once),
            stop: CancellationToken::new(),
            tasks,
            tags: Mutex::default(),
            reads: FairQueue::new(READS_MAX, READS_MAX),
            streams: FairQueue::new(STREAMS_MAX, STREAMS_SHARE),
            next_request: AtomicU64::new(first),
            openapi: OnceLock::new(),
        }
    }

    /// Returns a name for a request that no other request has.
    pub(crate) fn next_request_id(&self) -> String {
        format!("{:x}", self.next_request.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the OpenAPI document.
    pub(crate) fn openapi(&self) -> Bytes {
        let text = || openapi::text_below(self.edge.base_path()).into();
        self.openapi.get_or_init(text).clone()
    }

    /// Returns every tag as files name it.
    pub(crate) fn tags(&self) -> Arc<Tags> {
        let plant = self.hub.plant();
        let mut known = self.tags.lock();
        if let Some((generation, tags)) = &*known
            && *generation == plant.generation()
        {
            return Arc::clone(tags);
        }
        let retention = self.hub.retention();
        let tags: Tags = plant
            .tags()
            .map(|tag| exchange_tag(tag, &retention))
            .collect();
        let tags = Arc::new(tags);
        *known = Some((plant.generation(), Arc::clone(&tags)));
        tags
    }

    /// Waits a little for a turn of a stream.
    pub(crate) async fn stream_turn(&self) -> Result<FairTurn, ApiError> {
        let turn = tokio::time::timeout(STREAM_PATIENCE, self.streams.acquire()).await;
        turn.map_err(|_| {
            let detail = format!(
                "{STREAMS_SHARE} exports or imports of yours, or {STREAMS_MAX} of all, flow \
                 already; try again later"
            );
            ApiError::new(Code::Busy, detail)
        })
    }

    /// Counts a request of somebody who was recognised.
    ///
    /// # Errors
    ///
    /// When they ask too often, from all addresses together.
    pub(crate) fn check_rate(&self, caller: &Caller, now: Instant) -> Result<(), ApiError> {
        let key = match caller.via {
            Via::Session(_) => caller.user,
            Via::Token { id, .. } => id,
        };
        let checked = self
            .caller_rates
            .as_ref()
            .map(|rates| rates.check(key, now));
        checked.unwrap_or(Ok(())).map_err(ApiError::rate_limited)
    }

    /// Runs work on accounts that hashes a password or waits for the disk.
    pub(crate) async fn with_access<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Access) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let busy = || ApiError::new(Code::Busy, "too many people sign in at once; try again");
        let turn = Arc::clone(&self.hashes).acquire_owned();
        let turn = tokio::time::timeout(HASH_PATIENCE, turn).await;
        let turn = turn.ok().and_then(Result::ok).ok_or_else(busy)?;
        let access = Arc::clone(&self.access);
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&access)
        });
        let done = task.await.map_err(|error| ApiError::internal(&error))?;
        self.tell_access_changes();
        Ok(done)
    }

    /// Tells when accounts, sessions or tokens change.
    pub(crate) fn access_changes(&self) -> watch::Receiver<u64> {
        self.access_changes.subscribe()
    }

    fn tell_access_changes(&self) {
        let now = self.access.changes();
        self.access_changes
            .send_if_modified(|known| std::mem::replace(known, now) != now);
    }

    /// Follows what other processes change about accounts, and ends what is over, until the stop.
    pub(crate) async fn keep_access(self: Arc<App>) {
        let mut period = tokio::time::interval(ACCESS_PERIOD);
        let mut looks = 0_u32;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = period.tick() => {}
            }
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(ACCESS_LOOKS) {
                let (access, now_us) = (Arc::clone(&self.access), self.hub.clock().now_us());
                let tick = tokio::task::spawn_blocking(move || access.tick(now_us));
                if let Ok(Err(error)) = tick.await {
                    tracing::error!(%error, "accounts cannot be kept up to date");
                }
            }
            self.tell_access_changes();
        }
    }

    /// Runs work that waits for the disk or takes long, off the threads of the sockets.
    ///
    /// The turn ends with the work, not with the request, so that requests which give up do not
    /// pile up threads.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = self.reads.acquire().await;
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        task.await.map_err(|error| ApiError::internal(&error))?
    }
}

/// Returns what files say of a tag.
fn exchange_tag(tag: &TagEntry, retention: &Retention) -> Tag {
    Tag {
        index: tag.index(),
        path: tag.path().as_str().into(),
        unit: tag.unit().into(),
        kind: Kind::of(tag.data_type(), tag.scaling().is_identity()),
        raw_days: retention.of(tag.index()).raw,
    }
}
