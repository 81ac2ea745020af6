//! Inputs of an inverter, each with its own tracker.

use super::Kind::{Acc32, I16, U16, U32};
use super::{Factor, Inputs, Point, number, plain, scaled, text};

/// What it does.
const STATES: &str = "1 off, 2 sleeping, 3 starting, 4 producing, 5 throttled, 6 shutting \
    down, 7 fault, 8 standby, 9 test";

/// Model 160: what is there once.
pub(super) static INVERTER: &[Point] = &[plain("Evt", "event", 6, U32)];

const DCA_SF: Factor = Factor("DCA_SF", 2);
const DCV_SF: Factor = Factor("DCV_SF", 3);
const DCW_SF: Factor = Factor("DCW_SF", 4);
const DCWH_SF: Factor = Factor("DCWH_SF", 5);

/// Model 160: its inputs begin behind register 9.
pub(super) const INPUTS: Inputs = Inputs {
    size: 20,
    count: 8,
    points: INPUT,
};

/// Model 160: what is there for each input, from its first register.
static INPUT: &[Point] = &[
    text("IDStr", "name", 1, 8),
    scaled("DCA", "dc_current", 9, U16, "A", DCA_SF),
    scaled("DCV", "dc_voltage", 10, U16, "V", DCV_SF),
    scaled("DCW", "dc_power", 11, U16, "W", DCW_SF),
    scaled("DCWH", "energy", 12, Acc32, "Wh", DCWH_SF),
    number("Tmp", "temperature", 16, I16, "°C"),
    plain("DCSt", "state", 17, U16).meaning(STATES),
    plain("DCEvt", "event", 18, U32),
];
