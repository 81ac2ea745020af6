/** How fast a value rises or falls, from the samples that came. */

/** So long a sample counts. */
const WINDOW_MS = 60_000;
/** A smaller part of the range in a minute counts as level. */
const LEVEL = 0.002;

export class Rate {
  private samples: { timeMs: number; value: number }[] = [];

  push(timeMs: number, value: number): void {
    if (this.samples.at(-1)?.timeMs === timeMs) return;
    this.samples.push({ timeMs, value });
    const oldest = timeMs - WINDOW_MS;
    while (2 < this.samples.length && (this.samples[0]?.timeMs ?? timeMs) < oldest)
      this.samples.shift();
  }

  /** Returns the rise a minute, or nothing while there is too little to tell. */
  perMinute(): number | null {
    const [first] = this.samples;
    const last = this.samples.at(-1);
    if (!first || !last || last.timeMs - first.timeMs < 1000) return null;
    return ((last.value - first.value) / (last.timeMs - first.timeMs)) * 60_000;
  }
}

/** Returns -1, 0 or 1: whether a rise is worth an arrow, on a scale of so wide a range. */
export function direction(perMinute: number | null, span: number): -1 | 0 | 1 {
  if (perMinute === null || Math.abs(perMinute) <= LEVEL * Math.abs(span)) return 0;
  return perMinute < 0 ? -1 : 1;
}
