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
  first: number;
  last: number;
  /** Whether the greatest came before the least. */
  highFirst: boolean;
}

/** A line as the server thins it out: for each column first, least, greatest and last value. */
export interface Line {
  times_us: readonly number[];
  values: readonly unknown[];
  worst: readonly string[];
}

/** Points of a line in each bucket. */
const FINE = 4;

const empty = (): Bucket => ({
  min: 0,
  max: 0,
  sum: 0,
  count: 0,
  bad: 0,
  first: 0,
  last: 0,
  highFirst: false,
});

/** Adds a number to a bucket whose numbers came before it. */
function add(bucket: Bucket, value: number): void {
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
  private buckets = new Map<number, Bucket>();
  /** Whether a bucket stands for the line through it, and not for a mean. */
  private isLine = false;

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
      const row = { min: min ?? 0, max: max ?? 0, sum, count: n, bad: bad ?? 0 };
      this.buckets.set(at, { ...empty(), ...row });
    }
  }

  /** Takes a line; what buckets show as their middle from then on is their last value. */
  loadLine({ times_us: times, values, worst }: Line): void {
    this.isLine = true;
    times.forEach((timeUs, nth) => {
      const bucket = this.bucket(timeUs);
      const value = values[nth];
      const number = typeof value === 'boolean' ? Number(value) : value;
      if (typeof number === 'number') add(bucket, number);
      if (worst[nth] === 'bad') bucket.bad = Math.max(1, bucket.bad);
    });
  }

  private bucket(timeUs: number): Bucket {
    const at = this.slot(timeUs);
    const known = this.buckets.get(at);
    if (known) return known;
    const made = empty();
    this.buckets.set(at, made);
    return made;
  }

  private middle(bucket: Bucket): number {
    return this.isLine ? bucket.last : bucket.sum / bucket.count;
  }

  /** Adds a live sample; `null` is a bad one. Returns whether it was a new bucket. */
  push(timeUs: number, value: number | null): boolean {
    const isNew = !this.buckets.has(this.slot(timeUs));
    const bucket = this.bucket(timeUs);
    if (value === null) bucket.bad += 1;
    else add(bucket, value);
    return isNew;
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
      if (bucket && bucket.count > 0) {
        const { min, max, bad } = bucket;
        return { min, max, mean: this.middle(bucket), bad };
      }
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

  /** Returns the line on a grid as fine as its points, from `startUs` to `endUs`. */
  line(startUs: number, endUs: number): { times: number[]; values: Cell[] } {
    const { times: starts, mean } = this.columns(startUs, endUs);
    const first = this.slot(startUs);
    const times: number[] = [];
    const values: Cell[] = [];
    starts.forEach((time, nth) => {
      const bucket = this.buckets.get(first + nth);
      const points = bucket && 1 < bucket.count ? shape(bucket) : null;
      for (let at = 0; at < FINE; at += 1) {
        times.push(time + (at * this.bucketUs) / FINE / 1e6);
        const cell = mean[nth];
        const isPoint = typeof cell === 'number';
        if (isPoint && points) values.push(points[at]);
        else values.push(isPoint && 0 < at ? undefined : cell);
      }
    });
    return { times, values };
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
    let last = 0;
    for (let at = this.slot(startUs) + 1; at <= this.slot(endUs); at += 1) {
      const bucket = this.buckets.get(at);
      if (!bucket || bucket.count === 0) continue;
      min = Math.min(min, bucket.min);
      max = Math.max(max, bucket.max);
      sum += bucket.sum;
      count += bucket.count;
      last = bucket.last;
    }
    if (count === 0) return null;
    return { min, max, mean: this.isLine ? last : sum / count };
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
        last = this.middle(bucket);
      }
    }
    return Number.isNaN(last) ? null : { min, max, last };
  }
}

/** Returns the points of a bucket in order of time; one that repeats its neighbour is left out. */
function shape({ first, min, max, last, highFirst }: Bucket): Cell[] {
  const [second, third] = highFirst ? [max, min] : [min, max];
  return [
    first,
    second === first ? undefined : second,
    third === last ? undefined : third,
    last,
  ];
}

/** Turns the open end of columns into a gap: uPlot breaks a line only where every cell says so. */
function breakBefore(...columns: Cell[][]): void {
  for (const column of columns) {
    for (let at = column.length - 1; column[at] === undefined && 0 <= at; at -= 1)
      column[at] = null;
  }
}
