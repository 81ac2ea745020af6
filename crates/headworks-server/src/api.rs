//! The handlers of the REST API, one file per chapter.

pub(crate) mod account;
pub(crate) mod backups;
pub(crate) mod connections;
pub(crate) mod dashboards;
pub(crate) mod devices;
pub(crate) mod error_journal;
pub(crate) mod errors;
pub(crate) mod exports;
pub(crate) mod history;
pub(crate) mod imports;
pub(crate) mod jobs;
pub(crate) mod journal;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod objects;
pub(crate) mod page;
pub(crate) mod probes;
pub(crate) mod retention;
pub(crate) mod storage;
pub(crate) mod system;
pub(crate) mod tag_list;
pub(crate) mod tags;
pub(crate) mod trend;
pub(crate) mod users;
pub(crate) mod validation;
pub(crate) mod values;
