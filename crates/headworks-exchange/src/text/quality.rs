//! Qualities as texts.

use headworks_core::Quality;

/// The qualities that have a name.
const NAMED: [Quality; 21] = [
    Quality::GOOD,
    Quality::GOOD_CLAMPED,
    Quality::GOOD_LOCAL_OVERRIDE,
    Quality::UNCERTAIN_NO_COMMUNICATION,
    Quality::UNCERTAIN_LAST_USABLE,
    Quality::UNCERTAIN_RANGE_EXCEEDED,
    Quality::UNCERTAIN_SUB_NORMAL,
    Quality::BAD,
    Quality::BAD_USER_ACCESS_DENIED,
    Quality::BAD_NO_COMMUNICATION,
    Quality::BAD_WAITING_FOR_INITIAL_DATA,
    Quality::BAD_NODE_ID_UNKNOWN,
    Quality::BAD_OUT_OF_RANGE,
    Quality::BAD_NOT_SUPPORTED,
    Quality::BAD_DECODING,
    Quality::BAD_CONFIGURATION,
    Quality::BAD_DEVICE_FAILURE,
    Quality::BAD_SENSOR_FAILURE,
    Quality::BAD_OUT_OF_SERVICE,
    Quality::BAD_NO_DATA,
    Quality::BAD_SERVER_TOO_BUSY,
];

/// What numbers below 256 in a column of qualities mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Status codes of OPC UA: 0 is good.
    #[default]
    StatusCode,
    /// Qualities of OPC Classic: 192 is good, 64 uncertain, 0 bad.
    Classic,
}

/// Writes a code: its name when it has one, else the code in hexadecimal digits.
pub(crate) fn write_name(out: &mut Vec<u8>, code: u32) {
    if code == 0 {
        out.extend_from_slice(b"Good");
        return;
    }
    let quality = Quality::from_code(code);
    match quality.name().filter(|_| code & 0xFFFF == 0) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => out.extend_from_slice(format!("0x{code:08X}").as_bytes()),
    }
}

/// Reads what people and programs write for a quality.
pub(crate) fn parse(text: &str, scale: Scale) -> Option<Quality> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok().map(Quality::from_code);
    }
    if text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return text.parse().ok().map(|number| of_number(number, scale));
    }
    let named = NAMED.iter().find(|quality| {
        quality
            .name()
            .is_some_and(|name| name.eq_ignore_ascii_case(text))
    });
    named.copied().or_else(|| of_word(text))
}

/// Returns the quality of a number in a file.
pub(crate) fn of_number(number: u32, scale: Scale) -> Quality {
    match (scale, number) {
        // 192 to 255 are good in OPC Classic, and no status code of OPC UA has only these bits.
        (_, 192..=255) => Quality::GOOD,
        (Scale::Classic, 64..=127) => Quality::UNCERTAIN_LAST_USABLE,
        (Scale::Classic, 0..=255) => Quality::BAD,
        (_, code) => Quality::from_code(code),
    }
}

fn of_word(text: &str) -> Option<Quality> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["ok", "true", "valid", "good quality"]) {
        Some(Quality::GOOD)
    } else if is(&["uncertain", "questionable", "doubtful"]) {
        Some(Quality::UNCERTAIN_LAST_USABLE)
    } else if is(&["false", "invalid", "error", "bad quality"]) {
        Some(Quality::BAD)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_as_itself() {
        let codes = NAMED.iter().map(|quality| quality.code());
        for code in codes.chain([0x8031_0000 | 0x0400, 0x0000_0480, 0xC000_0000, u32::MAX]) {
            let mut out = Vec::new();
            write_name(&mut out, code);
            let text = String::from_utf8(out).unwrap();
            let read = parse(&text, Scale::StatusCode).unwrap();
            assert_eq!(read.code(), code, "{text}");
        }
    }

    #[test]
    fn words_of_others_are_understood() {
        for (text, scale, want) in [
            ("good", Scale::StatusCode, Some(Quality::GOOD)),
            ("192", Scale::StatusCode, Some(Quality::GOOD)),
            ("192", Scale::Classic, Some(Quality::GOOD)),
            ("0", Scale::StatusCode, Some(Quality::GOOD)),
            ("0", Scale::Classic, Some(Quality::BAD)),
            ("24", Scale::Classic, Some(Quality::BAD)),
            ("64", Scale::Classic, Some(Quality::UNCERTAIN_LAST_USABLE)),
            ("2147483648", Scale::StatusCode, Some(Quality::BAD)),
            (
                "questionable",
                Scale::StatusCode,
                Some(Quality::UNCERTAIN_LAST_USABLE),
            ),
            ("perhaps", Scale::StatusCode, None),
            ("", Scale::StatusCode, None),
            ("99999999999", Scale::StatusCode, None),
        ] {
            assert_eq!(parse(text, scale), want, "{text}");
        }
    }
}
