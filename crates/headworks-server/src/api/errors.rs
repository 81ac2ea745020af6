//! Errors of the hub as errors of the API.

use headworks_access::AccessError;
use headworks_core::alarm::Refusal;
use headworks_exchange::ExchangeError;
use headworks_hub::HubError;
use headworks_protocols::WriteError;
use headworks_store::{PostgresFault, StoreError};

use crate::problem::{ApiError, Code, FieldProblem};

/// Returns the answer to an error of the hub; `place` is where edit `n` stands in the body.
pub(crate) fn from_hub(error: HubError, place: impl Fn(usize) -> String) -> ApiError {
    let text = error.to_string();
    match error {
        HubError::Invalid(problems) => ApiError::fields(
            problems
                .into_iter()
                .map(|problem| {
                    let pointer = format!("{}{}", place(problem.edit), problem.field);
                    FieldProblem::new(pointer, problem.reason)
                })
                .collect(),
        ),
        HubError::NotFound { kind, id } => ApiError::not_found(kind, id),
        HubError::Conflict { found, .. } => ApiError::conflict(text, Some(found)),
        HubError::HasChildren { .. } => ApiError::new(Code::InUse, text),
        HubError::NotWritable { .. } => ApiError::new(Code::NotWritable, text),
        HubError::Value { reason, .. } => ApiError::field("/value", reason),
        HubError::Write { source, .. } => from_write(&source, text),
        HubError::LinkDown { .. } => ApiError::new(Code::LinkDown, text),
        HubError::Timeout { .. } => ApiError::new(Code::NoAnswer, text),
        HubError::Past { .. } => ApiError::new(Code::Conflict, text),
        HubError::Alarm {
            source: Refusal::NoReason,
            ..
        } => ApiError::field("/comment", Refusal::NoReason.to_string()),
        HubError::Alarm {
            source: source @ Refusal::ShelfTime { .. },
            ..
        } => ApiError::field("/until_us", source.to_string()),
        HubError::Alarm { .. } | HubError::AlarmOff { .. } => ApiError::new(Code::AlarmState, text),
        HubError::NoCommit { .. } => ApiError::new(Code::NotFound, text),
        HubError::Stopping => ApiError::new(Code::Busy, text),
        HubError::Damaged { .. } => ApiError::internal(&error),
        HubError::Store(error) => from_store(error),
    }
}

/// Returns the answer to an error of the hub about the one object of the body.
pub(crate) fn of_body(error: HubError) -> ApiError {
    from_hub(error, |_| String::new())
}

/// Returns the answer to an error of accounts and sessions; names of files stay in the log.
pub(crate) fn from_access(error: AccessError) -> ApiError {
    let text = error.to_string();
    match error {
        AccessError::Invalid { field, reason } => ApiError::field(field, reason),
        AccessError::NotFound { what, name } => ApiError::not_found(what, name),
        AccessError::Taken { .. } | AccessError::LastOwner { .. } | AccessError::TooMany { .. } => {
            ApiError::new(Code::AccountConflict, text)
        }
        AccessError::Setup { .. } => ApiError::new(Code::SignInFailed, text),
        AccessError::NotSignedIn | AccessError::Reused => ApiError::new(Code::NotSignedIn, text),
        AccessError::Io { .. } | AccessError::Damaged { .. } | AccessError::Database { .. } => {
            ApiError::storage(&error)
        }
    }
}

fn from_write(error: &WriteError, text: String) -> ApiError {
    match error {
        WriteError::Value { reason } => ApiError::field("/value", reason.clone()),
        WriteError::ReadOnly { .. } => ApiError::new(Code::NotWritable, text),
        WriteError::Refused { .. } => ApiError::new(Code::DeviceRefused, text),
        WriteError::NoAnswer { .. } => ApiError::new(Code::NoAnswer, text),
        WriteError::LinkDown { .. } => ApiError::new(Code::LinkDown, text),
    }
}

/// Returns the answer to an error of the store; names of files stay in the log.
pub(crate) fn from_store(error: StoreError) -> ApiError {
    let text = error.to_string();
    match error {
        StoreError::Query { field, reason } => ApiError::query(field, reason),
        StoreError::Conflict { found, .. } => ApiError::conflict(text, Some(found)),
        StoreError::NotFound { kind, id } => ApiError::not_found(kind, id),
        StoreError::Postgres {
            fault: PostgresFault::Away,
            ..
        } => ApiError::database_away(&error),
        StoreError::Io { .. }
        | StoreError::Database { .. }
        | StoreError::Corrupt { .. }
        | StoreError::TooNew { .. }
        | StoreError::InUse { .. }
        | StoreError::Postgres { .. } => ApiError::storage(&error),
    }
}

/// Returns the answer to an error of an export or import.
pub(crate) fn from_exchange(error: ExchangeError) -> ApiError {
    let text = error.describe();
    match error {
        ExchangeError::Option { option, reason } => ApiError::query(option, reason),
        ExchangeError::Question { .. } => ApiError::new(Code::Ambiguous, text),
        ExchangeError::Input { .. } => ApiError::new(Code::UnreadableFile, text),
        ExchangeError::Refused { .. } => ApiError::new(Code::UnreadableFile, text),
        ExchangeError::Store(error) => from_store(error),
        ExchangeError::Io { .. } | ExchangeError::Output { .. } => ApiError::storage(&error),
        ExchangeError::Cancelled => ApiError::new(Code::Busy, "the server is stopping"),
    }
}
