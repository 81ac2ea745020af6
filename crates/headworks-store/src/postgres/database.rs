//! Connections to the server: a small runtime, a bounded pool, time-outs, errors with a remedy.

use std::path::Path;
use std::time::Duration;

use deadpool_postgres::{
    Client, ClientWrapper, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod,
    Runtime as PoolRuntime, TimeoutType,
};
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DatabaseUrl;
use crate::error::{PostgresFault, StoreError};

/// Longest wait for a free connection of the pool, and for a new one.
const WAIT: Duration = Duration::from_secs(6);
/// Longest wait for the answer to one request that is not a stream of rows.
const PATIENCE: Duration = Duration::from_secs(120);
/// Longest wait for the next rows of a stream.
pub(super) const ROW_PATIENCE: Duration = Duration::from_secs(60);

/// A database, connected when it is needed. Its methods block.
pub(super) struct Database {
    url: DatabaseUrl,
    pool: Pool,
    /// Absent only while it is dropped.
    runtime: Option<Runtime>,
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Dropping it would wait, which async callers may not.
            runtime.shutdown_background();
        }
    }
}

impl Database {
    /// Makes the pool; nothing is connected yet.
    pub(super) fn new(url: &DatabaseUrl, connections: usize) -> Result<Database, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| {
                StoreError::io("starting a thread for", Path::new("database.url"), error)
            })?;
        let mut config = url.config.clone();
        let options = config.get_options().unwrap_or_default();
        config.options(format!(
            "{options} -c timezone=UTC -c lock_timeout=20s -c jit=off"
        ));
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = match &url.tls {
            None => Manager::from_config(config, NoTls, recycling),
            Some(tls) => {
                let tls = MakeRustlsConnect::new(rustls::ClientConfig::clone(tls));
                Manager::from_config(config, tls, recycling)
            }
        };
        let pool = Pool::builder(manager)
            .max_size(connections.max(1))
            .runtime(PoolRuntime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .recycle_timeout(Some(WAIT))
            .build()
            .map_err(|error| StoreError::Postgres {
                server: url.to_string(),
                reason: error.to_string(),
                fault: PostgresFault::Setup,
            })?;
        Ok(Database {
            url: url.clone(),
            pool,
            runtime: Some(runtime),
        })
    }

    /// Runs `work` on a connection; does it again when the connection turns out to be gone, so
    /// `work` must be able to be done twice.
    pub(super) fn run<T>(
        &self,
        mut work: impl AsyncFnMut(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut once = async || {
            let outcome = tokio::time::timeout(PATIENCE, self.attempt(&mut work)).await;
            outcome.unwrap_or(Err(Failure::Silent(PATIENCE)))
        };
        self.block_on(async {
            match once().await {
                Err(failure) if failure.is_stale() => once().await,
                outcome => outcome,
            }
        })
    }

    /// Runs `work`, which streams rows and watches its own time, once.
    pub(super) fn stream<T>(
        &self,
        mut work: impl AsyncFnMut(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        self.block_on(self.attempt(&mut work))
    }

    /// Takes a connection out of the pool, for what belongs to it and ends with it.
    pub(super) fn session(&self) -> Result<ClientWrapper, StoreError> {
        self.block_on(async { Ok(Client::take(self.pool.get().await?)) })
    }

    /// Runs `work` on a connection of the caller's own, once.
    pub(super) fn on<T>(
        &self,
        client: &mut ClientWrapper,
        patience: Duration,
        work: impl AsyncFnOnce(&mut tokio_postgres::Client) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        self.block_on(async {
            let outcome = tokio::time::timeout(patience, work(client)).await;
            outcome.unwrap_or(Err(Failure::Silent(patience)))
        })
    }

    /// Returns the address, without password.
    pub(super) fn server(&self) -> String {
        self.url.to_string()
    }

    async fn attempt<T>(
        &self,
        work: &mut impl AsyncFnMut(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut client = Leased(Some(self.pool.get().await?));
        let outcome = match &mut client.0 {
            Some(lent) => work(lent).await,
            None => Err(Failure::Silent(WAIT)),
        };
        if !matches!(outcome, Err(Failure::Silent(_))) {
            client.give_back();
        }
        outcome
    }

    fn block_on<T>(
        &self,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, StoreError> {
        let Some(runtime) = &self.runtime else {
            return Err(self.explain(Failure::Silent(WAIT)));
        };
        runtime
            .block_on(future)
            .map_err(|failure| self.explain(failure))
    }

    /// Returns the error for the caller: what, where, and what to do about it.
    pub(super) fn explain(&self, failure: Failure) -> StoreError {
        let (fault, reason) = match failure {
            Failure::Store(error) => return error,
            Failure::Silent(limit) => (
                PostgresFault::Away,
                format!("no answer within {} s", limit.as_secs()),
            ),
            Failure::Busy => (
                PostgresFault::Away,
                format!(
                    "all {} connections are in use; raise database.connections_max",
                    self.pool.status().max_size
                ),
            ),
            Failure::Server(error) => explain(&error),
        };
        StoreError::Postgres {
            server: self.url.to_string(),
            reason,
            fault,
        }
    }
}

/// A connection that is closed unless it is given back: one whose request was given up would
/// hand its answer to the next one.
struct Leased(Option<Client>);

impl Leased {
    fn give_back(&mut self) {
        drop(self.0.take());
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Client::take(client));
        }
    }
}

/// Why a request did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// What the server or the connection says.
    Server(tokio_postgres::Error),
    /// No connection was free in time.
    Busy,
    /// There was no answer in time.
    Silent(Duration),
    /// What the store says.
    Store(StoreError),
}

impl Failure {
    /// Whether the server says this.
    pub(super) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Failure::Server(error) if error.code() == Some(state))
    }

    /// Whether the rows themselves are refused, so that sending them again cannot help.
    pub(super) fn refuses_rows(&self) -> bool {
        match self {
            Failure::Server(error) => explain(error).0 == PostgresFault::Refused,
            Failure::Store(StoreError::Postgres { fault, .. }) => *fault == PostgresFault::Refused,
            Failure::Busy | Failure::Silent(_) | Failure::Store(_) => false,
        }
    }

    /// Whether the connection was closed before the request began.
    fn is_stale(&self) -> bool {
        matches!(self, Failure::Server(error) if error.is_closed()
            || error.code() == Some(&SqlState::ADMIN_SHUTDOWN))
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Failure {
        Failure::Server(error)
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Failure {
        match error {
            PoolError::Backend(error) => Failure::Server(error),
            PoolError::Timeout(TimeoutType::Wait) => Failure::Busy,
            PoolError::Timeout(_)
            | PoolError::Closed
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => Failure::Silent(WAIT),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

fn explain(error: &tokio_postgres::Error) -> (PostgresFault, String) {
    if let Some(refusal) = error.as_db_error() {
        let (fault, remedy) = judge(refusal.code());
        let mut reason = refusal.message().to_owned();
        if !remedy.is_empty() {
            reason = format!("{reason}; {remedy}");
        }
        return (fault, reason);
    }
    let reason = chain(error);
    let (fault, remedy) = match () {
        () if reason.contains("password missing") => (
            PostgresFault::Setup,
            "the server asks for a password; put one into database.url",
        ),
        () if reason.contains("lookup") => (
            PostgresFault::Away,
            "the name of the host is not known; check database.url and the DNS",
        ),
        () if reason.contains("refused") || reason.contains("No such file") => (
            PostgresFault::Away,
            "no server listens there; check host and port in database.url and that it runs",
        ),
        () if reason.contains("certificate") => (
            PostgresFault::Setup,
            "its certificate is not trusted; name its authority with sslrootcert=FILE",
        ),
        () => (PostgresFault::Away, "it is tried again"),
    };
    (fault, format!("{reason}; {remedy}"))
}

/// Returns what a refusal of the server means and what to do.
fn judge(state: &SqlState) -> (PostgresFault, &'static str) {
    use PostgresFault::{Away, Refused, Setup};
    match state {
        s if *s == SqlState::INVALID_PASSWORD
            || *s == SqlState::INVALID_AUTHORIZATION_SPECIFICATION =>
        {
            (
                Setup,
                "check user and password in database.url, and pg_hba.conf",
            )
        }
        s if *s == SqlState::INVALID_CATALOG_NAME => (
            Setup,
            "create it, e.g. with: createdb --owner=USER DATABASE",
        ),
        s if *s == SqlState::INSUFFICIENT_PRIVILEGE => (
            Setup,
            "grant it, e.g. with: GRANT CREATE ON DATABASE name TO user",
        ),
        s if *s == SqlState::DISK_FULL => (Away, "make room on the server's disk"),
        s if *s == SqlState::TOO_MANY_CONNECTIONS => (
            Away,
            "raise max_connections of the server or lower database.connections_max",
        ),
        s => match &s.code()[..2] {
            "08" | "40" | "53" | "55" | "57" | "58" => (Away, "it is tried again"),
            "22" | "23" | "P0" => (Refused, ""),
            _ => (Setup, ""),
        },
    }
}

/// Joins the messages of an error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
