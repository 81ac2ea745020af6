/** Which columns of a table somebody chose: kept with their account, with a copy here. */
import type { Column } from '../components/VirtualTable.svelte';
import { Own } from './own.ts';
import { recall, remember } from './prefs.svelte.ts';
import { session } from './session.svelte.ts';

export class ColumnChoice {
  private chosen = $state.raw<readonly string[]>([]);
  private readonly own: Own;

  constructor(
    private readonly name: string,
    private readonly columns: () => Column[],
    private readonly usual: readonly string[],
  ) {
    this.chosen = recall(this.place)?.split(',') ?? usual;
    this.own = new Own({
      key: `columns.${name}`,
      here: () => recall(this.place)?.split(',') ?? null,
      take: (value) => {
        if (Array.isArray(value)) this.keep(value.map(String));
      },
    });
    void this.own.start();
    $effect(() => () => this.own.end());
  }

  private get place(): string {
    return `columns.${this.name}.${session.me?.name ?? ''}`;
  }

  get all(): Column[] {
    return this.columns();
  }

  /** The columns to show: the first one always, what is not known never. */
  get shown(): Column[] {
    return this.all.filter(({ key }, at) => at === 0 || this.chosen.includes(key));
  }

  get keys(): string[] {
    return this.shown.map(({ key }) => key);
  }

  /** Chooses; nothing is the usual choice. */
  choose(keys: readonly string[] | null): void {
    this.keep(keys ?? this.usual);
    this.own.changed();
  }

  private keep(keys: readonly string[]): void {
    this.chosen = keys;
    remember(this.place, keys.join(','));
  }
}
