/** The address bar as state: path, query and moves between pages, under any base path. */

/** The base path, ending in a slash: the script lies in `<base>assets/`. */
export const BASE = import.meta.env.DEV
  ? '/'
  : new URL(/* @vite-ignore */ '..', import.meta.url).pathname;

interface Route {
  path: string;
  query: URLSearchParams;
}

function read(): Route {
  const { pathname, search } = window.location;
  const path = pathname.startsWith(BASE) ? `/${pathname.slice(BASE.length)}` : pathname;
  return {
    path: path.length > 1 ? path.replace(/\/+$/, '') : path,
    query: new URLSearchParams(search),
  };
}

const place = (): number => Number(window.history.state) || 0;

let current = $state.raw<Route>(read());
/** The place of this page among those that the browser goes back to. */
let at = 0;
/** Everything that may be unsaved: a table and the form beside it are two. */
const guards = new Set<{ isDirty: () => boolean; question: string }>();

export const route = {
  get path(): string {
    return current.path;
  },
  get query(): URLSearchParams {
    return current.query;
  },
  /** The parts of the path, decoded: `/tags/x` is `['tags', 'x']`. */
  get parts(): string[] {
    return current.path.split('/').filter(Boolean).map(decode);
  },
};

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Returns the address of a path of ours. */
export function href(path: string): string {
  return BASE + path.replace(/^\//, '');
}

/** Goes to a path (with its query), unless unsaved work holds the reader back. */
export function go(path: string, options: { replace?: boolean } = {}): void {
  const move = new URL(href(path), window.location.origin);
  const same = move.pathname === window.location.pathname;
  if (!(same && options.replace) && !mayLeave()) return;
  if (options.replace) window.history.replaceState(at, '', move);
  else window.history.pushState((at += 1), '', move);
  current = read();
  if (!same && !options.replace) window.scrollTo(0, 0);
}

/** Changes parts of the query and keeps the rest; an empty value removes its key. */
export function setQuery(
  changes: Record<string, string | null>,
  options = { replace: true },
): void {
  const query = new URLSearchParams(current.query);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  go(current.path + (text ? `?${text}` : ''), options);
}

/** Asks `question` before a move while `isDirty`; returns how to stop asking. */
export function guardLeave(isDirty: () => boolean, question: string): () => void {
  const mine = { isDirty, question };
  guards.add(mine);
  return () => void guards.delete(mine);
}

const unsavedGuard = () => [...guards].find(({ isDirty }) => isDirty());

/** Returns whether nothing would be lost, or the reader accepts it. */
export function mayLeave(): boolean {
  const unsaved = unsavedGuard();
  return !unsaved || window.confirm(unsaved.question);
}

/** The browser has gone back or on; where unsaved work holds the reader, it returns. */
function moved(): void {
  const by = at - place();
  if (by && !mayLeave()) return window.history.go(by);
  at -= by;
  current = read();
}

/** Makes plain clicks on our own links moves without a reload. */
export function startRouter(): void {
  at = place();
  window.addEventListener('popstate', moved);
  window.addEventListener('beforeunload', (event) => {
    if (unsavedGuard()) event.preventDefault();
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest('a');
    if (!link || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== window.location.origin || !url.pathname.startsWith(BASE)) return;
    if (link.getAttribute('href')?.startsWith('#')) return;
    event.preventDefault();
    go(`/${url.pathname.slice(BASE.length)}${url.search}`);
  });
}
