//! States of connections and devices, and which of them changed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use headworks_core::model::ObjectId;
use headworks_hub::{ConnectionState, HubHandle};
use headworks_protocols::DeviceState;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

/// The newest states, with the look at which each changed last.
pub(super) struct Statuses {
    board: Mutex<Board>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Board {
    /// Number of the newest look.
    look: u64,
    looked: Option<Instant>,
    connections: BTreeMap<ObjectId, (u64, ConnectionView)>,
    devices: BTreeMap<ObjectId, (u64, DeviceState)>,
}

#[derive(Clone, PartialEq)]
struct ConnectionView {
    state: ConnectionState,
    last_error: Option<String>,
}

#[derive(Serialize)]
struct Message<'a> {
    op: &'static str,
    connections: Vec<ConnectionEntry<'a>>,
    devices: Vec<DeviceEntry>,
}

#[derive(Serialize)]
struct ConnectionEntry<'a> {
    id: ObjectId,
    state: ConnectionState,
    last_error: Option<&'a str>,
}

#[derive(Serialize)]
struct DeviceEntry {
    id: ObjectId,
    state: DeviceState,
}

impl Default for Statuses {
    fn default() -> Statuses {
        Statuses {
            board: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Statuses {
    /// Tells when a state changed.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Looks at every connection and device, unless that was done less than `age_max` ago.
    pub(super) fn refresh(&self, hub: &HubHandle, age_max: Duration) {
        let mut board = self.board.lock();
        if board
            .looked
            .is_some_and(|looked| looked.elapsed() < age_max)
        {
            return;
        }
        board.looked = Some(Instant::now());
        if board.look_at(hub) {
            self.changed.send_replace(board.look);
        }
    }

    /// Returns the message with what changed after the look `seen`, and the look it is of.
    pub(super) fn since(&self, seen: u64) -> (u64, Option<Utf8Bytes>) {
        let board = self.board.lock();
        let connections = board.connections.iter();
        let devices = board.devices.iter();
        let message = Message {
            op: "status",
            connections: connections
                .filter(|(_, (look, _))| seen < *look)
                .map(|(&id, (_, view))| ConnectionEntry {
                    id,
                    state: view.state,
                    last_error: view.last_error.as_deref(),
                })
                .collect(),
            devices: devices
                .filter(|(_, (look, _))| seen < *look)
                .map(|(&id, &(_, state))| DeviceEntry { id, state })
                .collect(),
        };
        let is_empty = message.connections.is_empty() && message.devices.is_empty();
        let text = (!is_empty).then(|| serde_json::to_string(&message).ok());
        (board.look, text.flatten().map(Utf8Bytes::from))
    }
}

impl Board {
    /// Takes the present states over; returns whether one differs.
    fn look_at(&mut self, hub: &HubHandle) -> bool {
        let plant = hub.plant();
        let (look, mut changed) = (self.look + 1, false);
        for connection in plant.connections() {
            let status = hub.connection_status(connection.id);
            changed |= note(
                self.connections.entry(connection.id),
                look,
                ConnectionView {
                    state: status
                        .as_ref()
                        .map_or(ConnectionState::Stopped, |s| s.state),
                    last_error: status.and_then(|status| status.last_error),
                },
            );
        }
        for device in plant.devices() {
            let state = hub.device_status(device.id).unwrap_or_default().state;
            changed |= note(self.devices.entry(device.id), look, state);
        }
        self.connections
            .retain(|&id, _| plant.connection(id).is_some());
        self.devices.retain(|&id, _| plant.device(id).is_some());
        if changed {
            self.look = look;
        }
        changed
    }
}

fn note<T: PartialEq>(entry: Entry<'_, ObjectId, (u64, T)>, look: u64, new: T) -> bool {
    match entry {
        Entry::Vacant(vacant) => {
            vacant.insert((look, new));
            true
        }
        Entry::Occupied(known) if known.get().1 == new => false,
        Entry::Occupied(mut known) => {
            known.insert((look, new));
            true
        }
    }
}
