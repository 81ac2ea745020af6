//! Cells of CSV: numbers, quoted texts, and texts that a spreadsheet must not take for formulas.

/// Writes numbers; the buffers are made once.
#[derive(Default)]
pub(crate) struct Numbers {
    integers: itoa::Buffer,
    floats: zmij::Buffer,
}

impl Numbers {
    pub(crate) fn integer(&mut self, out: &mut Vec<u8>, value: impl itoa::Integer) {
        out.extend_from_slice(self.integers.format(value).as_bytes());
    }

    /// Writes the shortest digits that read back as the same number; whole numbers end in `.0`, so
    /// that they stay numbers of their kind. What is not finite has no text.
    pub(crate) fn float(&mut self, out: &mut Vec<u8>, value: f64, decimal: u8) {
        if !value.is_finite() {
            return;
        }
        let text = self.floats.format_finite(value).as_bytes();
        let start = out.len();
        out.extend_from_slice(text);
        if decimal != b'.'
            && let Some(at) = memchr::memchr(b'.', text)
        {
            out[start + at] = decimal;
        }
    }
}

/// Whether texts get an apostrophe where a spreadsheet would take them for formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    On,
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
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str, delimiter: u8, guard: Guard) {
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
pub(crate) fn unguard(text: &str) -> &str {
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

    #[test]
    fn numbers_keep_their_digits_and_their_kind() {
        let text = |value: f64, decimal: u8| {
            let mut out = Vec::new();
            Numbers::default().float(&mut out, value, decimal);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(0.1 + 0.2, b'.'), "0.30000000000000004");
        assert_eq!(text(2.0, b'.'), "2.0");
        assert_eq!(text(-0.0, b'.'), "-0.0");
        assert_eq!(text(21.5, b','), "21,5");
        assert_eq!(text(f64::NAN, b'.'), "");
        for value in [f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e16, 123_456.789e-30] {
            assert_eq!(text(value, b'.').parse::<f64>().unwrap(), value);
        }
    }
}
