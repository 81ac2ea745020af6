/** Painting of live values straight into the page. */
import { OVERRIDE, qualityName, type Freshness } from './freshness.ts';
import { formatClock, formatSpan, formatValue } from './format.ts';
import { i18n, t } from './i18n.svelte.ts';
import { live } from './live.svelte.ts';
import type { Point } from './plant.ts';

const GLYPHS: Record<Freshness, string> = {
  good: '',
  late: '◷',
  stale: '◷',
  uncertain: '?',
  bad: '!',
  none: '',
};

export interface ValueOptions {
  point: Point;
  decimals?: number | null;
  showUnit?: boolean;
}

/** Returns `write` for texts other than the last: to write costs even where nothing changes. */
function changed(write: (text: string) => void): (text: string) => void {
  let last: string | null = null;
  return (text) => {
    if (text === last) return;
    last = text;
    write(text);
  };
}

/** Returns how to write the text of a part, which may be missing. */
function textOf(node: Element | null): (text: string) => void {
  return changed((text) => {
    if (node) node.textContent = text;
  });
}

/** Returns an attachment that keeps `.v`, `.u`, `.g` and `.age` of a `.live` element true. */
export function liveValue({
  point,
  decimals,
  showUnit = true,
}: ValueOptions): (node: HTMLElement) => () => void {
  return (node) => {
    const words = { yes: t('value.on'), no: t('value.off') };
    const locale = i18n.locale;
    const setValue = textOf(node.querySelector('.v'));
    const setUnit = textOf(node.querySelector('.u'));
    const setGlyph = textOf(node.querySelector('.g'));
    const setAge = textOf(node.querySelector('.age'));
    const setState = changed((state) => (node.dataset['state'] = state));
    const setHint = changed((text) => (node.title = text));
    const paint = (): void => {
      const { table } = live;
      const state = live.freshness(point.index, point.periodMs);
      const value = table.value(point.index);
      setState(state);
      setValue(
        state === 'none'
          ? '···'
          : state === 'bad'
            ? '–'
            : formatValue(value, locale, decimals ?? point.decimals, words),
      );
      setUnit(showUnit && state !== 'none' && typeof value !== 'boolean' ? point.unit : '');
      setGlyph(GLYPHS[state]);
      setAge(ageText(state, point.index, locale));
      setHint(hint(state, point.index, locale));
    };
    return watch(point.index, paint);
  };
}

/** Calls `paint` now, after changes of a tag and each second; returns how to stop. */
export function watch(index: number, paint: () => void): () => void {
  const stops = [live.table.listen(index, paint), live.onTick(paint)];
  paint();
  return () => stops.forEach((stop) => stop());
}

function ageText(state: Freshness, index: number, locale: string): string {
  if (state !== 'late' && state !== 'stale') return '';
  const timeMs = live.table.timeUs(index) / 1000;
  if (state === 'stale') return t('value.stale_since', { time: formatClock(timeMs, locale) });
  return formatSpan(live.serverNowMs() - timeMs, locale);
}

function hint(state: Freshness, index: number, locale: string): string {
  if (state === 'good') return '';
  const quality = live.table.quality(index);
  if (state === 'none') return t('value.never');
  const time = formatClock(live.table.timeUs(index) / 1000, locale);
  return `${qualityName(quality)} · ${time}`;
}

/** Whether the value of a tag was set by hand. */
export function isOverride(index: number): boolean {
  return (live.table.quality(index) & 0xffff_0000) >>> 0 === OVERRIDE;
}

const ORDER: Freshness[] = ['stale', 'bad', 'uncertain', 'late', 'none', 'good'];

/** Returns an attachment that marks a tile with the worst state of its tags. */
export function tileState(points: readonly Point[]): (node: HTMLElement) => () => void {
  return (node) => {
    const setHatch = changed((state) => (node.dataset['hatch'] = state));
    const paint = (): void => {
      const states = points.map((point) => live.freshness(point.index, point.periodMs));
      setHatch(ORDER.find((state) => states.includes(state)) ?? 'good');
    };
    const stops = points.map((point) => watch(point.index, paint));
    return () => stops.forEach((stop) => stop());
  };
}
