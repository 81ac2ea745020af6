//! Exports into files, which go on where an interrupted one ended.
//!
//! The rows go to `NAME.part`. Every so often `NAME.resume` says up to which byte and position it
//! is whole; only CSV and JSON lines can be gone on with, since Excel and Parquet files are joined
//! at their end. A whole file gets its name in one step.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use headworks_store::Historian;
use serde::{Deserialize, Serialize};

use super::{Export, ExportPlan, ExportReport, Format, Position, TextSink, write_to};
use crate::Watch;
use crate::error::ExchangeError;
use crate::packing::Packer;

/// Bytes between two checkpoints.
const CHECKPOINT_BYTES: u64 = 32 << 20;

/// How far an interrupted export had come.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    /// [`ExportPlan::fingerprint`].
    plan: String,
    position: Position,
    rows: u64,
    bytes: u64,
}

/// Writes an export to a file; one that was interrupted goes on after its last checkpoint.
///
/// # Errors
///
/// As [`write_to`]. What was written stays for the next try where the format allows.
pub fn write_file(
    historian: &dyn Historian,
    plan: &ExportPlan,
    path: &Path,
    watch: &mut Watch<'_>,
) -> Result<ExportReport, ExchangeError> {
    let files = Files::new(path);
    let is_text = matches!(plan.options().format, Format::Csv | Format::Jsonl);
    let outcome = if is_text {
        write_resumable(historian, plan, &files, watch)
    } else {
        write_anew(historian, plan, &files, watch)
    };
    if outcome.is_err() && !is_text {
        files.discard();
    }
    let report = outcome?;
    fs::rename(&files.part, path)
        .map_err(|error| ExchangeError::io("renaming", &files.part, error))?;
    remove(&files.resume);
    Ok(report)
}

/// Removes what an interrupted export to `path` has left.
pub fn discard(path: &Path) {
    Files::new(path).discard();
}

struct Files {
    part: PathBuf,
    resume: PathBuf,
}

impl Files {
    fn new(path: &Path) -> Files {
        let with = |suffix: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        Files {
            part: with(".part"),
            resume: with(".resume"),
        }
    }

    fn discard(&self) {
        remove(&self.part);
        remove(&self.resume);
    }

    /// Opens the part after the checkpoint that fits the plan, or anew.
    fn open(&self, plan: &ExportPlan) -> Result<(File, Option<Checkpoint>), ExchangeError> {
        let failed = |error| ExchangeError::io("opening", &self.part, error);
        if let Some(checkpoint) = self.checkpoint(plan) {
            let mut file = OpenOptions::new()
                .write(true)
                .open(&self.part)
                .map_err(failed)?;
            file.set_len(checkpoint.bytes).map_err(failed)?;
            file.seek(SeekFrom::End(0)).map_err(failed)?;
            return Ok((file, Some(checkpoint)));
        }
        remove(&self.resume);
        Ok((File::create(&self.part).map_err(failed)?, None))
    }

    fn checkpoint(&self, plan: &ExportPlan) -> Option<Checkpoint> {
        let text = fs::read(&self.resume).ok()?;
        let checkpoint: Checkpoint = serde_json::from_slice(&text).ok()?;
        let bytes = fs::metadata(&self.part).ok()?.len();
        let fits = checkpoint.plan == plan.fingerprint() && checkpoint.bytes <= bytes;
        fits.then_some(checkpoint)
    }

    /// Makes the part whole up to here and says so.
    fn write_checkpoint(&self, file: &File, checkpoint: &Checkpoint) -> std::io::Result<()> {
        file.sync_data()?;
        let text = serde_json::to_vec(checkpoint)?;
        let new = self.resume.with_extension("resume.new");
        let mut out = File::create(&new)?;
        out.write_all(&text)?;
        out.sync_data()?;
        fs::rename(&new, &self.resume)
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(?path, %error, "a file of an export cannot be removed"),
    }
}

fn write_resumable(
    historian: &dyn Historian,
    plan: &ExportPlan,
    files: &Files,
    watch: &mut Watch<'_>,
) -> Result<ExportReport, ExchangeError> {
    let (file, begun) = files.open(plan)?;
    let mut export = Export::new(historian, plan, watch);
    let (base, from) = match begun {
        Some(checkpoint) => {
            export.progress.rows = checkpoint.rows;
            export.resumed_rows = checkpoint.rows;
            (checkpoint.bytes, Some(checkpoint.position))
        }
        None => (0, None),
    };
    let mut sink = TextSink::new(Packer::new(plan.options().packing, &file));
    let fingerprint = plan.fingerprint();
    let mut last = 0;
    sink.checkpoint = Some(Box::new(move |packer, position, rows| {
        if packer.bytes() < last + CHECKPOINT_BYTES {
            return Ok(());
        }
        packer.cut().map_err(ExchangeError::output)?;
        last = packer.bytes();
        let checkpoint = Checkpoint {
            plan: fingerprint.clone(),
            position,
            rows,
            bytes: base + last,
        };
        let written = files.write_checkpoint(&file_of(packer)?, &checkpoint);
        written.map_err(|error| ExchangeError::io("writing", &files.resume, error))
    }));
    export.write_text(&mut sink, from)?;
    sink.finish()?;
    export.progress.bytes = base + sink.bytes();
    drop(sink);
    sync(&file, &files.part)?;
    Ok(export.report())
}

/// Returns the file behind a packer that was just cut.
fn file_of(packer: &mut Packer<&File>) -> Result<File, ExchangeError> {
    let file = packer.cut().map_err(ExchangeError::output)?;
    file.try_clone().map_err(ExchangeError::output)
}

fn write_anew(
    historian: &dyn Historian,
    plan: &ExportPlan,
    files: &Files,
    watch: &mut Watch<'_>,
) -> Result<ExportReport, ExchangeError> {
    let began_before = files.part.exists();
    let file = File::create(&files.part)
        .map_err(|error| ExchangeError::io("creating", &files.part, error))?;
    let scratch = files.part.parent().filter(|path| path.is_dir());
    let scratch = scratch.unwrap_or(Path::new("."));
    let mut out = std::io::BufWriter::with_capacity(1 << 20, &file);
    let mut report = write_to(historian, plan, &mut out, scratch, watch)?;
    out.flush()
        .map_err(|error| ExchangeError::io("writing", &files.part, error))?;
    drop(out);
    sync(&file, &files.part)?;
    if began_before {
        report.notes.push(
            "an interrupted export of this format cannot be gone on with; it began again".into(),
        );
    }
    Ok(report)
}

fn sync(file: &File, path: &Path) -> Result<(), ExchangeError> {
    file.sync_all()
        .map_err(|error| ExchangeError::io("syncing", path, error))
}
