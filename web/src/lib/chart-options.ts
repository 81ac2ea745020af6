/** Axes and ranges that all charts have in common. */
import type uPlot from 'uplot';
import { formatNumber, formatTick, stepDecimals } from './format.ts';
import { i18n } from './i18n.svelte.ts';

export const FONT = '12px system-ui, sans-serif';

export const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Returns the colour of `t1` to `t6`, or a colour itself. */
export const strokeOf = (color: string): string =>
  color.startsWith('#') ? color : token(`--${color}`);

/** Name of the scale of a unit. */
export const scaleOf = (unit: string): string => unit || '_';

function axisNumber(mark: number, marks: number[]): string {
  const step = Math.abs((marks[1] ?? 1) - (marks[0] ?? 0)) || 1;
  return 1e6 <= Math.abs(mark)
    ? mark.toExponential(1)
    : formatNumber(mark, i18n.locale, stepDecimals(step));
}

/** The axis of a unit: the first on the left and with lines, others on the right. */
export function valueAxis(unit: string, at: number, shown = 2): uPlot.Axis {
  return {
    scale: scaleOf(unit),
    side: at === 0 ? 3 : 1,
    show: at < shown,
    size: 54,
    gap: 4,
    font: FONT,
    stroke: () => token('--muted'),
    grid: { show: at === 0, stroke: () => token('--line'), width: 1 },
    ticks: { show: false },
    values: (_self, marks) => marks.map((mark) => axisNumber(mark, marks)),
    space: 32,
  };
}

export function timeAxis(): uPlot.Axis {
  return {
    font: FONT,
    stroke: () => token('--muted'),
    grid: { stroke: () => token('--line'), width: 1 },
    ticks: { show: false },
    size: 26,
    gap: 4,
    space: 76,
    values: (_self, marks) => {
      const stepMs = ((marks[1] ?? 60) - (marks[0] ?? 0)) * 1000;
      return marks.map((mark) => formatTick(mark * 1000, stepMs, i18n.locale));
    },
  };
}

/** Returns a range with some air above and below; a flat line stands in the middle. */
export function paddedRange(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const pad = low === high ? Math.max(1, Math.abs(low) * 0.05) : (high - low) * 0.06;
  return [low - pad, high + pad];
}
