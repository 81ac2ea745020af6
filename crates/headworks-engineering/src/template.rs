//! Device templates: devices made of them, what differs from them since, and those that are
//! shipped.
//!
//! Read in this order: `whole` is a template with its base, `make` makes a device of it,
//! [`drift`] compares a device with what would be made now, `check` finds the mistakes of a
//! template when it is saved, [`library`] are the templates of real devices.

mod alarms;
mod check;
pub mod drift;
mod expand;
pub mod library;
mod make;
mod whole;

pub use check::{check, check_edits};
pub(crate) use make::read as read_part;
pub use make::{Made, TemplateError, Wanted, make};
pub use whole::Whole;

#[cfg(test)]
mod tests;
