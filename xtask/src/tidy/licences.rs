//! `deny.toml`, as far as it can be checked without the network: licences and banned crates.
//!
//! cargo-deny reads the same file where it is installed.

use std::collections::BTreeSet;

use anyhow::Context;
use serde::Deserialize;

use super::Finding;
use super::tree::Tree;
use crate::shell;

/// Most crates of other people in the binary, its tests and its tools.
const CRATES_MAX: usize = 450;

/// What of `deny.toml` is checked here.
#[derive(Debug, Deserialize)]
struct Rules {
    licenses: Licences,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Debug, Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

/// What of `cargo metadata` is checked here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Checks the crates of other people.
pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let file = tree.file("deny.toml").context("deny.toml is missing")?;
    let rules: Rules = toml::from_str(&file.text).context("deny.toml")?;
    let arguments = ["metadata", "--format-version", "1", "--locked", "--quiet"];
    let metadata: Metadata = serde_json::from_str(&shell::capture(shell::cargo(arguments))?)?;
    Ok(judge(&rules, &metadata.packages))
}

fn judge(rules: &Rules, packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let foreign: Vec<&Package> = packages
        .iter()
        .filter(|each| each.source.is_some())
        .collect();
    if CRATES_MAX < foreign.len() {
        let message = format!("{} crates of others, at most {CRATES_MAX}", foreign.len());
        findings.push(Finding::new("Cargo.lock", 0, message));
    }
    for package in foreign {
        let Package { name, version, .. } = package;
        if let Some(banned) = rules.bans.deny.iter().find(|banned| banned.name == *name) {
            let message = format!("{name} {version} is banned: {}", banned.reason);
            findings.push(Finding::new("Cargo.lock", 0, message));
        }
        let licence = package.license.as_deref().unwrap_or("none");
        if !is_allowed(licence, &rules.licenses.allow) {
            let message = format!("{name} {version} has the licence {licence:?}, not allowed");
            findings.push(Finding::new("Cargo.lock", 0, message));
        }
    }
    findings
}

/// Evaluates an SPDX expression of `OR`, `AND`, `/` and parentheses.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words, allowed) && words.next().is_none()
}

type Words<'a, 'b> = &'a mut std::iter::Peekable<std::str::SplitWhitespace<'b>>;

fn either(words: Words<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    let mut good = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        good |= both(words, allowed);
    }
    good
}

fn both(words: Words<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    let mut good = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        good &= one(words, allowed);
    }
    good
}

fn one(words: Words<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let good = either(words, allowed);
        return words.next() == Some(")") && good;
    }
    let Some(licence) = words.next() else {
        return false;
    };
    let licence = match words.next_if_eq(&"WITH").and_then(|_| words.next()) {
        Some(exception) => format!("{licence} WITH {exception}"),
        None => licence.to_owned(),
    };
    allowed.contains(&licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_licence(expression: &str, want: bool) {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"]
            .map(str::to_owned)
            .into();
        assert_eq!(is_allowed(expression, &allowed), want, "{expression}");
    }

    #[test]
    fn licence_expressions_are_evaluated() {
        check_licence("MIT", true);
        check_licence("GPL-3.0", false);
        check_licence("GPL-3.0 OR MIT", true);
        check_licence("MIT/BSD-2-Clause", true);
        check_licence("MIT AND GPL-3.0", false);
        check_licence("(MIT OR GPL-3.0) AND Unicode-3.0", true);
        check_licence("Apache-2.0 WITH LLVM-exception", false);
        check_licence("(MIT", false);
        check_licence("", false);
    }

    #[test]
    fn a_banned_crate_is_found_with_the_reason() {
        let rules = Rules {
            licenses: Licences {
                allow: ["MIT".to_owned()].into(),
            },
            bans: Bans {
                deny: vec![Banned {
                    name: "openssl".into(),
                    reason: "rustls".into(),
                }],
            },
        };
        let package = |name: &str| Package {
            name: name.into(),
            version: "1.0.0".into(),
            license: Some("MIT".into()),
            source: Some("registry".into()),
        };
        let findings = judge(&rules, &[package("serde"), package("openssl")]);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "openssl 1.0.0 is banned: rustls");
    }
}
