/** Dragging of tiles, their corners and groups by pointer: what would be, until it is dropped. */
import * as d from './draft.ts';
import type { Draft, Tile } from './draft.ts';
import { minOf, type Editor } from './editor.svelte.ts';
import * as grid from './grid.ts';

export type Kind = 'move' | 'size' | 'group' | 'new';

interface Drag {
  kind: Kind;
  key: string;
  pointer: number;
  /** Where the pointer went down, and how far that is from the corner of what is dragged. */
  from: { x: number; y: number };
  offset: { x: number; y: number };
  isMoving: boolean;
  /** Of a new tile: what will be there. */
  tile: Tile | null;
  where: string;
}

/** Where a group was when the drag began, on the page: its whole, and its cells unless folded. */
interface Seen {
  top: number;
  bottom: number;
  grid: { left: number; top: number; width: number } | null;
}

/** Less is a click with an unsteady hand. */
const STARTS_PX = 5;
/** So near the edge of the window the page scrolls. */
const EDGE_PX = 56;
const SCROLL_PX = 14;

export class Dragging {
  /** The draft as it would be after a drop now. */
  next = $state.raw<Draft | null>(null);
  /** What is being dragged. */
  keys = $state.raw<ReadonlySet<string>>(new Set());
  private drag: Drag | null = null;
  private at = { x: 0, y: 0 };
  private frame = 0;
  private root: HTMLElement | null = null;
  /**
   * Groups grow while a tile is dragged through them; what the pointer is over is told by where
   * they were, else a group would grow away before the pointer.
   */
  private seen: ReadonlyMap<string, Seen> = new Map();
  private readonly grids = new Map<string, HTMLElement>();
  private readonly sections = new Map<string, HTMLElement>();

  constructor(private readonly editor: Editor) {}

  /** Attaches to the element that holds all groups, and takes the pointer while dragging. */
  readonly board = (node: HTMLElement): (() => void) => {
    this.root = node;
    const onkeydown = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || !this.drag?.isMoving) return;
      event.preventDefault();
      event.stopPropagation();
      this.end(false);
    };
    const onmove = (event: PointerEvent): void => this.move(event);
    const onup = (event: PointerEvent): void => this.up(event, true);
    const oncancel = (event: PointerEvent): void => this.up(event, false);
    window.addEventListener('pointermove', onmove);
    window.addEventListener('pointerup', onup);
    window.addEventListener('pointercancel', oncancel);
    window.addEventListener('keydown', onkeydown, true);
    return () => {
      this.end(false);
      window.removeEventListener('pointermove', onmove);
      window.removeEventListener('pointerup', onup);
      window.removeEventListener('pointercancel', oncancel);
      window.removeEventListener('keydown', onkeydown, true);
    };
  };

  grid(key: string): (node: HTMLElement) => () => void {
    return (node) => this.register(this.grids, key, node);
  }

  section(key: string): (node: HTMLElement) => () => void {
    return (node) => this.register(this.sections, key, node);
  }

  private register(map: Map<string, HTMLElement>, key: string, node: HTMLElement): () => void {
    map.set(key, node);
    return () => {
      if (map.get(key) === node) map.delete(key);
    };
  }

  get isMoving(): boolean {
    return this.next !== null;
  }

  /** Begins to drag; nothing happens before the pointer has moved a little. */
  start(event: PointerEvent, kind: Kind, key: string, tile: Tile | null = null): void {
    if (event.button !== 0 || this.drag) return;
    const box = this.boxOf(event.currentTarget as Element, kind);
    const from = { x: event.clientX, y: event.clientY };
    const offset = { x: from.x - box.left, y: from.y - box.top };
    this.drag = {
      kind,
      key,
      tile,
      pointer: event.pointerId,
      from,
      offset,
      isMoving: false,
      where: '',
    };
  }

  private boxOf(element: Element, kind: Kind): DOMRect {
    const holder = kind === 'new' ? element : element.closest('[data-cell], section');
    return (holder ?? element).getBoundingClientRect();
  }

  private move(event: PointerEvent): void {
    const { drag } = this;
    if (!drag || event.pointerId !== drag.pointer) return;
    this.at = { x: event.clientX, y: event.clientY };
    if (!drag.isMoving) {
      const far = Math.hypot(this.at.x - drag.from.x, this.at.y - drag.from.y);
      if (far < STARTS_PX) return;
      drag.isMoving = true;
      this.seen = this.measure();
      this.root?.setPointerCapture(drag.pointer);
      this.keys = drag.kind === 'move' ? this.editor.with(drag.key) : new Set([drag.key]);
      this.scroll();
    }
    this.look();
  }

  private up(event: PointerEvent, isDropped: boolean): void {
    if (this.drag && event.pointerId === this.drag.pointer) this.end(isDropped);
  }

  private end(isDropped: boolean): void {
    const { drag, next } = this;
    cancelAnimationFrame(this.frame);
    if (drag?.isMoving && this.root?.hasPointerCapture(drag.pointer))
      this.root.releasePointerCapture(drag.pointer);
    this.drag = null;
    this.next = null;
    this.keys = new Set();
    if (!drag?.isMoving || !next || !isDropped) return;
    this.editor.apply(next);
    if (drag.kind !== 'group') this.editor.dropped(drag.key);
  }

  /** Near the edges of the window the page moves under the pointer. */
  private scroll(): void {
    this.frame = requestAnimationFrame(() => {
      if (!this.drag?.isMoving) return;
      const { y } = this.at;
      const by = y < EDGE_PX * 2 ? -SCROLL_PX : window.innerHeight - EDGE_PX < y ? SCROLL_PX : 0;
      if (by !== 0) {
        window.scrollBy(0, by);
        this.look();
      }
      this.scroll();
    });
  }

  /** Works out what would be after a drop here, when that is another cell than before. */
  private look(): void {
    const { drag } = this;
    if (!drag) return;
    if (drag.kind === 'group') this.lookAtGroups(drag);
    else if (drag.kind === 'size') this.lookAtSize(drag);
    else this.lookAtCell(drag);
  }

  private measure(): Map<string, Seen> {
    const { scrollX, scrollY } = window;
    return new Map(
      [...this.sections].map(([key, node]) => {
        const { top, bottom } = node.getBoundingClientRect();
        const cells = this.grids.get(key)?.getBoundingClientRect();
        const at = cells && {
          left: cells.left + scrollX,
          top: cells.top + scrollY,
          width: cells.width,
        };
        return [key, { top: top + scrollY, bottom: bottom + scrollY, grid: at ?? null }];
      }),
    );
  }

  /** The pointer on the page, however far that was scrolled. */
  private get onPage(): { x: number; y: number } {
    return { x: this.at.x + window.scrollX, y: this.at.y + window.scrollY };
  }

  private isNew(drag: Drag, where: string): boolean {
    const isNew = drag.where !== where;
    drag.where = where;
    return isNew;
  }

  private lookAtGroups(drag: Drag): void {
    const others = this.editor.draft.groups.filter(({ key }) => key !== drag.key);
    const to = others.filter(({ key }) => {
      const seen = this.seen.get(key);
      return seen && (seen.top + seen.bottom) / 2 < this.onPage.y;
    }).length;
    if (this.isNew(drag, String(to))) this.next = d.moveGroup(this.editor.draft, drag.key, to);
  }

  private lookAtSize(drag: Drag): void {
    const { draft } = this.editor;
    const [tile, group] = [d.tileOf(draft, drag.key), d.groupOf(draft, drag.key)];
    const box = group && this.seen.get(group.key)?.grid;
    if (!tile || !box) return;
    const corner = { x: this.onPage.x + grid.GAP_PX, y: this.onPage.y + grid.GAP_PX };
    const end = grid.cellAt(corner, box);
    const [dw, dh] = [end.x - tile.x - tile.w, end.y - tile.y - tile.h];
    if (!this.isNew(drag, `${dw} ${dh}`)) return;
    const keys = new Set([drag.key]);
    this.next = d.groupsWith(draft, keys, (tiles) => grid.resizeBy(tiles, keys, dw, dh, minOf));
  }

  private lookAtCell(drag: Drag): void {
    const { x, y } = this.onPage;
    const target = this.targetOf(y);
    if (!target) return;
    const box = this.seen.get(target)?.grid;
    const offset = drag.kind === 'new' ? { x: 12, y: 12 } : drag.offset;
    const corner = { x: x - offset.x, y: y - offset.y };
    const cell = box ? grid.cellAt(corner, box) : null;
    if (!this.isNew(drag, cell ? `${target} ${cell.x} ${cell.y}` : target)) return;
    this.next = drag.tile
      ? this.withNew(drag.tile, target, cell)
      : this.withMoved(drag.key, target, cell);
  }

  private withNew(tile: Tile, target: string, cell: { x: number; y: number } | null): Draft {
    const { draft } = this.editor;
    return cell
      ? d.addTiles(draft, target, [grid.onGrid({ ...tile, ...cell })], true)
      : d.addTiles(draft, target, [tile]);
  }

  private withMoved(key: string, target: string, cell: { x: number; y: number } | null): Draft {
    const { draft } = this.editor;
    const keys = this.editor.with(key);
    const anchor = d.tileOf(draft, key);
    const home = draft.groups.find((group) => group.key === target);
    if (!anchor || !home) return draft;
    const isHome = [...keys].every((one) => home.tiles.some((tile) => tile.key === one));
    if (!cell) return d.moveTiles(draft, keys, target, null);
    if (isHome)
      return d.groupsWith(draft, keys, (tiles) =>
        grid.moveBy(tiles, keys, cell.x - anchor.x, cell.y - anchor.y),
      );
    const moved = d.tilesOf(draft).filter((tile) => keys.has(tile.key));
    const left = Math.min(...moved.map(({ x }) => x));
    const top = Math.min(...moved.map(({ y }) => y));
    return d.moveTiles(draft, keys, target, {
      x: Math.max(0, cell.x - anchor.x + left),
      y: Math.max(0, cell.y - anchor.y + top),
    });
  }

  /** Returns the group that was at a height of the page, or the nearest. */
  private targetOf(y: number): string | null {
    let found: string | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const [key, { top, bottom }] of this.seen) {
      const far = y < top ? top - y : bottom < y ? y - bottom : 0;
      if (far < least) [found, least] = [key, far];
    }
    return found;
  }
}
