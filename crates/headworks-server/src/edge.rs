//! What every request passes: the check of host and origin, a request id, the security headers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::parse;
use crate::problem::{ApiError, Code};

/// The number of a request, as the log and the answer name it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// Returns the id that [`guard`] gave the request.
    pub(crate) fn of(extensions: &Extensions) -> Arc<str> {
        let id = extensions.get::<RequestId>();
        id.map_or_else(|| "-".into(), |id| id.0.clone())
    }
}

const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
    form-action 'self'";

/// Headers of every answer.
static SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CSP),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Lets a request in and dresses its answer.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id: Arc<str> = app.next_request_id().into();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let verdict = check_sender(app.address, &method, request.uri(), request.headers());
    let mut response = match verdict {
        Ok(()) => {
            request.extensions_mut().insert(RequestId(id.clone()));
            next.run(request).await
        }
        Err(error) => {
            parse::drain(request.into_body()).await;
            error.into_response(&id)
        }
    };
    if response.status().is_server_error() {
        let status = response.status().as_u16();
        tracing::warn!(%method, path, status, request_id = %id, "request failed");
    }
    dress(response.headers_mut(), &id);
    response
}

fn dress(headers: &mut HeaderMap, id: &str) {
    for (name, value) in &SECURITY_HEADERS {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Checks that the request was meant for this server, and that no foreign page sent it.
///
/// Without the check of the host, a foreign site could point its own name at 127.0.0.1 and read
/// the plant through the visitor's browser (DNS rebinding).
fn check_sender(
    address: SocketAddr,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|value| value.to_str().ok());
    let target = uri.authority().map(axum::http::uri::Authority::as_str);
    let known = match (host, target) {
        (None, None) => false,
        (host, target) => {
            let is_ours = |text: &str| is_own_authority(address, text);
            host.is_none_or(is_ours) && target.is_none_or(is_ours)
        }
    };
    if !known || hosts.next().is_some() {
        let shown: String = host.or(target).unwrap_or("").chars().take(80).collect();
        let detail = format!(
            "host {shown:?}; until accounts exist this server answers only to \
             localhost:{port}, 127.0.0.1:{port} and [::1]:{port}",
            port = address.port()
        );
        return Err(ApiError::new(Code::ForeignHost, detail));
    }
    let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if changes || headers.contains_key(header::UPGRADE) {
        check_origin(address, headers)?;
    }
    Ok(())
}

/// Refuses what a browser sends on behalf of another site; programs send no origin.
fn check_origin(address: SocketAddr, headers: &HeaderMap) -> Result<(), ApiError> {
    for origin in headers.get_all(header::ORIGIN) {
        let text = origin.to_str().unwrap_or("");
        let authority = text.strip_prefix("http://");
        if !authority.is_some_and(|text| is_own_authority(address, text)) {
            let shown: String = text.chars().take(80).collect();
            let detail = format!("origin {shown:?} is not this server");
            return Err(ApiError::new(Code::ForeignOrigin, detail));
        }
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    match site {
        Some(b"cross-site" | b"same-site") => {
            let detail = "the browser says that another site sent this request";
            Err(ApiError::new(Code::ForeignOrigin, detail))
        }
        _ => Ok(()),
    }
}

/// Returns whether `text` is a loopback name or address with the port of the server.
fn is_own_authority(address: SocketAddr, text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port_fits = match port {
        Some(port) => {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse() == Ok(address.port())
        }
        None => address.port() == 80,
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host_fits = match bare {
        Some(v6) => v6
            .parse()
            .is_ok_and(|ip| is_own_ip(address, IpAddr::V6(ip))),
        None => {
            host.eq_ignore_ascii_case("localhost")
                || host
                    .parse()
                    .is_ok_and(|ip| is_own_ip(address, IpAddr::V4(ip)))
        }
    };
    port_fits && host_fits
}

fn is_own_ip(address: SocketAddr, ip: IpAddr) -> bool {
    ip == address.ip()
        || ip == IpAddr::from([127, 0, 0, 1])
        || ip == IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(method: Method, uri: &str, headers: &[(&'static str, &str)]) -> Option<Code> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let address = "127.0.0.1:8080".parse().unwrap();
        check_sender(address, &method, &uri.parse().unwrap(), &map)
            .err()
            .map(|error| error.code())
    }

    #[test]
    fn only_loopback_names_with_the_port_are_hosts() {
        for host in [
            "localhost:8080",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
        ] {
            assert_eq!(verdict(Method::GET, "/", &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example:8080",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example:8080",
            "localhost",
            "localhost:80",
            "localhost:08080x",
            "localhost:+8080",
            "127.0.0.1",
            "127.1:8080",
            "0.0.0.0:8080",
            "2130706433:8080",
            "[::]:8080",
            "::1:8080",
            "[::ffff:127.0.0.1]:8080",
            "user@localhost:8080",
            "localhost:8080:8080",
            "",
        ] {
            let found = verdict(Method::GET, "/", &[("host", host)]);
            assert_eq!(found, Some(Code::ForeignHost), "{host}");
        }
        assert_eq!(verdict(Method::GET, "/", &[]), Some(Code::ForeignHost));
    }

    #[test]
    fn a_second_host_or_a_foreign_target_is_refused() {
        let twice = [("host", "localhost:8080"), ("host", "localhost:8080")];
        assert_eq!(verdict(Method::GET, "/", &twice), Some(Code::ForeignHost));
        let host = [("host", "localhost:8080")];
        let foreign = verdict(Method::GET, "http://evil.example:8080/", &host);
        assert_eq!(foreign, Some(Code::ForeignHost));
    }

    #[test]
    fn a_foreign_origin_may_neither_change_nor_open_sockets() {
        let host = ("host", "localhost:8080");
        let own = ("origin", "http://localhost:8080");
        assert_eq!(verdict(Method::POST, "/", &[host, own]), None);
        assert_eq!(verdict(Method::POST, "/", &[host]), None);
        for origin in [
            "null",
            "http://evil.example",
            "http://localhost:8081",
            "https://localhost:8080",
            "http://localhost:8080.evil.example",
            "",
        ] {
            let headers = [host, ("origin", origin)];
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                let found = verdict(method, "/", &headers);
                assert_eq!(found, Some(Code::ForeignOrigin), "{origin}");
            }
            let upgrade = [host, ("origin", origin), ("upgrade", "websocket")];
            let found = verdict(Method::GET, "/ws", &upgrade);
            assert_eq!(found, Some(Code::ForeignOrigin), "{origin}");
        }
        let fetched = [host, ("sec-fetch-site", "cross-site")];
        let found = verdict(Method::POST, "/", &fetched);
        assert_eq!(found, Some(Code::ForeignOrigin));
    }
}
