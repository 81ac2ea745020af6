//! What the API costs and how soon it answers while a plant is polled: who asks, lists, trends,
//! many connections, many sign-ins, many watchers.
//!
//! The clients are in this process, on the same machine: the figures are theirs and the hub's.

mod requests;
mod watchers;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use headworks_access::{Access, NewUser, SessionLimits};
use headworks_core::Role;
use serde_json::json;

use crate::device::{Behaviour, Content, Devices};
use crate::figure::{Reach, report};
use crate::load;
use crate::plant::{self, Layout};
use crate::scans;
use crate::support::rest::Hub;

const DEVICES: usize = 10;
const TAGS: u16 = 1000;
const PERIOD: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_secs(5);
/// Sign-ins that come at once.
const SIGN_INS: usize = 100;
/// Time in which the polling is looked at while they work.
const SIGN_IN_TIME: Duration = Duration::from_secs(10);
/// Connections that are held open.
const IDLE: usize = 10_000;
/// Instant of the checks of tokens, which have no clock.
const NOW_US: i64 = 1_800_000_000_000_000;

/// Measures and reports.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<()> {
    check_tokens()?;
    let devices = Devices::start(&vec![vec![Behaviour::Answers]; DEVICES], Content::Moving)?;
    let data = tempfile::tempdir()?;
    let mut hub = Hub::start(binary, data.path(), &[]).map_err(|error| anyhow!(error))?;
    let layout = Layout {
        links: devices.links(),
        tags: TAGS,
        period_ms: 1000,
        timeout_ms: 1000,
    };
    plant::configure(&hub, &layout)?;
    std::thread::sleep(WARM_UP);
    requests::lists(&hub)?;
    requests::trends(&hub)?;
    sign_in_at_once(&hub, &devices)?;
    hub.sign_in_again().map_err(|error| anyhow!(error))?;
    // First those whose memory is judged: what the others gave back would be used again.
    watchers::measure(&hub)?;
    hold_connections(&hub)?;
    hub.stop().map_err(|error| anyhow!(error))?;
    Ok(())
}

/// Measures how long it takes to know whose a token is, among 1,000 sessions.
fn check_tokens() -> anyhow::Result<()> {
    const ACCOUNTS: usize = 50;
    const CHECKS: u32 = 200_000;
    let directory = tempfile::tempdir()?;
    let access = Access::open(directory.path(), SessionLimits::default())?;
    let mut tokens = Vec::new();
    for number in 0..ACCOUNTS {
        let new = NewUser {
            name: format!("user{number}"),
            full_name: String::new(),
            role: Role::Owner,
            write: None,
            password: None,
            password_hash: Some(format!("$2b$04${}", "a".repeat(53))),
            must_change_password: false,
        };
        let user = access.add_user(&new, NOW_US)?;
        for _ in 0..20 {
            let opened =
                access.open_session(user.id, &headworks_access::Client::default(), NOW_US)?;
            tokens.push(opened.access_token);
        }
    }
    let begun = Instant::now();
    let mut known = 0_u32;
    for token in tokens.iter().cycle().take(CHECKS as usize) {
        known += u32::from(access.check(token, NOW_US).is_some());
    }
    let each = begun.elapsed().as_secs_f64() * 1e3 / f64::from(CHECKS);
    if known != CHECKS {
        bail!("{known} of {CHECKS} tokens were known");
    }
    report(
        "check of a token, 1,000 sessions",
        each,
        "ms",
        Reach::Below(0.1),
    );
    Ok(())
}

/// Lets many people sign in at the same moment and looks at the polling meanwhile.
fn sign_in_at_once(hub: &Hub, devices: &Devices) -> anyhow::Result<()> {
    devices.forget();
    std::thread::sleep(SIGN_IN_TIME);
    let calm = scans::judge(&devices.scans(), PERIOD, SIGN_IN_TIME);
    devices.forget();
    let begun = Instant::now();
    let mut times: Vec<f64> = std::thread::scope(|scope| {
        let one = || {
            let begun = Instant::now();
            let answer = hub.post("session", &Hub::credentials());
            (
                begun.elapsed().as_secs_f64(),
                answer.map(|answer| answer.status),
            )
        };
        let all: Vec<_> = (0..SIGN_INS).map(|_| scope.spawn(one)).collect();
        let ended = all.into_iter().filter_map(|thread| thread.join().ok());
        let done = ended.filter(|(_, status)| matches!(status, Ok(200)));
        done.map(|(time, _)| time).collect()
    });
    std::thread::sleep(SIGN_IN_TIME.saturating_sub(begun.elapsed()));
    let busy = scans::judge(&devices.scans(), PERIOD, SIGN_IN_TIME);
    times.sort_by(f64::total_cmp);
    let slowest = times.last().copied().unwrap_or(f64::NAN);
    let name = |what: &str| format!("{SIGN_INS} sign-ins at once: {what}");
    report(
        &name("signed in"),
        times.len() as f64,
        "people",
        Reach::AtLeast(SIGN_INS as f64),
    );
    report(&name("the last one after"), slowest, "s", Reach::None);
    report(
        &name("scan jitter p99 before"),
        calm.jitter_p99_ms,
        "ms",
        Reach::None,
    );
    report(
        &name("scan jitter p99 meanwhile"),
        busy.jitter_p99_ms,
        "ms",
        Reach::AtMost(5.0),
    );
    report(
        &name("missed scans"),
        busy.missed as f64,
        "scans",
        Reach::AtMost(0.0),
    );
    Ok(())
}

/// Opens many connections that ask once and stay.
fn hold_connections(hub: &Hub) -> anyhow::Result<()> {
    let mut open = Vec::with_capacity(IDLE);
    for number in 0..IDLE {
        let stream = requests::Keeper::open(hub).with_context(|| format!("connection {number}"))?;
        open.push(stream);
    }
    for (number, keeper) in open.iter_mut().enumerate() {
        keeper
            .ask("/healthz")
            .with_context(|| format!("connection {number}"))?;
    }
    let after = load::memory_mb(hub.process.id(), "VmRSS:")?;
    report(
        "open connections held",
        open.len() as f64,
        "connections",
        Reach::AtLeast(IDLE as f64),
    );
    report("memory with them", after, "MB", Reach::None);
    let health = hub.get("system/health").map_err(|error| anyhow!(error))?;
    println!(
        "health with {IDLE} connections: {}",
        json!(health.body["status"])
    );
    Ok(())
}
