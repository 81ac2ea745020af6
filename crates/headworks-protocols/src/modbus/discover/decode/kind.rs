//! What registers may be: the hypotheses and their prices.

use headworks_core::{ByteOrder, DataType};

use super::price;
use super::quantity;

/// Most registers of a text.
const TEXT_MAX: usize = 32;

/// The types that are tried, with the bits that each costs where it is new: how rare it is.
pub(super) const KINDS: [(DataType, f64); 11] = [
    (DataType::Float32, 2.0),
    (DataType::Uint16, 2.2),
    (DataType::Uint32, 2.8),
    (DataType::Int16, 2.9),
    (DataType::Int32, 3.3),
    (DataType::String, 4.0),
    (DataType::Uint64, 5.0),
    (DataType::Int64, 5.6),
    (DataType::Float64, 5.6),
    (DataType::Bcd16, 8.0),
    (DataType::Bcd32, 8.0),
];

/// What some registers may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hypothesis {
    /// First register, from the start of the block.
    pub(super) start: usize,
    /// Number of registers.
    pub(super) width: usize,
    /// Index into [`KINDS`].
    pub(super) kind: usize,
    /// Index into [`ByteOrder::ALL`].
    pub(super) order: usize,
    /// Its price.
    pub(super) bits: f64,
}

impl Hypothesis {
    pub(super) fn data_type(&self) -> DataType {
        KINDS[self.kind].0
    }

    pub(super) fn byte_order(&self) -> ByteOrder {
        ByteOrder::ALL[self.order]
    }

    pub(super) fn covers(&self, register: usize) -> bool {
        (self.start..self.start + self.width).contains(&register)
    }
}

/// Returns every hypothesis about registers that begin at `start`.
pub(super) fn at(samples: &[Vec<u16>], times_us: &[i64], start: usize) -> Vec<Hypothesis> {
    let mut found = Vec::new();
    let left = samples.first().map_or(0, |sample| sample.len() - start);
    for (kind, (data_type, _)) in KINDS.iter().enumerate() {
        for order in 0..ByteOrder::ALL.len() {
            let mut keep = |width: usize, bits: Option<f64>| {
                found.extend(bits.map(|bits| Hypothesis {
                    start,
                    width,
                    kind,
                    order,
                    bits,
                }));
            };
            match data_type.registers().map(usize::from) {
                Some(width) if width <= left => {
                    let raw = raw(samples, start, width, ByteOrder::ALL[order]);
                    keep(width, number(*data_type, &raw, times_us));
                }
                Some(_) => {}
                None => {
                    for width in 2..=left.min(TEXT_MAX) {
                        keep(width, text(samples, start, width, ByteOrder::ALL[order]));
                    }
                }
            }
        }
    }
    found
}

/// Returns the registers of each sample as one number, most significant byte first.
pub(super) fn raw(samples: &[Vec<u16>], start: usize, width: usize, order: ByteOrder) -> Vec<u64> {
    let swaps_bytes = matches!(order, ByteOrder::Badc | ByteOrder::Dcba);
    let low_first = matches!(order, ByteOrder::Cdab | ByteOrder::Dcba);
    let of = |sample: &Vec<u16>| {
        (0..width).fold(0_u64, |number, place| {
            let place = if low_first { width - 1 - place } else { place };
            let word = sample[start + place];
            let word = if swaps_bytes { word.swap_bytes() } else { word };
            number << 16 | u64::from(word)
        })
    };
    samples.iter().map(of).collect()
}

/// Returns the price of a number.
fn number(data_type: DataType, raw: &[u64], times_us: &[i64]) -> Option<f64> {
    let width = u32::from(data_type.registers()?) * 16;
    let series = series(data_type, raw)?;
    let first = match data_type {
        DataType::Float32 | DataType::Float64 => float_price(data_type, raw),
        DataType::Bcd16 | DataType::Bcd32 => price::integer(series[0], width, true),
        _ => price::integer(series[0], width, is_signed(data_type)),
    };
    let changes = price::changes(&series, width, first);
    Some(first + changes - quantity::bonus(data_type, raw, &series, times_us))
}

const fn is_signed(data_type: DataType) -> bool {
    matches!(
        data_type,
        DataType::Int16 | DataType::Int32 | DataType::Int64
    )
}

/// Returns numbers that grow with the value and change by 1 where the value changes least.
pub(super) fn series(data_type: DataType, raw: &[u64]) -> Option<Vec<i128>> {
    let of = |raw: &u64| -> Option<i128> {
        Some(match data_type {
            DataType::Int16 => sign_extended(*raw, 16),
            DataType::Int32 => sign_extended(*raw, 32),
            DataType::Int64 => sign_extended(*raw, 64),
            DataType::Float32 => ordered(*raw, 32),
            DataType::Float64 => ordered(*raw, 64),
            DataType::Bcd16 | DataType::Bcd32 => decimal(*raw)?.into(),
            _ => (*raw).into(),
        })
    };
    raw.iter().map(of).collect()
}

fn sign_extended(raw: u64, width: u32) -> i128 {
    let number = i128::from(raw);
    if raw >> (width - 1) & 1 == 1 {
        number - (1 << width)
    } else {
        number
    }
}

/// The bits of a float as a number in the order of the floats.
fn ordered(raw: u64, width: u32) -> i128 {
    let magnitude = i128::from(raw & !(1 << (width - 1)));
    if raw >> (width - 1) & 1 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

/// Binary coded decimal digits; nothing when one is above 9.
fn decimal(raw: u64) -> Option<u64> {
    (0..16).rev().try_fold(0, |number, place| {
        let digit = raw >> (place * 4) & 0xF;
        (digit <= 9).then_some(number * 10 + digit)
    })
}

/// Returns a float of the raw bits.
pub(super) fn float(data_type: DataType, raw: u64) -> f64 {
    if data_type == DataType::Float32 {
        return f32::from_bits(u32::try_from(raw).unwrap_or(0)).into();
    }
    f64::from_bits(raw)
}

fn float_price(data_type: DataType, raw: &[u64]) -> f64 {
    let mantissa = if data_type == DataType::Float32 {
        23
    } else {
        52
    };
    let strange = raw.iter().skip(1).filter(|raw| {
        let size = float(data_type, **raw).abs();
        size != 0.0 && !(1e-6..1e10).contains(&size)
    });
    let strange = f64::from(u32::try_from(strange.count()).unwrap_or(u32::MAX));
    // Each sample is asked for the length of its decimal form: the shortest may be chance.
    let prices = raw.iter().map(|raw| {
        let value = float(data_type, *raw);
        let digits = if data_type == DataType::Float32 {
            digits(&f32::from_bits(u32::try_from(*raw).unwrap_or(0)).to_string())
        } else {
            digits(&value.to_string())
        };
        price::float(value, mantissa, raw.trailing_zeros().min(mantissa), digits)
    });
    let mut prices: Vec<f64> = prices.collect();
    prices.sort_by(f64::total_cmp);
    prices[prices.len() / 2] + strange * 8.0
}

/// Returns the significant digits of a decimal number.
fn digits(text: &str) -> u32 {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    let digits: Vec<u8> = digits.skip_while(|digit| *digit == b'0').collect();
    let zeros = digits.iter().rev().take_while(|digit| **digit == b'0');
    u32::try_from(digits.len() - zeros.count()).unwrap_or(u32::MAX)
}

/// Returns the price of a text; it must stand still.
fn text(samples: &[Vec<u16>], start: usize, width: usize, order: ByteOrder) -> Option<f64> {
    let words = &samples[0][start..start + width];
    let is_still = samples
        .iter()
        .all(|sample| &sample[start..start + width] == words);
    if !is_still {
        return None;
    }
    let swaps_bytes = matches!(order, ByteOrder::Badc | ByteOrder::Dcba);
    let bytes: Vec<u8> = words
        .iter()
        .map(|word| {
            if swaps_bytes {
                word.swap_bytes()
            } else {
                *word
            }
        })
        .flat_map(u16::to_be_bytes)
        .collect();
    // One more register of padding is part of the field, a field of padding alone is none.
    price::text(&bytes).map(|bits| bits + 1.0)
}
