//! `headworks audit`: proves the audit journal and writes it to files.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use headworks_access::journal::{Verdict, verify};
use headworks_access::{CSV_HEADER, Filter, Reader, Recorded, RowHash, write_csv};
use serde_json::json;

use crate::backup::data_of;
use crate::cli::SettingsArguments;
use crate::history::Instant1970;

/// What to do with the journal.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Walk the chain of all entries and name the first one that is not as it was written
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArguments),
    /// Write entries as CSV or JSON lines, oldest first
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArguments),
}

/// Examples of `audit`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks audit verify --data /var/lib/headworks
  headworks audit export -o audit.csv --from 2026-11-01T00:00:00Z";

const VERIFY_EXAMPLES: &str = "\
Examples:
  headworks audit verify
  headworks audit verify --data /var/lib/headworks --json
  headworks audit verify --expect \"$(cat /mnt/other/audit-last.txt)\"

Changes nothing and works while Headworks runs. Exit code 0 when every entry is as it was written,
1 when one is not. Somebody who may write all files can make a new chain; note the last number and
hash elsewhere and give them with --expect to see that, too.";

const EXPORT_EXAMPLES: &str = "\
Examples:
  headworks audit export > audit.csv
  headworks audit export --format jsonl -o audit.jsonl
  headworks audit export --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z -o november.csv

Changes nothing and works while Headworks runs.";

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// A number and a hash that were noted earlier, to compare with
    #[arg(long, value_name = "NUMBER:HASH")]
    expect: Option<Noted>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Arguments of `audit export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// First instant, e.g. 2026-11-20T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<Instant1970>,
    /// First instant after the range
    #[arg(long, value_name = "TIME")]
    to: Option<Instant1970>,
    /// How to write
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How entries are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A table for spreadsheets
    Csv,
    /// One JSON object per line
    Jsonl,
}

/// Number and hash of an entry.
#[derive(Clone, Copy, Debug)]
struct Noted {
    seq: u64,
    hash: RowHash,
}

impl FromStr for Noted {
    type Err = String;

    fn from_str(text: &str) -> Result<Noted, String> {
        let noted = text.split_once(':').and_then(|(seq, hash)| {
            Some(Noted {
                seq: seq.parse().ok()?,
                hash: RowHash::parse(hash)?,
            })
        });
        noted.ok_or_else(|| "NUMBER:HASH is needed, as headworks audit verify prints it".to_owned())
    }
}

/// Runs a command.
pub(crate) fn run(command: &AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify(arguments) => run_verify(arguments),
        AuditCommand::Export(arguments) => run_export(arguments),
    }
}

fn run_verify(arguments: &VerifyArguments) -> anyhow::Result<()> {
    let data = data_of(&arguments.settings)?;
    let verdict = verify(&data)?;
    if arguments.json {
        println!("{:#}", json!(verdict));
    } else {
        print_verdict(&verdict);
    }
    if let Some(problem) = &verdict.problem {
        bail!("the audit journal is not as it was written: {problem}");
    }
    match arguments.expect {
        Some(noted) => compare(&data, noted),
        None => Ok(()),
    }
}

fn print_verdict(verdict: &Verdict) {
    let anchors = &verdict.anchors;
    if 0 < anchors.count {
        println!(
            "{} entries up to number {} were removed by retention, in {} steps",
            anchors.removed, anchors.removed, anchors.count
        );
    }
    if verdict.problem.is_some() {
        println!("{} entries read before the problem", verdict.rows);
        return;
    }
    if 0 < verdict.unconfirmed {
        println!(
            "{} entries at the end are newer than audit.head, as after a crash",
            verdict.unconfirmed
        );
    }
    println!("{} entries are as they were written", verdict.rows);
    println!("last {}:{}", verdict.last.seq, verdict.last.hash);
}

/// Compares the chain with what was noted of it.
fn compare(data: &Path, noted: Noted) -> anyhow::Result<()> {
    match Reader::open(data)?.hash_of(noted.seq)? {
        Some(hash) if hash == noted.hash => Ok(()),
        Some(hash) => bail!(
            "entry {} has the hash {hash}, not the one that was noted: the journal was written \
            anew",
            noted.seq
        ),
        None => bail!(
            "entry {} is not in the journal: it was removed by retention, or the journal was \
            written anew",
            noted.seq
        ),
    }
}

fn run_export(arguments: &ExportArguments) -> anyhow::Result<()> {
    let reader = Reader::open(&data_of(&arguments.settings)?)?;
    let filter = Filter {
        from_us: arguments.from.map(|time| time.0),
        to_us: arguments.to.map(|time| time.0),
        ..Filter::default()
    };
    let Some(path) = &arguments.output else {
        return write(&reader, &filter, arguments.format, io::stdout().lock());
    };
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    // It says as much as the journal, which only its owner reads.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    write(&reader, &filter, arguments.format, file)
        .with_context(|| format!("{} is not complete", path.display()))
}

fn write(
    reader: &Reader,
    filter: &Filter,
    format: Format,
    output: impl Write,
) -> anyhow::Result<()> {
    let mut output = BufWriter::new(output);
    if matches!(format, Format::Csv) {
        output.write_all(CSV_HEADER.as_bytes())?;
    }
    let mut line = Vec::new();
    reader.for_each(filter, |row| {
        line.clear();
        write_line(&mut line, row, format)?;
        output.write_all(&line)
    })?;
    output.flush()?;
    Ok(())
}

fn write_line(line: &mut Vec<u8>, row: &Recorded, format: Format) -> io::Result<()> {
    match format {
        Format::Csv => write_csv(line, row),
        Format::Jsonl => {
            serde_json::to_writer(&mut *line, row)?;
            line.push(b'\n');
        }
    }
    Ok(())
}
