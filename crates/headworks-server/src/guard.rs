//! Who asks, and whether they may: passed by every request of the table before its handler, which
//! finds the [`Caller`] in the extensions.

use axum::http::{Extensions, HeaderMap, HeaderValue, header};
use headworks_access::{Caller, Via};

use crate::app::App;
use crate::cookies;
use crate::problem::{ApiError, Code};
use crate::route::{Permission, Route};

/// Returns who presents a token: in the header, as programs do, or else in a cookie.
pub(crate) fn recognise(app: &App, headers: &HeaderMap) -> Option<Caller> {
    let now_us = app.hub.clock().now_us();
    let token = match headers.get(header::AUTHORIZATION) {
        Some(header) => bearer(header)?,
        None => cookies::access(headers, app.address.port())?,
    };
    app.access.check(token, now_us)
}

fn bearer(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// Checks that the caller may ask the route.
pub(crate) fn check(caller: Option<&Caller>, route: &Route) -> Result<(), ApiError> {
    if route.permission == Permission::Open {
        return Ok(());
    }
    let caller = caller.ok_or_else(not_signed_in)?;
    if caller.must_change_password && route.permission != Permission::SignedIn {
        let detail = "choose a new password first: PUT /api/v1/session/password";
        return Err(ApiError::new(Code::PasswordChangeNeeded, detail));
    }
    let forbidden = |detail: String| Err(ApiError::new(Code::Forbidden, detail));
    match route.permission.of_role() {
        Some(needed) if !caller.rights.may(needed) => {
            let (name, role, what) = (&caller.name, caller.rights.role(), needed.name());
            forbidden(format!("{name} is {role}, who may not {what}"))
        }
        Some(_) if caller.rights.is_narrowed() && !route.is_narrow => {
            forbidden("the token sees a part of the tags and may ask only for tags".into())
        }
        None if matches!(caller.via, Via::Token { .. }) && !route.is_narrow => {
            forbidden("a token cannot do this; sign in with a name and a password".into())
        }
        Some(_) | None => Ok(()),
    }
}

/// Returns the error of a request by nobody.
pub(crate) fn not_signed_in() -> ApiError {
    let detail = "sign in, or send a token in the header authorization: Bearer TOKEN";
    ApiError::new(Code::NotSignedIn, detail)
}

/// Returns who asks, as the audit journal names them.
pub(crate) fn caller_of(extensions: &Extensions) -> Option<&Caller> {
    extensions.get::<Caller>()
}
