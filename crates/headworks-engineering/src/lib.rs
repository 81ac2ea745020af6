//! The plant in files: tag tables and the projects of other programs.
//!
//! Everything here is text or bytes and a [`headworks_hub::Plant`] in, a [`Plan`] out: edits for
//! [`headworks_hub::HubHandle::apply`], what is wrong row by row, and what cannot be carried over.
//! Nothing here changes the plant.
//!
//! Read in this order: [`plan`] is what comes out, [`table`] reads and writes tag tables,
//! [`import`] reads the projects of other programs, [`template`] makes devices of templates,
//! [`sunspec`] makes templates of devices that say what they are, [`dashboards`] takes dashboards
//! from plant to plant, [`code`] is the whole plant as text files.

pub mod code;
pub mod dashboards;
pub mod import;
pub mod plan;
pub mod sunspec;
pub mod table;
pub mod template;

mod names;

pub use plan::{Note, Plan, RowError};
