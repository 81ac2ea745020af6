/** How far back the history and the figures of alarms go, in hours. */
export const RANGES_H = [1, 8, 24, 168, 720] as const;

const KEYS = {
  1: 'range.60',
  8: 'range.480',
  24: 'range.1440',
  168: 'range.10080',
  720: 'range.43200',
} as const;

/** Returns the hours that an address asks for, a day when it asks for none. */
export function hoursOf(query: URLSearchParams): number {
  const asked = Number(query.get('hours'));
  return RANGES_H.find((hours) => hours === asked) ?? 24;
}

/** Returns the key of the words for a range, the same as those of charts. */
export function rangeKey(hours: (typeof RANGES_H)[number]): (typeof KEYS)[typeof hours] {
  return KEYS[hours];
}
