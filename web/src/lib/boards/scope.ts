/** The tags that a dashboard shows, as a token for a wall screen names them. */
import { api } from '../api.ts';
import { points } from '../plant.ts';
import type { Dashboard, Page, Tag, Widget } from '../types.ts';

/** What the server takes. */
export const PATTERNS_MAX = 64;
const PAGE = 1000;
const ALL = '**';

export interface Shown {
  /** Patterns of the tags; null where the dashboard shows whatever there is. */
  patterns: string[] | null;
  /** Whole folders had to be taken, so that there are tags of other dashboards among them. */
  isWider: boolean;
  /** No tag is shown at all; a token that sees none would not see the dashboard either. */
  isEmpty: boolean;
}

const folderOf = (path: string): string =>
  path.replace(/\/\*\*$/, '').split('/').slice(0, -1).join('/');

/** Returns at most `most` patterns that select all paths; full folders first stand for them. */
export function fold(paths: readonly string[], most = PATTERNS_MAX): string[] {
  let folded = [...new Set(paths)];
  while (most < folded.length) {
    const byFolder = new Map<string, string[]>();
    for (const path of folded)
      byFolder.set(folderOf(path), [...(byFolder.get(folderOf(path)) ?? []), path]);
    const [folder, inside] = [...byFolder]
      .filter(([name]) => name !== '')
      .sort((a, b) => b[1].length - a[1].length || b[0].length - a[0].length)[0] ?? ['', []];
    if (folder === '') return [ALL];
    folded = [`${folder}/**`, ...folded.filter((path) => !inside.includes(path))];
    folded = folded.filter((one, at) => at === 0 || !one.startsWith(`${folder}/`));
  }
  return folded.sort();
}

/** Returns what a token has to see for the paths and patterns that a dashboard shows. */
export function scopeOf(wanted: readonly string[]): Shown {
  const patterns = wanted.includes(ALL) ? [ALL] : fold(wanted);
  const isEmpty = wanted.length === 0;
  if (isEmpty || patterns.includes(ALL))
    return { patterns: null, isWider: !isEmpty && !wanted.includes(ALL), isEmpty };
  return { patterns, isWider: patterns.some((one) => !wanted.includes(one)), isEmpty };
}

/** Returns the paths and patterns of what a filter selects. */
async function ofFilter(
  filter: NonNullable<Widget['filter']>,
  signal: AbortSignal,
): Promise<string[]> {
  if (!filter.asset && !filter.group) return filter.pattern ? [filter.pattern] : [];
  const paths: string[] = [];
  let cursor: string | null = null;
  do {
    const query = { ...filter, limit: PAGE, cursor };
    const page: Page<Tag> = await api.get<Page<Tag>>('tags', query, signal);
    paths.push(...page.items.map(({ path }) => path));
    cursor = page.next_cursor;
  } while (cursor);
  return paths;
}

/** A list of alarms shows those of a folder, or all. */
const ofAlarms = ({ type, alarm_list: list }: Widget): string[] =>
  type !== 'alarm_list' ? [] : [list?.area ? `${list.area}/**` : ALL];

/** Returns which tags somebody has to see who is to see a dashboard. */
export async function tagsShown(board: Dashboard, signal: AbortSignal): Promise<Shown> {
  const widgets = board.groups.flatMap((group) => group.widgets);
  const named = await points(
    widgets.flatMap(({ bindings }) => bindings.map(({ tag }) => tag)),
    signal,
  );
  const filtered = await Promise.all(
    widgets.flatMap(({ filter }) => (filter ? [ofFilter(filter, signal)] : [])),
  );
  return scopeOf([
    ...[...named.values()].map(({ path }) => path),
    ...filtered.flat(),
    ...widgets.flatMap(ofAlarms),
  ]);
}
