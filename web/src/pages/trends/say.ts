/** Values of lines at instants, in words. */
import type { Key } from '../../lib/i18n.keys.gen.ts';
import { formatNumber } from '../../lib/format.ts';
import type { Lane } from '../../lib/trends/lines.ts';
import type { Span } from '../../lib/trends/moves.ts';
import type { Pen } from './pens.ts';

export interface Say {
  locale: string;
  t: (key: Key, params?: Record<string, string | number>) => string;
}

/** Returns what lines do in a window: least, greatest and last value of each that has one. */
export function summaryText(
  pens: readonly Pen[],
  lanes: readonly Lane[],
  { startMs, endMs }: Span,
  { locale, t }: Say,
): string {
  const texts = pens.map((pen, at) => {
    const found = lanes[at]?.series.summary(startMs * 1000, endMs * 1000);
    if (!found) return '';
    const text = (value: number): string =>
      withUnit(formatNumber(value, locale, pen.point.decimals), pen);
    const { min, max, last } = found;
    const values = { min: text(min), max: text(max), last: text(last) };
    return t('chart.summary', { name: pen.point.name, ...values });
  });
  return texts.filter(Boolean).join('; ');
}

const at = (lane: Lane | undefined, timeMs: number) =>
  lane?.series.at(timeMs * 1000 - lane.shiftUs) ?? null;

const withUnit = (text: string, { point }: Pen): string => `${text} ${point.unit}`.trim();

/** Returns the value of a line at an instant, with its spread and what its samples are worth. */
export function laneText(
  pen: Pen,
  lane: Lane | undefined,
  timeMs: number,
  { locale, t }: Say,
): string {
  const value = at(lane, timeMs);
  const state = lane?.series.stateAt(timeMs * 1000 - lane.shiftUs);
  if (!value) return t(state === 'bad' ? 'trends.state.bad' : 'trends.no_value');
  const text = (number: number): string => formatNumber(number, locale, pen.point.decimals);
  const { min, max, mean } = value;
  const band = min === max ? '' : ` (${text(min)} – ${text(max)})`;
  const worth =
    state === 'bad' || state === 'uncertain' ? ` · ${t(`trends.state.${state}`)}` : '';
  return withUnit(`${text(mean)}${band}`, pen) + worth;
}

/** Returns how much greater the first is than the second, with its sign. */
export function differenceText(
  pen: Pen,
  [lane, timeMs]: [Lane | undefined, number],
  [other, otherMs]: [Lane | undefined, number],
  { locale }: Pick<Say, 'locale'>,
): string {
  const [one, two] = [at(lane, timeMs), at(other, otherMs)];
  if (!one || !two) return '–';
  const by = one.mean - two.mean;
  const sign = by < 0 ? '−' : '+';
  return withUnit(`${sign}${formatNumber(Math.abs(by), locale, pen.point.decimals)}`, pen);
}
