/** Reading what a trend shows: the lines of all tags in one question, thinned out to pixels. */
import { api } from '../api.ts';
import type { ChartAnswer } from '../api.gen.ts';
import type { Point } from '../plant.ts';
import { columnsFor, margins, type Lane } from './lines.ts';
import type { Span } from './moves.ts';
import { LineSeries } from './series.ts';

/** What was read: lines of the window, and those of the time that it is compared with. */
export interface Lines {
  now: Lane[];
  earlier: Lane[];
  /** What was asked for. */
  span: Span;
}

/** How far beyond the present lines of earlier are read, as a share of the window. */
export const AHEAD = 0.1;

async function read(
  points: readonly Point[],
  { startUs, bucketUs, columns }: { startUs: number; bucketUs: number; columns: number },
  margin: { before: number; after: number },
  shiftUs: number,
  signal: AbortSignal,
): Promise<Lane[]> {
  const originUs = startUs - shiftUs;
  const start = originUs - margin.before * bucketUs;
  const all = columns + margin.before + margin.after;
  const ask = {
    tags: points.map(({ id }) => id),
    start: Math.max(0, start),
    end: start + all * bucketUs,
    columns: all,
  };
  const { tags } = await api.post<ChartAnswer>('history/chart', ask, {}, signal);
  const lines = new Map(tags.map((line) => [line.tag, line]));
  return points.map((point) => {
    const series = new LineSeries(bucketUs, originUs, point.periodMs);
    const line = lines.get(point.id);
    if (line) series.loadLine(line);
    return { series, shiftUs };
  });
}

/** Reads the lines of a window; its width is a whole number of columns, so that grids agree. */
export async function readLines(
  points: readonly Point[],
  span: Span,
  width: number,
  shiftMs: number,
  signal: AbortSignal,
): Promise<Lines> {
  const columns = columnsFor(width);
  const startUs = Math.round(span.startMs * 1000);
  const bucketUs = Math.max(1, Math.ceil((Math.round(span.endMs * 1000) - startUs) / columns));
  const grid = { startUs, bucketUs, columns };
  const beside = margins(
    points.map(({ periodMs }) => periodMs),
    bucketUs,
    columns,
  );
  const after = Math.max(beside, Math.ceil(columns * AHEAD));
  const [now, earlier] = await Promise.all([
    read(points, grid, { before: beside, after: beside }, 0, signal),
    shiftMs === 0
      ? []
      : read(points, grid, { before: beside, after }, shiftMs * 1000, signal),
  ]);
  return { now, earlier, span };
}
