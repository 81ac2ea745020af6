/** Views that were saved under a name. */

export interface SavedView {
  name: string;
  /** The query of the address. */
  query: string;
}

export const VIEWS_MAX = 50;
export const NAME_MAX = 80;
const QUERY_MAX = 4000;

/** Returns the views of a text that may be anybody's. */
export function parseViews(text: string | null): SavedView[] {
  let read: unknown;
  try {
    read = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(read)) return [];
  return read
    .filter(
      (one: Partial<SavedView> | null): one is SavedView =>
        typeof one?.name === 'string' &&
        typeof one.query === 'string' &&
        0 < one.name.length &&
        one.name.length <= NAME_MAX &&
        one.query.length <= QUERY_MAX,
    )
    .slice(0, VIEWS_MAX)
    .map(({ name, query }) => ({ name, query }));
}

/** Returns the views with one more, in order of name; one of the same name is replaced. */
export function withView(views: readonly SavedView[], view: SavedView): SavedView[] {
  const name = view.name.trim().slice(0, NAME_MAX);
  if (name === '' || QUERY_MAX < view.query.length) return [...views];
  const others = views.filter((one) => one.name !== name);
  return [...others, { name, query: view.query }]
    .sort((a, b) => a.name.localeCompare(b.name))
    .slice(0, VIEWS_MAX);
}

export const withoutView = (views: readonly SavedView[], name: string): SavedView[] =>
  views.filter((one) => one.name !== name);
