//! The server as clients see it: a real hub in a directory of its own, a real port, `ureq` and
//! `tokio-tungstenite` as clients.

mod edge;
mod live;
mod objects;
mod protocol;
mod refusals;
mod rig;
mod schema;
mod values;
