/** What can be undone: every state of a thing that is replaced and never changed in place. */

/** Changes of one field follow each other as one step while they come so fast. */
const MERGED_MS = 1500;

export interface Past<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** What the last change was made to, and when. */
  readonly last: { field: string; atMs: number } | null;
}

export const begin = <T>(present: T): Past<T> => ({
  past: [],
  present,
  future: [],
  last: null,
});

/** Makes a step; one to the same `field` soon after the last belongs to that. */
export function step<T>(all: Past<T>, next: T, field: string | null, nowMs: number): Past<T> {
  if (next === all.present) return all;
  const isMerged =
    field !== null && all.last?.field === field && nowMs - all.last.atMs < MERGED_MS;
  return {
    past: isMerged ? all.past : [...all.past, all.present],
    present: next,
    future: [],
    last: field === null ? null : { field, atMs: nowMs },
  };
}

export function undo<T>(all: Past<T>): Past<T> {
  const before = all.past.at(-1);
  if (before === undefined) return all;
  const future = [all.present, ...all.future];
  return { past: all.past.slice(0, -1), present: before, future, last: null };
}

export function redo<T>(all: Past<T>): Past<T> {
  const [next, ...future] = all.future;
  if (next === undefined) return all;
  return { past: [...all.past, all.present], present: next, future, last: null };
}
