//! Many edits in one: whole or not at all.

use headworks_access::Caller;
use headworks_core::model::{
    Alarm, Asset, Channel, Connection, Dashboard, Device, Dictionary, Group, Kind, ObjectBody,
    ObjectId, Picture, Policy, RetentionPolicy, Roster, Route, Tag, Template,
};
use headworks_hub::edits::EDITS_MAX;
use headworks_hub::{Applied, Body, Edit, HubHandle, Plant, Rewritten};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{errors, routing, template_devices};
use crate::parse;
use crate::problem::{ApiError, FieldProblem};
use crate::route::{Call, Json, NoQuery};

/// A list of edits.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditsBody {
    /// Whether the edits are only checked: nothing is changed.
    #[serde(default)]
    dry_run: bool,
    /// The edits, in any order; each object at most once.
    #[schemars(with = "Vec<EditRow>", length(min = 1, max = 200_000))]
    edits: Vec<Value>,
}

/// One edit.
#[derive(JsonSchema)]
#[schemars(tag = "op", rename_all = "snake_case")]
enum EditRow {
    /// Makes an object.
    Create(CreateRow),
    /// Replaces the body of an object.
    Update(UpdateRow),
    /// Changes some fields of an object.
    Patch(PatchRow),
    /// Deletes an object.
    Delete(DeleteRow),
}

/// Makes an object.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateRow {
    /// Of which kind.
    kind: Kind,
    /// Its id, so that other edits of the list can name it; one is chosen when absent.
    id: Option<ObjectId>,
    /// What it is to be, as the schema of its kind says.
    body: Map<String, Value>,
}

/// Replaces the body of an object.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UpdateRow {
    /// Of which kind it is.
    kind: Kind,
    /// Which object.
    id: ObjectId,
    /// The revision that it must have; any when absent.
    revision: Option<u64>,
    /// What it is to be.
    body: Map<String, Value>,
}

/// Changes some fields of an object.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PatchRow {
    /// Which object.
    id: ObjectId,
    /// The revision that it must have; any when absent.
    revision: Option<u64>,
    /// The fields: a merge patch (RFC 7396), in which null takes a field away.
    patch: Map<String, Value>,
}

/// Deletes an object.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeleteRow {
    /// Which object.
    id: ObjectId,
    /// The revision that it must have; any when absent.
    revision: Option<u64>,
    /// Whether what rests on it is deleted too.
    #[serde(default)]
    cascade: bool,
}

/// What became of a list of edits.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EditsDone {
    /// The change, by which it can be taken back; null when nothing was changed.
    change: Option<i64>,
    /// One outcome per edit, in their order; empty when they were only checked.
    items: Vec<EditDone>,
    /// When they were only checked: the formulas and expressions of alarms that would call what
    /// they read by its new name, at most 1000.
    rewritten: Vec<RewrittenExpression>,
}

/// An expression that follows an edit of something else.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RewrittenExpression {
    /// Whose it is.
    id: ObjectId,
    /// What that is: a tag with a formula, or an alarm.
    kind: Kind,
    /// Path of the tag, or name of the alarm.
    name: String,
    /// The expression as it is.
    before: String,
    /// The expression as it would be.
    after: String,
    /// Place of the edit in the list.
    edit: usize,
}

/// What became of one edit.
#[derive(Serialize, JsonSchema)]
struct EditDone {
    /// The object.
    id: ObjectId,
    /// Its kind.
    kind: Kind,
    /// What happened to it: `created`, `updated` or `deleted`.
    action: &'static str,
    /// Its revision now; of a deleted object the last it had.
    revision: u64,
    /// Number under which its values come over the WebSocket, if it is a tag.
    index: Option<u32>,
    /// How many objects were deleted with it.
    cascaded: usize,
    /// How many formulas and expressions of alarms follow it: they call what they read by its new
    /// name.
    rewritten: usize,
}

/// Applies a list of edits, whole or not at all.
pub(crate) async fn apply(
    call: Call<NoQuery, Json<EditsBody>>,
) -> Result<Json<EditsDone>, ApiError> {
    let (hub, caller) = (&call.app.hub, call.caller()?.clone());
    let EditsBody { dry_run, edits } = call.body.0;
    if edits.is_empty() || EDITS_MAX < edits.len() {
        let reason = format!("{} edits; 1 to {EDITS_MAX} are allowed", edits.len());
        return Err(ApiError::field("/edits", reason));
    }
    call.note
        .after(&json!({ "edits": edits.len(), "dry_run": dry_run }));
    let edits = read(&hub.plant(), edits)?;
    run(hub, edits, dry_run, &caller).await
}

/// Applies or checks edits and answers with what became of them.
pub(super) async fn run(
    hub: &HubHandle,
    edits: Vec<Edit>,
    dry_run: bool,
    caller: &Caller,
) -> Result<Json<EditsDone>, ApiError> {
    routing::check_edits(&hub.plant(), &edits, caller)?;
    let place = |at| format!("/edits/{at}");
    let edits = template_devices::check_saved(hub, edits, place).await?;
    let refused = |error| errors::from_hub(error, place);
    if dry_run {
        let rewritten = hub.check(edits).await.map_err(refused)?;
        return Ok(Json(foreseen(rewritten)));
    }
    let applied = hub.apply(edits, &caller.name).await.map_err(refused)?;
    Ok(Json(done(&applied)))
}

/// Returns what edits would do beside what they say.
fn foreseen(rewritten: Vec<Rewritten>) -> EditsDone {
    const SHOWN_MAX: usize = 1000;
    let shown = |one: Rewritten| RewrittenExpression {
        id: one.id,
        kind: one.kind,
        name: one.name,
        before: one.before,
        after: one.after,
        edit: one.edit,
    };
    EditsDone {
        change: None,
        items: Vec::new(),
        rewritten: rewritten.into_iter().take(SHOWN_MAX).map(shown).collect(),
    }
}

/// Returns what became of edits.
pub(super) fn done(applied: &[Applied]) -> EditsDone {
    let item = |applied: &Applied| EditDone {
        id: applied.id,
        kind: applied.kind,
        action: super::objects::action_name(applied.action),
        revision: applied.revision,
        index: applied.tag.map(|tag| tag.0),
        cascaded: applied.cascaded,
        rewritten: applied.rewritten,
    };
    EditsDone {
        change: applied.first().map(|applied| applied.updated_us),
        items: applied.iter().map(item).collect(),
        rewritten: Vec::new(),
    }
}

/// Reads every row, so that the client learns of all mistakes at once.
fn read(plant: &Plant, rows: Vec<Value>) -> Result<Vec<Edit>, ApiError> {
    const SHOWN_MAX: usize = 1000;
    let (mut edits, mut problems) = (Vec::with_capacity(rows.len()), Vec::new());
    for (at, row) in rows.into_iter().enumerate() {
        let place = format!("/edits/{at}");
        let row = EditRow::parse(&place, row);
        match row.and_then(|row| row.read(plant, &place)) {
            Ok(edit) => edits.push(edit),
            Err(problem) if problems.len() < SHOWN_MAX => problems.push(problem),
            Err(_) => {}
        }
    }
    match problems.is_empty() {
        true => Ok(edits),
        false => Err(ApiError::fields(problems)),
    }
}

impl EditRow {
    /// Reads a row; by hand, because a tagged enum would not say which field is wrong.
    fn parse(place: &str, row: Value) -> Result<EditRow, FieldProblem> {
        let Value::Object(mut row) = row else {
            return Err(FieldProblem::new(place, "a JSON object is needed"));
        };
        let op = row.remove("op").unwrap_or_default();
        let row = Value::Object(row);
        match op.as_str() {
            Some("create") => parse::json_part(place, row).map(EditRow::Create),
            Some("update") => parse::json_part(place, row).map(EditRow::Update),
            Some("patch") => parse::json_part(place, row).map(EditRow::Patch),
            Some("delete") => parse::json_part(place, row).map(EditRow::Delete),
            _ => {
                let reason = "is none of create, update, patch, delete";
                Err(FieldProblem::new(format!("{place}/op"), reason))
            }
        }
    }

    fn read(self, plant: &Plant, place: &str) -> Result<Edit, FieldProblem> {
        Ok(match self {
            EditRow::Create(row) => Edit::Create {
                id: row.id,
                body: read_body(row.kind, &format!("{place}/body"), row.body)?,
            },
            EditRow::Update(row) => Edit::Update {
                id: row.id,
                expected: row.revision,
                body: read_body(row.kind, &format!("{place}/body"), row.body)?,
            },
            EditRow::Patch(row) => Edit::Update {
                id: row.id,
                expected: row.revision,
                body: patched(plant, row.id, place, row.patch)?,
            },
            EditRow::Delete(row) => Edit::Delete {
                id: row.id,
                expected: row.revision,
                cascade: row.cascade,
            },
        })
    }
}

/// Returns the body of an object with some fields changed.
fn patched(
    plant: &Plant,
    id: ObjectId,
    place: &str,
    patch: Map<String, Value>,
) -> Result<Body, FieldProblem> {
    let missing = || FieldProblem::new(format!("{place}/id"), format!("{id} does not exist"));
    let body = plant.body_of(id).ok_or_else(missing)?;
    let json = body.to_json().unwrap_or_default();
    let mut fields: Map<String, Value> = serde_json::from_str(&json).unwrap_or_default();
    merge(&mut fields, patch);
    read_body(body.kind(), &format!("{place}/patch"), fields)
}

/// Merges as RFC 7396 says.
fn merge(fields: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Null => drop(fields.remove(&key)),
            Value::Object(patch) => {
                let inner = fields.entry(key).or_insert(Value::Null);
                if !inner.is_object() {
                    *inner = Value::Object(Map::new());
                }
                if let Value::Object(inner) = inner {
                    merge(inner, patch);
                }
            }
            value => drop(fields.insert(key, value)),
        }
    }
}

fn read_body(kind: Kind, place: &str, body: Map<String, Value>) -> Result<Body, FieldProblem> {
    fn of<T: ObjectBody + Into<Body>>(place: &str, body: Value) -> Result<Body, FieldProblem> {
        parse::json_part::<T>(place, body).map(Into::into)
    }
    let body = Value::Object(body);
    match kind {
        Kind::Asset => of::<Asset>(place, body),
        Kind::Connection => of::<Connection>(place, body),
        Kind::Template => of::<Template>(place, body),
        Kind::Device => of::<Device>(place, body),
        Kind::Tag => of::<Tag>(place, body),
        Kind::Group => of::<Group>(place, body),
        Kind::Alarm => of::<Alarm>(place, body),
        Kind::Route => of::<Route>(place, body),
        Kind::Channel => of::<Channel>(place, body),
        Kind::Roster => of::<Roster>(place, body),
        Kind::Policy => of::<Policy>(place, body),
        Kind::Dashboard => of::<Dashboard>(place, body),
        Kind::Picture => of::<Picture>(place, body),
        Kind::Retention => of::<RetentionPolicy>(place, body),
        Kind::Dictionary => of::<Dictionary>(place, body),
    }
}
