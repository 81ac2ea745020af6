/** A table of tags: filters in the address, rows page by page, live values of what is seen. */
import { live } from './live.svelte.ts';
import { route, setQuery } from './router.svelte.ts';
import { Rows } from './rows.svelte.ts';

const TYPING_MS = 150;
const SCROLL_MS = 120;

interface Live {
  index: number;
}

export class TagList<T extends Live> {
  readonly rows: Rows<T>;
  private viewed = $state.raw({ start: 0, end: 0 });
  private typing = 0;

  /** Starts with its component; `keys` are the filters beside search and order. */
  constructor(
    path: string,
    private readonly keys: readonly string[],
  ) {
    this.rows = new Rows<T>(path, (item) => item);
    $effect(() => {
      void live.generation;
      this.start();
    });
    $effect(() => () => this.rows.stop());
    this.follow();
  }

  /** Only what is on screen is asked for, and only when the scrolling rests. */
  private follow(): void {
    const { rows } = this;
    const subscription = live.subscribe([]);
    $effect(() => {
      const { start, end } = this.viewed;
      void rows.version;
      void rows.reach(end + 200);
      const timer = window.setTimeout(
        () => subscription.update(rows.items.slice(start, end).map(({ index }) => index)),
        SCROLL_MS,
      );
      return () => window.clearTimeout(timer);
    });
    $effect(() => () => subscription.end());
  }

  /** What is asked for. */
  get filters(): Record<string, string> & { search: string; sort: string } {
    return {
      ...Object.fromEntries(this.keys.map((key) => [key, route.query.get(key) ?? ''])),
      search: route.query.get('q') ?? '',
      sort: route.query.get('sort') ?? 'path',
    };
  }

  get isFiltered(): boolean {
    return this.keys.some((key) => this.filters[key] !== '') || this.filters.search !== '';
  }

  start(): void {
    void this.rows.start(this.filters);
  }

  look(start: number, end: number): void {
    this.viewed = { start, end };
  }

  type(text: string): void {
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(() => setQuery({ q: text }), TYPING_MS);
  }

  sort(next: string): void {
    setQuery({ sort: next === 'path' ? null : next });
  }

  clear(): void {
    setQuery({ q: null, ...Object.fromEntries(this.keys.map((key) => [key, null])) });
  }

  /** Returns an address that keeps the filters. */
  address(path: string, changes: Record<string, string | null> = {}): string {
    const query = new URLSearchParams(route.query);
    for (const [key, value] of Object.entries({ do: null, ...changes })) {
      if (value === null) query.delete(key);
      else query.set(key, value);
    }
    const text = query.toString();
    return text ? `${path}?${text}` : path;
  }
}
