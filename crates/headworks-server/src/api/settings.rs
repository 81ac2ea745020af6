//! The settings of the process: read at the start, shown and never changed here.

use crate::problem::ApiError;
use crate::route::{Call, Json};
use crate::settings::ShownSettings;

/// Answers with every setting, its default and where its value comes from.
pub(crate) async fn get(call: Call) -> Result<Json<ShownSettings>, ApiError> {
    let levels = call.app.telemetry.levels();
    let shown = ShownSettings::clone(&call.app.settings);
    Ok(Json(shown.with_levels(levels)))
}
