/** Alarms as the page shows them: orders, looks and acts. */
import { api } from './api.ts';
import type { Acknowledged, AlarmItem, Event, State } from './api.gen.ts';

export type { AlarmItem } from './api.gen.ts';

export type Look = 'unacknowledged' | 'acknowledged' | 'returned' | 'quiet';

const LOOKS: Record<State, Look> = {
  normal: 'quiet',
  unacknowledged: 'unacknowledged',
  acknowledged: 'acknowledged',
  returned_unacknowledged: 'returned',
  latched_unacknowledged: 'returned',
  latched_acknowledged: 'returned',
  shelved: 'quiet',
  suppressed: 'quiet',
  out_of_service: 'quiet',
};

export const lookOf = (state: State): Look => LOOKS[state];
export const isLatched = (state: State): boolean => state.startsWith('latched');

/** Most events of one call. */
export const EVENTS_MAX = 1000;

/** An alarm with the event that was seen of it. */
export interface Seen {
  alarm: string;
  event: number;
}

export function seenOf(items: readonly AlarmItem[]): Seen[] {
  return items
    .filter((item) => item.unacknowledged && item.event !== null)
    .map((item) => ({ alarm: item.id, event: (item.event as Event).id }));
}

/** Acknowledges what was seen; returns what was refused. */
export function acknowledge(events: readonly Seen[], comment = ''): Promise<Acknowledged> {
  return api.post<Acknowledged>('alarms/acknowledge', { events, comment });
}

/**
 * Returns the rows to show while a person points at the list: those that are there keep their
 * places, whatever became of them, and those that came are counted.
 */
export function held(
  shown: readonly AlarmItem[],
  fresh: readonly AlarmItem[],
): { rows: AlarmItem[]; added: number; gone: ReadonlySet<string> } {
  const byId = new Map(fresh.map((item) => [item.id, item]));
  const rows = shown.map((item) => byId.get(item.id) ?? item);
  const gone = new Set(shown.filter(({ id }) => !byId.has(id)).map(({ id }) => id));
  return { rows, added: fresh.length - (rows.length - gone.size), gone };
}

/** A period of counts for a chart: the greatest of some periods, with the time of the first. */
export interface Bar {
  startUs: number;
  count: number;
}

const PERIOD_US = 600_000_000;

/** Returns the counts of 10 minutes as at most `most` bars, each the greatest of its periods. */
export function barsOf(
  { end_us: endUs, load }: { end_us: number; load: { newest_periods: number[] } },
  startUs: number,
  most: number,
): Bar[] {
  const { newest_periods: counts } = load;
  const step = Math.max(1, Math.ceil(counts.length / most));
  const periods = Math.ceil((endUs - startUs) / PERIOD_US);
  const firstUs = startUs + Math.max(0, periods - counts.length) * PERIOD_US;
  return Array.from({ length: Math.ceil(counts.length / step) }, (_, at) => ({
    startUs: firstUs + at * step * PERIOD_US,
    count: Math.max(...counts.slice(at * step, (at + 1) * step)),
  }));
}
