//! Blocks of columns.

use std::io::{BufRead, Read};

use headworks_core::{Quality, Value};

use super::sink::{Place, Sink};
use crate::error::ExchangeError;

const MAGIC: &[u8; 4] = b"HWB1";
/// Most samples of a block.
const SAMPLES_MAX: u32 = 1_000_000;
/// Most bytes of the texts of a block.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// Reads all blocks.
pub(super) fn read(input: &mut impl BufRead, sink: &mut Sink<'_>) -> Result<(), ExchangeError> {
    for block in 1.. {
        let place = format!("block {block}");
        let at_end = input.fill_buf().map(<[u8]>::is_empty);
        if at_end.map_err(|error| ExchangeError::input(&place, error.to_string()))? {
            return Ok(());
        }
        read_block(&mut Block { input, place }, block, sink)?;
    }
    Ok(())
}

/// A block that is read.
struct Block<'a, R> {
    input: &'a mut R,
    place: String,
}

impl<R: Read> Block<'_, R> {
    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, ExchangeError> {
        // Memory follows what really comes, not what a header promises.
        let mut bytes = Vec::new();
        let read = self
            .input
            .by_ref()
            .take(count as u64)
            .read_to_end(&mut bytes);
        let read = read.map_err(|error| self.error(error.to_string()))?;
        if read < count {
            return Err(self.error("it breaks off"));
        }
        Ok(bytes)
    }

    fn numbers<const N: usize>(&mut self, count: usize) -> Result<Vec<[u8; N]>, ExchangeError> {
        let bytes = self.bytes(count * N)?;
        let mut numbers = Vec::with_capacity(count);
        numbers.extend(bytes.chunks_exact(N).map(|chunk| {
            let mut number = [0; N];
            number.copy_from_slice(chunk);
            number
        }));
        Ok(numbers)
    }

    fn error(&self, reason: impl Into<String>) -> ExchangeError {
        ExchangeError::input(&self.place, reason)
    }
}

fn read_block<R: Read>(
    block: &mut Block<'_, R>,
    number: u64,
    sink: &mut Sink<'_>,
) -> Result<(), ExchangeError> {
    let head = block.bytes(12)?;
    if head[..4] != *MAGIC {
        return Err(block.error("it does not begin with HWB1"));
    }
    let (kind, has_qualities) = (head[4], head[5]);
    let path_bytes = usize::from(u16::from_le_bytes([head[6], head[7]]));
    let count = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
    if SAMPLES_MAX < count {
        let reason = format!("{count} samples; at most {SAMPLES_MAX} are allowed");
        return Err(block.error(reason));
    }
    if 4 < kind || 1 < has_qualities {
        return Err(block.error("a kind of values or a flag that does not exist"));
    }
    let count = count as usize;
    let path = block.bytes(path_bytes)?;
    let path = String::from_utf8(path).map_err(|_| block.error("a path that is not UTF-8"))?;
    let times = block.numbers::<8>(count)?;
    let values = values(block, kind, count)?;
    let qualities = match has_qualities {
        0 => None,
        _ => Some(block.numbers::<4>(count)?),
    };
    let line = number;
    let Some(tag) = sink.tag(&path, Place { line, index: None }, count as u64) else {
        return Ok(());
    };
    for (at, (time, value)) in times.into_iter().zip(values).enumerate() {
        let code = qualities.as_ref().map_or([0; 4], |codes| codes[at]);
        let quality = Quality::from_code(u32::from_le_bytes(code));
        let index = Some(at as u64);
        let time_us = i64::from_le_bytes(time);
        sink.push(&tag, Place { line, index }, time_us, Some(value), quality)?;
    }
    Ok(())
}

fn values<R: Read>(
    block: &mut Block<'_, R>,
    kind: u8,
    count: usize,
) -> Result<Vec<Value>, ExchangeError> {
    Ok(match kind {
        0 => {
            let bytes = block.bytes(count)?;
            bytes
                .into_iter()
                .map(|byte| Value::Bool(byte != 0))
                .collect()
        }
        1 => {
            let numbers = block.numbers(count)?.into_iter();
            numbers
                .map(|bytes| Value::I64(i64::from_le_bytes(bytes)))
                .collect()
        }
        2 => {
            let numbers = block.numbers(count)?.into_iter();
            numbers
                .map(|bytes| Value::U64(u64::from_le_bytes(bytes)))
                .collect()
        }
        3 => {
            let numbers = block.numbers(count)?.into_iter();
            numbers
                .map(|bytes| Value::F64(f64::from_le_bytes(bytes)))
                .collect()
        }
        _ => texts(block, count)?,
    })
}

fn texts<R: Read>(block: &mut Block<'_, R>, count: usize) -> Result<Vec<Value>, ExchangeError> {
    let lengths = block.numbers::<4>(count)?;
    let lengths: Vec<usize> = lengths
        .into_iter()
        .map(|bytes| u32::from_le_bytes(bytes) as usize)
        .collect();
    let total: usize = lengths.iter().sum();
    if TEXT_BYTES_MAX < total {
        let reason = format!("{total} bytes of texts; at most {TEXT_BYTES_MAX} are allowed");
        return Err(block.error(reason));
    }
    let bytes = block.bytes(total)?;
    let mut rest = bytes.as_slice();
    let mut texts = Vec::with_capacity(count);
    for length in lengths {
        let (text, after) = rest.split_at(length);
        rest = after;
        let text = std::str::from_utf8(text);
        let text = text.map_err(|_| block.error("a text that is not UTF-8"))?;
        texts.push(Value::Text(text.into()));
    }
    Ok(texts)
}
