//! Transitions of alarms as they are stored.
//!
//! One task reads the journal as it grows and hands every entry out, written once for all. Nobody
//! is told of what is not stored yet. Who is too slow is told the number that they missed from, and
//! can ask the journal.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use headworks_core::alarm::Entry;
use headworks_core::{Rights, TagPath};
use headworks_hub::HubHandle;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Live;
use super::socket::{self, Ended, Socket};
use crate::api::alarms::{sees, summarize};
use crate::problem::ApiError;
use crate::route::{Call, Events, Upgrade};

/// Entries that a slow watcher may lag behind.
const LAG_MAX: usize = 4096;
/// Entries that are read from the journal at once.
const READ_MAX: usize = 1000;
/// Time until the journal is asked again after it could not be read.
const AGAIN: Duration = Duration::from_secs(1);

/// Hands out entries of the journal.
pub(super) struct AlarmFeed {
    entries: broadcast::Sender<Arc<Told>>,
}

/// An entry, written for whoever is told of it.
pub(super) struct Told {
    number: u64,
    path: Option<TagPath>,
    text: Utf8Bytes,
}

/// What a watcher gets next.
pub(super) enum Heard {
    /// An entry.
    Entry(Arc<Told>),
    /// So many entries were missed.
    Missed(u64),
}

/// Follows the feed for one caller.
pub(super) struct Follower {
    entries: broadcast::Receiver<Arc<Told>>,
    rights: Rights,
}

/// Query parameters of the streams of alarms.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmStreamQuery {
    /// Begins after the entry of this number instead of now; at most 1000 entries are made up for.
    after: Option<u64>,
}

impl Default for AlarmFeed {
    fn default() -> AlarmFeed {
        AlarmFeed {
            entries: broadcast::Sender::new(LAG_MAX),
        }
    }
}

impl AlarmFeed {
    /// Follows the feed from now on.
    pub(super) fn follow(&self, rights: &Rights) -> Follower {
        Follower {
            entries: self.entries.subscribe(),
            rights: rights.clone(),
        }
    }

    /// Hands out what is stored until `stop`.
    pub(super) async fn run(live: Arc<Live>, stop: CancellationToken) {
        let desk = live.hub.alarms();
        let mut newest = desk.last_number();
        let mut seen = *newest.borrow_and_update();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                changed = newest.changed() => if changed.is_err() { return },
            }
            // with nobody there the journal need not be read
            while live.alarms.entries.receiver_count() != 0 {
                match desk.entries_after(seen, READ_MAX).await {
                    Ok(entries) if entries.is_empty() => break,
                    Ok(entries) => seen = live.alarms.tell(seen, entries),
                    Err(error) => {
                        warn!(%error, "the journal of alarms cannot be read; trying again");
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
            if live.alarms.entries.receiver_count() == 0 {
                seen = *newest.borrow_and_update();
            }
        }
    }

    fn tell(&self, seen: u64, entries: Vec<Entry>) -> u64 {
        let last = entries.last().map_or(seen, |entry| entry.number);
        for entry in entries {
            // an error only says that nobody listens
            drop(self.entries.send(Arc::new(Told::new(&entry))));
        }
        last
    }
}

impl Told {
    fn new(entry: &Entry) -> Told {
        let message = json!({ "op": "alarm", "type": "alarm", "entry": entry });
        Told {
            number: entry.number,
            path: entry.path.clone(),
            text: message.to_string().into(),
        }
    }

    /// Returns the message.
    pub(super) fn text(&self) -> Utf8Bytes {
        self.text.clone()
    }
}

impl Follower {
    /// Waits for the next entry that the caller may see; nothing when the hub has ended. Safe to
    /// be cancelled.
    pub(super) async fn next(&mut self) -> Option<Heard> {
        loop {
            match self.entries.recv().await {
                Ok(told) if sees(&self.rights, told.path.as_ref()) => {
                    return Some(Heard::Entry(told));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => return Some(Heard::Missed(count)),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// Returns the message that says how the alarms stand that a caller sees.
pub(super) fn summary(hub: &HubHandle, rights: &Rights) -> serde_json::Value {
    json!({ "op": "alarms", "type": "alarms", "summary": summarize(hub, rights) })
}

/// Returns the message that says that entries were missed.
pub(super) fn missed(count: u64) -> serde_json::Value {
    json!({ "op": "alarms_missed", "type": "missed", "count": count })
}

/// Opens the channel of alarms.
pub(crate) async fn open(mut call: Call<AlarmStreamQuery>) -> Result<Upgrade, ApiError> {
    let live = Arc::clone(&call.app.live);
    let (rights, after) = (call.rights()?, call.query.after);
    let follower = live.alarms.follow(&rights);
    let serve = move |socket| serve(live, follower, rights, after, socket);
    socket::open(call.app, &mut call.parts, serve)
        .await
        .map(Upgrade)
}

async fn serve(
    live: Arc<Live>,
    mut follower: Follower,
    rights: Rights,
    after: Option<u64>,
    mut socket: Socket,
) -> Result<(), Ended> {
    let clock = live.hub.clock();
    let hello = json!({ "type": "hello", "t": clock.now_us() });
    socket.send_json(&hello).await?;
    socket.send_json(&summary(&live.hub, &rights)).await?;
    let past = past_entries(&live, &rights, after).await;
    let mut sent = 0;
    for told in past {
        sent = told.number;
        socket.send(told.text()).await?;
    }
    loop {
        tokio::select! {
            // what a client says on this channel has no meaning
            heard = socket.receive(|| clock.now_us()) => drop(heard?),
            heard = follower.next() => match heard {
                Some(Heard::Entry(told)) if sent < told.number => socket.send(told.text()).await?,
                Some(Heard::Entry(_)) => {}
                Some(Heard::Missed(count)) => socket.send_json(&missed(count)).await?,
                None => return Err(socket.close("the hub is stopping").await),
            }
        }
    }
}

/// Returns entries after a number that the caller may see.
async fn past_entries(live: &Live, rights: &Rights, after: Option<u64>) -> Vec<Told> {
    let Some(after) = after else {
        return Vec::new();
    };
    let entries = live.hub.alarms().entries_after(after, READ_MAX).await;
    let entries = entries.unwrap_or_default();
    let seen = entries
        .iter()
        .filter(|entry| sees(rights, entry.path.as_ref()));
    seen.map(Told::new).collect()
}

/// Opens the stream of events of alarms. A client that comes back with `Last-Event-ID` is told what
/// it missed.
pub(crate) async fn stream(call: Call<AlarmStreamQuery>) -> Result<Events, ApiError> {
    let place = call.app.live.admit()?;
    let (live, rights) = (Arc::clone(&call.app.live), call.rights()?);
    let follower = live.alarms.follow(&rights);
    let id = call.parts.headers.get("last-event-id");
    let id = id.and_then(|id| id.to_str().ok()?.parse().ok());
    let past = past_entries(&live, &rights, call.query.after.or(id)).await;
    let sent = past.last().map_or(0, |told| told.number);
    let past: Vec<Event> = past.iter().map(event).collect();
    let (stop, token) = (call.app.stop.clone(), call.app.tasks.token());
    let (app, caller) = (Arc::clone(&call.app), call.caller()?.clone());
    let events = stream::unfold((follower, place), move |(mut follower, place)| {
        let (stop, _token) = (stop.clone(), token.clone());
        let signed_out = socket::signed_out(Arc::clone(&app), caller.clone());
        async move {
            let event = tokio::select! {
                event = next_event(&mut follower, sent) => event?,
                () = stop.cancelled() => return None,
                () = signed_out => return None,
            };
            Some((Ok::<_, Infallible>(event), (follower, place)))
        }
    });
    let past = stream::iter(past.into_iter().map(Ok));
    let events = futures_util::StreamExt::chain(past, events);
    let alive = KeepAlive::new().interval(Duration::from_secs(5));
    Ok(Events(Sse::new(events).keep_alive(alive).into_response()))
}

async fn next_event(follower: &mut Follower, sent: u64) -> Option<Event> {
    loop {
        match follower.next().await? {
            Heard::Entry(told) if told.number <= sent => {}
            Heard::Entry(told) => return Some(event(&told)),
            Heard::Missed(count) => {
                return Some(Event::default().event("missed").data(count.to_string()));
            }
        }
    }
}

fn event(told: &Told) -> Event {
    let id = told.number.to_string();
    Event::default()
        .event("alarm")
        .id(id)
        .data(told.text.as_str())
}
