/** What an editor begins with: a dashboard that is there, or one that is not saved yet. */
import { api } from '../api.ts';
import { t } from '../i18n.svelte.ts';
import { all } from '../plant.ts';
import type { Dashboard } from '../types.ts';
import { draftOf, newGroup, type Body, type Draft } from './draft.ts';

/** In the place of an id: an empty dashboard, or one made of another. */
export const NEW = 'new';

export interface Start {
  draft: Draft;
  /** Zero while nothing is saved. */
  revision: number;
}

/** Returns the name, or the name with the first free number behind it. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n += 1) free = `${name} ${n}`;
  return free;
}

/** Begins to edit a dashboard; `new` begins one, as a copy of `from` where that is said. */
export async function start(id: string, from: string, signal: AbortSignal): Promise<Start> {
  if (id === NEW) return { draft: await fresh(from, signal), revision: 0 };
  const board = await api.get<Dashboard>(`dashboards/${id}`, {}, signal);
  return { draft: draftOf(board), revision: board.revision };
}

async function fresh(from: string, signal: AbortSignal): Promise<Draft> {
  const [boards, source] = await Promise.all([
    all<Dashboard>('dashboards', {}, signal),
    from ? api.get<Body>(`dashboards/${from}`, {}, signal) : null,
  ]);
  const wanted = source && from !== 'auto' ? source.name : t('dashboard.mine');
  const name = freeName(wanted, new Set(boards.map((board) => board.name)));
  const order = Math.max(-1, ...boards.map((board) => board.order)) + 1;
  if (source) return { ...draftOf(source), name, order };
  return { name, order, groups: [newGroup(t('boards.group.first'))] };
}
