//! Bounds: rates, connections, slow and huge requests, fair turns, odd paths.

use std::time::{Duration, Instant};

use headworks_server::Limits;

use crate::outer::{Outer, header, rest, say};
use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_refused_with_a_time() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |settings| settings.limits.requests_per_second = 2).await;
    let mut refused = None;
    for _ in 0..30 {
        let answer = outer.ask("GET", "/api/nothing", "").await;
        if !answer.starts_with("HTTP/1.1 404") {
            refused = Some(answer);
        }
    }
    let refused = refused.expect("a refusal among thirty");
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(refused.contains("\"rate_limited\""), "{refused}");
    assert_eq!(header(&refused, "retry-after"), Some("1"));
    // Another address has a rate of its own.
    let mut other = outer.connect_from([127, 0, 0, 2]).await;
    say(&mut other, &get(&outer, "/api/nothing")).await;
    assert!(rest(&mut other).await.starts_with("HTTP/1.1 404"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let answer = outer.ask("GET", "/api/nothing", "").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

fn get(outer: &Outer, path: &str) -> String {
    get_as(outer, &outer.owner, path)
}

/// Asks with another line of the head that says who.
fn get_as(outer: &Outer, who: &str, path: &str) -> String {
    let port = outer.address.port();
    format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n{who}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_a_bounded_number_of_connections() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |settings| settings.limits.connections_per_address = 8).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(outer.connect().await);
    }
    let ask = get(&outer, "/api/nothing");
    for stream in &mut open {
        // All are served, so that all are counted.
        say(stream, &ask.replace("close", "keep-alive")).await;
        tokio::io::AsyncReadExt::read_exact(stream, &mut [0; 12])
            .await
            .unwrap();
    }
    let mut ninth = outer.connect().await;
    drop(tokio::io::AsyncWriteExt::write_all(&mut ninth, ask.as_bytes()).await);
    assert_eq!(rest(&mut ninth).await, "");
    let mut other = outer.connect_from([127, 0, 0, 2]).await;
    say(&mut other, &ask).await;
    assert!(rest(&mut other).await.starts_with("HTTP/1.1 404"));
    drop(open);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(outer.raw(&ask).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_end_is_cut_off() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |settings| {
        settings.limits.head_timeout = Duration::from_millis(500);
    })
    .await;
    let mut stream = outer.connect().await;
    let begun = Instant::now();
    let slowly = async {
        say(&mut stream, "GET / HTTP/1.1\r\nhost: localhost\r\n").await;
        for number in 0..100 {
            let line = format!("x-{number}: y\r\n");
            let sent = tokio::io::AsyncWriteExt::write_all(&mut stream, line.as_bytes()).await;
            if sent.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a head may take for ever");
    };
    slowly.await;
    assert!(begun.elapsed() < Duration::from_secs(3));
    let mut silent = outer.connect().await;
    assert_eq!(rest(&mut silent).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn huge_and_odd_heads_are_refused() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |_| {}).await;
    let long = "a".repeat(64 << 10);
    let many = "x: y\r\n".repeat(100);
    for (head, want) in [
        (format!("x: {long}\r\n"), "HTTP/1.1 431"),
        (many, "HTTP/1.1 431"),
        ("x: a\0b\r\n".into(), "HTTP/1.1 400"),
        ("x: a\rb\r\n".into(), "HTTP/1.1 400"),
        ("x y: a\r\n".into(), "HTTP/1.1 400"),
        ("x : a\r\n".into(), "HTTP/1.1 400"),
        (": a\r\n".into(), "HTTP/1.1 400"),
        ("host: localhost\r\n".into(), "HTTP/1.1 421"),
        (
            "content-length: 5\r\ncontent-length: 6\r\n".into(),
            "HTTP/1.1 400",
        ),
        ("content-length: -1\r\n".into(), "HTTP/1.1 400"),
        (
            "transfer-encoding: chunked, identity\r\n".into(),
            "HTTP/1.1 400",
        ),
    ] {
        let answer = outer.ask("GET", "/api/nothing", &head).await;
        let shown: String = head.chars().take(40).collect();
        assert!(answer.starts_with(want), "{shown:?}: {answer}");
    }
    let answer = outer.ask("GET", &format!("/{long}"), "").await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_sends_never_becomes_a_header() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |settings| {
        settings.cors_origins = vec!["https://portal.example".parse().unwrap()];
    })
    .await;
    for (path, headers) in [
        ("/api/%0d%0aset-cookie:%20a=b", ""),
        ("/api/nothing?x=%0d%0aset-cookie:a", ""),
        (
            "/api/nothing",
            "origin: https://portal.example%0d%0aset-cookie: a\r\n",
        ),
        ("/api/nothing", "x-request-id: 1%0d%0aset-cookie: a\r\n"),
        ("/api/nothing", "x-forwarded-host: a%0d%0aset-cookie: a\r\n"),
    ] {
        let answer = outer.ask("GET", path, headers).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert_eq!(header(&answer, "set-cookie"), None, "{path}");
    }
}

/// Thirty spellings of a way out of a directory.
const WAYS_OUT: [&str; 30] = [
    "/../etc/passwd",
    "/../../../../../../etc/passwd",
    "/./../etc/passwd",
    "/assets/../../etc/passwd",
    "/assets/../../../../../../etc/passwd",
    "/..%2fetc%2fpasswd",
    "/..%2F..%2F..%2Fetc%2Fpasswd",
    "/%2e%2e/etc/passwd",
    "/%2E%2E/%2e%2e/etc/passwd",
    "/%2e%2e%2fetc%2fpasswd",
    "/.%2e/etc/passwd",
    "/%2e./etc/passwd",
    "/%252e%252e%252fetc%252fpasswd",
    "/..%252f..%252fetc/passwd",
    "/..%5cetc%5cpasswd",
    "/..%255cetc%255cpasswd",
    "/..\\..\\etc\\passwd",
    "/....//....//etc/passwd",
    "/..././etc/passwd",
    "/..;/etc/passwd",
    "/..%00/etc/passwd",
    "/%00/etc/passwd",
    "/etc/passwd%00.html",
    "/etc/passwd%00",
    "/%c0%ae%c0%ae/etc/passwd",
    "/%c0%af..%c0%afetc/passwd",
    "/%e0%80%ae%e0%80%ae/etc/passwd",
    "//etc/passwd",
    "/%2fetc%2fpasswd",
    "/file:%2f%2f%2fetc%2fpasswd",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_path_leads_out_of_the_files_or_the_api() {
    let rig = Rig::start().await;
    let plain = Outer::start(&rig, |settings| settings.limits.requests_per_second = 0).await;
    let below = Outer::start(&rig, |settings| {
        settings.limits.requests_per_second = 0;
        settings.base_path = "/hub".parse().unwrap();
    })
    .await;
    for way in WAYS_OUT {
        for (outer, before) in [
            (&plain, ""),
            (&plain, "/assets"),
            (&plain, "/api"),
            (&plain, "/api/v1"),
            (&plain, "/api/v1/dashboards"),
            (&plain, "/api/v1/exports"),
            (&below, "/hub"),
            (&below, "/hub/assets"),
            (&below, "/hub/api"),
        ] {
            let path = format!("{before}{way}");
            let answer = outer.ask("GET", &path, "accept: text/html\r\n").await;
            let refused = ["400", "401", "404"].map(|status| format!("HTTP/1.1 {status}"));
            let is_refused = refused.iter().any(|start| answer.starts_with(start));
            assert!(is_refused, "{path}: {answer}");
            assert!(
                !answer.contains("root:") && !answer.contains("<html"),
                "{path}: {answer}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_one_pace_from_all_its_addresses() {
    let rig = Rig::start().await;
    let other = format!(
        "authorization: Bearer {}\r\n",
        rig.make_user("other", "viewer")
    );
    let outer = Outer::start(&rig, |settings| settings.limits.requests_per_second = 1).await;
    let mut statuses = Vec::new();
    for last in 1..=8 {
        let mut stream = outer.connect_from([127, 0, 0, last]).await;
        say(&mut stream, &get(&outer, "/api/v1/tags")).await;
        statuses.push(rest(&mut stream).await[9..12].to_owned());
    }
    // four may come at once; another account is not concerned
    assert_eq!(statuses[..4], ["200"; 4]);
    assert!(
        statuses[4..].iter().any(|status| status == "429"),
        "{statuses:?}"
    );
    let mut stream = outer.connect_from([127, 0, 0, 9]).await;
    say(&mut stream, &get_as(&outer, &other, "/api/v1/tags")).await;
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
}

/// Opens requests that hold their turns: their bodies do not come.
async fn hold_turns(outer: &Outer, from: [u8; 4], count: usize) -> Vec<tokio::net::TcpStream> {
    let mut held = Vec::new();
    for _ in 0..count {
        let mut stream = outer.connect_from(from).await;
        let port = outer.address.port();
        let head = format!(
            "POST /api/v1/tags HTTP/1.1\r\nhost: localhost:{port}\r\n{}\
             content-type: application/json\r\ncontent-length: 1000\r\n\r\n{{",
            outer.owner
        );
        say(&mut stream, &head).await;
        held.push(stream);
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_holds_all_it_can_delays_itself_alone() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |settings| {
        settings.limits = Limits {
            connections_per_address: 1000,
            ..settings.limits
        };
    })
    .await;
    let held = hold_turns(&outer, [127, 0, 0, 1], 300).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    // 300 requests hang, more than there are turns; another client is served at once.
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let begun = Instant::now();
        let mut other = outer.connect_from([127, 0, 0, 2]).await;
        say(&mut other, &get(&outer, "/api/v1/tags")).await;
        let answer = rest(&mut other).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    let begun = Instant::now();
    let own = outer.raw(&get(&outer, "/api/v1/tags")).await;
    assert!(own.starts_with("HTTP/1.1 503"), "{own}");
    assert!(Duration::from_secs(4) < begun.elapsed());
    drop(held);
}

/// Gives a tag 100,000 samples that end now, and waits until they are stored.
async fn fill(rig: &Rig, tag: &serde_json::Value) -> i64 {
    let start_us = rig.now_us() - 1_000_000_000;
    for part in 0..10 {
        let batch = (0..10_000_i64).map(|row| {
            let time_us = start_us + (part * 10_000 + row) * 10_000;
            crate::rig::sample(tag, time_us, f64::from(i32::try_from(row).unwrap()))
        });
        rig.give_batch(batch.collect()).await;
    }
    crate::rig::wait_for(|| {
        let stats = rig.get("/api/v1/system/stats").expect(200);
        100_000 <= stats["hub"]["history_stored"].as_u64().unwrap()
    })
    .await;
    start_us
}

/// Returns a question about history as it goes over the wire.
fn question(outer: &Outer, who: &str, start_us: i64, interval_us: i64) -> String {
    let body = serde_json::json!({
        "tags": ["plant/boiler/a"], "aggregates": ["Average", "Count", "Minimum", "Maximum"],
        "start": start_us, "end": start_us + 1_000_000_000, "interval": interval_us,
    })
    .to_string();
    let port = outer.address.port();
    format!(
        "POST /api/v1/history/processed HTTP/1.1\r\nhost: localhost:{port}\r\n\
         connection: close\r\n{who}content-type: application/json\r\ncontent-length: {}\r\n\r\n\
         {body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_fills_the_queue_of_reads_delays_another_by_one_read() {
    const READS: usize = 24;
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let start_us = fill(&rig, &tags[0]).await;
    let viewer = format!(
        "authorization: Bearer {}\r\n",
        rig.make_user("viewer", "viewer")
    );
    let outer = Outer::start(&rig, |settings| settings.limits.requests_per_second = 0).await;
    let done = std::sync::atomic::AtomicUsize::new(0);
    let count = || done.load(std::sync::atomic::Ordering::Relaxed);
    let greedy = async || {
        let ask = question(&outer, &outer.owner, start_us, 2_000_000);
        let answer = outer.raw(&ask).await;
        // Who asks for so much may be told to come back on a slow machine.
        assert!(["200", "503"].contains(&&answer[9..12]), "{answer}");
        done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    };
    let all = futures_util::future::join_all((0..READS).map(|_| greedy()));
    let other = async {
        while count() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let before = count();
        let answer = outer
            .raw(&question(&outer, &viewer, start_us, 2_000_000))
            .await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        (before, count())
    };
    let (_, (before, after)) = tokio::join!(all, other);
    // The four that ran, and some that ended while the other's own was read. In the order of coming
    // it would be all of them.
    assert!(
        after - before <= READS * 2 / 3,
        "{before} and {after} of {READS} were answered"
    );
    assert_eq!(count(), READS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_from_one_address_leaves_others_their_answers() {
    let rig = Rig::start().await;
    let viewer = format!(
        "authorization: Bearer {}\r\n",
        rig.make_user("viewer", "viewer")
    );
    let outer = Outer::start(&rig, |_| {}).await;
    let flood = async |outer: &Outer| loop {
        let answer = outer.raw(&get(outer, "/api/v1/tags")).await;
        assert!(["200", "429"].contains(&&answer[9..12]), "{answer}");
    };
    let floods = futures_util::future::join_all((0..64).map(|_| flood(&outer)));
    let measure = async {
        let mut times = Vec::new();
        for _ in 0..50 {
            let begun = Instant::now();
            let mut other = outer.connect_from([127, 0, 0, 2]).await;
            say(&mut other, &get_as(&outer, &viewer, "/api/v1/tags")).await;
            let answer = rest(&mut other).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            times.push(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        times.sort_unstable();
        times[45]
    };
    let slow = tokio::select! {
        _ = floods => unreachable!("floods do not end"),
        slow = measure => slow,
    };
    assert!(slow < Duration::from_millis(500), "{slow:?}");
}
