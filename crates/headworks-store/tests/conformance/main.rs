//! Both historians against the same suite, and PostgreSQL with everything that can happen to it.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test ends where something does not succeed, and says where it is"
)]

mod ask;
mod forward;
mod objects;
mod postgres;
mod server;
mod suite;

use std::sync::Arc;

use headworks_store::{EmbeddedHistorian, Historian, HistorianOptions, PostgresHistorian};

#[test]
fn the_embedded_historian_conforms() {
    for (name, case) in suite::CASES {
        println!("{name}");
        let directory = tempfile::tempdir().unwrap();
        case(&|| {
            let options = HistorianOptions::default();
            Box::new(EmbeddedHistorian::open(directory.path(), options).unwrap())
        });
    }
}

#[test]
fn postgresql_conforms() {
    let server = Arc::new(server::Server::start());
    for (name, case) in suite::CASES {
        println!("{name}");
        let url = server.database(&format!("case_{name}"));
        case(&|| -> Box<dyn Historian> { Box::new(PostgresHistorian::open(&url, 3).unwrap()) });
    }
}
