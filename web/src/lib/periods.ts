/** Periods that people ask for, in the time zone of the browser. */

export const PERIODS = [
  'hour',
  'day',
  'week',
  'today',
  'yesterday',
  'this_month',
  'last_month',
  'all',
  'own',
] as const;
export type Period = (typeof PERIODS)[number];

/** A range of time; an absent end is open. */
export interface TimeSpan {
  startMs: number | null;
  endMs: number | null;
}

const HOUR_MS = 3_600_000;

/** Returns the start of a day of the calendar, `days` after that of an instant. */
function dayStart(ms: number, days: number): number {
  const date = new Date(ms);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}

function monthStart(ms: number, months: number): number {
  const date = new Date(ms);
  return new Date(date.getFullYear(), date.getMonth() + months, 1).getTime();
}

/** Returns the range of a period that ends at the present or before. */
export function spanOf(period: Exclude<Period, 'own'>, nowMs: number): TimeSpan {
  switch (period) {
    case 'hour':
      return { startMs: nowMs - HOUR_MS, endMs: nowMs };
    case 'day':
      return { startMs: nowMs - 24 * HOUR_MS, endMs: nowMs };
    case 'week':
      return { startMs: nowMs - 7 * 24 * HOUR_MS, endMs: nowMs };
    case 'today':
      return { startMs: dayStart(nowMs, 0), endMs: nowMs };
    case 'yesterday':
      return { startMs: dayStart(nowMs, -1), endMs: dayStart(nowMs, 0) };
    case 'this_month':
      return { startMs: monthStart(nowMs, 0), endMs: nowMs };
    case 'last_month':
      return { startMs: monthStart(nowMs, -1), endMs: monthStart(nowMs, 0) };
    case 'all':
      return { startMs: null, endMs: null };
  }
}

const pad = (number: number, digits = 2): string => String(number).padStart(digits, '0');

/** Returns an instant as a field for local date and time takes it. */
export function toField(ms: number): string {
  const date = new Date(ms);
  const day = [pad(date.getFullYear(), 4), pad(date.getMonth() + 1), pad(date.getDate())];
  const time = [pad(date.getHours()), pad(date.getMinutes()), pad(date.getSeconds())];
  return `${day.join('-')}T${time.join(':')}`;
}

/** Returns the instant of such a field, or null when it is not filled in. */
export function fromField(text: string): number | null {
  const ms = new Date(text).getTime();
  return text === '' || Number.isNaN(ms) ? null : ms;
}

/** Returns the time zone of the browser by name. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}
