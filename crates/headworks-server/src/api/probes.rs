//! What orchestrators and load balancers ask.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use headworks_hub::{DiskLevel, HubStats};
use schemars::SchemaGenerator;

use crate::problem::ApiError;
use crate::route::{Answer, Call, SchemaOf};

/// A short text with a status.
pub(crate) struct Plain {
    status: StatusCode,
    media_type: &'static str,
    text: String,
}

impl Plain {
    /// Returns a text of a media type.
    pub(crate) fn of(media_type: &'static str, text: String) -> Plain {
        Plain {
            status: StatusCode::OK,
            media_type,
            text,
        }
    }
}

impl Answer for Plain {
    const STATUS: StatusCode = StatusCode::OK;
    const BODY: Option<(&'static str, SchemaOf)> =
        Some(("text/plain", SchemaGenerator::subschema_for::<String>));

    fn into_response(self) -> Result<Response, ApiError> {
        let mut response = Response::new(Body::from(self.text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let media_type = HeaderValue::from_static(self.media_type);
        headers.insert(header::CONTENT_TYPE, media_type);
        let no_store = HeaderValue::from_static("no-store");
        headers.insert(header::CACHE_CONTROL, no_store);
        Ok(response)
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

/// Answers while the process serves.
pub(crate) async fn healthz(_: Call) -> Result<Plain, ApiError> {
    Ok(Plain::of(TEXT, "ok\n".into()))
}

/// Answers whether samples can be stored; says in general terms why not.
pub(crate) async fn readyz(call: Call) -> Result<Plain, ApiError> {
    let app = &call.app;
    let reasons = reasons(
        &app.hub.stats(),
        app.hub.disk_level(),
        app.stop.is_cancelled(),
    );
    if reasons.is_empty() {
        return Ok(Plain::of(TEXT, "ready\n".into()));
    }
    Ok(Plain {
        status: StatusCode::SERVICE_UNAVAILABLE,
        ..Plain::of(TEXT, format!("not ready: {}\n", reasons.join(", ")))
    })
}

/// Nothing here names a path, a server or a device: everybody may ask.
fn reasons(stats: &HubStats, disk: DiskLevel, is_stopping: bool) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    if is_stopping {
        reasons.push("the server is stopping");
    }
    if stats.history_fault.is_some() || stats.historian.error.is_some() {
        reasons.push("samples cannot be stored");
    }
    if disk == DiskLevel::Critical {
        reasons.push("the disk is full");
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_keeps_samples_from_being_stored_counts() {
        let mut stats = HubStats::default();
        assert!(reasons(&stats, DiskLevel::Alarm, false).is_empty());
        assert_eq!(
            reasons(&stats, DiskLevel::Critical, false),
            ["the disk is full"]
        );
        assert_eq!(
            reasons(&stats, DiskLevel::Ok, true),
            ["the server is stopping"]
        );
        stats.historian.error = Some("/var/lib/secret: no space".into());
        let found = reasons(&stats, DiskLevel::Ok, false);
        assert_eq!(found, ["samples cannot be stored"]);
    }
}
