//! The face of Headworks to people and programs: REST, WebSocket, server-sent events and the
//! embedded web UI.
//!
//! Read in this order: [`Server`] listens, `routes` is the table of everything that can be asked,
//! `route` is what an entry of it is, `router` turns it into answers, `edge` is what every request
//! passes, `guard` knows who asks and whether they may, `api` are the handlers, `live` hands out
//! values as they change, `audit` notes what was done, `openapi` writes the table down, `assets`
//! are the files of the web UI.

mod api;
mod app;
mod assets;
mod audit;
mod cookies;
mod edge;
mod files;
mod guard;
mod jobs;
mod limits;
mod live;
mod observe;
mod openapi;
mod parse;
mod pictures;
mod problem;
mod route;
mod router;
mod routes;
mod server;
mod settings;
mod stream;
mod text;
mod tls;

pub use server::{Server, ServerError};
pub use settings::{
    BasePath, HostName, Limits, Network, Origin, ServerSettings, SettingSource, ShownSection,
    ShownSetting, ShownSettings, TlsSettings,
};
pub use tls::CertificateError;
