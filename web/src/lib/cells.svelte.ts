/** Cells of a table that are edited in place; what was typed is saved later, as one change. */
import { applyEdits, type EditRow } from './edits.ts';
import { parseNumber } from './format.ts';
import { t } from './i18n.svelte.ts';
import { guardLeave } from './router.svelte.ts';
import { Trial } from './trial.svelte.ts';

/** A column whose cells may be edited. */
export interface CellField<T> {
  /** Key of the column. */
  key: string;
  /** The field that is patched. */
  field: string;
  label: string;
  /** What may be chosen; anything may be typed where it is absent. */
  choices?: readonly string[];
  isNumber?: boolean;
  text: (item: T) => string;
  /** Returns what is sent for a text. */
  value: (text: string) => unknown;
  /** Whether the field means something to a row. */
  applies?: (item: T) => boolean;
  /** Whether the text of a row has lines. */
  hasLines?: (item: T) => boolean;
  /** Returns why a text cannot be; nothing where only the server knows. */
  problem?: (text: string) => string;
}

interface Row {
  id: string;
  revision: number;
  path: string;
}

/** One cell that was changed. */
export interface CellChange<T> {
  item: T;
  field: CellField<T>;
  before: string;
  after: string;
}

/** What a table has to know of cells that can be edited. */
export interface TableCells<T> {
  column: string;
  isOpen: (id: string, key: string) => boolean;
  changeOf: (id: string, key: string) => CellChange<T> | null;
  problemOf: (id: string, key: string) => string;
  start: (item: T, key: string) => boolean;
  move: (step: number, keys: readonly string[]) => void;
  paste: (text: string, items: readonly T[], row: number, keys: readonly string[]) => number;
}

type Rows<T> = readonly (readonly CellChange<T>[])[];

/** Returns an edit for each row: its object with the fields that were changed. */
function patches<T extends Row>(rows: Rows<T>): EditRow[] {
  return rows.flatMap((cells) => {
    const [first] = cells;
    if (!first) return [];
    const { id, revision } = first.item;
    const patch = cells.map(({ field, after }) => [field.field, field.value(after)]);
    return [{ op: 'patch' as const, id, revision, patch: Object.fromEntries(patch) }];
  });
}

export class Cells<T extends Row> implements TableCells<T> {
  /** Column of the active cell. */
  column = $state('');
  open = $state.raw<{ id: string; key: string } | null>(null);
  /** What stands in the open cell. */
  text = $state('');
  isBusy = $state(false);
  private changed = $state.raw<ReadonlyMap<string, readonly CellChange<T>[]>>(new Map());
  private readonly byKey: Map<string, CellField<T>>;

  /** The rows that were changed, in the order in which that was begun. */
  readonly rows: Rows<T> = $derived([...this.changed.values()]);
  readonly edits: readonly EditRow[] = $derived.by(() => this.asEdits(this.rows));
  /** How many cells were changed. */
  readonly count: number = $derived(this.rows.reduce((sum, cells) => sum + cells.length, 0));
  /** Says of every row whether it would be taken. */
  readonly trial: Trial;

  /** `asEdits` makes edits of what was changed, where rows are not objects of their own. */
  constructor(
    fields: readonly CellField<T>[],
    private readonly asEdits: (rows: Rows<T>) => readonly EditRow[] = patches,
  ) {
    this.byKey = new Map(fields.map((field) => [field.key, field]));
    this.trial = new Trial(() => this.edits);
    $effect(() => guardLeave(() => 0 < this.count, t('form.leave')));
  }

  fieldOf(key: string): CellField<T> | null {
    return this.byKey.get(key) ?? null;
  }

  isOpen(id: string, key: string): boolean {
    return this.open?.id === id && this.open.key === key;
  }

  /** Returns what was typed into a cell; nothing where it is as it was. */
  changeOf(id: string, key: string): CellChange<T> | null {
    return this.changed.get(id)?.find(({ field }) => field.key === key) ?? null;
  }

  /** Returns why a cell is not taken. */
  problemOf(id: string, key: string): string {
    const after = this.changeOf(id, key)?.after ?? '';
    if (after !== '' && this.byKey.get(key)?.isNumber && parseNumber(after) === null)
      return t('cells.no_number', { text: after });
    const own = this.byKey.get(key)?.problem?.(after);
    if (own || this.asEdits !== patches) return own ?? '';
    const at = [...this.changed.keys()].indexOf(id);
    const said = this.trial.problems.get(at);
    const field = this.byKey.get(key)?.field;
    if (!said || !field) return '';
    const its = said.split('; ').filter((part) => part.startsWith(`${field}: `));
    const isNamed = [...this.byKey.values()].some((one) => said.startsWith(`${one.field}: `));
    return its.length === 0 ? (isNamed ? '' : said) : its.join('; ').slice(field.length + 2);
  }

  /** What is said against the whole; where rows are no objects, also that against them. */
  get failed(): string {
    const { failed, problems } = this.trial;
    return failed || (this.asEdits === patches ? '' : [...problems.values()].join('; '));
  }

  /** How many rows cannot be saved as they are. */
  get refused(): number {
    if (this.asEdits === patches) return this.trial.problems.size;
    const isWrong = ({ item, field }: CellChange<T>): boolean =>
      this.problemOf(item.id, field.key) !== '';
    return this.rows.filter((cells) => cells.some(isWrong)).length;
  }

  /** Opens a cell; returns whether it can be edited. */
  start(item: T, key: string): boolean {
    const field = this.byKey.get(key);
    if (!field || field.applies?.(item) === false) return false;
    this.column = key;
    this.text = this.changeOf(item.id, key)?.after ?? field.text(item);
    this.open = { id: item.id, key };
    return true;
  }

  /** Closes the open cell as it was. */
  revert(): void {
    this.open = null;
  }

  /** Closes a cell, if it is the open one, and keeps what was typed. */
  commit(item: T, key: string): void {
    if (!this.isOpen(item.id, key)) return;
    this.open = null;
    this.put(item, key, this.text);
  }

  private put(item: T, key: string, text: string): void {
    const field = this.byKey.get(key);
    if (!field || field.applies?.(item) === false) return;
    const after = text.trim();
    const before = field.text(item);
    const others = (this.changed.get(item.id) ?? []).filter((one) => one.field.key !== key);
    const next = new Map(this.changed);
    const cells = after === before ? others : [...others, { item, field, before, after }];
    if (cells.length === 0) next.delete(item.id);
    else next.set(item.id, cells);
    this.changed = next;
  }

  /** Fills cells from a table, to the right and down; returns how many were changed. */
  paste(text: string, items: readonly T[], row: number, keys: readonly string[]): number {
    const first = keys.indexOf(this.column);
    const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
    const before = this.count;
    lines.forEach((line, down) => {
      const item = items[row + down];
      line.split('\t').forEach((cell, right) => {
        const key = keys[first + right];
        if (item && key !== undefined && 0 <= first) this.put(item, key, cell);
      });
    });
    return this.count - before;
  }

  /** Moves the active cell among the columns that are shown. */
  move(step: number, keys: readonly string[]): void {
    const at = Math.max(0, keys.indexOf(this.column));
    this.column = keys[Math.min(keys.length - 1, Math.max(0, at + step))] ?? '';
  }

  /** Returns the next cell of a row that may be edited. */
  nextOf(item: T, step: number, keys: readonly string[]): string | null {
    for (let at = keys.indexOf(this.column) + step; 0 <= at && at < keys.length; at += step) {
      const key = keys[at] ?? '';
      const field = this.byKey.get(key);
      if (field && field.applies?.(item) !== false) return key;
    }
    return null;
  }

  discard(): void {
    this.open = null;
    this.changed = new Map();
  }

  /** Saves all or nothing; returns whether it was saved. What was refused is marked at its row. */
  async save(said: string): Promise<boolean> {
    const { edits } = this;
    if (edits.length === 0) return false;
    this.isBusy = true;
    try {
      await applyEdits(edits, said);
      this.discard();
      return true;
    } catch (error) {
      this.trial.take(error, edits);
      return false;
    } finally {
      this.isBusy = false;
    }
  }
}
