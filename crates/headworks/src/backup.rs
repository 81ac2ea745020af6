//! `headworks backup`: copies of the data directory, and the way back.

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use headworks_store::backup::{Backups, Keep, Manifest};
use serde_json::json;

use crate::cli::SettingsArguments;
use crate::settings::{self, Sources};

/// What to do with backups.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Back the data directory up, also while Headworks runs
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArguments),
    /// Show the backups of a directory
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArguments),
    /// Read every file of backups and compare it with what was written
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArguments),
    /// Make a data directory from a backup
    #[command(after_help = RESTORE_EXAMPLES)]
    Restore(RestoreArguments),
    /// Remove old backups, and the files that none needs any more
    #[command(after_help = PRUNE_EXAMPLES)]
    Prune(PruneArguments),
}

/// Examples of `backup`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks backup create /mnt/backup --data /var/lib/headworks
  headworks backup list /mnt/backup
  headworks backup verify /mnt/backup
  headworks backup restore /mnt/backup --data /var/lib/headworks
  headworks backup prune /mnt/backup --last 24 --daily 7 --weekly 8";

const CREATE_EXAMPLES: &str = "\
Examples:
  headworks backup create /mnt/backup
  headworks backup create /mnt/backup --data /var/lib/headworks --json

The backup has everything that was acknowledged before the command began. What an earlier backup
of the same directory has is not copied again.";

const LIST_EXAMPLES: &str = "\
Examples:
  headworks backup list /mnt/backup
  headworks backup list /mnt/backup --json";

const VERIFY_EXAMPLES: &str = "\
Examples:
  headworks backup verify /mnt/backup
  headworks backup verify /mnt/backup --id 20261121T083000.000Z

Exit code 1 when a file is missing or not what was written.";

const RESTORE_EXAMPLES: &str = "\
Examples:
  headworks backup restore /mnt/backup --data /var/lib/headworks
  headworks backup restore /mnt/backup --id 20261121T083000.000Z --data /tmp/look
  headworks backup restore /mnt/backup --data /var/lib/headworks --replace

Every file is checked first. Headworks must not run on the data directory. Data that are there
are refused; with --replace they are moved to a directory beside what is restored.";

const PRUNE_EXAMPLES: &str = "\
Examples:
  headworks backup prune /mnt/backup --last 24
  headworks backup prune /mnt/backup --last 24 --daily 7 --weekly 8

The newest backup stays in any case.";

/// Where the backups are and how to print.
#[derive(Debug, Args)]
struct Place {
    /// Directory of the backups
    directory: PathBuf,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Arguments of `backup create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Arguments of `backup list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    place: Place,
}

/// Arguments of `backup verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    place: Place,
    /// Name of the backup [default: all]
    #[arg(long)]
    id: Option<String>,
}

/// Arguments of `backup restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    settings: SettingsArguments,
    /// Name of the backup [default: the newest]
    #[arg(long)]
    id: Option<String>,
    /// Move the data that are there out of the way
    #[arg(long)]
    replace: bool,
}

/// Arguments of `backup prune`.
#[derive(Debug, Args)]
pub(crate) struct PruneArguments {
    #[command(flatten)]
    place: Place,
    /// How many of the newest backups stay
    #[arg(long, value_name = "COUNT")]
    last: usize,
    /// For how many days, UTC, the newest backup of the day stays
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    daily: usize,
    /// For how many weeks, UTC, the newest backup of the week stays
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    weekly: usize,
}

/// Runs a command.
pub(crate) fn run(command: &BackupCommand) -> anyhow::Result<()> {
    match command {
        BackupCommand::Create(arguments) => run_create(arguments),
        BackupCommand::List(arguments) => run_list(&arguments.place),
        BackupCommand::Verify(arguments) => run_verify(arguments),
        BackupCommand::Restore(arguments) => run_restore(arguments),
        BackupCommand::Prune(arguments) => run_prune(arguments),
    }
}

/// Returns the data directory that arguments, environment and settings name.
pub(crate) fn data_of(arguments: &SettingsArguments) -> anyhow::Result<PathBuf> {
    let mut sources = Sources::of_process(arguments.config.clone())?;
    sources.data.clone_from(&arguments.data);
    let (settings, _) = settings::load(&sources)?;
    Ok(settings.data.directory)
}

fn run_create(arguments: &CreateArguments) -> anyhow::Result<()> {
    let data = data_of(&arguments.settings)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a command has no hub whose clock it could ask"
    )]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let backups = Backups::at(&arguments.place.directory);
    let created = backups
        .create(&data, i64::try_from(now.as_micros())?)
        .context("no backup was made")?;
    if arguments.place.json {
        println!("{:#}", json!(created));
    } else {
        println!(
            "backup {}: {} files, {} bytes; {} files, {} bytes copied",
            created.id, created.files, created.bytes, created.copied_files, created.copied_bytes
        );
    }
    Ok(())
}

fn run_list(place: &Place) -> anyhow::Result<()> {
    let backups = Backups::at(&place.directory).list()?;
    if place.json {
        let rows = backups.iter().map(|backup| {
            json!({
                "id": backup.id,
                "created_us": backup.created_us,
                "files": backup.files.len(),
                "bytes": backup.bytes(),
            })
        });
        println!("{:#}", json!(rows.collect::<Vec<_>>()));
        return Ok(());
    }
    println!("{:<22} {:>8} {:>16}", "backup", "files", "bytes");
    for backup in &backups {
        println!(
            "{:<22} {:>8} {:>16}",
            backup.id,
            backup.files.len(),
            backup.bytes()
        );
    }
    Ok(())
}

fn run_verify(arguments: &VerifyArguments) -> anyhow::Result<()> {
    let backups = Backups::at(&arguments.place.directory);
    let chosen = match &arguments.id {
        Some(id) => vec![backups.get(id)?],
        None => backups.list()?,
    };
    if chosen.is_empty() {
        bail!("{} has no backup", arguments.place.directory.display());
    }
    let mut problems = Vec::new();
    for backup in &chosen {
        problems.extend(backups.verify(&backup.id)?);
    }
    if arguments.place.json {
        println!(
            "{:#}",
            json!({ "backups": chosen.len(), "problems": problems })
        );
    } else {
        for problem in &problems {
            println!("{}: {}: {}", problem.id, problem.path, problem.reason);
        }
        println!("{} backups read, {} problems", chosen.len(), problems.len());
    }
    match problems.len() {
        0 => Ok(()),
        count => bail!("{count} files are missing or damaged"),
    }
}

fn run_restore(arguments: &RestoreArguments) -> anyhow::Result<()> {
    let data = data_of(&arguments.settings)?;
    let backups = Backups::at(&arguments.place.directory);
    let backup = match &arguments.id {
        Some(id) => backups.get(id)?,
        None => newest(&backups)?,
    };
    let aside = backups
        .restore(&backup.id, &data, arguments.replace)
        .context("nothing was restored")?;
    if arguments.place.json {
        println!(
            "{:#}",
            json!({ "id": backup.id, "data": data, "aside": aside })
        );
        return Ok(());
    }
    println!("{} restored to {}", backup.id, data.display());
    if !data.join("master.key").exists() {
        println!(
            "master.key is in no backup: put the one of before there, or accounts with an \
             authenticator sign in only after headworks user reset-totp NAME"
        );
    }
    if let Some(aside) = aside {
        println!("what was there lies in {}", aside.display());
    }
    Ok(())
}

fn newest(backups: &Backups) -> anyhow::Result<Manifest> {
    let newest = backups.list()?.pop();
    newest.context("there is no backup in that directory")
}

fn run_prune(arguments: &PruneArguments) -> anyhow::Result<()> {
    let keep = Keep {
        last: arguments.last,
        daily: arguments.daily,
        weekly: arguments.weekly,
    };
    let pruned = Backups::at(&arguments.place.directory).prune(&keep)?;
    if arguments.place.json {
        println!("{:#}", json!(pruned));
    } else {
        println!(
            "{} backups removed, {} files, {} bytes freed",
            pruned.removed.len(),
            pruned.files,
            pruned.freed_bytes
        );
    }
    Ok(())
}
