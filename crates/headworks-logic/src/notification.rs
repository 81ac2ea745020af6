//! Notification: people are told of alarms until somebody acknowledges them.

pub mod engine;
