//! History as files: export to and import from CSV, Excel, Parquet and JSON lines, and the formats
//! by which programs hand in history.
//!
//! Read in this order: [`Tag`] is what a file says of a tag, [`export`] writes, [`import`] reads,
//! [`backfill`] takes streams of samples, [`sheet`] reads tables of any meaning. Everything is
//! synchronous and works in constant memory; callers give threads, files and tags.

pub mod backfill;
pub mod error;
pub mod export;
pub mod import;
mod packing;
pub mod sheet;
mod tag;
mod text;

pub use error::ExchangeError;
pub use export::{ExportOptions, ExportPlan, ExportReport, Format};

pub use import::{Import, ImportOptions, ImportReport, Limits};
pub use packing::Packing;
pub use tag::{Kind, Tag, Tags};

/// How far an export or import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Progress {
    /// Rows written or read.
    pub rows: u64,
    /// Bytes written or read.
    pub bytes: u64,
    /// Part that is done, 0 to 1.
    pub share: f64,
}

/// Is told how far the work is, a few times a second or more, and says whether to go on.
pub type Watch<'a> = dyn FnMut(&Progress) -> std::ops::ControlFlow<()> + 'a;
