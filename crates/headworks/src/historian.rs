//! `headworks historian`: looks at the files of the historian and puts them in order.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use headworks_store::historian::inspect::{
    FileReport, HistorianSummary, VerifyReport, summarize, verify,
};
use headworks_store::{EmbeddedHistorian, FileDamage, Historian, HistorianOptions, StoreError};
use serde_json::json;

use crate::cli::SettingsArguments;
use crate::settings::{self, Sources};

/// What to do with the files.
#[derive(Debug, Subcommand)]
pub(crate) enum HistorianCommand {
    /// Read every block of every file and compare it with what is said of it
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(FilesArguments),
    /// Show files, days, bytes per sample and the largest tags
    #[command(after_help = STATS_EXAMPLES)]
    Stats(StatsArguments),
    /// Join the files of each day that is over to one, while Headworks is stopped
    #[command(after_help = COMPACT_EXAMPLES)]
    Compact(FilesArguments),
}

/// Examples of `historian`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks historian verify
  headworks historian stats --data /var/lib/headworks
  headworks historian compact --data /var/lib/headworks";

const VERIFY_EXAMPLES: &str = "\
Examples:
  headworks historian verify
  headworks historian verify --data /var/lib/headworks --json

Changes nothing and works while Headworks runs. Exit code 1 when something is damaged.";

const STATS_EXAMPLES: &str = "\
Examples:
  headworks historian stats
  headworks historian stats --data /var/lib/headworks --top 50 --json

Changes nothing and works while Headworks runs.";

const COMPACT_EXAMPLES: &str = "\
Examples:
  headworks historian compact --data /var/lib/headworks

A running Headworks does this by itself; this command refuses to work beside it.";

/// Where the files are and how to print.
#[derive(Debug, Args)]
pub(crate) struct FilesArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Arguments of `historian stats`.
#[derive(Debug, Args)]
pub(crate) struct StatsArguments {
    #[command(flatten)]
    files: FilesArguments,
    /// How many of the largest tags to show
    #[arg(long, value_name = "TAGS", default_value_t = 10)]
    top: usize,
}

/// Runs a command.
pub(crate) fn run(command: &HistorianCommand) -> anyhow::Result<()> {
    match command {
        HistorianCommand::Verify(arguments) => run_verify(arguments),
        HistorianCommand::Stats(arguments) => run_stats(arguments),
        HistorianCommand::Compact(arguments) => run_compact(arguments),
    }
}

/// Returns the data directory, which has a historian.
fn directory_of(arguments: &SettingsArguments) -> anyhow::Result<PathBuf> {
    let mut sources = Sources::of_process(arguments.config.clone())?;
    sources.data.clone_from(&arguments.data);
    let (settings, _) = settings::load(&sources)?;
    let directory = settings.data.directory;
    if !directory.join("seg").is_dir() {
        bail!(
            "{} holds no historian; name its data directory with --data",
            directory.display()
        );
    }
    Ok(directory)
}

fn run_verify(arguments: &FilesArguments) -> anyhow::Result<()> {
    let directory = directory_of(&arguments.settings)?;
    let mut found = Vec::new();
    let totals = verify(&directory, &mut |report| {
        if !report.problems.is_empty() || report.note.is_some() {
            if !arguments.json {
                print_report(report);
            }
            found.push(report.clone());
        }
    })
    .with_context(|| format!("the historian in {} cannot be read", directory.display()))?;
    if arguments.json {
        println!("{:#}", json!({ "totals": totals, "files": found }));
    } else {
        print_totals(&totals);
    }
    match totals.damaged_files {
        0 => Ok(()),
        1 => bail!("1 file is damaged"),
        count => bail!("{count} files are damaged"),
    }
}

fn print_report(report: &FileReport) {
    if let Some(note) = &report.note {
        println!("{}: {note}", report.file.display());
    }
    for problem in &report.problems {
        println!("{}: {}", problem.file.display(), describe(problem));
    }
}

fn describe(problem: &FileDamage) -> String {
    let mut text = problem.reason.clone();
    match (problem.first_tag, problem.last_tag) {
        (Some(first), Some(last)) if first != last => {
            text += &format!("; tags {} to {}", first.0, last.0);
        }
        (Some(tag), _) => text += &format!("; tag {}", tag.0),
        _ => {}
    }
    if let (Some(from_us), Some(to_us)) = (problem.from_us, problem.to_us) {
        text += &format!("; from {} to {}", time(from_us), time(to_us));
    }
    if let Some(samples) = problem.samples {
        text += &format!("; {samples} samples");
    }
    text
}

/// Writes a time as people read it, or as a number where the calendar ends.
fn time(time_us: i64) -> String {
    jiff::Timestamp::from_microsecond(time_us)
        .map_or_else(|_| format!("{time_us} us"), |time| time.to_string())
}

fn print_totals(totals: &VerifyReport) {
    println!(
        "{} files, {} bytes, {} blocks, {} samples and {} rows of roll-ups read; {} files \
            damaged, {} out of use",
        totals.files,
        totals.bytes,
        totals.blocks,
        totals.samples,
        totals.rows,
        totals.damaged_files,
        totals.quarantined_files
    );
}

fn run_stats(arguments: &StatsArguments) -> anyhow::Result<()> {
    let directory = directory_of(&arguments.files.settings)?;
    let summary = summarize(&directory, arguments.top)
        .with_context(|| format!("the historian in {} cannot be read", directory.display()))?;
    if arguments.files.json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    } else {
        print_summary(&summary);
    }
    Ok(())
}

fn print_summary(summary: &HistorianSummary) {
    let HistorianSummary {
        files,
        bytes,
        samples,
        tags,
        ..
    } = summary;
    println!("raw: {samples} samples of {tags} tags in {files} files, {bytes} bytes");
    if let Some(bytes) = summary.bytes_per_sample {
        println!("bytes per sample: {bytes:.2}");
    }
    for tier in &summary.tiers {
        // The name that the API uses too.
        let name = serde_json::to_value(tier.tier).unwrap_or_default();
        let name = name.as_str().unwrap_or_default().replace('_', " ");
        let (rows, files, bytes) = (tier.rows, tier.files, tier.bytes);
        println!("roll-up {name}: {rows} rows in {files} files, {bytes} bytes");
    }
    println!("write-ahead log: {} bytes", summary.log_bytes);
    if summary.forward_bytes != 0 {
        println!("waiting for another store: {} bytes", summary.forward_bytes);
    }
    if summary.damaged + summary.quarantined_files != 0 {
        let (damaged, out) = (summary.damaged, summary.quarantined_files);
        println!("damaged: {damaged} files or parts, {out} files out of use; see verify");
    }
    println!(
        "\n{:<12} {:>6} {:>14} {:>14} {:>8}",
        "day", "files", "samples", "bytes", "B/sample"
    );
    for day in &summary.days {
        let name = day
            .date
            .clone()
            .unwrap_or_else(|| format!("day {}", day.day));
        let each = per_sample(day.bytes, day.samples);
        println!(
            "{name:<12} {:>6} {:>14} {:>14} {each:>8}",
            day.files, day.samples, day.bytes
        );
    }
    println!(
        "\n{:<12} {:>21} {:>14} {:>8}",
        "largest tags", "samples", "bytes", "B/sample"
    );
    for tag in &summary.largest_tags {
        let each = per_sample(tag.bytes, tag.samples);
        println!(
            "{:<12} {:>21} {:>14} {each:>8}",
            tag.tag.0, tag.samples, tag.bytes
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_sample(bytes: u64, samples: u64) -> String {
    match samples {
        0 => "-".into(),
        samples => format!("{:.2}", bytes as f64 / samples as f64),
    }
}

fn run_compact(arguments: &FilesArguments) -> anyhow::Result<()> {
    let directory = directory_of(&arguments.settings)?;
    let historian = match EmbeddedHistorian::open(&directory, HistorianOptions::default()) {
        Err(StoreError::InUse { path }) => bail!(
            "{} is in use by a running headworks, which joins its files by itself; stop it first",
            path.display()
        ),
        opened => opened?,
    };
    let before = historian.stats();
    let joined = historian.compact_all(now_us()?, &mut |day, files, bytes| {
        show_progress(&directory, day, files, bytes);
    })?;
    historian.close()?;
    let after = historian.stats();
    if arguments.json {
        let report = json!({ "joined_days": joined, "before": before, "after": after });
        println!("{report:#}");
    } else {
        println!(
            "{joined} days joined; {} files of {} bytes are now {} files of {} bytes",
            before.segments, before.segment_bytes, after.segments, after.segment_bytes
        );
    }
    Ok(())
}

/// Tells people at a terminal what is under way; the result is on standard output.
fn show_progress(directory: &Path, day: i32, files: u64, bytes: u64) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        // Nobody to tell is no reason to stop.
        drop(writeln!(
            stderr,
            "{}: joining {files} files of {bytes} bytes of day {day}",
            directory.display()
        ));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a command that ends has no hub and no clock of it"
)]
pub(crate) fn now_us() -> anyhow::Result<i64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.context("the clock of this computer stands before 1970")?;
    Ok(i64::try_from(now.as_micros())?)
}
