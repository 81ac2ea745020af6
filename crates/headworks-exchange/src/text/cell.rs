//! Cells of CSV: numbers, and the texts that all exports have in common.

pub(crate) use headworks_core::cell::{Guard, unguard, write_text};

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

#[cfg(test)]
mod tests {
    use super::*;

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
