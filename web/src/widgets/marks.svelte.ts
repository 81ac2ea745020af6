/** The alarms of tags, as tiles show them: one watch for all tiles of a tab. */
import type { AlarmItem } from '../lib/api.gen.ts';

/** Pause before what was not loaded is asked for again. */
const AGAIN_MS = 5_000;

let worst = $state.raw<ReadonlyMap<string, AlarmItem>>(new Map());
let watchers = 0;
let stop: (() => void) | null = null;

/** Returns the alarm of some tags that is the most urgent. */
export function markOf(tags: readonly string[]): AlarmItem | null {
  let first: AlarmItem | null = null;
  for (const tag of tags) {
    const item = worst.get(tag);
    if (item && (!first || item.priority < first.priority)) first = item;
  }
  return first;
}

/** Follows the alarms while a tile is there; returns how to stop. */
export function watchMarks(): () => void {
  watchers += 1;
  if (watchers === 1) start();
  return () => {
    watchers -= 1;
    if (watchers !== 0) return;
    stop?.();
    stop = null;
  };
}

/** What asks the hub is not needed for the first look at a dashboard; a lost hub is asked again. */
function start(): void {
  // The mark comes along, so that it can be drawn whenever an alarm has been read.
  Promise.all([import('./marks-source.svelte.ts'), import('./Mark.svelte')]).then(
    ([{ followAlarms }]) => {
      if (0 < watchers) stop ??= followAlarms((next) => (worst = next));
    },
    () => window.setTimeout(() => 0 < watchers && !stop && start(), AGAIN_MS),
  );
}
