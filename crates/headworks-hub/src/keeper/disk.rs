//! Room on the disk of the data directory, and what takes it.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Room on the file system of the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiskSpace {
    /// Size of the file system.
    pub total_bytes: u64,
    /// Bytes that may still be written.
    pub free_bytes: u64,
}

/// How full the disk is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DiskLevel {
    /// Below 80 %.
    #[default]
    Ok,
    /// 80 % and more.
    Warning,
    /// 90 % and more.
    Alarm,
    /// 95 % and more.
    Critical,
}

/// Asks how much room there is.
#[derive(Clone)]
pub struct DiskProbe(Arc<Probe>);

type Probe = dyn Fn(&Path) -> io::Result<DiskSpace> + Send + Sync;

/// Bytes of one part of the data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DataPart {
    /// `samples`, `log`, `forward`, `objects`, `exports` (imports too), `backups` or `other`.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: u64,
    /// Its files.
    pub files: u64,
}

/// Per cent below a level at which it ends: a disk at the brink must not ring all day.
const HYSTERESIS_PERCENT: f64 = 2.0;

/// Directories that are walked into, counted from the data directory.
const DEPTH_MAX: usize = 8;

impl DiskSpace {
    /// Returns how much is taken of what may be taken, in per cent.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share is read to three digits"
    )]
    pub fn used_percent(&self) -> f64 {
        if self.total_bytes == 0 {
            return 0.0;
        }
        100.0 - self.free_bytes.min(self.total_bytes) as f64 / self.total_bytes as f64 * 100.0
    }

    /// Returns the bytes that are taken.
    pub fn used_bytes(&self) -> u64 {
        self.total_bytes.saturating_sub(self.free_bytes)
    }
}

impl DiskLevel {
    /// Returns the level of a disk that is `percent` full and was at this level before.
    #[must_use]
    pub(crate) fn next(self, percent: f64) -> DiskLevel {
        let still = DiskLevel::at(percent + HYSTERESIS_PERCENT);
        DiskLevel::at(percent).max(self.min(still))
    }

    fn at(percent: f64) -> DiskLevel {
        match percent {
            _ if 95.0 <= percent => DiskLevel::Critical,
            _ if 90.0 <= percent => DiskLevel::Alarm,
            _ if 80.0 <= percent => DiskLevel::Warning,
            _ => DiskLevel::Ok,
        }
    }
}

impl DiskProbe {
    /// Returns a probe that answers what `ask` does.
    pub fn new(ask: impl Fn(&Path) -> io::Result<DiskSpace> + Send + Sync + 'static) -> DiskProbe {
        DiskProbe(Arc::new(ask))
    }

    pub(crate) fn ask(&self, directory: &Path) -> io::Result<DiskSpace> {
        (self.0)(directory)
    }
}

impl Default for DiskProbe {
    /// Asks the operating system.
    fn default() -> DiskProbe {
        DiskProbe::new(ask_system)
    }
}

impl fmt::Debug for DiskProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiskProbe")
    }
}

/// Counts what root alone may still write as taken, as `df` does.
#[cfg(unix)]
fn ask_system(directory: &Path) -> io::Result<DiskSpace> {
    let found = rustix::fs::statvfs(directory)?;
    let taken = found.f_blocks.saturating_sub(found.f_bfree);
    Ok(DiskSpace {
        total_bytes: taken
            .saturating_add(found.f_bavail)
            .saturating_mul(found.f_frsize),
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
    })
}

#[cfg(not(unix))]
fn ask_system(_: &Path) -> io::Result<DiskSpace> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Returns what takes room in a data directory, largest first.
pub(crate) fn parts_of(directory: &Path) -> Vec<DataPart> {
    let mut parts: Vec<DataPart> = Vec::new();
    for entry in entries(directory) {
        let name = part_of(&entry.file_name().to_string_lossy());
        let (bytes, files) = measure(&entry, DEPTH_MAX);
        match parts.iter_mut().find(|part| part.name == name) {
            Some(part) => {
                part.bytes += bytes;
                part.files += files;
            }
            None => parts.push(DataPart { name, bytes, files }),
        }
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.bytes));
    parts
}

fn part_of(name: &str) -> &'static str {
    match name {
        "seg" | "rollup" => "samples",
        "wal" => "log",
        "forward" => "forward",
        "exports" | "imports" => "exports",
        "backups" => "backups",
        _ if name.starts_with("headworks.db") => "objects",
        _ => "other",
    }
}

/// Returns the bytes and files of a file or of all below a directory; what goes away meanwhile
/// counts nothing, links are not followed.
fn measure(entry: &std::fs::DirEntry, depth: usize) -> (u64, u64) {
    let Ok(metadata) = entry.metadata() else {
        return (0, 0);
    };
    if !metadata.is_dir() {
        return (metadata.len(), 1);
    }
    if depth == 0 {
        return (0, 0);
    }
    let inside = entries(&entry.path()).map(|entry| measure(&entry, depth - 1));
    inside.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

fn entries(directory: &Path) -> impl Iterator<Item = std::fs::DirEntry> + use<> {
    let found = std::fs::read_dir(directory).into_iter().flatten();
    found.filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(percents: &[f64]) -> Vec<DiskLevel> {
        let next = |level: &mut DiskLevel, percent: &f64| {
            *level = level.next(*percent);
            Some(*level)
        };
        percents.iter().scan(DiskLevel::Ok, next).collect()
    }

    #[test]
    fn a_level_begins_at_once_and_ends_two_per_cent_below() {
        use DiskLevel::{Alarm, Critical, Ok, Warning};
        assert_eq!(
            levels(&[79.9, 80.0, 79.0, 78.1, 77.9, 79.9]),
            [Ok, Warning, Warning, Warning, Ok, Ok]
        );
        assert_eq!(
            levels(&[96.0, 94.0, 92.9, 88.5, 87.9, 50.0]),
            [Critical, Critical, Alarm, Alarm, Warning, Ok]
        );
        assert_eq!(levels(&[91.0, 95.0, 100.0]), [Alarm, Critical, Critical]);
    }

    #[test]
    fn the_share_is_that_of_what_may_be_taken() {
        let space = |total_bytes, free_bytes| DiskSpace {
            total_bytes,
            free_bytes,
        };
        assert_eq!(space(200, 50).used_percent(), 75.0);
        assert_eq!(space(0, 0).used_percent(), 0.0);
        assert_eq!(space(10, 20).used_percent(), 0.0);
    }

    #[cfg(unix)]
    #[test]
    fn the_system_tells_of_a_directory_and_not_of_what_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let space = DiskProbe::default().ask(directory.path()).unwrap();
        assert!(space.free_bytes <= space.total_bytes && 0 < space.total_bytes);
        let missing = directory.path().join("no");
        assert!(DiskProbe::default().ask(&missing).is_err());
    }

    #[test]
    fn parts_are_measured_by_what_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("seg/inner")).unwrap();
        std::fs::write(root.join("seg/a"), [0; 100]).unwrap();
        std::fs::write(root.join("seg/inner/b"), [0; 11]).unwrap();
        std::fs::write(root.join("headworks.db"), [0; 50]).unwrap();
        std::fs::write(root.join("headworks.db-wal"), [0; 5]).unwrap();
        std::fs::write(root.join("notes"), [0; 1]).unwrap();
        let part = |name, bytes, files| DataPart { name, bytes, files };
        assert_eq!(
            parts_of(root),
            [
                part("samples", 111, 2),
                part("objects", 55, 2),
                part("other", 1, 1)
            ]
        );
        assert!(parts_of(&root.join("missing")).is_empty());
    }
}
