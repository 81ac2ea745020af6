//! Assets: where things stand in the plant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::check_description;
use super::object::{FieldError, Kind, ObjectBody, ObjectId};
use crate::path::TagName;

/// A place of the plant, e.g. a site, an area, a line: one level of the hierarchy of ISA-95.
///
/// Its path is that of its parent and its own name. The paths of the devices and tags that are
/// placed in it begin with it, so that renaming or moving an asset moves them all; their history
/// goes with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Last segment of its path, unique below its parent.
    pub name: TagName,
    /// The asset that it is part of; none for one at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ObjectId>,
    /// What it is.
    #[serde(default)]
    pub level: AssetLevel,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
}

/// What an asset is, as ISA-95 names the levels of its equipment hierarchy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetLevel {
    /// A company.
    Enterprise,
    /// A place with an address.
    Site,
    /// A part of a site.
    Area,
    /// A production or packaging line.
    Line,
    /// A work cell.
    Cell,
    /// A machine or a part of one.
    Unit,
    /// None of these.
    #[default]
    Other,
}

impl ObjectBody for Asset {
    const KIND: Kind = Kind::Asset;

    fn check(&self) -> Result<(), FieldError> {
        check_description(&self.description)
    }
}
