/** What a chart on a dashboard can have beside its lines: steps, limits, a second axis, alarms,
 * zoom, a cursor. */
import uPlot from 'uplot';
import type { Point } from '../lib/plant.ts';
import type { Episode } from '../lib/trends/alarms.ts';
import type { Widget } from '../lib/types.ts';
import { Cursor } from './chart-cursor.svelte.ts';
import { drawEpisodes, watchEpisodes } from './chart-events.svelte.ts';
import { zonesFor } from './limits.svelte.ts';
import type { Zone } from './zones.ts';

export interface Window {
  startMs: number;
  endMs: number;
}

export interface Extras {
  /** The window that a reader zoomed to. */
  readonly zoomed: Window | null;
  readonly extend: (options: uPlot.Options) => uPlot.Options;
  zoom: (window: Window | null) => void;
  readonly cursor: Cursor;
  /** Alarms that are marked. */
  readonly episodes: readonly Episode[];
}

const RIGHT = 'right';
/** Lines of one pen: its least, its greatest and its mean. */
const LINES = 3;
const DRAG_PX = 6;

const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function shape(options: uPlot.Options, style: string | undefined): void {
  if (style === undefined || style === 'line') return;
  const paths = style === 'step' ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  options.series.forEach((line, at) => {
    if (at === 0) return;
    if (paths) line.paths = paths;
    const { stroke } = line;
    if (style === 'area' && at % LINES === 0 && typeof stroke === 'function')
      line.fill = (self, place) => `${String(stroke(self, place))}30`;
  });
}

/** Moves pens to an axis of their own at the right; the units of the others keep theirs. */
function second(options: uPlot.Options, widget: Widget, points: readonly Point[]): void {
  const rights = points.map(
    ({ id }) => widget.bindings.find(({ tag }) => tag === id)?.right === true,
  );
  if (!rights.includes(true)) return;
  const { mode = 'auto', min, max } = widget.chart?.right ?? {};
  const first = points[rights.indexOf(true)];
  const [low, high] =
    mode === 'static' ? [min, max] : mode === 'tag' ? [first?.min, first?.max] : [];
  const isFixed = typeof low === 'number' && typeof high === 'number';
  const air = (from: number, to: number): [number, number] => {
    const pad = from === to ? Math.max(1, Math.abs(from) * 0.05) : (to - from) * 0.06;
    return [from - pad, to + pad];
  };
  options.scales = {
    ...options.scales,
    [RIGHT]: {
      range: (_self, from, to) =>
        isFixed ? [low, high] : from === null || to === null ? [0, 1] : air(from, to),
    },
  };
  rights.forEach((isRight, at) => {
    if (!isRight) return;
    for (const line of options.series.slice(1 + at * LINES, 1 + (at + 1) * LINES))
      line.scale = RIGHT;
  });
  const [time, left] = options.axes ?? [];
  if (!time || !left) return;
  const one = { ...left, scale: RIGHT, side: 1 as const, show: true, grid: { show: false } };
  options.axes = rights.includes(false)
    ? [time, { ...left, scale: scaleOf(points, rights), side: 3, show: true }, one]
    : [time, one];
  // Auto ranges are asked for again with the others.
  options.hooks = {
    ...options.hooks,
    setData: [
      ...(options.hooks?.setData ?? []),
      (self) => self.setScale(RIGHT, { min: null, max: null } as never),
    ],
  };
}

const scaleOf = (points: readonly Point[], rights: readonly boolean[]): string =>
  points[rights.indexOf(false)]?.unit || '_';

/** Draws limits as dashed lines in the colour of their priority. */
function limits(options: uPlot.Options, zones: readonly Zone[]): void {
  if (zones.length === 0) return;
  const draw = (self: uPlot): void => {
    const scale = self.series[LINES]?.scale;
    if (!scale) return;
    const { ctx, bbox } = self;
    ctx.save();
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const { from, to, priority } of zones) {
      const at = self.valToPos((from ?? to) as number, scale, true);
      if (at < bbox.top || bbox.top + bbox.height < at) continue;
      ctx.strokeStyle = token(`--p${priority}`);
      ctx.beginPath();
      ctx.moveTo(bbox.left, at);
      ctx.lineTo(bbox.left + bbox.width, at);
      ctx.stroke();
    }
    ctx.restore();
  };
  options.hooks = { ...options.hooks, draw: [...(options.hooks?.draw ?? []), draw] };
}

/** A drag zooms, two clicks go back. */
function drag(options: uPlot.Options, zoom: (window: Window | null) => void): void {
  options.cursor = {
    ...options.cursor,
    drag: { x: true, y: false, setScale: false },
    bind: { dblclick: () => () => (zoom(null), null) },
  };
  const selected = (self: uPlot): void => {
    const { left, width } = self.select;
    if (width < DRAG_PX) return;
    const at = (px: number): number => self.posToVal(px, 'x') * 1000;
    const window = { startMs: at(left), endMs: at(left + width) };
    self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    zoom(window);
  };
  options.hooks = { ...options.hooks, setSelect: [selected] };
}

/** Returns what a chart is extended by, and how to end following its limits. */
export function extrasFor(
  widget: () => Widget,
  points: () => Point[],
): { extras: Extras; end: () => void } {
  let zoomed = $state.raw<Window | null>(null);
  let extend = $state.raw((options: uPlot.Options) => options);
  let episodes = $state.raw<Episode[]>([]);
  const cursor = new Cursor();
  const zoom = (window: Window | null): void => void (zoomed = window);
  const end = $effect.root(() => {
    const asked = (): Widget =>
      widget().chart?.limits ? widget() : { ...widget(), limits: { source: 'none' } };
    const zones = zonesFor(asked, () => points()[0] as Point);
    const rangeMs = (): number => widget().trend.range_min * 60_000;
    watchEpisodes(
      () => (widget().chart?.events ? points() : []),
      () => ({ zoomed, rangeMs: rangeMs() }),
      (found) => {
        episodes = found;
        cursor.plot?.redraw(false);
      },
    );
    $effect(() => {
      const [one, shown, lines] = [widget(), points(), zones.now];
      extend = (options) => {
        shape(options, one.chart?.style);
        second(options, one, shown);
        if (one.chart?.limits) limits(options, lines);
        if (one.chart?.events) drawEpisodes(options, () => episodes);
        cursor.follow(options, LINES);
        if (one.chart?.zoom !== false) drag(options, zoom);
        return options;
      };
    });
  });
  const extras: Extras = {
    get zoomed() {
      return zoomed;
    },
    get extend() {
      return extend;
    },
    get episodes() {
      return episodes;
    },
    cursor,
    zoom,
  };
  return { extras, end };
}
