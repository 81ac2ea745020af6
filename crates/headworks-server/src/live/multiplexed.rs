//! The socket of the web UI: any number of subscriptions in one connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::{Pattern, Rights, TagIndex};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;

use super::alarms::{self, Follower, Told};
use super::feed::{Feed, INTERVAL_DEFAULT, INTERVAL_MS};
use super::socket::{Ended, Incoming, Socket};
use super::{Live, STATUS_PERIOD, Tags, frames};

/// Most subscriptions of a socket.
const SUBSCRIPTIONS_MAX: usize = 1024;
/// Most tags of all subscriptions of a socket.
const TAGS_MAX: usize = 200_000;

/// What a client can say.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    Subscribe {
        id: u64,
        pattern: Option<Pattern>,
        tags: Option<Vec<u32>>,
        interval_ms: Option<u64>,
    },
    Unsubscribe {
        id: u64,
    },
    Interval {
        interval_ms: u64,
    },
    Alarms {
        on: bool,
    },
    Ping {},
}

/// What a subscription is for.
enum Selection {
    Pattern(Pattern),
    Tags(Vec<u32>),
}

struct Subscription {
    selection: Selection,
    interval: Duration,
    tags: Tags,
}

/// An order that cannot be carried out: its subscription, if known, and why.
struct Refused(Option<u64>, String);

/// The state of one socket.
struct Session {
    live: Arc<Live>,
    socket: Socket,
    feed: Feed,
    subscriptions: BTreeMap<u64, Subscription>,
    statuses: watch::Receiver<u64>,
    /// The newest look at the states that the client knows.
    statuses_seen: u64,
    plant: watch::Receiver<u64>,
    /// The transitions of alarms, when they were asked for.
    alarms: Option<Follower>,
    /// What the caller may see; the socket ends when it changes.
    rights: Rights,
}

/// Serves a socket until it ends.
pub(super) async fn serve(live: Arc<Live>, socket: Socket) -> Result<(), Ended> {
    let mut session = Session {
        feed: Feed::new(&live, INTERVAL_DEFAULT),
        subscriptions: BTreeMap::new(),
        statuses: live.statuses.subscribe(),
        statuses_seen: 0,
        plant: live.hub.plant_changes(),
        alarms: None,
        rights: socket.caller().rights.clone(),
        live,
        socket,
    };
    session.greet().await?;
    loop {
        let clock = session.live.hub.clock();
        tokio::select! {
            message = session.socket.receive(|| clock.now_us()) => {
                session.obey(message?).await?;
            }
            () = session.feed.ready() => {
                for frame in session.feed.take_frames().iter() {
                    session.socket.send(frame.clone()).await?;
                }
            }
            told = told(&mut session.alarms) => session.socket.send(told.text()).await?,
            Ok(()) = session.statuses.changed() => session.send_statuses().await?,
            changed = session.plant.changed() => {
                if changed.is_err() {
                    return Err(session.socket.close("the hub is stopping").await);
                }
                session.follow_plant().await?;
            }
        }
    }
}

impl Session {
    async fn greet(&mut self) -> Result<(), Ended> {
        let hub = &self.live.hub;
        let hello = json!({
            "op": "hello",
            "version": env!("CARGO_PKG_VERSION"),
            "t": hub.clock().now_us(),
            "start_us": hub.stats().start_us,
            "generation": *self.plant.borrow_and_update(),
        });
        self.socket.send_json(&hello).await?;
        self.live.statuses.refresh(&self.live.hub, STATUS_PERIOD);
        self.send_statuses().await
    }

    async fn send_statuses(&mut self) -> Result<(), Ended> {
        // they are of all devices
        if self.rights.is_narrowed() {
            return Ok(());
        }
        let (seen, message) = self.live.statuses.since(self.statuses_seen);
        self.statuses_seen = seen;
        match message {
            Some(message) => self.socket.send(message).await,
            None => Ok(()),
        }
    }

    /// Begins or ends to send transitions of alarms; says how they stand first.
    async fn follow_alarms(&mut self, on: bool) -> Result<(), Ended> {
        if !on {
            self.alarms = None;
            return Ok(());
        }
        let follower = self.live.alarms.follow(&self.live.hub, &self.rights, None);
        self.alarms = Some(follower);
        let summary = alarms::summary(&self.live.hub, &self.rights);
        self.socket.send_json(&summary).await
    }

    async fn obey(&mut self, message: Incoming) -> Result<(), Ended> {
        let order = match &message {
            Incoming::Text(text) => serde_json::from_str::<Order>(text)
                .map_err(|error| Refused(None, error.to_string())),
            Incoming::Binary => Err(Refused(
                None,
                "a binary message; JSON text is needed".into(),
            )),
        };
        let done = match order {
            Ok(order) => self.carry_out(order).await?,
            Err(refused) => Err(refused),
        };
        match done {
            Ok(()) => Ok(()),
            Err(Refused(id, detail)) => {
                let error = json!({ "op": "error", "id": id, "detail": detail });
                self.socket.send_json(&error).await
            }
        }
    }

    async fn carry_out(&mut self, order: Order) -> Result<Result<(), Refused>, Ended> {
        match order {
            Order::Subscribe {
                id,
                pattern,
                tags,
                interval_ms,
            } => {
                let selection = match (pattern, tags) {
                    (Some(pattern), None) => Selection::Pattern(pattern),
                    (None, Some(tags)) => Selection::Tags(tags),
                    (Some(_), Some(_)) | (None, None) => {
                        let detail = "a subscription needs either `pattern` or `tags`";
                        return Ok(Err(Refused(Some(id), detail.into())));
                    }
                };
                self.subscribe(id, selection, interval_ms).await
            }
            Order::Unsubscribe { id } => {
                let known = self.subscriptions.remove(&id).is_some();
                self.update_feed();
                let refused = || Refused(Some(id), format!("there is no subscription {id}"));
                Ok(known.then_some(()).ok_or_else(refused))
            }
            Order::Interval { interval_ms } => Ok(self.set_interval(interval_ms)),
            Order::Alarms { on } => self.follow_alarms(on).await.map(Ok),
            Order::Ping {} => {
                let pong = json!({ "op": "pong", "t": self.live.hub.clock().now_us() });
                self.socket.send_json(&pong).await.map(Ok)
            }
        }
    }

    async fn subscribe(
        &mut self,
        id: u64,
        selection: Selection,
        interval_ms: Option<u64>,
    ) -> Result<Result<(), Refused>, Ended> {
        let interval = match interval_ms.map_or(Ok(INTERVAL_DEFAULT), interval) {
            Ok(interval) => interval,
            Err(detail) => return Ok(Err(Refused(Some(id), detail))),
        };
        let tags = resolve(&self.live, &selection, &self.rights);
        if let Err(detail) = self.check_room(id, tags.len()) {
            return Ok(Err(Refused(Some(id), detail)));
        }
        let missing = missing(&selection, &tags);
        self.subscriptions.insert(
            id,
            Subscription {
                selection,
                interval,
                tags: Arc::clone(&tags),
            },
        );
        self.update_feed();
        self.send_selection(id, &tags).await?;
        Ok(missing.map_or(Ok(()), |detail| Err(Refused(Some(id), detail))))
    }

    fn check_room(&self, id: u64, count: usize) -> Result<(), String> {
        let others = self.subscriptions.iter().filter(|(other, _)| **other != id);
        let (number, tags) = others.fold((0, 0), |(number, tags), (_, subscription)| {
            (number + 1, tags + subscription.tags.len())
        });
        if SUBSCRIPTIONS_MAX <= number {
            return Err(format!("{SUBSCRIPTIONS_MAX} subscriptions; end one first"));
        }
        if TAGS_MAX < tags + count {
            let found = tags + count;
            return Err(format!(
                "{found} tags on this socket; at most {TAGS_MAX} are allowed"
            ));
        }
        Ok(())
    }

    /// Sends which tags there are, and their present values.
    async fn send_selection(&mut self, id: u64, tags: &Tags) -> Result<(), Ended> {
        for frame in frames::tags(id, tags) {
            self.socket.send(frame).await?;
        }
        let indices: Vec<TagIndex> = tags.iter().map(|tag| tag.index()).collect();
        for frame in frames::values(&self.live.hub, &indices) {
            self.socket.send(frame).await?;
        }
        Ok(())
    }

    fn set_interval(&mut self, interval_ms: u64) -> Result<(), Refused> {
        let wanted = interval(interval_ms).map_err(|detail| Refused(None, detail))?;
        for subscription in self.subscriptions.values_mut() {
            subscription.interval = wanted;
        }
        self.feed.set_interval(wanted);
        Ok(())
    }

    /// Watches the tags of all subscriptions at the pace of the fastest.
    fn update_feed(&mut self) {
        let subscriptions = self.subscriptions.values();
        let interval = subscriptions.clone().map(|known| known.interval).min();
        self.feed.set_interval(interval.unwrap_or(INTERVAL_DEFAULT));
        let tags = subscriptions.flat_map(|known| known.tags.iter().map(|tag| tag.index()));
        let tags = tags.collect();
        self.feed.watch(tags);
    }

    /// Tells that the configuration changed, and what it changed about the subscriptions.
    async fn follow_plant(&mut self) -> Result<(), Ended> {
        let generation = *self.plant.borrow_and_update();
        let message = json!({ "op": "plant", "generation": generation });
        self.socket.send_json(&message).await?;
        let mut changed = Vec::new();
        for (&id, subscription) in &mut self.subscriptions {
            let tags = resolve(&self.live, &subscription.selection, &self.rights);
            if !is_same(&tags, &subscription.tags) {
                changed.push((id, Arc::clone(&tags)));
            }
            subscription.tags = tags;
        }
        if changed.is_empty() {
            return Ok(());
        }
        self.update_feed();
        for (id, tags) in changed {
            self.send_selection(id, &tags).await?;
        }
        Ok(())
    }
}

/// Waits for what a follower is told; for ever when there is none.
async fn told(follower: &mut Option<Follower>) -> Arc<Told> {
    let told = match follower {
        Some(follower) => follower.next().await,
        None => None,
    };
    match told {
        Some(told) => told,
        None => std::future::pending().await,
    }
}

fn interval(interval_ms: u64) -> Result<Duration, String> {
    if INTERVAL_MS.contains(&interval_ms) {
        return Ok(Duration::from_millis(interval_ms));
    }
    let (min, max) = (INTERVAL_MS.start(), INTERVAL_MS.end());
    Err(format!(
        "interval_ms {interval_ms}; {min} to {max} are allowed"
    ))
}

/// Returns the tags of a selection that the caller may see.
fn resolve(live: &Live, selection: &Selection, rights: &Rights) -> Tags {
    match selection {
        Selection::Pattern(pattern) => live.tags_of_pattern(pattern, rights),
        Selection::Tags(indices) => {
            let plant = live.hub.plant();
            let tags = indices
                .iter()
                .filter_map(|&index| plant.tag_at(TagIndex(index)))
                .filter(|tag| rights.sees(tag.path()));
            tags.cloned().collect()
        }
    }
}

/// Names the first numbers that are no tags.
fn missing(selection: &Selection, found: &Tags) -> Option<String> {
    let Selection::Tags(wanted) = selection else {
        return None;
    };
    if wanted.len() == found.len() {
        return None;
    }
    let known: std::collections::HashSet<u32> = found.iter().map(|tag| tag.index().0).collect();
    let missing = wanted.iter().filter(|index| !known.contains(index));
    let shown: Vec<String> = missing.take(10).map(u32::to_string).collect();
    let count = wanted.len() - found.len();
    Some(format!("{count} numbers are no tags: {}", shown.join(", ")))
}

fn is_same(left: &Tags, right: &Tags) -> bool {
    left.len() == right.len()
        && left.iter().zip(right.iter()).all(|(left, right)| {
            Arc::ptr_eq(left, right)
                || (left.index() == right.index()
                    && left.path() == right.path()
                    && left.unit() == right.unit())
        })
}
