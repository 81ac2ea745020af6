//! Files that jobs leave behind: kept for a while, handed out in parts.

mod download;
mod keep;

pub(crate) use download::send;
pub(crate) use keep::FileStore;
