//! Discovery: what stands behind a link that nobody has a manual of.
//!
//! Three questions, in the order in which people ask them: which units answer ([`units`]), which
//! addresses they have ([`registers`]), and what the registers mean ([`decode`]); and one test
//! that a register is the right one, by writing it ([`test_write`]).
//!
//! Planners decide which request comes next and take its outcome; they know neither time nor
//! sockets, so that a test asks them as a device would. [`run`] moves the requests over a
//! [`Line`]: one that is opened for it, or that of a running connection, where polling goes on.
//! Nothing here writes but the test write.

pub mod decode;
pub mod fingerprint;
pub mod labelled;
pub(super) mod limit;
mod line;
mod notation;
pub mod registers;
pub mod report;
pub mod run;
pub mod test_write;
pub mod units;

pub use line::{Line, OpenError, OpenLine, check_settings};
pub use notation::Notations;

use super::exception::ExceptionCode;

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The device answered with this data.
    Data(&'a [u8]),
    /// The device refused.
    Refused(ExceptionCode),
    /// Nothing came in time.
    Silent,
    /// Something came that is no answer to it.
    Broken,
}
