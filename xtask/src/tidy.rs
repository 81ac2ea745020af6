//! Rules of the source tree that no compiler checks, each with its reason beside the rule.

mod crates;
mod documents;
mod functions;
mod licences;
mod protocols;
mod standards;
mod text;
mod tree;

use anyhow::bail;

use crate::shell;
use crate::summary::Counts;
use tree::Tree;

/// A place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Path of the file in the workspace.
    pub(crate) file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub(crate) line: usize,
    /// What is wrong and what would be right.
    pub(crate) message: String,
}

/// One rule, or a few that look at the same thing.
type Rule = fn(&Tree) -> anyhow::Result<Vec<Finding>>;

static RULES: &[Rule] = &[
    text::check,
    functions::check,
    crates::check,
    protocols::check,
    documents::check,
    licences::check,
    standards::check,
];

/// Checks the tree and prints what breaks a rule.
pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    let counts = check()?;
    if 0 < counts.failed {
        bail!("{} places break a rule", counts.failed);
    }
    println!("the tree is tidy");
    Ok(())
}

/// Checks the tree, prints the findings and counts them.
pub(crate) fn check() -> anyhow::Result<Counts> {
    let findings = findings(&Tree::load(&shell::root())?)?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(Counts::ONE),
        failed => Ok(Counts {
            passed: 0,
            failed: u64::try_from(failed)?,
        }),
    }
}

fn findings(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for rule in RULES {
        findings.extend(rule(tree)?);
    }
    findings.sort();
    Ok(findings)
}

impl Finding {
    fn new(file: &str, line: usize, message: impl Into<String>) -> Finding {
        Finding {
            file: file.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let tree = Tree::load(&shell::root()).unwrap();
        let findings = findings(&tree).unwrap();
        let shown: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(findings.is_empty(), "\n{}", shown.join("\n"));
    }
}
