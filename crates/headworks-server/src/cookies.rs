//! The cookies of a browser's session.
//!
//! Pages cannot read them, foreign pages cannot have them sent. Their names hold the port, because
//! browsers keep one jar for all ports of a host. Over TLS they have the prefix that binds them to
//! this host.

use axum::http::{HeaderMap, HeaderValue, header};
use headworks_access::Opened;

const ACCESS: &str = "headworks-access";
const REFRESH: &str = "headworks-refresh";
const SECURE_PREFIX: &str = "__Host-";

/// Returns the access token of a request.
pub(crate) fn access(headers: &HeaderMap, port: u16) -> Option<&str> {
    find(headers, ACCESS, port)
}

/// Returns the refresh token of a request.
pub(crate) fn refresh(headers: &HeaderMap, port: u16) -> Option<&str> {
    find(headers, REFRESH, port)
}

fn find<'a>(headers: &'a HeaderMap, name: &str, port: u16) -> Option<&'a str> {
    let plain = format!("{name}-{port}");
    let secure = format!("{SECURE_PREFIX}{plain}");
    let texts = headers.get_all(header::COOKIE).iter();
    let pairs = texts
        .filter_map(|text| text.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut found = None;
    for (name, value) in pairs {
        if name == secure {
            return Some(value);
        }
        if name == plain {
            found = Some(value);
        }
    }
    found
}

/// Returns the cookies of a session that was opened or refreshed.
pub(crate) fn of_session(
    opened: &Opened,
    port: u16,
    secure: bool,
    now_us: i64,
) -> Vec<HeaderValue> {
    let age_s = |until_us: i64| (until_us - now_us).max(0) / 1_000_000;
    let access_age_s = age_s(opened.access_until_us);
    let refresh_age_s = age_s(opened.refresh_until_us);
    let cookies = [
        cookie(ACCESS, port, secure, &opened.access_token, access_age_s),
        cookie(REFRESH, port, secure, &opened.refresh_token, refresh_age_s),
    ];
    cookies.into_iter().flatten().collect()
}

/// Returns the cookie of a wall screen's token.
pub(crate) fn of_kiosk(token: &str, port: u16, secure: bool, age_s: i64) -> Vec<HeaderValue> {
    cookie(ACCESS, port, secure, token, age_s)
        .into_iter()
        .collect()
}

/// Returns the cookies that end those of a session.
pub(crate) fn none(port: u16, secure: bool) -> Vec<HeaderValue> {
    let cookies = [ACCESS, REFRESH].map(|name| cookie(name, port, secure, "", 0));
    cookies.into_iter().flatten().collect()
}

fn cookie(name: &str, port: u16, secure: bool, value: &str, age_s: i64) -> Option<HeaderValue> {
    let (prefix, end) = if secure {
        (SECURE_PREFIX, "; Secure")
    } else {
        ("", "")
    };
    let text = format!(
        "{prefix}{name}-{port}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict{end}"
    );
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, text.parse().unwrap());
        headers
    }

    #[test]
    fn a_cookie_is_found_among_others_and_by_its_port() {
        let sent = headers("a=b; headworks-access-8080=one; headworks-access-81=two; x");
        assert_eq!(access(&sent, 8080), Some("one"));
        assert_eq!(access(&sent, 81), Some("two"));
        assert_eq!(access(&sent, 80), None);
        assert_eq!(refresh(&sent, 8080), None);
        assert_eq!(access(&HeaderMap::new(), 8080), None);
    }

    #[test]
    fn a_cookie_that_is_bound_to_the_host_wins() {
        let sent = headers("headworks-access-1=planted; __Host-headworks-access-1=own");
        assert_eq!(access(&sent, 1), Some("own"));
    }

    #[test]
    fn cookies_are_kept_from_pages_and_foreign_sites() {
        for secure in [false, true] {
            for cookie in none(8080, secure) {
                let text = cookie.to_str().unwrap();
                assert!(text.contains("; HttpOnly; SameSite=Strict") && text.contains("Path=/"));
                assert_eq!(text.starts_with("__Host-"), secure);
                assert_eq!(text.ends_with("; Secure"), secure);
            }
        }
    }
}
