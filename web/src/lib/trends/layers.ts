/** What is drawn over the lines of a trend: states, limits, the second mark, numbers of lines. */
import type uPlot from 'uplot';
import { scaleOf, token } from '../chart-options.ts';
import type { SpanState, StateSpan } from './series.ts';
import type { Episode, LimitLine } from './alarms.ts';

/** Height of a row of states, and the distance of lines of the hatch in it. */
const ROW_PX = 6;
const BADGE_PX = 14;
const SHAPES = ['', '▲', '◆', '●', '■'];

const dpr = (): number => window.devicePixelRatio || 1;

/** Draws with the canvas as it was before and after. */
function within(self: uPlot, paint: (ctx: CanvasRenderingContext2D) => void): void {
  self.ctx.save();
  // Axes and lines leave their ways of drawing behind.
  self.ctx.setLineDash([]);
  self.ctx.textAlign = 'left';
  self.ctx.textBaseline = 'alphabetic';
  paint(self.ctx);
  self.ctx.restore();
}

/** Slanted lines: close for bad samples, wide for uncertain ones, the other way for none. */
const HATCHES: Record<SpanState, { step: number; isRising: boolean; color: string }> = {
  bad: { step: 4, isRising: true, color: '--bad' },
  uncertain: { step: 9, isRising: true, color: '--bad' },
  gap: { step: 6, isRising: false, color: '--muted' },
};

function hatch(
  ctx: CanvasRenderingContext2D,
  box: { left: number; top: number; width: number; height: number },
  { step, isRising }: { step: number; isRising: boolean },
  width: number,
): void {
  const { left, top, height } = box;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, box.width, height);
  ctx.clip();
  ctx.beginPath();
  ctx.lineWidth = width * dpr();
  const each = step * dpr();
  // Lines of neighbours meet, wherever a stretch begins.
  for (let x = Math.floor((left - height) / each) * each; x < left + box.width; x += each) {
    ctx.moveTo(x, isRising ? top + height : top);
    ctx.lineTo(x + height, isRising ? top : top + height);
  }
  ctx.stroke();
  ctx.restore();
}

function pixels(self: uPlot, from: number, to: number): { left: number; width: number } {
  const { left: first, width } = self.bbox;
  const left = Math.max(first, self.valToPos(from, 'x', true));
  const right = Math.min(first + width, self.valToPos(to, 'x', true));
  return { left, width: Math.max(3 * dpr(), right - left) };
}

/** Draws a row for each line at the foot of the plot, with what its samples are worth. */
export function drawStates(self: uPlot, rows: readonly (readonly StateSpan[])[]): void {
  const { top, height } = self.bbox;
  const row = ROW_PX * dpr();
  within(self, (ctx) =>
    rows.forEach((spans, at) => {
      const y = top + height - row * (at + 1);
      for (const { from, to, state } of spans) {
        const { left, width } = pixels(self, from, to);
        const { color, ...lines } = HATCHES[state];
        ctx.strokeStyle = token(color);
        hatch(ctx, { left, width, top: y, height: row - dpr() }, lines, 1.2);
      }
    }),
  );
}

/** Hatches the whole height where no line at all has a value. */
export function drawEmpty(self: uPlot, rows: readonly (readonly StateSpan[])[]): void {
  const { top, height } = self.bbox;
  within(self, (ctx) => {
    ctx.strokeStyle = token('--hatch');
    for (const { from, to } of emptySpans(rows)) {
      const { left, width } = pixels(self, from, to);
      hatch(ctx, { left, width, top, height }, HATCHES.gap, 2);
    }
  });
}

/** Returns the times at which every row says that there is no value. */
export function emptySpans(
  rows: readonly (readonly StateSpan[])[],
): { from: number; to: number }[] {
  const [first = [], ...others] = rows;
  const missing = (spans: readonly StateSpan[]): { from: number; to: number }[] =>
    spans.filter(({ state }) => state !== 'uncertain');
  return others.reduce(
    (common, row) =>
      common.flatMap(({ from, to }) =>
        missing(row)
          .map((one) => ({ from: Math.max(from, one.from), to: Math.min(to, one.to) }))
          .filter((one) => one.from < one.to),
      ),
    missing(first),
  );
}

/** Draws limits of alarms as dotted lines, each with its marker and number. */
export function drawLimits(
  self: uPlot,
  limits: readonly LimitLine[],
  text: (limit: LimitLine) => string,
): void {
  const { left, top, width, height } = self.bbox;
  within(self, (ctx) => {
    ctx.font = `${11 * dpr()}px system-ui, sans-serif`;
    for (const limit of limits) {
      const y = self.valToPos(limit.value, scaleOf(limit.unit), true);
      if (!(top <= y && y <= top + height)) continue;
      ctx.strokeStyle = token(`--p${limit.priority}`);
      ctx.lineWidth = 1.5 * dpr();
      ctx.setLineDash([2 * dpr(), 4 * dpr()]);
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
      const words = `${SHAPES[limit.priority] ?? ''}${limit.priority} ${text(limit)}`;
      const isBelow = y - top < 18 * dpr();
      plate(ctx, words, left + 4 * dpr(), isBelow ? y + 13 * dpr() : y - 4 * dpr());
    }
  });
}

/** Writes words on the ground of the plot, so that lines do not run through them. */
function plate(ctx: CanvasRenderingContext2D, words: string, x: number, y: number): void {
  const { width } = ctx.measureText(words);
  ctx.fillStyle = token('--panel');
  ctx.fillRect(x - 2 * dpr(), y - 10 * dpr(), width + 4 * dpr(), 13 * dpr());
  ctx.fillStyle = token('--text');
  ctx.fillText(words, x, y);
}

/** Draws how long alarms were active as bars at the top, and a thin line where each began. */
export function drawEpisodes(self: uPlot, episodes: readonly Episode[], nowMs: number): void {
  const { left, top, width, height } = self.bbox;
  within(self, (ctx) => {
    ctx.strokeStyle = token('--fill');
    ctx.fillStyle = token('--fill');
    ctx.lineWidth = dpr();
    ctx.setLineDash([4 * dpr(), 4 * dpr()]);
    for (const { startMs, endMs } of episodes) {
      if (endMs !== null && self.valToPos(endMs / 1000, 'x', true) < left) continue;
      const bar = pixels(self, startMs / 1000, (endMs ?? nowMs) / 1000);
      if (bar.left < left + width) ctx.fillRect(bar.left, top, bar.width, 3 * dpr());
      const x = self.valToPos(startMs / 1000, 'x', true);
      if (x < left || left + width < x) continue;
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, top + height);
      ctx.stroke();
    }
  });
}

/** Draws the second mark: an upright line with a flag. */
export function drawMark(self: uPlot, markMs: number, word: string): void {
  const { left, top, width, height } = self.bbox;
  const x = self.valToPos(markMs / 1000, 'x', true);
  if (x < left || left + width < x) return;
  within(self, (ctx) => {
    ctx.strokeStyle = token('--text');
    ctx.lineWidth = 1.5 * dpr();
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.font = `600 ${11 * dpr()}px system-ui, sans-serif`;
    const flag = ctx.measureText(word).width + 8 * dpr();
    const isLeft = left + width < x + flag;
    ctx.fillStyle = token('--text');
    ctx.fillRect(isLeft ? x - flag : x, top, flag, 16 * dpr());
    ctx.fillStyle = token('--panel');
    ctx.fillText(word, (isLeft ? x - flag : x) + 4 * dpr(), top + 12 * dpr());
  });
}

/** Where a line ends, with its number and colour. */
export interface Badge {
  value: number;
  unit: string;
  number: number;
  color: string;
}

/** Returns places of badges from top to bottom, moved apart so that none covers another. */
export function apart(
  places: readonly number[],
  step: number,
  top: number,
  bottom: number,
): number[] {
  const order = places.map((_, at) => at).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const moved = [...places];
  let low = top;
  for (const at of order) {
    moved[at] = Math.max(low, places[at] ?? 0);
    low = (moved[at] ?? 0) + step;
  }
  let high = bottom;
  for (const at of order.reverse()) {
    moved[at] = Math.min(high, moved[at] ?? 0);
    high = (moved[at] ?? 0) - step;
  }
  return moved;
}

/** Draws the number of each line at its end: colours alone would not tell lines apart. */
export function drawNumbers(self: uPlot, badges: readonly Badge[]): void {
  const { left, top, width, height } = self.bbox;
  const size = BADGE_PX * dpr();
  const places = apart(
    badges.map(({ value, unit }) => self.valToPos(value, scaleOf(unit), true)),
    size + dpr(),
    top + size / 2,
    top + height - size / 2 - ROW_PX * dpr() * badges.length,
  );
  within(self, (ctx) => {
    ctx.font = `600 ${10 * dpr()}px system-ui, sans-serif`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    badges.forEach(({ number, color }, at) => {
      const [x, y] = [left + width - size / 2 - 2 * dpr(), places[at] ?? 0];
      ctx.fillStyle = token('--panel');
      ctx.strokeStyle = color;
      ctx.lineWidth = 1.5 * dpr();
      ctx.beginPath();
      ctx.rect(x - size / 2, y - size / 2, size, size);
      ctx.fill();
      ctx.stroke();
      ctx.fillStyle = token('--text');
      ctx.fillText(String(number), x, y + dpr() / 2);
    });
  });
}
