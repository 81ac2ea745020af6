//! The channels: the multiplexed socket, those of dashboards and devices, the stream of events.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use headworks_core::model::ObjectId;
use headworks_core::{Pattern, Rights, TagIndex, Value};
use headworks_hub::Plant;
use headworks_protocols::DeviceState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use super::feed::{Feed, INTERVAL_DEFAULT, INTERVAL_MS};
use super::socket::{self, Ended, Socket};
use super::{Live, multiplexed};
use crate::api::tag_list::parse_pattern;
use crate::problem::ApiError;
use crate::route::{Call, Events, Upgrade};

/// Query parameters of a channel.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelQuery {
    /// Only tags whose path this selects: `*` within a segment, `**` for any depth.
    pattern: Option<String>,
    /// Shortest time between two messages of a tag in milliseconds; 100 when absent.
    #[schemars(range(min = 10, max = 60_000))]
    interval_ms: Option<u64>,
}

/// Which tags a channel is for.
#[derive(Clone)]
enum Scope {
    Pattern(Pattern),
    /// The tags on dashboards; all tags as long as there is none.
    Dashboards,
    Device(ObjectId),
}

/// A value in the form of the dashboard and device channels.
#[derive(Serialize)]
struct ValueMessage<'a> {
    #[serde(rename = "type")]
    message_type: &'static str,
    register_id: ObjectId,
    path: &'a str,
    value: Option<Value>,
    timestamp: String,
    unit: &'a str,
    quality: u32,
}

/// A value in the form of the event stream.
#[derive(Serialize)]
struct ValueEvent<'a> {
    path: &'a str,
    value: Option<Value>,
    quality: u32,
    time_us: i64,
}

/// A feed that follows the plant.
struct Channel {
    live: Arc<Live>,
    scope: Scope,
    rights: Rights,
    feed: Feed,
    plant: watch::Receiver<u64>,
    /// Tags whose present value is still to be sent.
    fresh: Vec<TagIndex>,
}

/// Opens the multiplexed socket.
pub(crate) async fn multiplexed(mut call: Call) -> Result<Upgrade, ApiError> {
    let live = Arc::clone(&call.app.live);
    let serve = move |socket| multiplexed::serve(live, socket);
    socket::open(call.app, &mut call.parts, serve)
        .await
        .map(Upgrade)
}

/// Opens the channel of the dashboards.
pub(crate) async fn dashboard(mut call: Call<ChannelQuery>) -> Result<Upgrade, ApiError> {
    let scope = match parse_pattern(call.query.pattern.as_deref())? {
        Some(pattern) => Scope::Pattern(pattern),
        None => Scope::Dashboards,
    };
    let channel = Channel::new(
        &call.app.live,
        call.rights()?,
        scope,
        interval(&call.query)?,
    );
    let serve = move |socket| serve_values(channel, socket, None);
    socket::open(call.app, &mut call.parts, serve)
        .await
        .map(Upgrade)
}

/// Opens the channel of a device.
pub(crate) async fn device(mut call: Call) -> Result<Upgrade, ApiError> {
    let id = call.id()?;
    if call.app.hub.plant().device(id).is_none() {
        return Err(ApiError::not_found("device", id));
    }
    let channel = Channel::new(
        &call.app.live,
        call.rights()?,
        Scope::Device(id),
        INTERVAL_DEFAULT,
    );
    let serve = move |socket| serve_values(channel, socket, Some(id));
    socket::open(call.app, &mut call.parts, serve)
        .await
        .map(Upgrade)
}

/// Opens the stream of events.
pub(crate) async fn stream(call: Call<ChannelQuery>) -> Result<Events, ApiError> {
    let pattern = parse_pattern(call.query.pattern.as_deref())?.unwrap_or_else(Pattern::all);
    let place = call.app.live.admit()?;
    let interval = interval(&call.query)?;
    let channel = Channel::new(
        &call.app.live,
        call.rights()?,
        Scope::Pattern(pattern),
        interval,
    );
    let (stop, token) = (call.app.stop.clone(), call.app.tasks.token());
    let (app, caller) = (Arc::clone(&call.app), call.caller()?.clone());
    let events = stream::unfold((channel, place), move |(mut channel, place)| {
        let (stop, _token) = (stop.clone(), token.clone());
        let signed_out = socket::signed_out(Arc::clone(&app), caller.clone());
        async move {
            let tags = tokio::select! {
                tags = channel.changed_tags() => tags?,
                () = stop.cancelled() => return None,
                () = signed_out => return None,
            };
            let event = channel.event(&tags);
            Some((Ok::<_, Infallible>(event), (channel, place)))
        }
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(5));
    Ok(Events(Sse::new(events).keep_alive(alive).into_response()))
}

fn interval(query: &ChannelQuery) -> Result<Duration, ApiError> {
    match query.interval_ms {
        None => Ok(INTERVAL_DEFAULT),
        Some(ms) if INTERVAL_MS.contains(&ms) => Ok(Duration::from_millis(ms)),
        Some(ms) => {
            let (min, max) = (INTERVAL_MS.start(), INTERVAL_MS.end());
            let reason = format!("{ms}; {min} to {max} are allowed");
            Err(ApiError::query("interval_ms", reason))
        }
    }
}

/// Sends one message per value, and the state of a device when there is one.
async fn serve_values(
    mut channel: Channel,
    mut socket: Socket,
    device: Option<ObjectId>,
) -> Result<(), Ended> {
    let clock = channel.live.hub.clock();
    let live = Arc::clone(&channel.live);
    let mut statuses = live.statuses.subscribe();
    statuses.mark_changed();
    let mut state = None;
    loop {
        tokio::select! {
            // What a client says on these channels has no meaning.
            heard = socket.receive(|| clock.now_us()) => drop(heard?),
            tags = channel.changed_tags() => {
                let Some(tags) = tags else {
                    return Err(socket.close("the hub is stopping").await);
                };
                for message in channel.messages(&tags) {
                    socket.send(message.into()).await?;
                }
            }
            Ok(()) = statuses.changed(), if device.is_some() => {
                if let Some(message) = device.and_then(|id| status(&live, id, &mut state)) {
                    socket.send_json(&message).await?;
                }
            }
        }
    }
}

/// Returns the state of a device, if it is not `known`.
fn status(
    live: &Live,
    id: ObjectId,
    known: &mut Option<(DeviceState, Option<String>)>,
) -> Option<serde_json::Value> {
    let snapshot = live.hub.device_status(id).unwrap_or_default();
    let now = (snapshot.state, snapshot.last_error.clone());
    if known.as_ref() == Some(&now) {
        return None;
    }
    *known = Some(now);
    Some(json!({ "type": "status", "device_id": id, "status": snapshot }))
}

impl Channel {
    fn new(live: &Arc<Live>, rights: Rights, scope: Scope, interval: Duration) -> Channel {
        let mut plant = live.hub.plant_changes();
        plant.mark_unchanged();
        let mut feed = Feed::new(live, interval);
        let tags = scope.tags(live, &rights);
        feed.watch(tags.clone());
        Channel {
            live: Arc::clone(live),
            scope,
            rights,
            feed,
            plant,
            fresh: tags,
        }
    }

    /// Waits for tags with new values; at first these are all. Nothing when the hub has ended.
    /// Safe to be cancelled.
    async fn changed_tags(&mut self) -> Option<Vec<TagIndex>> {
        loop {
            if !self.fresh.is_empty() {
                return Some(std::mem::take(&mut self.fresh));
            }
            tokio::select! {
                () = self.feed.ready() => {
                    let tags = self.feed.take();
                    if !tags.is_empty() {
                        return Some(tags);
                    }
                }
                changed = self.plant.changed() => {
                    changed.ok()?;
                    self.fresh = self.scope.tags(&self.live, &self.rights);
                    self.feed.watch(self.fresh.clone());
                }
            }
        }
    }

    fn messages(&self, tags: &[TagIndex]) -> Vec<String> {
        let plant = self.live.hub.plant();
        let samples = self.live.hub.last_many(tags);
        let known = tags.iter().zip(samples).filter_map(|(&tag, sample)| {
            let (tag, sample) = (plant.tag_at(tag)?, sample?);
            serde_json::to_string(&ValueMessage {
                message_type: "value",
                register_id: tag.id(),
                path: tag.path().as_str(),
                value: sample.value,
                timestamp: rfc3339(sample.time_us),
                unit: tag.unit(),
                quality: sample.quality.code(),
            })
            .ok()
        });
        known.collect()
    }

    fn event(&self, tags: &[TagIndex]) -> Event {
        let plant = self.live.hub.plant();
        let samples = self.live.hub.last_many(tags);
        let known = tags.iter().zip(samples).filter_map(|(&tag, sample)| {
            let (tag, sample) = (plant.tag_at(tag)?, sample?);
            Some(ValueEvent {
                path: tag.path().as_str(),
                value: sample.value,
                quality: sample.quality.code(),
                time_us: sample.time_us,
            })
        });
        let values: Vec<ValueEvent<'_>> = known.collect();
        let event = Event::default().event("values").json_data(&values);
        event.unwrap_or_else(|_| Event::default().comment("values that are no JSON"))
    }
}

impl Scope {
    fn tags(&self, live: &Live, rights: &Rights) -> Vec<TagIndex> {
        let plant = live.hub.plant();
        match self {
            Scope::Pattern(pattern) => {
                let tags = live.tags_of_pattern(pattern, rights);
                tags.iter().map(|tag| tag.index()).collect()
            }
            Scope::Dashboards => on_dashboards(&plant),
            Scope::Device(id) => plant.tags_of(*id).map(|tag| tag.index()).collect(),
        }
    }
}

fn on_dashboards(plant: &Plant) -> Vec<TagIndex> {
    let dashboards = plant.dashboards().iter();
    let groups = dashboards.flat_map(|dashboard| &dashboard.body.groups);
    let bindings = groups
        .flat_map(|group| &group.widgets)
        .flat_map(|widget| &widget.bindings);
    let tags: BTreeSet<TagIndex> = bindings
        .filter_map(|binding| plant.tag(binding.tag))
        .map(|tag| tag.index())
        .collect();
    if plant.dashboards().is_empty() {
        return plant.tags().map(|tag| tag.index()).collect();
    }
    tags.into_iter().collect()
}

/// Writes a time as RFC 3339; the bounds of the calendar for times outside of it.
fn rfc3339(time_us: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(time_us);
    time.unwrap_or(jiff::Timestamp::MAX).to_string()
}
