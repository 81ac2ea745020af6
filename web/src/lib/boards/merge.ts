/** Two people changed one dashboard: what both did, put together tile by tile. */
import { draftOf, plain, type Body, type Draft, type Group, type Tile } from './draft.ts';
import { settle } from './grid.ts';

export type Side = 'mine' | 'theirs';

/** Something that both changed in different ways. */
export interface Clash {
  /** Key of the tile or group; `dashboard` for the dashboard itself. */
  key: string;
  kind: 'tile' | 'group' | 'dashboard';
  /** The two states; null where it was deleted. */
  mine: object | null;
  theirs: object | null;
}

export interface Merged {
  draft: Draft;
  clashes: Clash[];
}

type Json = Record<string, unknown>;
type Placed = Tile & { group: string };

const text = (value: unknown): string => JSON.stringify(value) ?? '';
const isEqual = (a: unknown, b: unknown): boolean => text(a) === text(b);

/** Begins a draft of what they saved, with the keys of the base for what is the same thing. */
export function matched(base: Draft, theirs: Body): Draft {
  const draft = draftOf(theirs);
  const groupKeys = matchGroups(base.groups, draft.groups);
  const groups = draft.groups.map((group, at) => ({
    ...group,
    key: groupKeys[at] ?? group.key,
  }));
  return { ...draft, groups: withTileKeys(base, groups) };
}

function matchGroups(base: readonly Group[], theirs: readonly Group[]): (string | undefined)[] {
  const free = new Map(base.map((group) => [group.key, group]));
  const take = (found: Group | undefined): string | undefined => {
    if (found) free.delete(found.key);
    return found?.key;
  };
  const named = theirs.map((group) =>
    take([...free.values()].find((one) => one.name === group.name)),
  );
  return named.map((key, at) => {
    const there = base[at];
    return key ?? (there && free.has(there.key) ? take(there) : undefined);
  });
}

/** What tells that two tiles are the same one, from the surest sign to the weakest. */
const SIGNS: ((tile: Tile, group: string) => string | null)[] = [
  (tile, group) => text([group, plain(tile)]),
  (tile) => text({ ...plain(tile), x: 0, y: 0, w: 0, h: 0 }),
  ({ type, bindings, title }) => text([type, title, bindings.map(({ tag }) => tag)]),
  ({ bindings }) => (bindings.length > 0 ? text(bindings.map(({ tag }) => tag)) : null),
  ({ type, title }) => (title ? text([type, title]) : null),
  ({ x, y }, group) => text([group, x, y]),
];

function withTileKeys(base: Draft, groups: readonly Group[]): Group[] {
  const free = new Map(
    base.groups.flatMap(({ key, tiles }) => tiles.map((tile) => [tile.key, { tile, group: key }])),
  );
  const keys = new Map<string, string>();
  for (const sign of SIGNS) {
    const waiting = new Map<string, string[]>();
    for (const [key, { tile, group }] of free) {
      const said = sign(tile, group);
      if (said !== null) waiting.set(said, [...(waiting.get(said) ?? []), key]);
    }
    for (const group of groups) {
      for (const tile of group.tiles) {
        const said = keys.has(tile.key) ? null : sign(tile, group.key);
        const key = said === null ? undefined : waiting.get(said)?.shift();
        if (key === undefined) continue;
        keys.set(tile.key, key);
        free.delete(key);
      }
    }
  }
  return groups.map((group) => ({
    ...group,
    tiles: group.tiles.map((tile) => ({ ...tile, key: keys.get(tile.key) ?? tile.key })),
  }));
}

/** Returns one field of three states: of who changed it; `null` when both did, differently. */
function fieldOf(name: string, base: Json, mine: Json, theirs: Json): { value: unknown } | null {
  const [was, ours, other] = [base[name], mine[name], theirs[name]];
  if (isEqual(ours, was)) return { value: other };
  if (isEqual(other, was) || isEqual(ours, other)) return { value: ours };
  return null;
}

/** Puts the fields of two states together; returns whether some of them clash. */
function fields(base: Json, mine: Json, theirs: Json, side: Side): { out: Json; isClash: boolean } {
  const names = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
  const out: Json = {};
  let isClash = false;
  for (const name of names) {
    const found = fieldOf(name, base, mine, theirs);
    if (!found) isClash = true;
    const value = found ? found.value : (side === 'mine' ? mine : theirs)[name];
    if (value !== undefined) out[name] = value;
  }
  return { out, isClash };
}

/** A place is one field: half of mine and half of theirs would be nobody's. */
function packed({ x, y, w, h, group, ...rest }: Placed): Json {
  return { ...rest, place: { group, x, y, w, h } };
}

function unpacked({ place, ...rest }: Json): Placed {
  return { ...rest, ...(place as object) } as Placed;
}

type Sides = ReadonlyMap<string, Side>;

/** Decides one thing; what only one side has changed, made or deleted needs no question. */
function decide(
  states: { base?: Json; mine?: Json; theirs?: Json },
  side: Side,
): { out: Json | null; isClash: boolean } {
  const { base, mine, theirs } = states;
  if (!base) return { out: mine ?? theirs ?? null, isClash: false };
  if (mine && theirs) return fields(base, mine, theirs, side);
  const left = mine ?? theirs;
  if (!left || isEqual(left, base)) return { out: null, isClash: false };
  return { out: (side === 'mine' ? mine : theirs) ?? null, isClash: true };
}

const byKey = <T extends { key: string }>(list: readonly T[]): Map<string, T> =>
  new Map(list.map((one) => [one.key, one]));

const placedTiles = (draft: Draft): Placed[] =>
  draft.groups.flatMap((group) => group.tiles.map((tile) => ({ ...tile, group: group.key })));

interface Three {
  base: Draft;
  mine: Draft;
  theirs: Draft;
}

function mergeAll<T extends { key: string }>(
  lists: { base: T[]; mine: T[]; theirs: T[] },
  kind: Clash['kind'],
  sides: Sides,
  pack: (one: T) => Json,
): { all: Json[]; clashes: Clash[] } {
  const maps = { base: byKey(lists.base), mine: byKey(lists.mine), theirs: byKey(lists.theirs) };
  const clashes: Clash[] = [];
  const all: Json[] = [];
  for (const key of new Set([...maps.mine.keys(), ...maps.theirs.keys()])) {
    const [base, mine, theirs] = [maps.base.get(key), maps.mine.get(key), maps.theirs.get(key)];
    const { out, isClash } = decide(
      {
        ...(base && { base: pack(base) }),
        ...(mine && { mine: pack(mine) }),
        ...(theirs && { theirs: pack(theirs) }),
      },
      sides.get(key) ?? 'mine',
    );
    if (isClash) clashes.push({ key, kind, mine: mine ?? null, theirs: theirs ?? null });
    if (out) all.push(out);
  }
  return { all, clashes };
}

/** Mine when I changed the order of the groups, else theirs; those of one side stay there. */
function orderOf({ base, mine, theirs }: Three): string[] {
  const keys = (draft: Draft): string[] => draft.groups.map(({ key }) => key);
  const [was, ours] = [keys(base), keys(mine)];
  const isMoved = !isEqual(
    ours.filter((key) => was.includes(key)),
    was.filter((key) => ours.includes(key)),
  );
  const [first, second] = isMoved ? [mine, theirs] : [theirs, mine];
  return [...new Set([...keys(first), ...keys(second), ...was])];
}

const headOf = ({ groups: _groups, ...head }: Draft): Json => head;

/** Puts two drafts of one base together; `sides` says whose state is taken where they clash. */
export function merge(three: Three, sides: Sides): Merged {
  const { base, mine, theirs } = three;
  const tiles = mergeAll<Placed>(
    { base: placedTiles(base), mine: placedTiles(mine), theirs: placedTiles(theirs) },
    'tile',
    sides,
    packed,
  );
  const groups = mergeAll<Group>(
    { base: base.groups, mine: mine.groups, theirs: theirs.groups },
    'group',
    sides,
    ({ tiles: _tiles, ...head }) => head,
  );
  const head = fields(headOf(base), headOf(mine), headOf(theirs), sides.get('dashboard') ?? 'mine');
  const clash: Clash = {
    key: 'dashboard',
    kind: 'dashboard',
    mine: headOf(mine),
    theirs: headOf(theirs),
  };
  const placed = tiles.all.map(unpacked);
  return {
    draft: { ...head.out, groups: joined(three, groups.all, placed) } as Draft,
    clashes: [...(head.isClash ? [clash] : []), ...groups.clashes, ...tiles.clashes],
  };
}

/** A deleted group stays while a tile that somebody changed or made is in it. */
function joined(three: Three, heads: readonly Json[], placed: readonly Placed[]): Group[] {
  const found = new Map(heads.map((head) => [head['key'] as string, head]));
  const { mine, theirs, base } = three;
  const known = byKey([...base.groups, ...theirs.groups, ...mine.groups]);
  return orderOf(three).flatMap((key) => {
    const inside = placed.filter(({ group }) => group === key);
    const head = found.get(key) ?? (inside.length > 0 ? known.get(key) : undefined);
    if (!head) return [];
    const tiles = inside.map(({ group: _group, ...tile }) => tile as Tile);
    return [{ ...(head as Group), tiles: settle(tiles, new Set()) }];
  });
}

/** Counts what was changed between two drafts: tiles and groups made, changed and deleted. */
export function countChanges(before: Draft, after: Draft): number {
  const states = (draft: Draft): Map<string, string> =>
    new Map([
      ['dashboard', text(headOf(draft))],
      ...draft.groups.map(({ tiles: _tiles, ...head }) => [head.key, text(head)] as const),
      ...placedTiles(draft).map((tile) => [tile.key, text(packed(tile))] as const),
    ]);
  const [old, now] = [states(before), states(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key))
    .length;
}
