//! The points of the models that are known, with their offsets from the number of the model.

mod battery;
mod capacity;
mod controls;
mod der;
mod inverter;
mod meter;
mod mppt;
mod nameplate;

use Kind::{Acc32, Acc64, F32, I16, Text, U16, U32, U64};

/// A point of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// What the model calls it.
    pub(super) id: &'static str,
    /// How its tag is called.
    pub(super) name: &'static str,
    /// Registers from the number of the model to it, or from the begin of its input.
    pub(super) offset: u16,
    /// How it is written.
    pub(super) kind: Kind,
    /// Unit of the scaled value.
    pub(super) unit: &'static str,
    /// Its scale factor.
    pub(super) factor: Option<Factor>,
    /// What its numbers mean.
    pub(super) meaning: &'static str,
}

/// A scale factor: what the model calls it, and registers from the number of the model to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Factor(pub(super) &'static str, pub(super) u16);

/// How a point is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `uint16`, `enum16` and `bitfield16`: 65535 says that there is none.
    U16,
    /// `int16`: -32768 says that there is none.
    I16,
    /// `uint32` and `bitfield32`: 4294967295 says that there is none.
    U32,
    /// `uint64`: all bits say that there is none.
    U64,
    /// `acc32`, a counter: 0 says that there is none.
    Acc32,
    /// `acc64`, a counter: as `acc32`.
    Acc64,
    /// `float32`: what is no number says that there is none.
    F32,
    /// `string` of so many registers: empty says that there is none.
    Text(u16),
}

/// A model that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// What the names of its tags begin with.
    pub(super) prefix: &'static str,
    /// What it is.
    pub(super) title: &'static str,
    /// Registers behind number and length of its published layout, without what is repeated.
    pub(super) length: u16,
    /// What is there once.
    pub(super) points: &'static [Point],
    /// What is there again and again.
    pub(super) inputs: Option<Inputs>,
    /// How often its tags are asked, in milliseconds, where that is less often than the device.
    pub(super) period_ms: Option<u32>,
}

/// What is there for each input of an inverter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inputs {
    /// Registers of one.
    pub(super) size: u16,
    /// Registers from the number of the model to how many there are.
    pub(super) count: u16,
    /// The points of one.
    pub(super) points: &'static [Point],
}

/// What is written on the plate of a device, and settings, change once in years.
const RATINGS_MS: u32 = 60_000;

/// Returns what is known of a model.
pub(super) fn of(model: u16) -> Option<Known> {
    let once = |prefix, title, length, points| Known {
        prefix,
        title,
        length,
        points,
        inputs: None,
        period_ms: None,
    };
    let ratings = |prefix, title, length, points| Known {
        period_ms: Some(RATINGS_MS),
        ..once(prefix, title, length, points)
    };
    let inverter = |title| once("inverter", title, 50, inverter::INTEGER);
    let inverter_float = |title| once("inverter", title, 60, inverter::FLOAT);
    let meter = |title| once("meter", title, 105, meter::INTEGER);
    let meter_float = |title| once("meter", title, 124, meter::FLOAT);
    Some(match model {
        1 => once("device", "common", 66, COMMON),
        101 => inverter("inverter, one phase"),
        102 => inverter("inverter, split phase"),
        103 => inverter("inverter, three phases"),
        111 => inverter_float("inverter, one phase, floats"),
        112 => inverter_float("inverter, split phase, floats"),
        113 => inverter_float("inverter, three phases, floats"),
        120 => ratings(
            "nameplate",
            "ratings of the inverter",
            26,
            nameplate::NAMEPLATE,
        ),
        121 => ratings(
            "settings",
            "settings of the inverter",
            30,
            nameplate::SETTINGS,
        ),
        122 => once("status", "status of the inverter", 44, nameplate::STATUS),
        123 => once(
            "controls",
            "controls of the inverter",
            24,
            controls::CONTROLS,
        ),
        124 => once("storage", "storage of the inverter", 24, controls::STORAGE),
        160 => Known {
            inputs: Some(mppt::INPUTS),
            ..once("mppt", "inputs of the inverter", 8, mppt::INVERTER)
        },
        201 => meter("meter, one phase"),
        202 => meter("meter, split phase"),
        203 => meter("meter, three phases, star"),
        204 => meter("meter, three phases, delta"),
        211 => meter_float("meter, one phase, floats"),
        212 => meter_float("meter, split phase, floats"),
        213 => meter_float("meter, three phases, star, floats"),
        214 => meter_float("meter, three phases, delta, floats"),
        701 => once("der", "measurements of the resource", 153, der::MEASUREMENT),
        702 => ratings(
            "capacity",
            "capacity of the resource",
            50,
            capacity::CAPACITY,
        ),
        802 => once("battery", "battery", 62, battery::BASE),
        _ => return None,
    })
}

impl Kind {
    /// Returns how many registers it has.
    pub(super) const fn registers(self) -> u16 {
        match self {
            U16 | I16 => 1,
            U32 | Acc32 | F32 => 2,
            U64 | Acc64 => 4,
            Text(length) => length,
        }
    }

    /// Returns the type of its tag. A counter of 64 bits never comes to its highest one, so that
    /// it can be read with a sign: then all bits are -1, which can be marked as no value.
    pub(super) const fn data_type(self) -> &'static str {
        match self {
            U16 => "uint16",
            I16 => "int16",
            U32 | Acc32 => "uint32",
            U64 | Acc64 => "int64",
            F32 => "float32",
            Text(_) => "string",
        }
    }

    /// Returns the raw value by which the device says that it has none at present. What is no
    /// number is known as such without.
    pub(super) const fn invalid(self) -> Option<i64> {
        match self {
            U16 => Some(0xFFFF),
            I16 => Some(-0x8000),
            U32 => Some(0xFFFF_FFFF),
            U64 => Some(-1),
            Acc32 | Acc64 => Some(0),
            F32 | Text(_) => None,
        }
    }

    /// Returns whether registers say that the device has no value.
    pub(super) fn is_absent(self, raw: &[u16]) -> bool {
        match self {
            U16 | U32 | U64 => raw.iter().all(|&register| register == 0xFFFF),
            I16 => raw == [0x8000],
            Acc32 | Acc64 | Text(_) => raw.iter().all(|&register| register == 0),
            F32 => raw.first().is_some_and(|high| high & 0x7F80 == 0x7F80),
        }
    }
}

impl Point {
    const fn meaning(self, meaning: &'static str) -> Point {
        Point { meaning, ..self }
    }
}

const fn plain(id: &'static str, name: &'static str, offset: u16, kind: Kind) -> Point {
    Point {
        id,
        name,
        offset,
        kind,
        unit: "",
        factor: None,
        meaning: "",
    }
}

const fn text(id: &'static str, name: &'static str, offset: u16, length: u16) -> Point {
    plain(id, name, offset, Text(length))
}

const fn number(
    id: &'static str,
    name: &'static str,
    offset: u16,
    kind: Kind,
    unit: &'static str,
) -> Point {
    Point {
        unit,
        ..plain(id, name, offset, kind)
    }
}

const fn scaled(
    id: &'static str,
    name: &'static str,
    offset: u16,
    kind: Kind,
    unit: &'static str,
    factor: Factor,
) -> Point {
    Point {
        factor: Some(factor),
        ..number(id, name, offset, kind, unit)
    }
}

/// Model 1.
static COMMON: &[Point] = &[
    text("Mn", "manufacturer", 2, 16),
    text("Md", "model", 18, 16),
    text("Opt", "options", 34, 8),
    text("Vr", "version", 42, 8),
    text("SN", "serial_number", 50, 16),
];
