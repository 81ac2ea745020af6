//! The length of functions.

use super::Finding;
use super::tree::Tree;

/// Longest function, in lines, signature and closing brace included: what fits on a screen.
const LINES_MAX: usize = 70;

/// Checks every function of every Rust file.
pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.ending(&[".rs"]) {
        for function in functions(&file.text) {
            if LINES_MAX < function.lines {
                let message = format!(
                    "fn {} has {} lines, at most {LINES_MAX}: split it",
                    function.name, function.lines
                );
                findings.push(Finding::new(&file.path, function.start, message));
            }
        }
    }
    Ok(findings)
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    start: usize,
    lines: usize,
}

/// Returns the functions of a source text, found by their braces.
fn functions(source: &str) -> Vec<Function> {
    let code = blank_out(source);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let name: String = code[at + 3..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let stands_alone = code[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric());
        if name.is_empty() || !stands_alone {
            continue;
        }
        if let Some(end) = end_of_body(&code, at) {
            let start = code[..at].matches('\n').count() + 1;
            let lines = code[at..end].matches('\n').count() + 1;
            found.push(Function { name, start, lines });
        }
    }
    found
}

/// Returns where the body ends that begins after `at`; nothing for a function without one.
fn end_of_body(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0_u32;
    let mut brackets = 0_i32;
    for (offset, c) in code[at..].char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            ';' if depth == 0 && brackets == 0 => return None,
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at + offset),
            '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// Replaces comments, strings and characters by blanks, keeping the lines.
fn blank_out(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let skipped = skipped_bytes(rest);
        if 0 < skipped {
            code.extend(
                rest[..skipped]
                    .chars()
                    .map(|c| if c == '\n' { '\n' } else { ' ' }),
            );
            rest = &rest[skipped..];
            continue;
        }
        let word = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let taken = word.max(c.len_utf8());
        code.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    code
}

/// Returns how many bytes of comment, string or character `rest` begins with.
fn skipped_bytes(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_bytes(rest);
    }
    for prefix in ["br", "cr", "r"] {
        if let Some(raw) = rest.strip_prefix(prefix)
            && let Some(bytes) = raw_string_bytes(raw)
        {
            return prefix.len() + bytes;
        }
    }
    for prefix in ["b\"", "c\"", "\""] {
        if let Some(text) = rest.strip_prefix(prefix) {
            return prefix.len() + closing(text, '"');
        }
    }
    if let Some(text) = rest.strip_prefix("b'") {
        return 2 + closing(text, '\'');
    }
    rest.strip_prefix('\'').map_or(0, character_bytes)
}

/// Returns the bytes up to and with the closing mark, which a backslash may hide.
fn closing(text: &str, mark: char) -> usize {
    let mut hidden = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if hidden => hidden = false,
            '\\' => hidden = true,
            c if c == mark => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Returns the bytes of a character literal after its first mark; 0 when it is a lifetime.
fn character_bytes(text: &str) -> usize {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some('\\'), _) => 1 + closing(text, '\''),
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 0,
    }
}

fn raw_string_bytes(rest: &str) -> Option<usize> {
    let marks = rest.len() - rest.trim_start_matches('#').len();
    let text = rest[marks..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(marks));
    let length = text.find(&end).map_or(text.len(), |at| at + end.len());
    Some(marks + 1 + length)
}

fn block_comment_bytes(rest: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_lines(source: &str, want: &[(&str, usize, usize)]) {
        let found = functions(source);
        let found: Vec<(&str, usize, usize)> = found
            .iter()
            .map(|function| (function.name.as_str(), function.start, function.lines))
            .collect();
        assert_eq!(found, want);
    }

    #[test]
    fn functions_are_measured_from_fn_to_brace() {
        check_lines(
            "fn a() {}\n\npub(crate) fn b(\n    x: u8,\n) {\n    x;\n}\n",
            &[("a", 1, 1), ("b", 3, 5)],
        );
    }

    #[test]
    fn braces_in_strings_characters_and_comments_do_not_count() {
        let source = "fn a<'x>(t: &'x str) {\n let _ = \"}\"; // }\n let _ = '}';\n \
                      let _ = r#\"}\"}\"#; /* } /* } */ } */\n let _ = '\\'';\n}";
        check_lines(source, &[("a", 1, 6)]);
    }

    #[test]
    fn a_function_without_body_or_a_type_of_function_is_none() {
        check_lines(
            "trait T {\n fn a(&self) -> [u8; 3];\n}\nstruct S { f: fn(u8) -> u8 }",
            &[],
        );
    }

    #[test]
    fn a_long_function_is_found() {
        let source = format!("fn long() {{\n{}}}\n", "    step();\n".repeat(69));
        let findings = check(&Tree::of(&[("a.rs", &source)])).unwrap();
        assert_eq!(
            findings[0].to_string(),
            "a.rs:1: fn long has 71 lines, at most 70: split it"
        );
        let source = format!("fn fits() {{\n{}}}\n", "    step();\n".repeat(68));
        assert_eq!(check(&Tree::of(&[("a.rs", &source)])).unwrap(), []);
    }
}
