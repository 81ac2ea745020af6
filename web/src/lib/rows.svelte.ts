/** Rows of a long list, read page by page as the reader gets near them. */
import { api } from './api.ts';
import type { Page } from './types.ts';

const PAGE = 500;

export class Rows<T> {
  total = $state(0);
  error = $state.raw<unknown>(null);
  isLoaded = $state(false);
  /** Counts changes of `items`, which is only ever added to. */
  version = $state(0);
  items: T[] = [];
  private cursor: string | null = null;
  private wanted = 0;
  private isReading = false;
  private abort = new AbortController();

  constructor(
    private readonly path: string,
    private readonly slim: (item: T) => T,
    /** Called with every page as it comes. */
    private readonly onpage: (page: Page<T>) => void = () => undefined,
  ) {}

  /** Starts again with another filter or order; the rows stay until the new ones are here. */
  async start(query: Record<string, string>): Promise<void> {
    this.abort.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.isReading = true;
    this.wanted = PAGE;
    try {
      const page = await api.get<Page<T>>(this.path, { ...query, limit: PAGE }, abort.signal);
      this.items = page.items.map(this.slim);
      this.query = query;
      this.took(page);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.error = error;
    }
    this.isReading = false;
  }

  private query: Record<string, string> = {};

  private took(page: Page<T>): void {
    this.onpage(page);
    this.cursor = page.next_cursor;
    this.total = page.total;
    this.error = null;
    this.isLoaded = true;
    this.version += 1;
  }

  /** Reads on until the row `end` is here. */
  async reach(end: number): Promise<void> {
    this.wanted = Math.max(this.wanted, end);
    if (this.isReading || this.cursor === null || this.wanted <= this.items.length) return;
    this.isReading = true;
    const { abort } = this;
    try {
      while (this.cursor !== null && this.items.length < this.wanted) {
        const query = { ...this.query, limit: 1000, cursor: this.cursor };
        const page: Page<T> = await api.get<Page<T>>(this.path, query, abort.signal);
        this.items.push(...page.items.map(this.slim));
        this.took(page);
      }
    } catch (error) {
      if (abort.signal.aborted) return;
      this.error = error;
    }
    this.isReading = false;
  }

  stop(): void {
    this.abort.abort();
  }
}
