//! Who may do what, and the record of who did: accounts, sessions, tokens, audit journal.
//!
//! [`Access`] knows every account, session and token of a data directory and answers in memory
//! whose a presented token is; every change is on the disk before it counts. It never asks what
//! time it is: callers give it.

mod access;
mod accounts;
mod error;
pub mod journal;
mod keyring;
mod passwords;
mod preferences;
mod random;
mod schema;
mod secrets;
mod sessions;
mod setup;
mod state;
mod tokens;
mod totp;

pub use access::{Access, Caller, Via};
pub use accounts::{NewUser, USERS_MAX, User, UserChange};
pub use error::AccessError;
pub use journal::{
    Actor, ActorKind, CSV_HEADER, ClockDoubt, ClockWatch, Cursor, Entry, Filter, Journal,
    JournalError, Outcome, Page, Problem, ProblemKind, Reader, Recorded, RowHash, Target, Verdict,
    redact, write_csv,
};
pub use keyring::{Keyring, SIGNATURE_BYTES};
pub use passwords::{Passwords, check_password};
pub use preferences::{PREFERENCE_BYTES_MAX, PREFERENCES_MAX, Preference};
pub use random::code as random_password;
pub use secrets::SecretEntry;
pub use sessions::{Client, Opened, Session, SessionLimits, SignInError};
pub use tokens::{NewToken, Token, TokenKind};
pub use totp::TotpSecret;
