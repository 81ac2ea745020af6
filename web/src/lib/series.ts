/** Points of a pen on a fixed grid of buckets: history from the server, then live samples. */

export interface Columns {
  /** Bucket starts in seconds, as uPlot takes time. */
  times: number[];
  min: (number | null | undefined)[];
  max: (number | null | undefined)[];
  mean: (number | null | undefined)[];
}

/** `null` breaks the line, `undefined` is joined over: uPlot's own words for it. */
type Cell = number | null | undefined;

interface Bucket {
  min: number;
  max: number;
  sum: number;
  count: number;
  bad: number;
}

/** The buckets of one pen between two instants. */
export class Series {
  private buckets = new Map<number, Bucket>();

  /**
   * `bucketUs` is the width of a bucket, `originUs` the start of any one of them, `periodMs` the
   * expected time between samples.
   */
  constructor(
    readonly bucketUs: number,
    readonly originUs: number,
    readonly periodMs: number,
  ) {}

  private slot(timeUs: number): number {
    return Math.floor((timeUs - this.originUs) / this.bucketUs);
  }

  /** Takes rows of `trend-data`: time, min, max, mean, count, bad. */
  load(rows: readonly (readonly unknown[])[]): void {
    for (const [timeUs, min, max, mean, count, bad] of rows as readonly (number | null)[][]) {
      const at = this.slot(timeUs as number);
      const n = count ?? 0;
      const sum = (mean ?? 0) * n;
      this.buckets.set(at, { min: min ?? 0, max: max ?? 0, sum, count: n, bad: bad ?? 0 });
    }
  }

  /** Adds a live sample; `null` is a bad one. Returns whether it was a new bucket. */
  push(timeUs: number, value: number | null): boolean {
    const at = this.slot(timeUs);
    const old = this.buckets.get(at);
    const bucket = old ?? { min: 0, max: 0, sum: 0, count: 0, bad: 0 };
    if (value === null) {
      bucket.bad += 1;
    } else {
      bucket.min = bucket.count === 0 ? value : Math.min(bucket.min, value);
      bucket.max = bucket.count === 0 ? value : Math.max(bucket.max, value);
      bucket.sum += value;
      bucket.count += 1;
    }
    if (!old) this.buckets.set(at, bucket);
    return !old;
  }

  /** Forgets buckets before an instant. */
  trim(startUs: number): void {
    const first = this.slot(startUs);
    for (const at of this.buckets.keys()) if (at < first) this.buckets.delete(at);
  }

  /** Returns the bucket at an instant, or the newest before it within the expected time. */
  at(timeUs: number): { min: number; max: number; mean: number; bad: number } | null {
    const last = this.slot(timeUs);
    for (let at = last; last - this.reach() <= at; at -= 1) {
      const bucket = this.buckets.get(at);
      if (bucket && bucket.count > 0) return { ...bucket, mean: bucket.sum / bucket.count };
      if (bucket) return null;
    }
    return null;
  }

  /** Buckets that may lie empty between two samples before it is a gap. */
  private reach(): number {
    return Math.max(1, Math.ceil((this.periodMs * 2500) / this.bucketUs));
  }

  /** Returns the columns on the grid from `startUs` to `endUs`. */
  columns(startUs: number, endUs: number): Columns {
    const first = this.slot(startUs);
    const last = this.slot(endUs);
    const times: number[] = [];
    const min: Cell[] = [];
    const max: Cell[] = [];
    const mean: Cell[] = [];
    const reach = this.reach();
    let seen = Number.NEGATIVE_INFINITY;
    let isBroken = false;
    for (let at = first; at <= last; at += 1) {
      const bucket = this.buckets.get(at);
      times.push((this.originUs + at * this.bucketUs) / 1e6);
      const isGood = bucket !== undefined && bucket.count > 0;
      if ((bucket && !isGood) || (isGood && reach < at - seen)) breakBefore(mean, min, max);
      if (isGood) {
        min.push(bucket.min);
        max.push(bucket.max);
        mean.push(bucket.sum / bucket.count);
        seen = at;
        isBroken = false;
      } else {
        isBroken ||= bucket !== undefined;
        for (const column of [min, max, mean]) column.push(isBroken ? null : undefined);
      }
    }
    return { times, min, max, mean };
  }

  /** Returns the spans of time, in seconds, whose buckets hold bad samples. */
  badSpans(startUs: number, endUs: number): { from: number; to: number }[] {
    const spans: { from: number; to: number }[] = [];
    for (let at = this.slot(startUs); at <= this.slot(endUs); at += 1) {
      if (!this.buckets.get(at)?.bad) continue;
      const from = (this.originUs + at * this.bucketUs) / 1e6;
      const to = from + this.bucketUs / 1e6;
      const last = spans.at(-1);
      if (last && from - last.to < 1e-9) last.to = to;
      else spans.push({ from, to });
    }
    return spans;
  }

  /** Returns the aggregates of the buckets that start in a span of time. */
  over(startUs: number, endUs: number): { min: number; max: number; mean: number } | null {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let count = 0;
    for (let at = this.slot(startUs) + 1; at <= this.slot(endUs); at += 1) {
      const bucket = this.buckets.get(at);
      if (!bucket || bucket.count === 0) continue;
      min = Math.min(min, bucket.min);
      max = Math.max(max, bucket.max);
      sum += bucket.sum;
      count += bucket.count;
    }
    return count === 0 ? null : { min, max, mean: sum / count };
  }

  /** Least, greatest and last value of what is kept, for the words beside a chart. */
  summary(): { min: number; max: number; last: number } | null {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let newest = Number.NEGATIVE_INFINITY;
    let last = Number.NaN;
    for (const [at, bucket] of this.buckets) {
      if (bucket.count === 0) continue;
      min = Math.min(min, bucket.min);
      max = Math.max(max, bucket.max);
      if (newest < at) {
        newest = at;
        last = bucket.sum / bucket.count;
      }
    }
    return Number.isNaN(last) ? null : { min, max, last };
  }
}

/** Turns the open end of columns into a gap: uPlot breaks a line only where every cell says so. */
function breakBefore(...columns: Cell[][]): void {
  for (const column of columns) {
    for (let at = column.length - 1; column[at] === undefined && 0 <= at; at -= 1)
      column[at] = null;
  }
}
