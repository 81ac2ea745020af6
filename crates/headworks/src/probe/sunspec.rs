//! `headworks probe sunspec`: what a SunSpec device says of itself, as a template.

use anyhow::bail;
use clap::Args;
use headworks_core::model::Template;
use headworks_engineering::sunspec::{self, ModelReport, Reading, Wanted};
use headworks_protocols::modbus::discover::run::Runner;
use headworks_protocols::modbus::sunspec::Walk;
use serde_json::{Value as Json, json};

use super::discover::{
    LineArguments, UntilInterrupted, open, print_json, unless_interrupted, usage,
};
use super::{runtime, table};
use crate::engineering::HubArguments;
use crate::templates::{get, post};

/// Arguments of `probe sunspec`.
#[derive(Debug, Args)]
pub(crate) struct SunSpecArguments {
    #[command(flatten)]
    line: LineArguments,
    /// Unit id; some makers use another one for SunSpec, e.g. SMA 126
    #[arg(long, default_value_t = 1)]
    unit: u8,
    /// Name of the template [default: maker and type of the device]
    #[arg(long)]
    name: Option<String>,
    /// Make tags of points too of which the device says at present that it has none
    #[arg(long)]
    keep_absent: bool,
    /// Save the template in a running hub; an earlier reading of its name becomes its next version
    #[arg(long)]
    save: bool,
    /// Check whether the template can be saved, and save nothing
    #[arg(long, requires = "save")]
    dry_run: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Reads the device and prints or saves what it says.
pub(super) fn run(arguments: &SunSpecArguments) -> anyhow::Result<()> {
    let name = arguments.name.as_deref().map(str::trim);
    if name.is_some_and(str::is_empty) {
        return Err(usage("--name is empty".to_owned()));
    }
    let walk = runtime()?.block_on(walk(arguments))?;
    let broken = walk.ended().and_then(|end| end.as_ref().err());
    if let Some(error) = broken
        && walk.found().models.is_empty()
    {
        bail!(
            "unit {} of {}: {error}",
            arguments.unit,
            arguments.line.endpoint
        );
    }
    if walk.ended().is_none() && walk.found().models.is_empty() {
        bail!("it was cancelled");
    }
    let wanted = Wanted {
        unit_id: arguments.unit,
        name: name.map(str::to_owned),
        keep_absent: arguments.keep_absent,
    };
    let reading = sunspec::read(walk.found(), &wanted);
    let broken = broken.map(ToString::to_string);
    if arguments.line.json {
        print_json(&json!({
            "unit_id": arguments.unit, "base": walk.found().base, "asked": walk.asked(),
            "broken": broken, "identity": reading.identity, "models": reading.models,
            "template": reading.template,
        }))?;
    } else {
        print(&reading, walk.found().base);
    }
    if let Some(broken) = broken {
        eprintln!("warning: {broken}");
    }
    if arguments.save {
        save(&reading.template, arguments)?;
    }
    Ok(())
}

async fn walk(arguments: &SunSpecArguments) -> anyhow::Result<Walk> {
    let (mut line, pace) = open(&arguments.line).await?;
    if line.is_serial() && !(1..=247).contains(&arguments.unit) {
        return Err(usage("on a serial line units are 1 to 247".to_owned()));
    }
    let (mut walk, watch) = (Walk::new(), UntilInterrupted::listen());
    let mut runner = Runner::new(&mut line, &watch, pace);
    let done = runner.sunspec(arguments.unit, &mut walk, &mut |_| {}).await;
    unless_interrupted(done)?;
    Ok(walk)
}

fn print(reading: &Reading, base: u16) {
    if let Some(who) = &reading.identity {
        println!("{} {}", who.manufacturer, who.model);
        for (what, text) in [
            ("options", &who.options),
            ("version", &who.version),
            ("serial number", &who.serial_number),
        ] {
            if !text.is_empty() {
                println!("{what} {text}");
            }
        }
    }
    println!("SunSpec map at holding register {base}");
    let rows: Vec<[String; 5]> = reading.models.iter().map(row).collect();
    table::print(
        ["model", "what it is", "address", "registers", "tags"],
        &rows,
    );
    for model in &reading.models {
        for problem in &model.problems {
            println!("model {} at {}: {problem}", model.id, model.address);
        }
        if !model.absent.is_empty() {
            let absent = model.absent.join(" ");
            println!(
                "model {} at {}: no value at present: {absent}",
                model.id, model.address
            );
        }
    }
    let template = &reading.template;
    println!("template {:?}: {} tags", template.name, template.tags.len());
}

fn row(model: &ModelReport) -> [String; 5] {
    let title = match model.title {
        "" => "not known here",
        title => title,
    };
    [
        model.id.to_string(),
        title.to_owned(),
        format!("HR{}", model.address),
        model.length.to_string(),
        model.tags.to_string(),
    ]
}

/// Saves a template as a new one, or as the next version of an earlier reading.
fn save(template: &Template, arguments: &SunSpecArguments) -> anyhow::Result<()> {
    let hub = &arguments.hub;
    let name = &template.name;
    let search: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let page = get(hub, &format!("templates?limit=1000&search={search}"))?;
    let mut items = page["items"].as_array().into_iter().flatten();
    let earlier = items.find(|item| item["name"] == *name);
    let (edit, version) = match earlier {
        None => {
            let edit = json!({ "op": "create", "kind": "template", "body": template });
            (edit, template.version.clone())
        }
        Some(item) => match sunspec::renewed(template, &body(item)?)? {
            None => {
                say(arguments, &format!("template {name:?} is as it was"));
                return Ok(());
            }
            Some(renewed) => {
                let edit = json!({
                    "op": "update", "kind": "template", "id": item["id"],
                    "revision": item["revision"], "body": renewed,
                });
                (edit, renewed.version)
            }
        },
    };
    post(
        hub,
        "edits",
        &json!({ "dry_run": arguments.dry_run, "edits": [edit] }),
    )?;
    let saved = match arguments.dry_run {
        true => "would be saved",
        false => "saved",
    };
    say(
        arguments,
        &format!("template {name:?} version {version}: {saved}"),
    );
    Ok(())
}

/// With `--json` nothing but the JSON goes to the standard output.
fn say(arguments: &SunSpecArguments, text: &str) {
    if arguments.line.json {
        eprintln!("{text}");
    } else {
        println!("{text}");
    }
}

/// Returns the template of an item of the API.
fn body(item: &Json) -> anyhow::Result<Template> {
    let mut item = item.clone();
    if let Some(fields) = item.as_object_mut() {
        for field in ["id", "revision", "updated_us", "device_count"] {
            fields.remove(field);
        }
    }
    Ok(serde_json::from_value(item)?)
}
