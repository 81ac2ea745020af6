/** What values mean: the rows of a table of states. */
import type { StateOptions, StateRow, StateSymbol } from '../lib/api.gen.ts';
import type { Scalar } from '../lib/types.ts';

export interface Shown {
  /** The word of the row; empty where the value itself is shown. */
  text: string;
  symbol: StateSymbol;
  /** Priority whose colour it has; 0 is normal. */
  severity: number;
}

/** Returns whether a row is about a value: numbers and yes and no are compared as numbers. */
function fits({ value: from, up_to: to }: StateRow, value: Scalar): boolean {
  if (typeof from === 'string' || typeof value === 'string') return from === value;
  const number = Number(value);
  return to === null || to === undefined
    ? number === Number(from)
    : Number(from) <= number && number <= to;
}

/** Returns how a value is shown: as the first row that fits says, else running or standing. */
export function shownState(
  value: Scalar,
  { rows = [], invert = false }: StateOptions = {},
): Shown {
  const row = rows.find((one) => fits(one, value));
  if (row)
    return {
      text: row.text ?? '',
      symbol: row.symbol ?? 'filled',
      severity: row.severity ?? 0,
    };
  return { text: '', symbol: Boolean(value) !== invert ? 'filled' : 'outline', severity: 0 };
}

/** Returns how urgent a cell is: what has a severity first, then what is not known. */
export function urgency(severity: number, isUnknown: boolean): number {
  if (0 < severity) return severity;
  return isUnknown ? 5 : 6;
}

/** A time during which a state lasted. */
export interface Span {
  fromUs: number;
  toUs: number;
  /** The value, or nothing where it is not known. */
  value: Scalar | null;
}

/** Returns samples as spans within a window; neighbours that say the same are one. */
export function spansOf(
  times: readonly number[],
  values: readonly (Scalar | null)[],
  startUs: number,
  endUs: number,
): Span[] {
  const spans: Span[] = [];
  times.forEach((timeUs, at) => {
    const value = values[at] ?? null;
    const fromUs = Math.max(startUs, timeUs);
    const toUs = Math.min(endUs, times[at + 1] ?? endUs);
    if (toUs <= fromUs) return;
    const last = spans.at(-1);
    if (last && last.value === value && last.toUs === fromUs) last.toUs = toUs;
    else spans.push({ fromUs, toUs, value });
  });
  return spans;
}
