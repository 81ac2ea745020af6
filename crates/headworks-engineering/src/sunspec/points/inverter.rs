//! Inverters.

use super::Kind::{Acc32, F32, I16, U16, U32};
use super::{Factor, Point, number, plain, scaled};

/// What it does.
const STATES: &str = "1 off, 2 sleeping, 3 starting, 4 producing, 5 throttled, 6 shutting \
    down, 7 fault, 8 standby";

const A_SF: Factor = Factor("A_SF", 6);
const V_SF: Factor = Factor("V_SF", 13);
const W_SF: Factor = Factor("W_SF", 15);
const HZ_SF: Factor = Factor("Hz_SF", 17);
const VA_SF: Factor = Factor("VA_SF", 19);
const VAR_SF: Factor = Factor("VAr_SF", 21);
const PF_SF: Factor = Factor("PF_SF", 23);
const WH_SF: Factor = Factor("WH_SF", 26);
const DCA_SF: Factor = Factor("DCA_SF", 28);
const DCV_SF: Factor = Factor("DCV_SF", 30);
const DCW_SF: Factor = Factor("DCW_SF", 32);
const TMP_SF: Factor = Factor("Tmp_SF", 37);

/// Models 101 to 103: integers with scale factors.
pub(super) static INTEGER: &[Point] = &[
    scaled("A", "current", 2, U16, "A", A_SF),
    scaled("AphA", "current_a", 3, U16, "A", A_SF),
    scaled("AphB", "current_b", 4, U16, "A", A_SF),
    scaled("AphC", "current_c", 5, U16, "A", A_SF),
    scaled("PPVphAB", "voltage_ab", 7, U16, "V", V_SF),
    scaled("PPVphBC", "voltage_bc", 8, U16, "V", V_SF),
    scaled("PPVphCA", "voltage_ca", 9, U16, "V", V_SF),
    scaled("PhVphA", "voltage_an", 10, U16, "V", V_SF),
    scaled("PhVphB", "voltage_bn", 11, U16, "V", V_SF),
    scaled("PhVphC", "voltage_cn", 12, U16, "V", V_SF),
    scaled("W", "active_power", 14, I16, "W", W_SF),
    scaled("Hz", "frequency", 16, U16, "Hz", HZ_SF),
    scaled("VA", "apparent_power", 18, I16, "VA", VA_SF),
    scaled("VAr", "reactive_power", 20, I16, "var", VAR_SF),
    scaled("PF", "power_factor", 22, I16, "%", PF_SF),
    scaled("WH", "energy", 24, Acc32, "Wh", WH_SF),
    scaled("DCA", "dc_current", 27, U16, "A", DCA_SF),
    scaled("DCV", "dc_voltage", 29, U16, "V", DCV_SF),
    scaled("DCW", "dc_power", 31, I16, "W", DCW_SF),
    scaled("TmpCab", "cabinet_temperature", 33, I16, "°C", TMP_SF),
    scaled("TmpSnk", "sink_temperature", 34, I16, "°C", TMP_SF),
    scaled("TmpTrns", "transformer_temperature", 35, I16, "°C", TMP_SF),
    scaled("TmpOt", "other_temperature", 36, I16, "°C", TMP_SF),
    plain("St", "state", 38, U16).meaning(STATES),
    plain("StVnd", "vendor_state", 39, U16),
    plain("Evt1", "event_1", 40, U32),
    plain("Evt2", "event_2", 42, U32),
    plain("EvtVnd1", "vendor_event_1", 44, U32),
    plain("EvtVnd2", "vendor_event_2", 46, U32),
    plain("EvtVnd3", "vendor_event_3", 48, U32),
    plain("EvtVnd4", "vendor_event_4", 50, U32),
];

/// Models 111 to 113: floats.
pub(super) static FLOAT: &[Point] = &[
    number("A", "current", 2, F32, "A"),
    number("AphA", "current_a", 4, F32, "A"),
    number("AphB", "current_b", 6, F32, "A"),
    number("AphC", "current_c", 8, F32, "A"),
    number("PPVphAB", "voltage_ab", 10, F32, "V"),
    number("PPVphBC", "voltage_bc", 12, F32, "V"),
    number("PPVphCA", "voltage_ca", 14, F32, "V"),
    number("PhVphA", "voltage_an", 16, F32, "V"),
    number("PhVphB", "voltage_bn", 18, F32, "V"),
    number("PhVphC", "voltage_cn", 20, F32, "V"),
    number("W", "active_power", 22, F32, "W"),
    number("Hz", "frequency", 24, F32, "Hz"),
    number("VA", "apparent_power", 26, F32, "VA"),
    number("VAr", "reactive_power", 28, F32, "var"),
    number("PF", "power_factor", 30, F32, "%"),
    number("WH", "energy", 32, F32, "Wh"),
    number("DCA", "dc_current", 34, F32, "A"),
    number("DCV", "dc_voltage", 36, F32, "V"),
    number("DCW", "dc_power", 38, F32, "W"),
    number("TmpCab", "cabinet_temperature", 40, F32, "°C"),
    number("TmpSnk", "sink_temperature", 42, F32, "°C"),
    number("TmpTrns", "transformer_temperature", 44, F32, "°C"),
    number("TmpOt", "other_temperature", 46, F32, "°C"),
    plain("St", "state", 48, U16).meaning(STATES),
    plain("StVnd", "vendor_state", 49, U16),
    plain("Evt1", "event_1", 50, U32),
    plain("Evt2", "event_2", 52, U32),
    plain("EvtVnd1", "vendor_event_1", 54, U32),
    plain("EvtVnd2", "vendor_event_2", 56, U32),
    plain("EvtVnd3", "vendor_event_3", 58, U32),
    plain("EvtVnd4", "vendor_event_4", 60, U32),
];
