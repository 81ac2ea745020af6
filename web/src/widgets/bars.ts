/** Order and sums of bars of newest values. */
import type { BarOptions } from '../lib/api.gen.ts';

/** Returns places in the order asked for; what has no value comes last. */
export function order(
  values: readonly (number | null)[],
  sort: BarOptions['sort'] = 'given',
): number[] {
  const places = values.map((_, at) => at);
  if (sort === 'given') return places;
  const turn = sort === 'ascending' ? 1 : -1;
  return places.sort((a, b) => {
    const [left, right] = [values[a] ?? null, values[b] ?? null];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return turn * (left - right) || a - b;
  });
}
