/** Alarms and limits of the shown tags, as a chart marks them. */
import type { AlarmRule, Entry } from '../api.gen.ts';
import type { Span } from './moves.ts';

/** A time during which an alarm was active. */
export interface Episode {
  alarm: string;
  name: string;
  path: string;
  text: string;
  priority: number;
  startMs: number;
  /** Absent while it lasts. */
  endMs: number | null;
}

const ENDS = new Set(['cleared', 'suppressed', 'taken_out', 'removed']);

/** Returns the episode that an entry left open: the alarm was active after it. */
function standing(entry: Entry): Episode | null {
  const { after, time_us: timeUs } = entry.transition;
  if (after.state !== 'unacknowledged' && after.state !== 'acknowledged') return null;
  return begun(entry, (after.event?.raised_us ?? timeUs) / 1000);
}

/**
 * Returns the episodes of entries of the journal, which come newest first, in order of time.
 * `before` are the newest entries of alarms before these: what they left open goes on.
 */
export function episodesOf(
  entries: readonly Entry[],
  startMs: number,
  before: readonly Entry[] = [],
): Episode[] {
  const left = before.map(standing).filter((one) => one !== null);
  const open = new Map(left.map((one) => [one.alarm, one]));
  const episodes: Episode[] = [...left];
  for (const entry of [...entries].reverse()) {
    const { cause, time_us: timeUs } = entry.transition;
    const timeMs = timeUs / 1000;
    if (cause === 'raised') {
      open.set(entry.alarm, begun(entry, timeMs));
      episodes.push(open.get(entry.alarm) as Episode);
    } else if (ENDS.has(cause)) {
      const known = open.get(entry.alarm);
      open.delete(entry.alarm);
      if (known) known.endMs = timeMs;
      // It was raised before what was read began.
      else if (cause === 'cleared')
        episodes.push({ ...begun(entry, startMs), endMs: timeMs });
    }
  }
  return episodes.sort((a, b) => a.startMs - b.startMs);
}

function begun(entry: Entry, startMs: number): Episode {
  const { alarm, name, priority } = entry;
  return {
    alarm,
    name,
    priority,
    startMs,
    path: entry.path ?? '',
    text: entry.text || name,
    endMs: null,
  };
}

/** Something with a place in time that gets a flag above the chart. */
export interface Flag {
  timeMs: number;
  /** 1 to 4 for alarms, 5 for what is no alarm. */
  priority: number;
}

export interface Cluster<T extends Flag> {
  /** Place of the first, in pixels. */
  left: number;
  flags: T[];
  /** The most urgent. */
  priority: number;
}

/**
 * Gathers flags that would cover each other; those outside the window are left out. A flag is
 * `apart` wide, and `counted` where it stands for several and says how many.
 */
export function clustersOf<T extends Flag>(
  flags: readonly T[],
  { startMs, endMs }: Span,
  width: number,
  apart: number,
  counted: number,
): Cluster<T>[] {
  const clusters: Cluster<T>[] = [];
  for (const flag of [...flags].sort((a, b) => a.timeMs - b.timeMs)) {
    if (flag.timeMs < startMs || endMs < flag.timeMs) continue;
    const left = ((flag.timeMs - startMs) / (endMs - startMs)) * width;
    const last = clusters.at(-1);
    if (last && left - last.left < (1 < last.flags.length ? counted : apart)) {
      last.flags.push(flag);
      last.priority = Math.min(last.priority, flag.priority);
    } else clusters.push({ left, flags: [flag], priority: flag.priority });
  }
  return clusters;
}

/** A limit of an alarm that does not move. */
export interface LimitLine {
  value: number;
  unit: string;
  priority: number;
  /** Which way is wrong. */
  side: 'above' | 'below';
  name: string;
}

type Known = Pick<AlarmRule, 'condition' | 'priority' | 'name' | 'enabled'>;

/** Returns the limits of a rule that are numbers; what another tag says is no line. */
export function limitsOf(
  { condition, priority = 3, name, enabled }: Known,
  unit: string,
): LimitLine[] {
  if (enabled === false) return [];
  const line = (value: unknown, side: LimitLine['side']): LimitLine[] =>
    typeof value === 'number' ? [{ value, unit, priority, side, name }] : [];
  switch (condition.kind) {
    case 'high':
    case 'high_high':
      return line(condition.limit, 'above');
    case 'low':
    case 'low_low':
      return line(condition.limit, 'below');
    case 'range':
      return [...line(condition.low, 'below'), ...line(condition.high, 'above')];
    case 'deviation': {
      const { setpoint, max } = condition;
      if (typeof setpoint !== 'number' || typeof max !== 'number') return [];
      return [...line(setpoint - max, 'below'), ...line(setpoint + max, 'above')];
    }
    default:
      return [];
  }
}

/** Returns a range that also holds the limits near it, so that they are seen before they matter. */
export function withLimits(
  low: number,
  high: number,
  limits: readonly Pick<LimitLine, 'value'>[],
): [number, number] {
  const near = (high - low) * 0.5;
  const seen = limits.filter(({ value }) => low - near <= value && value <= high + near);
  return [
    Math.min(low, ...seen.map(({ value }) => value)),
    Math.max(high, ...seen.map(({ value }) => value)),
  ];
}
