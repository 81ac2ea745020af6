//! Quality: the OPC UA status code of a sample.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The OPC UA status code of a sample, all 32 bits.
///
/// Source: OPC UA Part 4, section 7.39, and `Schema/StatusCode.csv` of the UA nodeset.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Quality(u32);

/// The three classes of quality, from the two top bits of the code.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum QualityClass {
    /// The value can be used.
    Good,
    /// The value may be used with care.
    Uncertain,
    /// There is no usable value.
    Bad,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        impl Quality {
            $($(#[$doc])* pub const $name: Quality = Quality($code);)*

            /// Returns the name of the code as OPC UA writes it, or nothing for a code not listed.
            pub fn name(self) -> Option<&'static str> {
                match self.0 & CODE_MASK {
                    $($code => Some($text),)*
                    _ => None,
                }
            }
        }

        #[cfg(test)]
        const ALL: &[(Quality, &str)] = &[$((Quality::$name, $text)),*];
    };
}

/// The severity and sub-code without the information bits.
const CODE_MASK: u32 = 0xFFFF_0000;

codes! {
    /// The value can be used.
    GOOD = 0x0000_0000, "Good";
    /// A written value was limited to the range of its tag.
    GOOD_CLAMPED = 0x0030_0000, "GoodClamped";
    /// The value was set by hand.
    GOOD_LOCAL_OVERRIDE = 0x0096_0000, "GoodLocalOverride";
    /// The link is down; this is the last value it brought, within the grace time.
    UNCERTAIN_NO_COMMUNICATION = 0x408F_0000, "UncertainNoCommunicationLastUsableValue";
    /// The source has stopped to update the value.
    UNCERTAIN_LAST_USABLE = 0x4090_0000, "UncertainLastUsableValue";
    /// The value is further from the one before than its tag allows.
    UNCERTAIN_SPIKE = 0x4093_0000, "UncertainSensorNotAccurate";
    /// The value lies outside the range of its tag.
    UNCERTAIN_RANGE_EXCEEDED = 0x4094_0000, "UncertainEngineeringUnitsExceeded";
    /// An aggregate rests on less good data than asked for.
    UNCERTAIN_SUB_NORMAL = 0x40A4_0000, "UncertainDataSubNormal";
    /// Something without a more precise code went wrong.
    BAD = 0x8000_0000, "Bad";
    /// The device refuses the user.
    BAD_USER_ACCESS_DENIED = 0x801F_0000, "BadUserAccessDenied";
    /// The device does not answer and never has.
    BAD_NO_COMMUNICATION = 0x8031_0000, "BadNoCommunication";
    /// No value has been read yet.
    BAD_WAITING_FOR_INITIAL_DATA = 0x8032_0000, "BadWaitingForInitialData";
    /// The device has no such address.
    BAD_NODE_ID_UNKNOWN = 0x8034_0000, "BadNodeIdUnknown";
    /// The device refuses the value or the quantity, or the text of the bytes is out of its domain.
    BAD_OUT_OF_RANGE = 0x803C_0000, "BadOutOfRange";
    /// The device does not know the function.
    BAD_NOT_SUPPORTED = 0x803D_0000, "BadNotSupported";
    /// The value is of another kind than the tag's data type.
    BAD_TYPE_MISMATCH = 0x8074_0000, "BadTypeMismatch";
    /// The bytes are not a value of the tag's data type.
    BAD_DECODING = 0x8007_0000, "BadDecodingError";
    /// The tag's configuration cannot work.
    BAD_CONFIGURATION = 0x8089_0000, "BadConfigurationError";
    /// The device reports a failure of its own.
    BAD_DEVICE_FAILURE = 0x808B_0000, "BadDeviceFailure";
    /// The sensor behind the device fails: not a number, infinite, or a marked invalid value.
    BAD_SENSOR_FAILURE = 0x808C_0000, "BadSensorFailure";
    /// Polling is switched off.
    BAD_OUT_OF_SERVICE = 0x808D_0000, "BadOutOfService";
    /// There are no data in the range asked for.
    BAD_NO_DATA = 0x809B_0000, "BadNoData";
    /// The device is busy.
    BAD_SERVER_TOO_BUSY = 0x80EE_0000, "BadServerTooBusy";
}

impl Quality {
    /// The value has not changed for longer than its tag allows: `UncertainSensorNotAccurate`
    /// with the limit bits "constant".
    ///
    /// Source: OPC UA Part 4, table of DataValue information bits.
    pub const UNCERTAIN_FROZEN: Quality = Quality(0x4093_0700);

    /// Returns the quality of a status code; every code is one.
    pub const fn from_code(code: u32) -> Quality {
        Quality(code)
    }

    /// Returns the status code.
    pub const fn code(self) -> u32 {
        self.0
    }

    /// Returns the class; the reserved severity 11 counts as bad.
    pub const fn class(self) -> QualityClass {
        match self.0 >> 30 {
            0 => QualityClass::Good,
            1 => QualityClass::Uncertain,
            _ => QualityClass::Bad,
        }
    }

    /// Returns whether the class is good.
    pub const fn is_good(self) -> bool {
        self.0 >> 30 == 0
    }

    /// Returns whether the class is bad.
    pub const fn is_bad(self) -> bool {
        2 <= self.0 >> 30
    }
}

impl fmt::Debug for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010X}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_is_the_prefix_of_the_name() {
        for &(quality, name) in ALL {
            let prefix = format!("{:?}", quality.class());
            assert!(name.starts_with(&prefix), "{name} is {prefix}");
            assert_eq!(quality.name(), Some(name));
            assert_eq!(quality.is_good(), prefix == "Good");
            assert_eq!(quality.is_bad(), prefix == "Bad");
        }
    }

    #[test]
    fn the_reserved_severity_is_bad() {
        assert!(Quality::from_code(0xC000_0000).is_bad());
        assert_eq!(Quality::from_code(0xC000_0000).to_string(), "0xC0000000");
    }

    #[test]
    fn information_bits_do_not_hide_the_name() {
        assert_eq!(Quality::from_code(0x0000_0400).to_string(), "Good");
    }
}
