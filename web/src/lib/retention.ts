/** Retention policies: how long tiers of history are kept. */
import type { RetentionDays } from './api.gen.ts';

export const TIERS = ['raw', 'minute', 'five_minutes', 'hour', 'day', 'week'] as const;
export type Tier = (typeof TIERS)[number];

/** What a policy has that sets nothing: the server's own defaults. */
export const DAYS_DEFAULT: RetentionDays = {
  raw: 7,
  minute: 30,
  five_minutes: 30,
  hour: 90,
  day: 731,
  week: 731,
};

/** Returns the tiers that go before a finer one: then the finer one is kept without them. */
export function shorterThanFiner(days: RetentionDays): Tier[] {
  const ends = TIERS.map((tier) => days[tier] ?? Number.POSITIVE_INFINITY);
  return TIERS.filter((_, at) => 0 < at && (ends[at] ?? 0) < Math.max(...ends.slice(0, at)));
}
