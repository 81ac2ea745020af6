//! What the process uses, as Linux tells in `/proc/self`; other systems tell nothing.

use crate::status::ProcessUsage;

/// Clock ticks per second in `/proc`: fixed by the kernel's interface to programs.
const TICKS_PER_SEC: f64 = 100.0;

/// Returns what the process uses now.
pub(crate) fn usage() -> Option<ProcessUsage> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let open_files = std::fs::read_dir("/proc/self/fd").ok()?.count();
    Some(ProcessUsage {
        cpu_secs: cpu_secs(&stat)?,
        rss_bytes: field(&status, "VmRSS:")? * 1024,
        threads: field(&status, "Threads:")?.try_into().ok()?,
        open_files: open_files.try_into().ok()?,
    })
}

/// Returns the processor time of the line of `/proc/self/stat`: user and system time are the
/// 14th and 15th field; the 2nd, the name, may hold blanks and ends with the last parenthesis.
fn cpu_secs(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some((f64::from(user) + f64::from(system)) / TICKS_PER_SEC)
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_shift_the_fields() {
        let stat = "4711 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 4 0";
        assert_eq!(cpu_secs(stat), Some(3.0));
    }

    #[test]
    fn this_process_uses_memory_and_a_thread() {
        let usage = usage().unwrap();
        assert!(1_000_000 < usage.rss_bytes, "{usage:?}");
        assert!(1 <= usage.threads && 3 <= usage.open_files, "{usage:?}");
    }
}
