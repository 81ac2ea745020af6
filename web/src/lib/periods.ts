/** Periods that people ask for, in the time zone that the reader chose. */
import { zoneInUse } from './format.ts';

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

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Returns what a clock on the wall of the zone shows, as if it stood at UTC. */
export function wallMs(ms: number): number {
  const timeZone = zoneName();
  let clock = clocks.get(timeZone);
  if (!clock) {
    const digits = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
    const time = { hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
    clock = new Intl.DateTimeFormat('en', { timeZone, hourCycle: 'h23', ...digits, ...time });
    clocks.set(timeZone, clock);
  }
  const parts = clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Returns the instant at which that clock shows this. */
function instantOf(wall: number): number {
  const guess = wall - (wallMs(wall) - wall);
  return guess + (wall - wallMs(guess));
}

/** Returns how long ago the clock showed the same, so many days of the calendar earlier. */
export function daysBack(ms: number, days: number): number {
  const at = Math.floor(ms / 1000) * 1000;
  return at - instantOf(wallMs(at) - days * 24 * HOUR_MS);
}

/** Returns the instant of a time of day such as 14:30, on the day of an instant or later. */
export function timeOfDay(ms: number, hour: number, minute: number, days = 0): number {
  const date = new Date(wallMs(ms));
  const day = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days] as const;
  return instantOf(Date.UTC(...day, hour, minute));
}

/** Returns the start of a day of the calendar, `days` after that of an instant. */
function dayStart(ms: number, days: number): number {
  const date = new Date(wallMs(ms));
  return instantOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days));
}

function monthStart(ms: number, months: number): number {
  const date = new Date(wallMs(ms));
  return instantOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
}

/** Returns the start of the hour, day, week or month of an instant, or `count` of them later. */
export function startOf(
  unit: 'hour' | 'day' | 'week' | 'month',
  ms: number,
  count = 0,
): number {
  const date = new Date(wallMs(ms));
  // An hour that the clock shows twice is two hours.
  if (unit === 'hour')
    return Math.floor(ms / 1000) * 1000 - (date.getTime() % HOUR_MS) + count * HOUR_MS;
  if (unit === 'month') return monthStart(ms, count);
  return unit === 'day'
    ? dayStart(ms, count)
    : dayStart(ms, 7 * count - ((date.getUTCDay() + 6) % 7));
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

/** Returns an instant as a field for local date and time takes it. */
export function toField(ms: number): string {
  return new Date(wallMs(ms)).toISOString().slice(0, 19);
}

/** Returns the instant of such a field, or null when it is not filled in. */
export function fromField(text: string): number | null {
  const wall = text === '' ? Number.NaN : new Date(`${text}Z`).getTime();
  return Number.isNaN(wall) ? null : instantOf(wall);
}

/** Returns the time zone by name: the chosen one, else that of the browser. */
export function zoneName(): string {
  return zoneInUse() ?? (Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC');
}
