//! Which hosts are ours, and which pages may ask.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderValue, Method, header};

use super::client::{Client, Peer};
use crate::problem::{ApiError, Code};
use crate::settings::{Authority, HostName, Origin};

/// Checks that a request was meant for this server.
///
/// Without it, a foreign site could point its own name at an address of ours and read the plant
/// through the visitor's browser (DNS rebinding).
pub(super) fn check_host(
    names: &[HostName],
    port: u16,
    peer: Peer,
    client: &Client,
) -> Result<(), ApiError> {
    let own = Authority::parse(&client.host)
        .is_some_and(|asked| is_own(names, port, peer.local, asked, client.is_secure));
    if own {
        return Ok(());
    }
    let shown: String = client.host.chars().take(80).collect();
    let detail = format!(
        "host {shown:?} is no name of this server; it answers to localhost and {}, with port \
         {port}, and to the names in the setting server.hosts",
        peer.local
    );
    Err(ApiError::new(Code::ForeignHost, detail))
}

fn is_own(
    names: &[HostName],
    own_port: u16,
    local: IpAddr,
    asked: Authority<'_>,
    is_secure: bool,
) -> bool {
    let port = asked.port_or_usual(is_secure);
    let is_here = match asked.ip() {
        Some(ip) => ip == local || ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST,
        None => asked.host.eq_ignore_ascii_case("localhost"),
    };
    let usual = if is_secure { 443 } else { 80 };
    let is_named = |name: &HostName| {
        asked.host.eq_ignore_ascii_case(&name.host)
            && match name.port {
                Some(wanted) => port == wanted,
                None => port == own_port || port == usual,
            }
    };
    (is_here && port == own_port) || names.iter().any(is_named)
}

/// Where a request comes from, by the word of a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// A page of ours, or a program.
    Own,
    /// A page of another server that the settings know.
    Allowed(HeaderValue),
    /// Any other page.
    Foreign(String),
}

impl Sender {
    /// Reads the `Origin` of a request.
    pub(super) fn of(allowed: &[Origin], client: &Client, headers: &HeaderMap) -> Sender {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return Sender::by_site(headers);
        };
        let text = origin.to_str().unwrap_or("");
        let shown = || Sender::Foreign(text.chars().take(80).collect());
        if origins.next().is_some() {
            return shown();
        }
        if allowed.iter().any(|known| known.as_str() == text) {
            return Sender::Allowed(origin.clone());
        }
        match is_own_origin(client, text) {
            true => Sender::by_site(headers),
            false => shown(),
        }
    }

    /// Browsers say from which site a request comes, also where they name no origin.
    fn by_site(headers: &HeaderMap) -> Sender {
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        match site {
            Some(b"cross-site" | b"same-site") => Sender::Foreign("of another site".into()),
            _ => Sender::Own,
        }
    }

    /// Refuses changes and sockets that a browser asks for on behalf of another site.
    ///
    /// A page that the settings allow must show a token: what the browser adds by itself, such
    /// as a cookie, is no proof that its user meant it.
    pub(super) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
        let is_read = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if is_read && !headers.contains_key(header::UPGRADE) {
            return Ok(());
        }
        let refused = |detail: String| Err(ApiError::new(Code::ForeignOrigin, detail));
        match self {
            Sender::Own => Ok(()),
            Sender::Allowed(_) if has_bearer(headers) => Ok(()),
            Sender::Allowed(_) => refused(
                "a page of another origin may change things only with a token in the header \
                 authorization"
                    .into(),
            ),
            Sender::Foreign(shown) => refused(format!(
                "origin {shown:?} is not this server; behind a proxy that ends TLS, name the \
                 proxy in the setting server.trusted_proxies"
            )),
        }
    }
}

fn has_bearer(headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION);
    let scheme = value.and_then(|value| value.as_bytes().get(..7));
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
}

/// Returns whether a page with this origin came from the host that is asked now.
fn is_own_origin(client: &Client, origin: &str) -> bool {
    let scheme = if client.is_secure {
        "https://"
    } else {
        "http://"
    };
    let page = origin.strip_prefix(scheme).and_then(Authority::parse);
    let (Some(page), Some(host)) = (page, Authority::parse(&client.host)) else {
        return false;
    };
    page.host.eq_ignore_ascii_case(host.host)
        && page.port_or_usual(client.is_secure) == host.port_or_usual(client.is_secure)
}
