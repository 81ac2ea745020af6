//! What a SunSpec device says of itself, and the template that is made of it.

use headworks_engineering::sunspec::{self, Saving, Wanted};
use headworks_engineering::template::library::Loading;
use headworks_engineering::template::{Whole, check};
use headworks_hub::{HubError, HubHandle};
use headworks_protocols::modbus::sunspec::Walk;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{LineBody, Problems, first_unit, note, start};
use crate::jobs::JobView;
use crate::problem::ApiError;
use crate::route::{Accepted, Call, Json, NoQuery};
use crate::text::Text;

/// Which device to read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SunSpecBody {
    /// The link.
    line: LineBody,
    /// The unit; some makers use another one for SunSpec than else.
    #[serde(default = "first_unit")]
    unit_id: u8,
    /// Name of the template; that of maker and type when absent.
    #[serde(default)]
    name: Option<Text<128>>,
    /// Whether points become tags of which the device says at present that it has none.
    #[serde(default)]
    keep_absent: bool,
}

/// Starts to read what a device says of itself.
pub(crate) async fn read(
    call: Call<NoQuery, Json<SunSpecBody>>,
) -> Result<Accepted<JobView>, ApiError> {
    let body = &call.body.0;
    let way = super::Way::of(&call.app.hub, &body.line)?;
    let mut problems = Problems::default();
    problems.unit("/unit_id", body.unit_id, &way);
    problems.done()?;
    let name = body.name.as_ref().map(|name| name.trim().to_owned());
    if name.as_ref().is_some_and(String::is_empty) {
        return Err(ApiError::field("/name", "is empty"));
    }
    let wanted = Wanted {
        unit_id: body.unit_id,
        name,
        keep_absent: body.keep_absent,
    };
    let title = format!("SunSpec models of unit {} on {way}", body.unit_id);
    note(&call, &way, &title);
    let hub = call.app.hub.clone();
    start(&call, title, move |work| work.sunspec(way, &wanted, &hub))
}

/// Returns the result of a job: what was found, the template, and the edits that save it.
pub(super) async fn result(walk: &Walk, wanted: &Wanted, hub: &HubHandle) -> Value {
    let found = walk.found();
    let reading = sunspec::read(found, wanted);
    let mut problems: Vec<Value> = check(&Whole::new(&reading.template, None), hub.protocols())
        .into_iter()
        .map(|error| problem(&error.field, &error.reason))
        .collect();
    let mut result = json!({
        "unit_id": wanted.unit_id,
        "base": found.base,
        "read_max": found.read_max,
        "asked": walk.asked(),
        "broken": walk.ended().and_then(|end| end.as_ref().err()).map(ToString::to_string),
        "identity": reading.identity,
        "models": reading.models,
        "template": reading.template,
        "saving": null,
        "edits": [],
    });
    match sunspec::saving(&hub.plant(), &reading.template, &mut hub.id_maker()) {
        Ok(saving) => {
            problems.extend(try_out(&saving, hub).await);
            result["saving"] = json!(saving.loading);
            result["edits"] = rows(&saving);
        }
        Err(taken) => problems.push(problem("/name", &taken.to_string())),
    }
    result["problems"] = problems.into();
    result
}

/// Returns why the hub would refuse.
async fn try_out(saving: &Saving, hub: &HubHandle) -> Vec<Value> {
    let edits = saving.edits();
    if edits.is_empty() {
        return Vec::new();
    }
    match hub.check(edits).await {
        Ok(_) => Vec::new(),
        Err(HubError::Invalid(problems)) => {
            let problems = problems.iter();
            problems
                .map(|one| problem(&one.field, &one.reason))
                .collect()
        }
        Err(error) => vec![problem("", &error.to_string())],
    }
}

fn problem(pointer: &str, detail: &str) -> Value {
    json!({ "pointer": pointer, "detail": detail })
}

/// Returns the rows that `POST /api/v1/edits` takes.
fn rows(saving: &Saving) -> Value {
    let Saving {
        id,
        revision,
        template,
        ..
    } = saving;
    match (saving.loading, revision) {
        (Loading::Unchanged, _) => json!([]),
        (_, Some(_)) => json!([{
            "op": "update", "kind": "template", "id": id, "revision": revision, "body": template,
        }]),
        (_, None) => json!([{ "op": "create", "kind": "template", "id": id, "body": template }]),
    }
}
