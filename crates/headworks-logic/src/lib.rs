//! What values and alarms lead to outside the process: guarded calls out, routes, notification.
//!
//! Everything here runs beside the hub: it reads what the hub tells and never holds it up.
//! [`outbound`] is the only way out over HTTP, [`notification`] tells people of alarms.

pub mod notification;
pub mod outbound;
pub mod router;
