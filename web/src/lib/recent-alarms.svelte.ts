/** What was raised in the last ten minutes, read again as news come and as time goes. */
import { alarms } from './alarms.svelte.ts';
import { raisedOf, repeatsOf, WINDOW_MS, type Repeats } from './alarm-recent.ts';
import { api } from './api.ts';
import type { AlarmJournalPage, AlarmReport, Entry } from './api.gen.ts';
import { live } from './live.svelte.ts';
import { resource } from './resource.svelte.ts';

/** After news, and without any: what is too old leaves by itself. */
const REST_MS = 3000;
const AGAIN_MS = 30_000;
/** Most entries of a page; of more only the newest are looked at. */
const ENTRIES_MAX = 1000;

export class RecentAlarms {
  private turn = $state(0);
  private timer = 0;
  private readonly found = resource((signal) => {
    void this.turn;
    return this.read(signal);
  });

  constructor() {
    $effect(() => {
      void alarms.changes;
      this.timer ||= window.setTimeout(() => {
        this.timer = 0;
        this.turn += 1;
      }, REST_MS);
    });
    $effect(() => {
      const again = window.setInterval(() => {
        if (!document.hidden) this.turn += 1;
      }, AGAIN_MS);
      return () => {
        window.clearInterval(again);
        window.clearTimeout(this.timer);
      };
    });
  }

  private async read(signal: AbortSignal): Promise<{ raised: Entry[]; count: number }> {
    const toUs = Math.round(live.serverNowMs() * 1000);
    const fromUs = toUs - WINDOW_MS * 1000;
    const query = { from_us: fromUs, state: 'unacknowledged', limit: ENTRIES_MAX };
    const page = await api.get<AlarmJournalPage>('alarms/journal', query, signal);
    const raised = raisedOf(page.items);
    if (!page.next_cursor) return { raised, count: raised.length };
    const range = { from_us: fromUs, to_us: toUs };
    const report = await api.get<AlarmReport>('alarms/statistics', range, signal);
    return { raised, count: report.load.events };
  }

  /** The entries by which alarms were raised; of very many the newest. */
  get raised(): readonly Entry[] {
    return this.found.data?.raised ?? [];
  }

  /** How many were raised. */
  get count(): number {
    return this.found.data?.count ?? 0;
  }

  /** The alarms that were raised more than once, by id. */
  readonly repeats: ReadonlyMap<string, Repeats> = $derived(repeatsOf(this.raised));
}
