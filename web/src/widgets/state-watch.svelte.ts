/** The state of a tag as a tile shows it, changed only when what is shown changes. */
import type { StateOptions } from '../lib/api.gen.ts';
import type { Freshness } from '../lib/freshness.ts';
import { live } from '../lib/live.svelte.ts';
import { watch } from '../lib/paint.ts';
import type { Point } from '../lib/plant.ts';
import type { Scalar } from '../lib/types.ts';
import { shownState, type Shown } from './states.ts';

export interface StateNow extends Shown {
  /** The value, or nothing while it is not known. */
  value: Scalar | null;
  freshness: Freshness;
}

/** Calls `take` with the state of a tag, now and when it is another; returns how to stop. */
export function watchState(
  point: Point,
  states: StateOptions,
  take: (now: StateNow) => void,
): () => void {
  let before = '';
  return watch(point.index, () => {
    const freshness = live.freshness(point.index, point.periodMs);
    const isKnown = freshness !== 'none' && freshness !== 'bad';
    const value = isKnown ? live.table.value(point.index) : null;
    const key = `${freshness} ${typeof value} ${String(value)}`;
    if (key === before) return;
    before = key;
    const shown: Shown =
      value === null ? { text: '', symbol: 'outline', severity: 0 } : shownState(value, states);
    take({ ...shown, value, freshness });
  });
}
