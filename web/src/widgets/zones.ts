/** Limits of a tag as zones of a scale. */
import type { AlarmRule, WidgetLimits } from '../lib/api.gen.ts';

/** Values that are beyond a limit; an open end is nothing. */
export interface Zone {
  from: number | null;
  to: number | null;
  priority: number;
}

type Condition = AlarmRule['condition'];

const above = (limit: unknown, priority: number): Zone[] =>
  typeof limit === 'number' ? [{ from: limit, to: null, priority }] : [];
const below = (limit: unknown, priority: number): Zone[] =>
  typeof limit === 'number' ? [{ from: null, to: limit, priority }] : [];

/** Returns the zones of a condition; limits that are tags themselves have none. */
function zonesOfCondition(condition: Condition, priority: number): Zone[] {
  switch (condition.kind) {
    case 'high':
    case 'high_high':
      return above(condition.limit, priority);
    case 'low':
    case 'low_low':
      return below(condition.limit, priority);
    case 'range':
      return [...below(condition.low, priority), ...above(condition.high, priority)];
    default:
      return [];
  }
}

/** Returns the zones of alarm rules, the least urgent first, so that the others are drawn on it. */
export function zonesOfRules(rules: readonly AlarmRule[]): Zone[] {
  return rules
    .filter((rule) => rule.enabled !== false)
    .flatMap((rule) => zonesOfCondition(rule.condition, rule.priority))
    .sort((a, b) => b.priority - a.priority);
}

const INNER = 3;
const OUTER = 2;

/** Returns the zones of limits that a widget states itself. */
export function zonesOfOwn(limits: WidgetLimits): Zone[] {
  return [
    ...below(limits.low, INNER),
    ...above(limits.high, INNER),
    ...below(limits.low_low, OUTER),
    ...above(limits.high_high, OUTER),
  ];
}

/** Returns the most urgent zone that a value is in. */
export function zoneOf(zones: readonly Zone[], value: number): Zone | null {
  const hit = zones.filter(
    ({ from, to }) => (from === null || from <= value) && (to === null || value <= to),
  );
  return hit.at(-1) ?? null;
}
