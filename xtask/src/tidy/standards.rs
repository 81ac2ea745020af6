//! The maps of security standards: each requirement has a test, a reason or a gap, and the tests
//! are there.

use std::collections::BTreeSet;

use anyhow::Context;
use serde::Deserialize;

use super::Finding;
use super::tree::{File, Tree};

/// Where the maps are.
const FOLDER: &str = "docs/security/";

/// A map.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Map {
    /// Name and version of the standard.
    #[serde(rename = "standard")]
    _standard: String,
    requirement: Vec<Requirement>,
}

/// One requirement, in our words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    id: String,
    text: String,
    /// What checks it: `FILE::FUNCTION`.
    #[serde(default)]
    test: Vec<String>,
    /// Why it needs no test: it does not apply, or holds by construction.
    reason: Option<String>,
    /// What is missing.
    gap: Option<String>,
}

/// Checks every map.
pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let maps = tree.ending(&[".toml"]);
    for file in maps.filter(|file| file.path.starts_with(FOLDER)) {
        let map: Map = toml::from_str(&file.text).with_context(|| file.path.clone())?;
        let mut ids = BTreeSet::new();
        for requirement in &map.requirement {
            let mut messages = requirement.problems(tree);
            if !ids.insert(&requirement.id) {
                messages.push("stands there twice".to_owned());
            }
            let line = line_of(file, &requirement.id);
            findings.extend(messages.into_iter().map(|message| {
                Finding::new(&file.path, line, format!("{}: {message}", requirement.id))
            }));
        }
    }
    Ok(findings)
}

fn line_of(file: &File, id: &str) -> usize {
    let wanted = format!("id = \"{id}\"");
    let mut lines = file.lines();
    lines
        .find(|(_, line)| *line == wanted)
        .map_or(0, |(number, _)| number)
}

impl Requirement {
    fn problems(&self, tree: &Tree) -> Vec<String> {
        let mut problems = Vec::new();
        let given = [
            !self.test.is_empty(),
            self.reason.is_some(),
            self.gap.is_some(),
        ];
        if given.iter().filter(|is_given| **is_given).count() != 1 {
            problems.push("needs one of test, reason and gap".to_owned());
        }
        let texts = [Some(&self.text), self.reason.as_ref(), self.gap.as_ref()];
        if texts
            .into_iter()
            .flatten()
            .any(|text| text.trim().is_empty())
        {
            problems.push("says nothing".to_owned());
        }
        let missing = self.test.iter().filter(|test| !exists(tree, test));
        problems.extend(missing.map(|test| format!("there is no test {test}")));
        problems
    }
}

/// Returns whether a file of the tree has this function, marked as a test.
fn exists(tree: &Tree, test: &str) -> bool {
    let Some((path, function)) = test.split_once("::") else {
        return false;
    };
    let Some(file) = tree.file(path) else {
        return false;
    };
    let wanted = format!("fn {function}(");
    let mut is_marked = false;
    for line in file.text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_marked = true;
        } else if line.contains("fn ") && !line.starts_with("//") {
            if is_marked && line.contains(&wanted) {
                return true;
            }
            is_marked = false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = "#[test]\nfn holds() {}\n\nfn helper() {}\n";

    #[track_caller]
    fn check_map(entry: &str, want: &[&str]) {
        let map = format!("standard = \"S\"\n[[requirement]]\nid = \"1\"\ntext = \"t\"\n{entry}");
        let tree = Tree::of(&[("docs/security/s.toml", &map), ("a/b.rs", TESTS)]);
        let findings = check(&tree).unwrap();
        let found: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn an_entry_says_one_thing() {
        check_map("reason = \"no such thing\"", &[]);
        check_map("gap = \"not yet\"", &[]);
        check_map("test = [\"a/b.rs::holds\"]", &[]);
        let one = "1: needs one of test, reason and gap";
        check_map("", &[one]);
        check_map("test = []", &[one]);
        check_map("gap = \"g\"\nreason = \"r\"", &[one]);
        check_map("gap = \" \"", &["1: says nothing"]);
    }

    #[test]
    fn a_test_that_is_not_there_is_found() {
        for test in ["a/b.rs::gone", "a/c.rs::holds", "a/b.rs::helper", "holds"] {
            let entry = format!("test = [\"{test}\"]");
            check_map(&entry, &[&format!("1: there is no test {test}")]);
        }
    }

    #[test]
    fn an_id_stands_there_once() {
        let again = "gap = \"g\"\n[[requirement]]\nid = \"1\"\ntext = \"t\"\ngap = \"g\"";
        check_map(again, &["1: stands there twice"]);
    }
}
