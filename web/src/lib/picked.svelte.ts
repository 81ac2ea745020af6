/** Rows of a long list that the reader has picked, by mouse and by keyboard. */
import { untrack } from 'svelte';

export class Picked<T extends { id: string }> {
  /** The rows, by id; replaced, never changed. */
  items = $state.raw<ReadonlyMap<string, T>>(new Map());
  private anchor = 0;

  get size(): number {
    return this.items.size;
  }

  get list(): T[] {
    return [...this.items.values()];
  }

  has(id: string): boolean {
    return this.items.has(id);
  }

  clear(): void {
    this.items = new Map();
  }

  set(rows: readonly T[]): void {
    this.items = new Map(rows.map((row) => [row.id, row]));
  }

  /** Picks a row or lets it go; ranges begin at it. */
  toggle(row: T, at: number): void {
    const next = new Map(this.items);
    if (!next.delete(row.id)) next.set(row.id, row);
    this.items = next;
    this.anchor = at;
  }

  /** Picks all rows from the last one that was picked to this one. */
  reach(rows: readonly T[], at: number): void {
    const [from, to] = [Math.min(this.anchor, at), Math.max(this.anchor, at)];
    const next = new Map(this.items);
    for (const row of rows.slice(from, to + 1)) next.set(row.id, row);
    this.items = next;
  }

  /** A range begins here when the next move is one with shift. */
  start(at: number): void {
    this.anchor = at;
  }

  /** Takes over what was read anew, so that revisions are those seen. */
  renew(rows: readonly T[]): void {
    // What is picked is not what calls for it.
    const items = untrack(() => this.items);
    const fresh = rows.filter((row) => items.has(row.id) && items.get(row.id) !== row);
    if (fresh.length === 0) return;
    this.items = new Map([...items, ...fresh.map((row) => [row.id, row] as const)]);
  }
}
