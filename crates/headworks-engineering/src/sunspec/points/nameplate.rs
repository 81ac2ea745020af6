//! Ratings, settings and status of an inverter.

use super::Kind::{Acc64, I16, U16, U32};
use super::{Factor, Point, number, plain, scaled, text};

const WRTG_SF: Factor = Factor("WRtg_SF", 4);
const VARTG_SF: Factor = Factor("VARtg_SF", 6);
const VARRTG_SF: Factor = Factor("VArRtg_SF", 11);
const ARTG_SF: Factor = Factor("ARtg_SF", 13);
const PFRTG_SF: Factor = Factor("PFRtg_SF", 18);
const WHRTG_SF: Factor = Factor("WHRtg_SF", 20);
const AHRRTG_SF: Factor = Factor("AhrRtg_SF", 22);
const MAXCHARTE_SF: Factor = Factor("MaxChaRte_SF", 24);
const MAXDISCHARTE_SF: Factor = Factor("MaxDisChaRte_SF", 26);

/// Model 120.
pub(super) static NAMEPLATE: &[Point] = &[
    plain("DERTyp", "type", 2, U16).meaning("4 photovoltaics, 82 photovoltaics with storage"),
    scaled("WRtg", "active_power_rating", 3, U16, "W", WRTG_SF),
    scaled("VARtg", "apparent_power_rating", 5, U16, "VA", VARTG_SF),
    scaled(
        "VArRtgQ1",
        "reactive_power_rating_q1",
        7,
        I16,
        "var",
        VARRTG_SF,
    ),
    scaled(
        "VArRtgQ2",
        "reactive_power_rating_q2",
        8,
        I16,
        "var",
        VARRTG_SF,
    ),
    scaled(
        "VArRtgQ3",
        "reactive_power_rating_q3",
        9,
        I16,
        "var",
        VARRTG_SF,
    ),
    scaled(
        "VArRtgQ4",
        "reactive_power_rating_q4",
        10,
        I16,
        "var",
        VARRTG_SF,
    ),
    scaled("ARtg", "current_rating", 12, U16, "A", ARTG_SF),
    scaled("PFRtgQ1", "power_factor_rating_q1", 14, I16, "", PFRTG_SF),
    scaled("PFRtgQ2", "power_factor_rating_q2", 15, I16, "", PFRTG_SF),
    scaled("PFRtgQ3", "power_factor_rating_q3", 16, I16, "", PFRTG_SF),
    scaled("PFRtgQ4", "power_factor_rating_q4", 17, I16, "", PFRTG_SF),
    scaled("WHRtg", "energy_rating", 19, U16, "Wh", WHRTG_SF),
    scaled("AhrRtg", "charge_rating", 21, U16, "Ah", AHRRTG_SF),
    scaled(
        "MaxChaRte",
        "charge_power_rating",
        23,
        U16,
        "W",
        MAXCHARTE_SF,
    ),
    scaled(
        "MaxDisChaRte",
        "discharge_power_rating",
        25,
        U16,
        "W",
        MAXDISCHARTE_SF,
    ),
];

const WMAX_SF: Factor = Factor("WMax_SF", 22);
const VREF_SF: Factor = Factor("VRef_SF", 23);
const VREFOFS_SF: Factor = Factor("VRefOfs_SF", 24);
const VMINMAX_SF: Factor = Factor("VMinMax_SF", 25);
const VAMAX_SF: Factor = Factor("VAMax_SF", 26);
const VARMAX_SF: Factor = Factor("VArMax_SF", 27);
const WGRA_SF: Factor = Factor("WGra_SF", 28);
const PFMIN_SF: Factor = Factor("PFMin_SF", 29);
const MAXRMPRTE_SF: Factor = Factor("MaxRmpRte_SF", 30);
const ECPNOMHZ_SF: Factor = Factor("ECPNomHz_SF", 31);

/// Model 121.
pub(super) static SETTINGS: &[Point] = &[
    scaled("WMax", "active_power_max", 2, U16, "W", WMAX_SF),
    scaled("VRef", "voltage_reference", 3, U16, "V", VREF_SF),
    scaled("VRefOfs", "voltage_offset", 4, I16, "V", VREFOFS_SF),
    scaled("VMax", "voltage_max", 5, U16, "V", VMINMAX_SF),
    scaled("VMin", "voltage_min", 6, U16, "V", VMINMAX_SF),
    scaled("VAMax", "apparent_power_max", 7, U16, "VA", VAMAX_SF),
    scaled(
        "VArMaxQ1",
        "reactive_power_max_q1",
        8,
        I16,
        "var",
        VARMAX_SF,
    ),
    scaled(
        "VArMaxQ2",
        "reactive_power_max_q2",
        9,
        I16,
        "var",
        VARMAX_SF,
    ),
    scaled(
        "VArMaxQ3",
        "reactive_power_max_q3",
        10,
        I16,
        "var",
        VARMAX_SF,
    ),
    scaled(
        "VArMaxQ4",
        "reactive_power_max_q4",
        11,
        I16,
        "var",
        VARMAX_SF,
    ),
    scaled("WGra", "active_power_ramp", 12, U16, "%/s", WGRA_SF),
    scaled("PFMinQ1", "power_factor_min_q1", 13, I16, "", PFMIN_SF),
    scaled("PFMinQ2", "power_factor_min_q2", 14, I16, "", PFMIN_SF),
    scaled("PFMinQ3", "power_factor_min_q3", 15, I16, "", PFMIN_SF),
    scaled("PFMinQ4", "power_factor_min_q4", 16, I16, "", PFMIN_SF),
    plain("VArAct", "reactive_power_action", 17, U16),
    plain("ClcTotVA", "apparent_power_calculation", 18, U16),
    scaled("MaxRmpRte", "ramp_max", 19, U16, "%", MAXRMPRTE_SF),
    scaled("ECPNomHz", "frequency_nominal", 20, U16, "Hz", ECPNOMHZ_SF),
    plain("ConnPh", "connected_phase", 21, U16),
];

const VARAVAL_SF: Factor = Factor("VArAval_SF", 30);
const WAVAL_SF: Factor = Factor("WAval_SF", 32);
const RIS_SF: Factor = Factor("Ris_SF", 45);

/// Model 122.
pub(super) static STATUS: &[Point] = &[
    plain("PVConn", "pv_connection", 2, U16)
        .meaning("bits: 0 connected, 1 available, 2 operating, 3 test"),
    plain("StorConn", "storage_connection", 3, U16)
        .meaning("bits: 0 connected, 1 available, 2 operating, 3 test"),
    plain("ECPConn", "grid_connection", 4, U16).meaning("bits: 0 disconnected, 1 connected"),
    number("ActWh", "energy", 5, Acc64, "Wh"),
    number("ActVAh", "apparent_energy", 9, Acc64, "VAh"),
    number("ActVArhQ1", "reactive_energy_q1", 13, Acc64, "varh"),
    number("ActVArhQ2", "reactive_energy_q2", 17, Acc64, "varh"),
    number("ActVArhQ3", "reactive_energy_q3", 21, Acc64, "varh"),
    number("ActVArhQ4", "reactive_energy_q4", 25, Acc64, "varh"),
    scaled(
        "VArAval",
        "reactive_power_available",
        29,
        I16,
        "var",
        VARAVAL_SF,
    ),
    scaled("WAval", "active_power_available", 31, U16, "W", WAVAL_SF),
    plain("StSetLimMsk", "limits_reached", 33, U32),
    plain("StActCtl", "active_controls", 35, U32),
    text("TmSrc", "time_source", 37, 4),
    number("Tms", "time", 41, U32, "s"),
    plain("RtSt", "ride_through", 43, U16),
    scaled("Ris", "isolation_resistance", 44, U16, "Ω", RIS_SF),
];
