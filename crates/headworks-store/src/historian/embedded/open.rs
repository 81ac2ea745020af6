//! Opening: finding out what the last process left.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::{Condvar, Mutex, RwLock};

use super::{HistorianOptions, LogPosition, Sealing, Shared, Signal, Tables, Writer};
use crate::error::StoreError;
use crate::historian::block::BlockMeta;
use crate::historian::catalog::{Catalog, Segment};
use crate::historian::checkpoint;
use crate::historian::damage::FileDamage;
use crate::historian::disk::Disk;
use crate::historian::latest::Latest;
use crate::historian::memtable::Memtable;
use crate::historian::rollup::Rollups;
use crate::historian::stream::{Cursor, Point, Raw};
use crate::historian::wal::{self, End, Wal};

/// Opens all files.
pub(super) fn open(
    disk: Disk,
    directory: &Path,
    options: HistorianOptions,
) -> Result<Shared, StoreError> {
    let wal_directory = directory.join("wal");
    let segment_directory = directory.join("seg");
    create(&wal_directory)?;
    create(&segment_directory)?;
    let generations = wal::generations(&wal_directory)?;
    let catalog = Catalog::open(
        &segment_directory,
        directory.join("quarantine"),
        &disk,
        &generations,
        options.cache_bytes_max,
    )?;
    let zone = options.time_zone.clone();
    let rollups = Rollups::open(&directory.join("rollup"), &disk, zone)?;
    let committed = catalog.committed();
    let sealed_latest = latest_of(&catalog, &segment_directory)?;
    let mut replay = Replay {
        latest: sealed_latest.clone(),
        ..Replay::default()
    };
    for generation in generations.iter().filter(|found| committed < **found) {
        let path = wal::path_of(&wal_directory, *generation);
        replay.file(&disk, &path, &catalog)?;
    }
    let forward_directory = directory.join("forward");
    let last = last_number(&catalog, &generations, &forward_directory)?;
    let wal = Wal::create(&disk, &wal_directory, last + 1)?;
    let (latest, sealing) = replay.end(last);
    if sealing.is_none() {
        remove_empty(&disk, &wal_directory, &generations)?;
    }
    let shared = Shared {
        options,
        disk,
        wal_directory,
        segment_directory,
        forward_directory,
        reserve: directory.join("reserve.bin"),
        sync: Mutex::default(),
        writer: Mutex::new(Writer::new(wal)),
        tables: RwLock::new(Tables {
            active: Memtable::default(),
            sealing: sealing.clone(),
            latest,
        }),
        signal: Mutex::new(Signal {
            to_seal: sealing,
            ..Signal::default()
        }),
        changed: Condvar::new(),
        durable: Mutex::new(LogPosition::start_of(last + 1)),
        forward: Mutex::default(),
        sealed_latest: Mutex::new(sealed_latest),
        upkeep: Mutex::default(),
        catalog,
        rollups,
        wal_bytes: AtomicU64::new(0),
        appended: AtomicU64::new(0),
        dropped: AtomicU64::new(0),
        sync_us: AtomicU64::new(0),
        refusal: Mutex::default(),
    };
    shared.remove_logs(committed)?;
    Ok(shared)
}

fn create(path: &Path) -> Result<(), StoreError> {
    std::fs::create_dir_all(path).map_err(|error| StoreError::io("creating", path, error))
}

/// Returns the greatest number of a generation that a file has.
fn last_number(catalog: &Catalog, logs: &[u64], forward: &Path) -> Result<u64, StoreError> {
    let kept = wal::generations_if_any(forward)?;
    let used = logs.iter().chain(&kept).copied();
    Ok(used.fold(catalog.newest(), u64::max))
}

/// Removes logs without samples: no seal will, because there is nothing to seal.
fn remove_empty(disk: &Disk, directory: &Path, generations: &[u64]) -> Result<(), StoreError> {
    let mut logs = generations.iter();
    logs.try_for_each(|&generation| disk.remove(&wal::path_of(directory, generation)))
}

/// Returns the newest sample of each tag in the files.
fn latest_of(catalog: &Catalog, directory: &Path) -> Result<Latest, StoreError> {
    // A list that knows of more than the files is that of other files.
    let (mut latest, seal) = checkpoint::read(directory)
        .filter(|(_, seal)| *seal <= catalog.newest())
        .unwrap_or_default();
    let mut strings: HashMap<u32, (Arc<Segment>, BlockMeta)> = HashMap::new();
    let mut segments = catalog.all();
    segments.retain(|segment| seal < segment.footer.seal);
    segments.sort_by_key(|segment| segment.footer.seal);
    for segment in segments {
        catalog.scan(&segment, &mut |meta| {
            if latest
                .time_us(meta.tag)
                .is_none_or(|time| time <= meta.last_us)
            {
                if meta.kind.is_blob() {
                    strings.insert(meta.tag, (Arc::clone(&segment), *meta));
                } else {
                    strings.remove(&meta.tag);
                }
            }
            latest.offer(meta.tag, &last_point(meta));
        })?;
    }
    for (segment, meta) in strings.values() {
        if let Some(points) = catalog.block(segment, meta)? {
            latest.offer(meta.tag, &points.point(points.len() - 1));
        }
    }
    Ok(latest)
}

/// Returns a block's last point as far as its index entry knows it; strings are in the block.
fn last_point(meta: &BlockMeta) -> Point {
    let bad = headworks_core::Quality::from_code(meta.last_quality).is_bad();
    Point {
        time_us: meta.last_us,
        quality: meta.last_quality,
        value: match bad || meta.kind.is_blob() {
            true => Raw::Missing,
            false => Raw::Bits(meta.kind, meta.last),
        },
    }
}

/// Takes points of the log back into memory.
#[derive(Default)]
struct Replay {
    table: Memtable,
    latest: Latest,
    cursors: Vec<Cursor>,
    blobs: HashMap<u32, Arc<[u8]>>,
    scratch: Vec<u8>,
}

impl Replay {
    /// Returns the newest samples, and what is to be sealed up to a generation, if anything.
    fn end(self, generation: u64) -> (Latest, Option<Arc<Sealing>>) {
        let table = self.table;
        let sealing = (table.points() != 0).then(|| Arc::new(Sealing { table, generation }));
        (self.latest, sealing)
    }

    fn file(&mut self, disk: &Disk, path: &Path, catalog: &Catalog) -> Result<(), StoreError> {
        match wal::replay(path, &mut |tag, point| self.point(tag, point))? {
            End::Clean => {}
            End::Torn(bytes) => {
                tracing::warn!(file = ?path, bytes, "left out a batch whose writing was cut short; \
                    it was never acknowledged");
            }
            End::Damaged(offset, reason) => {
                let mut damage = FileDamage::of_file(path, reason);
                damage.reason = format!("{reason}, at byte {offset} of the write-ahead log");
                damage.kept_as = Some(catalog.damage.keep(disk, path)?);
                catalog.damage.note_file(damage);
            }
        }
        Ok(())
    }

    fn point(&mut self, tag: u32, point: Point) {
        let at = tag as usize;
        if self.cursors.len() <= at {
            self.cursors.resize(at + 1, Cursor::default());
        }
        let cursor = &mut self.cursors[at];
        let is_next = cursor.is_next(point.time_us);
        let previous = if cursor.has_blobs() {
            self.blobs.get(&tag)
        } else {
            None
        };
        self.scratch.clear();
        cursor.encode(&point, previous.map(|blob| &blob[..]), &mut self.scratch);
        self.table.append(tag, &self.scratch, is_next);
        self.table.note_time(point.time_us);
        self.latest.offer(tag, &point);
        if let Raw::Blob(_, blob) = point.value {
            self.blobs.insert(tag, blob);
        }
    }
}
