//! Cells of CSV: quoted texts, and texts that a spreadsheet must not take for formulas.

/// Whether texts get an apostrophe where a spreadsheet would take them for formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// They do.
    On,
    /// They stay as they are.
    Off,
}

/// Returns whether a spreadsheet could take a text for a formula, or for a guarded one.
fn is_formula_like(text: &str) -> bool {
    let rest = text.trim_start_matches('\'');
    matches!(
        rest.as_bytes().first(),
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')
    )
}

/// Writes a text as a cell: quoted where RFC 4180 wants it, and when it is empty, so that it
/// differs from no value.
pub fn write_text(out: &mut Vec<u8>, text: &str, delimiter: u8, guard: Guard) {
    let guarded = guard == Guard::On && is_formula_like(text);
    let bytes = text.as_bytes();
    let special = |&byte: &u8| matches!(byte, b'"' | b'\r' | b'\n') || byte == delimiter;
    let outer_blank = bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ');
    if !bytes.is_empty() && !outer_blank && !bytes.iter().any(special) {
        if guarded {
            out.push(b'\'');
        }
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    if guarded {
        out.push(b'\'');
    }
    for &byte in bytes {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Takes away the apostrophe that [`write_text`] put before a text.
pub fn unguard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula_like(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut out = Vec::new();
        write_text(&mut out, text, b',', Guard::On);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_are_quoted_where_needed() {
        for (text, want) in [
            ("plain", "plain"),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            (" blank", "\" blank\""),
            ("°C", "°C"),
        ] {
            assert_eq!(cell(text), want);
        }
    }

    #[test]
    fn formulas_are_defused_and_come_back() {
        for text in [
            "=1+1",
            "+A1",
            "-2",
            "@SUM(1)",
            "\tx",
            "\rx",
            "'=1",
            "''=1",
            "'a",
            "a=1",
            "",
            "'",
            "=HYPERLINK(\"http://x\",\"y\")",
        ] {
            let mut out = Vec::new();
            write_text(&mut out, text, b'\0', Guard::On);
            let written = String::from_utf8(out).unwrap();
            let inner = match written.strip_prefix('"') {
                Some(rest) => rest[..rest.len() - 1].replace("\"\"", "\""),
                None => written,
            };
            assert!(
                !inner.starts_with(['=', '+', '-', '@', '\t', '\r']),
                "{text:?} is written as {inner:?}"
            );
            assert_eq!(unguard(&inner), text);
        }
    }
}
