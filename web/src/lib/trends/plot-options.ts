/** How the chart of a trend is drawn: its axes, scales and lines, as uPlot takes them. */
import uPlot from 'uplot';
import {
  FONT,
  paddedRange,
  scaleOf,
  strokeOf,
  timeAxis,
  valueAxis,
} from '../chart-options.ts';
import type { Point } from '../plant.ts';
import { withLimits, type LimitLine } from './alarms.ts';
import type { Span } from './moves.ts';

const DASH = [7, 5];
/** Samples stand far enough apart to be seen as points. */
const POINT_PX = 12;

export interface Line {
  point: Pick<Point, 'unit' | 'dataType'>;
  color: string;
}

/** What is drawn. */
export interface Drawn {
  lines: readonly Line[];
  limits: readonly LimitLine[];
  /** Whether every line is there twice: now, and dashed from earlier. */
  hasEarlier: boolean;
  isNarrow: boolean;
}

/** What the chart asks for and tells of. */
export interface Asked {
  /** The window is to be moved with the mouse. */
  pan: (event: MouseEvent, over: HTMLElement) => void;
  cursor: (self: uPlot) => void;
  select: (self: uPlot) => void;
  /** Draws below and above the lines. */
  below: (self: uPlot) => void;
  above: (self: uPlot) => void;
}

export const unitsOf = (lines: readonly Line[]): string[] => [
  ...new Set(lines.map(({ point }) => point.unit)),
];

/** Whether only switches have a scale: it is off and on, whatever they did. */
const isSwitch = (lines: readonly Line[], unit: string): boolean =>
  lines.every(({ point }) => point.unit !== unit || point.dataType === 'bool');

function scale({ lines, limits }: Drawn, unit: string): uPlot.Scale {
  if (isSwitch(lines, unit)) return { range: () => [-0.06, 1.06] };
  const here = limits.filter((limit) => limit.unit === unit);
  return {
    range: (_self, low, high) =>
      low === null || high === null
        ? paddedRange(low, high)
        : paddedRange(...withLimits(low, high, here)),
  };
}

function axis({ lines, isNarrow }: Drawn, unit: string, at: number): uPlot.Axis {
  return {
    ...valueAxis(unit, at, isNarrow ? 2 : 8),
    ...(unit && { label: unit, labelSize: 18, labelGap: 0, labelFont: FONT }),
    side: at % 2 === 0 ? 3 : 1,
    ...(isSwitch(lines, unit) && { splits: () => [0, 1] }),
  };
}

function series({ point, color }: Line, isEarlier: boolean): uPlot.Series {
  return {
    scale: scaleOf(point.unit),
    stroke: () => strokeOf(color),
    width: isEarlier ? 1.25 : 1.5,
    ...(isEarlier && { dash: DASH }),
    ...(point.dataType === 'bool' && { paths: uPlot.paths.stepped?.({ align: 1 }) as never }),
    points: { show: isEarlier ? false : isSparse, size: 5 },
  };
}

/** Whether every sample is in sight and far enough from the next to be shown as a point. */
function isSparse(self: uPlot, at: number, first: number, last: number): boolean {
  const values = self.data[at]?.slice(first, last + 1) ?? [];
  const known = values.filter((value) => typeof value === 'number').length;
  return known * POINT_PX * (devicePixelRatio || 1) < self.bbox.width;
}

/** Returns the options of the chart in a box. */
export function plotOptions(box: HTMLElement, drawn: Drawn, asked: Asked): uPlot.Options {
  const { lines, hasEarlier } = drawn;
  const units = unitsOf(lines);
  const scales: uPlot.Scales = { x: { time: true, auto: false } };
  for (const unit of units) scales[scaleOf(unit)] = scale(drawn, unit);
  return {
    width: box.clientWidth || 300,
    height: box.clientHeight || 150,
    padding: [8, units.length > 1 ? 4 : 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      bind: {
        dblclick: () => () => null,
        mousedown: (self, _target, handler) => (event) => {
          if (!event.shiftKey || event.button !== 0) return handler(event);
          asked.pan(event, self.over);
          return null;
        },
      },
    },
    scales,
    series: [
      {},
      ...lines.map((line) => series(line, false)),
      ...(hasEarlier ? lines.map((line) => series(line, true)) : []),
    ],
    axes: [timeAxis(), ...units.map((unit, at) => axis(drawn, unit, at))],
    hooks: {
      setCursor: [asked.cursor],
      setSelect: [asked.select],
      drawAxes: [asked.below],
      draw: [asked.above],
    },
  };
}

/** Returns a chart of a window without a single value. */
export const blank = ({ startMs, endMs }: Span, count: number): uPlot.AlignedData =>
  [
    [startMs / 1000, endMs / 1000],
    ...Array.from({ length: count }, () => [null, null]),
  ] as unknown as uPlot.AlignedData;
