//! Who is at the other end: the connection, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::http::{Extensions, HeaderMap, HeaderName, Uri, header};

use crate::problem::{ApiError, Code};
use crate::settings::Network;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Most entries of `X-Forwarded-For` that are looked at.
const HOPS_MAX: usize = 32;

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// Who connected.
    pub address: IpAddr,
    /// The address of ours that it connected to.
    pub local: IpAddr,
    /// Whether the connection is encrypted.
    pub is_tls: bool,
}

/// Who asks, as far as connections and trusted proxies tell. In every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The address of the client, never one that it claims itself.
    pub address: IpAddr,
    /// Whether the client's own connection is encrypted.
    pub is_secure: bool,
    /// The host and port that the client asked, checked to be ours; in lower case.
    pub host: Arc<str>,
}

impl Client {
    /// Returns the client of a request.
    ///
    /// Without one, which no request from outside is, it is nobody: an unspecified address
    /// without encryption.
    pub(crate) fn of(extensions: &Extensions) -> Client {
        let client = extensions.get::<Client>().cloned();
        client.unwrap_or_else(|| Client {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            is_secure: false,
            host: "".into(),
        })
    }
}

impl Peer {
    /// Returns the ends of a connection.
    pub(crate) fn new(address: SocketAddr, local: SocketAddr, is_tls: bool) -> Peer {
        Peer {
            address: address.ip().to_canonical(),
            local: local.ip().to_canonical(),
            is_tls,
        }
    }

    /// Returns the client of a request, whose host is not checked yet.
    pub(super) fn client(
        self,
        proxies: &[Network],
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Client, ApiError> {
        let asked = asked_host(uri, headers)?;
        if !is_trusted(proxies, self.address) {
            return Ok(Client {
                address: self.address,
                is_secure: self.is_tls,
                host: asked.to_ascii_lowercase().into(),
            });
        }
        let host = last_entry(headers, &FORWARDED_HOST).unwrap_or(asked);
        let is_secure = match last_entry(headers, &FORWARDED_PROTO) {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => self.is_tls,
        };
        Ok(Client {
            address: forwarded_address(proxies, self.address, headers),
            is_secure,
            host: host.to_ascii_lowercase().into(),
        })
    }
}

/// Returns whether an address is one of the proxies.
pub(crate) fn is_trusted(proxies: &[Network], address: IpAddr) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

/// Returns the host of a request; there is exactly one, however it is written.
fn asked_host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a str, ApiError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let first = hosts.next().map(|value| value.to_str().unwrap_or(""));
    let target = uri.authority().map(axum::http::uri::Authority::as_str);
    let host = match (first, target) {
        _ if hosts.next().is_some() => None,
        (Some(host), Some(target)) => host.eq_ignore_ascii_case(target).then_some(host),
        (host, target) => host.or(target),
    };
    host.ok_or_else(|| ApiError::new(Code::ForeignHost, "one host is needed, named once"))
}

/// Walks from the nearest hop outwards as long as the hops are trusted.
///
/// Entries further out were written by somebody whom nobody vouches for.
fn forwarded_address(proxies: &[Network], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let values = headers.get_all(&FORWARDED_FOR).into_iter();
    let lines: Vec<&str> = values.map(|value| value.to_str().unwrap_or("")).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut nearest = peer;
    for hop in hops.take(HOPS_MAX) {
        let Some(address) = hop_address(hop.trim()) else {
            break;
        };
        nearest = address;
        if !is_trusted(proxies, address) {
            break;
        }
    }
    nearest
}

/// Reads an address with or without a port; some proxies write brackets, some do not.
fn hop_address(text: &str) -> Option<IpAddr> {
    let ip: Option<IpAddr> = text.parse().ok();
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let found = ip.or_else(with_port).or_else(in_brackets)?;
    Some(found.to_canonical())
}

/// Returns what the nearest hop wrote.
fn last_entry<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers.get_all(name).into_iter().next_back()?;
    let entry = value.to_str().ok()?.rsplit(',').next()?.trim();
    (!entry.is_empty()).then_some(entry)
}
