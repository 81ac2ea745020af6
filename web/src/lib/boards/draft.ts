/**
 * A dashboard while it is edited. Groups and tiles have keys, because the server knows neither by
 * an id; every change makes a new draft that shares what did not change, so that undoing is free.
 */
import { bodyOf } from '../bodies.ts';
import type { Dashboard, Stored, Widget, WidgetGroup } from '../types.ts';
import { byPlace, firstFree, settle, type Size } from './grid.ts';

export type Tile = Widget & { key: string };
export type Group = Omit<WidgetGroup, 'widgets'> & { key: string; tiles: Tile[] };
export type Body = Omit<Dashboard, keyof Stored>;
export type Draft = Omit<Body, 'groups'> & { groups: Group[] };

/** What the server takes. */
export const GROUPS_MAX = 64;
export const TILES_MAX = 256;

export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** Returns a widget with a key of its own. */
export const keyed = (widget: Widget): Tile => ({ ...widget, key: newKey() });

/** Returns a tile as the API has it. */
export function plain({ key: _key, ...widget }: Tile): Widget {
  return widget;
}

/** Begins a draft; tiles stand in reading order, in which the keyboard goes through them. */
export function draftOf(board: Body): Draft {
  const body = bodyOf(board) as Body;
  const groups = body.groups.map(({ widgets, ...group }) => ({
    ...group,
    key: newKey(),
    tiles: settle([...widgets].sort(byPlace).map(keyed), new Set()),
  }));
  return { ...body, groups };
}

/** Returns a draft as the API takes it, groups and tiles at the same places in their lists. */
export function bodyOfDraft(draft: Draft): Body {
  const groups = draft.groups.map(({ key: _key, tiles, ...group }) => ({
    ...group,
    widgets: tiles.map(plain),
  }));
  return { ...draft, groups };
}

export const isSame = (a: Draft, b: Draft): boolean =>
  a === b || JSON.stringify(bodyOfDraft(a)) === JSON.stringify(bodyOfDraft(b));

export const tilesOf = (draft: Draft): Tile[] => draft.groups.flatMap(({ tiles }) => tiles);

export const groupOf = (draft: Draft, key: string): Group | undefined =>
  draft.groups.find(({ tiles }) => tiles.some((tile) => tile.key === key));

export const tileOf = (draft: Draft, key: string): Tile | undefined =>
  tilesOf(draft).find((tile) => tile.key === key);

/** Changes the tiles of groups; `change` returns its argument where nothing is to change. */
export function eachGroup(draft: Draft, change: (tiles: Tile[], group: Group) => Tile[]): Draft {
  const groups = draft.groups.map((group) => {
    const tiles = change(group.tiles, group);
    return tiles === group.tiles ? group : { ...group, tiles };
  });
  return { ...draft, groups };
}

/** Changes only the groups that hold one of `keys`. */
export function groupsWith(
  draft: Draft,
  keys: ReadonlySet<string>,
  change: (tiles: Tile[]) => Tile[],
): Draft {
  return eachGroup(draft, (tiles) =>
    tiles.some(({ key }) => keys.has(key)) ? change(tiles) : tiles,
  );
}

export function changeTiles(
  draft: Draft,
  keys: ReadonlySet<string>,
  change: (tile: Tile) => Tile,
): Draft {
  return groupsWith(draft, keys, (tiles) =>
    tiles.map((tile) => (keys.has(tile.key) ? change(tile) : tile)),
  );
}

export function removeTiles(draft: Draft, keys: ReadonlySet<string>): Draft {
  return groupsWith(draft, keys, (tiles) => tiles.filter(({ key }) => !keys.has(key)));
}

/** Adds tiles to a group: each at the first free cell, or all where they are. */
export function addTiles(
  draft: Draft,
  groupKey: string,
  tiles: readonly Tile[],
  isPlaced = false,
): Draft {
  return eachGroup(draft, (before, { key }) => {
    if (key !== groupKey) return before;
    if (isPlaced) return settle([...before, ...tiles], new Set(tiles.map((tile) => tile.key)));
    const all = [...before];
    for (const tile of tiles) all.push({ ...tile, ...firstFree(all, tile) });
    return all;
  });
}

/** Takes tiles out of their groups and puts them into another, their corner at a cell. */
export function moveTiles(
  draft: Draft,
  keys: ReadonlySet<string>,
  groupKey: string,
  cell: { x: number; y: number } | null,
): Draft {
  const moved = tilesOf(draft).filter(({ key }) => keys.has(key));
  const rest = removeTiles(draft, keys);
  if (!cell) return addTiles(rest, groupKey, moved);
  return addTiles(rest, groupKey, atCell(moved, cell), true);
}

/** Moves tiles together so that their corner is at a cell; those that would stand outside wrap. */
export function atCell(tiles: readonly Tile[], cell: { x: number; y: number }): Tile[] {
  const left = Math.min(...tiles.map(({ x }) => x));
  const top = Math.min(...tiles.map(({ y }) => y));
  return tiles.map((tile) => {
    const x = Math.max(0, Math.min(12 - tile.w, cell.x + tile.x - left));
    return { ...tile, x, y: Math.max(0, cell.y + tile.y - top) };
  });
}

/** Adds a group, at the end when no place is said. */
export function addGroup(draft: Draft, group: Group, at = draft.groups.length): Draft {
  return { ...draft, groups: draft.groups.toSpliced(at, 0, group) };
}

export const newGroup = (name: string): Group => ({
  key: newKey(),
  name,
  collapsed: false,
  tiles: [],
});

export function changeGroup(draft: Draft, key: string, change: Partial<Group>): Draft {
  const groups = draft.groups.map((group) => (group.key === key ? { ...group, ...change } : group));
  return { ...draft, groups };
}

export const removeGroup = (draft: Draft, key: string): Draft => ({
  ...draft,
  groups: draft.groups.filter((group) => group.key !== key),
});

/** Moves a group to a place in the list of groups. */
export function moveGroup(draft: Draft, key: string, to: number): Draft {
  const at = draft.groups.findIndex((group) => group.key === key);
  const place = Math.max(0, Math.min(draft.groups.length - 1, to));
  const group = draft.groups[at];
  if (!group || at === place) return draft;
  return { ...draft, groups: draft.groups.toSpliced(at, 1).toSpliced(place, 0, group) };
}

/** Returns copies of tiles, each free of the original's key. */
export const copiesOf = (tiles: readonly Tile[]): Tile[] => tiles.map((tile) => keyed(plain(tile)));

/** Returns why a group cannot take so many more tiles; nothing when it can. */
export const hasRoom = (group: Group, more: number): boolean =>
  group.tiles.length + more <= TILES_MAX;

export type { Size };
