//! Projects of other programs as connections, devices and tags.
//!
//! Each format is one file here. A reader makes a [`project::Project`]; what it does not
//! understand it writes down. Assembling is the same for all: names, paths, clashes, edits.
//! Routes are no part of a project: their reader makes edits at once.

mod assemble;
mod detect;
mod fields;
mod fuxa;
mod home_assistant;
mod iobroker;
mod kepware_csv;
mod kepware_json;
mod modpoll;
mod project;
mod routing;
mod telegraf;
mod thingsboard;
mod yaml;

use headworks_core::TagPath;
use headworks_exchange::sheet::text_of;
use headworks_hub::Plant;
use headworks_protocols::modbus::table::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{NewId, Plan};
pub use detect::looks_like;
use project::Project;

/// A format of projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Tags of one device of Kepware's server, exported as CSV.
    KepwareCsv,
    /// A project of Kepware's server, saved as JSON.
    KepwareJson,
    /// Telegraf's configuration with `inputs.modbus`, in TOML.
    Telegraf,
    /// A table of ioBroker's adapter `modbus`, copied out as TSV.
    Iobroker,
    /// The Modbus connector of ThingsBoard's gateway, in JSON.
    Thingsboard,
    /// A project or the devices of FUXA, in JSON.
    Fuxa,
    /// Home Assistant's `modbus:`, in YAML.
    HomeAssistant,
    /// A configuration of modpoll, the Python program, in CSV.
    Modpoll,
    /// Routes from dotted names to dotted names, `routing.json`.
    Routing,
}

/// What becomes of a name that the plant has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clash {
    /// The new object gets a number behind its name.
    #[default]
    Suffix,
    /// It is a mistake.
    Report,
}

/// How a project is to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportOptions {
    /// The format; found out from the file when absent.
    pub format: Option<Format>,
    /// What becomes of names that the plant has already.
    pub clash: Clash,
    /// `HOST:PORT` or a serial port, for formats that say nothing of the connection.
    pub endpoint: Option<String>,
    /// Name of a device of the plant that gets the tags, for formats of one device.
    pub device: Option<String>,
    /// The table of the registers, for formats that do not say it.
    pub table: Option<Table>,
    /// Folder below which the devices stand in the plant.
    pub path: Option<TagPath>,
}

/// Why a file is no project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ImportError(pub String);

/// Reads a project against a plant.
///
/// Everything that is wrong is in the plan; a plan with errors is not to be applied.
///
/// # Errors
///
/// [`ImportError`] when the file is no project of the format, with what it looks like.
pub fn read(
    bytes: &[u8],
    plant: &Plant,
    options: &ImportOptions,
    new_id: &mut NewId<'_>,
) -> Result<(Format, Plan), ImportError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ImportError("the file is empty".to_owned()));
    }
    let text = text_of(bytes);
    let text = text.trim_start_matches('\u{feff}');
    if text.contains('\0') {
        return Err(ImportError(
            "the file holds NUL characters: it is no text; export the project as text".to_owned(),
        ));
    }
    let seen = looks_like(text);
    let format = match (options.format, seen) {
        (Some(given), Some(seen)) if given != seen => {
            return Err(ImportError(format!(
                "this looks like {}, not like {}; give format={}",
                seen.title(),
                given.title(),
                seen.name()
            )));
        }
        (Some(given), _) => given,
        (None, Some(seen)) => seen,
        (None, None) => return Err(ImportError(detect::unknown(text))),
    };
    let plan = match format.parse(text, options)? {
        Some(project) => assemble::assemble(project, plant, options, new_id),
        None => routing::read(text, plant, new_id)?,
    };
    Ok((format, plan))
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 9] = [
        Format::KepwareCsv,
        Format::KepwareJson,
        Format::Telegraf,
        Format::Iobroker,
        Format::Thingsboard,
        Format::Fuxa,
        Format::HomeAssistant,
        Format::Modpoll,
        Format::Routing,
    ];

    /// Returns the name as requests write it.
    pub const fn name(self) -> &'static str {
        match self {
            Format::KepwareCsv => "kepware_csv",
            Format::KepwareJson => "kepware_json",
            Format::Telegraf => "telegraf",
            Format::Iobroker => "iobroker",
            Format::Thingsboard => "thingsboard",
            Format::Fuxa => "fuxa",
            Format::HomeAssistant => "home_assistant",
            Format::Modpoll => "modpoll",
            Format::Routing => "routing",
        }
    }

    /// Returns the name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Format::KepwareCsv => "a CSV export of tags of Kepware",
            Format::KepwareJson => "a JSON project of Kepware",
            Format::Telegraf => "a configuration of Telegraf",
            Format::Iobroker => "a TSV table of ioBroker.modbus",
            Format::Thingsboard => "a Modbus connector of ThingsBoard's gateway",
            Format::Fuxa => "a project of FUXA",
            Format::HomeAssistant => "a `modbus:` of Home Assistant",
            Format::Modpoll => "a configuration of modpoll",
            Format::Routing => "a routing.json",
        }
    }

    /// Returns the project of a file; none where it holds no devices.
    fn parse(self, text: &str, options: &ImportOptions) -> Result<Option<Project>, ImportError> {
        let project = match self {
            Format::Routing => return Ok(None),
            Format::KepwareCsv => kepware_csv::parse(text),
            Format::KepwareJson => kepware_json::parse(text),
            Format::Telegraf => telegraf::parse(text),
            Format::Iobroker => iobroker::parse(text, options.table),
            Format::Thingsboard => thingsboard::parse(text),
            Format::Fuxa => fuxa::parse(text),
            Format::HomeAssistant => home_assistant::parse(text),
            Format::Modpoll => modpoll::parse(text),
        };
        project.map(Some)
    }
}

#[cfg(test)]
mod tests;
