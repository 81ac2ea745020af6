//! What a process costs, read from `/proc`.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context;

/// Clock ticks per second in `/proc`: fixed on Linux for every program.
const TICKS_PER_SEC: f64 = 100.0;

/// What a process cost over a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// CPU time of all its threads, in seconds.
    pub(crate) cpu_secs: f64,
    /// Greatest resident memory seen, in megabytes.
    pub(crate) rss_mb: f64,
}

/// Watches a process for a time.
pub(crate) fn watch(process: u32, time: Duration) -> anyhow::Result<Cost> {
    let before = cpu_secs(process)?;
    let deadline = Instant::now() + time;
    let mut rss_mb = 0.0_f64;
    while Instant::now() < deadline {
        rss_mb = rss_mb.max(memory_mb(process, "VmRSS:")?);
        let left = deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(Duration::from_millis(500)));
    }
    Ok(Cost {
        cpu_secs: cpu_secs(process)? - before,
        rss_mb,
    })
}

/// Returns the CPU time of a process so far, in seconds.
pub(crate) fn cpu_secs(process: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&path).context(path)?;
    // The name of the program, in parentheses, may hold blanks.
    let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat has a name")?;
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    Ok(ticks / TICKS_PER_SEC)
}

/// Returns a line of `/proc/PID/status` in megabytes, e.g. `VmHWM:`.
pub(crate) fn memory_mb(process: u32, line: &str) -> anyhow::Result<f64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).context(path)?;
    let kilobytes = status
        .lines()
        .find_map(|text| text.strip_prefix(line))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
        .with_context(|| format!("/proc/PID/status has {line}"))?;
    Ok(kilobytes / 1024.0)
}
