/** What the trends page shows, as it stands in the address: a link is a view. */
import { daysBack } from '../periods.ts';
import { readWindow } from '../window.ts';

export const PENS_MAX = 8;

/** How long before the window the other lines were, or the window before it. */
export type Compare = number | 'window' | null;

/** Periods to compare with, in milliseconds: an hour, a shift, a day, a week, four weeks. */
export const COMPARES_MS = [
  3_600_000, 28_800_000, 86_400_000, 604_800_000, 2_419_200_000,
] as const;
const COMPARE_MS_MAX = 10 * 366 * 86_400_000;

export interface View {
  /** Ids of the tags, in the order of their numbers. */
  ids: string[];
  /** Ids of those whose lines are left out. */
  off: string[];
  spanMs: number;
  /** End of the window; absent when it follows the present. */
  endMs: number | null;
  /** Where the second mark stands. */
  markMs: number | null;
  compare: Compare;
  /** Chosen width of the strip of the whole. */
  wholeMs: number | null;
  hasLimits: boolean;
  hasAlarms: boolean;
  hasOverview: boolean;
  isTable: boolean;
  hasStatistics: boolean;
}

const list = (text: string | null): string[] =>
  [...new Set((text ?? '').split(',').filter(Boolean))].slice(0, PENS_MAX);

function positive(text: string | null): number | null {
  const number = Number(text);
  return text !== null && Number.isFinite(number) && 0 < number ? number : null;
}

export function readView(query: URLSearchParams): View {
  const compare = query.get('compare');
  const compareMs = positive(compare);
  return {
    ids: list(query.get('tags')),
    off: list(query.get('off')),
    ...readWindow(query),
    markMs: positive(query.get('mark')),
    compare:
      compare === 'window'
        ? 'window'
        : compareMs === null
          ? null
          : Math.min(COMPARE_MS_MAX, compareMs),
    wholeMs: positive(query.get('whole')),
    hasLimits: query.get('limits') !== 'off',
    hasAlarms: query.get('alarms') !== 'off',
    hasOverview: query.get('overview') !== 'off',
    isTable: query.get('view') === 'table',
    hasStatistics: query.get('statistics') === 'on',
  };
}

const DAY_MS = 86_400_000;

/** Returns what is compared with by name: the clock may say an hour more or less. */
export function comparedMs({ compare, spanMs }: Pick<View, 'compare' | 'spanMs'>): number {
  return compare === 'window' ? spanMs : (compare ?? 0);
}

/**
 * Returns how far back the other lines were, or nothing without comparison. Whole days are days of
 * the calendar: noon stands over noon, also where the clocks were changed in between. `atMs` is
 * the middle of the window, so that it is right for most of one that holds the change itself.
 */
export function shiftMs(view: Pick<View, 'compare' | 'spanMs'>, atMs: number): number {
  const wanted = comparedMs(view);
  if (view.compare === 'window' || wanted === 0 || wanted % DAY_MS !== 0) return wanted;
  return daysBack(atMs, wanted / DAY_MS);
}
