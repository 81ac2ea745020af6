/** Places of tiles on a grid: nothing overlaps, whatever the width. */

export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

const overlaps = (a: Place, b: Place): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Moves tiles down until none overlaps; earlier ones (by row, then column) keep their place. */
export function settle<T extends Place>(tiles: readonly T[]): T[] {
  const order = tiles
    .map((_, at) => at)
    .sort((a, b) => byPlace(tiles[a] as T, tiles[b] as T) || a - b);
  const placed: T[] = [];
  const settled = [...tiles];
  for (const at of order) {
    const tile = { ...(tiles[at] as T) };
    for (let hit = first(placed, tile); hit; hit = first(placed, tile)) tile.y = hit.y + hit.h;
    placed.push(tile);
    settled[at] = tile;
  }
  return settled;
}

const first = <T extends Place>(placed: T[], tile: T): T | undefined =>
  placed.find((other) => overlaps(other, tile));

const byPlace = (a: Place, b: Place): number => a.y - b.y || a.x - b.x;

/**
 * Returns the tiles on a grid of fewer columns, in reading order, packed into rows.
 *
 * On six columns `w' = min(6, max(2, w))`; on two columns charts take the whole width.
 */
export function narrow<T extends Place>(
  tiles: readonly T[],
  columns: number,
  isWide: (tile: T) => boolean,
): T[] {
  if (columns === 12) return settle(tiles);
  const order = tiles
    .map((_, at) => at)
    .sort((a, b) => byPlace(tiles[a] as T, tiles[b] as T) || a - b);
  const placed = [...tiles];
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  for (const at of order) {
    const tile = tiles[at] as T;
    const w = isWide(tile) ? columns : widthOn(columns, tile.w);
    if (columns < x + w) {
      y += rowHeight;
      x = 0;
      rowHeight = 0;
    }
    placed[at] = { ...tile, x, y, w };
    x += w;
    rowHeight = Math.max(rowHeight, tile.h);
  }
  return placed;
}

function widthOn(columns: number, w: number): number {
  return columns === 2 ? (3 < w ? 2 : 1) : Math.min(columns, Math.max(2, w));
}

/** Returns the columns of a grid that is so many pixels wide. */
export function columnsFor(width: number): number {
  if (width < 480) return 2;
  return width < 720 ? 6 : 12;
}
