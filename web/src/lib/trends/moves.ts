/** Moves of the window of time: all pure, so that mouse, touch and keys do the same. */

export interface Span {
  startMs: number;
  endMs: number;
}

export const SPAN_MS_MIN = 1_000;
export const SPAN_MS_MAX = 370 * 86_400_000;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What the strip below the chart may show of the whole. */
export const OVERVIEWS_MS = [
  HOUR_MS,
  8 * HOUR_MS,
  DAY_MS,
  7 * DAY_MS,
  30 * DAY_MS,
  365 * DAY_MS,
] as const;
/** A strip shows at least so many windows, else its brush is all of it. */
const WINDOWS_MIN = 4;

const clampSpan = (ms: number): number => Math.min(SPAN_MS_MAX, Math.max(SPAN_MS_MIN, ms));

/** Returns the window moved by a share of itself. */
export function panned({ startMs, endMs }: Span, share: number): Span {
  const shift = (endMs - startMs) * share;
  return { startMs: startMs + shift, endMs: endMs + shift };
}

/** Returns the window `factor` times as wide; the instant at `share` of it stays where it is. */
export function zoomed({ startMs, endMs }: Span, factor: number, share = 0.5): Span {
  const span = endMs - startMs;
  const next = clampSpan(span * factor);
  const at = Math.min(1, Math.max(0, share));
  const pivot = startMs + span * at;
  return { startMs: pivot - next * at, endMs: pivot + next * (1 - at) };
}

/**
 * Returns the window after two fingers moved from `before` to `after`, both as shares of the width:
 * the instants under the fingers stay under them.
 */
export function pinched(
  span: Span,
  before: readonly [number, number],
  after: readonly [number, number],
): Span {
  const width = span.endMs - span.startMs;
  const apart = Math.abs(after[1] - after[0]);
  const factor = Math.abs(before[1] - before[0]) / Math.max(0.02, apart);
  const next = clampSpan(width * factor);
  const middle = (before[0] + before[1]) / 2;
  const pivot = span.startMs + width * middle;
  const startMs = pivot - (next * (after[0] + after[1])) / 2;
  return { startMs, endMs: startMs + next };
}

/** Returns the width of the strip of the whole: the one that was chosen, or one that fits. */
export function overviewMs(spanMs: number, chosenMs: number | null): number {
  if (chosenMs !== null && spanMs <= chosenMs) return Math.min(SPAN_MS_MAX, chosenMs);
  return (
    OVERVIEWS_MS.find((ms) => WINDOWS_MIN * spanMs <= ms) ?? Math.max(spanMs, 365 * DAY_MS)
  );
}

/** Returns what the strip shows: up to the present, or around a window that is further back. */
export function overviewOf(window: Span, wholeMs: number, nowMs: number): Span {
  const rest = wholeMs - (window.endMs - window.startMs);
  if (window.startMs >= nowMs - wholeMs && window.endMs <= nowMs)
    return { startMs: nowMs - wholeMs, endMs: nowMs };
  const startMs = window.startMs - rest / 2;
  const endMs = Math.min(startMs + wholeMs, Math.max(nowMs, window.endMs));
  return { startMs: endMs - wholeMs, endMs };
}

/** Returns the window after an edge of the brush, or the brush, was moved to an instant. */
export function brushed(
  { startMs, endMs }: Span,
  part: 'start' | 'end' | 'middle',
  byMs: number,
  whole: Span,
): Span {
  if (part === 'middle') {
    const shift = Math.min(whole.endMs - endMs, Math.max(whole.startMs - startMs, byMs));
    return { startMs: startMs + shift, endMs: endMs + shift };
  }
  if (part === 'start') {
    const next = Math.max(whole.startMs, Math.min(endMs - SPAN_MS_MIN, startMs + byMs));
    return { startMs: next, endMs };
  }
  return {
    startMs,
    endMs: Math.min(whole.endMs, Math.max(startMs + SPAN_MS_MIN, endMs + byMs)),
  };
}
