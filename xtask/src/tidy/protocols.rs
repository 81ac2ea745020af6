//! A protocol is one folder, and complete.

use super::Finding;
use super::tree::{File, Tree};

const SOURCES: &str = "crates/headworks-protocols/src/";

/// Checks the folder of every protocol in the table.
pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for name in registered(tree) {
        let folder = format!("{SOURCES}{name}/");
        for (part, why) in [
            ("README.md", "it is the page of the documentation"),
            ("sample.toml", "`headworks config sample` prints it"),
            ("testcases/", "they show what the protocol must do"),
        ] {
            let wanted = format!("{folder}{part}");
            if !tree.files.iter().any(|file| file.path.starts_with(&wanted)) {
                let message = format!("protocol {name} has no {part}: {why}");
                findings.push(Finding::new(&folder, 0, message));
            }
        }
    }
    for file in tree
        .files
        .iter()
        .filter(|file| file.path.starts_with(SOURCES))
    {
        check_folders_apart(tree, file, &mut findings);
    }
    Ok(findings)
}

/// Returns the names of the protocols in the table `PROTOCOLS`.
fn registered(tree: &Tree) -> Vec<&str> {
    let lines = tree
        .files
        .iter()
        .filter(|file| file.path.starts_with(SOURCES) && file.path.ends_with(".rs"))
        .flat_map(|file| file.text.lines());
    let mut names: Vec<&str> = lines
        .flat_map(|line| line.split(['[', ',', ']']))
        .filter_map(|item| item.trim().strip_prefix('&')?.strip_suffix("::PROTOCOL"))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Folders of protocols do not import each other, so that each can be read, or removed, alone.
fn check_folders_apart(tree: &Tree, file: &File, findings: &mut Vec<Finding>) {
    let inside = file.path.trim_start_matches(SOURCES);
    let Some((own, _)) = inside.split_once('/') else {
        return;
    };
    let names = registered(tree);
    if !names.contains(&own) {
        return;
    }
    for other in names.into_iter().filter(|name| *name != own) {
        for (number, line) in file.lines() {
            if line.contains(&format!("crate::{other}::")) {
                let message = format!("protocol {own} uses protocol {other}: share it beside both");
                findings.push(Finding::new(&file.path, number, message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: (&str, &str) = (
        "crates/headworks-protocols/src/lib.rs",
        "pub static PROTOCOLS: &[&Protocol] = &[&a::PROTOCOL, &b::PROTOCOL];",
    );

    #[test]
    fn an_incomplete_folder_is_found() {
        let files = [
            TABLE,
            ("crates/headworks-protocols/src/a/README.md", ""),
            ("crates/headworks-protocols/src/a/sample.toml", ""),
            (
                "crates/headworks-protocols/src/a/testcases/one/expected.txt",
                "",
            ),
            ("crates/headworks-protocols/src/b/README.md", ""),
            ("crates/headworks-protocols/src/b/sample.toml", ""),
        ];
        let findings = check(&Tree::of(&files)).unwrap();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].message.contains("protocol b has no testcases/"));
    }

    #[test]
    fn folders_do_not_import_each_other() {
        let file = (
            "crates/headworks-protocols/src/a/mod.rs",
            "use crate::b::thing;",
        );
        let findings = check(&Tree::of(&[TABLE, file])).unwrap();
        assert!(
            findings
                .iter()
                .any(|finding| finding.message.contains("a uses protocol b"))
        );
    }
}
