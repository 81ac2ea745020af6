/** Lines of several tags, and of their past, on one row of times as uPlot takes them. */
import type { Cell } from '../series.ts';
import type { Edge, LineSeries } from './series.ts';

/** One line: a tag, now or earlier. */
export interface Lane {
  series: LineSeries;
  /** How much earlier its samples are than where they are drawn, in microseconds. */
  shiftUs: number;
}

/** Most cells of a grid that are drawn. */
const SLOTS_MAX = 10_000;

/** Whether a grid is far too fine for a window: it would be walked for seconds. */
export const isTooFine = ({ bucketUs }: LineSeries, spanUs: number): boolean =>
  bucketUs * SLOTS_MAX < spanUs;

interface Row {
  time: number;
  lane: number;
  value: number;
}

function outside(
  lanes: readonly Lane[],
  pick: (edges: { before: Edge | null; after: Edge | null }) => Edge | null,
  startUs: number,
  endUs: number,
): Row[] {
  return lanes
    .flatMap(({ series, shiftUs }, lane) => {
      const edge = pick(series.edges(startUs - shiftUs, endUs - shiftUs));
      return edge ? [{ time: edge.time + shiftUs / 1e6, lane, value: edge.value }] : [];
    })
    .sort((a, b) => a.time - b.time);
}

/** Returns times and a column for each lane; lines go to the points just outside the window. */
export function alignedLines(
  lanes: readonly Lane[],
  startUs: number,
  endUs: number,
): (readonly Cell[])[] {
  const lines = lanes.map(({ series, shiftUs }) =>
    series.line(startUs - shiftUs, endUs - shiftUs),
  );
  // Grids are alike but for the shift, so that the times of the first are those of all.
  const shift = (lanes[0]?.shiftUs ?? 0) / 1e6;
  const times = lines[0]?.times.map((time) => time + shift) ?? [startUs / 1e6, endUs / 1e6];
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  const before = outside(lanes, (edges) => edges.before, startUs, endUs).filter(
    ({ time }) => time < first,
  );
  const after = outside(lanes, (edges) => edges.after, startUs, endUs).filter(
    ({ time }) => last < time,
  );
  const cells = (rows: readonly Row[], lane: number): Cell[] =>
    rows.map((row) => (row.lane === lane ? row.value : undefined));
  return [
    [...before.map(({ time }) => time), ...times, ...after.map(({ time }) => time)],
    ...lines.map(({ values }, lane) => [
      ...cells(before, lane),
      ...fitted(values, times.length),
      ...cells(after, lane),
    ]),
  ];
}

/** Rounding of a shift may leave a line a cell longer or shorter than the first. */
function fitted(values: readonly Cell[], length: number): Cell[] {
  return Array.from({ length }, (_, at) => (at < values.length ? values[at] : null));
}

/** How many columns are read, so that at most two points come for each pixel of width. */
export function columnsFor(width: number): number {
  return Math.min(2000, Math.max(100, Math.ceil(width / 2)));
}

/** What to ask so that lines come in from the sides: a stretch of the time between samples. */
export function margins(
  periodsMs: readonly number[],
  bucketUs: number,
  columns: number,
): number {
  const slowestMs = Math.max(0, ...periodsMs);
  return Math.min(2 * columns, Math.ceil((slowestMs * 2500) / bucketUs) + 1);
}
