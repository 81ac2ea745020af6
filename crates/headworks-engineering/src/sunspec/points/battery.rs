//! Batteries.

use super::Kind::{I16, U16, U32};
use super::{Factor, Point, plain, scaled};

/// How a battery is charged.
const CHARGE_STATES: &str = "1 off, 2 empty, 3 discharging, 4 charging, 5 full, 6 holding, \
    7 testing";

/// Kinds of batteries.
const TYPES: &str = "1 lead acid, 2 NiMH, 3 NiCd, 4 lithium ion, 9 sodium sulphur, 10 flow, \
    99 other";

/// What it does.
const STATES: &str = "1 disconnected, 2 initializing, 3 connected, 4 standby, 5 protection, \
    6 suspending, 99 fault";

const AHRTG_SF: Factor = Factor("AHRtg_SF", 52);
const WHRTG_SF: Factor = Factor("WHRtg_SF", 53);
const WCHADISCHAMAX_SF: Factor = Factor("WChaDisChaMax_SF", 54);
const DISCHARTE_SF: Factor = Factor("DisChaRte_SF", 55);
const SOC_SF: Factor = Factor("SoC_SF", 56);
const DOD_SF: Factor = Factor("DoD_SF", 57);
const SOH_SF: Factor = Factor("SoH_SF", 58);
const V_SF: Factor = Factor("V_SF", 59);
const CELLV_SF: Factor = Factor("CellV_SF", 60);
const A_SF: Factor = Factor("A_SF", 61);
const AMAX_SF: Factor = Factor("AMax_SF", 62);
const W_SF: Factor = Factor("W_SF", 63);

/// Model 802.
pub(super) static BASE: &[Point] = &[
    scaled("AHRtg", "charge_rating", 2, U16, "Ah", AHRTG_SF),
    scaled("WHRtg", "energy_rating", 3, U16, "Wh", WHRTG_SF),
    scaled(
        "WChaRteMax",
        "charge_power_max",
        4,
        U16,
        "W",
        WCHADISCHAMAX_SF,
    ),
    scaled(
        "WDisChaRteMax",
        "discharge_power_max",
        5,
        U16,
        "W",
        WCHADISCHAMAX_SF,
    ),
    scaled("DisChaRte", "self_discharge", 6, U16, "%", DISCHARTE_SF),
    scaled("SoCMax", "state_of_charge_max", 7, U16, "%", SOC_SF),
    scaled("SoCMin", "state_of_charge_min", 8, U16, "%", SOC_SF),
    scaled("SocRsvMax", "reserve_max", 9, U16, "%", SOC_SF),
    scaled("SoCRsvMin", "reserve_min", 10, U16, "%", SOC_SF),
    scaled("SoC", "state_of_charge", 11, U16, "%", SOC_SF),
    scaled("DoD", "depth_of_discharge", 12, U16, "%", DOD_SF),
    scaled("SoH", "state_of_health", 13, U16, "%", SOH_SF),
    plain("NCyc", "cycles", 14, U32),
    plain("ChaSt", "charge_state", 16, U16).meaning(CHARGE_STATES),
    plain("LocRemCtl", "local_control", 17, U16).meaning("0 remote, 1 local"),
    plain("Hb", "heartbeat", 18, U16),
    plain("CtrlHb", "controller_heartbeat", 19, U16),
    plain("AlmRst", "alarm_reset", 20, U16),
    plain("Typ", "type", 21, U16).meaning(TYPES),
    plain("State", "state", 22, U16).meaning(STATES),
    plain("StateVnd", "vendor_state", 23, U16),
    plain("WarrDt", "warranty_date", 24, U32),
    plain("Evt1", "event_1", 26, U32),
    plain("Evt2", "event_2", 28, U32),
    plain("EvtVnd1", "vendor_event_1", 30, U32),
    plain("EvtVnd2", "vendor_event_2", 32, U32),
    scaled("V", "voltage", 34, U16, "V", V_SF),
    scaled("VMax", "voltage_max", 35, U16, "V", V_SF),
    scaled("VMin", "voltage_min", 36, U16, "V", V_SF),
    scaled("CellVMax", "cell_voltage_max", 37, U16, "V", CELLV_SF),
    plain("CellVMaxStr", "cell_voltage_max_string", 38, U16),
    plain("CellVMaxMod", "cell_voltage_max_module", 39, U16),
    scaled("CellVMin", "cell_voltage_min", 40, U16, "V", CELLV_SF),
    plain("CellVMinStr", "cell_voltage_min_string", 41, U16),
    plain("CellVMinMod", "cell_voltage_min_module", 42, U16),
    scaled("CellVAvg", "cell_voltage_mean", 43, U16, "V", CELLV_SF),
    scaled("A", "current", 44, I16, "A", A_SF),
    scaled("AChaMax", "charge_current_max", 45, U16, "A", AMAX_SF),
    scaled("ADisChaMax", "discharge_current_max", 46, U16, "A", AMAX_SF),
    scaled("W", "power", 47, I16, "W", W_SF),
    plain("ReqInvState", "inverter_request", 48, U16).meaning("0 none, 1 start, 2 stop"),
    scaled("ReqW", "power_request", 49, I16, "W", W_SF),
    plain("SetOp", "operation_setpoint", 50, U16).meaning("1 connect, 2 disconnect"),
    plain("SetInvState", "inverter_setpoint", 51, U16).meaning("1 stopped, 2 standby, 3 started"),
];
