/** The range of a gauge or bar, and where a value stands in it. */
import type { Point } from './plant.ts';
import type { Widget } from './types.ts';

export interface Range {
  min: number;
  max: number;
}

/** Returns the range a widget states, or the tag's plausible one. */
export function statedRange(axis: Widget['axis'] | null, point: Point): Range | null {
  if (axis?.mode === 'static' && axis.min != null && axis.max != null)
    return { min: axis.min, max: axis.max };
  return point.min !== null && point.max !== null ? { min: point.min, max: point.max } : null;
}

/** Returns round bounds that hold a value, growing from those of before. */
export function grownRange(before: Range | null, value: number): Range {
  const min = Math.min(before?.min ?? 0, value);
  const max = Math.max(before?.max ?? 0, value);
  return { min: min < 0 ? -roundUp(-min) : 0, max: 0 < max ? roundUp(max) : 0 };
}

/** Returns the next of 1, 2, 5, 10, 20 … that is not below a number. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((one) => value <= one * power * (1 + 1e-12)) ?? 10;
  return step * power;
}

/** Returns where a value stands: 0 at the lower bound, 1 at the upper. */
export function share(value: number, { min, max }: Range): number {
  return max <= min ? 0 : Math.min(1, Math.max(0, (value - min) / (max - min)));
}

/** Returns the part of a bar that is filled: from zero where the range holds it. */
export function filled(value: number, range: Range): { from: number; to: number } {
  const zero = share(0, range);
  const at = share(value, range);
  return { from: Math.min(zero, at), to: Math.max(zero, at) };
}
