//! The Modbus driver against peers that this project did not write, and against one that
//! misbehaves on purpose.

#![expect(
    clippy::unwrap_used,
    reason = "a step that fails is the test that fails"
)]

mod bad_peer;
mod discover;
mod harness;
mod libmodbus;
mod misbehaviour;
mod peers;
mod pymodbus;
mod sunspec;
mod tls;
