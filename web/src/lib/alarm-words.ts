/** Words for alarms that run, and for what became of them. */
import type { AlarmItem, Cause, State } from './api.gen.ts';
import { formatClock, formatDateTime, formatPlain } from './format.ts';
import { i18n, t, word } from './i18n.svelte.ts';
import { live } from './live.svelte.ts';

const DAY_MS = 86_400_000;

export const stateName = (state: State): string => t(`alarms.state.${state}`);
export const causeName = (cause: Cause): string => t(`alarms.cause.${cause}`);

/** Returns e.g. `1 · Critical`. */
export const priorityWords = (priority: number): string =>
  `${priority} · ${word(`alarm.priority.${priority}`, '')}`;

/** Returns the time of day, and the date where it is not today's. */
export function alarmTime(us: number): string {
  const ms = us / 1000;
  const format = DAY_MS < live.serverNowMs() - ms ? formatDateTime : formatClock;
  return us === 0 ? '–' : format(ms, i18n.locale);
}

function shown(value: unknown): string {
  if (typeof value === 'number') return formatPlain(Number(value.toPrecision(9)), i18n.locale);
  return value === null || value === undefined ? '–' : String(value);
}

/** Returns the value that an alarm was judged by, with its limit where it has one. */
export function quantityOf({
  value,
  limit,
  unit = '',
}: Partial<Pick<AlarmItem, 'value' | 'limit' | 'unit'>>): string {
  const text = shown(value);
  const limits = limit === null || limit === undefined ? '' : ` (${shown(limit)})`;
  return `${text}${limits}${unit ? ` ${unit}` : ''}`;
}
