//! `headworks user`: accounts from the command line, whether Headworks runs or not.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use headworks_access::{Access, NewUser, SessionLimits, User, UserChange, random_password};
use headworks_core::Role;

use crate::cli::SettingsArguments;
use crate::settings::{self, Sources};

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account
    #[command(after_help = ADD_EXAMPLES)]
    Add(AddArguments),
    /// Show the accounts
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArguments),
    /// Keep somebody from signing in, at once
    #[command(after_help = DISABLE_EXAMPLES)]
    Disable(NameArguments),
    /// Let somebody sign in again
    #[command(after_help = ENABLE_EXAMPLES)]
    Enable(NameArguments),
    /// Give an account a new password and end its sessions
    #[command(after_help = RESET_EXAMPLES)]
    ResetPassword(ResetArguments),
    /// Let somebody sign in without one-time passwords, e.g. after a restore without master.key
    #[command(after_help = RESET_TOTP_EXAMPLES)]
    ResetTotp(NameArguments),
}

/// Examples of `user`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks user add anna --role owner
  headworks user list --data /var/lib/headworks
  headworks user disable bert
  headworks user enable bert
  headworks user reset-password anna
  headworks user reset-totp anna

A running Headworks takes over what is changed within a second.";

const ADD_EXAMPLES: &str = "\
Examples:
  headworks user add anna --role owner
  headworks user add bert --role operator --full-name 'Bert Muster' --password-file bert.txt

Without --password-file a password is made and printed, to be changed at the first sign-in.";

const LIST_EXAMPLES: &str = "\
Examples:
  headworks user list
  headworks user list --json";

const DISABLE_EXAMPLES: &str = "\
Examples:
  headworks user disable bert";

const RESET_TOTP_EXAMPLES: &str = "\
Examples:
  headworks user reset-totp anna";

const ENABLE_EXAMPLES: &str = "\
Examples:
  headworks user enable bert";

const RESET_EXAMPLES: &str = "\
Examples:
  headworks user reset-password anna
  headworks user reset-password anna --remove-totp
  headworks user reset-password anna --password-file - < anna.txt

Without --password-file a password is made and printed, to be changed at the first sign-in.";

/// Arguments of `user add`.
#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The name to sign in with
    name: String,
    /// viewer, operator, admin or owner
    #[arg(long)]
    role: Role,
    /// Name of the person
    #[arg(long, default_value = "")]
    full_name: String,
    /// File whose first line is the password; - for standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Arguments of `user list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Which account.
#[derive(Debug, Args)]
pub(crate) struct NameArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The name of the account
    name: String,
}

/// Arguments of `user reset-password`.
#[derive(Debug, Args)]
pub(crate) struct ResetArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The name of the account
    name: String,
    /// File whose first line is the password; - for standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Also let the person sign in without one-time passwords
    #[arg(long)]
    remove_totp: bool,
}

/// Does it.
pub(crate) fn run(command: &UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add(arguments) => add(arguments),
        UserCommand::List(arguments) => list(arguments),
        UserCommand::Disable(arguments) => set_disabled(arguments, true),
        UserCommand::Enable(arguments) => set_disabled(arguments, false),
        UserCommand::ResetPassword(arguments) => reset(arguments),
        UserCommand::ResetTotp(arguments) => reset_totp(arguments),
    }
}

fn add(arguments: &AddArguments) -> anyhow::Result<()> {
    let access = open(&arguments.settings, true)?;
    let given = read_password(arguments.password_file.as_deref())?;
    let password = given.clone().unwrap_or_else(random_password);
    let new = NewUser {
        name: arguments.name.clone(),
        full_name: arguments.full_name.clone(),
        role: arguments.role,
        write: None,
        password: Some(password.clone()),
        password_hash: None,
        must_change_password: given.is_none(),
    };
    let user = access.add_user(&new, now_us()?)?;
    println!("{} is {}", user.name, user.role);
    tell(given.is_none(), &password);
    Ok(())
}

fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let users = open(&arguments.settings, false)?.users();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&users)?);
        return Ok(());
    }
    for user in users {
        let state = match (user.is_disabled, user.has_totp) {
            (true, _) => "disabled",
            (false, true) => "with authenticator",
            (false, false) => "",
        };
        let line = format!(
            "{:<20} {:<10} {:<24} {state}",
            user.name,
            user.role.name(),
            user.full_name
        );
        println!("{}", line.trim_end());
    }
    Ok(())
}

fn set_disabled(arguments: &NameArguments, is_disabled: bool) -> anyhow::Result<()> {
    let access = open(&arguments.settings, false)?;
    let user = find(&access, &arguments.name)?;
    let change = UserChange {
        is_disabled: Some(is_disabled),
        ..UserChange::default()
    };
    let user = access.change_user(user.id, &change)?;
    let may = if is_disabled { "can no longer" } else { "can" };
    println!("{} {may} sign in", user.name);
    Ok(())
}

fn reset(arguments: &ResetArguments) -> anyhow::Result<()> {
    let access = open(&arguments.settings, false)?;
    let user = find(&access, &arguments.name)?;
    let given = read_password(arguments.password_file.as_deref())?;
    let password = given.clone().unwrap_or_else(random_password);
    access.set_password(user.id, &password, given.is_none(), None)?;
    if arguments.remove_totp {
        access.remove_totp(user.id)?;
    }
    println!(
        "{} has a new password, and all sessions have ended",
        user.name
    );
    tell(given.is_none(), &password);
    Ok(())
}

fn reset_totp(arguments: &NameArguments) -> anyhow::Result<()> {
    let access = open(&arguments.settings, false)?;
    let user = find(&access, &arguments.name)?;
    access.remove_totp(user.id)?;
    println!("{} signs in with the password alone", user.name);
    Ok(())
}

fn tell(is_made: bool, password: &str) {
    if is_made {
        println!("password: {password}   (to be changed at the first sign-in)");
    }
}

/// Opens the accounts of the data directory that the settings name.
fn open(arguments: &SettingsArguments, may_make: bool) -> anyhow::Result<Access> {
    let mut sources = Sources::of_process(arguments.config.clone())?;
    sources.data.clone_from(&arguments.data);
    let (settings, _) = settings::load(&sources)?;
    let directory = &settings.data.directory;
    if may_make {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("{} cannot be made", directory.display()))?;
    } else if !directory.join("access.db").exists() {
        bail!(
            "{} has no accounts; name it with --data",
            directory.display()
        );
    }
    Ok(Access::open(directory, SessionLimits::default())?)
}

fn find(access: &Access, name: &str) -> anyhow::Result<User> {
    access
        .user_named(name)
        .with_context(|| format!("there is no account {name:?}; headworks user list shows all"))
}

/// Reads the first line of a file.
fn read_password(path: Option<&Path>) -> anyhow::Result<Option<String>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
    }
    Ok(text.lines().next().map(str::to_owned))
}

fn now_us() -> anyhow::Result<i64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a command has no hub whose clock it could ask"
    )]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_micros())?)
}
