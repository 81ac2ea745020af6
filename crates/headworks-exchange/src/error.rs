//! Errors of exports and imports.

use std::path::{Path, PathBuf};

use headworks_store::StoreError;

/// Why an export or import ended.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The caller asked for what cannot be.
    #[error("{option}: {reason}")]
    Option {
        /// Which option.
        option: &'static str,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// The file can be read in two ways and only a person knows which one is right.
    #[error("{reason}; say so with {option}")]
    Question {
        /// The option that answers it.
        option: &'static str,
        /// What can be read in two ways.
        reason: String,
    },
    /// The file is damaged, cut off, hostile or not what it seems.
    #[error("{place}: {reason}")]
    Input {
        /// Where in the file.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is sound and what it says must not be stored under the rules given.
    #[error("nothing was imported: {reason}")]
    Refused {
        /// What was found.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{action} {path:?} failed")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The other side of a stream is gone, or its disk is full.
    #[error("the output cannot be written")]
    Output {
        /// The reason.
        source: std::io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller wanted no more.
    #[error("cancelled")]
    Cancelled,
}

impl ExchangeError {
    pub(crate) fn option(option: &'static str, reason: impl Into<String>) -> ExchangeError {
        ExchangeError::Option {
            option,
            reason: reason.into(),
        }
    }

    pub(crate) fn input(place: impl Into<String>, reason: impl Into<String>) -> ExchangeError {
        ExchangeError::Input {
            place: place.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> ExchangeError {
        ExchangeError::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn output(source: std::io::Error) -> ExchangeError {
        ExchangeError::Output { source }
    }

    /// Returns the error with the reasons behind it, in one line.
    pub fn describe(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.ends_with(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        text
    }
}
