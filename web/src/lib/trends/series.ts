/** The line of a tag in a trend: what its samples are worth, and how it goes on outside. */
import { add, Series, type Bucket, type Cell } from '../series.ts';

/** Why a stretch of a line is not, or not quite, to be believed. */
export type SpanState = 'bad' | 'uncertain' | 'gap';

export interface StateSpan {
  from: number;
  to: number;
  state: SpanState;
}

/** A point outside a window; its time is in seconds. */
export interface Edge {
  time: number;
  value: number;
}

/** A line as the server thins it out: for each column first, least, greatest and last value. */
export interface Line {
  times_us: readonly number[];
  values: readonly unknown[];
  worst: readonly string[];
}

/** Buckets that are looked through for the newest before an instant. */
const SLOTS_MAX = 10_000;

/** Points of a line in each bucket. */
const FINE = 4;

/** A series whose buckets stand for the line through them once one was taken in. */
export class LineSeries extends Series {
  private isLine = false;

  protected override middle(bucket: Bucket): number {
    return this.isLine ? bucket.last : super.middle(bucket);
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
      if (worst[nth] === 'uncertain') bucket.uncertain += 1;
    });
  }

  /** Returns the bucket at an instant, or the newest before it within the expected time. */
  at(timeUs: number): { min: number; max: number; mean: number; bad: number } | null {
    const last = this.slot(timeUs);
    for (let at = last; last - Math.min(SLOTS_MAX, this.reach()) <= at; at -= 1) {
      const bucket = this.buckets.get(at);
      if (bucket && bucket.count > 0) {
        const { min, max, bad } = bucket;
        return { min, max, mean: this.middle(bucket), bad };
      }
      if (bucket) return null;
    }
    return null;
  }

  /** Returns what is to be said of the value at an instant; nothing when it is good. */
  stateAt(timeUs: number): SpanState | null {
    const last = this.slot(timeUs);
    for (let at = last; last - Math.min(SLOTS_MAX, this.reach()) <= at; at -= 1) {
      const bucket = this.buckets.get(at);
      if (bucket) return this.stateOf(bucket);
    }
    return 'gap';
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

  private stateOf({ count, bad, uncertain }: Bucket): SpanState | null {
    if (0 < bad) return 'bad';
    return 0 < uncertain && 0 < count ? 'uncertain' : null;
  }

  /** Returns the worst quality in each bucket of a span of time, empty where there is none. */
  worst(startUs: number, endUs: number): string[] {
    const first = this.slot(startUs);
    return Array.from({ length: this.slot(endUs) - first + 1 }, (_, nth) => {
      const bucket = this.buckets.get(first + nth);
      return bucket ? (this.stateOf(bucket) ?? 'good') : '';
    });
  }

  /** Returns the slots that hold anything between two, and those just outside, in order. */
  private slots(first: number, last: number): number[] {
    const slots = [...this.buckets.keys()].sort((a, b) => a - b);
    const from = slots.findLastIndex((at) => at < first);
    const to = slots.findIndex((at) => last < at);
    return slots.slice(Math.max(0, from), to < 0 ? undefined : to + 1);
  }

  /**
   * Returns when there was nothing to draw a line from, or less than it seems: a pause longer than
   * expected, bad samples, uncertain ones. What a sample says holds until the next. Times are in
   * seconds.
   */
  states(startUs: number, endUs: number): StateSpan[] {
    const [first, last] = [this.slot(startUs), this.slot(endUs)];
    const reach = this.reach();
    const spans: StateSpan[] = [];
    const note = (from: number, to: number, state: SpanState | null): void => {
      const [low, high] = [Math.max(first, from), Math.min(last + 1, to)];
      if (state === null || high <= low) return;
      const end = spans.at(-1);
      const start = this.secondsOf(low);
      if (end?.state === state && start - end.to < 1e-9) end.to = this.secondsOf(high);
      else spans.push({ from: start, to: this.secondsOf(high), state });
    };
    let before = Number.NEGATIVE_INFINITY;
    let state: SpanState | null = null;
    for (const at of [...this.slots(first, last), Number.POSITIVE_INFINITY]) {
      const next = Math.min(at, last + 1);
      const isGap = reach < next - before;
      note(before, isGap ? before + 1 : next, state);
      if (isGap) note(Math.max(first, before + 1), next, 'gap');
      const bucket = this.buckets.get(at);
      if (!bucket) break;
      // Good samples beside bad ones in a bucket go on after it.
      state = this.stateOf(bucket);
      if (state === 'bad' && 0 < bucket.count) {
        note(at, at + 1, state);
        state = null;
      }
      before = at;
    }
    return spans;
  }

  private secondsOf(slot: number): number {
    return (this.originUs + slot * this.bucketUs) / 1e6;
  }

  /** Returns the points just outside a span of time that the line comes from and goes to. */
  edges(startUs: number, endUs: number): { before: Edge | null; after: Edge | null } {
    const [first, last] = [this.slot(startUs), this.slot(endUs)];
    const slots = this.slots(first, last);
    const within = slots.filter((at) => first <= at && at <= last);
    const edge = (at: number | undefined, near: number | undefined): Edge | null => {
      const bucket = at === undefined ? undefined : this.buckets.get(at);
      if (at === undefined || !bucket?.count) return null;
      const far = Math.abs(at - (near ?? at));
      return this.reach() < far ? null : { time: this.secondsOf(at), value: this.middle(bucket) };
    };
    const outer = slots.filter((at) => at < first)[0];
    const next = slots.find((at) => last < at);
    return {
      before: edge(outer, within[0] ?? next ?? last),
      after: edge(next, within.at(-1) ?? outer ?? first),
    };
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
