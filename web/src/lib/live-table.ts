/** The newest value of each tag in typed arrays, and who wants to hear of changes. */
import type { Scalar } from './types.ts';

export interface ValuesMessage {
  op: 'values';
  t: number;
  i: number[];
  v: (Scalar | null)[];
  s: number[];
  q?: Record<string, number>;
}

export type Listener = (index: number) => void;

const NONE = 0;
const NUMBER = 1;
const BOOL = 2;
const TEXT = 3;

/**
 * Values by tag index. A batch only writes arrays and marks tags dirty; listeners run in `flush`,
 * once per frame, however many batches came in between.
 */
export class LiveTable {
  private kinds = new Uint8Array(256);
  private numbers = new Float64Array(256);
  private texts = new Map<number, string>();
  private qualities = new Uint32Array(256);
  private timesUs = new Float64Array(256);
  private marks = new Uint8Array(256);
  private dirty: number[] = [];
  private listeners = new Map<number, Set<Listener>>();

  /** Takes a batch in; returns whether anything waits for a flush. */
  apply(batch: ValuesMessage): boolean {
    for (let at = 0; at < batch.i.length; at += 1) {
      const index = batch.i[at] as number;
      this.grow(index);
      this.store(index, batch.v[at] ?? null);
      this.timesUs[index] = batch.s[at] as number;
      this.qualities[index] = 0;
      if (this.marks[index] === 0) {
        this.marks[index] = 1;
        this.dirty.push(index);
      }
    }
    for (const at in batch.q) {
      const index = batch.i[Number(at)];
      if (index !== undefined) this.qualities[index] = batch.q[at] as number;
    }
    return this.dirty.length > 0;
  }

  /** Tells the listeners of every dirty tag, once. */
  flush(): number {
    const batch = this.dirty;
    this.dirty = [];
    for (const index of batch) {
      this.marks[index] = 0;
      this.listeners.get(index)?.forEach((listener) => listener(index));
    }
    return batch.length;
  }

  /** Calls `listener` after each flush with a change of a tag; returns how to stop. */
  listen(index: number, listener: Listener): () => void {
    let set = this.listeners.get(index);
    if (!set) this.listeners.set(index, (set = new Set()));
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.listeners.get(index) === set) this.listeners.delete(index);
    };
  }

  value(index: number): Scalar | null {
    switch (this.kinds[index]) {
      case NUMBER:
        return this.numbers[index] as number;
      case BOOL:
        return this.numbers[index] === 1;
      case TEXT:
        return this.texts.get(index) ?? '';
      default:
        return null;
    }
  }

  quality(index: number): number {
    return this.qualities[index] ?? 0;
  }

  /** Time of the newest sample in microseconds, or NaN when there was none. */
  timeUs(index: number): number {
    return this.timesUs[index] || Number.NaN;
  }

  private store(index: number, value: Scalar | null): void {
    if (typeof value === 'number') {
      this.kinds[index] = NUMBER;
      this.numbers[index] = value;
    } else if (typeof value === 'boolean') {
      this.kinds[index] = BOOL;
      this.numbers[index] = value ? 1 : 0;
    } else if (typeof value === 'string') {
      this.kinds[index] = TEXT;
      this.texts.set(index, value);
    } else {
      this.kinds[index] = NONE;
    }
  }

  private grow(index: number): void {
    if (index < this.kinds.length) return;
    const size = Math.max(index + 1, this.kinds.length * 2);
    const grown = <T extends Uint8Array | Uint32Array | Float64Array>(next: T, old: T): T => {
      next.set(old);
      return next;
    };
    this.kinds = grown(new Uint8Array(size), this.kinds);
    this.numbers = grown(new Float64Array(size), this.numbers);
    this.qualities = grown(new Uint32Array(size), this.qualities);
    this.timesUs = grown(new Float64Array(size), this.timesUs);
    this.marks = grown(new Uint8Array(size), this.marks);
  }
}
