/** Aggregates of OPC UA Part 13 as the trends page asks for them and shows them. */
import { formatNumber, formatSpan } from './format.ts';

/** Shown until somebody chooses others. */
export const DEFAULT_AGGREGATES = ['Average', 'Minimum', 'Maximum', 'TimeAverage', 'PercentGood'];
export const AGGREGATES_MAX = 12;
/** More rows say less than the chart does. */
export const ROWS_MAX = 750;

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

/** Widths of an interval as the server writes them; a day is one of the calendar. */
export const STEPS = [
  { step: '1m', ms: MINUTE_MS },
  { step: '15m', ms: 15 * MINUTE_MS },
  { step: '1h', ms: 60 * MINUTE_MS },
  { step: '1d', ms: DAY_MS },
  { step: '1w', ms: 7 * DAY_MS },
] as const;

/** Returns the widths that make more than one row and not too many of them. */
export function stepsFor(spanMs: number): (typeof STEPS)[number][] {
  return STEPS.filter(({ ms }) => ms < spanMs && spanMs / ms < ROWS_MAX);
}

/** Returns the chosen aggregates that the server knows, in the server's order. */
export function chosenOf(text: string | null, known: readonly string[]): string[] {
  const wanted = text ? text.split(',') : DEFAULT_AGGREGATES;
  return known.filter((name) => wanted.includes(name)).slice(0, AGGREGATES_MAX);
}

/** Returns a value as its aggregate is counted: in percent, time, pieces, or the tag's own unit. */
export function formatAggregate(
  name: string,
  value: unknown,
  locale: string,
  decimals: number | null,
): string {
  if (typeof value === 'boolean') return String(Number(value));
  if (typeof value !== 'number') return value === null ? '–' : String(value);
  if (name.startsWith('Percent')) return `${formatNumber(value, locale, 1)} %`;
  if (name.startsWith('Duration')) return formatSpan(value, locale);
  if (/^(?:Count|NumberOf)/.test(name)) return formatNumber(value, locale, 0);
  if (name.startsWith('WorstQuality')) return `0x${value.toString(16).padStart(8, '0')}`;
  const isSample = /^(?:Minimum|Maximum|Start|End)/.test(name);
  return formatNumber(value, locale, isSample ? decimals : null);
}

/** Returns what a status code says of a value: its top two bits. */
export function classOf(status: number): 'good' | 'uncertain' | 'bad' {
  return (['good', 'uncertain', 'bad', 'bad'] as const)[status >>> 30] ?? 'bad';
}
