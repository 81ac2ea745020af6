//! Questions about history, answered by any store.

mod calendar;

pub use calendar::{Interval, Unit};
