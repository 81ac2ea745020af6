//! Reading of requests: query parameters, JSON bodies, `If-Match`; every mistake names its place.

mod strict;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::{Path, Segment};

use crate::problem::{ApiError, Code, FieldProblem};
use strict::Strict;

/// Most bytes of a request body.
pub(crate) const BODY_BYTES_MAX: usize = 8 << 20;

/// Reads query parameters into a flat structure.
pub(crate) fn query<Q: DeserializeOwned>(text: &str) -> Result<Q, ApiError> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    let reader = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let name = error.path().to_string();
        let detail = error.into_inner().to_string();
        let name = if name == "." {
            unknown_name(&detail)
        } else {
            name
        };
        ApiError::query(&name, detail)
    })
}

/// Finds the name in "unknown field `name`, expected ...", which has no path of its own.
fn unknown_name(detail: &str) -> String {
    detail.split('`').nth(1).unwrap_or_default().to_owned()
}

/// Reads a JSON body, which is always an object.
pub(crate) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    check_object(bytes)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Strict(&mut reader));
    let value = value.map_err(|error| {
        let pointer = pointer("", error.path());
        let error = error.into_inner();
        match is_only_misplaced(bytes, &error) {
            true => shape_error(pointer, &error),
            false => body_error(pointer, &error),
        }
    })?;
    reader
        .end()
        .map_err(|error| body_error(String::new(), &error))?;
    Ok(value)
}

/// Refuses lists, which serde would take for objects without names.
fn check_object(bytes: &[u8]) -> Result<(), ApiError> {
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return Ok(());
    }
    match serde_json::from_slice::<IgnoredAny>(bytes) {
        Ok(_) => Err(ApiError::field("", "a JSON object is needed")),
        Err(error) => Err(body_error(String::new(), &error)),
    }
}

/// Reads one part of a JSON body that stands at `place`.
pub(crate) fn json_part<T: DeserializeOwned>(
    place: &str,
    value: serde_json::Value,
) -> Result<T, FieldProblem> {
    if !value.is_object() {
        return Err(FieldProblem::new(place, "a JSON object is needed"));
    }
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let pointer = pointer(place, error.path());
        let detail = error.into_inner().to_string();
        FieldProblem::new(with_unknown_field(pointer, &detail), detail)
    })
}

/// Returns whether an error is about JSON of another shape although it says otherwise: where a name
/// of a list is needed, `serde_json` takes null and numbers for broken JSON.
fn is_only_misplaced(bytes: &[u8], error: &serde_json::Error) -> bool {
    let says_broken = error.to_string().starts_with("expected value");
    says_broken && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// Returns the error of JSON that is of another shape.
fn shape_error(pointer: String, error: &serde_json::Error) -> ApiError {
    let detail = error.to_string();
    ApiError::field(with_unknown_field(pointer, &detail), detail)
}

fn body_error(pointer: String, error: &serde_json::Error) -> ApiError {
    let detail = error.to_string();
    match error.classify() {
        serde_json::error::Category::Data => shape_error(pointer, error),
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => {
            ApiError::new(Code::InvalidJson, detail)
        }
        serde_json::error::Category::Io => ApiError::new(Code::InvalidJson, "the body broke off"),
    }
}

/// Completes the pointer of an unknown field, which stands in the object and not at the field.
fn with_unknown_field(pointer: String, detail: &str) -> String {
    match detail.strip_prefix("unknown field `") {
        Some(rest) => {
            let name = rest.split('`').next().unwrap_or_default();
            let escaped = escape(name);
            if pointer.ends_with(&format!("/{escaped}")) {
                pointer
            } else {
                format!("{pointer}/{escaped}")
            }
        }
        None => pointer,
    }
}

fn pointer(place: &str, path: &Path) -> String {
    let mut pointer = place.to_owned();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Escapes a name in a JSON pointer (RFC 6901, section 3).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads a body whole, up to [`BODY_BYTES_MAX`].
pub(crate) async fn read_body(body: Body) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|error| {
            let mut source = std::error::Error::source(&error);
            let mut too_long = false;
            while let Some(cause) = source {
                too_long |= cause.is::<http_body_util::LengthLimitError>();
                source = cause.source();
            }
            if too_long {
                let detail = format!("the body exceeds {} MiB", BODY_BYTES_MAX >> 20);
                ApiError::new(Code::BodyTooLarge, detail)
            } else {
                ApiError::new(Code::InvalidJson, "the body broke off")
            }
        })
}

/// Reads a short body that nobody wants, so that the connection can serve the next request.
pub(crate) async fn drain(body: Body) {
    const BYTES_MAX: usize = 64 << 10;
    let reading = axum::body::to_bytes(body, BYTES_MAX);
    // What is longer or slower is cut off with the connection.
    drop(tokio::time::timeout(Duration::from_secs(1), reading).await);
}

/// Refuses bodies that are not JSON by their own word.
///
/// A form on a foreign page can send `text/plain` without asking, so the type is no formality.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let found = headers.get(header::CONTENT_TYPE);
    let found = found.and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = found.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let shown: String = found.chars().take(80).collect();
    let detail = format!("content type {shown:?}; application/json is needed");
    Err(ApiError::new(Code::UnsupportedMediaType, detail))
}

/// Returns whether the client has what it asks for already, by `If-None-Match`.
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.and_then(|value| value.to_str().ok()).unwrap_or("");
    // A proxy that packs an answer makes its tag a weak one.
    let bare = |one: &str| one.trim().trim_start_matches("W/") == etag;
    known.split(',').any(bare)
}

/// Returns the revision that the client expects, from `If-Match`.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let digits = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    digits
        .and_then(|digits| digits.parse().ok())
        .map(Some)
        .ok_or_else(|| {
            let shown: String = text.chars().take(80).collect();
            let detail =
                format!("if-match {shown:?}; the revision in quotes is needed, e.g. \"3\"");
            ApiError::new(Code::InvalidHeader, detail)
        })
}

#[cfg(test)]
mod tests;
