//! Devices made of templates: many at once, what differs from the template since, the way back.

use headworks_core::TagPath;
use headworks_core::model::{ObjectId, Settings, Template};
use headworks_engineering::template::drift::{self, Drift, DriftError, Reapply};
use headworks_engineering::template::{self, TemplateError, Wanted, Whole};
use headworks_hub::{Body, Edit, HubError, HubHandle, Plant, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{errors, objects};
use crate::problem::{ApiError, Code, FieldProblem};
use crate::route::{Call, Json, NoQuery};

/// Devices to be made of a template.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeBody {
    /// Whether the devices are only checked: nothing is made.
    #[serde(default)]
    dry_run: bool,
    /// The devices: all of them are made, or none.
    #[schemars(length(min = 1, max = 1000))]
    devices: Vec<NewDevice>,
}

/// A device to be made of a template.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewDevice {
    /// Name on screen, unique among devices.
    #[schemars(length(min = 1, max = 128))]
    name: String,
    /// The connection it is reached through, of the protocol of the template.
    connection: ObjectId,
    /// The asset that it is placed in.
    asset: Option<ObjectId>,
    /// Where its tags stand in the plant, below its asset if it has one.
    path: TagPath,
    /// Whether it is polled.
    #[serde(default = "yes")]
    enabled: bool,
    /// Free text.
    #[serde(default)]
    #[schemars(length(max = 4000))]
    description: String,
    /// Settings that are not as the template says, or that it does not say.
    #[serde(default)]
    #[schemars(with = "serde_json::Value")]
    settings: Settings,
    /// Values of the parameters of the template; those that are absent have their defaults.
    #[serde(default)]
    #[schemars(with = "serde_json::Value")]
    parameters: Settings,
}

/// What was made of a template.
#[derive(Serialize, JsonSchema)]
pub(crate) struct MakeDone {
    /// The change, by which it can be taken back; null when nothing was changed.
    change: Option<i64>,
    /// The devices, in their order.
    devices: Vec<MadeDevice>,
}

/// A device that was made of a template.
#[derive(Serialize, JsonSchema)]
struct MadeDevice {
    /// The device; null when it was only checked.
    id: Option<ObjectId>,
    /// Its name.
    name: String,
    /// How many tags it has.
    tags: usize,
}

/// How a template is applied again to a device.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyBody {
    /// Whether it is only checked: nothing is changed.
    #[serde(default)]
    dry_run: bool,
    /// Whether tags are deleted that the template does not make.
    #[serde(default)]
    delete_extra: bool,
    /// Whether settings and period of the device stay as they are.
    #[serde(default)]
    keep_settings: bool,
    /// New values of parameters; the others stay.
    #[serde(default)]
    #[schemars(with = "serde_json::Value")]
    parameters: Settings,
}

/// What was done to a device so that it is as its template makes it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ApplyDone {
    /// The change, by which it can be taken back; null when nothing was changed.
    change: Option<i64>,
    /// How many objects are changed.
    edits: usize,
    /// What was different before.
    drift: Drift,
}

const fn yes() -> bool {
    true
}

/// Most devices of one request.
const DEVICES_MAX: usize = 1000;

/// Makes devices of a template, all of them or none.
pub(crate) async fn make(call: Call<NoQuery, Json<MakeBody>>) -> Result<Json<MakeDone>, ApiError> {
    let hub = &call.app.hub;
    let id = objects::existing::<Template>(hub, call.id()?)?;
    let author = call.author()?;
    let MakeBody { dry_run, devices } = call.body.0;
    if devices.is_empty() || DEVICES_MAX < devices.len() {
        let reason = format!("{} devices; 1 to {DEVICES_MAX} are allowed", devices.len());
        return Err(ApiError::field("/devices", reason));
    }
    call.note.target("template", &id.to_string());
    call.note
        .after(&json!({ "devices": devices.len(), "dry_run": dry_run }));
    let (plant, new_id) = (hub.plant(), hub.id_maker());
    let work = move || {
        let mut rows = Rows::default();
        rows.make(&plant, id, devices, new_id);
        rows
    };
    let rows = call.app.blocking(move || Ok(work())).await?;
    rows.run(hub, dry_run, &author).await.map(Json)
}

/// Devices on the way: their edits, and what is wrong with them.
#[derive(Default)]
struct Rows {
    edits: Vec<Edit>,
    devices: Vec<MadeDevice>,
    /// Place of the first edit of each device.
    starts: Vec<usize>,
    problems: Vec<FieldProblem>,
}

impl Rows {
    fn make(
        &mut self,
        plant: &Plant,
        id: ObjectId,
        devices: Vec<NewDevice>,
        mut new_id: impl FnMut() -> ObjectId,
    ) {
        let Some(object) = plant.template(id) else {
            return; // looked up just now; the hub says so when there is nothing to apply
        };
        let whole = Whole::of(plant, &object.body);
        for (row, device) in devices.into_iter().enumerate() {
            self.check_connection(plant, &object.body, row, device.connection);
            let made_id = new_id();
            match template::make(&whole, id, made_id, &device.into()) {
                Ok(made) => {
                    self.starts.push(self.edits.len());
                    self.devices.push(MadeDevice {
                        id: Some(made_id),
                        name: made.device.name.clone(),
                        tags: made.tags.len(),
                    });
                    self.edits.extend(made.into_edits(made_id, &mut new_id));
                }
                Err(errors) => {
                    let place = format!("/devices/{row}");
                    self.problems.extend(problems(&place, errors));
                }
            }
        }
    }

    fn check_connection(&mut self, plant: &Plant, template: &Template, row: usize, id: ObjectId) {
        let Some(connection) = plant.connection(id) else {
            return; // the hub says so
        };
        let (is, wanted) = (&connection.body.protocol, &template.protocol);
        if is != wanted {
            let name = &connection.body.name;
            let reason = format!("connection {name:?} speaks {is}; the template is for {wanted}");
            let place = format!("/devices/{row}/connection");
            self.problems.push(FieldProblem::new(place, reason));
        }
    }

    async fn run(
        mut self,
        hub: &HubHandle,
        dry_run: bool,
        who: &str,
    ) -> Result<MakeDone, ApiError> {
        if !self.problems.is_empty() {
            return Err(ApiError::fields(self.problems));
        }
        let edits = std::mem::take(&mut self.edits);
        let names = names(&edits);
        if dry_run {
            let checked = hub.check(edits).await;
            checked.map_err(|error| self.refused(error, &names))?;
            self.devices.iter_mut().for_each(|device| device.id = None);
            let (change, devices) = (None, self.devices);
            return Ok(MakeDone { change, devices });
        }
        let applied = hub.apply(edits, who).await;
        let applied = applied.map_err(|error| self.refused(error, &names))?;
        Ok(MakeDone {
            change: applied.first().map(|applied| applied.updated_us),
            devices: self.devices,
        })
    }

    /// Names the device of the body that a mistake belongs to.
    fn refused(&self, error: HubError, names: &[String]) -> ApiError {
        let HubError::Invalid(problems) = error else {
            return errors::of_body(error);
        };
        let problem = |problem: Problem| {
            let row = self.starts.partition_point(|&start| start <= problem.edit) - 1;
            if self.starts[row] == problem.edit {
                let pointer = format!("/devices/{row}{}", problem.field);
                return FieldProblem::new(pointer, problem.reason);
            }
            let name = names.get(problem.edit).map_or("", |name| name);
            let reason = format!("tag {name}: {}: {}", problem.field, problem.reason);
            FieldProblem::new(format!("/devices/{row}"), reason)
        };
        ApiError::fields(problems.into_iter().map(problem).collect())
    }
}

fn names(edits: &[Edit]) -> Vec<String> {
    let name = |edit: &Edit| match edit {
        Edit::Create { body, .. } | Edit::Update { body, .. } => body.name().to_owned(),
        Edit::Delete { .. } => String::new(),
    };
    edits.iter().map(name).collect()
}

impl From<NewDevice> for Wanted {
    fn from(device: NewDevice) -> Wanted {
        Wanted {
            name: device.name,
            connection: device.connection,
            asset: device.asset,
            path: device.path,
            enabled: device.enabled,
            description: device.description,
            settings: device.settings,
            parameters: device.parameters,
        }
    }
}

fn problems(place: &str, errors: Vec<TemplateError>) -> Vec<FieldProblem> {
    let problem = |error: TemplateError| match error {
        TemplateError::Parameter { name, reason } => {
            FieldProblem::new(format!("{place}/parameters/{name}"), reason)
        }
        TemplateError::Template(_) => FieldProblem::new(place, error.to_string()),
    };
    errors.into_iter().map(problem).collect()
}

/// Answers with what of a device is not as its template would make it now.
pub(crate) async fn get_drift(call: Call) -> Result<Json<Drift>, ApiError> {
    let (plant, id) = (call.app.hub.plant(), call.id()?);
    let compared = drift::compare(&plant, id, &Settings::new());
    Ok(Json(compared.map_err(from_drift)?.drift))
}

/// Makes a device as its template makes it now.
pub(crate) async fn reapply(
    call: Call<NoQuery, Json<ApplyBody>>,
) -> Result<Json<ApplyDone>, ApiError> {
    let (hub, id, author) = (&call.app.hub, call.id()?, call.author()?);
    let body = call.body.0;
    let how = Reapply {
        delete_extra: body.delete_extra,
        keep_settings: body.keep_settings,
    };
    let compared = drift::compare(&hub.plant(), id, &body.parameters).map_err(from_drift)?;
    let edits = compared.edits(how, hub.id_maker());
    call.note.target("device", &id.to_string());
    call.note.after(&json!({
        "template": compared.drift.name, "version": compared.drift.version,
        "edits": edits.len(), "dry_run": body.dry_run,
    }));
    let mut done = ApplyDone {
        change: None,
        edits: edits.len(),
        drift: compared.drift,
    };
    if edits.is_empty() {
        return Ok(Json(done));
    }
    let names = names(&edits);
    let refused = |error| match error {
        HubError::Invalid(problems) => ApiError::fields(
            problems
                .into_iter()
                .map(|problem| {
                    let name = names.get(problem.edit).map_or("", |name| name);
                    let reason = format!("{name}: {}: {}", problem.field, problem.reason);
                    FieldProblem::new("", reason)
                })
                .collect(),
        ),
        error => errors::of_body(error),
    };
    if body.dry_run {
        hub.check(edits).await.map_err(refused)?;
        return Ok(Json(done));
    }
    let applied = hub.apply(edits, &author).await.map_err(refused)?;
    done.change = applied.first().map(|applied| applied.updated_us);
    Ok(Json(done))
}

fn from_drift(error: DriftError) -> ApiError {
    match error {
        DriftError::NoDevice(id) => ApiError::not_found("device", id),
        DriftError::NoTemplate(_) | DriftError::Gone(..) => {
            ApiError::new(Code::NotFound, error.to_string())
        }
        DriftError::Template(errors) => ApiError::fields(problems("", errors)),
    }
}

/// Refuses edits that would save a template with mistakes; `place` is where edit `n` stands in
/// the body.
pub(super) async fn check_saved(
    hub: &HubHandle,
    edits: Vec<Edit>,
    place: impl Fn(usize) -> String,
) -> Result<Vec<Edit>, ApiError> {
    let is_template = |edit: &Edit| match edit {
        Edit::Create { body, .. } | Edit::Update { body, .. } => matches!(body, Body::Template(_)),
        Edit::Delete { .. } => false,
    };
    if !edits.iter().any(is_template) {
        return Ok(edits);
    }
    let (plant, protocols) = (hub.plant(), hub.protocols());
    let work = tokio::task::spawn_blocking(move || {
        let problems = template::check_edits(&plant, protocols, &edits);
        (edits, problems)
    });
    let (edits, problems) = work.await.map_err(|error| ApiError::internal(&error))?;
    match problems.is_empty() {
        true => Ok(edits),
        false => Err(errors::from_hub(HubError::Invalid(problems), place)),
    }
}
