/** Moves on the grid of a dashboard: neighbours move down, nothing ever overlaps. */
import type { Place } from '../layout.ts';

export const COLUMNS = 12;
/** Most rows of a tile. */
export const ROWS_MAX = 24;
/** Lowest row that a tile may start at; the server has no bound that a screen would reach. */
export const TOP_MAX = 999;
/** Pixels of a row and of the gap between rows and columns. */
export const ROW_PX = 64;
export const GAP_PX = 8;

/** A tile that is told from the others, wherever it is. */
export interface Keyed extends Place {
  key: string;
}

export interface Size {
  w: number;
  h: number;
}

const clamp = (value: number, min: number, max: number): number =>
  Math.min(Math.max(value, min), Math.max(min, max));

export const byPlace = (a: Place, b: Place): number => a.y - b.y || a.x - b.x;

const overlaps = (a: Place, b: Place): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Returns a place that lies on the grid whole. */
export function onGrid<T extends Place>(tile: T, min: Size = { w: 1, h: 1 }): T {
  const w = clamp(Math.round(tile.w), min.w, COLUMNS);
  const h = clamp(Math.round(tile.h), min.h, ROWS_MAX);
  const x = clamp(Math.round(tile.x), 0, COLUMNS - w);
  return { ...tile, x, y: clamp(Math.round(tile.y), 0, TOP_MAX), w, h };
}

/**
 * Moves tiles down until none overlaps.
 *
 * Those in `held` keep their places, all others make room in reading order. The tiles keep their
 * order in the list, and those that did not move stay the same objects.
 */
export function settle<T extends Keyed>(tiles: readonly T[], held: ReadonlySet<string>): T[] {
  const rank = (tile: T): number => (held.has(tile.key) ? 0 : 1);
  const order = [...tiles].sort((a, b) => rank(a) - rank(b) || byPlace(a, b));
  const placed = new Map<string, T>();
  for (const tile of order) {
    let { y } = tile;
    for (let hit = firstHit(placed, { ...tile, y }); hit; hit = firstHit(placed, { ...tile, y }))
      y = hit.y + hit.h;
    placed.set(tile.key, y === tile.y ? tile : { ...tile, y });
  }
  return tiles.map((tile) => placed.get(tile.key) ?? tile);
}

function firstHit<T extends Keyed>(placed: ReadonlyMap<string, T>, tile: T): T | undefined {
  for (const other of placed.values()) if (overlaps(other, tile)) return other;
  return undefined;
}

/** Moves tiles together by so many columns and rows, as far as the grid reaches. */
export function moveBy<T extends Keyed>(
  tiles: readonly T[],
  keys: ReadonlySet<string>,
  dx: number,
  dy: number,
): T[] {
  const moved = tiles.filter(({ key }) => keys.has(key));
  if (moved.length === 0) return [...tiles];
  const left = Math.min(...moved.map(({ x }) => x));
  const right = Math.max(...moved.map(({ x, w }) => x + w));
  const top = Math.min(...moved.map(({ y }) => y));
  const [byX, byY] = [clamp(dx, -left, COLUMNS - right), clamp(dy, -top, TOP_MAX - top)];
  const next = tiles.map((tile) =>
    keys.has(tile.key) ? { ...tile, x: tile.x + byX, y: tile.y + byY } : tile,
  );
  return settle(next, keys);
}

/** Makes tiles so many columns and rows larger, within the least size of each and the grid. */
export function resizeBy<T extends Keyed>(
  tiles: readonly T[],
  keys: ReadonlySet<string>,
  dw: number,
  dh: number,
  minOf: (tile: T) => Size,
): T[] {
  const next = tiles.map((tile) => {
    if (!keys.has(tile.key)) return tile;
    const min = minOf(tile);
    const w = clamp(tile.w + dw, Math.min(min.w, tile.w), COLUMNS - tile.x);
    const h = clamp(tile.h + dh, Math.min(min.h, tile.h), ROWS_MAX);
    return { ...tile, w, h };
  });
  return settle(next, keys);
}

/** Puts a tile at a place as it was typed, brought onto the grid. */
export function putAt<T extends Keyed>(
  tiles: readonly T[],
  key: string,
  place: Partial<Place>,
  min: Size,
): T[] {
  const next = tiles.map((tile) => (tile.key === key ? onGrid({ ...tile, ...place }, min) : tile));
  return settle(next, new Set([key]));
}

/** Returns the first cell, row by row, at which a tile of a size has room. */
export function firstFree(tiles: readonly Place[], { w, h }: Size): { x: number; y: number } {
  const wide = clamp(w, 1, COLUMNS);
  for (let y = 0; ; y += 1) {
    for (let x = 0; x + wide <= COLUMNS; x += 1) {
      const place = { x, y, w: wide, h };
      if (!tiles.some((other) => overlaps(other, place))) return { x, y };
    }
  }
}

/** Moves every tile up as far as there is room, in reading order. */
export function closeGaps<T extends Keyed>(tiles: readonly T[]): T[] {
  const placed: T[] = [];
  const found = new Map<string, T>();
  for (const tile of [...tiles].sort(byPlace)) {
    let { y } = tile;
    while (0 < y && !placed.some((other) => overlaps(other, { ...tile, y: y - 1 }))) y -= 1;
    const next = y === tile.y ? tile : { ...tile, y };
    placed.push(next);
    found.set(tile.key, next);
  }
  return tiles.map((tile) => found.get(tile.key) ?? tile);
}

/** Lets a tile change places with the one before or after it in reading order. */
export function swapBy<T extends Keyed>(tiles: readonly T[], key: string, step: 1 | -1): T[] {
  const order = [...tiles].sort(byPlace);
  const at = order.findIndex((tile) => tile.key === key);
  const [a, b] = [order[Math.min(at, at + step)], order[Math.max(at, at + step)]];
  if (at < 0 || !a || !b) return [...tiles];
  const isRow = a.y === b.y;
  const first = { ...b, x: isRow ? a.x : b.x, y: a.y };
  const second = isRow
    ? { ...a, x: b.x + b.w - a.w }
    : { ...a, y: Math.max(a.y + b.h, b.y + b.h - a.h) };
  const next = tiles.map((tile) =>
    tile.key === b.key ? first : tile.key === a.key ? second : tile,
  );
  return settle(next, new Set([b.key]));
}

/** Returns where a pointer is on a grid: the cell whose corner is nearest to a point. */
export function cellAt(
  point: { x: number; y: number },
  box: { left: number; top: number; width: number },
): { x: number; y: number } {
  const column = (box.width + GAP_PX) / COLUMNS;
  return {
    x: Math.round((point.x - box.left) / column),
    y: Math.round((point.y - box.top) / (ROW_PX + GAP_PX)),
  };
}
