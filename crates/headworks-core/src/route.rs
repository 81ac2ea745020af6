//! The router: which routes a sample takes, and what becomes of it on its way.
//!
//! A [`Plan`] is what the routes of a plant come to: compiled expressions, and for every tag the
//! routes that take its samples, found through an index of all patterns, so that a sample costs as
//! much as it has routes. An [`Engine`] goes by a plan and remembers what was. It takes samples
//! and times and gives [`Step`]s; it delivers nothing and never asks what time it is, so that the
//! running router and the test bench are the same code.
//!
//! A write that the router made comes back as a sample: [`Echoes`] tell it from news, so that two
//! routes that lead to each other do not run in a circle.

mod compiled;
mod counts;
mod echo;
mod engine;
mod local;
mod member;
pub mod message;
mod plan;
#[cfg(test)]
mod tests;
mod window;

pub use compiled::{CompiledRoute, Named, RouteSetup, Tags, Way, compile};
pub use counts::{Counts, Hold};
pub use echo::{Chain, Echoes, HOPS_MAX, SETTLE_US};
pub use engine::{Engine, Passed, Step, Verdict};
pub use plan::{MEMBERS_MAX, Plan, PlannedRoute};
