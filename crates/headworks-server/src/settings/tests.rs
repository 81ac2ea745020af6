//! What is taken, as what, and what is refused.

use super::*;

#[track_caller]
fn check<T: FromStr<Err = String> + ToString>(given: &[(&str, &str)], refused: &[&str]) {
    for (text, want) in given {
        let value = text.parse::<T>();
        assert_eq!(value.map(|value| value.to_string()), Ok((*want).to_owned()));
    }
    for text in refused {
        let error = text.parse::<T>().err().unwrap_or_else(|| panic!("{text}"));
        assert!(error.starts_with(&format!("{text:?}")), "{error}");
    }
}

#[test]
fn hosts_are_names_or_addresses() {
    check::<HostName>(
        &[
            ("HMI.plant.example", "hmi.plant.example"),
            ("hmi:8443", "hmi:8443"),
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:db8::1]:443", "[2001:db8::1]:443"),
        ],
        &[
            "",
            ":80",
            "a b",
            "http://a",
            "a/b",
            "a:b",
            "a:99999",
            "2001:db8::1",
            "*.a",
            "a\r\nb",
        ],
    );
}

#[test]
fn networks_have_a_length_and_never_hold_everybody() {
    check::<Network>(
        &[
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("fd00::/8", "fd00::/8"),
            ("::1", "::1/128"),
        ],
        &["", "10.0.0.0/33", "0.0.0.0/0", "::/0", "proxy", "10.0.0/8"],
    );
}

#[test]
fn base_paths_have_no_odd_parts() {
    check::<BasePath>(
        &[
            ("", ""),
            ("/", ""),
            ("/headworks", "/headworks"),
            ("/a/b_1/", "/a/b_1"),
        ],
        &[
            "a", "//", "/a//b", "/..", "/a/../b", "/a b", "/%2e", "/a\"b", "/ä",
        ],
    );
    let base: BasePath = "/hw".parse().unwrap();
    for (path, rest) in [
        ("/hw", Some("/")),
        ("/hw/", Some("/")),
        ("/hw/api", Some("/api")),
    ] {
        assert_eq!(base.strip(path), rest);
    }
    for path in ["/", "/hwx", "/h", "/api", "/HW/api"] {
        assert_eq!(base.strip(path), None, "{path}");
    }
    assert_eq!(BasePath::default().strip("/api"), Some("/api"));
}

#[test]
fn origins_are_written_as_browsers_write_them() {
    check::<Origin>(
        &[
            ("https://Portal.example", "https://portal.example"),
            ("https://portal.example:443", "https://portal.example"),
            ("http://portal.example:8080", "http://portal.example:8080"),
        ],
        &[
            "",
            "*",
            "null",
            "portal.example",
            "ftp://a",
            "https://a/",
            "https://*.a",
            "https://a b",
        ],
    );
}

#[test]
fn others_reach_the_server_without_tls_only_when_that_was_asked_for() {
    let settings = |listen: &str| ServerSettings {
        listen: listen.parse().unwrap(),
        ..ServerSettings::default()
    };
    for loopback in [
        "127.0.0.1:0",
        "127.9.9.9:80",
        "[::1]:80",
        "[::ffff:127.0.0.1]:80",
    ] {
        assert!(settings(loopback).check().is_ok(), "{loopback}");
    }
    for open in [
        "0.0.0.0:0",
        "[::]:0",
        "192.0.2.1:80",
        "[::ffff:192.0.2.1]:80",
    ] {
        let mut settings = settings(open);
        let text = settings.check().unwrap_err().to_string();
        assert!(
            text.contains("server.tls") && text.contains("allow_plain_http"),
            "{text}"
        );
        settings.allow_plain_http = true;
        assert!(settings.check().is_ok());
        settings.allow_plain_http = false;
        settings.tls = TlsSettings::SelfSigned {
            directory: "tls".into(),
        };
        assert!(settings.check().is_ok());
    }
}
