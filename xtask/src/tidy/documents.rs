//! Markdown: a title first, and links that lead somewhere.

use std::path::Path;

use super::Finding;
use super::tree::{File, Tree};

/// Checks every Markdown file.
pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.ending(&[".md"]) {
        if !file.text.starts_with("# ") {
            findings.push(Finding::new(
                &file.path,
                1,
                "begins without a title `# ...`",
            ));
        }
        check_links(tree, file, &mut findings);
    }
    Ok(findings)
}

fn check_links(tree: &Tree, file: &File, findings: &mut Vec<Finding>) {
    for (number, line) in file.lines() {
        for target in links(line) {
            if is_outside(target) {
                continue;
            }
            let path = target.split('#').next().unwrap_or_default();
            let directory = Path::new(&file.path).parent().unwrap_or(Path::new(""));
            let wanted = tree.root.join(directory).join(path);
            if !path.is_empty() && !wanted.exists() {
                let message = format!("the link to {target:?} leads nowhere");
                findings.push(Finding::new(&file.path, number, message));
            }
        }
    }
}

fn is_outside(target: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme))
}

/// Returns the targets of `[text](target)` in a line.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_with_its_title() {
        let tree = Tree::of(&[("a.md", "text"), ("b.md", "# Title\n")]);
        let findings = check(&tree).unwrap();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].file, "a.md");
    }

    #[test]
    fn a_dead_link_is_found() {
        let text = "# T\n[here](#top) [web](https://example.org) [lost](no/such/page.md#part)";
        let findings = check(&Tree::of(&[("a.md", text)])).unwrap();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].to_string().contains("no/such/page.md"));
    }
}
