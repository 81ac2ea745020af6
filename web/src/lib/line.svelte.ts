/** The link that discovery asks, kept while the reader goes from page to page. */
import type { Line } from './discovery.ts';
import { prune } from './schema.ts';
import type { Schema, Settings } from './types.ts';

/** Stands in the address for settings that are not saved. */
export const UNSAVED = 'unsaved';

export const line = $state({
  settings: null as Settings | null,
  pauseMs: null as number | null,
  timeoutMs: null as number | null,
});

/** Returns the link as the server is told of it; nothing while there is none. */
export function lineOf(connection: string | null, schema: Schema | undefined): Line | null {
  const pace = {
    ...(line.pauseMs !== null && { pause_ms: line.pauseMs }),
    ...(line.timeoutMs !== null && { timeout_ms: line.timeoutMs }),
  };
  if (connection === null || connection === '') return null;
  if (connection !== UNSAVED) return { connection, ...pace };
  if (!schema || !line.settings) return null;
  return { settings: prune(schema, schema, $state.snapshot(line.settings)), ...pace };
}

/** What was typed into the forms of the page. */
export const forms = $state({
  unitId: 1 as number | null,
  units: { first: 1 as number | null, last: 247 as number | null, retries: 0 as number | null },
  registers: {
    tables: ['holding', 'input'],
    first: 0 as number | null,
    last: 9999 as number | null,
    maxRegisters: 125 as number | null,
    maxBits: 2000 as number | null,
    grain: 1 as number | null,
  },
  decode: {
    address: 'HR0',
    count: 20 as number | null,
    samples: 8 as number | null,
    everyMs: 1000 as number | null,
  },
  write: {
    address: '',
    value: null as number | null,
    min: null as number | null,
    max: null as number | null,
    expect: null as number | null,
    restores: true,
    isMultiple: false,
  },
  /** The query with which the page was left. */
  query: '',
});
