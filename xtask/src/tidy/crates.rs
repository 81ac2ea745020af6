//! The direction of dependencies, and what crates may not do.

use anyhow::Context;
use toml::{Table, Value};

use super::Finding;
use super::tree::{File, Tree};

/// The crates of the project with those that each may use: core <- {protocols, store, access} <-
/// hub <- {engineering, logic} <- server <- binary; telemetry stands beside them.
static LAYERS: &[(&str, &[&str])] = &[
    ("headworks-core", &[]),
    ("headworks-access", &["headworks-core"]),
    ("headworks-protocols", &["headworks-core"]),
    ("headworks-telemetry", &[]),
    ("headworks-store", &["headworks-core"]),
    ("headworks-exchange", &["headworks-core", "headworks-store"]),
    (
        "headworks-hub",
        &["headworks-core", "headworks-protocols", "headworks-store"],
    ),
    (
        "headworks-engineering",
        &[
            "headworks-core",
            "headworks-exchange",
            "headworks-hub",
            "headworks-protocols",
        ],
    ),
    (
        "headworks-logic",
        &[
            "headworks-access",
            "headworks-core",
            "headworks-hub",
            "headworks-protocols", // its tests have a protocol of their own
            "headworks-store",
        ],
    ),
    (
        "headworks-server",
        &[
            "headworks-engineering",
            "headworks-logic",
            "headworks-core",
            "headworks-protocols",
            "headworks-store",
            "headworks-exchange",
            "headworks-access",
            "headworks-hub",
            "headworks-telemetry",
        ],
    ),
    (
        "headworks",
        &[
            "headworks-access",
            "headworks-core",
            "headworks-protocols",
            "headworks-store",
            "headworks-engineering",
            "headworks-exchange",
            "headworks-hub",
            "headworks-logic",
            "headworks-server",
            "headworks-telemetry",
        ],
    ),
    // Starts programs, so that it is small and quick to build.
    ("xtask", &[]),
];

/// A text that the files of a part may not hold.
struct Ban {
    /// What paths the files of the part have.
    part: fn(&str) -> bool,
    text: &'static str,
    reason: &'static str,
}

static BANS: &[Ban] = &[
    Ban {
        part: is_pure,
        text: "tokio::",
        reason: "core and codecs do no IO",
    },
    Ban {
        part: is_pure,
        text: "std::net",
        reason: "core and codecs do no IO",
    },
    Ban {
        part: is_pure,
        text: "std::fs",
        reason: "core and codecs do no IO",
    },
    Ban {
        part: is_pure,
        text: "Instant::now",
        reason: "time is an argument",
    },
    Ban {
        part: is_hub,
        text: "modbus",
        reason: "the hub contains no protocol names",
    },
];

/// Checks the crates.
pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.ending(&["Cargo.toml"]) {
        let manifest: Table = file.text.parse().with_context(|| file.path.clone())?;
        check_direction(file, &manifest, &mut findings);
        check_sorted(file, &mut findings);
    }
    for file in tree.ending(&[".rs"]) {
        check_bans(file, &mut findings);
    }
    Ok(findings)
}

fn check_direction(file: &File, manifest: &Table, findings: &mut Vec<Finding>) {
    let package = manifest.get("package").and_then(Value::as_table);
    let Some(name) = package
        .and_then(|package| package.get("name"))
        .and_then(Value::as_str)
    else {
        return;
    };
    let Some((_, may_use)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
        let message = format!("crate {name} has no place in the order of crates");
        findings.push(Finding::new(&file.path, 0, message));
        return;
    };
    for used in dependencies(manifest) {
        let ours = LAYERS.iter().any(|(layer, _)| *layer == used);
        if ours && !may_use.contains(&used) {
            let message = format!("{name} may not use {used}: dependencies point inwards");
            findings.push(Finding::new(&file.path, 0, message));
        }
    }
}

/// Returns the names in the dependency tables of a crate, those of its tests included.
fn dependencies(manifest: &Table) -> impl Iterator<Item = &str> {
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|table| manifest.get(table).and_then(Value::as_table))
        .flat_map(|table| table.keys().map(String::as_str))
}

/// Each table, or paragraph of a table, of dependencies is in order of names.
fn check_sorted(file: &File, findings: &mut Vec<Finding>) {
    let mut in_table = false;
    let mut previous = "";
    for (number, line) in file.lines() {
        if line.starts_with('[') {
            in_table = line.trim_end_matches(']').ends_with("dependencies");
        }
        let Some((name, _)) = line.split_once('=').filter(|_| in_table) else {
            previous = "";
            continue;
        };
        let name = name.trim().trim_end_matches(".workspace");
        if name < previous {
            let message = format!("{name} comes before {previous}: keep the table sorted");
            findings.push(Finding::new(&file.path, number, message));
        }
        previous = name;
    }
}

fn check_bans(file: &File, findings: &mut Vec<Finding>) {
    for ban in BANS.iter().filter(|ban| (ban.part)(&file.path)) {
        for (number, line) in file.lines().take_while(|(_, line)| *line != "mod tests {") {
            let code = line.split("//").next().unwrap_or_default();
            if code.contains(ban.text) {
                let message = format!("{:?}: {}", ban.text, ban.reason);
                findings.push(Finding::new(&file.path, number, message));
            }
        }
    }
}

fn is_pure(path: &str) -> bool {
    let codec = [
        "/pdu.rs",
        "/wire.rs",
        "/frame.rs",
        "/codec.rs",
        "/planner.rs",
    ];
    // Tests read committed files.
    let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
    (path.starts_with("crates/headworks-core/src/") && !is_test)
        || (path.starts_with("crates/headworks-protocols/src/")
            && codec.iter().any(|end| path.ends_with(end)))
}

fn is_hub(path: &str) -> bool {
    path.starts_with("crates/headworks-hub/src/") && !path.ends_with("tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_finds(path: &str, text: &str, want: &str) {
        let findings = check(&Tree::of(&[(path, text)])).unwrap();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].to_string().contains(want), "{}", findings[0]);
    }

    #[test]
    fn dependencies_point_inwards() {
        let manifest = "[package]\nname = \"headworks-core\"\n[dev-dependencies]\n\
                        headworks-hub.workspace = true";
        check_finds(
            "a/Cargo.toml",
            manifest,
            "headworks-core may not use headworks-hub",
        );
        check_finds(
            "a/Cargo.toml",
            "[package]\nname = \"extra\"",
            "has no place",
        );
    }

    #[test]
    fn tables_are_sorted_paragraph_by_paragraph() {
        let text = "[dependencies]\nserde = \"1\"\nanyhow = \"1\"";
        check_finds(
            "Cargo.toml",
            text,
            "Cargo.toml:3: anyhow comes before serde",
        );
        let text = "[workspace.dependencies]\nown = \"1\"\n\nanyhow = \"1\"";
        assert_eq!(check(&Tree::of(&[("Cargo.toml", text)])).unwrap(), []);
    }

    #[test]
    fn a_codec_does_no_io() {
        let path = "crates/headworks-protocols/src/modbus/pdu.rs";
        check_finds(path, "use tokio::net::TcpStream;", "do no IO");
        assert_eq!(
            check(&Tree::of(&[(path, "// never tokio::net")])).unwrap(),
            []
        );
    }

    #[test]
    fn the_hub_knows_no_protocol() {
        check_finds(
            "crates/headworks-hub/src/a.rs",
            "if name == \"modbus\" {",
            "no protocol names",
        );
    }
}
