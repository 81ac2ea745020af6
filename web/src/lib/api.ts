/** Calls to the server's API; errors carry what the server said. */
import { needWords } from './i18n.svelte.ts';
import { BASE } from './router.svelte.ts';

export interface FieldProblem {
  pointer: string;
  detail: string;
}

/** What went wrong with a call: the server's problem, or that there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: FieldProblem[] = [],
    /** Seconds to wait before the next try, where the server says so. */
    readonly waitS: number | null = null,
  ) {
    super(detail);
  }

  /** Whether somebody else changed the object first. */
  get isConflict(): boolean {
    return this.status === 412;
  }

  /** Whether nobody is signed in, or no longer. */
  get isSignedOut(): boolean {
    return this.code === 'not_signed_in';
  }
}

/** Brings back a session that has ended since `sinceMs`; the call is repeated afterwards. */
type Recover = (sinceMs: number) => Promise<void>;

let recover: Recover | null = null;

export function onSignedOut(run: Recover): void {
  recover = run;
}

/** Asks, and once more after a session that has ended was brought back. */
export async function signedIn<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const sinceMs = Date.now();
  try {
    return await ask();
  } catch (error) {
    if (!recover || !(error instanceof ApiError && error.isSignedOut)) throw error;
    await recover(sinceMs);
    signal?.throwIfAborted();
    return ask();
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

interface Options {
  query?: Query;
  body?: unknown;
  revision?: number;
  signal?: AbortSignal;
}

export function apiPath(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return `${BASE}api/v1/${path}${text ? `?${text}` : ''}`;
}

function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  return signedIn(() => callOnce<T>(method, path, options), options.signal);
}

/** Asks without bringing back a session that has ended. */
export async function callOnce<T>(
  method: string,
  path: string,
  options: Options = {},
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.revision !== undefined) headers['if-match'] = `"${options.revision}"`;
  let answer: Response;
  try {
    answer = await fetch(apiPath(path, options.query), {
      method,
      headers,
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
      ...(options.signal && { signal: options.signal }),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, 'no_answer', error instanceof Error ? error.message : String(error));
  }
  const text = await answer.text();
  if (answer.ok) return (text ? JSON.parse(text) : undefined) as T;
  // The words for what is refused come with the first refusal; without them the server's stay.
  await needWords('refusals').catch(() => undefined);
  throw problem(answer.status, answer.statusText, text, answer.headers.get('retry-after'));
}

/** Returns what an answer that is no success says. */
export function problem(
  status: number,
  statusText: string,
  text: string,
  retryAfter: string | null = null,
): ApiError {
  try {
    const { code, detail, title, errors } = JSON.parse(text) as Record<string, unknown>;
    const words = String(detail ?? title ?? statusText);
    return new ApiError(
      status,
      String(code ?? status),
      words,
      (errors as FieldProblem[]) ?? [],
      Number(retryAfter) || null,
    );
  } catch {
    return new ApiError(
      status,
      String(status),
      text.slice(0, 300) || statusText,
    );
  }
}

export const api = {
  get: <T>(path: string, query: Query = {}, signal?: AbortSignal) =>
    call<T>('GET', path, { query, ...(signal && { signal }) }),
  post: <T>(path: string, body: unknown = {}, query: Query = {}, signal?: AbortSignal) =>
    call<T>('POST', path, { body, query, ...(signal && { signal }) }),
  put: <T>(path: string, body: unknown, revision?: number) =>
    call<T>('PUT', path, { body, ...(revision !== undefined && { revision }) }),
  patch: <T>(path: string, body: unknown) => call<T>('PATCH', path, { body }),
  delete: <T = undefined>(path: string, query: Query = {}, revision?: number) =>
    call<T>('DELETE', path, { query, ...(revision !== undefined && { revision }) }),
};
