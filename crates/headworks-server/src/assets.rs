//! The web UI: files embedded at build time, looked up by their exact path.
//!
//! There is no file system behind a URL, so no path can leave it.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::problem::{ApiError, Code};
use crate::settings::BasePath;

/// A file of the web UI.
pub(crate) struct Asset {
    /// Path in URLs.
    pub path: &'static str,
    /// Tells versions apart.
    pub hash: &'static str,
    /// The file.
    pub plain: &'static [u8],
    /// The file, compressed with Brotli.
    pub brotli: Option<&'static [u8]>,
    /// The file, compressed with gzip.
    pub gzip: Option<&'static [u8]>,
}

/// The files of the built UI, sorted by path; empty when it was not built.
pub(crate) static EMBEDDED: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const NOT_BUILT: &str = include_str!("assets/not_built.html");

/// Answers a request for a file or a page of the UI.
///
/// Pages are routed in the browser, so an unknown path that asks for HTML gets `index.html`.
pub(crate) fn serve(
    assets: &'static [Asset],
    base: &BasePath,
    request: &Request,
) -> Result<Response, ApiError> {
    let path = request.uri().path();
    let wanted = if path == "/" { "/index.html" } else { path };
    let is_read = [Method::GET, Method::HEAD].contains(request.method());
    if let Some(asset) = find(assets, wanted) {
        return if is_read {
            Ok(file_below(asset, base, request.headers()))
        } else {
            let method = request.method().as_str();
            Err(ApiError::method_not_allowed(method, "GET, HEAD"))
        };
    }
    if is_read && is_page(path) && accepts_html(request.headers()) {
        return Ok(match find(assets, "/index.html") {
            Some(index) => file_below(index, base, request.headers()),
            None => not_built(),
        });
    }
    let shown: String = path.chars().take(200).collect();
    Err(ApiError::new(
        Code::UnknownPath,
        format!("there is no {shown:?}"),
    ))
}

fn find(assets: &'static [Asset], path: &str) -> Option<&'static Asset> {
    let at = assets.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    assets.get(at)
}

/// Returns whether a path can be a page: no file name with an ending, and nothing odd in it.
fn is_page(path: &str) -> bool {
    let Some(decoded) = decode(path) else {
        return false;
    };
    let odd = ["..", "//", "\\", "%", ":"];
    let last = decoded.rsplit('/').next().unwrap_or_default();
    !last.contains('.')
        && !decoded.starts_with("/assets/")
        && !odd.iter().any(|odd| decoded.contains(odd))
        && !decoded.chars().any(char::is_control)
}

/// Decodes percent signs; nothing when that gives no UTF-8.
fn decode(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accepts = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        text.contains("text/html") || text.contains("*/*")
    };
    headers.get(header::ACCEPT).is_none_or(accepts)
}

/// Answers with a file; the page, which alone names others from the root, gets the base path.
fn file_below(asset: &'static Asset, base: &BasePath, headers: &HeaderMap) -> Response {
    if asset.path != "/index.html" || base.as_str().is_empty() {
        return file(asset, headers);
    }
    let text = String::from_utf8_lossy(asset.plain);
    let (src, href) = (format!("src=\"{base}/"), format!("href=\"{base}/"));
    let page = text.replace("src=\"/", &src).replace("href=\"/", &href);
    let mut response = Response::new(Body::from(page));
    let headers = response.headers_mut();
    let html = HeaderValue::from_static(media_type(asset.path));
    headers.insert(header::CONTENT_TYPE, html);
    let caching = HeaderValue::from_static("no-cache");
    headers.insert(header::CACHE_CONTROL, caching);
    response
}

fn file(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let (bytes, encoding) = choose(asset, headers);
    let tag = format!(
        "\"{}{}\"",
        asset.hash,
        encoding.map_or("", |name| &name[..1])
    );
    let fresh = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    let mut response = if fresh {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(Bytes::from_static(bytes)))
    };
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(asset.path)),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Names under /assets/ hold a hash of the content, so a new content has a new name.
    let caching = if asset.path.starts_with("/assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn choose(asset: &Asset, headers: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
    let accepted: Vec<&str> = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(accepted_coding)
        .collect();
    let takes = |name: &str| {
        accepted
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    match (asset.brotli, asset.gzip) {
        (Some(bytes), _) if takes("br") => (bytes, Some("br")),
        (_, Some(bytes)) if takes("gzip") => (bytes, Some("gzip")),
        _ => (asset.plain, None),
    }
}

/// Returns the name of a coding, or nothing when its weight is zero.
fn accepted_coding(entry: &str) -> Option<&str> {
    let mut parts = entry.split(';').map(str::trim);
    let name = parts.next()?;
    let refused = parts.any(|part| {
        let weight = part.strip_prefix("q=").map(str::parse::<f32>);
        matches!(weight, Some(Ok(weight)) if weight <= 0.0)
    });
    (!refused).then_some(name)
}

fn not_built() -> Response {
    let mut response = Response::new(Body::from(NOT_BUILT));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("ico") => "image/x-icon",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        Some("webmanifest") => "application/manifest+json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
