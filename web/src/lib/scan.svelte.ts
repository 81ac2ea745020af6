/** A job that asks devices, followed while its page is open; its id stands in the address. */
import { untrack } from 'svelte';
import { api, ApiError } from './api.ts';
import { fieldErrors } from './errors.ts';
import { isActive } from './jobs.svelte.ts';
import { route, setQuery } from './router.svelte.ts';
import type { Job } from './types.ts';

const FAST_MS = 300;
/** Between two looks at a job that rests, or that nobody sees. */
const SLOW_MS = 2000;

export class Scan<T> {
  job = $state.raw<Job | null>(null);
  /** Why it could not be started. */
  refused = $state.raw<unknown>(null);
  errors = $state.raw<Record<string, string>>({});
  /** Why it cannot be followed. */
  lost = $state.raw<unknown>(null);
  isStarting = $state(false);
  private timer = 0;

  /** `what` is the last part of the route that starts it. */
  constructor(private readonly what: 'units' | 'registers' | 'decode') {
    $effect(() => {
      const id = route.query.get(what);
      untrack(() => this.follow(id));
    });
    $effect(() => () => window.clearTimeout(this.timer));
  }

  get isActive(): boolean {
    return this.job !== null && isActive(this.job);
  }

  /** What was found until now. */
  get found(): T | null {
    return (this.job?.result as T | null | undefined) ?? null;
  }

  async start(body: unknown): Promise<void> {
    this.isStarting = true;
    this.refused = null;
    this.errors = {};
    try {
      const job = await api.post<Job>(`discovery/${this.what}`, body);
      this.take(job);
      setQuery({ [this.what]: job.id });
    } catch (error) {
      this.refused = error;
      this.errors = fieldErrors(error);
    } finally {
      this.isStarting = false;
    }
  }

  pause = (): Promise<void> => this.tell(() => this.post('pause'));
  resume = (): Promise<void> => this.tell(() => this.post('resume'));
  cancel = (): Promise<void> => this.tell(() => api.delete<Job>(`jobs/${this.job?.id}`));

  private post(verb: string): Promise<Job> {
    return api.post<Job>(`discovery/${this.job?.id}/${verb}`);
  }

  private async tell(ask: () => Promise<Job>): Promise<void> {
    try {
      this.take(await ask());
    } catch (error) {
      this.lost = error;
    }
  }

  private follow(id: string | null): void {
    if (id === null) {
      window.clearTimeout(this.timer);
      this.job = null;
    } else if (this.job?.id !== id) void this.read(id);
  }

  private take(job: Job): void {
    this.job = job;
    this.lost = null;
    window.clearTimeout(this.timer);
    if (!isActive(job)) return;
    const isQuiet = job.paused || document.hidden;
    this.timer = window.setTimeout(() => void this.read(job.id), isQuiet ? SLOW_MS : FAST_MS);
  }

  private async read(id: string): Promise<void> {
    try {
      const job = await api.get<Job>(`jobs/${id}`);
      if (route.query.get(this.what) === id) this.take(job);
    } catch (error) {
      // The server has forgotten it: there is nothing to follow.
      if (error instanceof ApiError && error.status === 404) setQuery({ [this.what]: null });
      else this.lost = error;
    }
  }
}
