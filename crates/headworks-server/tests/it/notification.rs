//! People are told of alarms: by a webhook receiver and a mail server (aiosmtpd) that we start,
//! from a sample to the message, and back by the link in it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use headworks_logic::notification::{MailEncryption, MailSettings};
use headworks_server::ServerSettings;
use serde_json::{Value as Json, json};

use crate::rig::{Rig, wait_for};

const PATIENCE: Duration = Duration::from_secs(20);
const PASSWORD: &str = "canary-mail-77";

/// A web server that takes what it gets.
struct Hooks {
    port: u16,
    bodies: Receiver<(String, Json)>,
}

/// Answers each request with the next status; the last one stays.
fn receive(statuses: &'static [u16]) -> Hooks {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, bodies) = channel();
    std::thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() <= 2 {
                    break;
                }
                if let Some(text) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = text.trim().parse().unwrap();
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let status = statuses[at.min(statuses.len() - 1)];
            let answer =
                format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            stream.write_all(answer.as_bytes()).unwrap();
            let body = serde_json::from_slice(&body).unwrap();
            if told.send((head, body)).is_err() {
                return;
            }
        }
    });
    Hooks { port, bodies }
}

/// aiosmtpd, ended with the test.
struct MailServer {
    process: Child,
    port: u16,
    told: Receiver<Json>,
    ca_file: PathBuf,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl MailServer {
    fn start(directory: &Path, words: &[&str]) -> MailServer {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (ca_file, key) = (directory.join("mail.pem"), directory.join("mail.key"));
        std::fs::write(&ca_file, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let python =
            std::env::var_os("HEADWORKS_VENV").map_or_else(|| root.join(".venv"), Into::into);
        let mut process = Command::new(python.join("bin/python"))
            .arg(root.join("crates/headworks-server/tests/it/notification/smtp.py"))
            .args([&ca_file, &key])
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python of .venv, which `cargo xtask setup` makes");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let parsed: Json = serde_json::from_str(&line).unwrap();
                if tell.send(parsed).is_err() {
                    return;
                }
            }
        });
        let first = told.recv_timeout(PATIENCE).unwrap();
        let port = u16::try_from(first["port"].as_u64().unwrap()).unwrap();
        MailServer {
            process,
            port,
            told,
            ca_file,
        }
    }

    fn settings(&self, directory: &Path, password: Option<&str>) -> MailSettings {
        let password_file = directory.join("mail.password");
        std::fs::write(&password_file, format!("{}\n", password.unwrap_or(""))).unwrap();
        MailSettings {
            host: "localhost".to_owned(),
            port: self.port,
            encryption: MailEncryption::Starttls,
            user: password.map_or(String::new(), |_| "headworks".to_owned()),
            password_file,
            from: "headworks@plant.example".to_owned(),
            ca_file: Some(self.ca_file.clone()),
        }
    }

    fn next(&self) -> Json {
        self.told.recv_timeout(PATIENCE).unwrap()
    }
}

/// Waits as long as a few tries take.
async fn patiently(mut is_so: impl FnMut() -> bool) {
    for _ in 0..800 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within 40 s");
}

/// Lets webhooks reach the receivers of the tests.
fn near(settings: &mut ServerSettings) {
    settings.outbound.allow = vec!["127.0.0.1/32".parse().unwrap()];
    settings.outbound.timeout = Duration::from_secs(2);
}

fn make(rig: &Rig, list: &str, body: &Json) -> Json {
    rig.post(&format!("/api/v1/{list}"), body).expect(201)
}

/// Makes a channel to a receiver.
fn hook(rig: &Rig, name: &str, port: u16) -> Json {
    let body = r#"{"title": "{title}", "text": "{text}", "kind": "{kind}", "count": {count}}"#;
    let target = json!({
        "kind": "webhook", "url": format!("http://127.0.0.1:{port}/${{secret:hook}}"),
        "headers": { "x-key": "${secret:key}" }, "body": body,
    });
    make(rig, "channels", &json!({ "name": name, "target": target }))
}

fn store_secrets(rig: &Rig) {
    for (name, value) in [("hook", "canary-in-the-url"), ("key", "canary-in-a-header")] {
        let body = json!({ "value": value }).to_string().into_bytes();
        let place = format!("/api/v1/secrets/{name}");
        rig.send("PUT", &place, &[], Some(body)).expect(200);
    }
}

fn hot(rig: &Rig, tag: &Json) -> Json {
    let rule = json!({
        "name": "hot", "tag": tag["id"], "condition": { "kind": "high", "limit": 80.0 },
        "priority": 2, "message": "boiler has {value} {unit}", "action": "open the \"valve\"",
        "translations": { "de": "Kessel hat {value} {unit}" },
    });
    make(rig, "alarm-rules", &rule)
}

fn deliveries(rig: &Rig, query: &str) -> Vec<Json> {
    let page = rig.get(&format!("/api/v1/deliveries?{query}")).expect(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_becomes_a_webhook_and_its_secrets_show_nowhere() {
    let hooks = receive(&[503, 200]);
    let rig = Rig::start_server(near).await;
    let tag = rig.make_tags(&["temp"]).await.remove(0);
    store_secrets(&rig);
    let channel = hook(&rig, "chat", hooks.port);
    let step = json!({ "channel": channel["id"] });
    let policy = json!({ "name": "all", "steps": [step], "tell_over": true, "group_s": 0 });
    make(&rig, "notification-policies", &policy);
    hot(&rig, &tag);
    rig.give(&tag, rig.now_us(), 95.0).await;

    let (head, body) = hooks.bodies.recv_timeout(PATIENCE).unwrap();
    assert!(head.starts_with("POST /canary-in-the-url "), "{head}");
    assert!(head.contains("x-key: canary-in-a-header"), "{head}");
    assert_eq!(body["kind"], "raised");
    assert_eq!(body["title"], "Alarm: boiler has 95 °C");
    assert!(
        body["text"]
            .as_str()
            .unwrap()
            .contains("open the \"valve\""),
        "{body}"
    );
    // the first try was answered 503
    let (_, again) = hooks.bodies.recv_timeout(PATIENCE).unwrap();
    assert_eq!(again, body);
    patiently(|| deliveries(&rig, "state=sent").len() == 1).await;
    let told = deliveries(&rig, "");
    assert_eq!((told.len(), &told[0]["attempts"]), (1, &json!(2)));
    assert_eq!(told[0]["answer"], "200 ok");
    assert_eq!(told[0]["policy_name"], "all");

    rig.give(&tag, rig.now_us(), 20.0).await;
    let (_, over) = hooks.bodies.recv_timeout(PATIENCE).unwrap();
    assert_eq!(over["kind"], "over");
    let all = rig.get("/api/v1/deliveries").text + &rig.get("/api/v1/audit?limit=1000").text;
    assert!(!all.contains("canary"), "{all}");
    let figures = rig.get("/api/v1/deliveries/figures").expect(200);
    assert_eq!(figures["given_up"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_came_of_it() {
    let hooks = receive(&[200, 404]);
    let rig = Rig::start_server(near).await;
    store_secrets(&rig);
    let channel = hook(&rig, "chat", hooks.port);
    let test = |channel: &Json| {
        let place = format!("/api/v1/channels/{}/test", channel["id"].as_str().unwrap());
        rig.post(&place, &json!({})).expect(200)
    };
    assert_eq!(
        test(&channel),
        json!({ "is_sent": true, "answer": "200 ok" })
    );
    assert_eq!(hooks.bodies.recv().unwrap().1["kind"], "test");
    assert_eq!(
        test(&channel),
        json!({ "is_sent": false, "answer": "404 ok" })
    );
    let told = deliveries(&rig, "limit=1");
    assert_eq!(
        (&told[0]["is_test"], &told[0]["state"]),
        (&json!(true), &json!("given_up"))
    );

    for (url, want) in [
        ("http://127.0.0.2:9/", "outbound.allow"),
        ("http://169.254.169.254/latest", "outbound.allow"),
        ("http://127.0.0.1:1/", "no connection"),
        (
            "http://127.0.0.1:1/${secret:nobody}",
            "\"nobody\" does not exist",
        ),
    ] {
        let target = json!({ "kind": "webhook", "url": url, "body": "{}" });
        let channel = make(&rig, "channels", &json!({ "name": url, "target": target }));
        let outcome = test(&channel);
        assert_eq!(outcome["is_sent"], false);
        assert!(
            outcome["answer"].as_str().unwrap().contains(want),
            "{outcome}"
        );
    }
    let mail = json!({ "name": "mail", "target": { "kind": "email", "to": ["a@b.example"] } });
    let outcome = test(&make(&rig, "channels", &mail));
    assert!(
        outcome["answer"].as_str().unwrap().contains("[mail]"),
        "{outcome}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_hangs_does_not_hold_up_another() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap(); // takes, and never answers
    let hooks = receive(&[200]);
    let rig = Rig::start_server(near).await;
    let tag = rig.make_tags(&["temp"]).await.remove(0);
    store_secrets(&rig);
    let hangs = hook(&rig, "hangs", listener.local_addr().unwrap().port());
    let works = hook(&rig, "works", hooks.port);
    for (name, channel) in [
        ("one", &hangs),
        ("two", &hangs),
        ("three", &hangs),
        ("four", &works),
    ] {
        let policy = json!({ "name": name, "steps": [{ "channel": channel["id"] }] });
        make(&rig, "notification-policies", &policy);
    }
    hot(&rig, &tag);
    rig.give(&tag, rig.now_us(), 95.0).await;
    hooks.bodies.recv_timeout(Duration::from_secs(2)).unwrap();
    let hung = || {
        let all = deliveries(&rig, "state=waiting").into_iter();
        let tried = all.filter(|one| one["answer"].as_str().unwrap().contains("within 2 s"));
        tried.count()
    };
    patiently(|| hung() == 3).await;
}

/// Returns the parts of an e-mail, decoded by Python, which did not write it.
fn parts(data: &str) -> Json {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = std::env::var_os("HEADWORKS_VENV").map_or_else(|| root.join(".venv"), Into::into);
    let code = "import email,email.policy,json,sys\n\
                m=email.message_from_string(sys.stdin.read(),policy=email.policy.default)\n\
                b=lambda k:m.get_body((k,)).get_content()\n\
                print(json.dumps({'head':dict(m.items()),'text':b('plain'),'html':b('html')}))";
    let mut process = Command::new(python.join("bin/python"))
        .args(["-c", code])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process
        .stdin
        .take()
        .unwrap()
        .write_all(data.as_bytes())
        .unwrap();
    let output = process.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A rig with a mail server, a tag with an alarm, and a policy that tells Anna.
async fn mail_rig(directory: &Path, mail: &MailServer, password: Option<&str>) -> (Rig, Json) {
    let settings = mail.settings(directory, password);
    let rig = Rig::start_server(|server| {
        server.mail = Some(settings);
        server.public_address = Some("https://hmi.plant.example".parse().unwrap());
    })
    .await;
    let tag = rig.make_tags(&["temp"]).await.remove(0);
    rig.make_user("anna", "operator");
    let people = json!([{
        "name": "Änna", "email": "anna@plant.example", "language": "de", "account": "anna",
    }]);
    let roster = make(
        &rig,
        "rosters",
        &json!({ "name": "night", "people": people }),
    );
    let target = json!({ "kind": "email", "to": ["team@plant.example"] });
    let channel = make(
        &rig,
        "channels",
        &json!({ "name": "mail", "target": target }),
    );
    let step = json!({ "channel": channel["id"], "rosters": [roster["id"]] });
    make(
        &rig,
        "notification-policies",
        &json!({ "name": "all", "steps": [step] }),
    );
    hot(&rig, &tag);
    (rig, tag)
}

fn link_in(text: &str) -> String {
    let start = text.find("/ack/").unwrap();
    text[start..].split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_becomes_an_email_and_its_link_acknowledges_once() {
    let directory = tempfile::tempdir().unwrap();
    let mail = MailServer::start(directory.path(), &["auth"]);
    let (rig, tag) = mail_rig(directory.path(), &mail, Some(PASSWORD)).await;
    rig.give(&tag, rig.now_us(), 95.5).await;

    let mut got = [mail.next(), mail.next()];
    got.sort_by_key(|one| one["to"][0].as_str().unwrap().to_owned());
    let [anna, team] = got;
    assert_eq!(anna["to"], json!(["anna@plant.example"]));
    assert_eq!(
        (&anna["encrypted"], &anna["user"]),
        (&json!(true), &json!("headworks"))
    );
    let read = parts(anna["data"].as_str().unwrap());
    assert_eq!(read["head"]["Subject"], "Alarm: Kessel hat 95.5 °C");
    assert_eq!(read["head"]["To"], "Änna <anna@plant.example>");
    assert_eq!(read["head"]["Auto-Submitted"], "auto-generated");
    let html = read["html"].as_str().unwrap();
    assert!(html.contains("open the &quot;valve&quot;"), "{html}");
    let link = link_in(read["text"].as_str().unwrap());
    assert!(html.contains(&link) && read["text"].as_str().unwrap().contains("https://hmi.plant"));
    let team = parts(team["data"].as_str().unwrap());
    assert_eq!(team["head"]["Subject"], "Alarm: boiler has 95.5 °C");
    assert!(
        !team["text"].as_str().unwrap().contains("/ack/"),
        "a list is nobody"
    );

    check_link(&rig, &tag, &link).await;
    let log = rig.get("/api/v1/deliveries").text;
    assert!(!log.contains("canary") && !log.contains("/ack/"), "{log}");
}

/// Walks a link through its life.
async fn check_link(rig: &Rig, tag: &Json, link: &str) {
    let ask = |method: &str, link: &str| rig.send(method, link, &[("authorization", "")], None);
    let state = || {
        let entries = rig
            .get("/api/v1/audit?action=acknowledge_by_link")
            .expect(200);
        entries["items"].as_array().unwrap().len()
    };
    for _ in 0..3 {
        let page = ask("GET", link);
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(
            page.text.contains("<button>Quittieren</button>"),
            "{}",
            page.text
        );
        assert!(page.text.contains("boiler has 95.5 °C"), "{}", page.text);
        assert_eq!(page.headers["cache-control"], "no-store");
    }
    let mut forged = link.to_owned();
    forged.replace_range(40..41, if &link[40..41] == "0" { "1" } else { "0" });
    for wrong in [forged.as_str(), "/ack/00", "/ack/x", "/ack/%00"] {
        assert_eq!(ask("GET", wrong).status, 404, "{wrong}");
        assert_eq!(ask("POST", wrong).status, 404, "{wrong}");
    }
    let foreign = [("authorization", ""), ("origin", "https://evil.example")];
    assert_eq!(rig.send("POST", link, &foreign, None).status, 403);
    assert_eq!(state(), 0, "looking changes nothing");

    let done = ask("POST", link);
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(
        done.text.contains("Der Alarm ist quittiert."),
        "{}",
        done.text
    );
    let again = ask("POST", link);
    assert!(again.text.contains("schon quittiert"), "{}", again.text);
    wait_for(|| state() == 1).await;
    let audit = rig
        .get("/api/v1/audit?action=acknowledge_by_link")
        .expect(200);
    assert_eq!(audit["items"][0]["actor"]["name"], "anna", "{audit}");

    rig.give(tag, rig.now_us(), 20.0).await;
    rig.give(tag, rig.now_us(), 97.0).await;
    wait_for(|| !ask("GET", link).text.contains("schon quittiert")).await;
    let other = ask("POST", link);
    assert!(
        other.text.contains("kam seit dieser Nachricht erneut"),
        "{}",
        other.text
    );
    let users = rig.get("/api/v1/users?search=anna").expect(200);
    let anna = format!(
        "/api/v1/users/{}",
        users["items"][0]["id"].as_str().unwrap()
    );
    let off = json!({ "is_disabled": true }).to_string().into_bytes();
    rig.send("PATCH", &anna, &[], Some(off)).expect(200);
    assert_eq!(
        ask("POST", &link_in(&other.text.replace('"', " "))).status,
        403
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_servers_that_fail_are_tried_again_and_told() {
    let directory = tempfile::tempdir().unwrap();
    for (words, password, want, state) in [
        (&["dies"][..], None, "the mail server", "waiting"),
        (&["full"], None, "452", "waiting"),
        (&["no-user"], None, "550", "given_up"),
        (&["auth"], Some("canary-wrong"), "535", "waiting"),
    ] {
        let mail = MailServer::start(directory.path(), words);
        let (rig, tag) = mail_rig(directory.path(), &mail, password).await;
        rig.give(&tag, rig.now_us(), 95.0).await;
        let tried = || {
            let all = deliveries(&rig, "").into_iter();
            all.filter(|one| one["attempts"] == 1 && one["state"] == state)
                .count()
        };
        patiently(|| tried() == 2).await;
        let told = deliveries(&rig, "");
        let answer = told[0]["answer"].as_str().unwrap();
        assert!(
            answer.contains(want) && !answer.contains("canary"),
            "{words:?}: {answer}"
        );
    }
    let mail = MailServer::start(directory.path(), &[]);
    let settings = MailSettings {
        ca_file: None,
        ..mail.settings(directory.path(), None)
    };
    let rig = Rig::start_server(|server| server.mail = Some(settings)).await;
    let target = json!({ "kind": "email", "to": ["a@b.example"] });
    let channel = make(
        &rig,
        "channels",
        &json!({ "name": "mail", "target": target }),
    );
    let place = format!("/api/v1/channels/{}/test", channel["id"].as_str().unwrap());
    let outcome = rig.post(&place, &json!({})).expect(200);
    let answer = outcome["answer"].as_str().unwrap();
    assert!(
        answer.contains("certificate"),
        "an unknown authority: {answer}"
    );
}
