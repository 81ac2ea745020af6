//! Transitions of alarms as they are stored.
//!
//! One task reads the journal as it grows and hands every entry out, written once for all. Nobody
//! is told of what is not stored yet. Who is too slow, or was away, reads the journal up to the
//! present.

use std::collections::VecDeque;
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
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Live;
use super::socket::{self, Ended, Socket};
use crate::api::alarms::{sees, summarize};
use crate::problem::ApiError;
use crate::route::{Call, Events, Upgrade};

/// Entries that a slow watcher may lag behind before it reads the journal.
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

/// Follows the journal for one caller, without a gap: who was away or too slow reads what was
/// missed from the journal.
pub(super) struct Follower {
    hub: HubHandle,
    entries: broadcast::Receiver<Arc<Told>>,
    rights: Rights,
    /// Number of the last entry that was looked at.
    seen: u64,
    /// Whether the journal has more than was looked at, which is not handed out again.
    is_behind: bool,
    /// What was read from the journal and is still to be told.
    read: VecDeque<Arc<Told>>,
}

/// Query parameters of the streams of alarms.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmStreamQuery {
    /// Begins after the entry of this number instead of now.
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
    /// Follows the journal after an entry, or from now on.
    pub(super) fn follow(&self, hub: &HubHandle, rights: &Rights, after: Option<u64>) -> Follower {
        // before the number is read: what comes between is heard, and known by its number
        let entries = self.entries.subscribe();
        let newest = *hub.alarms().last_number().borrow();
        Follower {
            hub: hub.clone(),
            entries,
            rights: rights.clone(),
            seen: after.unwrap_or(newest),
            is_behind: after.is_some(),
            read: VecDeque::new(),
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
            while live.alarms.has_followers(&mut seen, &mut newest) {
                match desk.entries_after(seen, READ_MAX).await {
                    Ok(entries) if entries.is_empty() => break,
                    Ok(entries) => seen = live.alarms.tell(seen, entries),
                    Err(error) => {
                        warn!(%error, "the journal of alarms cannot be read; trying again");
                        tokio::select! {
                            () = stop.cancelled() => return,
                            () = tokio::time::sleep(AGAIN) => {}
                        }
                    }
                }
            }
        }
    }

    /// Returns whether anybody follows. With nobody there the journal need not be read: what is
    /// stored now counts as seen.
    fn has_followers(&self, seen: &mut u64, newest: &mut watch::Receiver<u64>) -> bool {
        let stored = *newest.borrow_and_update();
        // asked after the number was read: who comes now begins with that number or a later one
        if self.entries.receiver_count() == 0 {
            *seen = stored;
            return false;
        }
        true
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
    pub(super) async fn next(&mut self) -> Option<Arc<Told>> {
        loop {
            if let Some(told) = self.read.pop_front() {
                return Some(told);
            }
            if self.is_behind {
                self.catch_up().await;
                continue;
            }
            match self.entries.recv().await {
                Ok(told) if told.number <= self.seen => {}
                Ok(told) => {
                    self.seen = told.number;
                    if sees(&self.rights, told.path.as_ref()) {
                        return Some(told);
                    }
                }
                Err(RecvError::Lagged(_)) => self.is_behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Reads a part of what was missed from the journal.
    async fn catch_up(&mut self) {
        match self.hub.alarms().entries_after(self.seen, READ_MAX).await {
            Ok(entries) => {
                self.is_behind = entries.len() == READ_MAX;
                self.seen = entries.last().map_or(self.seen, |entry| entry.number);
                let seen = entries.iter();
                let seen = seen.filter(|entry| sees(&self.rights, entry.path.as_ref()));
                self.read
                    .extend(seen.map(|entry| Arc::new(Told::new(entry))));
            }
            Err(error) => {
                warn!(%error, "the journal of alarms cannot be read; trying again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Returns the message that says how the alarms stand that a caller sees.
pub(super) fn summary(hub: &HubHandle, rights: &Rights) -> serde_json::Value {
    json!({ "op": "alarms", "type": "alarms", "summary": summarize(hub, rights) })
}

/// Opens the channel of alarms.
pub(crate) async fn open(mut call: Call<AlarmStreamQuery>) -> Result<Upgrade, ApiError> {
    let (hub, rights) = (call.app.hub.clone(), call.rights()?);
    let follower = call.app.live.alarms.follow(&hub, &rights, call.query.after);
    let serve = move |socket| serve(hub, follower, socket);
    socket::open(call.app, &mut call.parts, serve)
        .await
        .map(Upgrade)
}

async fn serve(hub: HubHandle, mut follower: Follower, mut socket: Socket) -> Result<(), Ended> {
    let clock = hub.clock();
    let hello = json!({ "type": "hello", "t": clock.now_us() });
    socket.send_json(&hello).await?;
    let standing = summary(&hub, &follower.rights);
    socket.send_json(&standing).await?;
    loop {
        tokio::select! {
            // what a client says on this channel has no meaning
            heard = socket.receive(|| clock.now_us()) => drop(heard?),
            told = follower.next() => match told {
                Some(told) => socket.send(told.text()).await?,
                None => return Err(socket.close("the hub is stopping").await),
            },
        }
    }
}

/// Opens the stream of events of alarms. A client that comes back with `Last-Event-ID` is told what
/// it missed.
pub(crate) async fn stream(call: Call<AlarmStreamQuery>) -> Result<Events, ApiError> {
    let place = call.app.live.admit()?;
    let id = call.parts.headers.get("last-event-id");
    let id = id.and_then(|id| id.to_str().ok()?.parse().ok());
    let after = call.query.after.or(id);
    let alarms = &call.app.live.alarms;
    let follower = alarms.follow(&call.app.hub, &call.rights()?, after);
    let (stop, token) = (call.app.stop.clone(), call.app.tasks.token());
    let (app, caller) = (Arc::clone(&call.app), call.caller()?.clone());
    let events = stream::unfold((follower, place), move |(mut follower, place)| {
        let (stop, _token) = (stop.clone(), token.clone());
        let signed_out = socket::signed_out(Arc::clone(&app), caller.clone());
        async move {
            let told = tokio::select! {
                told = follower.next() => told?,
                () = stop.cancelled() => return None,
                () = signed_out => return None,
            };
            Some((Ok::<_, Infallible>(event(&told)), (follower, place)))
        }
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(5));
    Ok(Events(Sse::new(events).keep_alive(alive).into_response()))
}

fn event(told: &Told) -> Event {
    let id = told.number.to_string();
    let event = Event::default().event("alarm").id(id);
    event.data(told.text.as_str())
}
