/** How far back the history and the figures of alarms go, in hours. */
export const RANGES_H = [1, 8, 24, 168, 720] as const;

/** Returns the hours that an address asks for, a day when it asks for none. */
export function hoursOf(query: URLSearchParams): number {
  const asked = Number(query.get('hours'));
  return RANGES_H.find((hours) => hours === asked) ?? 24;
}
