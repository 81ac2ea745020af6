//! Measurements of a distributed energy resource.

use super::Kind::{I16, U16, U32, U64};
use super::{Factor, Point, number, plain, scaled, text};

/// What it does.
const STATES: &str = "0 off, 1 sleeping, 2 starting, 3 running, 4 throttled, 5 shutting down, \
    6 fault, 7 standby";

const W_SF: Factor = Factor("W_SF", 116);
const VA_SF: Factor = Factor("VA_SF", 118);
const VAR_SF: Factor = Factor("Var_SF", 119);
const PF_SF: Factor = Factor("PF_SF", 117);
const A_SF: Factor = Factor("A_SF", 113);
const V_SF: Factor = Factor("V_SF", 114);
const HZ_SF: Factor = Factor("Hz_SF", 115);
const TOTWH_SF: Factor = Factor("TotWh_SF", 120);
const TOTVARH_SF: Factor = Factor("TotVarh_SF", 121);
const TMP_SF: Factor = Factor("Tmp_SF", 122);

/// Model 701.
pub(super) static MEASUREMENT: &[Point] = &[
    plain("ACType", "wiring", 2, U16).meaning("0 one phase, 1 split phase, 2 three phases"),
    plain("St", "state", 3, U16).meaning("0 off, 1 on"),
    plain("InvSt", "inverter_state", 4, U16).meaning(STATES),
    plain("ConnSt", "grid_connection", 5, U16).meaning("0 disconnected, 1 connected"),
    plain("Alrm", "alarm", 6, U32),
    plain("DERMode", "mode", 8, U32).meaning("bits: 0 grid following, 1 grid forming, 2 clipped"),
    scaled("W", "active_power", 10, I16, "W", W_SF),
    scaled("VA", "apparent_power", 11, I16, "VA", VA_SF),
    scaled("Var", "reactive_power", 12, I16, "var", VAR_SF),
    scaled("PF", "power_factor", 13, I16, "", PF_SF),
    scaled("A", "current", 14, I16, "A", A_SF),
    scaled("LLV", "voltage_ll", 15, U16, "V", V_SF),
    scaled("LNV", "voltage_ln", 16, U16, "V", V_SF),
    scaled("Hz", "frequency", 17, U32, "Hz", HZ_SF),
    scaled("TotWhInj", "export_energy", 19, U64, "Wh", TOTWH_SF),
    scaled("TotWhAbs", "import_energy", 23, U64, "Wh", TOTWH_SF),
    scaled(
        "TotVarhInj",
        "export_reactive_energy",
        27,
        U64,
        "varh",
        TOTVARH_SF,
    ),
    scaled(
        "TotVarhAbs",
        "import_reactive_energy",
        31,
        U64,
        "varh",
        TOTVARH_SF,
    ),
    scaled("TmpAmb", "ambient_temperature", 35, I16, "°C", TMP_SF),
    scaled("TmpCab", "cabinet_temperature", 36, I16, "°C", TMP_SF),
    scaled("TmpSnk", "sink_temperature", 37, I16, "°C", TMP_SF),
    scaled("TmpTrns", "transformer_temperature", 38, I16, "°C", TMP_SF),
    scaled("TmpSw", "switch_temperature", 39, I16, "°C", TMP_SF),
    scaled("TmpOt", "other_temperature", 40, I16, "°C", TMP_SF),
    scaled("WL1", "active_power_l1", 41, I16, "W", W_SF),
    scaled("VAL1", "apparent_power_l1", 42, I16, "VA", VA_SF),
    scaled("VarL1", "reactive_power_l1", 43, I16, "var", VAR_SF),
    scaled("PFL1", "power_factor_l1", 44, I16, "", PF_SF),
    scaled("AL1", "current_l1", 45, I16, "A", A_SF),
    scaled("VL1L2", "voltage_l1_l2", 46, U16, "V", V_SF),
    scaled("VL1", "voltage_l1", 47, U16, "V", V_SF),
    scaled("TotWhInjL1", "export_energy_l1", 48, U64, "Wh", TOTWH_SF),
    scaled("TotWhAbsL1", "import_energy_l1", 52, U64, "Wh", TOTWH_SF),
    scaled(
        "TotVarhInjL1",
        "export_reactive_energy_l1",
        56,
        U64,
        "varh",
        TOTVARH_SF,
    ),
    scaled(
        "TotVarhAbsL1",
        "import_reactive_energy_l1",
        60,
        U64,
        "varh",
        TOTVARH_SF,
    ),
    scaled("WL2", "active_power_l2", 64, I16, "W", W_SF),
    scaled("VAL2", "apparent_power_l2", 65, I16, "VA", VA_SF),
    scaled("VarL2", "reactive_power_l2", 66, I16, "var", VAR_SF),
    scaled("PFL2", "power_factor_l2", 67, I16, "", PF_SF),
    scaled("AL2", "current_l2", 68, I16, "A", A_SF),
    scaled("VL2L3", "voltage_l2_l3", 69, U16, "V", V_SF),
    scaled("VL2", "voltage_l2", 70, U16, "V", V_SF),
    scaled("TotWhInjL2", "export_energy_l2", 71, U64, "Wh", TOTWH_SF),
    scaled("TotWhAbsL2", "import_energy_l2", 75, U64, "Wh", TOTWH_SF),
    scaled(
        "TotVarhInjL2",
        "export_reactive_energy_l2",
        79,
        U64,
        "varh",
        TOTVARH_SF,
    ),
    scaled(
        "TotVarhAbsL2",
        "import_reactive_energy_l2",
        83,
        U64,
        "varh",
        TOTVARH_SF,
    ),
    scaled("WL3", "active_power_l3", 87, I16, "W", W_SF),
    scaled("VAL3", "apparent_power_l3", 88, I16, "VA", VA_SF),
    scaled("VarL3", "reactive_power_l3", 89, I16, "var", VAR_SF),
    scaled("PFL3", "power_factor_l3", 90, I16, "", PF_SF),
    scaled("AL3", "current_l3", 91, I16, "A", A_SF),
    scaled("VL3L1", "voltage_l3_l1", 92, U16, "V", V_SF),
    scaled("VL3", "voltage_l3", 93, U16, "V", V_SF),
    scaled("TotWhInjL3", "export_energy_l3", 94, U64, "Wh", TOTWH_SF),
    scaled("TotWhAbsL3", "import_energy_l3", 98, U64, "Wh", TOTWH_SF),
    scaled(
        "TotVarhInjL3",
        "export_reactive_energy_l3",
        102,
        U64,
        "varh",
        TOTVARH_SF,
    ),
    scaled(
        "TotVarhAbsL3",
        "import_reactive_energy_l3",
        106,
        U64,
        "varh",
        TOTVARH_SF,
    ),
    number("ThrotPct", "throttling", 110, U16, "%"),
    plain("ThrotSrc", "throttle_source", 111, U32),
    text("MnAlrmInfo", "alarm_text", 123, 32),
];
