/** Tiles on the clipboard: JSON that another dashboard, or another hub, can take. */
import type { Point } from '../plant.ts';
import type { Widget } from '../types.ts';
import { TYPES } from '../../widgets/types.ts';
import { plain, TILES_MAX, type Tile } from './draft.ts';
import { COLUMNS, ROWS_MAX, TOP_MAX } from './grid.ts';

const FORMAT = 'headworks_widgets';
const VERSION = 1;
/** More text than this is not looked at. */
const TEXT_MAX = 2_000_000;
const TAGS_MAX = 256;

/** A widget whose tags say their paths too, for hubs that know them by other ids. */
type Clip = Widget & { paths: (string | null)[] };

export type Read = { widgets: Clip[] } | { error: 'none' | 'version' | 'many' } | Wrong;
interface Wrong {
  error: 'wrong';
  /** Where in the text, and what is wrong there. */
  place: string;
}

export function writeClips(
  tiles: readonly Tile[],
  points: ReadonlyMap<string, Pick<Point, 'path'>>,
): string {
  const widgets = tiles.map((tile) => ({
    ...plain(tile),
    paths: tile.bindings.map(({ tag }) => points.get(tag)?.path ?? null),
  }));
  return `${JSON.stringify({ format: FORMAT, version: VERSION, widgets }, null, 2)}\n`;
}

/** Reads what `writeClips` wrote; anything else is named with its place. */
export function readClips(text: string): Read {
  if (TEXT_MAX < text.length) return { error: 'many' };
  let all: { format?: unknown; version?: unknown; widgets?: unknown } | null;
  try {
    all = JSON.parse(text) as typeof all;
  } catch {
    return { error: 'none' };
  }
  if (all?.format !== FORMAT || !Array.isArray(all.widgets)) return { error: 'none' };
  if (all.version !== VERSION) return { error: 'version' };
  if (all.widgets.length === 0) return { error: 'none' };
  if (TILES_MAX < all.widgets.length) return { error: 'many' };
  for (const [at, one] of all.widgets.entries()) {
    const wrong = wrongIn(one as Record<string, unknown> | null);
    if (wrong) return { error: 'wrong', place: `widgets/${at}/${wrong}` };
  }
  return { widgets: (all.widgets as Clip[]).map(whole) };
}

const isInt = (value: unknown, min: number, max: number): boolean =>
  Number.isInteger(value) && min <= (value as number) && (value as number) <= max;

/** Returns the first field that no widget could have. */
function wrongIn(one: Record<string, unknown> | null): string | null {
  if (one === null || typeof one !== 'object') return '';
  const { x, w, bindings } = one;
  const isOnGrid = isInt(x, 0, COLUMNS - 1) && isInt(w, 1, COLUMNS - (x as number));
  const checks: [string, boolean][] = [
    ['type', TYPES.some(({ type }) => type === one['type'])],
    ['title', one['title'] === undefined || typeof one['title'] === 'string'],
    ['x', isOnGrid],
    ['y', isInt(one['y'], 0, TOP_MAX)],
    ['h', isInt(one['h'], 1, ROWS_MAX)],
    ['bindings', Array.isArray(bindings) && bindings.length <= TAGS_MAX && bindings.every(isBound)],
    ...['trend', 'format', 'axis'].map(
      (name): [string, boolean] => [name, typeof one[name] === 'object' && one[name] !== null],
    ),
  ];
  return checks.find(([, isGood]) => !isGood)?.[0] ?? null;
}

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isBound = (one: unknown): boolean =>
  ID.test(String((one as { tag?: unknown } | null)?.tag));

function whole(clip: Clip): Clip {
  const paths = Array.isArray(clip.paths) ? clip.paths : [];
  return {
    ...clip,
    title: clip.title ?? '',
    paths: clip.bindings.map((_, at) => (typeof paths[at] === 'string' ? paths[at] : null)),
  };
}

/**
 * Returns the widgets with the tags that this hub has: by id, else by path. What it has neither way
 * stays, so that the tile shows that a tag is missing and can be bound to another.
 */
export function rebound(
  clips: readonly Clip[],
  known: ReadonlySet<string>,
  idOf: ReadonlyMap<string, string>,
): Widget[] {
  return clips.map(({ paths, ...widget }) => ({
    ...widget,
    bindings: widget.bindings.map((one, at) => {
      const id = known.has(one.tag) ? undefined : idOf.get(paths[at] ?? '');
      return id === undefined ? one : { ...one, tag: id };
    }),
  }));
}
