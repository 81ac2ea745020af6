//! Characters: UTF-8, UTF-16 and Latin-1 into UTF-8.

use std::io::{self, Read};

use crate::import::options::Encoding;

/// What Windows-1252 has where Latin-1 has control characters.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Guesses the encoding by the first bytes of a file.
pub(crate) fn guess(head: &[u8]) -> Encoding {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return Encoding::Utf8,
        [0xFF, 0xFE, ..] => return Encoding::Utf16Le,
        [0xFE, 0xFF, ..] => return Encoding::Utf16Be,
        _ => {}
    }
    // Without a mark UTF-16 shows by the zero bytes of its ASCII characters.
    let sample = &head[..head.len().min(4096)];
    let zeros = |odd: usize| {
        let half = sample.iter().skip(odd).step_by(2);
        half.filter(|&&byte| byte == 0).count() * 4
    };
    if 4 <= sample.len() && sample.len() < zeros(1) {
        return Encoding::Utf16Le;
    }
    if 4 <= sample.len() && sample.len() < zeros(0) {
        return Encoding::Utf16Be;
    }
    match std::str::from_utf8(head) {
        Ok(_) => Encoding::Utf8,
        // The end of the sample may cut a character.
        Err(error) if error.error_len().is_none() && head.len() < error.valid_up_to() + 4 => {
            Encoding::Utf8
        }
        Err(_) => Encoding::Latin1,
    }
}

/// Decodes a sample; what does not fit becomes the replacement character.
pub(crate) fn decode_all(bytes: &[u8], encoding: Encoding) -> String {
    let mut text = Vec::new();
    // Reading from memory and replacing what does not fit cannot fail.
    drop(reader(bytes, encoding).read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

/// Returns a reader of UTF-8 without a byte order mark.
pub(super) fn reader<'a>(bytes: impl Read + 'a, encoding: Encoding) -> Box<dyn Read + 'a> {
    match encoding {
        Encoding::Utf8 => Box::new(WithoutMark::new(bytes)),
        Encoding::Latin1 => Box::new(Decoder::new(bytes, decode_latin1)),
        Encoding::Utf16Le => Box::new(Decoder::new(bytes, |bytes, end, out| {
            decode_utf16(bytes, end, out, u16::from_le_bytes)
        })),
        Encoding::Utf16Be => Box::new(Decoder::new(bytes, |bytes, end, out| {
            decode_utf16(bytes, end, out, u16::from_be_bytes)
        })),
    }
}

/// Passes UTF-8 on, without the mark at its begin.
struct WithoutMark<R> {
    inner: R,
    /// Bytes at the begin that were looked at.
    head: Vec<u8>,
    started: bool,
}

impl<R: Read> WithoutMark<R> {
    fn new(inner: R) -> WithoutMark<R> {
        WithoutMark {
            inner,
            head: Vec::new(),
            started: false,
        }
    }
}

impl<R: Read> Read for WithoutMark<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.started {
            self.started = true;
            self.inner.by_ref().take(3).read_to_end(&mut self.head)?;
            if self.head == [0xEF, 0xBB, 0xBF] {
                self.head.clear();
            }
        }
        if self.head.is_empty() {
            return self.inner.read(buffer);
        }
        let count = self.head.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.head[..count]);
        self.head.drain(..count);
        Ok(count)
    }
}

/// Decodes bytes into text and returns how many it took; told whether more can follow.
type Decode = fn(&[u8], bool, &mut String) -> usize;

struct Decoder<R> {
    inner: R,
    decode: Decode,
    raw: Vec<u8>,
    text: String,
    /// Bytes of the text that were handed out.
    given: usize,
    ended: bool,
    started: bool,
}

impl<R: Read> Decoder<R> {
    fn new(inner: R, decode: Decode) -> Decoder<R> {
        Decoder {
            inner,
            decode,
            raw: Vec::new(),
            text: String::new(),
            given: 0,
            ended: false,
            started: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() && !self.ended {
            let start = self.raw.len();
            self.raw.resize(start + (64 << 10), 0);
            let bytes = self.inner.read(&mut self.raw[start..])?;
            self.raw.truncate(start + bytes);
            self.ended = bytes == 0;
            let taken = (self.decode)(&self.raw, self.ended, &mut self.text);
            self.raw.drain(..taken);
            if !self.started && !self.text.is_empty() {
                self.started = true;
                if self.text.starts_with('\u{feff}') {
                    self.text.drain(..3);
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.refill()?;
        }
        let left = &self.text.as_bytes()[self.given..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}

fn decode_latin1(bytes: &[u8], _: bool, out: &mut String) -> usize {
    out.extend(bytes.iter().map(|&byte| match byte {
        0x80..=0x9F => WINDOWS[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }));
    bytes.len()
}

fn decode_utf16(bytes: &[u8], is_end: bool, out: &mut String, unit: fn([u8; 2]) -> u16) -> usize {
    let mut units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]))
        .collect();
    // The first half of a pair waits for the second.
    if !is_end
        && units
            .last()
            .is_some_and(|last| (0xD800..0xDC00).contains(last))
    {
        units.pop();
    }
    let taken = units.len() * 2;
    let decoded = char::decode_utf16(units);
    out.extend(decoded.map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)));
    if is_end && taken < bytes.len() {
        out.push(char::REPLACEMENT_CHARACTER);
        return bytes.len();
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn utf16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mark = mark.then_some(0xFEFF);
        mark.into_iter()
            .chain(text.encode_utf16())
            .flat_map(bytes)
            .collect()
    }

    #[test]
    fn every_encoding_is_guessed_and_read() {
        let text = "Zeit;Wärme €;𝄞\r\n2026-11-21;1,5;x\r\n";
        let latin = "Zeit;W\u{e4}rme;x\r\n";
        let mut utf8_mark = b"\xEF\xBB\xBF".to_vec();
        utf8_mark.extend_from_slice(text.as_bytes());
        let latin_bytes: Vec<u8> = latin
            .chars()
            .map(|c| u8::try_from(c as u32).unwrap())
            .collect();
        for (bytes, encoding, want) in [
            (text.as_bytes().to_vec(), Encoding::Utf8, text),
            (utf8_mark, Encoding::Utf8, text),
            (utf16(text, true, u16::to_le_bytes), Encoding::Utf16Le, text),
            (utf16(text, true, u16::to_be_bytes), Encoding::Utf16Be, text),
            (
                utf16(text, false, u16::to_le_bytes),
                Encoding::Utf16Le,
                text,
            ),
            (
                utf16(text, false, u16::to_be_bytes),
                Encoding::Utf16Be,
                text,
            ),
            (latin_bytes, Encoding::Latin1, latin),
            (b"\x80 100".to_vec(), Encoding::Latin1, "€ 100"),
            (Vec::new(), Encoding::Utf8, ""),
        ] {
            assert_eq!(guess(&bytes), encoding, "{want}");
            assert_eq!(decode_all(&bytes, encoding), want);
            let mut slow = String::new();
            let read = reader(Slow(&bytes), encoding).read_to_string(&mut slow);
            assert_eq!(read.unwrap(), want.len());
            assert_eq!(slow, want);
        }
    }

    #[test]
    fn half_a_character_is_replaced_and_ends() {
        assert_eq!(decode_all(b"a\0\x34", Encoding::Utf16Le), "a\u{fffd}");
        assert_eq!(decode_all(b"\x34\xD8", Encoding::Utf16Le), "\u{fffd}");
    }
}
