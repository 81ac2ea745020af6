//! The model of Headworks: names, values, qualities, samples, the codec of registers, expressions
//! and the plant's objects.
//!
//! Nothing here does IO, asks what time it is or fails except on bad input.

pub mod access;
pub mod alarm;
pub mod cell;
pub mod codec;
pub mod expr;
pub mod model;
pub mod path;
pub mod pattern;
pub mod quality;
pub mod route;
pub mod sample;
pub mod scaling;
pub mod value;

pub use access::{Permission, Rights, Role, Scope};
pub use codec::{ByteOrder, DataType, RegisterFormat};
pub use path::{TagName, TagPath};
pub use pattern::Pattern;
pub use quality::{Quality, QualityClass};
pub use sample::{Sample, TagIndex, Update};
pub use scaling::Scaling;
pub use value::Value;
