//! The configuration objects in the database: tables, and the lock of the one hub that has them.

mod rows;

use std::path::Path;
use std::time::{Duration, Instant};

use deadpool_postgres::ClientWrapper;
use headworks_core::TagIndex;
use headworks_core::model::ObjectId;
use tokio_postgres::{Client, Row};

use super::database::{Database, Failure};
use super::{DatabaseUrl, migrate};
use crate::error::{PostgresFault, StoreError};
use crate::objects::{Contents, Journal, Mark};

/// The lock of the objects of a database. The number means nothing else.
const LOCK: i64 = 0x4865_6164_776d_4f62;
/// How long the lock is waited for: the server may not have seen yet that its last holder ended.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Longest wait for the answer to a look.
const LOOK: Duration = Duration::from_secs(5);
/// Longest wait for a commit.
const COMMIT: Duration = Duration::from_secs(30);
/// Longest wait when everything is copied.
const COPY: Duration = Duration::from_secs(300);

/// The tables of the objects; its methods block.
pub(crate) struct ObjectTables {
    database: Database,
}

/// A connection that holds the lock; the lock goes with it, and every change with the lock.
pub(crate) struct Session {
    client: ClientWrapper,
}

impl ObjectTables {
    /// Names the database; nothing is connected yet.
    pub(crate) fn new(url: &DatabaseUrl) -> Result<ObjectTables, StoreError> {
        Ok(ObjectTables {
            database: Database::new(url, 1)?,
        })
    }

    /// Returns the address, without password.
    pub(crate) fn server(&self) -> String {
        self.database.server()
    }

    /// Returns the error of objects that are not ours to change.
    pub(crate) fn occupied(&self, reason: String) -> StoreError {
        StoreError::Postgres {
            server: self.server(),
            reason,
            fault: PostgresFault::Occupied,
        }
    }

    /// Connects, brings the schema to the present version and takes the objects for this process.
    pub(crate) fn take(&self, directory: &Path) -> Result<Session, StoreError> {
        self.database
            .run(async |client| migrate::migrate(client).await)?;
        let mut client = self.database.session()?;
        let start = Instant::now();
        loop {
            let taken = self
                .database
                .on(&mut client, LOOK, async |client| try_lock(client).await)?;
            if taken {
                break;
            }
            if LOCK_WAIT < start.elapsed() {
                let holder = self
                    .database
                    .on(&mut client, LOOK, async |client| holder(client).await)?;
                return Err(self.occupied(holder));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.database.on(&mut client, LOOK, async |client| {
            note_owner(client, directory).await
        })?;
        Ok(Session { client })
    }

    /// Whether the connection, and with it the lock, is still there.
    pub(crate) fn ping(&self, session: &mut Session) -> Result<(), StoreError> {
        self.database.on(&mut session.client, LOOK, async |client| {
            Ok(client.batch_execute("SELECT 1").await?)
        })
    }

    /// Returns the set of objects and its state; none in an empty database.
    pub(crate) fn mark(&self, session: &mut Session) -> Result<Option<Mark>, StoreError> {
        self.database.on(&mut session.client, LOOK, async |client| {
            let sql = "SELECT plant, state FROM headworks.object_state";
            let row = client.query_opt(sql, &[]).await?;
            Ok(row.map(|row| Mark {
                plant: row.get(0),
                state: row.get(1),
            }))
        })
    }

    /// Returns everything there is.
    pub(crate) fn load(&self, session: &mut Session) -> Result<Contents, StoreError> {
        self.database.on(&mut session.client, COPY, async |client| {
            rows::load(client).await
        })
    }

    /// Puts everything there is in the place of what the database has.
    pub(crate) fn replace(
        &self,
        session: &mut Session,
        contents: &Contents,
        mark: Mark,
    ) -> Result<(), StoreError> {
        self.database.on(&mut session.client, COPY, async |client| {
            rows::replace(client, contents, mark).await
        })
    }

    /// Adds numbers given to tags.
    pub(crate) fn add_tags(
        &self,
        session: &mut Session,
        tags: &[(TagIndex, ObjectId)],
    ) -> Result<(), StoreError> {
        self.database.on(&mut session.client, COPY, async |client| {
            let transaction = client.transaction().await?;
            rows::add_tags(&transaction, tags).await?;
            Ok(transaction.commit().await?)
        })
    }

    /// Stores what a commit does and the state after it, if the state before it is there.
    pub(crate) fn commit(
        &self,
        session: &mut Session,
        journal: &Journal<'_>,
        before: Mark,
        after: Mark,
    ) -> Result<(), StoreError> {
        let done = self
            .database
            .on(&mut session.client, COMMIT, async |client| {
                rows::commit(client, journal, before, after).await
            })?;
        match done {
            true => Ok(()),
            false => Err(self.occupied(
                "somebody else has changed the objects; they are loaded again".to_owned(),
            )),
        }
    }
}

async fn try_lock(client: &Client) -> Result<bool, Failure> {
    let row = client
        .query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK])
        .await?;
    Ok(row.get(0))
}

/// Says who has the lock.
async fn holder(client: &Client) -> Result<String, Failure> {
    let sql = "SELECT host, process, directory, to_char(since AT TIME ZONE 'UTC',
        'YYYY-MM-DD HH24:MI:SS') FROM headworks.object_owner";
    let of = |row: Row| {
        let (host, process, directory, since): (String, i64, String, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        format!(
            "its objects belong to the hub on {host}, process {process}, data directory \
             {directory:?}, since {since} UTC; stop that one first"
        )
    };
    let row = client.query_opt(sql, &[]).await?;
    Ok(row.map_or_else(
        || "its objects belong to another hub that is just starting; stop that one first".into(),
        of,
    ))
}

/// Notes who has the lock, and has the server look often whether we are still there.
async fn note_owner(client: &Client, directory: &Path) -> Result<(), Failure> {
    client
        .batch_execute(
            "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5;
             SET tcp_keepalives_count = 3; SET idle_session_timeout = 0",
        )
        .await?;
    let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    client
        .execute(
            "INSERT INTO headworks.object_owner (host, process, directory) VALUES ($1, $2, $3)
             ON CONFLICT (only_row) DO UPDATE SET host = excluded.host,
                 process = excluded.process, directory = excluded.directory, since = now()",
            &[
                &host(),
                &i64::from(std::process::id()),
                &directory.display().to_string(),
            ],
        )
        .await?;
    Ok(())
}

/// Returns the name of this machine.
fn host() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_else(|_| "an unnamed machine".into());
    name
}
