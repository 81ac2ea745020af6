//! `[server]`: where to listen, and to whom.

use std::path::{Path, PathBuf};
use std::time::Duration;

use headworks_server::{BasePath, HostName, Limits, Network, Origin, ServerSettings, TlsSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{ListenAddress, SettingsError, within};

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// Address and port; port 0 takes a free one. An address that others can reach needs `tls`,
    /// or `allow_plain_http`.
    #[schemars(with = "String")]
    pub(crate) listen: ListenAddress,
    /// Whether connections are encrypted.
    pub(crate) tls: TlsMode,
    /// PEM file of the certificate, followed by those that lead to its root, for `tls = "files"`.
    /// A new file is taken into use within seconds.
    pub(crate) certificate: PathBuf,
    /// PEM file of its private key.
    pub(crate) key: PathBuf,
    /// Whether others may reach the server without TLS: on a trusted network, or through a proxy
    /// that ends TLS.
    pub(crate) allow_plain_http: bool,
    /// Names under which people know the server, besides localhost and its addresses:
    /// `hmi.plant.example`, with a port where it is not the one of `listen` or the usual one.
    #[schemars(with = "Vec<String>")]
    pub(crate) hosts: Vec<HostName>,
    /// Proxies whose word on the client counts (`X-Forwarded-For`, `-Proto`, `-Host`), as
    /// addresses or ranges: `10.0.0.0/8`.
    #[schemars(with = "Vec<String>")]
    pub(crate) trusted_proxies: Vec<Network>,
    /// What all paths begin with, for a proxy that serves more than this: `/headworks`.
    #[schemars(with = "String")]
    pub(crate) base_path: BasePath,
    /// Pages of other servers that may ask this one, with a token: `https://portal.example`.
    #[schemars(with = "Vec<String>")]
    pub(crate) cors_origins: Vec<Origin>,
    /// Pages that may show the web UI in a frame: `https://portal.example`.
    #[schemars(with = "Vec<String>")]
    pub(crate) frame_ancestors: Vec<Origin>,
    /// Pages of other servers that dashboards may show in a frame:
    /// `http://nodered.plant.example:1880`.
    #[schemars(with = "Vec<String>")]
    pub(crate) frame_sources: Vec<Origin>,
    /// Days that browsers insist on TLS once they saw it, 0 to 3650; 0 for not at all. It holds
    /// for the name of the host, whichever port.
    #[serde(deserialize_with = "hsts_days")]
    #[schemars(range(max = 3_650))]
    pub(crate) hsts_days: u32,
    /// Where people reach the server, for links in messages: `https://hmi.plant.example`; empty for
    /// no links.
    #[serde(deserialize_with = "public_address")]
    pub(crate) public_address: String,
    /// Requests per second of one address, over time; four times as many may come at once. 0 is
    /// no bound.
    #[serde(deserialize_with = "requests_per_second")]
    #[schemars(range(max = 1_000_000))]
    pub(crate) requests_per_second: u32,
    /// Connections of one address that are open at once, 1 to 16384; those of trusted proxies
    /// are not counted.
    #[serde(deserialize_with = "connections_per_address")]
    #[schemars(range(min = 1, max = 16_384))]
    pub(crate) connections_per_address: usize,
}

/// Whether connections are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TlsMode {
    /// No.
    #[default]
    Off,
    /// With the files `certificate` and `key`.
    Files,
    /// With a certificate that is made at the first start, kept in the data directory and renewed.
    SelfSigned,
}

impl Default for Server {
    fn default() -> Server {
        let limits = Limits::default();
        Server {
            listen: ListenAddress::default(),
            tls: TlsMode::Off,
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            allow_plain_http: false,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            base_path: BasePath::default(),
            cors_origins: Vec::new(),
            frame_ancestors: Vec::new(),
            frame_sources: Vec::new(),
            hsts_days: 365,
            public_address: String::new(),
            requests_per_second: limits.requests_per_second,
            connections_per_address: limits.connections_per_address,
        }
    }
}

impl Server {
    /// Returns what the server is told.
    ///
    /// # Errors
    ///
    /// What does not fit together.
    pub(crate) fn resolve(&self, data: &Path) -> Result<ServerSettings, SettingsError> {
        let settings = ServerSettings {
            listen: self.listen.get(),
            tls: self.tls(data)?,
            allow_plain_http: self.allow_plain_http,
            hosts: self.hosts.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            base_path: self.base_path.clone(),
            frame_ancestors: self.frame_ancestors.clone(),
            frame_sources: self.frame_sources.clone(),
            cors_origins: self.cors_origins.clone(),
            hsts: Duration::from_secs(u64::from(self.hsts_days) * 86_400),
            public_address: self.public_address.parse().ok(),
            limits: Limits {
                requests_per_second: self.requests_per_second,
                connections_per_address: self.connections_per_address,
                ..Limits::default()
            },
            ..ServerSettings::default()
        };
        settings.check().map_err(|error| SettingsError::Argument {
            reason: error.to_string(),
        })?;
        Ok(settings)
    }

    fn tls(&self, data: &Path) -> Result<TlsSettings, SettingsError> {
        let refused = |reason: &str| {
            Err(SettingsError::Argument {
                reason: reason.to_owned(),
            })
        };
        let is_named = |path: &PathBuf| !path.as_os_str().is_empty();
        let named = [&self.certificate, &self.key].map(is_named);
        match (self.tls, named) {
            (TlsMode::Files, [true, true]) => Ok(TlsSettings::Files {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            }),
            (TlsMode::Files, _) => {
                refused("server.tls = \"files\" needs the files server.certificate and server.key")
            }
            (_, [true, _] | [_, true]) => refused(
                "server.certificate and server.key are used with server.tls = \"files\" only",
            ),
            (TlsMode::Off, _) => Ok(TlsSettings::Off),
            (TlsMode::SelfSigned, _) => Ok(TlsSettings::SelfSigned {
                directory: data.join("tls"),
            }),
        }
    }
}

fn public_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(text);
    }
    let origin = text.parse::<Origin>();
    origin.map(String::from).map_err(serde::de::Error::custom)
}

fn hsts_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 0, 3_650, "days")
}

fn requests_per_second<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 0, 1_000_000, "requests")
}

fn connections_per_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(usize::deserialize(deserializer)?, 1, 16_384, "connections")
}
