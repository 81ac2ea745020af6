//! What was sent and what waits, tests of channels, and the links of messages.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use headworks_core::model::{Channel, ObjectId, Person};
use headworks_logic::notification::{AckState, AckView, Letter, escaped};
use headworks_store::{MessageQuery, MessageState, OutboxStats, StoredMessage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::errors::from_store;
use crate::edge::ReferencePage;
use crate::problem::ApiError;
use crate::route::{Call, Json, NoQuery, Page};

/// Messages of a page when the client does not say, and the most of them.
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;
/// Statuses of the pages of a link besides 200; see `status`.
pub(crate) const LOOK_PAGES: &[u16] = &[403, 404, 410];
pub(crate) const ACKNOWLEDGE_PAGES: &[u16] = &[403, 404, 410, 503];

/// Which messages; what is absent matches all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryQuery {
    /// Only those of a channel.
    channel: Option<ObjectId>,
    /// Only those of a policy.
    policy: Option<ObjectId>,
    /// Only those in a state.
    state: Option<DeliveryState>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryState {
    /// It waits to be sent, for the first time or once more.
    Waiting,
    /// It is on its way.
    Sending,
    /// It was taken.
    Sent,
    /// It was given up.
    GivenUp,
}

/// A page of messages, the newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deliveries {
    /// The messages.
    items: Vec<Delivery>,
    /// `cursor` of the next page; null after the last.
    next_cursor: Option<String>,
}

/// A message to one reader.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Delivery {
    /// Its number: greater than that of every message before.
    id: i64,
    /// When it was decided, microseconds since 1970-01-01 UTC.
    created_us: i64,
    /// When something last happened to it.
    changed_us: i64,
    /// The channel.
    channel: ObjectId,
    /// Name of the channel, as it was.
    channel_name: String,
    /// The policy; null for a test.
    policy: Option<ObjectId>,
    /// Name of the policy, as it was; empty for a test.
    policy_name: String,
    /// Step of the policy, from 0.
    step: u8,
    /// Whether somebody tried the channel.
    is_test: bool,
    /// Whether it sums up a flood of alarms.
    is_digest: bool,
    /// Who it is for; empty when it goes to a web server.
    recipient: String,
    /// What has happened in one line.
    title: String,
    /// How many alarms it is about.
    alarms: u64,
    /// Where it is.
    state: DeliveryState,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried next, while it waits.
    next_us: Option<i64>,
    /// What came back last, shortened and without secrets.
    answer: String,
}

/// How many messages there are.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeliveryFigures {
    /// Waiting or on their way.
    waiting: u64,
    /// Sent, as far as they are kept.
    sent: u64,
    /// Given up, as far as they are kept.
    given_up: u64,
    /// Given up because too many waited, ever.
    crowded_out: u64,
    /// Removed because they were old, ever.
    removed: u64,
    /// Whether the settings name a mail server.
    has_mail: bool,
}

/// Who gets a test.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestBody {
    /// Who gets it by e-mail; the first address of the channel when absent.
    #[serde(default)]
    person: Option<Person>,
}

/// What came of a test.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TestOutcome {
    /// Whether it was taken.
    is_sent: bool,
    /// What came back, or why it could not be sent.
    answer: String,
}

/// Lists messages, the newest first.
pub(crate) async fn list(call: Call<DeliveryQuery>) -> Result<Json<Deliveries>, ApiError> {
    let query = &call.query;
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if limit == 0 || LIMIT_MAX < limit {
        let reason = format!("{limit}; 1 to {LIMIT_MAX} are allowed");
        return Err(ApiError::query("limit", reason));
    }
    let cursor = query.cursor.as_deref().map(str::parse).transpose();
    let wanted = MessageQuery {
        channel: query.channel,
        policy: query.policy,
        state: query.state.map(DeliveryState::stored),
        before: cursor.map_err(|_| {
            let reason = "no cursor of this list; take next_cursor of the page before";
            ApiError::query("cursor", reason)
        })?,
        limit: limit + 1,
    };
    let notifier = call.app.notifier.clone();
    let read = move || notifier.deliveries(&wanted).map_err(from_store);
    let mut found = call.app.blocking(read).await?;
    let has_more = limit < found.len();
    found.truncate(limit);
    let last = found.last().map(|(message, _)| message.id.to_string());
    Ok(Json(Deliveries {
        next_cursor: last.filter(|_| has_more),
        items: found.into_iter().map(Delivery::of).collect(),
    }))
}

/// Answers how many messages there are.
pub(crate) async fn figures(call: Call) -> Result<Json<DeliveryFigures>, ApiError> {
    let notifier = call.app.notifier.clone();
    let has_mail = notifier.has_mail();
    let read = move || notifier.stats().map_err(from_store);
    let OutboxStats {
        waiting,
        sent,
        given_up,
        crowded_out,
        removed,
    } = call.app.blocking(read).await?;
    Ok(Json(DeliveryFigures {
        waiting,
        sent,
        given_up,
        crowded_out,
        removed,
        has_mail,
    }))
}

/// Sends a test over a channel.
pub(crate) async fn test(
    call: Call<NoQuery, Json<TestBody>>,
) -> Result<Json<TestOutcome>, ApiError> {
    let id = call.id()?;
    let plant = call.app.hub.plant();
    let channel = plant.channel(id);
    let channel = channel.ok_or_else(|| ApiError::not_found("channel", id))?;
    let person = match call.body.0.person {
        Some(person) => {
            person
                .check("/person")
                .map_err(|error| ApiError::field(&error.field, error.reason))?;
            Some(person)
        }
        None => first_reader(&channel.body),
    };
    call.note.target("channel", &id.to_string());
    let tested = call.app.notifier.test(channel, person).await;
    let outcome = tested.map_err(from_store)?;
    Ok(Json(TestOutcome {
        is_sent: outcome.is_sent,
        answer: outcome.answer,
    }))
}

fn first_reader(channel: &Channel) -> Option<Person> {
    let email = channel.addresses().first()?;
    Some(Person {
        name: email.clone(),
        email: email.clone(),
        language: channel.language.clone(),
        account: String::new(),
    })
}

/// Shows the alarm of a link.
pub(crate) async fn look(call: Call) -> Result<Page, ApiError> {
    Ok(page(&call, &call.app.notifier.look(call.param("token"))))
}

/// Acknowledges the event of a link.
pub(crate) async fn acknowledge(call: Call) -> Result<Page, ApiError> {
    let notifier = call.app.notifier.clone();
    let view = notifier.acknowledge(call.param("token")).await;
    match (&view.link, view.state) {
        (Some(link), AckState::Done | AckState::Forbidden | AckState::Failed) => {
            call.note.by_link(&link.account);
            call.note.target("alarm", &link.alarm.to_string());
            call.note
                .detail(format!("event {}: {:?}", link.event, view.state));
        }
        _ => call.note.trifle(),
    }
    if view.state == AckState::Failed {
        tracing::warn!("an alarm could not be acknowledged by a link");
    }
    Ok(page(&call, &view))
}

/// Writes the page of a link: no script, nothing loaded, one button.
fn page(call: &Call, view: &AckView) -> Page {
    let heading = escaped(view.heading);
    let mut html = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"referrer\" content=\"same-origin\"><title>{heading}</title>\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:10vh auto;\
         padding:0 1rem;color-scheme:light dark}}button{{font:inherit;padding:.7em 1.6em}}</style>\
         </head><body><main><h1>{heading}</h1>",
        view.language
    );
    if let Some(message) = view.message {
        html.push_str(&format!("<p role=\"status\">{}</p>", escaped(message)));
    }
    for fact in &view.facts {
        html.push_str(&format!("<p>{}</p>", escaped(fact)));
    }
    if let Some((word, token)) = &view.button {
        let base = call.app.edge.base_path().as_str();
        html.push_str(&format!(
            "<form method=\"post\" action=\"{base}/ack/{token}\"><button>{}</button></form>",
            escaped(word)
        ));
    }
    html.push_str("</main></body></html>\n");
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status(view.state);
    // The style of the page stands in it.
    response.extensions_mut().insert(ReferencePage);
    let media_type = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Page(response)
}

fn status(state: AckState) -> StatusCode {
    match state {
        AckState::Open | AckState::Done | AckState::Already | AckState::Again => StatusCode::OK,
        AckState::Gone | AckState::Expired => StatusCode::GONE,
        AckState::Wrong => StatusCode::NOT_FOUND,
        AckState::Forbidden => StatusCode::FORBIDDEN,
        AckState::Failed => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl DeliveryState {
    fn stored(self) -> MessageState {
        match self {
            DeliveryState::Waiting => MessageState::Waiting,
            DeliveryState::Sending => MessageState::Sending,
            DeliveryState::Sent => MessageState::Sent,
            DeliveryState::GivenUp => MessageState::GivenUp,
        }
    }

    fn of(state: MessageState) -> DeliveryState {
        match state {
            MessageState::Waiting => DeliveryState::Waiting,
            MessageState::Sending => DeliveryState::Sending,
            MessageState::Sent => DeliveryState::Sent,
            MessageState::GivenUp => DeliveryState::GivenUp,
        }
    }
}

impl Delivery {
    fn of((message, letter): (StoredMessage, Option<Letter>)) -> Delivery {
        let of_letter = |f: &dyn Fn(&Letter) -> String| letter.as_ref().map(f).unwrap_or_default();
        let state = DeliveryState::of(message.state);
        let told = letter.as_ref().map(|letter| &letter.message);
        Delivery {
            id: message.id,
            created_us: message.created_us,
            changed_us: message.changed_us,
            channel: message.channel,
            channel_name: of_letter(&|letter| letter.channel_name.clone()),
            policy: message.policy,
            policy_name: of_letter(&|letter| letter.policy_name.clone()),
            step: told.map_or(0, |told| told.step),
            is_test: letter.as_ref().is_some_and(|letter| letter.is_test),
            is_digest: told.is_some_and(|told| told.is_digest),
            recipient: of_letter(&Letter::recipient),
            title: of_letter(&|letter| letter.title.clone()),
            alarms: told.map_or(0, |told| told.count()),
            state,
            attempts: message.attempts,
            next_us: (state == DeliveryState::Waiting).then_some(message.next_us),
            answer: message.answer,
        }
    }
}
