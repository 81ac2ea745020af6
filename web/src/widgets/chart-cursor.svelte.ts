/** The cursor of a chart on a dashboard: one time on all charts of a group, with their values. */
import type uPlot from 'uplot';

export interface Reading {
  timeMs: number;
  /** The value of each pen; none where there is a gap. */
  values: (number | null)[];
}

const SYNC = 'tiles';
/** Charts of one section move together. */
const groupOf = (plot: uPlot | null): Element | null => plot?.root.closest('section') ?? null;

export class Cursor {
  /** What the cursor is on; none while it is elsewhere. */
  at = $state.raw<Reading | null>(null);
  /** Whether it was moved by keys, so that its values are to be said. */
  isSaid = $state(false);
  /** The plot that is drawn at present. */
  plot: uPlot | null = null;
  private lines = 1;
  private frame = 0;

  /** Adds itself to a plot before it is made; a pen has so many lines, its value is the last. */
  follow(options: uPlot.Options, lines: number): void {
    this.lines = lines;
    const isOfGroup = (_type: string, from: uPlot): boolean =>
      groupOf(from) === groupOf(this.plot);
    options.cursor = {
      show: true,
      y: false,
      points: { show: false },
      sync: { key: SYNC, filters: { sub: isOfGroup as never, pub: () => true } },
    };
    options.hooks = {
      ...options.hooks,
      init: [(self) => void (this.plot = self)],
      setCursor: [() => this.readSoon()],
      destroy: [() => cancelAnimationFrame(this.frame)],
    };
  }

  /** Moves it by so many points. */
  step(count: number): void {
    const [times, ...lines] = this.plot?.data ?? [];
    if (!this.plot || !times?.length) return;
    const { min = 0, max = 0 } = this.plot.scales['x'] ?? {};
    const first = times.findIndex((time) => (min ?? 0) <= time);
    const last = times.findLastIndex((time) => time <= (max ?? 0));
    const known = this.at ? this.plot.cursor.idx : null;
    const newest = Math.max(...lines.map((line) => line.findLastIndex((one) => one != null)));
    const next = Math.min(last, Math.max(first, known == null ? newest : known + count));
    this.isSaid = true;
    this.plot.setCursor({ left: this.plot.valToPos(times[next] ?? 0, 'x'), top: 1 });
  }

  /** Takes it off this chart and the others of the group. */
  leave(): void {
    this.isSaid = false;
    this.plot?.setCursor({ left: -10, top: -10 });
  }

  /** Charts move together many times in one frame; words are made once. */
  private readSoon(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => (this.at = this.read()));
  }

  private read(): Reading | null {
    const { plot } = this;
    const at = plot?.cursor.idx;
    if (!plot || at == null || (plot.cursor.left ?? -1) < 0) return null;
    const time = plot.data[0][at];
    if (time === undefined) return null;
    const pens = (plot.data.length - 1) / this.lines;
    // Null is a gap; between two samples there is nothing, and the line goes on.
    const value = (pen: number): number | null => {
      const line = plot.data[(pen + 1) * this.lines] ?? [];
      let place = at;
      while (0 < place && line[place] === undefined) place -= 1;
      return line[place] ?? null;
    };
    return { timeMs: time * 1000, values: Array.from({ length: pens }, (_, pen) => value(pen)) };
  }
}
