/** The state of the editor of dashboards: the draft, its past, what is chosen, and what is done. */
import { t } from '../i18n.svelte.ts';
import { points, type Point } from '../plant.ts';
import type { Widget } from '../types.ts';
import { typeOf } from '../../widgets/types.ts';
import * as d from './draft.ts';
import type { Draft, Group, Tile } from './draft.ts';
import * as grid from './grid.ts';
import * as undo from './undo.ts';

type Keys = ReadonlySet<string>;
const NONE: Keys = new Set();

export const minOf = (tile: Pick<Widget, 'type'>): grid.Size =>
  typeOf(tile.type)?.min ?? { w: 1, h: 1 };

export class Editor {
  private all = $state.raw<undo.Past<Draft>>() as undo.Past<Draft>;
  /** What was saved last, from which the draft is told. */
  base = $state.raw<Draft>() as Draft;
  revision = $state(0);
  chosen = $state.raw<Keys>(NONE);
  /** What is said to who does not see the grid. */
  said = $state('');
  /** Points by tag, of all tags that the draft names. */
  points = $state.raw<ReadonlyMap<string, Point>>(new Map());
  /** Whether the points are those of the tags of now; before, a missing tag may be there. */
  isKnown = $state(false);

  readonly isDirty = $derived.by(() => !d.isSame(this.draft, this.base));
  readonly tags = $derived.by(() => [
    ...new Set(d.tilesOf(this.draft).flatMap(({ bindings }) => bindings.map(({ tag }) => tag))),
  ]);
  readonly chosenTiles = $derived.by(() =>
    d.tilesOf(this.draft).filter(({ key }) => this.chosen.has(key)),
  );

  constructor(
    readonly id: string,
    base: Draft,
    revision: number,
  ) {
    this.take(base, revision);
  }

  get draft(): Draft {
    return this.all.present;
  }

  /** Whether the dashboard is not on the server yet. */
  get isNew(): boolean {
    return this.revision === 0;
  }

  get canUndo(): boolean {
    return this.all.past.length > 0;
  }

  get canRedo(): boolean {
    return this.all.future.length > 0;
  }

  /** Begins anew with what is saved, with no past. */
  take(base: Draft, revision: number): void {
    this.all = undo.begin(base);
    this.base = base;
    this.revision = revision;
    this.chosen = NONE;
  }

  /** Takes what was saved as the new base; what was done before can still be undone. */
  saved(base: Draft, revision: number): void {
    this.base = base;
    this.revision = revision;
  }

  /** Takes up a draft of an earlier time, whose first step back is the base. */
  resume(draft: Draft, base: Draft, revision: number): void {
    this.take(base, revision);
    this.apply(draft);
  }

  apply(next: Draft, field: string | null = null): void {
    this.all = undo.step(this.all, next, field, Date.now());
    this.forget();
  }

  undo(): void {
    this.all = undo.undo(this.all);
    this.forget();
  }

  redo(): void {
    this.all = undo.redo(this.all);
    this.forget();
  }

  /** A tile that is gone is not chosen any more. */
  private forget(): void {
    const there = new Set(d.tilesOf(this.draft).map(({ key }) => key));
    if ([...this.chosen].some((key) => !there.has(key)))
      this.chosen = new Set([...this.chosen].filter((key) => there.has(key)));
  }

  /** Tags that were asked for; those that are gone are not asked for again and again. */
  private asked = new Set<string>();

  /** Reads the points of tags, of all of them or of those that are new to the draft. */
  async learn(tags: readonly string[], signal: AbortSignal, isAll: boolean): Promise<void> {
    // The first answer is on its way with all of them.
    if (!isAll && !this.isKnown) return;
    const wanted = isAll ? tags : tags.filter((tag) => !this.asked.has(tag));
    if (wanted.length > 0) {
      const found = await points(wanted, signal);
      if (signal.aborted) return;
      this.asked = new Set([...(isAll ? [] : this.asked), ...wanted]);
      this.points = isAll ? found : new Map([...this.points, ...found]);
    }
    this.isKnown = true;
  }

  // What is chosen.

  choose(key: string, isMore = false): void {
    if (!isMore) this.chosen = new Set([key]);
    else if (!this.chosen.has(key)) this.chosen = new Set([...this.chosen, key]);
    else this.chosen = new Set([...this.chosen].filter((one) => one !== key));
  }

  chooseAll(): void {
    this.chosen = new Set(d.tilesOf(this.draft).map(({ key }) => key));
  }

  chooseNone(): void {
    this.chosen = NONE;
  }

  /** The chosen tiles when this one is among them, else this one alone. */
  with(key: string): Keys {
    return this.chosen.has(key) ? this.chosen : new Set([key]);
  }

  // What is done with tiles.

  nudge(key: string, dx: number, dy: number): void {
    const keys = this.with(key);
    const moved = d.groupsWith(this.draft, keys, (tiles) => grid.moveBy(tiles, keys, dx, dy));
    this.apply(moved, `move ${[...keys]}`);
    this.sayPlace(key);
  }

  grow(key: string, dw: number, dh: number): void {
    const keys = this.with(key);
    const grown = d.groupsWith(this.draft, keys, (tiles) =>
      grid.resizeBy(tiles, keys, dw, dh, minOf),
    );
    this.apply(grown, `size ${[...keys]}`);
    this.sayPlace(key);
  }

  put(key: string, place: Partial<Record<'x' | 'y' | 'w' | 'h', number>>): void {
    const keys = new Set([key]);
    const tile = d.tileOf(this.draft, key);
    if (!tile) return;
    const put = d.groupsWith(this.draft, keys, (tiles) =>
      grid.putAt(tiles, key, place, minOf(tile)),
    );
    this.apply(put, `put ${key}`);
  }

  /** Lets a tile change places with its neighbour, as on a phone where only the order counts. */
  reorder(key: string, step: 1 | -1): void {
    const keys = new Set([key]);
    this.apply(d.groupsWith(this.draft, keys, (tiles) => grid.swapBy(tiles, key, step)));
    this.sayPlace(key);
  }

  change(keys: Keys, change: (tile: Tile) => Tile, field: string): void {
    this.apply(d.changeTiles(this.draft, keys, change), `${field} ${[...keys]}`);
  }

  /** Makes room for tiles that have grown by another change, as a part of that change. */
  resettle(keys: Keys): void {
    const next = d.groupsWith(this.draft, keys, (tiles) => grid.settle(tiles, keys));
    this.apply(next, `type ${[...keys]}`);
  }

  /** Gives all tiles the size of the first. */
  alike(keys: Keys): void {
    const first = d.tilesOf(this.draft).find(({ key }) => keys.has(key));
    if (!first) return;
    const { w, h } = first;
    const sized = d.groupsWith(this.draft, keys, (tiles) =>
      grid.settle(
        tiles.map((one) => (keys.has(one.key) ? grid.onGrid({ ...one, w, h }, minOf(one)) : one)),
        keys,
      ),
    );
    this.apply(sized);
  }

  remove(keys: Keys): void {
    this.apply(d.removeTiles(this.draft, keys));
    this.said = t('boards.said.removed', { n: keys.size });
  }

  /** Puts copies below their originals; returns the key of the first. */
  duplicate(keys: Keys): string | null {
    let next = this.draft;
    const made: string[] = [];
    for (const group of this.draft.groups) {
      const copies = d.copiesOf(group.tiles.filter(({ key }) => keys.has(key)));
      if (copies.length === 0) continue;
      if (!d.hasRoom(group, copies.length)) return null;
      next = d.addTiles(next, group.key, copies);
      made.push(...copies.map(({ key }) => key));
    }
    this.apply(next);
    this.chosen = new Set(made);
    if (made[0]) this.sayPlace(made[0]);
    return made[0] ?? null;
  }

  toGroup(keys: Keys, groupKey: string, cell: { x: number; y: number } | null = null): void {
    this.apply(d.moveTiles(this.draft, keys, groupKey, cell));
    const [first] = keys;
    if (first) this.sayPlace(first);
  }

  /** Moves tiles to the group before or after theirs. */
  toNextGroup(key: string, by: 1 | -1): void {
    const at = this.draft.groups.findIndex((group) => group === d.groupOf(this.draft, key));
    const next = this.draft.groups[at + by];
    if (next) this.toGroup(this.with(key), next.key);
  }

  /** Adds widgets to a group, chosen; without a group the first one, or a new one. */
  add(widgets: readonly Widget[], groupKey: string | null, isPlaced = false): string | null {
    const tiles = widgets.map(d.keyed);
    let next = this.draft;
    let group = next.groups.find(({ key }) => key === groupKey) ?? next.groups[0];
    if (!group) {
      group = d.newGroup(t('boards.group.first'));
      next = d.addGroup(next, group);
    }
    if (!d.hasRoom(group, tiles.length)) return null;
    this.apply(d.addTiles(next, group.key, tiles, isPlaced));
    this.chosen = new Set(tiles.map(({ key }) => key));
    const first = tiles[0]?.key ?? null;
    if (first) this.sayPlace(first);
    return first;
  }

  closeGaps(groupKey: string): void {
    this.apply(
      d.eachGroup(this.draft, (tiles, { key }) =>
        key === groupKey ? grid.closeGaps(tiles) : tiles,
      ),
    );
  }

  /** A tile was dropped by the pointer. */
  dropped(key: string): void {
    if (!this.chosen.has(key)) this.chosen = new Set([key]);
    this.sayPlace(key);
  }

  // What is done with groups.

  addGroup(): string | null {
    if (d.GROUPS_MAX <= this.draft.groups.length) return null;
    const group = d.newGroup(t('boards.group.new'));
    this.apply(d.addGroup(this.draft, group));
    return group.key;
  }

  changeGroup(key: string, change: Partial<Group>, field: string | null = null): void {
    this.apply(d.changeGroup(this.draft, key, change), field && `${field} ${key}`);
  }

  removeGroup(key: string): void {
    this.apply(d.removeGroup(this.draft, key));
  }

  moveGroup(key: string, to: number): void {
    this.apply(d.moveGroup(this.draft, key, to));
    const at = this.draft.groups.findIndex((group) => group.key === key);
    this.said = t('boards.said.group', {
      name: this.draft.groups[at]?.name ?? '',
      n: at + 1,
      all: this.draft.groups.length,
    });
  }

  rename(change: Partial<Pick<Draft, 'name' | 'order'>>): void {
    this.apply({ ...this.draft, ...change }, `dashboard ${Object.keys(change)}`);
  }

  // What is told of a tile.

  titleOf(tile: Tile): string {
    const first = tile.bindings[0];
    return tile.title || (first && this.points.get(first.tag)?.name) || t(typeOf(tile.type).title);
  }

  private sayPlace(key: string): void {
    const tile = d.tileOf(this.draft, key);
    if (!tile) return;
    const { x, y, w, h } = tile;
    this.said = t('boards.said.place', {
      name: this.titleOf(tile),
      column: x + 1,
      row: y + 1,
      w,
      h,
    });
  }
}
