/** What changed between two states of an object, place by place. */

export interface Change {
  /** Names on the way to the place, e.g. `settings.port`. */
  path: string;
  /** How it was and how it is, as text; null where there is nothing. */
  before: string | null;
  after: string | null;
}

/** Returns the places that differ; of an object that was made or deleted all of them. */
export function difference(before: unknown, after: unknown): Change[] {
  const [old, now] = [leaves(before), leaves(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((path) => ({ path, before: old.get(path) ?? null, after: now.get(path) ?? null }))
    .filter((change) => change.before !== change.after);
}

function leaves(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  collect(value, '', found);
  return found;
}

function collect(value: unknown, path: string, found: Map<string, string>): void {
  if (value === undefined || (value === null && path === '')) return;
  // What lies in a list has no name; short lists are read at one glance.
  if (value === null || typeof value !== 'object' || isPlainList(value)) {
    const isPlainText = typeof value === 'string' && value !== '';
    found.set(path, isPlainText ? value : JSON.stringify(value));
    return;
  }
  for (const [key, inner] of Object.entries(value))
    collect(inner, path ? `${path}.${key}` : key, found);
}

function isPlainList(value: object): boolean {
  return Array.isArray(value) && value.every((one) => one === null || typeof one !== 'object');
}
