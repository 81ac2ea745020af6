//! Groups: devices and tags that belong together, wherever they stand.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::{check_description, check_name};
use super::object::{FieldError, Kind, ObjectBody, ObjectId};

/// Devices and tags that belong together, beside the hierarchy of assets; each may be in many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Name on screen, unique among groups.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
    /// Its devices, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10_000))]
    pub devices: Vec<ObjectId>,
    /// Its tags, each once, beside those of its devices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10_000))]
    pub tags: Vec<ObjectId>,
}

/// Most members of one sort.
const MEMBERS_MAX: usize = 10_000;

impl ObjectBody for Group {
    const KIND: Kind = Kind::Group;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        check_description(&self.description)?;
        check_members("/devices", &self.devices)?;
        check_members("/tags", &self.tags)
    }
}

fn check_members(field: &str, members: &[ObjectId]) -> Result<(), FieldError> {
    if MEMBERS_MAX < members.len() {
        let reason = format!("{} members; at most {MEMBERS_MAX}", members.len());
        return Err(FieldError::new(field, reason));
    }
    let mut seen = HashSet::with_capacity(members.len());
    match members.iter().position(|member| !seen.insert(member)) {
        Some(at) => Err(FieldError::new(
            format!("{field}/{at}"),
            format_args!("{} is named twice", members[at]),
        )),
        None => Ok(()),
    }
}
