//! `headworks changes` and `undo`: what was changed, and the way back, over the API of a hub.

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value as Json;

use crate::engineering::HubArguments;
use crate::history::{agent, api, fetch, refusal};

/// Examples of `changes`.
pub(crate) const CHANGES_EXAMPLES: &str = "\
Examples:
  headworks changes
  headworks changes --limit 100 --url http://127.0.0.1:8080";

/// Examples of `undo`.
pub(crate) const UNDO_EXAMPLES: &str = "\
Examples:
  headworks undo                    the last change
  headworks undo 1795277000000000   a change that `headworks changes` names
  headworks undo --dry-run

A change is taken back whole or not at all: not when something of it was changed since. The undo is
a change itself and can be taken back too.";

/// Arguments of `changes`.
#[derive(Debug, Args)]
pub(crate) struct ChangesArguments {
    /// How many are shown, newest first
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    #[command(flatten)]
    hub: HubArguments,
}

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// The change [default: the last one]
    change: Option<i64>,
    /// Look whether it works and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Lists changes.
pub(crate) fn list(arguments: &ChangesArguments) -> anyhow::Result<()> {
    let changes = newest(&arguments.hub, arguments.limit)?;
    for change in &changes {
        println!("{}", line(change));
    }
    if changes.is_empty() {
        println!("nothing was changed yet");
    }
    Ok(())
}

/// Takes a change back.
pub(crate) fn undo(arguments: &UndoArguments) -> anyhow::Result<()> {
    let hub = &arguments.hub;
    let change = match arguments.change {
        Some(change) => change,
        None => {
            let newest = newest(hub, 1)?;
            let Some(last) = newest.first() else {
                bail!("nothing was changed yet");
            };
            println!("{}", line(last));
            last["id"].as_i64().unwrap_or_default()
        }
    };
    let dry_run = arguments.dry_run;
    let place = format!("{}/changes/{change}/undo?dry_run={dry_run}", api(&hub.url)?);
    let request = agent(hub.token.read()?.as_deref())?.post(place);
    let answer = request.send_empty();
    let mut answer = answer.with_context(|| format!("no hub answers at {}", hub.url))?;
    if !answer.status().is_success() {
        return Err(refusal(&mut answer));
    }
    let done: Json = answer.body_mut().read_json()?;
    match done["change"].as_i64() {
        Some(undo) => println!("change {change} is taken back; this is change {undo}"),
        None => println!("change {change} can be taken back"),
    }
    Ok(())
}

fn newest(hub: &HubArguments, limit: u16) -> anyhow::Result<Vec<Json>> {
    let token = hub.token.read()?;
    let page = fetch(
        &hub.url,
        token.as_deref(),
        &format!("changes?limit={limit}"),
    )?;
    Ok(page["items"].as_array().cloned().unwrap_or_default())
}

/// Returns a change as a line: id, time, author, what it did.
fn line(change: &Json) -> String {
    let text = |value: &Json| value.as_str().unwrap_or("object").to_owned();
    let id = change["id"].as_i64().unwrap_or_default();
    let time = jiff::Timestamp::from_microsecond(id).map(|time| format!("{time:.0}"));
    let counts = change["counts"].as_array().into_iter().flatten();
    let counts: Vec<String> = counts
        .map(|one| {
            let (kind, action) = (text(&one["kind"]), text(&one["action"]));
            format!("{} {kind} {action}", one["count"])
        })
        .collect();
    let author = text(&change["author"]);
    let time = time.unwrap_or_default();
    format!("{id}  {time}  {author}: {}", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_one_line() {
        let change = json!({
            "id": 1_795_277_000_500_000_i64, "author": "owner",
            "counts": [
                { "kind": "tag", "action": "created", "count": 12 },
                { "kind": null, "action": "deleted", "count": 1 },
            ],
        });
        let want =
            "1795277000500000  2026-11-21T16:03:20Z  owner: 12 tag created, 1 object deleted";
        assert_eq!(line(&change), want);
    }
}
