//! Notification: people are told of alarms until somebody acknowledges them.
//!
//! Read in this order: [`engine`] decides who is told of what and when, [`Letter`] is a message to
//! one reader as it is kept, `render` and `words` write it, `mail` and [`crate::outbound`] send it,
//! [`Notifier`] reads the alarm journal and keeps everything going, [`AckLink`] is the link by
//! which a reader acknowledges.

pub mod engine;
mod letter;
mod link;
mod mail;
mod notifier;
mod render;
mod words;

pub use letter::Letter;
pub use link::{AckLink, LinkError};
pub use mail::{MailEncryption, MailSettings};
pub use notifier::{AckState, AckView, Notifier, NotifierError, NotifierSettings, Outcome};
pub use render::escaped;
