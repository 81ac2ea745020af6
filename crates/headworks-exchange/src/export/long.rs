//! One tag after the other.

use std::io::Write;
use std::ops::ControlFlow;

use headworks_store::{Chunk, RangeQuery, TimeRange};

use super::rows::LongRows;
use super::{Export, Position, TextSink};
use crate::error::ExchangeError;
use crate::tag::Tag;

/// Rows that are formatted before the buffer is looked at: a chunk of texts may be large.
const ROWS_AT_ONCE: usize = 512;

/// Writes rows of text from a position on.
pub(super) fn write<W: Write>(
    export: &mut Export<'_, '_>,
    rows: &mut dyn LongRows,
    sink: &mut TextSink<'_, W>,
    from: Option<Position>,
) -> Result<(), ExchangeError> {
    each_chunk(export, from, &mut |export, place, tag, chunk| {
        let count = chunk.times_us.len();
        for start in (0..count).step_by(ROWS_AT_ONCE) {
            let end = count.min(start + ROWS_AT_ONCE);
            rows.write(sink.buffer(), tag, chunk, start..end);
            sink.relieve()?;
        }
        let total = export.progress.rows + count as u64;
        let next_us = chunk.times_us[count - 1] + 1;
        let position = Position {
            tag: place,
            next_us,
        };
        sink.reached(position, total)?;
        Ok(sink.bytes())
    })
}

/// What is done with a chunk; returns the bytes written so far.
pub(super) type Take<'t> =
    dyn FnMut(&mut Export<'_, '_>, usize, &Tag, &Chunk) -> Result<u64, ExchangeError> + 't;

/// Gives every chunk of the plan from a position on to `take`, and says how far it is.
pub(super) fn each_chunk(
    export: &mut Export<'_, '_>,
    from: Option<Position>,
    take: &mut Take<'_>,
) -> Result<(), ExchangeError> {
    let plan = export.plan;
    let whole = plan.range();
    let first = from.map_or(0, |position| position.tag);
    for (place, tag) in plan.tags().iter().enumerate().skip(first) {
        let begun = from.filter(|position| position.tag == place);
        let range = TimeRange {
            start_us: begun.map_or(whole.start_us, |position| position.next_us),
            end_us: whole.end_us,
        };
        if range.end_us <= range.start_us {
            continue;
        }
        let query = RangeQuery {
            tags: vec![tag.index],
            range,
            limit: usize::MAX,
        };
        let mut failed = None;
        let historian = export.historian;
        historian.read(
            &query,
            &mut |chunk| match take_one(export, place, tag, chunk, take) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a share needs few digits")]
fn take_one(
    export: &mut Export<'_, '_>,
    place: usize,
    tag: &Tag,
    chunk: &Chunk,
    take: &mut Take<'_>,
) -> Result<(), ExchangeError> {
    let Some(&last_us) = chunk.times_us.last() else {
        return Ok(());
    };
    let bytes = take(export, place, tag, chunk)?;
    let range = export.plan.range();
    let within = (last_us - range.start_us) as f64 / (range.end_us - range.start_us) as f64;
    let share = (place as f64 + within) / export.plan.tags().len() as f64;
    export.tell(chunk.times_us.len() as u64, bytes, share)
}
