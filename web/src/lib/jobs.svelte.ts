/**
 * Long work on the server, watched from here: the list of jobs, read with back-off while somebody
 * looks or while work that was started here goes on, on whatever page the reader is.
 */
import { api } from './api.ts';
import { Backoff } from './backoff.ts';
import { t } from './i18n.svelte.ts';
import { toasts } from './toasts.svelte.ts';
import type { Job } from './types.ts';

/** How a job that was started here is called here, and what to say when it ends. */
export interface News {
  title: string;
  done: string;
  failed: string;
}

const FAST_MS = 250;
const SLOW_MS = 2000;
/** Between two looks while nothing works or nobody can see it. */
const IDLE_MS = 5000;

const backoff = new Backoff(FAST_MS, SLOW_MS);
const mine = new Map<string, News>();
const titles = new Map<string, string>();
let list = $state.raw<Job[]>([]);
let error = $state.raw<unknown>(null);
let closed = $state.raw<ReadonlySet<string>>(new Set());
let kept = $state.raw<ReadonlySet<string>>(new Set());
let lookers = 0;
let timer = 0;
let isReading = false;

/** Returns whether a job still waits or works. */
export function isActive(job: Job): boolean {
  return job.state === 'queued' || job.state === 'running';
}

export const jobs = {
  get error(): unknown {
    return error;
  },
  /** Jobs of a kind, newest first. */
  of(kind: string): Job[] {
    return list.filter((job) => job.kind === kind);
  },
  /** Jobs of kinds that are to be seen: what works, and what was started here until closed. */
  shown(kinds: readonly string[]): Job[] {
    return list.filter(
      (job) =>
        kinds.includes(job.kind) && !closed.has(job.id) && (isActive(job) || kept.has(job.id)),
    );
  },
  /** What a job is called: by the page that started it, else by the server. */
  title(job: Job): string {
    return titles.get(job.id) ?? job.title;
  },
  find(id: string | null): Job | null {
    return list.find((job) => job.id === id) ?? null;
  },
  /** Takes a job that was just started here; it is followed to its end. */
  take(job: Job, news: News): void {
    mine.set(job.id, news);
    titles.set(job.id, news.title);
    kept = new Set([...kept, job.id]);
    put(job);
    backoff.reset();
    plan();
  },
  async cancel(id: string): Promise<void> {
    put(await api.delete<Job>(`jobs/${id}`));
    backoff.reset();
    plan();
  },
  close(id: string): void {
    closed = new Set([...closed, id]);
  },
  /** Reads the list while somebody looks; returns how to look away. */
  look(): () => void {
    lookers += 1;
    backoff.reset();
    void read();
    return () => {
      lookers -= 1;
      plan();
    };
  },
};

function put(job: Job): void {
  const rest = list.filter(({ id }) => id !== job.id);
  list = [job, ...rest].sort((a, b) => b.created_us - a.created_us);
}

function plan(): void {
  window.clearTimeout(timer);
  if (lookers === 0 && mine.size === 0) return;
  const isQuiet = document.hidden || !list.some(isActive);
  timer = window.setTimeout(read, isQuiet ? IDLE_MS : backoff.next());
}

async function read(): Promise<void> {
  if (isReading) return;
  isReading = true;
  try {
    const { items } = await api.get<{ items: Job[] }>('jobs');
    if (hasTurned(items)) backoff.reset();
    list = items;
    error = null;
    tell();
  } catch (cause) {
    error = cause;
  } finally {
    isReading = false;
    plan();
  }
}

/** Returns whether a job is new or in another state than at the last reading. */
function hasTurned(next: readonly Job[]): boolean {
  const before = new Map(list.map(({ id, state }) => [id, state]));
  return next.some(({ id, state }) => before.get(id) !== state);
}

/** Says how jobs of ours have ended; one that the server has forgotten is over too. */
function tell(): void {
  for (const [id, news] of mine) {
    const job = jobs.find(id);
    if (job && isActive(job)) continue;
    mine.delete(id);
    if (job?.state === 'done') toasts.say(news.done);
    else if (job?.state !== 'cancelled')
      toasts.fail(`${news.failed}: ${job?.error ?? t('job.forgotten')}`);
  }
}
