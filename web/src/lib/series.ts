/** Points of a pen on a fixed grid of buckets: history from the server, then live samples. */

export interface Columns {
  /** Bucket starts in seconds, as uPlot takes time. */
  times: number[];
  min: (number | null | undefined)[];
  max: (number | null | undefined)[];
  mean: (number | null | undefined)[];
}

/** `null` breaks the line, `undefined` is joined over: uPlot's own words for it. */
export type Cell = number | null | undefined;

export interface Bucket {
  min: number;
  max: number;
  sum: number;
  count: number;
  bad: number;
  uncertain: number;
  first: number;
  last: number;
  /** Whether the greatest came before the least. */
  highFirst: boolean;
}

const empty = (): Bucket => ({
  min: 0,
  max: 0,
  sum: 0,
  count: 0,
  bad: 0,
  uncertain: 0,
  first: 0,
  last: 0,
  highFirst: false,
});

/** Adds a number to a bucket whose numbers came before it. */
export function add(bucket: Bucket, value: number): void {
  const isNew = bucket.count === 0;
  if (isNew) bucket.first = value;
  if (isNew || value < bucket.min) {
    bucket.min = value;
    bucket.highFirst = true;
  }
  if (isNew || bucket.max < value) {
    bucket.max = value;
    bucket.highFirst = false;
  }
  bucket.last = value;
  bucket.sum += value;
  bucket.count += 1;
}

/** The buckets of one pen between two instants. */
export class Series {
  protected buckets = new Map<number, Bucket>();
  /**
   * `bucketUs` is the width of a bucket, `originUs` the start of any one of them, `periodMs` the
   * expected time between samples.
   */
  constructor(
    readonly bucketUs: number,
    readonly originUs: number,
    readonly periodMs: number,
  ) {}

  protected slot(timeUs: number): number {
    return Math.floor((timeUs - this.originUs) / this.bucketUs);
  }

  /** Takes rows of `trend-data`: time, min, max, mean, count, bad. */
  load(rows: readonly (readonly unknown[])[]): void {
    for (const [timeUs, min, max, mean, count, bad] of rows as readonly (number | null)[][]) {
      const at = this.slot(timeUs as number);
      const n = count ?? 0;
      const sum = (mean ?? 0) * n;
      const row = { min: min ?? 0, max: max ?? 0, sum, count: n, bad: bad ?? 0 };
      this.buckets.set(at, { ...empty(), ...row });
    }
  }

  protected bucket(timeUs: number): Bucket {
    const at = this.slot(timeUs);
    const known = this.buckets.get(at);
    if (known) return known;
    const made = empty();
    this.buckets.set(at, made);
    return made;
  }

  /** What a bucket is drawn as. */
  protected middle(bucket: Bucket): number {
    return bucket.sum / bucket.count;
  }

  /** Adds a live sample; `null` is a bad one. Returns whether it was a new bucket. */
  push(timeUs: number, value: number | null, isUncertain = false): boolean {
    const isNew = !this.buckets.has(this.slot(timeUs));
    const bucket = this.bucket(timeUs);
    if (value === null) bucket.bad += 1;
    else add(bucket, value);
    if (isUncertain) bucket.uncertain += 1;
    return isNew;
  }

  /** Forgets buckets before an instant. */
  trim(startUs: number): void {
    const first = this.slot(startUs);
    for (const at of this.buckets.keys()) if (at < first) this.buckets.delete(at);
  }

  /** Buckets that may lie empty between two samples before it is a gap. */
  protected reach(): number {
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
        mean.push(this.middle(bucket));
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

  /** Least, greatest and last value of what is kept, for the words beside a chart. */
  summary(
    startUs = Number.NEGATIVE_INFINITY,
    endUs = Number.POSITIVE_INFINITY,
  ): { min: number; max: number; last: number } | null {
    const [first, end] = [this.slot(startUs), this.slot(endUs)];
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let newest = Number.NEGATIVE_INFINITY;
    let last = Number.NaN;
    for (const [at, bucket] of this.buckets) {
      if (bucket.count === 0 || at < first || end < at) continue;
      min = Math.min(min, bucket.min);
      max = Math.max(max, bucket.max);
      if (newest < at) {
        newest = at;
        last = this.middle(bucket);
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
