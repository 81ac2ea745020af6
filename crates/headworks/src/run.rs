//! `headworks run`: everything from start to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use headworks_hub::{Hub, HubHandle, HubSettings};
use headworks_server::{Server, ServerSettings};
use headworks_telemetry::Telemetry;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::cli::RunArguments;
use crate::demo::Demo;
use crate::logging;
use crate::settings::{self, Loaded, Settings, Sources};
use crate::signals::Signals;

/// Room on the disk for turning a full log, several times smaller then, into segment files.
const RESERVE_BYTES: u64 = 32 << 20;

/// Time that links and connections get to end; the store may need a second more.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// Time that the last log lines get on each way.
const FLUSH_GRACE: Duration = Duration::from_millis(500);

/// Runs until a signal comes.
pub(crate) fn run(arguments: &RunArguments) -> anyhow::Result<()> {
    let mut sources = Sources::of_process(arguments.settings.config.clone())?;
    sources.data.clone_from(&arguments.settings.data);
    sources.listen = arguments.listen;
    let loaded = settings::load_with_origins(&sources)?;
    let settings = &loaded.settings;
    let telemetry = logging::start(settings)?;
    match &loaded.file {
        Some(path) => info!(file = %path.display(), "settings read"),
        None => info!("no settings file, defaults are used"),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.runtime.workers)
        .enable_all()
        .build()
        .context("threads cannot be started")?;
    let outcome = runtime.block_on(run_until_signal(&loaded, arguments.demo, &telemetry));
    // A thread that hangs on a broken disk must not keep the process alive.
    runtime.shutdown_background();
    telemetry.flush(FLUSH_GRACE);
    outcome
}

async fn run_until_signal(
    loaded: &Loaded,
    demo: bool,
    telemetry: &Telemetry,
) -> anyhow::Result<()> {
    let settings = &loaded.settings;
    let mut signals = Signals::new()?;
    let mut hub_settings = HubSettings::new(&settings.data.directory);
    hub_settings.historian.time_zone = settings.historian.time_zone();
    hub_settings.historian.reserve_bytes = RESERVE_BYTES;
    hub_settings.historian.group_commit = Duration::from_millis(settings.historian.group_commit_ms);
    hub_settings.times = settings.validation.into();
    hub_settings.database = settings.database.resolve()?;
    hub_settings.upkeep = settings.historian.upkeep();
    hub_settings.alarms = settings.alarms.retention();
    hub_settings.backup = settings.backup.settings();
    let hub = Hub::start(hub_settings).await.with_context(|| {
        format!(
            "the data directory {:?} cannot be used",
            settings.data.directory
        )
    })?;
    if let Err(error) = telemetry.keep_errors(&settings.data.directory) {
        // Samples matter more than the record of errors.
        warn!(%error, "errors are not kept");
    }
    let stop = CancellationToken::new();
    let started = start_outside(&hub.handle(), loaded, demo, telemetry, &stop).await;
    let outcome = match started {
        Ok(outside) => {
            let name = signals.next().await;
            info!(signal = name, "stopping");
            stop.cancel();
            tokio::select! {
                outcome = stop_all(hub, outside) => outcome,
                name = signals.next() => bail!("{name} came twice, stopped at once"),
            }
        }
        Err(error) => {
            // What could not be started is the news; that the hub then stops well is not.
            drop(hub.stop(STOP_GRACE).await);
            Err(error)
        }
    };
    if outcome.is_ok() {
        info!("stopped");
    }
    outcome
}

/// What surrounds the hub: the server, and the simulated plant of a demonstration.
struct Outside {
    server: tokio::task::JoinHandle<()>,
    _demo: Option<Demo>,
}

async fn start_outside(
    hub: &HubHandle,
    loaded: &Loaded,
    demo: bool,
    telemetry: &Telemetry,
    stop: &CancellationToken,
) -> anyhow::Result<Outside> {
    let settings = &loaded.settings;
    let server_settings = ServerSettings {
        sessions: settings.sessions.limits(),
        outbound: settings.outbound.settings(),
        mail: settings.mail.settings(&settings.outbound)?,
        audit_days: settings.audit.retention_days,
        telemetry: telemetry.clone(),
        shown: Arc::new(loaded.shown()),
        ..settings.server.resolve(&settings.data.directory)?
    };
    let server = Server::bind(server_settings, hub.clone()).await?;
    let demo = if demo {
        Some(Demo::start(hub).await?)
    } else {
        None
    };
    let address = server.local_address();
    info!(%address, "listening");
    print_banner(&server, settings, demo.is_some());
    let server = tokio::spawn(server.serve(stop.clone()));
    Ok(Outside {
        server,
        _demo: demo,
    })
}

fn print_banner(server: &Server, settings: &Settings, demo: bool) {
    println!("Headworks {}", env!("CARGO_PKG_VERSION"));
    if let Some(token) = server.setup_token() {
        println!("  set-up token     {token}   (asked for once, to make the first account)");
    }
    println!("  web UI and API   {}", server.url());
    if let Some(fingerprint) = server.fingerprint() {
        println!("  certificate      SHA-256 {fingerprint}");
    }
    println!("  data directory   {}", settings.data.directory.display());
    if demo {
        println!("  demonstration    a simulated plant is polled over Modbus TCP");
    }
    println!("  stop             Ctrl-C");
}

/// Stops the server first, so that nothing new is asked of the hub.
async fn stop_all(hub: Hub, outside: Outside) -> anyhow::Result<()> {
    let (served, stopped) = tokio::join!(outside.server, hub.stop(STOP_GRACE));
    if let Err(error) = served {
        warn!(%error, "the server ended badly");
    }
    stopped.context("the store could not be closed well")
}
