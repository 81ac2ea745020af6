/** Reads the open alarms again whenever there is news of them. */
import type { AlarmItem } from '../lib/api.gen.ts';
import { alarms } from '../lib/alarms.svelte.ts';
import { api } from '../lib/api.ts';
import type { Page } from '../lib/types.ts';

const MOST = 1000;

/** Returns the most urgent open alarm of each tag. */
export function worstOf(items: readonly AlarmItem[]): Map<string, AlarmItem> {
  const worst = new Map<string, AlarmItem>();
  for (const item of items) {
    const known = item.tag ? worst.get(item.tag) : undefined;
    if (item.tag && (!known || item.priority < known.priority)) worst.set(item.tag, item);
  }
  return worst;
}

/** Calls `take` with the open alarms by tag, now and after changes; returns how to stop. */
export function followAlarms(take: (worst: Map<string, AlarmItem>) => void): () => void {
  const leave = alarms.watch();
  const end = $effect.root(() => {
    $effect(() => {
      void alarms.changes;
      const abort = new AbortController();
      const query = { state: 'open', limit: MOST };
      api.get<Page<AlarmItem>>('alarms', query, abort.signal).then(
        ({ items }) => take(worstOf(items)),
        () => undefined, // The counters of the frame say that alarms cannot be read.
      );
      return () => abort.abort();
    });
  });
  return () => {
    end();
    leave();
  };
}
