//! The headers that every answer carries.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::settings::{Origin, ServerSettings};

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

/// Marks the answer that is an uploaded picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PictureAnswer;

/// What an uploaded picture may do when somebody opens it by itself: draw, and nothing else.
const PICTURE_CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

/// The headers, as the settings want them.
pub(super) struct Headers {
    csp: HeaderValue,
    /// The same for the pages of the reference.
    reference_csp: HeaderValue,
    hsts: Option<HeaderValue>,
}

impl Headers {
    /// Returns the headers of a server of these settings.
    pub(super) fn new(settings: &ServerSettings) -> Headers {
        let framed = sources(&settings.frame_ancestors);
        let frames = sources(&settings.frame_sources);
        let hsts = settings.hsts;
        let hsts = (!hsts.is_zero()).then(|| format!("max-age={}", hsts.as_secs()));
        Headers {
            csp: csp(&framed, &frames, "'self'"),
            // The libraries write their styles as they draw; scripts stay files of this server.
            reference_csp: csp(&framed, "'none'", "'self' 'unsafe-inline'"),
            hsts: hsts.and_then(|text| HeaderValue::from_str(&text).ok()),
        }
    }

    /// Puts them on an answer.
    pub(super) fn dress(&self, response: &mut Response, id: &str, is_secure: bool) {
        let extensions = response.extensions();
        let is_reference = extensions.get::<ReferencePage>().is_some();
        let is_picture = extensions.get::<PictureAnswer>().is_some();
        let csp = match (is_picture, is_reference) {
            (true, _) => HeaderValue::from_static(PICTURE_CSP),
            (false, true) => self.reference_csp.clone(),
            (false, false) => self.csp.clone(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, csp);
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

/// Returns origins as a policy lists them.
fn sources(origins: &[Origin]) -> String {
    let origins: Vec<&str> = origins.iter().map(Origin::as_str).collect();
    match origins.as_slice() {
        [] => "'none'".to_owned(),
        some => some.join(" "),
    }
}

fn csp(framed: &str, frames: &str, styles: &str) -> HeaderValue {
    let text = format!(
        "default-src 'self'; script-src 'self'; style-src {styles}; img-src 'self' data:; \
         connect-src 'self'; object-src 'none'; frame-src {frames}; base-uri 'none'; \
         frame-ancestors {framed}; form-action 'self'"
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
