//! What an inverter and its storage are told to do.

use super::Kind::{I16, U16};
use super::{Factor, Point, number, plain, scaled};

const WMAXLIMPCT_SF: Factor = Factor("WMaxLimPct_SF", 23);
const OUTPFSET_SF: Factor = Factor("OutPFSet_SF", 24);
const VARPCT_SF: Factor = Factor("VArPct_SF", 25);

/// Model 123.
pub(super) static CONTROLS: &[Point] = &[
    number("Conn_WinTms", "connect_window", 2, U16, "s"),
    number("Conn_RvrtTms", "connect_timeout", 3, U16, "s"),
    plain("Conn", "connect", 4, U16).meaning("0 disconnect, 1 connect"),
    scaled(
        "WMaxLimPct",
        "active_power_limit",
        5,
        U16,
        "%",
        WMAXLIMPCT_SF,
    ),
    number(
        "WMaxLimPct_WinTms",
        "active_power_limit_window",
        6,
        U16,
        "s",
    ),
    number(
        "WMaxLimPct_RvrtTms",
        "active_power_limit_timeout",
        7,
        U16,
        "s",
    ),
    number("WMaxLimPct_RmpTms", "active_power_limit_ramp", 8, U16, "s"),
    plain("WMaxLim_Ena", "active_power_limit_enabled", 9, U16).meaning("0 off, 1 on"),
    scaled(
        "OutPFSet",
        "power_factor_setpoint",
        10,
        I16,
        "",
        OUTPFSET_SF,
    ),
    number("OutPFSet_WinTms", "power_factor_window", 11, U16, "s"),
    number("OutPFSet_RvrtTms", "power_factor_timeout", 12, U16, "s"),
    number("OutPFSet_RmpTms", "power_factor_ramp", 13, U16, "s"),
    plain("OutPFSet_Ena", "power_factor_enabled", 14, U16).meaning("0 off, 1 on"),
    scaled(
        "VArWMaxPct",
        "reactive_power_of_active",
        15,
        I16,
        "%",
        VARPCT_SF,
    ),
    scaled(
        "VArMaxPct",
        "reactive_power_of_max",
        16,
        I16,
        "%",
        VARPCT_SF,
    ),
    scaled(
        "VArAvalPct",
        "reactive_power_of_available",
        17,
        I16,
        "%",
        VARPCT_SF,
    ),
    number("VArPct_WinTms", "reactive_power_window", 18, U16, "s"),
    number("VArPct_RvrtTms", "reactive_power_timeout", 19, U16, "s"),
    number("VArPct_RmpTms", "reactive_power_ramp", 20, U16, "s"),
    plain("VArPct_Mod", "reactive_power_mode", 21, U16)
        .meaning("0 none, 1 of active power, 2 of the maximum, 3 of what is available"),
    plain("VArPct_Ena", "reactive_power_enabled", 22, U16).meaning("0 off, 1 on"),
];

const WCHAMAX_SF: Factor = Factor("WChaMax_SF", 18);
const WCHADISCHAGRA_SF: Factor = Factor("WChaDisChaGra_SF", 19);
const VACHAMAX_SF: Factor = Factor("VAChaMax_SF", 20);
const MINRSVPCT_SF: Factor = Factor("MinRsvPct_SF", 21);
const CHASTATE_SF: Factor = Factor("ChaState_SF", 22);
const STORAVAL_SF: Factor = Factor("StorAval_SF", 23);
const INBATV_SF: Factor = Factor("InBatV_SF", 24);
const INOUTWRTE_SF: Factor = Factor("InOutWRte_SF", 25);

/// Model 124.
pub(super) static STORAGE: &[Point] = &[
    scaled("WChaMax", "charge_power_max", 2, U16, "W", WCHAMAX_SF),
    scaled("WChaGra", "charge_ramp", 3, U16, "%/s", WCHADISCHAGRA_SF),
    scaled(
        "WDisChaGra",
        "discharge_ramp",
        4,
        U16,
        "%/s",
        WCHADISCHAGRA_SF,
    ),
    plain("StorCtl_Mod", "control_mode", 5, U16).meaning("bits: 0 charge, 1 discharge"),
    scaled(
        "VAChaMax",
        "charge_apparent_power_max",
        6,
        U16,
        "VA",
        VACHAMAX_SF,
    ),
    scaled("MinRsvPct", "reserve_min", 7, U16, "%", MINRSVPCT_SF),
    scaled("ChaState", "state_of_charge", 8, U16, "%", CHASTATE_SF),
    scaled("StorAval", "available_charge", 9, U16, "Ah", STORAVAL_SF),
    scaled("InBatV", "battery_voltage", 10, U16, "V", INBATV_SF),
    plain("ChaSt", "charge_state", 11, U16)
        .meaning("1 off, 2 empty, 3 discharging, 4 charging, 5 full, 6 holding, 7 testing"),
    scaled("OutWRte", "discharge_rate", 12, I16, "%", INOUTWRTE_SF),
    scaled("InWRte", "charge_rate", 13, I16, "%", INOUTWRTE_SF),
    number("InOutWRte_WinTms", "rate_window", 14, U16, "s"),
    number("InOutWRte_RvrtTms", "rate_timeout", 15, U16, "s"),
    number("InOutWRte_RmpTms", "rate_ramp", 16, U16, "s"),
    plain("ChaGriSet", "charge_source", 17, U16).meaning("0 photovoltaics, 1 grid"),
];
