//! Expressions: tried before they are saved, and the functions they may call.

use headworks_core::Rights;
use headworks_core::expr::{
    COST_MAX, ExprError, FaultAt, Function, Group, Kind, LIBRARY, Outcome, part_length,
};
use headworks_core::model::ObjectId;
use headworks_hub::{HubHandle, TagEntry, Trial, TrialKind, Tried, TriedInput};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tags::Current;
use crate::problem::ApiError;
use crate::route::{Call, Json, NoQuery};
use crate::text::Text;

/// What an expression is for.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExpressionKind {
    /// The formula of a calculated tag.
    Formula,
    /// The condition of an alarm, or when it means nothing: `value` is `tag`, bare names are the
    /// tags of its device.
    AlarmCondition,
    /// The condition of a route: `value` is what comes; other tags by their path only.
    RouteCondition,
    /// The transform of a route: a pipeline that is given `value`.
    Transform,
}

/// An expression to be tried.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckBody {
    /// The expression.
    text: Text<4096>,
    /// What it is for.
    kind: ExpressionKind,
    /// Whose tags bare names are; the device of `tag` when absent.
    #[serde(default)]
    device: Option<ObjectId>,
    /// The tag whose formula it is, that an alarm watches, or that is `value` of a route.
    #[serde(default)]
    tag: Option<ObjectId>,
}

/// What was found: either an error, or what it compiled to.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CheckAnswer {
    /// Why it does not work.
    error: Option<Mistake>,
    /// What it is when it works.
    compiled: Option<Compiled>,
}

/// Why an expression does not work.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Mistake {
    /// The character at which it goes wrong, from 1.
    column: u32,
    /// Characters that are wrong; 0 when something is missing there.
    length: u32,
    /// What is wrong.
    message: String,
    /// What would be right.
    hint: Option<String>,
}

/// An expression that works.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Compiled {
    /// What kind of value it gives, as far as that is known.
    gives: Kind,
    /// What an evaluation costs; adding two numbers costs 1.
    cost: u32,
    /// Most that one may cost.
    cost_max: u32,
    /// Whether the result may change while nothing that it reads does.
    follows_clock: bool,
    /// Whether earlier samples matter; `result` then knows none.
    remembers: bool,
    /// What it reads.
    inputs: Vec<Input>,
    /// What it gives for the present values; null when it reads a `value` that is not there.
    result: Option<Preview>,
}

/// What an expression reads.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Input {
    /// As it is written in an expression.
    reference: String,
    /// The tag; null for a `value` that is not there.
    tag: Option<ObjectId>,
    /// Path of the tag.
    path: Option<String>,
    /// Whether it is calculated itself.
    is_calculated: bool,
    /// Unit of the tag, empty for none.
    unit: String,
    /// Last sample of the tag; null before there is one.
    current: Option<Current>,
}

/// What an expression gives.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Preview {
    /// Value, quality and time.
    #[serde(flatten)]
    sample: Current,
    /// Why there is no value.
    fault: Option<Doubt>,
}

/// Why an evaluation has no value.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Doubt {
    /// What went wrong and where.
    #[serde(flatten)]
    at: FaultAt,
    /// The same in words.
    message: String,
}

/// The functions that expressions may call.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FunctionList {
    /// The functions, chapter by chapter.
    items: Vec<FunctionItem>,
}

/// A function of expressions.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FunctionItem {
    /// Its chapter.
    group: Group,
    /// How it is written, e.g. `clamp(x, low, high)`.
    signature: String,
    /// What it takes and gives.
    #[serde(flatten)]
    function: &'static Function,
}

/// Tries an expression.
pub(crate) async fn check(
    call: Call<NoQuery, Json<CheckBody>>,
) -> Result<Json<CheckAnswer>, ApiError> {
    let rights = call.rights()?;
    let (app, Json(body)) = (call.app, call.body);
    check_place(&app.hub, &rights, &body)?;
    let hub = app.hub.clone();
    let answer = app.blocking(move || Ok(answer(&hub, &rights, &body)));
    answer.await.map(Json)
}

/// Lists the functions that expressions may call.
pub(crate) async fn functions(_: Call) -> Result<Json<FunctionList>, ApiError> {
    let item = |group, function: &'static Function| FunctionItem {
        group,
        signature: function.signature(),
        function,
    };
    let chapter = |(group, functions): &'static (Group, &'static [Function])| {
        functions.iter().map(move |function| item(*group, function))
    };
    let items = LIBRARY.iter().flat_map(chapter).collect();
    Ok(Json(FunctionList { items }))
}

/// Checks that what the body names is there for the caller.
fn check_place(hub: &HubHandle, rights: &Rights, body: &CheckBody) -> Result<(), ApiError> {
    let plant = hub.plant();
    let missing = |field: &str, kind: &str, id: ObjectId| {
        ApiError::field(field, format!("{kind} {id} does not exist"))
    };
    if let Some(id) = body.device {
        let mut tags = plant.tags_of(id);
        let is_seen = !rights.is_narrowed() || tags.any(|tag| rights.sees(tag.path()));
        plant
            .device(id)
            .filter(|_| is_seen)
            .ok_or_else(|| missing("/device", "device", id))?;
    }
    if let Some(id) = body.tag {
        let tag = plant.tag(id).filter(|tag| rights.sees(tag.path()));
        tag.ok_or_else(|| missing("/tag", "tag", id))?;
    }
    Ok(())
}

fn answer(hub: &HubHandle, rights: &Rights, body: &CheckBody) -> CheckAnswer {
    let sees = |tag: &TagEntry| rights.sees(tag.path());
    let trial = Trial {
        text: &body.text,
        kind: match body.kind {
            ExpressionKind::Formula => TrialKind::Formula,
            ExpressionKind::AlarmCondition => TrialKind::AlarmCondition,
            ExpressionKind::RouteCondition => TrialKind::RouteCondition,
            ExpressionKind::Transform => TrialKind::Transform,
        },
        device: body.device,
        tag: body.tag,
        sees: &sees,
    };
    match hub.try_expression(&trial) {
        Ok(tried) => CheckAnswer {
            error: None,
            compiled: Some(Compiled::from(tried)),
        },
        Err(error) => CheckAnswer {
            error: Some(Mistake::new(error, &body.text)),
            compiled: None,
        },
    }
}

impl Mistake {
    /// Returns the mistake of a text.
    pub(crate) fn new(error: ExprError, text: &str) -> Mistake {
        Mistake {
            length: part_length(text, error.column),
            column: error.column,
            message: error.message,
            hint: error.hint,
        }
    }
}

impl From<Tried> for Compiled {
    fn from(tried: Tried) -> Compiled {
        let program = &tried.program;
        Compiled {
            gives: program.kind(),
            cost: program.cost(),
            cost_max: COST_MAX,
            follows_clock: program.follows_clock(),
            remembers: program.remembers(),
            inputs: tried.inputs.into_iter().map(Input::from).collect(),
            result: tried.outcome.map(Preview::from),
        }
    }
}

impl Input {
    /// Returns an input without what the caller may not see of it.
    pub(crate) fn seen(mut input: TriedInput, rights: &Rights) -> Input {
        let tag = input.tag.take().filter(|tag| rights.sees(tag.path()));
        input.last = input.last.filter(|_| tag.is_some());
        Input::from(TriedInput { tag, ..input })
    }
}

impl From<TriedInput> for Input {
    fn from(input: TriedInput) -> Input {
        let tag = input.tag.as_ref();
        Input {
            reference: input.reference.to_string(),
            tag: tag.map(|tag| tag.id()),
            path: tag.map(|tag| tag.path().to_string()),
            is_calculated: tag.is_some_and(|tag| tag.formula().is_some()),
            unit: tag.map_or_else(String::new, |tag| tag.unit().to_owned()),
            current: input.last.map(Current::from),
        }
    }
}

impl From<Outcome> for Preview {
    fn from(outcome: Outcome) -> Preview {
        Preview {
            sample: Current::from(outcome.sample),
            fault: outcome.fault.map(Doubt::from),
        }
    }
}

impl From<FaultAt> for Doubt {
    fn from(at: FaultAt) -> Doubt {
        Doubt {
            message: at.to_string(),
            at,
        }
    }
}
