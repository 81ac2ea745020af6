/** The hierarchy of the plant as a list of what is seen, and the paths that a move changes. */
import type { Asset, Device, Tag } from './types.ts';

/** The levels of ISA-95, from the top. */
export const LEVELS = ['enterprise', 'site', 'area', 'line', 'cell', 'unit', 'other'] as const;

/** A row of the tree. */
export interface TreeRow {
  id: string;
  name: string;
  /** From 1. */
  depth: number;
  hasChildren: boolean;
  isOpen: boolean;
  /** Place among those of one parent, from 1, and how many those are. */
  place: number;
  count: number;
  parent: string | null;
  asset: Asset;
}

/** A path before and after. */
export interface PathMove {
  id: string;
  before: string;
  after: string;
}

/** Returns the assets below each asset, by name; those at the top are below `null`. */
export function byParent(assets: readonly Asset[]): Map<string | null, Asset[]> {
  const found = new Map<string | null, Asset[]>();
  for (const asset of assets) {
    const parent = asset.parent ?? null;
    found.set(parent, [...(found.get(parent) ?? []), asset]);
  }
  for (const list of found.values())
    list.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  return found;
}

/** Returns the rows of the tree that are seen while `open` assets are unfolded. */
export function treeRows(assets: readonly Asset[], open: ReadonlySet<string>): TreeRow[] {
  const below = byParent(assets);
  const rows: TreeRow[] = [];
  const walk = (parent: string | null, depth: number): void => {
    const list = below.get(parent) ?? [];
    list.forEach((asset, at) => {
      const hasChildren = below.has(asset.id);
      const isOpen = hasChildren && open.has(asset.id);
      rows.push({
        id: asset.id,
        name: asset.name,
        depth,
        hasChildren,
        isOpen,
        place: at + 1,
        count: list.length,
        parent,
        asset,
      });
      if (isOpen) walk(asset.id, depth + 1);
    });
  };
  walk(null, 1);
  return rows;
}

/** Returns an asset and all below it. */
export function withBelow(assets: readonly Asset[], id: string): Set<string> {
  const below = byParent(assets);
  const found = new Set<string>();
  const walk = (one: string): void => {
    found.add(one);
    for (const asset of below.get(one) ?? []) if (!found.has(asset.id)) walk(asset.id);
  };
  walk(id);
  return found;
}

/** Returns the assets above one, from the top. */
export function above(assets: readonly Asset[], id: string): string[] {
  const known = new Map(assets.map((asset) => [asset.id, asset]));
  const found: string[] = [];
  let at = known.get(id)?.parent ?? null;
  while (at !== null && !found.includes(at)) {
    found.unshift(at);
    at = known.get(at)?.parent ?? null;
  }
  return found;
}

const joined = (...parts: string[]): string => parts.filter(Boolean).join('/');

/** Returns how paths change when devices and tags are placed in an asset, or in none. */
export function moves(
  devices: readonly Device[],
  tags: readonly Tag[],
  target: Asset | null,
): PathMove[] {
  const place = target?.path ?? '';
  const ofDevices = devices.map(({ id, full_path, path }) => ({
    id,
    before: full_path,
    after: joined(place, path),
  }));
  const ofTags = tags.map(({ id, path, name }) => ({
    id,
    before: path,
    after: target ? joined(place, name) : '',
  }));
  return [...ofDevices, ...ofTags];
}

/** Returns a path below `before` as it stands below `after`. */
export function moved(path: string, before: string, after: string): string {
  return path === before || path.startsWith(`${before}/`)
    ? joined(after, path.slice(before.length + 1))
    : path;
}
