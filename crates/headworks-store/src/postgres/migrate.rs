//! The schema: numbered steps, one hub at a time.

use deadpool_postgres::Client;
use tokio_postgres::error::SqlState;

use super::database::Failure;
use crate::error::{PostgresFault, StoreError};

/// A step; `timescale` replaces `plain` where the extension is used.
struct Step {
    name: &'static str,
    plain: &'static str,
    timescale: Option<&'static str>,
}

/// A step is never changed once released; a new one is added at the end.
const STEPS: [Step; 6] = [
    Step {
        name: "base",
        plain: include_str!("migrations/0001_base.sql"),
        timescale: None,
    },
    Step {
        name: "samples",
        plain: include_str!("migrations/0002_samples_plain.sql"),
        timescale: Some(include_str!("migrations/0002_samples_timescale.sql")),
    },
    Step {
        name: "history",
        plain: include_str!("migrations/0003_history.sql"),
        timescale: None,
    },
    Step {
        name: "aggregates",
        plain: "",
        timescale: Some(include_str!("migrations/0004_aggregates_timescale.sql")),
    },
    Step {
        name: "objects",
        plain: include_str!("migrations/0005_objects.sql"),
        timescale: None,
    },
    Step {
        name: "object_kinds",
        plain: include_str!("migrations/0006_object_kinds.sql"),
        timescale: None,
    },
];

/// The oldest server we run on.
const SERVER_MIN: i32 = 150_000;
/// Two hubs that start at once migrate one after the other. The number means nothing else.
const LOCK: i64 = 0x4865_6164_776d_6967;

/// What the schema is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// PostgreSQL alone: a partition per day.
    Plain,
    /// TimescaleDB: a hypertable.
    Timescale,
}

/// Brings the schema to the present version; returns what it is built on.
pub(super) async fn migrate(client: &mut Client) -> Result<Layout, Failure> {
    check_server(client).await?;
    client
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await?;
    let outcome = migrate_locked(client).await;
    client
        .execute("SELECT pg_advisory_unlock($1)", &[&LOCK])
        .await?;
    outcome
}

/// Looks whether the database can be used; returns what was found.
pub(super) async fn check(client: &mut Client) -> Result<String, Failure> {
    check_server(client).await?;
    let row = client
        .query_one(
            "SELECT current_setting('server_version'), current_user::text, current_database()::text,
                 to_regclass('headworks.migrations') IS NOT NULL,
                 has_database_privilege(current_database(), 'CREATE')",
            &[],
        )
        .await?;
    let (version, user, database): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
    if !row.get::<_, bool>(3) {
        return match row.get::<_, bool>(4) {
            true => Ok(format!("PostgreSQL {version}, the schema will be made")),
            false => Err(setup(format!(
                "user {user} may not make the schema headworks; grant it with: GRANT CREATE ON \
                 DATABASE {database} TO {user}"
            ))),
        };
    }
    let row = client
        .query_one(
            "SELECT coalesce(max(version), 0), coalesce(min(layout), 'plain')
             FROM headworks.migrations",
            &[],
        )
        .await?;
    let (done, layout): (i32, &str) = (row.get(0), row.get(1));
    check_version(usize::try_from(done).unwrap_or(0))?;
    Ok(format!(
        "PostgreSQL {version}, schema version {done} of {}, layout {layout}",
        STEPS.len()
    ))
}

fn check_version(done: usize) -> Result<(), Failure> {
    if done <= STEPS.len() {
        return Ok(());
    }
    Err(Failure::Store(StoreError::Postgres {
        server: "the database".into(),
        reason: format!(
            "its schema headworks has version {done}; this program knows up to {}; use a newer \
             program",
            STEPS.len()
        ),
        fault: PostgresFault::TooNew,
    }))
}

async fn check_server(client: &Client) -> Result<(), Failure> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int4, current_setting('server_version')",
            &[],
        )
        .await?;
    if SERVER_MIN <= row.get::<_, i32>(0) {
        return Ok(());
    }
    let version: &str = row.get(1);
    Err(setup(format!(
        "the server is PostgreSQL {version}; 15 or newer is needed"
    )))
}

async fn migrate_locked(client: &mut Client) -> Result<Layout, Failure> {
    client
        .batch_execute(
            "SET client_min_messages = warning;
             CREATE SCHEMA IF NOT EXISTS headworks;
             CREATE TABLE IF NOT EXISTS headworks.migrations (
                 version int4 PRIMARY KEY,
                 name text NOT NULL,
                 layout text NOT NULL,
                 applied_at timestamptz NOT NULL DEFAULT now()
             );",
        )
        .await?;
    let row = client
        .query_one(
            "SELECT coalesce(max(version), 0), min(layout) FROM headworks.migrations",
            &[],
        )
        .await?;
    let (done, layout): (i32, Option<&str>) = (row.get(0), row.get(1));
    let done = usize::try_from(done).unwrap_or(0);
    check_version(done)?;
    let layout = match layout {
        Some("timescaledb") => Layout::Timescale,
        Some(_) => Layout::Plain,
        None => choose(client).await?,
    };
    for (number, step) in (1..).zip(&STEPS).skip(done) {
        apply(client, number, step, layout).await?;
    }
    Ok(layout)
}

/// TimescaleDB where the server has it and we may use it.
async fn choose(client: &Client) -> Result<Layout, Failure> {
    let found = client
        .query_opt(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'",
            &[],
        )
        .await?;
    if found.is_none() {
        return Ok(Layout::Plain);
    }
    let created = client
        .batch_execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        .await
        .map_err(Failure::from);
    match created {
        Ok(()) => Ok(Layout::Timescale),
        Err(failure) if failure.is(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            tracing::warn!(
                "the server has TimescaleDB but this user may not create the extension; native \
                 partitions are used"
            );
            Ok(Layout::Plain)
        }
        Err(failure) => Err(failure),
    }
}

async fn apply(
    client: &mut Client,
    number: i32,
    step: &Step,
    layout: Layout,
) -> Result<(), Failure> {
    let (sql, layout) = match layout {
        Layout::Timescale => (step.timescale.unwrap_or(step.plain), "timescaledb"),
        Layout::Plain => (step.plain, "plain"),
    };
    if step.name == "aggregates" && !sql.is_empty() {
        // Continuous aggregates cannot be made in a transaction.
        for statement in sql.split(';').filter(|part| !part.trim().is_empty()) {
            client.batch_execute(statement).await?;
        }
    }
    let transaction = client.transaction().await?;
    if step.name != "aggregates" {
        transaction.batch_execute(sql).await?;
    }
    transaction
        .execute(
            "INSERT INTO headworks.migrations (version, name, layout) VALUES ($1, $2, $3)",
            &[&number, &step.name, &layout],
        )
        .await?;
    transaction.commit().await?;
    Ok(())
}

fn setup(reason: String) -> Failure {
    Failure::Store(StoreError::Postgres {
        server: "the database".into(),
        reason,
        fault: PostgresFault::Setup,
    })
}
