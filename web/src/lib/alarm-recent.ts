/** What was raised in the last minutes: what chatters, and where a flood comes from. */
import type { Entry } from './api.gen.ts';
import { timeOfDay } from './periods.ts';

/** A flood is more than 10 in 10 minutes; what is merged in a row goes as far back. */
export const WINDOW_MS = 600_000;
export const FLOOD = 10;
/** Three within a minute are chattering (ISA-18.2). */
const CHATTER = 3;
const CHATTER_US = 60_000_000;

/** How often one alarm was raised in the window. */
export interface Repeats {
  count: number;
  firstUs: number;
  lastUs: number;
  isChattering: boolean;
}

/** Returns the entries by which alarms were raised, of those after which one is unacknowledged. */
export const raisedOf = (entries: readonly Entry[]): Entry[] =>
  entries.filter(({ transition }) => transition.cause === 'raised');

/** Returns the alarms that were raised more than once, by id. */
export function repeatsOf(raised: readonly Entry[]): Map<string, Repeats> {
  const times = new Map<string, number[]>();
  for (const { alarm, transition } of raised)
    times.set(alarm, [...(times.get(alarm) ?? []), transition.time_us]);
  const found = new Map<string, Repeats>();
  for (const [alarm, unsorted] of times) {
    const all = unsorted.toSorted((one, other) => one - other);
    const [firstUs, lastUs] = [all[0] ?? 0, all.at(-1) ?? 0];
    const isChattering = all.some(
      (us, at) => CHATTER - 1 <= at && us - (all[at - CHATTER + 1] ?? 0) <= CHATTER_US,
    );
    if (1 < all.length) found.set(alarm, { count: all.length, firstUs, lastUs, isChattering });
  }
  return found;
}

/** Alarms of one device, or of none. */
export interface Source {
  /** The folder of the tags; empty for alarms without a tag. */
  folder: string;
  count: number;
  /** The most urgent priority of them. */
  worst: number;
}

/** Returns where alarms come from: the device with the most urgent first, then the most. */
export function sourcesOf(raised: readonly Entry[]): Source[] {
  const found = new Map<string, Source>();
  for (const { path, priority } of raised) {
    const folder = path?.split('/').slice(0, -1).join('/') ?? '';
    const known = found.get(folder) ?? { folder, count: 0, worst: priority };
    const worst = Math.min(known.worst, priority);
    found.set(folder, { folder, count: known.count + 1, worst });
  }
  return [...found.values()].toSorted(
    (one, other) =>
      one.worst - other.worst ||
      other.count - one.count ||
      one.folder.localeCompare(other.folder),
  );
}

/** Returns the newest entry of each alarm of priority 1, the newest first. */
export function urgentOf(raised: readonly Entry[]): Entry[] {
  const newest = new Map<string, Entry>();
  for (const entry of raised) {
    const known = newest.get(entry.alarm);
    if (entry.priority === 1 && !(known && entry.transition.time_us <= known.transition.time_us))
      newest.set(entry.alarm, entry);
  }
  return [...newest.values()].toSorted(
    (one, other) => other.transition.time_us - one.transition.time_us,
  );
}

/** Returns when the clock next shows a time such as `14:30`; nothing for no time. */
export function nextAt(time: string, nowMs: number): number | null {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(time.trim());
  if (!found) return null;
  const on = (days: number): number =>
    timeOfDay(nowMs, Number(found[1]), Number(found[2]), days);
  return nowMs < on(0) ? on(0) : on(1);
}

/** A roster with who is on duty, as far as the end of a shift is asked. */
export interface Duty {
  roster: { name: string; people: readonly { name: string; account?: string }[] };
  ends: readonly { name: string; until_us: number | null }[];
}

export interface ShiftEnd {
  untilUs: number;
  /** The roster that says so. */
  roster: string;
  isOwn: boolean;
}

/** Returns when shifts end: one's own, or, of who stands in no roster, those of everybody. */
export function shiftEnds(duties: readonly Duty[], account: string): ShiftEnd[] {
  const all = duties.flatMap(({ roster, ends }) => {
    const mine = roster.people.filter((one) => account !== '' && one.account === account);
    const own = new Set(mine.map(({ name }) => name));
    return ends.flatMap(({ name, until_us: untilUs }) =>
      untilUs === null ? [] : [{ untilUs, roster: roster.name, isOwn: own.has(name) }],
    );
  });
  const own = all.filter(({ isOwn }) => isOwn);
  const asked = 0 < own.length ? own : all;
  const sorted = asked.toSorted((one, other) => one.untilUs - other.untilUs);
  return sorted.filter(
    ({ untilUs }, at) => sorted.findIndex((one) => one.untilUs === untilUs) === at,
  );
}
