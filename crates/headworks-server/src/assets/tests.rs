use axum::body::to_bytes;

use super::*;

static ASSETS: &[Asset] = &[
    Asset {
        path: "/assets/app-1a2b.js",
        hash: "00ff",
        plain: b"plain",
        brotli: Some(b"br"),
        gzip: Some(b"gz"),
    },
    Asset {
        path: "/index.html",
        hash: "0011",
        plain: b"<!doctype html>",
        brotli: None,
        gzip: Some(b"gz"),
    },
];

fn ask(assets: &'static [Asset], path: &str, headers: &[(&str, &str)]) -> Response {
    ask_with("GET", assets, path, headers)
}

fn ask_with(
    method: &str,
    assets: &'static [Asset],
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    serve(assets, &BasePath::default(), &request).unwrap_or_else(|error| error.into_response("1"))
}

async fn body(response: Response) -> Bytes {
    to_bytes(response.into_body(), 1 << 20).await.unwrap()
}

#[tokio::test]
async fn the_best_accepted_coding_is_sent() {
    for (accepted, want, coding) in [
        ("gzip, deflate, br, zstd", "br", Some("br")),
        ("GZIP", "gz", Some("gzip")),
        ("br;q=0, gzip;q=0.5", "gz", Some("gzip")),
        ("identity", "plain", None),
        ("brr", "plain", None),
    ] {
        let response = ask(
            ASSETS,
            "/assets/app-1a2b.js",
            &[("accept-encoding", accepted)],
        );
        let found = response.headers().get(header::CONTENT_ENCODING).cloned();
        assert_eq!(found.as_ref().map(|v| v.to_str().unwrap()), coding);
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        assert_eq!(body(response).await, want, "{accepted}");
    }
}

#[tokio::test]
async fn a_known_version_is_not_sent_again() {
    let first = ask(ASSETS, "/", &[("accept-encoding", "gzip")]);
    assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache");
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    for known in [tag.clone(), format!("\"x\", W/{tag}")] {
        let headers = [
            ("accept-encoding", "gzip"),
            ("if-none-match", known.as_str()),
        ];
        let second = ask(ASSETS, "/", &headers);
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
        assert!(body(second).await.is_empty());
    }
    // The same file in another coding is another representation.
    let plain = ask(ASSETS, "/", &[("if-none-match", &tag)]);
    assert_eq!(plain.status(), StatusCode::OK);
}

#[test]
fn hashed_names_are_kept_for_good() {
    let response = ask(ASSETS, "/assets/app-1a2b.js", &[]);
    let caching = response.headers()[header::CACHE_CONTROL].to_str().unwrap();
    assert!(caching.contains("immutable"));
}

#[tokio::test]
async fn pages_get_the_index_and_files_do_not() {
    let html = [("accept", "text/html,*/*;q=0.8")];
    for page in ["/tags", "/d/boiler-house", "/connections/0192%20x"] {
        assert_eq!(
            body(ask(ASSETS, page, &html)).await,
            "<!doctype html>",
            "{page}"
        );
    }
    for file in ["/assets/gone-99.js", "/favicon.ico", "/tags/x.js"] {
        assert_eq!(
            ask(ASSETS, file, &html).status(),
            StatusCode::NOT_FOUND,
            "{file}"
        );
    }
    let json = [("accept", "application/json")];
    assert_eq!(ask(ASSETS, "/tags", &json).status(), StatusCode::NOT_FOUND);
}

#[test]
fn no_spelling_of_a_parent_directory_is_a_page() {
    let html = [("accept", "text/html")];
    for path in [
        "/../etc/passwd",
        "/assets/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%2E%2E%5Cwindows",
        "/..;/etc/passwd",
        "/....//....//etc/passwd",
        "/%252e%252e/etc/passwd",
        "/.%00./etc/passwd",
        "//etc/passwd",
        "/etc/passwd%00.html",
        "/..%c0%af..%c0%afetc/passwd",
    ] {
        assert_eq!(
            ask(ASSETS, path, &html).status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[test]
fn a_file_can_only_be_read() {
    let response = ask_with("POST", ASSETS, "/index.html", &[]);
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::ALLOW], "GET, HEAD");
}

#[tokio::test]
async fn a_server_without_ui_says_how_to_build_it() {
    let response = ask(&[], "/", &[("accept", "text/html")]);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let page = body(response).await;
    assert!(String::from_utf8_lossy(&page).contains("cargo xtask build"));
}

#[test]
fn embedded_files_are_sorted() {
    assert!(EMBEDDED.is_sorted_by_key(|asset| asset.path));
}

#[tokio::test]
async fn the_page_names_its_files_below_the_base_path() {
    static PAGE: &[Asset] = &[Asset {
        path: "/index.html",
        hash: "0022",
        plain: b"<link href=\"/favicon.svg\"><script src=\"/assets/app.js\"></script>",
        brotli: Some(b"br"),
        gzip: None,
    }];
    let base = "/plant/hub".parse().unwrap();
    for path in ["/", "/index.html", "/tags/x"] {
        let request = Request::builder().uri(path).header("accept-encoding", "br");
        let request = request.body(Body::empty()).unwrap();
        let response = serve(PAGE, &base, &request).unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        let want = "<link href=\"/plant/hub/favicon.svg\">\
            <script src=\"/plant/hub/assets/app.js\"></script>";
        assert_eq!(body(response).await, want);
    }
}
