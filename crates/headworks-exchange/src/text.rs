//! Texts of values, qualities and times: what CSV and JSON lines have in common.

pub(crate) mod cell;
pub(crate) mod quality;
pub(crate) mod time;
