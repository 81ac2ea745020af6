//! `headworks support-bundle`: what somebody who helps needs to know, in one file, without secrets
//! and without values of tags.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use headworks_access::redact;
use headworks_telemetry::{ErrorJournal, ErrorQuery, scrub};
use serde_json::{Value as Json, json};
use zip::write::SimpleFileOptions;

use crate::cli::SettingsArguments;
use crate::history::{TokenArguments, fetch};
use crate::settings::{self, Settings, Sources};

/// Examples of `support-bundle`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks support-bundle
  headworks support-bundle --data /var/lib/headworks -o bundle.zip
  headworks support-bundle --quick --url http://127.0.0.1:8080 --token-file token.txt

Changes nothing and works while Headworks runs. manifest.json in the file says what it holds; look
through it before you send it: log lines and settings name hosts, devices and tags.";

/// Most bytes of the newest log lines.
const LOG_BYTES_MAX: u64 = 2 << 20;
/// Most groups of errors.
const ERROR_GROUPS_MAX: usize = 500;
/// What the running hub is asked: part, path below `/api/v1/`, what it is.
const QUESTIONS: [(&str, &str, &str); 3] = [
    ("health.json", "system/health", "health of the running hub"),
    ("stats.json", "system/stats", "figures of the running hub"),
    (
        "storage.json",
        "system/storage",
        "room on the disk, as the running hub sees it",
    ),
];

/// Arguments of `support-bundle`.
#[derive(Debug, Args)]
pub(crate) struct SupportArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The file to write [default: headworks-support-TIME.zip]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The running hub that is asked for its health [default: as the settings say]
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    token: TokenArguments,
    /// Leave out what reads all files: the proofs of historian and audit journal
    #[arg(long)]
    quick: bool,
}

/// One file of the bundle, or why it is left out.
struct Part {
    name: &'static str,
    about: &'static str,
    content: Result<Vec<u8>, String>,
}

/// Writes the bundle.
pub(crate) fn run(arguments: &SupportArguments) -> anyhow::Result<()> {
    let mut sources = Sources::of_process(arguments.settings.config.clone())?;
    sources.data.clone_from(&arguments.settings.data);
    let (settings, _) = settings::load(&sources)?;
    if !settings.data.directory.is_dir() {
        let directory = settings.data.directory.display();
        bail!("{directory} is no data directory; name it with --data");
    }
    let made = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H-%M-%SZ")
        .to_string();
    let output = arguments.output.clone();
    let output = output.unwrap_or_else(|| format!("headworks-support-{made}.zip").into());
    let parts = parts(&settings, arguments)?;
    write(&output, &parts, &made)
        .with_context(|| format!("{} cannot be written", output.display()))?;
    for part in &parts {
        match &part.content {
            Ok(content) => println!("{:<16} {} bytes: {}", part.name, content.len(), part.about),
            Err(reason) => println!("{:<16} left out: {reason}", part.name),
        }
    }
    println!("{}", output.display());
    Ok(())
}

fn parts(settings: &Settings, arguments: &SupportArguments) -> anyhow::Result<Vec<Part>> {
    let data = settings.data.directory.as_path();
    let mut parts = vec![
        part("version.json", "program and machine", Ok(machine())),
        part("settings.json", "settings, secrets masked", shown(settings)),
        part("files.json", "sizes in the data directory", sizes(data)),
        part("errors.json", "groups of warnings and errors", errors(data)),
        Part {
            name: "log.txt",
            about: "the newest lines of the log file",
            content: newest_lines(&settings.log.file).map_err(|error| format!("{error:#}")),
        },
    ];
    let proofs = match arguments.quick {
        true => [
            Err(anyhow::anyhow!("--quick")),
            Err(anyhow::anyhow!("--quick")),
        ],
        false => [historian(data), audit(data)],
    };
    let [historian, audit] = proofs;
    parts.push(part(
        "historian.json",
        "check of the historian's files",
        historian,
    ));
    parts.push(part("audit.json", "proof of the audit journal", audit));
    let token = arguments.token.read()?;
    let own = format!("http://{}", settings.server.listen.get());
    let url = arguments.url.as_deref().unwrap_or(&own);
    for (name, path, about) in QUESTIONS {
        let answer = match &token {
            Some(token) => fetch(url, Some(token), path),
            None => Err(anyhow::anyhow!("no token was given")),
        };
        parts.push(part(name, about, answer));
    }
    Ok(parts)
}

/// Makes a part of JSON; whatever looks like a secret is masked once more.
fn part(name: &'static str, about: &'static str, content: anyhow::Result<Json>) -> Part {
    let content = content.map(|mut content| {
        redact(&mut content);
        scrub_all(&mut content);
        format!("{content:#}\n").into_bytes()
    });
    Part {
        name,
        about,
        content: content.map_err(|error| scrub(format!("{error:#}"))),
    }
}

fn scrub_all(value: &mut Json) {
    match value {
        Json::String(text) => *text = scrub(std::mem::take(text)),
        Json::Array(items) => items.iter_mut().for_each(scrub_all),
        Json::Object(members) => members.values_mut().for_each(scrub_all),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn machine() -> Json {
    let text = |path: &str| std::fs::read_to_string(path).ok();
    let first = |path: &str, start: &str| {
        let text = text(path)?;
        let line = text.lines().find_map(|line| line.strip_prefix(start))?;
        Some(line.trim().trim_matches('"').to_owned())
    };
    json!({
        "headworks": env!("CARGO_PKG_VERSION"),
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "cores": std::thread::available_parallelism().ok().map(usize::from),
        "distribution": first("/etc/os-release", "PRETTY_NAME="),
        "kernel": text("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()),
        "memory": first("/proc/meminfo", "MemTotal:"),
        "memory_free": first("/proc/meminfo", "MemAvailable:"),
        "time_us": jiff::Timestamp::now().as_microsecond(),
    })
}

fn shown(settings: &Settings) -> anyhow::Result<Json> {
    Ok(serde_json::to_value(settings)?)
}

/// Returns what lies in the data directory: files and bytes of each name.
fn sizes(data: &Path) -> anyhow::Result<Json> {
    let mut found = serde_json::Map::new();
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        let (files, bytes) = size(&entry.path());
        let name = entry.file_name().to_string_lossy().into_owned();
        found.insert(name, json!({ "files": files, "bytes": bytes }));
    }
    Ok(Json::Object(found))
}

/// Returns the files below a path and their bytes; what cannot be read counts nothing.
fn size(path: &Path) -> (u64, u64) {
    let (mut files, mut bytes) = (0, 0);
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {
                let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
                open.extend(entries.map(|entry| entry.path()));
            }
            Ok(found) => (files, bytes) = (files + 1, bytes + found.len()),
            Err(_) => {}
        }
    }
    (files, bytes)
}

/// Returns the groups of errors without their newest message, which may quote a value.
fn errors(data: &Path) -> anyhow::Result<Json> {
    let path = data.join("errors.db");
    if !path.is_file() {
        bail!("{} does not exist", path.display());
    }
    let query = ErrorQuery {
        limit: ERROR_GROUPS_MAX,
        ..ErrorQuery::default()
    };
    let page = ErrorJournal::open(&path)?.groups(&query)?;
    let items = page.items.iter().map(|group| {
        json!({
            "module": group.module,
            "template": group.template,
            "level": group.level,
            "first_us": group.first_us,
            "last_us": group.last_us,
            "count": group.count,
        })
    });
    Ok(json!({ "total": page.total, "groups": items.collect::<Vec<_>>() }))
}

fn newest_lines(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path.as_os_str().is_empty() {
        bail!("log.file of the settings names none");
    }
    let read = || {
        let mut file = File::open(path)?;
        let from = file.metadata()?.len().saturating_sub(LOG_BYTES_MAX);
        file.seek(SeekFrom::Start(from))?;
        let mut text = Vec::new();
        file.take(LOG_BYTES_MAX).read_to_end(&mut text)?;
        std::io::Result::Ok((from, text))
    };
    let (from, text) = read().with_context(|| format!("{} cannot be read", path.display()))?;
    let text = String::from_utf8_lossy(&text);
    // The first line is a part of one where the beginning of the file is left out.
    let lines = text.lines().skip(usize::from(0 < from));
    let lines = lines.map(|line| scrub(line.to_owned()) + "\n");
    Ok(lines.collect::<String>().into_bytes())
}

fn historian(data: &Path) -> anyhow::Result<Json> {
    let mut damaged = Vec::new();
    let totals = headworks_store::historian::inspect::verify(data, &mut |report| {
        if !report.problems.is_empty() {
            damaged.push(json!(report));
        }
    })?;
    Ok(json!({ "totals": totals, "damaged": damaged }))
}

fn audit(data: &Path) -> anyhow::Result<Json> {
    Ok(json!(headworks_access::journal::verify(data)?))
}

/// Writes the file under another name first, so that a bundle is whole.
fn write(path: &Path, parts: &[Part], made: &str) -> anyhow::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut zip = zip::ZipWriter::new(options.open(&part)?);
    let options = SimpleFileOptions::default();
    zip.start_file("manifest.json", options)?;
    zip.write_all(format!("{:#}\n", manifest(parts, made)).as_bytes())?;
    for part in parts {
        if let Ok(content) = &part.content {
            zip.start_file(part.name, options)?;
            zip.write_all(content)?;
        }
    }
    zip.finish()?.sync_all()?;
    std::fs::rename(&part, path)?;
    Ok(())
}

fn manifest(parts: &[Part], made: &str) -> Json {
    let parts = parts.iter().map(|part| match &part.content {
        Ok(content) => json!({ "name": part.name, "about": part.about, "bytes": content.len() }),
        Err(reason) => json!({ "name": part.name, "about": part.about, "left_out": reason }),
    });
    json!({
        "format": 1,
        "headworks": env!("CARGO_PKG_VERSION"),
        "made": made,
        "parts": parts.collect::<Vec<_>>(),
    })
}
