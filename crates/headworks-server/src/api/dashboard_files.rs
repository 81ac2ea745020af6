//! Dashboards as one file that other plants can read.

use headworks_core::TagPath;
use headworks_core::model::ObjectId;
use headworks_engineering::dashboards::{
    self, DashboardClash, DashboardFile, DashboardOptions, FORMAT, MissingTags,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::plans::{self, PlanAnswer, Wanted};
use crate::problem::ApiError;
use crate::route::{Call, Json, Upload};

/// Which dashboards are wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    /// Only this dashboard; all of them when absent.
    #[serde(default)]
    dashboard: Option<ObjectId>,
}

/// What is to become of a file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportQuery {
    /// What becomes of a dashboard whose name the plant has.
    #[serde(default)]
    on_clash: DashboardClash,
    /// What becomes of tags that the plant does not have.
    #[serde(default)]
    missing: MissingTags,
    /// Folder of the tags in the file that stands for `to`.
    #[serde(default)]
    from: Option<TagPath>,
    /// Folder of the plant that takes the place of `from`.
    #[serde(default)]
    to: Option<TagPath>,
    /// Whether the file is only to be checked.
    #[serde(default)]
    dry_run: bool,
}

/// Sends dashboards as one file.
pub(crate) async fn export(call: Call<ExportQuery>) -> Result<Json<DashboardFile>, ApiError> {
    let (plant, wanted) = (call.app.hub.plant(), call.query.dashboard);
    if let Some(id) = wanted
        && plant.dashboard(id).is_none()
    {
        let reason = format!("there is no dashboard {id}");
        return Err(ApiError::query("dashboard", reason));
    }
    let written = call.app.blocking(move || {
        let all = plant.dashboards().iter();
        let chosen = all.filter(|one| wanted.is_none_or(|id| one.id == id));
        Ok(dashboards::write(&plant, chosen.map(|one| &one.body)))
    });
    written.await.map(Json)
}

/// Takes a file of dashboards: checks all of it, then applies it whole or not at all.
pub(crate) async fn import(call: Call<ImportQuery, Upload>) -> Result<Json<PlanAnswer>, ApiError> {
    let caller = call.caller()?.clone();
    let (app, query) = (call.app, call.query);
    if query.from.is_some() != query.to.is_some() {
        let reason = "from and to are given together: the folder in the file and that of the plant";
        return Err(ApiError::query("to", reason));
    }
    let bytes = plans::read(&app, call.body.0).await?;
    let options = DashboardOptions {
        clash: query.on_clash,
        missing: query.missing,
        from: query.from,
        to: query.to,
    };
    let (plant, mut new_id) = (app.hub.plant(), plans::ids(&app));
    let plan = app.blocking(move || {
        dashboards::read(&bytes, &plant, &options, &mut *new_id).map_err(plans::unreadable)
    });
    let wanted = Wanted {
        format: FORMAT.to_owned(),
        dry_run: query.dry_run,
        caller,
        note: call.note,
    };
    plans::finish(&app, plan.await?, wanted).await.map(Json)
}
