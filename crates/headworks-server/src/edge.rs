//! What every request passes: who asks, the check of host and origin, how often, a request id,
//! the security headers.

mod client;
mod headers;
mod hosts;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

pub(crate) use client::{Client, Peer, is_trusted};
use headers::Headers;
pub(crate) use headers::{PictureAnswer, ReferencePage};
use hosts::Sender;

use crate::app::App;
use crate::limits::{AddressKey, RateLimiter};
use crate::parse;
use crate::problem::{ApiError, Code};
use crate::settings::{BasePath, HostName, Network, Origin, ServerSettings};

/// Addresses whose requests are counted.
const ADDRESSES_MAX: usize = 16_384;

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

/// A request whose path does not begin with the base path.
#[derive(Clone, Debug)]
struct Beside;

/// What the settings say of every request.
pub(crate) struct Edge {
    port: u16,
    hosts: Vec<HostName>,
    proxies: Vec<Network>,
    base_path: BasePath,
    cors_origins: Vec<Origin>,
    frame_sources: Vec<Origin>,
    headers: Headers,
    rates: Option<RateLimiter<AddressKey>>,
}

impl Edge {
    /// Returns the edge of a server that listens on `port`.
    pub(crate) fn new(settings: &ServerSettings, port: u16) -> Edge {
        Edge {
            port,
            hosts: settings.hosts.clone(),
            proxies: settings.trusted_proxies.clone(),
            base_path: settings.base_path.clone(),
            cors_origins: settings.cors_origins.clone(),
            frame_sources: settings.frame_sources.clone(),
            headers: Headers::new(settings),
            rates: settings.limits.rates(ADDRESSES_MAX),
        }
    }

    /// Returns what all paths begin with.
    pub(crate) fn base_path(&self) -> &BasePath {
        &self.base_path
    }

    /// Returns the servers whose pages dashboards may show in frames.
    pub(crate) fn frame_sources(&self) -> &[Origin] {
        &self.frame_sources
    }

    /// Prepares a request before it is routed: its connection, and its path below the base path.
    pub(crate) fn enter<B>(&self, peer: Peer, request: &mut axum::http::Request<B>) {
        request.extensions_mut().insert(peer);
        if self.base_path.as_str().is_empty() {
            return;
        }
        match below(&self.base_path, request.uri()) {
            Some(uri) => *request.uri_mut() = uri,
            None => drop(request.extensions_mut().insert(Beside)),
        }
    }

    /// Puts the base path in front of the place that an answer names.
    fn place_below(&self, headers: &mut HeaderMap) {
        let base = self.base_path.as_str();
        let place = headers
            .get(header::LOCATION)
            .and_then(|place| place.to_str().ok());
        let Some(place) = place.filter(|place| !base.is_empty() && place.starts_with('/')) else {
            return;
        };
        if let Ok(place) = HeaderValue::from_str(&format!("{base}{place}")) {
            headers.insert(header::LOCATION, place);
        }
    }

    /// Finds out who asks, and whether this may be asked.
    fn admit(&self, request: &mut Request, now: Instant) -> Result<(Client, Sender), ApiError> {
        let peer = request.extensions().get::<Peer>().copied();
        let peer = peer.ok_or_else(|| ApiError::new(Code::Internal, "no connection"))?;
        let headers = request.headers();
        let client = peer.client(&self.proxies, request.uri(), headers)?;
        self.check_rate(&client, now)?;
        hosts::check_host(&self.hosts, self.port, peer, &client)?;
        let sender = Sender::of(&self.cors_origins, &client, headers);
        sender.check(request.method(), headers)?;
        if request.extensions().get::<Beside>().is_some() {
            let base = self.base_path.as_str();
            let detail = format!("everything is below {base}/, as the setting base_path says");
            return Err(ApiError::new(Code::UnknownPath, detail));
        }
        if matches!(sender, Sender::Allowed(_)) {
            // Who the page is must show in its token, never in what the browser adds.
            request.headers_mut().remove(header::COOKIE);
        }
        request.extensions_mut().insert(client.clone());
        Ok((client, sender))
    }

    fn check_rate(&self, client: &Client, now: Instant) -> Result<(), ApiError> {
        let Some(rates) = &self.rates else {
            return Ok(());
        };
        let key = AddressKey::of(client.address);
        rates.check(key, now).map_err(ApiError::rate_limited)
    }
}

/// Returns the same address without the base path; nothing when it is beside.
fn below(base: &BasePath, uri: &Uri) -> Option<Uri> {
    let path = base.strip(uri.path())?;
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

/// Lets a request in and dresses its answer.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id: Arc<str> = app.next_request_id().into();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let verdict = app.edge.admit(&mut request, Instant::now());
    let is_secure = verdict.as_ref().is_ok_and(|(client, _)| client.is_secure)
        || request
            .extensions()
            .get::<Peer>()
            .is_some_and(|peer| peer.is_tls);
    let (mut response, sender) = match verdict {
        Ok((_, Sender::Allowed(origin))) if is_preflight(&request) => {
            (preflight(), Sender::Allowed(origin))
        }
        Ok((_, sender)) => {
            request.extensions_mut().insert(RequestId(id.clone()));
            (next.run(request).await, sender)
        }
        Err(error) => {
            parse::drain(request.into_body()).await;
            (error.into_response(&id), Sender::Own)
        }
    };
    app.edge.place_below(response.headers_mut());
    if response.status().is_server_error() {
        let status = response.status().as_u16();
        tracing::warn!(%method, path, status, request_id = %id, "request failed");
    }
    if let Sender::Allowed(origin) = &sender {
        headers::share(response.headers_mut(), origin);
    }
    if !app.edge.cors_origins.is_empty() {
        let origin = HeaderValue::from_static("origin");
        response.headers_mut().append(header::VARY, origin);
    }
    app.edge.headers.dress(&mut response, &id, is_secure);
    response
}

/// Returns whether a browser asks what a page of another origin may do.
fn is_preflight(request: &Request) -> bool {
    let asks = header::ACCESS_CONTROL_REQUEST_METHOD;
    request.method() == Method::OPTIONS && request.headers().contains_key(asks)
}

fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    headers::permit(response.headers_mut());
    response
}
