//! Quantities that devices usually give: their ranges, and the scales in which integers give them.

use headworks_core::DataType;

use super::kind;

/// Seconds of ten years: how far a clock may be off and still count as one.
const CLOCK_S: i64 = 315_000_000;

/// What a value probably measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Meaning {
    pub(super) scale: f64,
    pub(super) unit: &'static str,
    pub(super) code: &'static str,
    pub(super) words: &'static str,
}

/// A range that a quantity stays within, and the scales of integers that it is known in.
struct Quantity {
    meaning: Meaning,
    low: f64,
    high: f64,
    /// Bits that a float within the range is more plausible.
    bits: f64,
    scales: &'static [f64],
}

const fn quantity(
    code: &'static str,
    words: &'static str,
    unit: &'static str,
    range: (f64, f64),
    bits: f64,
    scales: &'static [f64],
) -> Quantity {
    Quantity {
        meaning: Meaning {
            scale: 1.0,
            unit,
            code,
            words,
        },
        low: range.0,
        high: range.1,
        bits,
        scales,
    }
}

/// Narrow ranges first: the first one that fits is taken.
static QUANTITIES: &[Quantity] = &[
    quantity(
        "frequency",
        "near 50 Hz",
        "Hz",
        (49.5, 50.5),
        3.0,
        &[0.01, 0.1, 0.001],
    ),
    quantity(
        "frequency",
        "near 60 Hz",
        "Hz",
        (59.5, 60.5),
        3.0,
        &[0.01, 0.1, 0.001],
    ),
    quantity(
        "mains_voltage",
        "near 230 V",
        "V",
        (214.0, 246.0),
        2.0,
        &[0.1, 0.01, 1.0],
    ),
    quantity(
        "mains_voltage",
        "near 400 V",
        "V",
        (380.0, 420.0),
        2.0,
        &[0.1, 0.01, 1.0],
    ),
    quantity(
        "mains_voltage",
        "near 120 V",
        "V",
        (114.0, 126.0),
        1.0,
        &[0.1, 0.01],
    ),
    quantity(
        "power_factor",
        "a power factor near 1",
        "",
        (0.8, 1.0),
        1.0,
        &[0.001, 0.01],
    ),
    quantity(
        "temperature",
        "a usual temperature",
        "°C",
        (15.0, 90.0),
        0.5,
        &[0.1],
    ),
];

/// Returns the bits that a reading is more plausible than its price says.
pub(super) fn bonus(data_type: DataType, raw: &[u64], series: &[i128], times_us: &[i64]) -> f64 {
    match data_type {
        DataType::Float32 | DataType::Float64 => {
            let values: Vec<f64> = raw.iter().map(|raw| kind::float(data_type, *raw)).collect();
            within(&values).map_or(0.0, |quantity| quantity.bits)
        }
        DataType::Uint32 | DataType::Uint64 => clock(series, times_us),
        _ => 0.0,
    }
}

/// Returns the first quantity whose range holds all values.
fn within(values: &[f64]) -> Option<&'static Quantity> {
    let fits = |quantity: &&Quantity| {
        values
            .iter()
            .all(|value| (quantity.low..=quantity.high).contains(value))
    };
    QUANTITIES.iter().find(fits)
}

/// Bits for seconds since 1970, all the more when they go on as the clock does.
fn clock(series: &[i128], times_us: &[i64]) -> f64 {
    let near = |(value, time_us): (&i128, &i64)| {
        (value - i128::from(time_us / 1_000_000)).abs() < i128::from(CLOCK_S)
    };
    if series.is_empty() || !series.iter().zip(times_us).all(near) {
        return 0.0;
    }
    if goes_with_the_clock(series, times_us) {
        14.0
    } else {
        7.0
    }
}

fn goes_with_the_clock(series: &[i128], times_us: &[i64]) -> bool {
    let (Some(first), Some(last)) = (series.first(), series.last()) else {
        return false;
    };
    let (Some(begin), Some(end)) = (times_us.first(), times_us.last()) else {
        return false;
    };
    let passed = i128::from((end - begin) / 1_000_000);
    3 <= passed && (last - first - passed).abs() <= 2
}

/// Returns what a reading probably measures, nothing where nothing speaks for anything.
pub(super) fn meaning(
    data_type: DataType,
    raw: &[u64],
    series: &[i128],
    times_us: &[i64],
) -> Option<Meaning> {
    if matches!(data_type, DataType::Float32 | DataType::Float64) {
        let values: Vec<f64> = raw.iter().map(|raw| kind::float(data_type, *raw)).collect();
        return within(&values).map(|quantity| quantity.meaning);
    }
    if matches!(data_type, DataType::Uint32 | DataType::Uint64) && 0.0 < clock(series, times_us) {
        return Some(Meaning {
            scale: 1.0,
            unit: "s",
            code: "unix_time",
            words: "seconds since 1970-01-01",
        });
    }
    scaled(series)
}

/// The first quantity that integers give in one of its usual scales.
fn scaled(series: &[i128]) -> Option<Meaning> {
    #[expect(clippy::cast_precision_loss, reason = "compared with short ranges")]
    let values: Vec<f64> = series.iter().map(|value| *value as f64).collect();
    QUANTITIES.iter().find_map(|quantity| {
        let fits = |scale: &&f64| {
            values
                .iter()
                .all(|value| (quantity.low..=quantity.high).contains(&(value * **scale)))
        };
        let scale = quantity.scales.iter().find(fits)?;
        Some(Meaning {
            scale: *scale,
            ..quantity.meaning
        })
    })
}
