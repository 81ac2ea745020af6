/** Bars of hours, days, weeks and months: which times, and how high. */
import type { BarOptions } from '../lib/api.gen.ts';
import { startOf, timeOfDay } from '../lib/periods.ts';

export type TimeWindow = Exclude<NonNullable<BarOptions['by']>, 'tag'>;

/** Widths as the API writes them. */
const STEPS: Record<Exclude<TimeWindow, 'shift'>, string> = {
  hour: '1h',
  day: '1d',
  week: '1w',
  month: '1mo',
};

/** Names of the aggregates in OPC UA Part 13. */
export const AGGREGATES: Record<NonNullable<BarOptions['figure']>, string> = {
  average: 'TimeAverage',
  minimum: 'Minimum',
  maximum: 'Maximum',
  end: 'End',
  delta: 'DeltaBounds',
};

/** When shifts change: the clock of the first, and how many hours each has. */
export interface Shifts {
  start: string;
  hours: number;
}

/** Returns the starts of so many shifts up to the one that holds a time, and its end. */
export function shiftStarts({ start, hours }: Shifts, ms: number, count: number): number[] {
  const [hour = 0, minute = 0] = start.split(':').map(Number);
  const all: number[] = [];
  const days = Math.ceil((count * hours) / 24) + 2;
  for (let day = -days; day <= 1; day += 1)
    // By the clock: the shift in which clocks are changed is longer or shorter.
    for (let from = 0; from < 24; from += hours)
      all.push(timeOfDay(ms, hour + from, minute, day));
  const next = all.findIndex((one) => ms < one);
  return all.slice(Math.max(0, next - count), next + 1);
}

/** A stretch of time in windows of one width. */
export interface Stretch {
  startMs: number;
  endMs: number;
  /** Of the calendar, or so many microseconds from the start. */
  interval: string | number;
}

/** Returns what to ask for shifts: one question, and more where clocks were changed. */
export function stretchesOf(starts: readonly number[]): Stretch[] {
  const found: (Stretch & { widthMs: number })[] = [];
  starts.slice(1).forEach((endMs, at) => {
    const startMs = starts[at] ?? endMs;
    const widthMs = endMs - startMs;
    const before = found.at(-1);
    if (before?.widthMs === widthMs) before.endMs = endMs;
    else found.push({ startMs, endMs, widthMs, interval: widthMs * 1000 });
  });
  return found.map(({ startMs, endMs, interval }) => ({ startMs, endMs, interval }));
}

/** Returns what to ask for the windows of a chart of bars up to a time. */
export function askedOf(bars: BarOptions | undefined, ms: number): Stretch[] {
  const by = (bars?.by ?? 'hour') as TimeWindow;
  const count = bars?.count ?? 24;
  if (by === 'shift') {
    const shifts = { start: bars?.shift_start ?? '06:00', hours: bars?.shift_hours ?? 8 };
    return stretchesOf(shiftStarts(shifts, ms, count));
  }
  const [startMs, endMs] = [startOf(by, ms, 1 - count), startOf(by, ms, 1)];
  return [{ startMs, endMs, interval: STEPS[by] }];
}

export interface Piece {
  /** Which tag. */
  pen: number;
  value: number;
  from: number;
  to: number;
}

/** Returns the pieces of each bar: on one another, negative ones downwards, or each from zero. */
export function pieces(values: readonly (number | null)[][], isStacked: boolean): Piece[][] {
  const count = Math.max(0, ...values.map((column) => column.length));
  return Array.from({ length: count }, (_, at) => {
    let up = 0;
    let down = 0;
    return values.flatMap((column, pen) => {
      const value = column[at];
      if (value === null || value === undefined) return [];
      if (!isStacked) return [{ pen, value, from: 0, to: value }];
      const from = value < 0 ? down : up;
      const to = from + value;
      if (value < 0) down = to;
      else up = to;
      return [{ pen, value, from, to }];
    });
  });
}
