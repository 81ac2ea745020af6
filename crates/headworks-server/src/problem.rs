//! Errors as the API answers them: problem details (RFC 9457) with a stable code.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use headworks_core::model::FieldError;
use schemars::JsonSchema;
use serde::Serialize;

use crate::limits::RetryAfter;

/// Why a request was not answered as asked.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    code: Code,
    detail: String,
    errors: Vec<FieldProblem>,
    /// Methods that the path knows, for `Allow`.
    allow: Option<String>,
    /// Revision that the object has, for `ETag`.
    revision: Option<u64>,
    /// Seconds until it may be tried again, for `Retry-After`.
    retry_after_s: Option<u64>,
}

/// One field that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct FieldProblem {
    /// JSON pointer into the request body, or the name of a query parameter after `?`.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// Problem details of an answer that is no success.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Problem<'a> {
    /// A URN that ends with the code.
    #[serde(rename = "type")]
    problem_type: String,
    /// The code in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// Stable name of the error, for programs.
    code: &'a str,
    /// What happened here, for people.
    detail: &'a str,
    /// The fields that cannot work, when fields are to blame.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(default)]
    errors: &'a [FieldProblem],
    /// Names the request in the log of the hub.
    request_id: &'a str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:ident, $title:literal;)*) => {
        /// The stable names of errors.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, as the documentation lists them.
            pub(crate) const ALL: &[Code] = &[$(Code::$name),*];

            /// Returns the name in answers.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// Returns the HTTP status.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Code::$name => StatusCode::$status,)* }
            }

            /// Returns the name in words.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    InvalidJson = "invalid_json", BAD_REQUEST, "The body is not valid JSON";
    /// The body is JSON of another shape, or a field holds what cannot work.
    InvalidBody = "invalid_body", UNPROCESSABLE_ENTITY, "The body does not fit";
    /// A query parameter is unknown or holds what cannot work.
    InvalidQuery = "invalid_query", BAD_REQUEST, "A query parameter does not fit";
    /// A header holds what cannot work.
    InvalidHeader = "invalid_header", BAD_REQUEST, "A header does not fit";
    /// The `Host` header names another server.
    ForeignHost = "foreign_host", MISDIRECTED_REQUEST, "The host is not this server";
    /// The `Origin` header names another site.
    ForeignOrigin = "foreign_origin", FORBIDDEN, "The origin is not this server";
    /// There is no such path.
    UnknownPath = "unknown_path", NOT_FOUND, "There is no such path";
    /// The settings do not provide for it.
    NotConfigured = "not_configured", CONFLICT, "The settings do not provide for it";
    /// Nobody is signed in, or no longer.
    NotSignedIn = "not_signed_in", UNAUTHORIZED, "Nobody is signed in";
    /// Name or password are wrong.
    SignInFailed = "sign_in_failed", UNAUTHORIZED, "Signing in did not work";
    /// A one-time password is needed too.
    OneTimeCodeNeeded = "code_needed", UNAUTHORIZED, "A one-time password is needed";
    /// The caller may not do this.
    Forbidden = "forbidden", FORBIDDEN, "The caller may not do this";
    /// The caller has to choose a new password before anything else.
    PasswordChangeNeeded = "password_change_needed", FORBIDDEN, "A new password is needed first";
    /// The name is taken already, or the last owner would go.
    AccountConflict = "account_conflict", CONFLICT, "The accounts do not allow this";
    /// What was asked of an alarm means nothing in its state.
    AlarmState = "alarm_state", CONFLICT, "The alarm is not in a state for this";
    /// There is no such object.
    NotFound = "not_found", NOT_FOUND, "There is no such object";
    /// The path knows other methods.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The path has no such method";
    /// The object was changed in between.
    Conflict = "conflict", PRECONDITION_FAILED, "The object was changed in between";
    /// Other objects rest on the object.
    InUse = "in_use", CONFLICT, "Other objects rest on this one";
    /// The body is too long.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too long";
    /// The body is of another media type.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE,
        "The body is not JSON by its content type";
    /// The path is a WebSocket and the request asks for none.
    UpgradeRequired = "upgrade_required", UPGRADE_REQUIRED, "The path is a WebSocket";
    /// The tag is not made to be written.
    NotWritable = "not_writable", CONFLICT, "The tag cannot be written";
    /// The device said no to a write.
    DeviceRefused = "device_refused", CONFLICT, "The device refused";
    /// The device did not answer in time.
    NoAnswer = "no_answer", GATEWAY_TIMEOUT, "The device did not answer";
    /// The link to the device is down or switched off.
    LinkDown = "link_down", CONFLICT, "The link is down";
    /// The hub has too much to do at present.
    Busy = "busy", SERVICE_UNAVAILABLE, "The hub is busy";
    /// The request took too long.
    Timeout = "timeout", SERVICE_UNAVAILABLE, "The request took too long";
    /// The client asked too often.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    /// The disk or the database failed.
    Storage = "storage_failed", SERVICE_UNAVAILABLE, "The store failed";
    /// The body ended before its end.
    BrokenBody = "broken_body", BAD_REQUEST, "The body broke off";
    /// As many as there may be are there.
    TooMany = "too_many", CONFLICT, "There is no room for more";
    /// A file can be read in two ways.
    Ambiguous = "ambiguous_file", UNPROCESSABLE_ENTITY, "The file can be read in two ways";
    /// A file is damaged or of another kind.
    UnreadableFile = "unreadable_file", UNPROCESSABLE_ENTITY, "The file cannot be read";
    /// A fault of the program.
    Internal = "internal", INTERNAL_SERVER_ERROR, "The hub failed";
}

impl ApiError {
    /// Returns the error of a code.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> ApiError {
        ApiError {
            code,
            detail: shortened(detail.into()),
            errors: Vec::new(),
            allow: None,
            revision: None,
            retry_after_s: match code {
                Code::Busy | Code::Timeout | Code::Storage => Some(1),
                _ => None,
            },
        }
    }

    /// Returns the error of a client that asked too often.
    pub(crate) fn rate_limited(wait: RetryAfter) -> ApiError {
        let seconds = wait.0.as_secs() + u64::from(wait.0.subsec_nanos() != 0);
        let detail = format!("too many requests; try again in {seconds} s");
        ApiError {
            retry_after_s: Some(seconds),
            ..ApiError::new(Code::RateLimited, detail)
        }
    }

    /// Returns the error of several fields of the body.
    pub(crate) fn fields(errors: Vec<FieldProblem>) -> ApiError {
        let detail = match errors.as_slice() {
            [one] if one.pointer.is_empty() => one.detail.clone(),
            [one] => format!("{}: {}", one.pointer, one.detail),
            several => format!("{} fields cannot work; see errors", several.len()),
        };
        ApiError {
            errors,
            ..ApiError::new(Code::InvalidBody, detail)
        }
    }

    /// Returns the error of one field of the body.
    pub(crate) fn field(pointer: impl Into<String>, detail: impl Into<String>) -> ApiError {
        ApiError::fields(vec![FieldProblem::new(pointer, detail)])
    }

    /// Returns the error of one query parameter.
    pub(crate) fn query(name: &str, detail: impl Into<String>) -> ApiError {
        let detail = detail.into();
        ApiError {
            errors: vec![FieldProblem::new(format!("?{name}"), detail.clone())],
            ..ApiError::new(Code::InvalidQuery, format!("{name}: {detail}"))
        }
    }

    /// Returns the same error about a field of the body, where it may stand there or in the query.
    #[must_use]
    pub(crate) fn in_body(self) -> ApiError {
        if self.code != Code::InvalidQuery {
            return self;
        }
        let moved = self.errors.into_iter().map(|error| {
            let name = error.pointer.trim_start_matches('?');
            FieldProblem::new(format!("/{name}"), error.detail)
        });
        ApiError::fields(moved.collect())
    }

    /// Returns the error of an object that does not exist.
    pub(crate) fn not_found(kind: impl std::fmt::Display, id: impl std::fmt::Display) -> ApiError {
        ApiError::new(Code::NotFound, format!("{kind} {id} does not exist"))
    }

    /// Returns the error of a method that the path does not know.
    pub(crate) fn method_not_allowed(method: &str, allow: &str) -> ApiError {
        let detail = format!("the path has no {method}; it has {allow}");
        ApiError {
            allow: Some(allow.into()),
            ..ApiError::new(Code::MethodNotAllowed, detail)
        }
    }

    /// Returns the error of a change that rests on an old revision.
    pub(crate) fn conflict(detail: impl Into<String>, found: Option<u64>) -> ApiError {
        ApiError {
            revision: found,
            ..ApiError::new(Code::Conflict, detail)
        }
    }

    /// Returns an internal error; `error` goes to the log, never to the client.
    pub(crate) fn internal(error: &dyn std::error::Error) -> ApiError {
        log(error);
        ApiError::new(
            Code::Internal,
            "the hub could not do this; its log says more",
        )
    }

    /// Returns the error of a disk or database; `error` goes to the log, never to the client.
    pub(crate) fn storage(error: &dyn std::error::Error) -> ApiError {
        log(error);
        let detail = "the disk or the database failed; the hub's log says more";
        ApiError::new(Code::Storage, detail)
    }

    /// Returns the error of a PostgreSQL that is away; `error` goes to the log.
    pub(crate) fn database_away(error: &dyn std::error::Error) -> ApiError {
        log(error);
        let detail = "the database does not answer; what needs it is refused until it does";
        ApiError::new(Code::Storage, detail)
    }

    /// Returns the stable code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// Returns what happened, for people.
    #[cfg(test)]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the fields to blame.
    #[cfg(test)]
    pub(crate) fn into_errors(self) -> Vec<FieldProblem> {
        self.errors
    }

    /// Returns the answer for the request `request_id`.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let status = self.code.status();
        let problem = Problem {
            problem_type: format!("urn:headworks:problem:{}", self.code.name()),
            title: self.code.title(),
            status: status.as_u16(),
            code: self.code.name(),
            detail: &self.detail,
            errors: &self.errors,
            request_id,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let media_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, media_type);
        if let Some(allow) = self.allow.and_then(|allow| allow.parse().ok()) {
            headers.insert(header::ALLOW, allow);
        }
        if let Some(revision) = self.revision {
            headers.insert(header::ETAG, etag(revision));
        }
        if self.code == Code::NotSignedIn {
            let scheme = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if self.code == Code::UpgradeRequired {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl FieldProblem {
    /// Returns the problem of a field.
    pub(crate) fn new(pointer: impl Into<String>, detail: impl Into<String>) -> FieldProblem {
        FieldProblem {
            pointer: shortened(pointer.into()),
            detail: shortened(detail.into()),
        }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> ApiError {
        ApiError::field(error.field, error.reason)
    }
}

/// Cuts what would send megabytes of a client's own text back to it.
fn shortened(mut text: String) -> String {
    const BYTES_MAX: usize = 1000;
    if BYTES_MAX < text.len() {
        text.truncate(text.floor_char_boundary(BYTES_MAX));
        text.push('…');
    }
    text
}

fn log(error: &dyn std::error::Error) {
    let (mut chain, mut source) = (error.to_string(), error.source());
    while let Some(cause) = source {
        chain = format!("{chain}: {cause}");
        source = cause.source();
    }
    tracing::error!(error = chain, "a request failed");
}

/// Returns the entity tag of a revision.
pub(crate) fn etag(revision: u64) -> HeaderValue {
    let text = format!("\"{revision}\"");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"0\""))
}
