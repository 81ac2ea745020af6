//! Every mistake names its place, the value and what would be right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use headworks_server::{SettingSource, ShownSetting};

use super::*;

fn load_text(text: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("headworks.toml");
    std::fs::write(&path, text).unwrap();
    let shown = format!("{}/", directory.path().display());
    let sources = Sources {
        file: Some(path),
        environment: environment
            .iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect(),
        ..Sources::default()
    };
    load(&sources)
        .map(|(settings, _)| settings)
        .map_err(|error| error.to_string().replace(&shown, ""))
}

#[track_caller]
fn check_file_refused(text: &str, want: &str) {
    assert_eq!(load_text(text, &[]).unwrap_err(), want);
}

#[track_caller]
fn check_variable_refused(name: &str, value: &str, want: &str) {
    let error = load_text("", &[(name, value)]).unwrap_err();
    assert_eq!(error, format!("environment variable {name}: {want}"));
}

#[test]
fn an_empty_file_gives_the_defaults() {
    assert_eq!(load_text("", &[]).unwrap(), Settings::default());
}

#[test]
fn the_sample_shows_exactly_the_defaults() {
    let uncommented: String = SAMPLE
        .lines()
        .filter(|line| !line.starts_with("##"))
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let shown: toml::Table = uncommented.parse().unwrap();
    assert_eq!(shown, toml::Table::try_from(Settings::default()).unwrap());
    assert_eq!(load_text(SAMPLE, &[]).unwrap(), Settings::default());
}

#[test]
fn mistakes_in_the_file_have_line_column_key_value_and_remedy() {
    check_file_refused(
        "[server]\nlisten = \"0.0.0.0\"\n",
        "headworks.toml:2:10: server.listen = \"0.0.0.0\": \"0.0.0.0\" is no address with a \
         port, e.g. 127.0.0.1:8080",
    );
    check_file_refused(
        "\n[server]\nlisen = \"127.0.0.1:80\"\n",
        "headworks.toml:3:1: server: unknown key \"lisen\"; did you mean \"listen\"? \
         (known: listen, tls, certificate, key, allow_plain_http, hosts, trusted_proxies, \
         base_path, cors_origins, frame_ancestors, frame_sources, hsts_days, public_address, \
         requests_per_second, connections_per_address)",
    );
    check_file_refused(
        "[sever]\n",
        "headworks.toml:1:2: unknown key \"sever\"; did you mean \"server\"? \
         (known: server, sessions, outbound, mail, audit, alarms, data, historian, validation, \
         database, backup, log, telemetry, runtime)",
    );
    check_file_refused(
        "[historian]\ngroup_commit_ms = 60001",
        "headworks.toml:2:19: historian.group_commit_ms = 60001: 60001 milliseconds; 0 to 60000 \
         are allowed",
    );
    check_file_refused(
        "[historian]\nretention_days = { raw = 36526 }",
        "headworks.toml:2:26: historian.retention_days.raw = 36526: 36526 days; 0 to 36525 are \
         allowed",
    );
    check_file_refused(
        "log = { level = \"infoo\" }",
        "headworks.toml:1:17: log.level = \"infoo\": \"infoo\" is no log level: \"infoo\" is not \
         known; use error, warn, info, debug or trace",
    );
    check_file_refused(
        "[runtime]\nworkers = \"two\"",
        "headworks.toml:2:11: runtime.workers = \"two\": invalid type: string \"two\", expected \
         usize",
    );
    check_file_refused(
        "[data]\ndirectory = \"\"",
        "headworks.toml:2:13: data.directory = \"\": is empty; name a directory",
    );
}

#[test]
fn leaving_this_machine_needs_tls_or_a_word() {
    let open = "[server]\nlisten = \"0.0.0.0:8080\"\n";
    let error = load_text(open, &[]).unwrap_err();
    assert!(
        error.contains("will not listen on 0.0.0.0:8080 without TLS"),
        "{error}"
    );
    for line in ["tls = \"self_signed\"", "allow_plain_http = true"] {
        load_text(&format!("{open}{line}\n"), &[]).unwrap();
    }
    let files = load_text("[server]\ntls = \"files\"\nkey = \"key.pem\"\n", &[]).unwrap_err();
    assert!(
        files.contains("server.certificate and server.key"),
        "{files}"
    );
    let stray = load_text("[server]\nkey = \"key.pem\"\n", &[]).unwrap_err();
    assert!(stray.contains("with server.tls"), "{stray}");
}

#[test]
fn lists_in_the_environment_have_commas() {
    let name = "HEADWORKS__SERVER__HOSTS";
    let settings = load_text("", &[(name, "a.example, B.example:8443,")]).unwrap();
    let hosts: Vec<String> = settings
        .server
        .hosts
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(hosts, ["a.example", "b.example:8443"]);
    assert_eq!(load_text("", &[(name, "")]).unwrap().server.hosts, []);
    check_variable_refused(
        "HEADWORKS__SERVER__TRUSTED_PROXIES",
        "0.0.0.0/0",
        "\"0.0.0.0/0\": \"0.0.0.0/0\" would mean everybody; name the addresses that are meant",
    );
}

#[test]
fn no_days_are_for_ever_and_no_size_is_no_bound() {
    let settings = load_text("[historian]\nretention_days = { raw = 0, hour = 5 }", &[]).unwrap();
    let upkeep = settings.historian.upkeep();
    assert_eq!(upkeep.retention_days.raw, None);
    assert_eq!(upkeep.retention_days.hour, Some(5));
    assert_eq!(upkeep.retention_days.minute, Some(30));
    assert_eq!(upkeep.size_max_bytes, None);
    let settings = load_text("", &[("HEADWORKS__HISTORIAN__SIZE_MAX_GB", "2")]).unwrap();
    let upkeep = settings.historian.upkeep();
    assert_eq!(upkeep.size_max_bytes, Some(2_000_000_000));
}

#[test]
fn a_file_that_is_no_toml_names_the_place() {
    let error = load_text("[server]\nlisten 5\n", &[]).unwrap_err();
    assert!(error.starts_with("headworks.toml:2:"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let sources = Sources {
        file: Some("no/such.toml".into()),
        ..Sources::default()
    };
    let error = load(&sources).unwrap_err().to_string();
    assert_eq!(error, "settings file \"no/such.toml\" cannot be read");
}

#[test]
fn mistakes_in_the_environment_name_the_variable() {
    check_variable_refused(
        "HEADWORKS__SERVER__LISTEN",
        "8080",
        "\"8080\": \"8080\" is no address with a port, e.g. 127.0.0.1:8080",
    );
    check_variable_refused(
        "HEADWORKS__SERVER__PORT",
        "8080",
        "unknown key \"port\"; known are allow_plain_http, base_path, certificate, \
         connections_per_address, cors_origins, frame_ancestors, frame_sources, hosts, \
         hsts_days, key, listen, public_address, requests_per_second, tls, trusted_proxies",
    );
    check_variable_refused(
        "HEADWORKS__DATE__DIRECTORY",
        "x",
        "unknown key \"date\"; did you mean \"data\"? \
         (known: alarms, audit, backup, data, database, historian, log, mail, outbound, runtime, \
         server, sessions, telemetry, validation)",
    );
    check_variable_refused("HEADWORKS__LISTEN", "x", "expected HEADWORKS__SECTION__KEY");
    check_variable_refused(
        "HEADWORKS__RUNTIME__WORKERS",
        "0",
        "\"0\": 0 threads; 1 to 64 are allowed",
    );
}

#[test]
fn the_stronger_source_wins() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("headworks.toml");
    let text = "[data]\ndirectory = \"file\"\n[log]\nlevel = \"warn\"\n[runtime]\nworkers = 3";
    std::fs::write(&path, text).unwrap();
    let mut sources = Sources {
        file: Some(path.clone()),
        environment: vec![
            ("HEADWORKS__DATA__DIRECTORY".into(), "environment".into()),
            ("HEADWORKS__LOG__LEVEL".into(), "debug".into()),
            ("OTHER__LOG__LEVEL".into(), "nonsense".into()),
        ],
        ..Sources::default()
    };
    let (settings, used) = load(&sources).unwrap();
    assert_eq!(used.as_deref(), Some(path.as_path()));
    assert_eq!(settings.runtime.workers, 3);
    assert_eq!(settings.log.level.as_str(), "debug");
    assert_eq!(settings.data.directory, Path::new("environment"));

    sources.data = Some(PathBuf::from("command-line"));
    sources.listen = Some("[::1]:9".parse().unwrap());
    let (settings, _) = load(&sources).unwrap();
    assert_eq!(settings.data.directory, Path::new("command-line"));
    assert_eq!(settings.server.listen.get().to_string(), "[::1]:9");
}

#[test]
fn a_variable_may_name_a_file_that_holds_the_value() {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("listen");
    std::fs::write(&secret, "127.0.0.1:81\n").unwrap();
    let name = "HEADWORKS__SERVER__LISTEN_FILE";
    let settings = load_text("", &[(name, secret.to_str().unwrap())]).unwrap();
    assert_eq!(settings.server.listen.get().port(), 81);

    let error = load_text("", &[(name, "no/such/file")]).unwrap_err();
    assert!(
        error.contains("file \"no/such/file\" cannot be read"),
        "{error}"
    );
}

#[test]
fn the_schema_snapshot_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../api/settings.schema.json");
    let schema = crate::config::settings_schema();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &schema).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, schema, "run `cargo xtask codegen`");
}

#[test]
fn the_url_of_the_database_is_never_shown() {
    let url = "postgres://hub:s3cret@db.example/plant";
    let settings = load_text("", &[("HEADWORKS__DATABASE__URL", url)]).unwrap();
    let shown = format!("{settings:?} {}", toml::to_string(&settings).unwrap());
    assert!(
        shown.contains("***") && !shown.contains("s3cret"),
        "{shown}"
    );
    let database = settings.database.resolve().unwrap().unwrap();
    assert!(!format!("{database:?}").contains("s3cret"));
    for wrong in ["postgres://hub:s3cret@db:x/plant", "db:s3cret"] {
        let text = format!("[database]\nurl = \"{wrong}\"\n");
        for refused in [
            load_text(&text, &[]),
            load_text("", &[("HEADWORKS__DATABASE__URL", wrong)]),
        ] {
            let error = refused.unwrap_err();
            assert!(error.contains("postgres://user:password@host"), "{error}");
            assert!(!error.contains("s3"), "{error}");
        }
    }
}

#[test]
fn objects_in_a_database_need_a_database() {
    let text = "[database]\nobjects = \"database\"\n";
    let error = load_text(text, &[]).unwrap_err();
    assert!(error.contains("needs database.url"), "{error}");
    let url = "postgres://hub@db.example/plant";
    let settings = load_text(text, &[("HEADWORKS__DATABASE__URL", url)]).unwrap();
    let database = settings.database.resolve().unwrap().unwrap();
    assert_eq!(database.objects, ObjectHome::Database);
}

#[test]
fn the_bounds_of_the_database_are_told() {
    check_file_refused(
        "[database]\nconnections_max = 1\n",
        "headworks.toml:2:19: database.connections_max = 1: 1 connections; 2 to 64 are allowed",
    );
}

fn shown_of(text: &str, environment: &[(&str, &str)]) -> BTreeMap<String, ShownSetting> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("headworks.toml");
    std::fs::write(&path, text).unwrap();
    let sources = Sources {
        file: Some(path),
        environment: environment
            .iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect(),
        data: Some("/var/lib/plant".into()),
        ..Sources::default()
    };
    let shown = load_with_origins(&sources).unwrap().shown();
    let settings = shown.sections.into_iter().flat_map(|section| {
        let named = |one: ShownSetting| (format!("{}.{}", section.name, one.key), one);
        section.settings.into_iter().map(named).collect::<Vec<_>>()
    });
    settings.collect()
}

#[test]
fn every_setting_is_shown_with_its_meaning() {
    let shown = shown_of("", &[]);
    assert!(40 < shown.len(), "{}", shown.len());
    for (key, setting) in &shown {
        assert!(setting.description.ends_with('.'), "{key}: {setting:?}");
        assert_eq!(setting.needs_restart, key != "log.level");
        assert_eq!(
            setting.is_secret,
            ["database.url", "telemetry.sentry_dsn"].contains(&key.as_str()),
            "{key}"
        );
        if key != "data.directory" {
            assert_eq!(
                (&setting.value, setting.source),
                (&setting.default, SettingSource::Default)
            );
        }
    }
}

#[test]
fn a_setting_says_who_gave_its_value() {
    let text = "[historian]\nretention_days = { raw = 3 }\n[log]\nlevel = \"warn\"\n";
    let environment = [
        ("HEADWORKS__LOG__LEVEL", "debug"),
        (
            "HEADWORKS__TELEMETRY__OTLP_ENDPOINT",
            "http://me:canary@127.0.0.1:4318",
        ),
        (
            "HEADWORKS__DATABASE__URL",
            "postgres://hub:canary@db.example/plant",
        ),
    ];
    let shown = shown_of(text, &environment);
    let of = |key: &str| {
        let one = &shown[key];
        (one.value.to_string(), one.source, one.given_by.as_deref())
    };
    let given = |value: &str, source, by| (value.to_owned(), source, by);
    let (file, variable) = (SettingSource::File, SettingSource::Environment);
    assert_eq!(of("historian.retention_days.raw"), given("3", file, None));
    assert_eq!(of("historian.retention_days.day").1, SettingSource::Default);
    let level = given("\"debug\"", variable, Some("HEADWORKS__LOG__LEVEL"));
    assert_eq!(of("log.level"), level);
    let url = given("\"***\"", variable, Some("HEADWORKS__DATABASE__URL"));
    assert_eq!(of("database.url"), url);
    let data = given(
        "\"/var/lib/plant\"",
        SettingSource::Argument,
        Some("--data"),
    );
    assert_eq!(of("data.directory"), data);
    assert!(!format!("{shown:?}").contains("canary"), "{shown:?}");
}
