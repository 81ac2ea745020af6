//! Spellings of a way out, where a path names something: static files, downloads, ids.

use std::collections::BTreeSet;

use serde_json::json;

use crate::outer::Outer;
use crate::rig::Rig;

/// Thirty spellings of `../../etc/passwd`, an absolute path or another file.
const WAYS_OUT: [&str; 30] = [
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "..%2F..%2F..%2F..%2Fetc%2Fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd",
    ".%2e%2f.%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "%25252e%25252e%25252fetc",
    "..%5c..%5cetc%5cpasswd",
    "..%255c..%255cetc%255cpasswd",
    "%2e%2e%5c%2e%2e%5cmaster.key",
    "....%2f%2f....%2f%2fetc%2fpasswd",
    "..%00%2fetc%2fpasswd",
    "%00",
    "access.db%00.csv",
    "..%2faccess.db",
    "..%2fmaster.key",
    "..%2f..%2f..%2f..%2f..%2f..%2fproc%2fself%2fenviron",
    "%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
    "%c0%2e%c0%2e%c0%5cetc",
    "%e0%80%ae%e0%80%ae%e0%80%afetc",
    "%uff0e%uff0e%u2215etc",
    "%ef%bc%8e%ef%bc%8e%ef%bc%8fetc",
    "..%e2%88%95..%e2%88%95etc",
    "%2fetc%2fpasswd",
    "%2f%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "C:%5cWindows%5cwin.ini",
    "..;%2f..;%2fetc%2fpasswd",
];

/// Texts of files that must never come out.
const INSIDE: [&str; 4] = ["root:", "SQLite format", "PATH=", "[fonts]"];

#[tokio::test(flavor = "multi_thread")]
async fn thirty_spellings_of_a_way_out_reach_no_file_by_any_route_with_an_id() {
    let rig = Rig::start().await;
    let document = rig.get("/api/schema").expect(200);
    let outer = Outer::start(&rig, |settings| settings.limits.requests_per_second = 0).await;
    let mut tried = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some((before, after)) = path.split_once('{') else {
            continue;
        };
        let after = after.split_once('}').unwrap().1;
        for method in methods.as_object().unwrap().keys() {
            for way in WAYS_OUT {
                let place = format!("{before}{way}{after}");
                let headers = format!("{}content-length: 0\r\n", outer.owner);
                let answer = outer.ask(&method.to_uppercase(), &place, &headers).await;
                let status: u16 = answer[9..12].parse().unwrap();
                assert!((400..500).contains(&status), "{method} {place}: {answer}");
                let leaks = INSIDE.iter().any(|text| answer.contains(text));
                assert!(!leaks, "{method} {place}: {answer}");
            }
            tried.insert(path.clone());
        }
    }
    for download in ["/api/v1/exports/{id}/file", "/api/v1/backups/{id}"] {
        assert!(tried.contains(download), "{download}: {tried:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_spellings_of_a_way_out_reach_no_static_file_but_ours() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |settings| settings.limits.requests_per_second = 0).await;
    for folder in ["/", "/assets/", "/reference/", "/api/docs/", "/healthz/"] {
        for way in WAYS_OUT {
            let answer = outer.ask("GET", &format!("{folder}{way}"), "").await;
            let status: u16 = answer[9..12].parse().unwrap();
            // A name without a slash may be a page of the web UI.
            let is_page = answer.contains("<!doctype html>");
            assert!(
                (400..500).contains(&status) || is_page,
                "{folder}{way}: {answer}"
            );
            let leaks = INSIDE.iter().any(|text| answer.contains(text));
            assert!(!leaks, "{folder}{way}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_zone_pattern_or_name_of_a_body_becomes_a_path() {
    let (rig, _tags) = Rig::with_tags(&["a"]).await;
    for way in [
        "../../../etc/passwd",
        "/etc/passwd",
        "Europe/../../../etc/passwd",
        ".",
    ] {
        let ask = json!({ "tags": ["**"], "start": 0, "end": 9, "zone": way });
        let refused = rig.post("/api/v1/history/raw", &ask);
        assert_eq!(refused.refused(422, "invalid_body"), ["/zone"], "{way}");
        let export = json!({ "pattern": "**", "zone": way });
        let refused = rig.post("/api/v1/exports", &export);
        assert_eq!(refused.refused(422, "invalid_body"), ["/zone"], "{way}");
        let kind = rig.get(&format!("/api/v1/schemas/{}", way.replace('/', "%2f")));
        assert_eq!(kind.status, 404, "{way}: {}", kind.text);
    }
    // The file of an export is named by its id, whatever was asked for.
    let made = rig
        .post("/api/v1/exports", &json!({ "pattern": "plant/**" }))
        .expect(202);
    rig.wait_for_job(&made).await;
    let file = rig.get(&format!(
        "/api/v1/exports/{}/file",
        made["id"].as_str().unwrap()
    ));
    let name = file.headers["content-disposition"]
        .to_str()
        .unwrap()
        .to_owned();
    let want = format!(
        "attachment; filename=\"history-{}.csv\"",
        made["id"].as_str().unwrap()
    );
    assert_eq!(name, want);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_of_a_route_is_no_id() {
    let rig = Rig::start().await;
    for id in [
        "{id}",
        ":id",
        "%7Bid%7D",
        "%3Aid",
        "*",
        "%2A",
        "__proto__",
        "constructor",
    ] {
        for path in [
            "tags",
            "devices",
            "connections",
            "dashboards",
            "users",
            "exports",
            "jobs",
        ] {
            let answer = rig.get(&format!(
                "/api/v1/{path}/{}",
                id.replace('{', "%7B").replace('}', "%7D")
            ));
            assert_eq!(answer.status, 404, "{path}/{id}: {}", answer.text);
        }
    }
}
