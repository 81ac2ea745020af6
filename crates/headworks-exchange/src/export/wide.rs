//! A row per instant: the samples of all tags, merged by time.
//!
//! The range is cut into windows whose samples fit into memory; the width of a window follows the
//! density of the samples.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Write;
use std::ops::ControlFlow;

use headworks_core::TagIndex;
use headworks_store::{Chunk, RangeQuery, TimeRange};

use super::csv::CsvWide;
use super::rows::{Cell, WideRows};
use super::{Export, Position, TextSink};
use crate::error::ExchangeError;

/// Most samples of a window: about 24 bytes each.
const WINDOW_SAMPLES_MAX: usize = 400_000;
/// Width that is tried first: one hour.
const WINDOW_US_FIRST: i64 = 3_600_000_000;

/// Rows of CSV on their way into a sink.
struct Lines<'r, 's, 'a, 'c, W: Write> {
    rows: &'r mut CsvWide<'a>,
    sink: &'s mut TextSink<'c, W>,
}

impl<W: Write> WideRows for Lines<'_, '_, '_, '_, W> {
    fn row(&mut self, time_us: i64, cells: &[Option<Cell<'_>>]) -> Result<(), ExchangeError> {
        self.rows.row(self.sink.buffer(), time_us, cells);
        self.sink.relieve()
    }

    fn bytes(&self) -> u64 {
        self.sink.bytes()
    }
}

/// Writes CSV from a position on.
pub(super) fn write_text<W: Write>(
    export: &mut Export<'_, '_>,
    rows: &mut CsvWide<'_>,
    sink: &mut TextSink<'_, W>,
    from: Option<Position>,
) -> Result<(), ExchangeError> {
    let mut windows = Windows::new(export, from);
    while let Some(window) = windows.next(export)? {
        let mut lines = Lines { rows, sink };
        let count = window.write(&mut lines)?;
        let position = Position {
            tag: 0,
            next_us: window.end_us,
        };
        sink.reached(position, export.progress.rows + count)?;
        export.tell(count, sink.bytes(), windows.share())?;
    }
    Ok(())
}

/// Writes rows to anything else.
pub(super) fn write_rows(
    export: &mut Export<'_, '_>,
    rows: &mut dyn WideRows,
) -> Result<(), ExchangeError> {
    let mut windows = Windows::new(export, None);
    while let Some(window) = windows.next(export)? {
        let count = window.write(rows)?;
        export.tell(count, rows.bytes(), windows.share())?;
    }
    Ok(())
}

/// Cuts the range.
struct Windows {
    tags: Vec<TagIndex>,
    range: TimeRange,
    start_us: i64,
    width_us: i64,
}

/// Samples by the place of their tag.
type Chunks = Vec<Vec<Chunk>>;

/// The samples of all tags in a window.
struct Window {
    chunks: Chunks,
    end_us: i64,
}

impl Windows {
    fn new(export: &Export<'_, '_>, from: Option<Position>) -> Windows {
        let range = export.plan.range();
        Windows {
            tags: export.plan.tags().iter().map(|tag| tag.index).collect(),
            range,
            start_us: from.map_or(range.start_us, |position| position.next_us),
            width_us: WINDOW_US_FIRST,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a share needs few digits")]
    fn share(&self) -> f64 {
        let width = (self.range.end_us - self.range.start_us) as f64;
        (self.start_us - self.range.start_us) as f64 / width
    }

    /// Reads the next window; none after the last.
    fn next(&mut self, export: &mut Export<'_, '_>) -> Result<Option<Window>, ExchangeError> {
        while self.start_us < self.range.end_us {
            let end_us = self.start_us.saturating_add(self.width_us);
            let range = TimeRange {
                start_us: self.start_us,
                end_us: end_us.min(self.range.end_us),
            };
            // A window of one microsecond cannot be cut: at most a sample per tag.
            let samples_max = if self.width_us == 1 {
                usize::MAX
            } else {
                WINDOW_SAMPLES_MAX
            };
            let Some((chunks, samples)) = self.read(export, range, samples_max)? else {
                self.width_us = (self.width_us / 4).max(1);
                continue;
            };
            if samples < WINDOW_SAMPLES_MAX / 4 {
                self.width_us = self.width_us.saturating_mul(2);
            }
            self.start_us = range.end_us;
            if 0 < samples {
                let end_us = range.end_us;
                return Ok(Some(Window { chunks, end_us }));
            }
            export.tell(0, export.progress.bytes, self.share())?;
        }
        Ok(None)
    }

    /// Reads the samples of a range; none when there are too many.
    fn read(
        &self,
        export: &Export<'_, '_>,
        range: TimeRange,
        samples_max: usize,
    ) -> Result<Option<(Chunks, usize)>, ExchangeError> {
        let query = RangeQuery {
            tags: self.tags.clone(),
            range,
            limit: usize::MAX,
        };
        let mut chunks: Chunks = self.tags.iter().map(|_| Vec::new()).collect();
        let (mut samples, mut place) = (0, 0);
        export.historian.read(&query, &mut |chunk| {
            samples += chunk.times_us.len();
            if samples_max < samples {
                return ControlFlow::Break(());
            }
            // The chunks come in the order of the tags, so that the place only moves on.
            while self.tags[place] != chunk.tag {
                place += 1;
            }
            chunks[place].push(chunk.clone());
            ControlFlow::Continue(())
        })?;
        Ok((samples <= samples_max).then_some((chunks, samples)))
    }
}

impl Window {
    /// Gives the instants in order; returns how many there were.
    fn write(&self, rows: &mut dyn WideRows) -> Result<u64, ExchangeError> {
        let mut cursors: Vec<(usize, usize)> = vec![(0, 0); self.chunks.len()];
        let mut heap: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
        for (place, chunks) in self.chunks.iter().enumerate() {
            heap.extend(
                chunks
                    .first()
                    .map(|chunk| Reverse((chunk.times_us[0], place))),
            );
        }
        let mut cells: Vec<Option<Cell<'_>>> = vec![None; self.chunks.len()];
        let mut taken = Vec::new();
        let mut count = 0;
        while let Some(&Reverse((time_us, _))) = heap.peek() {
            while let Some(&Reverse((other_us, place))) = heap.peek()
                && other_us == time_us
            {
                heap.pop();
                let (chunk, at) = cursors[place];
                let chunks = &self.chunks[place];
                cells[place] = Some(Cell {
                    chunk: &chunks[chunk],
                    at,
                });
                taken.push(place);
                cursors[place] = following(chunks, chunk, at);
                let (chunk, at) = cursors[place];
                if let Some(chunk) = chunks.get(chunk) {
                    heap.push(Reverse((chunk.times_us[at], place)));
                }
            }
            rows.row(time_us, &cells)?;
            count += 1;
            taken.drain(..).for_each(|place| cells[place] = None);
        }
        Ok(count)
    }
}

fn following(chunks: &[Chunk], chunk: usize, at: usize) -> (usize, usize) {
    if at + 1 < chunks[chunk].times_us.len() {
        (chunk, at + 1)
    } else {
        (chunk + 1, 0)
    }
}
