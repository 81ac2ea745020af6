//! Rows as bytes: column by column, what follows from other columns left out.

use pco::{ChunkConfig, DeltaSpec, ModeSpec};

use super::row::Row;
use crate::historian::block::{LEVEL, put_numbers, put_runs, take_numbers, take_runs};
use crate::historian::bytes::{Damaged, Reader};

/// Compressor settings, made once.
pub(super) struct Encoder {
    floats: ChunkConfig,
    integers: ChunkConfig,
    times: ChunkConfig,
}

impl Encoder {
    pub(super) fn new() -> Encoder {
        let base = ChunkConfig::default().with_compression_level(LEVEL);
        let integers = base.clone().with_mode_spec(ModeSpec::Classic);
        Encoder {
            times: integers
                .clone()
                .with_delta_spec(DeltaSpec::TryConsecutive(1)),
            integers,
            floats: base,
        }
    }

    /// Appends rows without a checksum.
    pub(super) fn encode(&self, rows: &[Row], out: &mut Vec<u8>) {
        let integers = |value: fn(&Row) -> i64| rows.iter().map(value).collect::<Vec<i64>>();
        put_numbers(&integers(|row| row.start_us), &self.times, out);
        let others: [fn(&Row) -> i64; 3] = [
            |row| row.samples.cast_signed(),
            |row| row.first_us - row.start_us,
            |row| row.last_us - row.first_us,
        ];
        for column in others {
            put_numbers(&integers(column), &self.integers, out);
        }
        let floats: [fn(&Row) -> f64; 6] = [
            |row| row.min,
            |row| row.max,
            |row| row.sum,
            |row| row.first,
            |row| row.last,
            |row| row.area,
        ];
        for column in floats {
            let numbers: Vec<f64> = rows.iter().map(column).collect();
            put_numbers(&numbers, &self.floats, out);
        }
        // Mostly zero or the same in all rows.
        let runs: [fn(&Row) -> u64; 8] = [
            |row| row.bad,
            |row| row.samples - row.bad - row.good,
            |row| row.samples - row.numbers,
            |row| (row.last_us - row.first_us - row.usable_us).cast_unsigned(),
            |row| (row.last_us - row.first_us - row.good_us).cast_unsigned(),
            |row| u64::from(row.holds),
            |row| row.last_quality.into(),
            |row| row.worst_quality.into(),
        ];
        for column in runs {
            put_runs(rows.iter().map(column), out);
        }
    }
}

/// Reads `count` rows.
pub(super) fn decode(bytes: &[u8], count: u32) -> Result<Vec<Row>, Damaged> {
    let count = count as usize;
    if super::make::ROWS_MAX < count {
        return Err(Damaged("the number of rows is out of range"));
    }
    let mut reader = Reader::new(bytes);
    let mut rows = vec![Row::default(); count];
    let integers: [fn(&mut Row, i64); 4] = [
        |row, number| row.start_us = number,
        |row, number| row.samples = number.cast_unsigned(),
        |row, number| row.first_us = row.start_us.wrapping_add(number),
        |row, number| row.last_us = row.first_us.wrapping_add(number),
    ];
    for set in integers {
        let numbers = take_numbers::<i64>(count, &mut reader)?;
        rows.iter_mut()
            .zip(numbers)
            .for_each(|(row, number)| set(row, number));
    }
    let floats: [fn(&mut Row, f64); 6] = [
        |row, number| row.min = number,
        |row, number| row.max = number,
        |row, number| row.sum = number,
        |row, number| row.first = number,
        |row, number| row.last = number,
        |row, number| row.area = number,
    ];
    for set in floats {
        let numbers = take_numbers::<f64>(count, &mut reader)?;
        rows.iter_mut()
            .zip(numbers)
            .for_each(|(row, number)| set(row, number));
    }
    let runs: [fn(&mut Row, u64); 8] = [
        |row, number| row.bad = number,
        |row, number| row.good = row.samples.wrapping_sub(row.bad).wrapping_sub(number),
        |row, number| row.numbers = row.samples.wrapping_sub(number),
        |row, number| row.usable_us = held_us(row).wrapping_sub(number.cast_signed()),
        |row, number| row.good_us = held_us(row).wrapping_sub(number.cast_signed()),
        |row, number| row.holds = number != 0,
        |row, number| row.last_quality = u32::try_from(number).unwrap_or(u32::MAX),
        |row, number| row.worst_quality = u32::try_from(number).unwrap_or(u32::MAX),
    ];
    for set in runs {
        let mut left = rows.iter_mut();
        take_runs(count, &mut reader, |number, length| {
            left.by_ref().take(length).for_each(|row| set(row, number));
            Ok(())
        })?;
    }
    match reader.is_empty() && rows.is_sorted_by(|a, b| a.start_us < b.start_us) {
        true => Ok(rows),
        false => Err(Damaged("the rows of a roll-up are not in order")),
    }
}

fn held_us(row: &Row) -> i64 {
    row.last_us.wrapping_sub(row.first_us)
}
