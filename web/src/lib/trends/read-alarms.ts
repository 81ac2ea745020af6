/** Reading alarms, limits and writes of the shown tags. */
import { api } from '../api.ts';
import type { AlarmJournalPage, AlarmRule, AuditPage, Entry } from '../api.gen.ts';
import type { Point } from '../plant.ts';
import type { Page } from '../types.ts';
import { episodesOf, limitsOf, type Episode, type LimitLine } from './alarms.ts';
import type { Span } from './moves.ts';

/** So many alarms are asked for one by one; more in one question for the whole range. */
const SINGLE_MAX = 8;
const ENTRIES_MAX = 1000;
const EACH_MAX = 200;
const RULES_MAX = 100;
const WRITES_MAX = 100;
/** Of so many alarms at most it is asked how they stood when the window began. */
const BEFORE_MAX = 64;

export interface Watched {
  rules: AlarmRule[];
  limits: LimitLine[];
}

/** Returns the alarms of tags, and their limits. */
export async function watchedOf(
  points: readonly Point[],
  signal: AbortSignal,
): Promise<Watched> {
  const pages = await Promise.all(
    points.map(({ id }) =>
      api.get<Page<AlarmRule>>('alarm-rules', { tag: id, limit: RULES_MAX }, signal),
    ),
  );
  return {
    rules: pages.flatMap(({ items }) => items),
    limits: pages.flatMap(({ items }, at) =>
      items.flatMap((rule) => limitsOf(rule, points[at]?.unit ?? '')),
    ),
  };
}

export interface Happened {
  episodes: Episode[];
  /** There were more than are shown. */
  isCut: boolean;
}

/** Returns when alarms were active in a window. */
export async function happenedIn(
  rules: readonly AlarmRule[],
  { startMs, endMs }: Span,
  signal: AbortSignal,
): Promise<Happened> {
  if (rules.length === 0) return { episodes: [], isCut: false };
  const startUs = Math.round(startMs * 1000);
  const range = { from_us: startUs, to_us: Math.round(endMs * 1000) };
  const page = (query: object): Promise<AlarmJournalPage> =>
    api.get<AlarmJournalPage>('alarms/journal', { ...range, ...query }, signal);
  const last = async ({ id }: AlarmRule): Promise<Entry[]> =>
    (await page({ alarm: id, from_us: null, to_us: startUs, limit: 1 })).items;
  const asked =
    SINGLE_MAX < rules.length
      ? [page({ limit: ENTRIES_MAX })]
      : rules.map(({ id }) => page({ alarm: id, limit: EACH_MAX }));
  const [pages, before] = await Promise.all([
    Promise.all(asked),
    Promise.all(rules.slice(0, BEFORE_MAX).map(last)),
  ]);
  const known = new Set(rules.map(({ id }) => id));
  const entries = pages.flatMap(({ items }) => items.filter(({ alarm }) => known.has(alarm)));
  const inOrder = entries.toSorted((one, other) => other.number - one.number);
  const episodes = episodesOf(inOrder, startMs, before.flat());
  return {
    episodes: episodes
      .filter((one) => one.startMs < endMs && startMs < (one.endMs ?? Infinity))
      .sort((a, b) => a.startMs - b.startMs),
    isCut: BEFORE_MAX < rules.length || pages.some(({ next_cursor: next }) => next !== null),
  };
}

export interface Write {
  timeMs: number;
  text: string;
}

/** Returns what was written to tags in a window, for those who may read the audit. */
export async function writesIn(
  points: readonly Point[],
  { startMs, endMs }: Span,
  signal: AbortSignal,
): Promise<Write[]> {
  const query = {
    action: 'write_tag',
    from_us: Math.round(startMs * 1000),
    to_us: Math.round(endMs * 1000),
    limit: WRITES_MAX,
  };
  const pages = await Promise.all(
    points.map(({ id }) => api.get<AuditPage>('audit', { ...query, target: id }, signal)),
  );
  return pages.flatMap(({ items }, at) =>
    items
      .filter(({ outcome }) => outcome === 'done')
      .map(({ time_us: timeUs, after, actor }) => ({
        timeMs: timeUs / 1000,
        text: [points[at]?.path, valueText(after), actor.name].filter(Boolean).join(' · '),
      })),
  );
}

/** Returns the value that was written, as the audit has it. */
function valueText(after: unknown): string {
  if (typeof after === 'object' && after !== null && 'value' in after)
    return valueText(after.value);
  return ['number', 'boolean', 'string'].includes(typeof after) ? `= ${String(after)}` : '';
}
