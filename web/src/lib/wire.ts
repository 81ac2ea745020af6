/** The raw log of a connection. */
import type { WireEntry } from './types.ts';

export interface WireLogAnswer {
  enabled: boolean;
  entries?: WireEntry[];
  items?: WireEntry[];
}

/** Returns the frames with their bytes in pairs, oldest first. */
export function wireEntries({ entries, items }: WireLogAnswer): WireEntry[] {
  return (entries ?? items ?? []).map((entry) => ({ ...entry, bytes: inPairs(entry.bytes) }));
}

function inPairs(bytes: string): string {
  return /^[0-9a-f]+$/i.test(bytes) ? (bytes.match(/../g) ?? [bytes]).join(' ').toUpperCase() : bytes;
}
