//! What the server is told: where to listen, who may ask, how much.
//!
//! Texts of the settings file become types here that cannot be wrong; what does not fit together
//! is refused by [`ServerSettings::check`], before anything is started.

mod shown;

use std::fmt;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use headworks_access::SessionLimits;
use headworks_logic::notification::MailSettings;
use headworks_logic::outbound::OutboundSettings;
use headworks_telemetry::Telemetry;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::limits::RateLimiter;
use crate::server::ServerError;

pub use shown::{SettingSource, ShownSection, ShownSetting, ShownSettings};

/// Where to listen, and to whom.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Address and port; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Whether and with which certificate connections are encrypted.
    pub tls: TlsSettings,
    /// Whether others may reach the server without TLS.
    pub allow_plain_http: bool,
    /// Names under which people know the server, besides `localhost` and its addresses.
    pub hosts: Vec<HostName>,
    /// Proxies whose word on the client counts.
    pub trusted_proxies: Vec<Network>,
    /// What all paths begin with.
    pub base_path: BasePath,
    /// Pages that may show the UI in a frame.
    pub frame_ancestors: Vec<Origin>,
    /// Pages of other servers that dashboards may show in a frame.
    pub frame_sources: Vec<Origin>,
    /// Pages of other servers that may ask this one, with a token.
    pub cors_origins: Vec<Origin>,
    /// How long browsers insist on TLS once they saw it; zero for not at all.
    pub hsts: Duration,
    /// How much one client may ask.
    pub limits: Limits,
    /// Where log lines, errors and figures of this process are.
    pub telemetry: Telemetry,
    /// How long people stay signed in.
    pub sessions: SessionLimits,
    /// Where calls out may go, and how long they take.
    pub outbound: OutboundSettings,
    /// The mail server; none for no e-mail.
    pub mail: Option<MailSettings>,
    /// Where people reach the server, for links in messages; none for no links.
    pub public_address: Option<Origin>,
    /// Days that entries of the audit journal are kept; 0 keeps them for ever.
    pub audit_days: u32,
    /// All settings of the process, for administrators to read.
    pub shown: Arc<ShownSettings>,
}

/// Whether and with which certificate connections are encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TlsSettings {
    /// They are not.
    #[default]
    Off,
    /// With a certificate that somebody keeps.
    Files {
        /// PEM file of the certificate, followed by those that lead to its root.
        certificate: PathBuf,
        /// PEM file of its private key.
        key: PathBuf,
    },
    /// With one that the server makes and renews.
    SelfSigned {
        /// Where it is kept.
        directory: PathBuf,
    },
}

/// How much one client may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests per second of one address, and of one account or token, over time; 0 is no bound.
    /// Four times as many may come at once.
    pub requests_per_second: u32,
    /// Connections of one address that are open at once.
    pub connections_per_address: usize,
    /// Requests of one address that are worked on at once.
    pub requests_at_once: usize,
    /// Longest time for the head of a request, and for the pause between two.
    pub head_timeout: Duration,
    /// Longest time for the handshake of TLS.
    pub handshake_timeout: Duration,
}

/// A name or an address, and a port where it is not the one of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName {
    /// In lower case.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

/// A range of addresses, such as `10.0.0.0/8`; a single address is one too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

/// What all paths begin with: nothing, or `/` and parts without a `/` at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BasePath(String);

/// Scheme, host and port of a page, as browsers write them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// How many seconds' worth of requests may come at once.
const BURST_S: u32 = 4;
/// Most characters of a base path.
const BASE_PATH_CHARS_MAX: usize = 128;
/// Most characters of a name of a host.
const HOST_CHARS_MAX: usize = 253;

impl Default for ServerSettings {
    fn default() -> ServerSettings {
        ServerSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls: TlsSettings::Off,
            allow_plain_http: false,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            base_path: BasePath::default(),
            frame_ancestors: Vec::new(),
            frame_sources: Vec::new(),
            cors_origins: Vec::new(),
            hsts: Duration::from_secs(365 * 86_400),
            limits: Limits::default(),
            telemetry: Telemetry::default(),
            sessions: SessionLimits::default(),
            outbound: OutboundSettings::default(),
            mail: None,
            public_address: None,
            audit_days: 0,
            shown: Arc::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            requests_per_second: 500,
            connections_per_address: 256,
            requests_at_once: 32,
            head_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// Returns a limiter of this rate that knows so many clients; none when there is no bound.
    pub(crate) fn rates<K: Eq + Hash>(&self, keys_max: usize) -> Option<RateLimiter<K>> {
        let rate = self.requests_per_second;
        let burst = rate.saturating_mul(BURST_S);
        (rate != 0).then(|| RateLimiter::new(rate, burst, keys_max))
    }
}

impl ServerSettings {
    /// Refuses what would put the server into reach of others without TLS, unless that was asked
    /// for by name.
    ///
    /// # Errors
    ///
    /// [`ServerError::Plain`].
    pub fn check(&self) -> Result<(), ServerError> {
        let is_loopback = self.listen.ip().to_canonical().is_loopback();
        if is_loopback || self.tls != TlsSettings::Off || self.allow_plain_http {
            return Ok(());
        }
        Err(ServerError::Plain {
            address: self.listen,
        })
    }

    /// Returns how URLs of the server begin.
    pub fn scheme(&self) -> &'static str {
        match self.tls {
            TlsSettings::Off => "http",
            TlsSettings::Files { .. } | TlsSettings::SelfSigned { .. } => "https",
        }
    }
}

impl Network {
    /// Returns whether an address belongs to it.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl From<Network> for IpNet {
    fn from(network: Network) -> IpNet {
        network.0
    }
}

impl BasePath {
    /// Returns it: empty, or `/` and parts without a `/` at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what a path is below it; nothing for a path beside it.
    pub(crate) fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&self.0)?;
        match rest {
            "" => Some("/"),
            _ => rest.starts_with('/').then_some(rest),
        }
    }
}

impl Origin {
    /// Returns it as browsers write it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<HostName, String> {
        let refused = || {
            format!(
                "{text:?} is no host; write a name or an address, with a port where it is not \
                 the one that the server listens on: hmi.plant.example or 192.0.2.1:8443"
            )
        };
        let authority = Authority::parse(text).ok_or_else(refused)?;
        Ok(HostName {
            host: authority.host.to_ascii_lowercase(),
            port: authority.port,
        })
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let single = || text.parse::<IpAddr>().map(IpNet::from);
        let net = text.parse::<IpNet>().or_else(|_| single());
        let net = net.map_err(|_| {
            format!("{text:?} is no range of addresses; write e.g. 10.0.0.0/8, fd00::/8, 10.1.2.3")
        })?;
        if net.prefix_len() == 0 {
            return Err(format!(
                "{text:?} would mean everybody; name the addresses that are meant"
            ));
        }
        Ok(Network(net.trunc()))
    }
}

impl FromStr for BasePath {
    type Err = String;

    fn from_str(text: &str) -> Result<BasePath, String> {
        let is_part = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            !matches!(part, "" | "." | "..") && part.bytes().all(known)
        };
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        let fits = trimmed.is_empty()
            || trimmed
                .strip_prefix('/')
                .is_some_and(|parts| parts.split('/').all(is_part));
        if !fits || BASE_PATH_CHARS_MAX < text.len() {
            return Err(format!(
                "{text:?} is no base path; write / and letters, digits, - _ . ~, e.g. /headworks"
            ));
        }
        Ok(BasePath(trimmed.to_owned()))
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Origin, String> {
        let refused = || {
            format!(
                "{text:?} is no origin; write scheme and host, and a port that is not usual, \
                 without a path: https://portal.plant.example"
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(refused)?;
        let authority = Authority::parse(rest).ok_or_else(refused)?;
        let usual = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(refused()),
        };
        let host = authority.host.to_ascii_lowercase();
        Ok(Origin(match authority.port {
            Some(port) if port != usual => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }))
    }
}

macro_rules! texts {
    ($($name:ident)*) => {
        $(
            impl TryFrom<String> for $name {
                type Error = String;

                fn try_from(text: String) -> Result<$name, String> {
                    text.parse()
                }
            }

            impl From<$name> for String {
                fn from(value: $name) -> String {
                    value.to_string()
                }
            }
        )*
    };
}

texts!(HostName Network BasePath Origin);

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A host, in brackets where it is an address of IPv6, and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    pub host: &'a str,
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads `host` or `host:port`; nothing when it is not exactly that.
    pub(crate) fn parse(text: &'a str) -> Option<Authority<'a>> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let port = match port {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(port.parse().ok()?)
            }
            Some(_) => return None,
            None => None,
        };
        let authority = Authority { host, port };
        (authority.ip().is_some() || is_name(host)).then_some(authority)
    }

    /// Returns the address, when the host is one.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        match self.host.strip_prefix('[') {
            Some(rest) => Some(IpAddr::V6(rest.strip_suffix(']')?.parse().ok()?)),
            None => Some(IpAddr::V4(self.host.parse().ok()?)),
        }
    }

    /// Returns the port, or the usual one.
    pub(crate) fn port_or_usual(&self, is_secure: bool) -> u16 {
        self.port.unwrap_or(if is_secure { 443 } else { 80 })
    }
}

fn is_name(host: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !host.is_empty() && host.len() <= HOST_CHARS_MAX && host.bytes().all(is_known)
}

#[cfg(test)]
mod tests;
