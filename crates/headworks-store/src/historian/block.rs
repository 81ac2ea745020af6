//! Blocks: up to 8,192 points of one tag, one kind and one day, with what is known of them
//! without decoding.

use std::sync::Arc;

use headworks_core::TagIndex;
use pco::{ChunkConfig, DeltaSpec, ModeSpec};

use super::bytes::{Damaged, Reader, put_varint, to_u32};
use super::points::{Points, as_f64, count, decode_stream, encode_stream, is_bad};
use super::stream::ValueKind;

/// Most points of a block.
pub(super) const POINTS_MAX: usize = 8_192;
/// Blocks with fewer points are streams: a compressed column has a fixed cost that only pays
/// over many points.
const COLUMNS_MIN: usize = 192;
/// Bytes of the checksum at the end of a block.
const CRC_BYTES: usize = 4;
/// Effort of the compressor; 8 saves 2 % more bytes and takes 2.5 times as long.
pub(super) const LEVEL: usize = 4;

/// How the points of a block are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Encoding {
    /// One point after the other, see `stream.rs`.
    #[default]
    Stream = 0,
    /// Times, qualities and values each for themselves.
    Columns = 1,
    /// Rows of a roll-up, see `rollup/codec.rs`; in files of roll-ups only.
    Rows = 2,
}

/// What the index says of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct BlockMeta {
    pub(super) tag: u32,
    pub(super) count: u32,
    pub(super) first_us: i64,
    pub(super) last_us: i64,
    /// Of the usable numbers, like `max`, `sum` and `first`.
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) sum: f64,
    pub(super) first: f64,
    /// The last usable number, as bits.
    pub(super) last: u64,
    pub(super) offset: u64,
    pub(super) length: u32,
    /// Usable numbers.
    pub(super) numbers: u32,
    /// Points of bad quality.
    pub(super) bad: u32,
    pub(super) last_quality: u32,
    pub(super) worst_quality: u32,
    pub(super) kind: ValueKind,
    pub(super) encoding: Encoding,
}

/// Bytes of a block's entry in the index.
pub(super) const META_BYTES: usize = 96;

impl BlockMeta {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.tag.to_le_bytes());
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.first_us.to_le_bytes());
        out.extend_from_slice(&self.last_us.to_le_bytes());
        for number in [self.min, self.max, self.sum, self.first] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.last.to_le_bytes());
        out.extend_from_slice(&self.offset.to_le_bytes());
        for number in [
            self.length,
            self.numbers,
            self.bad,
            self.last_quality,
            self.worst_quality,
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&[self.kind as u8, self.encoding as u8, 0, 0]);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<BlockMeta, Damaged> {
        let mut meta = BlockMeta {
            tag: reader.u32()?,
            count: reader.u32()?,
            first_us: reader.i64()?,
            last_us: reader.i64()?,
            min: reader.f64()?,
            max: reader.f64()?,
            sum: reader.f64()?,
            first: reader.f64()?,
            last: reader.u64()?,
            offset: reader.u64()?,
            length: reader.u32()?,
            numbers: reader.u32()?,
            bad: reader.u32()?,
            last_quality: reader.u32()?,
            worst_quality: reader.u32()?,
            ..BlockMeta::default()
        };
        let [kind, encoding, _, _] = reader.array()?;
        meta.kind = ValueKind::from_code(kind)?;
        meta.encoding = match encoding {
            0 => Encoding::Stream,
            1 => Encoding::Columns,
            2 => Encoding::Rows,
            _ => return Err(Damaged("a block's encoding is not known")),
        };
        Ok(meta)
    }

    pub(super) fn tag(&self) -> TagIndex {
        TagIndex(self.tag)
    }

    /// Whether both say the same of their points, wherever these lie.
    pub(super) fn says_the_same(&self, other: &BlockMeta) -> bool {
        let place = |meta: &BlockMeta| BlockMeta {
            offset: 0,
            length: 0,
            encoding: Encoding::Stream,
            ..*meta
        };
        // As bytes, because not every number is equal to itself.
        let (mut these, mut those) = (Vec::new(), Vec::new());
        place(self).write(&mut these);
        place(other).write(&mut those);
        these == those
    }

    /// Returns what is known of `points` except where they lie.
    pub(super) fn of(tag: u32, points: &Points) -> BlockMeta {
        let (first_us, last_us) = points.span();
        let mut meta = BlockMeta {
            tag,
            count: count(points),
            first_us,
            last_us,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            last_quality: points.qualities[points.len() - 1],
            kind: points.kind,
            ..BlockMeta::default()
        };
        for (&bits, &quality) in points.bits.iter().zip(&points.qualities) {
            meta.worst_quality = meta.worst_quality.max(quality);
            if is_bad(quality) {
                meta.bad += 1;
            } else {
                meta.last = bits;
                meta.add(bits);
            }
        }
        meta
    }

    fn add(&mut self, bits: u64) {
        let Some(number) = as_f64(self.kind, bits) else {
            return;
        };
        if self.numbers == 0 {
            self.first = number;
        }
        self.numbers += 1;
        self.min = self.min.min(number);
        self.max = self.max.max(number);
        self.sum += number;
    }
}

/// Encodes blocks; holds the settings of the compressor.
pub(super) struct Encoder {
    times: ChunkConfig,
    floats: ChunkConfig,
    integers: ChunkConfig,
}

impl Encoder {
    pub(super) fn new() -> Encoder {
        let base = ChunkConfig::default().with_compression_level(LEVEL);
        Encoder {
            times: base
                .clone()
                .with_mode_spec(ModeSpec::Classic)
                .with_delta_spec(DeltaSpec::TryConsecutive(1)),
            integers: base.clone().with_mode_spec(ModeSpec::Classic),
            floats: base,
        }
    }

    /// Appends a block of sorted points to `out` and returns what is known of it; its offset is
    /// the caller's to fill in. `stream` is the same points as a stream, where the caller has it.
    pub(super) fn encode(
        &self,
        tag: u32,
        points: &Points,
        stream: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> BlockMeta {
        assert!((1..=POINTS_MAX).contains(&points.len()));
        let start = out.len();
        let mut meta = BlockMeta::of(tag, points);
        match stream {
            _ if COLUMNS_MIN <= points.len() => {
                meta.encoding = Encoding::Columns;
                self.put_columns(points, out);
            }
            Some(stream) => out.extend_from_slice(stream),
            None => encode_stream(points, out),
        }
        let crc = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
        meta.length = to_u32(out.len() - start);
        meta
    }

    fn put_columns(&self, points: &Points, out: &mut Vec<u8>) {
        self.put_times(&points.times_us, out);
        put_runs(points.qualities.iter().map(|&quality| quality.into()), out);
        let usable = points.bits.iter().zip(&points.qualities);
        let usable = usable.filter(|&(_, &quality)| !is_bad(quality));
        let bits = usable.map(|(&bits, _)| bits);
        match points.kind {
            ValueKind::None => {}
            ValueKind::Bool => put_runs(bits, out),
            ValueKind::I64 => {
                put_numbers(
                    &bits.map(u64::cast_signed).collect::<Vec<_>>(),
                    &self.integers,
                    out,
                );
            }
            ValueKind::U64 => put_numbers(&bits.collect::<Vec<_>>(), &self.integers, out),
            ValueKind::F64 => {
                put_numbers(
                    &bits.map(f64::from_bits).collect::<Vec<_>>(),
                    &self.floats,
                    out,
                );
            }
            ValueKind::Text | ValueKind::Bytes => put_blobs(&points.blobs, bits, out),
        }
    }

    /// Writes the first time, the coarsest unit that fits all, and the units since the first.
    fn put_times(&self, times_us: &[i64], out: &mut Vec<u8>) {
        let first = times_us[0];
        let since = |time: i64| time.wrapping_sub(first);
        let unit = UNITS_US
            .into_iter()
            .find(|unit| times_us.iter().all(|&time| since(time) % unit == 0))
            .unwrap_or(1);
        out.extend_from_slice(&first.to_le_bytes());
        put_varint(unit.cast_unsigned(), out);
        // Constant divisors: a division by a variable would cost more than the compressor.
        let units: Vec<i64> = match unit {
            1_000_000 => times_us
                .iter()
                .map(|&time| since(time) / 1_000_000)
                .collect(),
            1_000 => times_us.iter().map(|&time| since(time) / 1_000).collect(),
            _ => times_us.iter().map(|&time| since(time)).collect(),
        };
        put_numbers(&units, &self.times, out);
    }
}

const UNITS_US: [i64; 2] = [1_000_000, 1_000];

pub(super) fn put_numbers<T: pco::data_types::Number>(
    numbers: &[T],
    config: &ChunkConfig,
    out: &mut Vec<u8>,
) {
    let bytes = pco::standalone::simple_compress(numbers, config)
        .expect("the settings are constant and a block is within the compressor's limits");
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(&bytes);
}

pub(super) fn put_runs(numbers: impl Iterator<Item = u64>, out: &mut Vec<u8>) {
    let mut run: Option<(u64, u64)> = None;
    for number in numbers {
        match &mut run {
            Some((value, length)) if *value == number => *length += 1,
            _ => {
                put_run(run, out);
                run = Some((number, 1));
            }
        }
    }
    put_run(run, out);
}

fn put_run(run: Option<(u64, u64)>, out: &mut Vec<u8>) {
    if let Some((value, length)) = run {
        put_varint(value, out);
        put_varint(length, out);
    }
}

/// Writes each string once, then runs of their places.
fn put_blobs(blobs: &[Arc<[u8]>], places: impl Iterator<Item = u64>, out: &mut Vec<u8>) {
    let mut numbers = std::collections::HashMap::new();
    let mut dictionary: Vec<&[u8]> = Vec::new();
    let places: Vec<u64> = places
        .filter_map(|place| blobs.get(usize::try_from(place).ok()?))
        .map(|blob| {
            *numbers.entry(&blob[..]).or_insert_with(|| {
                dictionary.push(blob);
                dictionary.len() as u64 - 1
            })
        })
        .collect();
    put_varint(dictionary.len() as u64, out);
    for blob in dictionary {
        put_varint(blob.len() as u64, out);
        out.extend_from_slice(blob);
    }
    put_runs(places.into_iter(), out);
}

/// Returns the bytes of a block without their checksum, which fits.
pub(super) fn check(bytes: &[u8]) -> Result<&[u8], Damaged> {
    let Some((body, crc)) = bytes.split_last_chunk::<CRC_BYTES>() else {
        return Err(Damaged("the block is too short"));
    };
    match crc32fast::hash(body) == u32::from_le_bytes(*crc) {
        true => Ok(body),
        false => Err(Damaged("the checksum of the block does not fit")),
    }
}

/// Decodes a block; what comes back is as long as `meta` says and sorted.
pub(super) fn decode(meta: &BlockMeta, bytes: &[u8]) -> Result<Points, Damaged> {
    let body = check(bytes)?;
    if POINTS_MAX < meta.count as usize || meta.count == 0 {
        return Err(Damaged("the number of points is out of range"));
    }
    let points = match meta.encoding {
        Encoding::Stream => one_run(decode_stream(body, meta.count)?)?,
        Encoding::Columns => take_columns(meta, body)?,
        Encoding::Rows => return Err(Damaged("rows of a roll-up among samples")),
    };
    if points.is_sorted() && points.span() == (meta.first_us, meta.last_us) {
        Ok(points)
    } else {
        Err(Damaged("the times of the block do not fit its index"))
    }
}

fn one_run(mut runs: Vec<Points>) -> Result<Points, Damaged> {
    match (runs.pop(), runs.is_empty()) {
        (Some(run), true) => Ok(run),
        _ => Err(Damaged("the kind turns within a block")),
    }
}

fn take_columns(meta: &BlockMeta, body: &[u8]) -> Result<Points, Damaged> {
    let count = meta.count as usize;
    let mut reader = Reader::new(body);
    let times_us = take_times(count, &mut reader)?;
    let mut qualities = Vec::with_capacity(count);
    take_runs(count, &mut reader, |code, length| {
        let code = u32::try_from(code).map_err(|_| Damaged("a quality has more than 32 bits"))?;
        qualities.resize(qualities.len() + length, code);
        Ok(())
    })?;
    let usable = qualities
        .iter()
        .filter(|&&quality| !is_bad(quality))
        .count();
    let mut blobs = Vec::new();
    let bits = match meta.kind {
        ValueKind::None => vec![0; usable],
        ValueKind::Bool => take_run_bits(usable, &mut reader)?,
        ValueKind::I64 => map(
            take_numbers::<i64>(usable, &mut reader)?,
            i64::cast_unsigned,
        ),
        ValueKind::U64 => take_numbers::<u64>(usable, &mut reader)?,
        ValueKind::F64 => map(take_numbers::<f64>(usable, &mut reader)?, f64::to_bits),
        ValueKind::Text | ValueKind::Bytes => {
            blobs = take_blobs(&mut reader)?;
            take_run_bits(usable, &mut reader)?
        }
    };
    if meta.kind.is_blob() && bits.iter().any(|&place| blobs.len() as u64 <= place) {
        return Err(Damaged("a string is not in the dictionary"));
    }
    Ok(Points {
        kind: meta.kind,
        times_us,
        bits: if usable == count {
            bits
        } else {
            spread(&bits, &qualities)
        },
        qualities,
        blobs,
    })
}

fn map<T>(numbers: Vec<T>, to_bits: fn(T) -> u64) -> Vec<u64> {
    numbers.into_iter().map(to_bits).collect()
}

fn spread(usable: &[u64], qualities: &[u32]) -> Vec<u64> {
    let mut usable = usable.iter();
    let value = |&quality: &u32| match is_bad(quality) {
        true => 0,
        false => usable.next().copied().unwrap_or(0),
    };
    qualities.iter().map(value).collect()
}

fn take_times(count: usize, reader: &mut Reader<'_>) -> Result<Vec<i64>, Damaged> {
    let first = reader.i64()?;
    let unit = reader.varint()?.cast_signed();
    let mut times = take_numbers::<i64>(count, reader)?;
    for time in &mut times {
        *time = first.wrapping_add(time.wrapping_mul(unit));
    }
    Ok(times)
}

pub(super) fn take_numbers<T>(count: usize, reader: &mut Reader<'_>) -> Result<Vec<T>, Damaged>
where
    T: pco::data_types::Number + Default,
{
    let length = reader.varint()?;
    let bytes = reader.take(length)?;
    let mut numbers = vec![T::default(); count];
    match pco::standalone::simple_decompress_into(bytes, &mut numbers) {
        Ok(progress) if progress.n_processed == count => Ok(numbers),
        _ => Err(Damaged("a compressed column does not fit its index")),
    }
}

pub(super) fn take_runs(
    count: usize,
    reader: &mut Reader<'_>,
    mut run: impl FnMut(u64, usize) -> Result<(), Damaged>,
) -> Result<(), Damaged> {
    let mut left = count as u64;
    while 0 < left {
        let value = reader.varint()?;
        let length = reader.varint()?;
        if length == 0 || left < length {
            return Err(Damaged("a run has a wrong length"));
        }
        left -= length;
        run(value, usize::try_from(length).unwrap_or(count))?;
    }
    Ok(())
}

fn take_run_bits(count: usize, reader: &mut Reader<'_>) -> Result<Vec<u64>, Damaged> {
    let mut bits = Vec::with_capacity(count);
    take_runs(count, reader, |value, length| {
        bits.resize(bits.len() + length, value);
        Ok(())
    })?;
    Ok(bits)
}

fn take_blobs(reader: &mut Reader<'_>) -> Result<Vec<Arc<[u8]>>, Damaged> {
    let count = reader.varint()?;
    if POINTS_MAX as u64 <= count && count != POINTS_MAX as u64 {
        return Err(Damaged("a dictionary is longer than a block"));
    }
    (0..count)
        .map(|_| {
            let length = reader.varint()?;
            reader.take(length).map(Arc::from)
        })
        .collect()
}

#[cfg(test)]
mod tests;
