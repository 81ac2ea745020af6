//! Hosts, origins, proxies: with given connections, every spelling.

use std::net::SocketAddr;

use super::*;
use crate::settings::Limits;

/// The client of the tests: nobody in particular, over plain HTTP.
fn peer(local: &str) -> Peer {
    let local: SocketAddr = local.parse().unwrap();
    let address = match local.ip().is_loopback() {
        true => local.ip(),
        false => "192.0.2.77".parse().unwrap(),
    };
    Peer::new((address, 50_000).into(), local, false)
}

fn edge(change: impl FnOnce(&mut ServerSettings)) -> Edge {
    let mut settings = ServerSettings::default();
    change(&mut settings);
    Edge::new(&settings, 8080)
}

fn ask(
    edge: &Edge,
    peer: Peer,
    method: Method,
    uri: &str,
    headers: &[(&'static str, &str)],
) -> Result<Request, Code> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = uri.parse().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    edge.enter(peer, &mut request);
    let admitted = edge.admit(&mut request, Instant::now());
    admitted.map(|_| request).map_err(|error| error.code())
}

fn verdict(method: Method, uri: &str, headers: &[(&'static str, &str)]) -> Option<Code> {
    ask(&edge(|_| {}), peer("127.0.0.1:8080"), method, uri, headers).err()
}

#[test]
fn only_loopback_names_with_the_port_are_hosts() {
    for host in [
        "localhost:8080",
        "LOCALHOST:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
    ] {
        assert_eq!(verdict(Method::GET, "/", &[("host", host)]), None, "{host}");
    }
    for host in [
        "evil.example:8080",
        "127.0.0.1.evil.example:8080",
        "localhost.evil.example:8080",
        "localhost",
        "localhost:80",
        "localhost:08080x",
        "localhost:+8080",
        "127.0.0.1",
        "127.1:8080",
        "0.0.0.0:8080",
        "2130706433:8080",
        "[::]:8080",
        "::1:8080",
        "[::ffff:127.0.0.1]:8080",
        "user@localhost:8080",
        "localhost:8080:8080",
        "192.0.2.1:8080",
        "",
    ] {
        let found = verdict(Method::GET, "/", &[("host", host)]);
        assert_eq!(found, Some(Code::ForeignHost), "{host}");
    }
    assert_eq!(verdict(Method::GET, "/", &[]), Some(Code::ForeignHost));
}

#[test]
fn on_a_network_the_address_that_was_reached_and_the_names_of_the_settings_are_hosts() {
    let edge = edge(|settings| {
        let names = ["hmi.plant.example", "other.example:8443", "203.0.113.9:80"];
        settings.hosts = names.map(|name| name.parse().unwrap()).into();
    });
    let answers = |host: &str| {
        let peer = peer("192.0.2.1:8080");
        ask(&edge, peer, Method::GET, "/", &[("host", host)]).is_ok()
    };
    for host in [
        "192.0.2.1:8080",
        "localhost:8080",
        "HMI.plant.example:8080",
        "hmi.plant.example",
        "hmi.plant.example:80",
        "other.example:8443",
        "203.0.113.9",
    ] {
        assert!(answers(host), "{host}");
    }
    for host in [
        "192.0.2.1",
        "192.0.2.2:8080",
        "0.0.0.0:8080",
        "hmi.plant.example:9",
        "hmi.plant.example.evil.example",
        "evil.hmi.plant.example",
        "other.example",
        "203.0.113.9:8080",
    ] {
        assert!(!answers(host), "{host}");
    }
}

#[test]
fn a_second_host_or_a_foreign_target_is_refused() {
    let twice = [("host", "localhost:8080"), ("host", "localhost:8080")];
    assert_eq!(verdict(Method::GET, "/", &twice), Some(Code::ForeignHost));
    let host = [("host", "localhost:8080")];
    let foreign = verdict(Method::GET, "http://evil.example:8080/", &host);
    assert_eq!(foreign, Some(Code::ForeignHost));
    let own = verdict(Method::GET, "http://localhost:8080/", &host);
    assert_eq!(own, None);
    // HTTP/2 has the target alone.
    assert_eq!(verdict(Method::GET, "http://localhost:8080/", &[]), None);
    let foreign = verdict(Method::GET, "http://evil.example:8080/", &[]);
    assert_eq!(foreign, Some(Code::ForeignHost));
}

#[test]
fn a_foreign_origin_may_neither_change_nor_open_sockets() {
    let host = ("host", "localhost:8080");
    let own = ("origin", "http://localhost:8080");
    assert_eq!(verdict(Method::POST, "/", &[host, own]), None);
    assert_eq!(verdict(Method::POST, "/", &[host]), None);
    for origin in [
        "null",
        "http://evil.example",
        "http://localhost:8081",
        "http://127.0.0.1:8080",
        "https://localhost:8080",
        "http://localhost:8080.evil.example",
        "http://localhost:8080/",
        "",
    ] {
        let headers = [host, ("origin", origin), ("authorization", "Bearer x")];
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let found = verdict(method, "/", &headers);
            assert_eq!(found, Some(Code::ForeignOrigin), "{origin}");
        }
        let upgrade = [host, ("origin", origin), ("upgrade", "websocket")];
        let found = verdict(Method::GET, "/ws", &upgrade);
        assert_eq!(found, Some(Code::ForeignOrigin), "{origin}");
    }
    for site in ["cross-site", "same-site"] {
        let fetched = [host, ("sec-fetch-site", site)];
        let found = verdict(Method::POST, "/", &fetched);
        assert_eq!(found, Some(Code::ForeignOrigin));
    }
}

#[test]
fn a_page_of_the_list_may_change_with_a_token_and_never_by_cookie() {
    let edge = edge(|settings| {
        settings.cors_origins = vec!["https://portal.example".parse().unwrap()];
    });
    let sent = |origin: &str, more: &[(&'static str, &str)]| {
        let mut headers = vec![("host", "localhost:8080"), ("origin", origin)];
        headers.extend_from_slice(more);
        ask(&edge, peer("127.0.0.1:8080"), Method::POST, "/", &headers)
    };
    let portal = "https://portal.example";
    let with_cookie = [("cookie", "session=1"), ("sec-fetch-site", "cross-site")];
    assert_eq!(sent(portal, &with_cookie).err(), Some(Code::ForeignOrigin));
    let basic = [("authorization", "Basic x")];
    assert_eq!(sent(portal, &basic).err(), Some(Code::ForeignOrigin));
    let bearer = [
        ("authorization", "bearer x"),
        ("cookie", "session=1"),
        ("sec-fetch-site", "cross-site"),
    ];
    let request = sent(portal, &bearer).unwrap();
    assert!(!request.headers().contains_key("cookie"));
    assert!(request.headers().contains_key("authorization"));
    for other in [
        "http://portal.example",
        "https://portal.example:444",
        "null",
    ] {
        assert_eq!(sent(other, &bearer).err(), Some(Code::ForeignOrigin));
    }
}

/// Returns the client of a request that comes from `from`, with these headers.
#[track_caller]
fn client(from: &str, headers: &[(&'static str, &str)]) -> (String, bool, String) {
    let proxies: Vec<Network> = ["10.0.0.0/8", "fd00::/8"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let mut map = HeaderMap::new();
    map.insert(header::HOST, HeaderValue::from_static("HMI.example"));
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    let from = SocketAddr::new(from.parse().unwrap(), 50_000);
    let peer = Peer::new(from, "10.9.9.9:80".parse().unwrap(), false);
    let client = peer.client(&proxies, &Uri::from_static("/"), &map).unwrap();
    (
        client.address.to_string(),
        client.is_secure,
        client.host.to_string(),
    )
}

#[test]
fn forwarding_headers_of_anybody_else_mean_nothing() {
    let spoofed = [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "localhost"),
        ("forwarded", "for=127.0.0.1;proto=https"),
        ("x-real-ip", "127.0.0.1"),
    ];
    for from in ["203.0.113.5", "2001:db8::5", "127.0.0.1"] {
        let want = (from.to_owned(), false, "hmi.example".to_owned());
        assert_eq!(client(from, &spoofed), want);
    }
}

#[test]
fn of_a_trusted_proxy_the_nearest_address_that_is_no_proxy_counts() {
    let address = |lines: &[&str]| {
        let headers: Vec<_> = lines
            .iter()
            .map(|line| ("x-forwarded-for", *line))
            .collect();
        client("10.0.0.1", &headers).0
    };
    assert_eq!(address(&[]), "10.0.0.1");
    assert_eq!(address(&["203.0.113.5"]), "203.0.113.5");
    // What the client wrote itself stands further left.
    assert_eq!(address(&["127.0.0.1, 203.0.113.5"]), "203.0.113.5");
    assert_eq!(address(&["127.0.0.1", "203.0.113.5"]), "203.0.113.5");
    assert_eq!(address(&["1.1.1.1, 203.0.113.5, 10.0.0.2"]), "203.0.113.5");
    assert_eq!(address(&["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    assert_eq!(address(&["203.0.113.5:4711"]), "203.0.113.5");
    assert_eq!(address(&["[2001:db8::5]:4711"]), "2001:db8::5");
    assert_eq!(address(&["[2001:db8::5]"]), "2001:db8::5");
    assert_eq!(address(&["::ffff:203.0.113.5"]), "203.0.113.5");
    // What cannot be read ends the walk at the last hop that is known.
    assert_eq!(address(&["203.0.113.5, unknown"]), "10.0.0.1");
    assert_eq!(address(&["203.0.113.5, _hidden, 10.0.0.2"]), "10.0.0.2");
    assert_eq!(address(&["203.0.113.5,"]), "10.0.0.1");
}

#[test]
fn a_trusted_proxy_says_scheme_and_host() {
    let told = |proto: &str, host: &str| {
        let headers = [("x-forwarded-proto", proto), ("x-forwarded-host", host)];
        let (_, is_secure, host) = client("fd00::1", &headers);
        (is_secure, host)
    };
    assert_eq!(told("https", "a.example"), (true, "a.example".into()));
    assert_eq!(told("HTTPS", "x, A.example"), (true, "a.example".into()));
    assert_eq!(told("http", "a.example"), (false, "a.example".into()));
    assert_eq!(told("https, http", ""), (false, "hmi.example".into()));
    assert_eq!(told("httpsx", ""), (false, "hmi.example".into()));
}

#[test]
fn a_page_behind_a_proxy_with_tls_is_our_own() {
    let edge = edge(|settings| {
        settings.hosts = vec!["hmi.example".parse().unwrap()];
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let sent = |proto: &str, origin: &str| {
        let headers = [
            ("host", "hmi.example"),
            ("origin", origin),
            ("x-forwarded-proto", proto),
            ("x-forwarded-for", "203.0.113.5"),
        ];
        ask(&edge, peer("127.0.0.1:8080"), Method::POST, "/", &headers)
    };
    let request = sent("https", "https://hmi.example").unwrap();
    let client = Client::of(request.extensions());
    assert_eq!(client.address.to_string(), "203.0.113.5");
    assert!(client.is_secure);
    assert_eq!(&*client.host, "hmi.example");
    for (proto, origin) in [
        ("http", "https://hmi.example"),
        ("https", "http://hmi.example"),
        ("https", "https://hmi.example:8443"),
    ] {
        assert_eq!(sent(proto, origin).err(), Some(Code::ForeignOrigin));
    }
}

#[test]
fn paths_lose_the_base_path_and_keep_their_query() {
    let edge = edge(|settings| settings.base_path = "/plant/hub".parse().unwrap());
    let asked = |uri: &str| {
        let host = [("host", "localhost:8080")];
        let request = ask(&edge, peer("127.0.0.1:8080"), Method::GET, uri, &host);
        request.map(|request| request.uri().to_string())
    };
    for (uri, want) in [
        ("/plant/hub", "/"),
        ("/plant/hub/", "/"),
        ("/plant/hub/api/v1/tags?limit=1", "/api/v1/tags?limit=1"),
        ("/plant/hub?x", "/?x"),
        ("/plant/hub//etc", "//etc"),
        ("/plant/hub/..%2fapi", "/..%2fapi"),
    ] {
        assert_eq!(asked(uri).as_deref(), Ok(want), "{uri}");
    }
    for uri in [
        "/",
        "/plant",
        "/plant/hubx",
        "/api/v1/tags",
        "/plant/%68ub",
        "/x/plant/hub/",
    ] {
        assert_eq!(asked(uri).err(), Some(Code::UnknownPath), "{uri}");
    }
}

#[test]
fn too_many_requests_are_refused_with_a_time() {
    let edge = edge(|settings| {
        settings.limits = Limits {
            requests_per_second: 1,
            ..Limits::default()
        };
    });
    let host = [("host", "localhost:8080")];
    let peer = peer("127.0.0.1:8080");
    let passed = (0..10).filter(|_| ask(&edge, peer, Method::GET, "/", &host).is_ok());
    assert_eq!(passed.count(), 4);
    let refused = ask(&edge, peer, Method::GET, "/", &host).err();
    assert_eq!(refused, Some(Code::RateLimited));
}
