//! Files into history: CSV, Excel, Parquet, JSON lines.
//!
//! A file is looked at first (format, encoding, columns, times), then read row by row. Where the
//! rules may refuse the whole file, it is read once to check and once to store, so that nothing of
//! it is stored when it is refused. Storing is idempotent: the same file again changes nothing.

mod check;
mod columns;
mod errors;
mod options;
mod preview;
pub(crate) mod record;
mod run;
mod shape;
pub(crate) mod source;
mod store;
mod times;
pub(crate) mod value;

use std::io::Write;
use std::path::Path;

use headworks_store::Historian;

use crate::Watch;
use crate::error::ExchangeError;
use crate::tag::Tags;
pub use options::{
    Duplicates, Encoding, ImportOptions, NotANumber, TextEncoding, TimeFormat, UnknownTags,
};
pub use preview::{Finding, PreviewRow, UnknownTag};
pub use run::{ImportReport, Limits};

/// What an import works with.
pub struct Import<'a> {
    /// The file; it is read several times.
    pub path: &'a Path,
    /// What the caller said.
    pub options: &'a ImportOptions,
    /// Every tag there is.
    pub tags: &'a Tags,
    /// Which times are taken.
    pub limits: Limits,
}

impl Import<'_> {
    /// Reads the file and stores what it says, or only checks it with
    /// [`ImportOptions::dry_run`]. Rows that cannot be taken go to `errors` as CSV, the first
    /// 10,000 of them.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Question`] when a person must decide, [`ExchangeError::Input`] when the
    /// file is damaged, [`ExchangeError::Refused`] when the rules refuse it,
    /// [`ExchangeError::Cancelled`] when `watch` breaks; what was stored until then stays.
    pub fn run(
        &self,
        historian: &dyn Historian,
        errors: &mut dyn Write,
        watch: &mut Watch<'_>,
    ) -> Result<ImportReport, ExchangeError> {
        guarded(|| run::run(self, historian, errors, watch))
    }

    /// Looks at the first rows only, and says what an import would take them for.
    ///
    /// # Errors
    ///
    /// As [`Import::run`], without [`ExchangeError::Refused`].
    pub fn preview(&self, errors: &mut dyn Write) -> Result<ImportReport, ExchangeError> {
        guarded(|| run::preview(self, errors))
    }
}

/// Turns a panic of a library over a hostile file into an error.
pub(crate) fn guarded<T>(
    work: impl FnOnce() -> Result<T, ExchangeError>,
) -> Result<T, ExchangeError> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    outcome.unwrap_or_else(|_| {
        let reason = "it is damaged in a way that its reader did not expect";
        Err(ExchangeError::input("the file", reason))
    })
}

#[cfg(test)]
mod tests;
