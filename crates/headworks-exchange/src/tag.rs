//! Tags as files name them.

use std::collections::HashMap;
use std::sync::Arc;

use headworks_core::{DataType, TagIndex};

/// What values of a tag are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// True or false.
    Bool,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Texts.
    Text,
}

/// What files and streams say of a tag, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// Its number in the historian.
    pub index: TagIndex,
    /// Its path.
    pub path: Arc<str>,
    /// Unit of its values, empty for none.
    pub unit: Arc<str>,
    /// What its values are.
    pub kind: Kind,
    /// Days that its samples are kept; `None` for ever.
    pub raw_days: Option<u32>,
}

/// Tags by their paths.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    by_path: HashMap<Arc<str>, Arc<Tag>>,
}

impl Kind {
    /// Returns the kind of the values of a data type, `is_plain` when they are not scaled.
    pub fn of(data_type: DataType, is_plain: bool) -> Kind {
        match data_type {
            DataType::Bool => Kind::Bool,
            DataType::String => Kind::Text,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Kind::Number,
            DataType::Int8
            | DataType::Uint8
            | DataType::Int8High
            | DataType::Uint8High
            | DataType::Int16
            | DataType::Uint16
            | DataType::Int32
            | DataType::Uint32
            | DataType::Int64
            | DataType::Uint64
            | DataType::Bcd16
            | DataType::Bcd32 => {
                if is_plain {
                    Kind::Integer
                } else {
                    Kind::Number
                }
            }
        }
    }
}

impl Tags {
    /// Returns the tag of a path, written exactly so.
    pub fn get(&self, path: &str) -> Option<&Arc<Tag>> {
        self.by_path.get(path)
    }

    /// Returns how many tags there are.
    pub fn len(&self) -> usize {
        self.by_path.len()
    }

    /// Returns whether there is no tag.
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }
}

impl FromIterator<Tag> for Tags {
    fn from_iter<I: IntoIterator<Item = Tag>>(tags: I) -> Tags {
        let by_path = tags
            .into_iter()
            .map(|tag| (Arc::clone(&tag.path), Arc::new(tag)))
            .collect();
        Tags { by_path }
    }
}
