/** Alarms of the tags of a chart on a dashboard, as marks over its lines. */
import type uPlot from 'uplot';
import { untrack } from 'svelte';
import { token } from '../lib/chart-options.ts';
import { live } from '../lib/live.svelte.ts';
import type { Point } from '../lib/plant.ts';
import type { Episode } from '../lib/trends/alarms.ts';
import { happenedIn, watchedOf } from '../lib/trends/read-alarms.ts';

/** Alarms are read again so often while a chart follows the present. */
const RENEW_MS = 15_000;
const BAND_PX = 4;
const SHAPES = ['', '▲', '◆', '●', '■'];

interface Shown {
  zoomed: { startMs: number; endMs: number } | null;
  rangeMs: number;
}

/** Reads the alarms of tags in what a chart shows, again and again; none where there is no tag. */
export function watchEpisodes(
  points: () => readonly Point[],
  shown: () => Shown,
  found: (episodes: Episode[]) => void,
): void {
  let turn = $state(0);
  const ids = $derived(
    points()
      .map(({ id }) => id)
      .join(),
  );
  const { zoomed, rangeMs } = $derived(shown());
  $effect(() => {
    if (ids === '') return undefined;
    const timer = window.setInterval(() => document.hidden || (turn += 1), RENEW_MS);
    return () => window.clearInterval(timer);
  });
  $effect(() => {
    void [turn, live.reconnects];
    if (ids === '') return untrack(() => found([]));
    const endMs = live.serverNowMs();
    const span = zoomed ?? { startMs: endMs - rangeMs, endMs };
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      const { rules } = await watchedOf(untrack(points), abort.signal);
      const { episodes } = await happenedIn(rules, span, abort.signal);
      if (!abort.signal.aborted) found(episodes);
    };
    // The lines stand without their marks; the next turn tries again.
    read().catch(() => undefined);
    return () => abort.abort();
  });
}

/** Draws a band at the top for each alarm, and a flag with its shape and number where it began. */
export function drawEpisodes(options: uPlot.Options, episodes: () => readonly Episode[]): void {
  const draw = (self: uPlot): void => {
    const { ctx, bbox } = self;
    const dpr = devicePixelRatio;
    const right = bbox.left + bbox.width;
    ctx.save();
    ctx.setLineDash([]);
    ctx.textAlign = 'left';
    ctx.textBaseline = 'top';
    ctx.font = `${11 * dpr}px system-ui, sans-serif`;
    for (const { startMs, endMs, priority } of episodes()) {
      const from = self.valToPos(startMs / 1000, 'x', true);
      const to = endMs === null ? right : self.valToPos(endMs / 1000, 'x', true);
      const [start, end] = [Math.max(bbox.left, from), Math.min(right, to)];
      if (right <= start || end <= bbox.left) continue;
      ctx.fillStyle = token(`--p${priority}`);
      ctx.fillRect(start, bbox.top, Math.max(3 * dpr, end - start), BAND_PX * dpr);
      if (from < bbox.left) continue;
      ctx.fillRect(from, bbox.top, 1.5 * dpr, bbox.height);
      const words = `${SHAPES[priority] ?? ''}${priority}`;
      const top = bbox.top + (BAND_PX + 2) * dpr;
      ctx.fillStyle = token('--panel');
      ctx.fillRect(from + 3 * dpr, top, ctx.measureText(words).width + 4 * dpr, 13 * dpr);
      ctx.fillStyle = token('--text');
      ctx.fillText(words, from + 5 * dpr, top + dpr);
    }
    ctx.restore();
  };
  options.hooks = { ...options.hooks, draw: [...(options.hooks?.draw ?? []), draw] };
}
