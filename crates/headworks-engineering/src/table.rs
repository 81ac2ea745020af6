//! Tag tables: all tags, or some, as rows of CSV or Excel.
//!
//! Reading takes the columns in any order, under our names or those of other programs; a column
//! that is not there leaves what the tags have, an empty cell is the default.

pub(crate) mod cells;
mod columns;
mod read;
mod rows;
mod write;

pub use columns::{Alias, COLUMNS, Column, reference};
pub(crate) use columns::{Field, find, is_number, name_of};
pub use read::{Mode, ROWS_MAX, ReadOptions, TableError, read};
pub(crate) use rows::surplus;
pub(crate) use write::text;
pub use write::{write_csv, write_xlsx};

#[cfg(test)]
mod tests;
