/** The raw log of a connection. */
import type { WireFrame, WireFrames } from './types.ts';

/** Returns the frames with their bytes in pairs, oldest first. */
export function wireEntries({ entries }: WireFrames): WireFrame[] {
  return entries.map((entry) => ({ ...entry, bytes: inPairs(entry.bytes) }));
}

function inPairs(bytes: string): string {
  if (!/^[0-9a-f]+$/i.test(bytes)) return bytes;
  return (bytes.match(/../g) ?? [bytes]).join(' ').toUpperCase();
}
