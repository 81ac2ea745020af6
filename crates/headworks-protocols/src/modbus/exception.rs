//! Exception codes: why a device refuses.
//!
//! Source: *MODBUS Application Protocol Specification V1.1b3*, section 7; qualities after the
//! mapping of OPC UA status codes.

use std::fmt;

use headworks_core::Quality;

/// The reason of a refusal; vendors use codes beyond those of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExceptionCode(pub u8);

impl ExceptionCode {
    /// The device does not know the function.
    pub const ILLEGAL_FUNCTION: ExceptionCode = ExceptionCode(1);
    /// The device has no such address.
    pub const ILLEGAL_DATA_ADDRESS: ExceptionCode = ExceptionCode(2);
    /// The device refuses the value or the count.
    pub const ILLEGAL_DATA_VALUE: ExceptionCode = ExceptionCode(3);
    /// The device failed.
    pub const SERVER_DEVICE_FAILURE: ExceptionCode = ExceptionCode(4);
    /// The device has accepted and needs long.
    pub const ACKNOWLEDGE: ExceptionCode = ExceptionCode(5);
    /// The device is busy.
    pub const SERVER_DEVICE_BUSY: ExceptionCode = ExceptionCode(6);
    /// The memory of the device has a parity error.
    pub const MEMORY_PARITY_ERROR: ExceptionCode = ExceptionCode(8);
    /// The gateway has no path to the unit.
    pub const GATEWAY_PATH_UNAVAILABLE: ExceptionCode = ExceptionCode(10);
    /// The unit behind the gateway did not answer.
    pub const GATEWAY_TARGET_FAILED: ExceptionCode = ExceptionCode(11);

    /// Returns the quality of a tag whose read was refused so.
    pub const fn quality(self) -> Quality {
        match self.0 {
            1 => Quality::BAD_NOT_SUPPORTED,
            2 => Quality::BAD_NODE_ID_UNKNOWN,
            3 => Quality::BAD_OUT_OF_RANGE,
            4 | 8 => Quality::BAD_DEVICE_FAILURE,
            5 | 6 => Quality::BAD_SERVER_TOO_BUSY,
            10 | 11 => Quality::BAD_NO_COMMUNICATION,
            _ => Quality::BAD,
        }
    }

    /// Returns whether asking again soon may help.
    pub const fn is_busy(self) -> bool {
        matches!(self.0, 5 | 6)
    }

    /// Returns whether a gateway says that the unit behind it does not answer.
    pub const fn is_silence(self) -> bool {
        matches!(self.0, 10 | 11)
    }

    const fn meaning(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "illegal function",
            2 => "illegal data address",
            3 => "illegal data value",
            4 => "device failure",
            5 => "acknowledge, the device needs long",
            6 => "device busy",
            8 => "memory parity error",
            10 => "gateway path unavailable",
            11 => "the unit behind the gateway does not answer",
            _ => return None,
        })
    }
}

impl fmt::Display for ExceptionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning() {
            Some(meaning) => write!(f, "exception {:02X} ({meaning})", self.0),
            None => write!(f, "exception {:02X} (code of the vendor)", self.0),
        }
    }
}
