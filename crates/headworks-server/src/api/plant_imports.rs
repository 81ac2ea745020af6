//! Projects of other programs as connections, devices and tags.

use headworks_core::TagPath;
use headworks_engineering::import::{self, Clash, Format, ImportOptions};
use headworks_protocols::modbus::table::Table;
use schemars::JsonSchema;
use serde::Deserialize;

use super::plans::{self, PlanAnswer, Wanted};
use crate::problem::ApiError;
use crate::route::{Call, Json, Upload};

/// What is to become of a file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportQuery {
    /// The format of the file.
    #[serde(default)]
    format: Wished,
    /// Whether the file is only to be checked.
    #[serde(default)]
    dry_run: bool,
    /// What becomes of names that the plant has already.
    #[serde(default)]
    on_clash: Clash,
    /// `HOST:PORT` or a serial port, for formats that say nothing of the connection.
    #[serde(default)]
    endpoint: Option<String>,
    /// Name of a device of the plant that gets the tags, for formats of one device.
    #[serde(default)]
    device: Option<String>,
    /// The table of the registers, for formats that do not say it.
    #[serde(default)]
    table: Option<Table>,
    /// Folder below which the devices stand in the plant.
    #[serde(default)]
    path: Option<TagPath>,
}

/// A format, or whatever the file looks like.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Wished {
    /// What the file looks like.
    #[default]
    Auto,
    /// Tags of one device of Kepware's server, CSV.
    KepwareCsv,
    /// A project of Kepware's server, JSON.
    KepwareJson,
    /// Telegraf's `inputs.modbus`, TOML.
    Telegraf,
    /// A table of `ioBroker.modbus`, TSV.
    Iobroker,
    /// The Modbus connector of ThingsBoard's gateway, JSON.
    Thingsboard,
    /// A project of FUXA, JSON.
    Fuxa,
    /// Home Assistant's `modbus:`, YAML.
    HomeAssistant,
    /// A configuration of modpoll, CSV.
    Modpoll,
    /// Routes from dotted names to dotted names, `routing.json`.
    Routing,
}

impl Wished {
    const fn format(self) -> Option<Format> {
        match self {
            Wished::Auto => None,
            Wished::KepwareCsv => Some(Format::KepwareCsv),
            Wished::KepwareJson => Some(Format::KepwareJson),
            Wished::Telegraf => Some(Format::Telegraf),
            Wished::Iobroker => Some(Format::Iobroker),
            Wished::Thingsboard => Some(Format::Thingsboard),
            Wished::Fuxa => Some(Format::Fuxa),
            Wished::HomeAssistant => Some(Format::HomeAssistant),
            Wished::Modpoll => Some(Format::Modpoll),
            Wished::Routing => Some(Format::Routing),
        }
    }
}

/// Takes a project: reads it whole, then applies it whole or not at all.
pub(crate) async fn import(call: Call<ImportQuery, Upload>) -> Result<Json<PlanAnswer>, ApiError> {
    let caller = call.caller()?.clone();
    let (app, query) = (call.app, call.query);
    let bytes = plans::read(&app, call.body.0).await?;
    let options = ImportOptions {
        format: query.format.format(),
        clash: query.on_clash,
        endpoint: query.endpoint,
        device: query.device,
        table: query.table,
        path: query.path,
    };
    let (plant, mut new_id) = (app.hub.plant(), plans::ids(&app));
    let read = app.blocking(move || {
        import::read(&bytes, &plant, &options, &mut *new_id)
            .map_err(|error| plans::unreadable(error.to_string()))
    });
    let (format, plan) = read.await?;
    let wanted = Wanted {
        format: format.name().to_owned(),
        dry_run: query.dry_run,
        caller,
        note: call.note,
    };
    plans::finish(&app, plan, wanted).await.map(Json)
}
