/** Which rows of a long table are on screen. */
import type { TableCells } from './cells.svelte.ts';

/** Browsers cannot lay out much more than this many pixels. */
const HEIGHT_MAX = 12_000_000;

export interface View {
  /** First row to render. */
  start: number;
  /** Row after the last to render. */
  end: number;
  /** Where the first rendered row stands, in pixels. */
  top: number;
  /** Height of the scrolled content, in pixels. */
  height: number;
}

/** Returns the rows to render for a scroll position; rows have a fixed height. */
export function view(
  scrollTop: number,
  viewport: number,
  rowHeight: number,
  total: number,
  overscan = 6,
): View {
  const full = total * rowHeight;
  const height = Math.min(full, HEIGHT_MAX);
  const reach = Math.max(1, height - viewport);
  const offset = Math.max(0, Math.min(scrollTop, reach));
  const scrolled = height < full ? (offset / reach) * (full - viewport) : offset;
  const start = Math.max(0, Math.floor(scrolled / rowHeight) - overscan);
  const end = Math.min(total, Math.ceil((scrolled + viewport) / rowHeight) + overscan);
  return {
    start: Math.min(start, end),
    end,
    top: start * rowHeight - (scrolled - offset),
    height,
  };
}

/** Returns the scroll position at which a row is fully seen; the present one when it already is. */
export function reveal(
  row: number,
  scrollTop: number,
  viewport: number,
  rowHeight: number,
): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return scrollTop + viewport < top + rowHeight ? top + rowHeight - viewport : scrollTop;
}

/** Returns how wide columns are at least, in pixels: below it they scroll. */
export const leastOf = (tracks: string): number =>
  [...tracks.matchAll(/(?:^|\s|\()(\d+)px/g)].reduce((sum, [, px]) => sum + Number(px), 0);

/** Keys that go to cells and open them; returns whether it was one. */
export function walks<T>(
  { key, ctrlKey, metaKey, altKey }: KeyboardEvent,
  cells: TableCells<T> | null,
  item: T | undefined,
  keys: readonly string[],
): boolean {
  if (!cells || ctrlKey || metaKey || altKey) return false;
  if (key === 'ArrowLeft' || key === 'ArrowRight')
    cells.move(key === 'ArrowLeft' ? -1 : 1, keys);
  else if ((key === 'Enter' || key === 'F2') && item)
    cells.start(item, cells.column || (keys[0] ?? ''));
  else return false;
  return true;
}
