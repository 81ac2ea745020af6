//! The server as clients see it: a real hub in a directory of its own, a real port, `ureq` and
//! `tokio-tungstenite` as clients.

#[cfg(test)]
mod alarms;
#[cfg(test)]
mod back_calculation;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod contract;
mod dashboard_files;
#[cfg(test)]
mod dictionaries;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod engineering;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod expressions;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod history;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod live;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod narrowed;
#[cfg(test)]
mod notification;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod outer;
#[cfg(test)]
mod people;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod plant_code;
#[cfg(test)]
mod preferences;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod proxies;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod rule_test;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod sunspec;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod validation;
#[cfg(test)]
mod values;
