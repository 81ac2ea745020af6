//! The headers that every answer carries.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::settings::Origin;

/// Headers of every answer that are always the same.
static FIXED: [(HeaderName, &str); 5] = [
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
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
];

/// What programs of other origins may read of an answer.
const EXPOSED: &str = "etag, location, retry-after, x-request-id";
/// What they may send.
const ALLOWED_HEADERS: &str = "authorization, content-type, if-match, if-none-match, range";
const ALLOWED_METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

/// Marks the answer that is a page of the reference of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReferencePage;

/// The headers, as the settings want them.
pub(super) struct Headers {
    csp: HeaderValue,
    /// The same for the pages of the reference.
    reference_csp: HeaderValue,
    hsts: Option<HeaderValue>,
}

impl Headers {
    /// Returns the headers of a server whose pages these others may frame.
    pub(super) fn new(frame_ancestors: &[Origin], hsts: Duration) -> Headers {
        let framed: Vec<&str> = frame_ancestors.iter().map(Origin::as_str).collect();
        let framed = match framed.as_slice() {
            [] => "'none'".to_owned(),
            some => some.join(" "),
        };
        let hsts = (!hsts.is_zero()).then(|| format!("max-age={}", hsts.as_secs()));
        Headers {
            csp: csp(&framed, "'self'"),
            // The libraries write their styles as they draw; scripts stay files of this server.
            reference_csp: csp(&framed, "'self' 'unsafe-inline'"),
            hsts: hsts.and_then(|text| HeaderValue::from_str(&text).ok()),
        }
    }

    /// Puts them on an answer.
    pub(super) fn dress(&self, response: &mut Response, id: &str, is_secure: bool) {
        let csp = match response.extensions().get::<ReferencePage>() {
            Some(ReferencePage) => &self.reference_csp,
            None => &self.csp,
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, csp.clone());
        for (name, value) in &FIXED {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        if let (true, Some(hsts)) = (is_secure, &self.hsts) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert("x-request-id", id);
        }
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
}

fn csp(framed: &str, styles: &str) -> HeaderValue {
    let text = format!(
        "default-src 'self'; script-src 'self'; style-src {styles}; img-src 'self' data:; \
         connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors {framed}; \
         form-action 'self'"
    );
    // An origin has no character that a header cannot hold.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Lets pages of an allowed origin read an answer; never with cookies.
pub(super) fn share(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    let exposed = HeaderValue::from_static(EXPOSED);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// Says what pages of an allowed origin may send.
pub(super) fn permit(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
