/** The zones of a widget's first tag, read from where its limits come from. */
import { api } from '../lib/api.ts';
import { live } from '../lib/live.svelte.ts';
import type { Point } from '../lib/plant.ts';
import { resource } from '../lib/resource.svelte.ts';
import type { AlarmRule, Page, Widget } from '../lib/types.ts';
import { zonesOfOwn, zonesOfRules, type Zone } from './zones.ts';

const RULES_MAX = 100;

/** Returns the zones as state; none while they are not known, or cannot be read. */
export function zonesFor(widget: () => Widget, point: () => Point): { readonly now: Zone[] } {
  const source = $derived(widget().limits?.source ?? 'alarms');
  const id = $derived(point().id);
  const found = resource((signal) => {
    void live.generation;
    if (source !== 'alarms') return null;
    return api.get<Page<AlarmRule>>('alarm-rules', { tag: id, limit: RULES_MAX }, signal);
  });
  const zones = $derived.by(() => {
    if (source === 'none') return [];
    if (source === 'own') return zonesOfOwn(widget().limits ?? {});
    return zonesOfRules(found.data?.items ?? []);
  });
  return {
    get now() {
      return zones;
    },
  };
}
