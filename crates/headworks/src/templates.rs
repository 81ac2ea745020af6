//! `headworks templates`: device templates of a running hub, over its API.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Map, Value as Json, json};

use crate::engineering::HubArguments;
use crate::history::{agent, api, refusal, wrong};

/// What to do with templates.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplatesCommand {
    /// List the shipped templates and how they stand in the plant
    List(ListArguments),
    /// Make shipped templates templates of the plant
    Load(LoadArguments),
    /// Make a device of a template
    Apply(ApplyArguments),
    /// Show what of a device is not as its template makes it now
    Drift(DriftArguments),
    /// Make a device as its template makes it now
    Reapply(ReapplyArguments),
}

/// Examples of `templates`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks templates list
  headworks templates load 'Eastron SDM630-Modbus' 'ABB ACS880'
  headworks templates apply 'ABB ACS880' --connection hall3 --name M7 --path plant/hall3/m7
  headworks templates drift M7
  headworks templates reapply M7 --dry-run";

/// Arguments of `templates list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    hub: HubArguments,
}

/// Arguments of `templates load`.
#[derive(Debug, Args)]
pub(crate) struct LoadArguments {
    /// Names of shipped templates [default: all]
    names: Vec<String>,
    /// Replace templates of an older version
    #[arg(long)]
    update: bool,
    /// Check everything and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Arguments of `templates apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    /// Name of a template of the plant
    template: String,
    /// Name of the connection that the device is behind
    #[arg(long)]
    connection: String,
    /// Name of the device
    #[arg(long)]
    name: String,
    /// Where its tags stand in the plant
    #[arg(long)]
    path: String,
    /// A parameter of the template; can be given many times
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair)]
    parameters: Vec<(String, String)>,
    /// A setting that is not as the template says; can be given many times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// Check everything and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Arguments of `templates drift`.
#[derive(Debug, Args)]
pub(crate) struct DriftArguments {
    /// Name of the device
    device: String,
    #[command(flatten)]
    hub: HubArguments,
}

/// Arguments of `templates reapply`.
#[derive(Debug, Args)]
pub(crate) struct ReapplyArguments {
    /// Name of the device
    device: String,
    /// Delete tags that the template does not make
    #[arg(long)]
    delete_extra: bool,
    /// Leave settings and period of the device as they are
    #[arg(long)]
    keep_settings: bool,
    /// Check everything and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    hub: HubArguments,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("NAME=VALUE is needed, e.g. unit_id=7")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Does it.
pub(crate) fn run(command: &TemplatesCommand) -> anyhow::Result<()> {
    match command {
        TemplatesCommand::List(arguments) => list(arguments),
        TemplatesCommand::Load(arguments) => load(arguments),
        TemplatesCommand::Apply(arguments) => apply(arguments),
        TemplatesCommand::Drift(arguments) => drift(arguments),
        TemplatesCommand::Reapply(arguments) => reapply(arguments),
    }
}

fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let library = get(&arguments.hub, "template-library")?;
    for item in library["items"].as_array().into_iter().flatten() {
        println!(
            "{:40} {:8} {:8} {:4} tags  {}",
            text(&item["name"]),
            text(&item["version"]),
            text(&item["state"]),
            item["tags"],
            text(&item["model"])
        );
    }
    Ok(())
}

fn load(arguments: &LoadArguments) -> anyhow::Result<()> {
    let mut body = json!({ "update": arguments.update, "dry_run": arguments.dry_run });
    if !arguments.names.is_empty() {
        body["names"] = json!(arguments.names);
    }
    let done = post(&arguments.hub, "template-library/load", &body)?;
    for item in done["items"].as_array().into_iter().flatten() {
        let (name, version) = (text(&item["name"]), text(&item["version"]));
        println!("{name} {version}: {}", text(&item["action"]));
    }
    Ok(())
}

fn apply(arguments: &ApplyArguments) -> anyhow::Result<()> {
    let hub = &arguments.hub;
    let template = find(hub, "templates", &arguments.template)?;
    let connection = find(hub, "connections", &arguments.connection)?;
    let device = json!({
        "name": arguments.name, "connection": connection["id"], "path": arguments.path,
        "parameters": parameters(hub, &template, &arguments.parameters)?,
        "settings": settings(&arguments.settings),
    });
    let body = json!({ "dry_run": arguments.dry_run, "devices": [device] });
    let place = format!("templates/{}/devices", text(&template["id"]));
    let done = post(hub, &place, &body)?;
    let made = if arguments.dry_run {
        "would be made"
    } else {
        "made"
    };
    let device = &done["devices"][0];
    println!("{}: {} tags {made}", text(&device["name"]), device["tags"]);
    Ok(())
}

/// Returns the values of parameters, each of its type.
fn parameters(
    hub: &HubArguments,
    template: &Json,
    told: &[(String, String)],
) -> anyhow::Result<Json> {
    let mut known: Vec<Json> = template["parameters"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if let Some(base) = template["base"].as_str() {
        let base = get(hub, &format!("templates/{base}"))?;
        known.extend(base["parameters"].as_array().cloned().unwrap_or_default());
    }
    let is_text = |name: &str| {
        let parameter = known.iter().find(|one| one["name"] == name);
        parameter.is_some_and(|one| one["type"] == "text")
    };
    let value = |(name, value): &(String, String)| match is_text(name) {
        true => (name.clone(), Json::from(value.as_str())),
        false => (name.clone(), typed(value)),
    };
    Ok(Json::Object(told.iter().map(value).collect()))
}

fn settings(told: &[(String, String)]) -> Map<String, Json> {
    let pairs = told.iter();
    pairs
        .map(|(name, value)| (name.clone(), typed(value)))
        .collect()
}

/// Returns a number or a yes-or-no as what it is, everything else as a text.
fn typed(value: &str) -> Json {
    match serde_json::from_str(value) {
        Ok(json @ (Json::Number(_) | Json::Bool(_))) => json,
        _ => value.into(),
    }
}

fn drift(arguments: &DriftArguments) -> anyhow::Result<()> {
    let hub = &arguments.hub;
    let device = find(hub, "devices", &arguments.device)?;
    let drift = get(hub, &format!("devices/{}/template", text(&device["id"])))?;
    print_drift(&drift);
    Ok(())
}

fn reapply(arguments: &ReapplyArguments) -> anyhow::Result<()> {
    let hub = &arguments.hub;
    let device = find(hub, "devices", &arguments.device)?;
    let body = json!({
        "dry_run": arguments.dry_run, "delete_extra": arguments.delete_extra,
        "keep_settings": arguments.keep_settings,
    });
    let place = format!("devices/{}/template/apply", text(&device["id"]));
    let done = post(hub, &place, &body)?;
    print_drift(&done["drift"]);
    let changed = if arguments.dry_run {
        "would be changed"
    } else {
        "changed"
    };
    println!("{} objects {changed}", done["edits"]);
    Ok(())
}

fn print_drift(drift: &Json) {
    println!(
        "{}: version {} was applied, {} is there",
        text(&drift["name"]),
        text(&drift["applied_version"]),
        text(&drift["version"])
    );
    let items = |name: &str| drift[name].as_array().into_iter().flatten();
    for field in items("settings") {
        print_field("device", field);
    }
    for tag in items("changed") {
        for field in tag["fields"].as_array().into_iter().flatten() {
            print_field(text(&tag["name"]), field);
        }
    }
    for tag in items("missing") {
        println!(
            "missing: {} at {}",
            text(&tag["name"]),
            text(&tag["address"])
        );
    }
    for tag in items("extra") {
        println!("extra: {}", text(&tag["name"]));
    }
    println!("{} tags are as the template makes them", drift["unchanged"]);
}

fn print_field(name: &str, field: &Json) {
    let place = text(&field["field"]);
    println!(
        "changed: {name}{place} is {}, wanted {}",
        field["is"], field["wanted"]
    );
}

/// Returns the object of a name.
pub(crate) fn find(hub: &HubArguments, chapter: &str, name: &str) -> anyhow::Result<Json> {
    let search: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let page = get(hub, &format!("{chapter}?limit=1000&search={search}"))?;
    let mut items = page["items"].as_array().into_iter().flatten();
    match items.find(|item| item["name"] == name) {
        Some(item) => Ok(item.clone()),
        None => bail!("{name:?} is none of the {chapter}; upper and lower case count"),
    }
}

/// Returns what the hub answers.
pub(crate) fn get(hub: &HubArguments, path: &str) -> anyhow::Result<Json> {
    let place = format!("{}/{path}", api(&hub.url)?);
    let answer = agent(hub.token.read()?.as_deref())?.get(place).call();
    let mut answer = answer.with_context(|| format!("no hub answers at {}", hub.url))?;
    if !answer.status().is_success() {
        return Err(refusal(&mut answer));
    }
    Ok(answer.body_mut().read_json()?)
}

/// Sends a body to a path of the API and returns the answer.
pub(crate) fn post(hub: &HubArguments, path: &str, body: &Json) -> anyhow::Result<Json> {
    let place = format!("{}/{path}", api(&hub.url)?);
    let request = agent(hub.token.read()?.as_deref())?.post(place);
    let request = request.header("content-type", "application/json");
    let answer = request.send(serde_json::to_vec(body).map_err(wrong)?);
    let mut answer = answer.with_context(|| format!("no hub answers at {}", hub.url))?;
    if !answer.status().is_success() {
        return Err(refusal(&mut answer));
    }
    Ok(answer.body_mut().read_json()?)
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or("-")
}
