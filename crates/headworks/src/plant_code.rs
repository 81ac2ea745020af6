//! `headworks export`, `plan` and `apply`: the plant as text files, over the API of a running hub.

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use headworks_engineering::code::{FILES, Files, bundle};
use serde_json::Value as Json;

use crate::engineering::HubArguments;
use crate::history::{agent, api, refusal, wrong};

/// Examples of `export`.
pub(crate) const EXPORT_EXAMPLES: &str = "\
Examples:
  headworks export plant
  headworks export plant --url http://127.0.0.1:8080

Written are assets.toml, connections.toml, templates.toml, devices.toml, tags.csv, groups.toml,
alarms.toml, routes.toml, channels.toml, rosters.toml, policies.toml, dashboards.toml,
retention.toml and dictionaries.toml. Other files of the directory stay as they are.";

/// Examples of `plan`.
pub(crate) const PLAN_EXAMPLES: &str = "\
Examples:
  headworks plan plant
  headworks plan plant --url http://127.0.0.1:8080

Nothing is changed. Exit codes: 0 nothing to do, 2 there are changes, 64 mistakes in the files,
1 the hub cannot be asked.";

/// Examples of `apply`.
pub(crate) const APPLY_EXAMPLES: &str = "\
Examples:
  headworks apply plant
  headworks apply plant --yes --url http://127.0.0.1:8080

The plan is shown first and applied whole or not at all. A file that is not there leaves its kind
alone; what a file does not hold is deleted. `headworks undo` takes the last change back.";

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The directory to write to
    directory: PathBuf,
    #[command(flatten)]
    hub: HubArguments,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// The directory with the files
    directory: PathBuf,
    #[command(flatten)]
    hub: HubArguments,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    /// The directory with the files
    directory: PathBuf,
    /// Apply without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Writes the files of the plant; those that are the same already are not touched.
pub(crate) fn export(arguments: &ExportArguments) -> anyhow::Result<()> {
    let hub = &arguments.hub;
    let place = format!("{}/plant-code", api(&hub.url)?);
    let answer = agent(hub.token.read()?.as_deref())?.get(place).call();
    let mut answer = answer.with_context(|| format!("no hub answers at {}", hub.url))?;
    if !answer.status().is_success() {
        return Err(refusal(&mut answer));
    }
    let body = answer.body_mut().with_config().limit(bundle::BYTES_MAX);
    let files = bundle::unpack(&body.read_to_vec()?).map_err(wrong)?;
    let directory = &arguments.directory;
    let written = write(directory, &files);
    let written = written.with_context(|| format!("{} cannot be written", directory.display()))?;
    println!(
        "{}: {written} of {} files changed",
        directory.display(),
        files.len()
    );
    Ok(())
}

/// Writes every file beside its old state first, so that none is ever half written.
fn write(directory: &Path, files: &Files) -> anyhow::Result<usize> {
    fs::create_dir_all(directory)?;
    let mut parts = Vec::new();
    for (name, text) in files {
        let path = directory.join(name);
        if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            continue;
        }
        let part = directory.join(format!(".{name}.part"));
        let mut file = File::create(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        parts.push((part, path));
    }
    for (part, path) in &parts {
        fs::rename(part, path)?;
    }
    Ok(parts.len())
}

/// Shows what the files would change; returns whether they would.
pub(crate) fn plan(arguments: &PlanArguments) -> anyhow::Result<bool> {
    let files = pack(&arguments.directory)?;
    let plan = send(&arguments.hub, "dry_run=true", files)?;
    show(&arguments.directory, &plan)
}

/// Shows what the files change and changes it, when that is wanted.
pub(crate) fn apply(arguments: &ApplyArguments) -> anyhow::Result<()> {
    let (directory, hub) = (&arguments.directory, &arguments.hub);
    let files = pack(directory)?;
    let plan = send(hub, "dry_run=true", files.clone())?;
    if !show(directory, &plan)? {
        return Ok(());
    }
    if !arguments.yes && !ask()? {
        bail!("nothing was changed");
    }
    let state = plan["state"].as_str().unwrap_or_default();
    let done = send(hub, &format!("state={state}"), files)?;
    match done["change"].as_i64() {
        Some(change) => {
            println!("applied as change {change}; headworks undo {change} takes it back")
        }
        None => println!("nothing was changed"),
    }
    Ok(())
}

/// Asks the person at the terminal.
fn ask() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(wrong("nobody can be asked here; give --yes to apply"));
    }
    print!("Apply this? Only `yes` does it: ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim() == "yes")
}

/// Reads the files of a directory that make a plant.
fn pack(directory: &Path) -> anyhow::Result<Vec<u8>> {
    let mut files = Files::new();
    for (_, name) in FILES {
        let path = directory.join(name);
        match fs::read(&path) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes);
                let text = text.map_err(|_| wrong(format!("{}: is not UTF-8", path.display())))?;
                files.insert(name.to_owned(), text);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", path.display()));
            }
        }
    }
    if !directory.is_dir() {
        let shown = directory.display();
        return Err(wrong(format!(
            "there is no directory {shown}; `headworks export` makes one"
        )));
    }
    if files.is_empty() {
        let names = FILES.map(|(_, name)| name).join(", ");
        let shown = directory.display();
        return Err(wrong(format!("{shown} has none of the files {names}")));
    }
    tell_others(directory, &files);
    bundle::pack(&files).map_err(wrong)
}

/// Names files that look like ours and are none, e.g. because of a slip in the name.
fn tell_others(directory: &Path, files: &Files) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_like = name.ends_with(".toml") || name.ends_with(".csv");
        if is_like && !files.contains_key(&name) {
            eprintln!("headworks: {name:?} is none of the files of a plant and is not read");
        }
    }
}

fn send(hub: &HubArguments, query: &str, files: Vec<u8>) -> anyhow::Result<Json> {
    let place = format!("{}/plant-code?{query}", api(&hub.url)?);
    let request = agent(hub.token.read()?.as_deref())?.post(place);
    let answer = request.send(files);
    let mut answer = answer.with_context(|| format!("no hub answers at {}", hub.url))?;
    if !answer.status().is_success() {
        return Err(refusal(&mut answer));
    }
    let body = answer.body_mut().with_config().limit(bundle::BYTES_MAX);
    Ok(body.read_json()?)
}

/// Prints a plan; returns whether there is anything to do.
fn show(directory: &Path, plan: &Json) -> anyhow::Result<bool> {
    let items = |name: &str| plan[name].as_array().into_iter().flatten();
    for error in items("errors") {
        println!("{}", plain(&error_line(directory, error)));
    }
    let count = plan["error_count"].as_u64().unwrap_or(0);
    if 0 < count {
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        return Err(wrong(format!("{count} {noun}; nothing was changed")));
    }
    for step in items("steps") {
        print!("{}", step_lines(step));
    }
    let sum = |name: &str| {
        let counts = plan[name].as_object().into_iter().flatten();
        counts.filter_map(|(_, count)| count.as_u64()).sum::<u64>()
    };
    let counts = [sum("created"), sum("updated"), sum("deleted")];
    let [created, updated, deleted] = counts;
    let (all, unchanged) = (created + updated + deleted, &plan["unchanged"]);
    let shown = items("steps").count() as u64;
    if shown < all {
        println!("… and {} more", all - shown);
    }
    if all == 0 {
        println!("nothing to do, {unchanged} unchanged");
    } else {
        println!(
            "{created} to create, {updated} to change, {deleted} to delete, {unchanged} unchanged"
        );
    }
    Ok(0 < all)
}

/// Returns a mistake as compilers write theirs, so that editors find the place.
fn error_line(directory: &Path, error: &Json) -> String {
    let text = |name: &str| error[name].as_str().unwrap_or_default();
    let file = directory.join(text("file"));
    let key = match text("key") {
        "" => String::new(),
        key => format!("{key}: "),
    };
    format!(
        "{}:{}: {key}{}",
        file.display(),
        error["line"],
        text("reason")
    )
}

/// Returns a step as lines of a diff.
fn step_lines(step: &Json) -> String {
    let text = |name: &str| step[name].as_str().unwrap_or_default();
    let sign = match text("action") {
        "create" => '+',
        "delete" => '-',
        _ => '~',
    };
    let changes = step["changes"].as_array();
    let changes: Vec<String> = changes.into_iter().flatten().map(change).collect();
    let head = plain(&format!("{sign} {} {}", text("kind"), text("name")));
    match changes.as_slice() {
        [] => format!("{head}\n"),
        [one] => format!("{head}: {one}\n"),
        many => format!("{head}\n    {}\n", many.join("\n    ")),
    }
}

/// Returns a text that does nothing to a terminal: files may come from anybody.
fn plain(text: &str) -> String {
    let shown = |char: char| if char.is_control() { '\u{fffd}' } else { char };
    text.chars().map(shown).collect()
}

fn change(change: &Json) -> String {
    let value = |name: &str| match &change[name] {
        Json::Null => "none".to_owned(),
        value => value.to_string(),
    };
    let field = change["field"].as_str().unwrap_or_default();
    plain(&format!("{field} {} -> {}", value("from"), value("to")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_reads_like_a_diff() {
        for (step, want) in [
            (
                json!({ "action": "create", "kind": "tag", "name": "boiler/temp" }),
                "+ tag boiler/temp\n",
            ),
            (
                json!({ "action": "delete", "kind": "group", "name": "heat" }),
                "- group heat\n",
            ),
            (
                json!({ "action": "update", "kind": "device", "name": "m", "changes": [
                    { "field": "period_ms", "from": 1000, "to": 500 },
                ] }),
                "~ device m: period_ms 1000 -> 500\n",
            ),
            (
                json!({ "action": "update", "kind": "tag", "name": "t", "changes": [
                    { "field": "unit", "from": null, "to": "V" },
                    { "field": "scale", "from": 1.0, "to": 0.1 },
                ] }),
                "~ tag t\n    unit none -> \"V\"\n    scale 1.0 -> 0.1\n",
            ),
        ] {
            assert_eq!(step_lines(&step), want);
        }
    }

    #[test]
    fn no_text_of_a_file_reaches_the_terminal_as_a_command() {
        let error = json!({
            "file": "a.toml", "line": 3, "key": "\u{1b}[31m", "reason": "\u{9b}2J\r\nx",
        });
        let line = plain(&error_line(Path::new("plant"), &error));
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let change = json!({ "field": "\u{7f}", "from": "\u{1b}c", "to": "\u{9b}" });
        let step = json!({ "kind": "tag", "name": "\u{1b}", "changes": [change, change] });
        assert_eq!(
            step_lines(&step).matches(char::is_control).count(),
            3,
            "line breaks"
        );
    }

    #[test]
    fn an_export_leaves_other_files_and_those_that_are_the_same_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plant");
        let files = |text: &str| Files::from([("tags.csv".to_owned(), text.to_owned())]);
        assert_eq!(write(&path, &files("a")).unwrap(), 1);
        fs::write(path.join("README.md"), "ours").unwrap();
        assert_eq!(write(&path, &files("a")).unwrap(), 0);
        assert_eq!(write(&path, &files("b")).unwrap(), 1);
        let names = fs::read_dir(&path).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["README.md", "tags.csv"]);
        assert_eq!(fs::read(path.join("tags.csv")).unwrap(), b"b");
    }
}
