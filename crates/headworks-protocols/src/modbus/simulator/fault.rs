//! What a simulated device does wrong.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How faults are written, one line.
pub const GRAMMAR: &str = "none, mute, slow:300ms, late:1500ms, reset, exception:2, short, \
    wrong_unit, wrong_transaction or garbage";

/// A way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Never answers.
    Mute,
    /// Answers so much later; what comes meanwhile waits, as behind a serial gateway.
    Slow(Duration),
    /// Answers so much later, while other requests are answered at once.
    Late(Duration),
    /// Ends the connection with a reset.
    Reset,
    /// Refuses with this exception code.
    Exception(u8),
    /// Sends one register (or byte of bits) less than asked, in a frame that is whole.
    Short,
    /// Answers in the name of another unit.
    WrongUnit,
    /// Answers with another transaction id.
    WrongTransaction,
    /// Sends bytes that are no frame.
    Garbage,
}

/// Why a text is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no fault; write {GRAMMAR}")]
pub struct FaultError {
    /// The text given.
    pub found: String,
}

impl Fault {
    /// Returns the fault of a text, nothing for `none`.
    ///
    /// # Errors
    ///
    /// [`FaultError`] with all that can be written.
    pub fn parse(text: &str) -> Result<Option<Fault>, FaultError> {
        if text == "none" {
            Ok(None)
        } else {
            text.parse().map(Some)
        }
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Fault, FaultError> {
        let (kind, number) = text.split_once(':').unwrap_or((text, ""));
        let fault = match (kind, number) {
            ("mute", "") => Some(Fault::Mute),
            ("slow", _) => parse_ms(number).map(Fault::Slow),
            ("late", _) => parse_ms(number).map(Fault::Late),
            ("reset", "") => Some(Fault::Reset),
            ("exception", _) => number
                .parse()
                .ok()
                .filter(|code| 0 < *code)
                .map(Fault::Exception),
            ("short", "") => Some(Fault::Short),
            ("wrong_unit", "") => Some(Fault::WrongUnit),
            ("wrong_transaction", "") => Some(Fault::WrongTransaction),
            ("garbage", "") => Some(Fault::Garbage),
            _ => None,
        };
        fault.ok_or_else(|| FaultError {
            found: text.to_owned(),
        })
    }
}

/// Longest delay of an answer, in milliseconds.
const DELAY_MS_MAX: u64 = 60_000;

fn parse_ms(text: &str) -> Option<Duration> {
    let ms: u64 = text.strip_suffix("ms")?.parse().ok()?;
    (ms <= DELAY_MS_MAX).then(|| Duration::from_millis(ms))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Mute => f.write_str("mute"),
            Fault::Slow(delay) => write!(f, "slow:{}ms", delay.as_millis()),
            Fault::Late(delay) => write!(f, "late:{}ms", delay.as_millis()),
            Fault::Reset => f.write_str("reset"),
            Fault::Exception(code) => write!(f, "exception:{code}"),
            Fault::Short => f.write_str("short"),
            Fault::WrongUnit => f.write_str("wrong_unit"),
            Fault::WrongTransaction => f.write_str("wrong_transaction"),
            Fault::Garbage => f.write_str("garbage"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_written_as_they_are_read() {
        for text in GRAMMAR
            .split([' ', ','])
            .filter(|word| !matches!(*word, "" | "or" | "none"))
        {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        assert_eq!(Fault::parse("none"), Ok(None));
    }

    #[test]
    fn mistakes_show_what_can_be_written() {
        for text in [
            "",
            "slow",
            "slow:5",
            "late:99999ms",
            "exception:0",
            "exception:256",
            "mute:1",
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains("mute, slow:300ms"), "{error}");
        }
    }
}
