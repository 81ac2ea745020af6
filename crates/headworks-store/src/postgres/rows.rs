//! Samples as rows: the binary format of COPY on the way in, columns on the way out.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

use crate::error::{PostgresFault, StoreError};
use crate::historian::{Chunk, Column};

/// Microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_US: i64 = 946_684_800_000_000;
/// 0001-01-01 and 9999-12-31: what a partition can be named after.
pub(super) const TIME_MIN_US: i64 = -62_135_596_800_000_000;
pub(super) const TIME_MAX_US: i64 = 253_402_214_400_000_000;

/// The columns in the order of [`encode`].
pub(super) const COLUMNS: &str = "time, v, i, tag, quality, kind, s, b";

/// A time, microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Micros(pub(super) i64);

impl Micros {
    /// Returns the nearest time that can be stored, as the end of a range.
    pub(super) fn bound(time_us: i64) -> Micros {
        Micros(time_us.clamp(TIME_MIN_US, TIME_MAX_US))
    }
}

type Failed = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Micros {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        out.put_i64(self.0 - EPOCH_US);
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Micros {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Micros, Failed> {
        Ok(Micros(i64::from_be_bytes(raw.try_into()?) + EPOCH_US))
    }

    accepts!(TIMESTAMPTZ);
}

/// A length of time in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(pub(super) i64);

impl ToSql for Span {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        out.put_i64(self.0);
        out.put_i64(0); // days and months
        Ok(IsNull::No)
    }

    accepts!(INTERVAL);
    to_sql_checked!();
}

/// Returns the tag as the database knows it.
pub(super) fn tag_of(tag: TagIndex) -> i32 {
    i32::try_from(tag.0).unwrap_or(-1)
}

/// Says why a sample can never be stored, if so.
pub(super) fn refusal(update: &Update) -> Option<String> {
    let time_us = update.sample.time_us;
    if i32::try_from(update.tag.0).is_err() {
        return Some(format!("the number of tag {} is above 2^31", update.tag.0));
    }
    if !(TIME_MIN_US..TIME_MAX_US).contains(&time_us) {
        return Some(format!(
            "the time {time_us} us of tag {} is not within the years 1 to 9999",
            update.tag.0
        ));
    }
    let sample = &update.sample;
    (sample.value.is_none() && !sample.quality.is_bad()).then(|| {
        format!(
            "the sample of tag {} at {time_us} us is {} but has no value",
            update.tag.0, sample.quality
        )
    })
}

pub(super) fn refused(reason: String) -> StoreError {
    StoreError::Postgres {
        server: "the sample".into(),
        reason,
        fault: PostgresFault::Refused,
    }
}

/// Writes samples in the binary format of COPY.
pub(super) fn encode<'a>(updates: impl Iterator<Item = &'a Update>, out: &mut BytesMut) {
    out.put_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for update in updates {
        encode_row(update, out);
    }
    out.put_i16(-1);
}

fn encode_row(update: &Update, out: &mut BytesMut) {
    let Sample {
        time_us,
        value,
        quality,
    } = &update.sample;
    let value = value.as_ref().filter(|_| !quality.is_bad());
    out.put_i16(8);
    put(&(time_us - EPOCH_US).to_be_bytes(), out);
    put_some(value.and_then(Value::as_f64).map(f64::to_be_bytes), out);
    let whole = match value {
        Some(Value::I64(number)) => Some(number.to_be_bytes()),
        Some(Value::U64(number)) => Some(number.to_be_bytes()),
        _ => None,
    };
    put_some(whole, out);
    put(&update.tag.0.to_be_bytes(), out);
    put(&quality.code().to_be_bytes(), out);
    put(&kind_of(value).to_be_bytes(), out);
    // A text column takes no zero byte; such a text stands in `b`.
    let (text, bytes) = match value {
        Some(Value::Text(text)) if !text.contains('\0') => (Some(text.as_bytes()), None),
        Some(Value::Text(text)) => (None, Some(text.as_bytes())),
        Some(Value::Bytes(bytes)) => (None, Some(&bytes[..])),
        _ => (None, None),
    };
    put_some(text, out);
    put_some(bytes, out);
}

fn kind_of(value: Option<&Value>) -> i16 {
    match value {
        None => 0,
        Some(Value::Bool(_)) => 1,
        Some(Value::I64(_)) => 2,
        Some(Value::U64(_)) => 3,
        Some(Value::F64(_)) => 4,
        Some(Value::Text(_)) => 5,
        Some(Value::Bytes(_)) => 6,
    }
}

fn put(bytes: &[u8], out: &mut BytesMut) {
    // A batch of the log is far below this.
    out.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
    out.put_slice(bytes);
}

fn put_some<T: AsRef<[u8]>>(bytes: Option<T>, out: &mut BytesMut) {
    match bytes {
        Some(bytes) => put(bytes.as_ref(), out),
        None => out.put_i32(-1),
    }
}

/// Takes the whole buffer.
pub(super) fn take(out: &mut BytesMut) -> Bytes {
    out.split().freeze()
}

/// Reads a row of [`COLUMNS`].
pub(super) fn sample_of(row: &Row) -> Result<Sample, tokio_postgres::Error> {
    let quality = Quality::from_code(row.try_get::<_, i32>(4)?.cast_unsigned());
    let value = match quality.is_bad() {
        true => None,
        false => value_of(row)?,
    };
    Ok(Sample {
        time_us: row.try_get::<_, Micros>(0)?.0,
        value,
        quality,
    })
}

fn value_of(row: &Row) -> Result<Option<Value>, tokio_postgres::Error> {
    Ok(match row.try_get::<_, i16>(5)? {
        1 => Some(Value::Bool(row.try_get::<_, f64>(1)? != 0.0)),
        2 => Some(Value::I64(row.try_get(2)?)),
        3 => Some(Value::U64(row.try_get::<_, i64>(2)?.cast_unsigned())),
        4 => Some(Value::F64(row.try_get(1)?)),
        5 => Some(Value::Text(match row.try_get::<_, Option<&str>>(6)? {
            Some(text) => text.into(),
            None => String::from_utf8_lossy(row.try_get(7)?).into(),
        })),
        6 => Some(Value::Bytes(row.try_get::<_, &[u8]>(7)?.into())),
        _ => None,
    })
}

/// Collects samples of one tag into chunks of one kind.
pub(super) struct Chunks {
    tag: TagIndex,
    kind: i16,
    samples: Vec<Sample>,
}

/// Most samples of a chunk.
const CHUNK_MAX: usize = 8_192;

impl Chunks {
    pub(super) fn new(tag: TagIndex) -> Chunks {
        Chunks {
            tag,
            kind: 0,
            samples: Vec::new(),
        }
    }

    /// Takes a sample; returns the chunk before it when it does not fit any more.
    pub(super) fn push(&mut self, sample: Sample) -> Option<Chunk> {
        let kind = kind_of(sample.value.as_ref());
        let fits = kind == 0 || self.kind == 0 || kind == self.kind;
        let full = match fits && self.samples.len() < CHUNK_MAX {
            true => None,
            false => self.take(),
        };
        if kind != 0 {
            self.kind = kind;
        }
        self.samples.push(sample);
        full
    }

    /// Returns what is left.
    pub(super) fn take(&mut self) -> Option<Chunk> {
        let samples = std::mem::take(&mut self.samples);
        let kind = std::mem::take(&mut self.kind);
        (!samples.is_empty()).then(|| Chunk {
            tag: self.tag,
            times_us: samples.iter().map(|sample| sample.time_us).collect(),
            values: column(kind, &samples),
            qualities: samples.iter().map(|sample| sample.quality.code()).collect(),
        })
    }
}

fn column(kind: i16, samples: &[Sample]) -> Column {
    let values = samples.iter().map(|sample| sample.value.as_ref());
    match kind {
        1 => Column::Bool(
            values
                .map(|value| matches!(value, Some(Value::Bool(true))))
                .collect(),
        ),
        2 => Column::I64(
            values
                .map(|value| match value {
                    Some(Value::I64(number)) => *number,
                    _ => 0,
                })
                .collect(),
        ),
        3 => Column::U64(
            values
                .map(|value| match value {
                    Some(Value::U64(number)) => *number,
                    _ => 0,
                })
                .collect(),
        ),
        5 => {
            let empty: Arc<str> = "".into();
            let text = |value: Option<&Value>| match value {
                Some(Value::Text(text)) => Arc::clone(text),
                _ => Arc::clone(&empty),
            };
            Column::Text(values.map(text).collect())
        }
        6 => {
            let empty: Arc<[u8]> = Arc::new([]);
            let bytes = |value: Option<&Value>| match value {
                Some(Value::Bytes(bytes)) => Arc::clone(bytes),
                _ => Arc::clone(&empty),
            };
            Column::Bytes(values.map(bytes).collect())
        }
        _ => Column::F64(
            values
                .map(|value| match value {
                    Some(Value::F64(number)) => *number,
                    _ => 0.0,
                })
                .collect(),
        ),
    }
}
