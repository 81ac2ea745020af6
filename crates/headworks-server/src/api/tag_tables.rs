//! All tags, or some, as rows of CSV or Excel.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use headworks_core::Pattern;
use headworks_engineering::table::{self, Mode, ReadOptions, TableError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::plans::{self, PlanAnswer, Wanted};
use crate::problem::ApiError;
use crate::route::{Call, Download, Json, Upload};

/// What of the tags is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    /// The format of the file.
    #[serde(default)]
    format: TableFormat,
    /// Tags by path: `*` within a segment, `**` for any depth.
    #[serde(default = "everything")]
    pattern: String,
}

/// Formats of a tag table.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TableFormat {
    /// CSV in UTF-8, comma between cells, point in numbers.
    #[default]
    Csv,
    /// An Excel file.
    Xlsx,
}

/// What is to become of a file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportQuery {
    /// What becomes of the tags.
    #[serde(default)]
    mode: Mode,
    /// Whether the file is only to be checked.
    #[serde(default)]
    dry_run: bool,
    /// Name of the connection behind which devices are made that do not exist; without it they
    /// are mistakes.
    #[serde(default)]
    create_devices: Option<String>,
}

fn everything() -> String {
    "**".to_owned()
}

/// Sends the tags as a table.
pub(crate) async fn export(call: Call<ExportQuery>) -> Result<Download, ApiError> {
    let pattern = call.query.pattern.parse::<Pattern>();
    let pattern = pattern.map_err(|error| ApiError::query("pattern", error.to_string()))?;
    let (plant, format) = (call.app.hub.plant(), call.query.format);
    let bytes = call.app.blocking(move || match format {
        TableFormat::Csv => Ok(table::write_csv(&plant, &pattern)),
        TableFormat::Xlsx => {
            table::write_xlsx(&plant, &pattern).map_err(|reason| ApiError::query("format", reason))
        }
    });
    let mut response = Response::new(Body::from(bytes.await?));
    let (media_type, disposition) = match format {
        TableFormat::Csv => (
            "text/csv; charset=utf-8",
            "attachment; filename=\"tags.csv\"",
        ),
        TableFormat::Xlsx => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "attachment; filename=\"tags.xlsx\"",
        ),
    };
    let headers = response.headers_mut();
    let value = HeaderValue::from_static;
    headers.insert(header::CONTENT_TYPE, value(media_type));
    headers.insert(header::CONTENT_DISPOSITION, value(disposition));
    Ok(Download(response))
}

/// Takes a table: checks every row, then applies it whole or not at all.
pub(crate) async fn import(call: Call<ImportQuery, Upload>) -> Result<Json<PlanAnswer>, ApiError> {
    let caller = call.caller()?.clone();
    let (app, query) = (call.app, call.query);
    let bytes = plans::read(&app, call.body.0).await?;
    let options = ReadOptions {
        mode: query.mode,
        create_devices: query.create_devices,
    };
    let (plant, mut new_id) = (app.hub.plant(), plans::ids(&app));
    let plan =
        app.blocking(move || table::read(&bytes, &plant, &options, &mut *new_id).map_err(of_table));
    let wanted = Wanted {
        format: "tag_table".to_owned(),
        dry_run: query.dry_run,
        caller,
        note: call.note,
    };
    plans::finish(&app, plan.await?, wanted).await.map(Json)
}

fn of_table(error: TableError) -> ApiError {
    match error {
        TableError::File(error) => super::errors::from_exchange(error),
        TableError::Shape(reason) => plans::unreadable(reason),
    }
}
