/** Objects of the plant as lists and by id, with few calls. */
import { api, ApiError } from './api.ts';
import { needWords } from './i18n.svelte.ts';
import { local } from './plant-words.svelte.ts';
import { session } from './session.svelte.ts';
import type { Connection, Device, Page, Protocol, Tag } from './types.ts';

const PAGE = 1000;

/** Returns every object of a list, page by page. */
export async function all<T>(
  path: string,
  query: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await api.get<Page<T>>(path, { ...query, limit: PAGE, cursor }, signal);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

export const connections = (signal?: AbortSignal) => all<Connection>('connections', {}, signal);
export const devices = (signal?: AbortSignal) => all<Device>('devices', {}, signal);

let protocolList: Promise<Protocol[]> | null = null;

/**
 * Returns the protocols; they do not change while the server runs. The reader's words for their
 * settings come along; without them the server's are shown.
 */
export function protocols(): Promise<Protocol[]> {
  protocolList ??= api.get<{ items: Protocol[] }>('protocols').then(async ({ items }) => {
    await needWords('hints').catch(() => undefined);
    return items;
  });
  protocolList.catch(() => (protocolList = null));
  return protocolList;
}

/** What a live value needs to know of its tag. */
export interface Point {
  id: string;
  index: number;
  path: string;
  /** What it is called in the reader's language. */
  readonly name: string;
  unit: string;
  decimals: number | null;
  min: number | null;
  max: number | null;
  periodMs: number;
  dataType: string;
}

/** Returns the decimals that whole raw numbers can have after scaling; others have no bound. */
function decimalsOf({ data_type: type, formula, scale = 1, offset = 0 }: Tag): number | null {
  if (formula || type.startsWith('float')) return null;
  const digits = (number: number): number => String(number).split('.')[1]?.length ?? 0;
  return Math.min(6, Math.max(digits(scale), digits(offset)));
}

export function pointOf(tag: Tag): Point {
  return {
    id: tag.id,
    index: tag.index,
    path: tag.path,
    get name() {
      return local(tag.name);
    },
    unit: tag.unit ?? '',
    decimals: tag.decimals ?? decimalsOf(tag),
    min: tag.min ?? null,
    max: tag.max ?? null,
    // a formula that is evaluated on change says nothing by its silence
    periodMs: tag.poll_ms || Number.POSITIVE_INFINITY,
    dataType: tag.data_type,
  };
}

/** Returns the points of tags; one that is gone or may not be seen is left out. */
export async function points(
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, Point>> {
  const tags = await tagsById([...new Set(ids)], signal);
  return new Map(tags.map((tag) => [tag.id, pointOf(tag)]));
}

/** More than so many tags come faster as a page of the list than one by one. */
const SINGLE_MAX = 8;

async function tagsById(ids: string[], signal?: AbortSignal): Promise<Tag[]> {
  if (session.isNarrowed) return seenOf(new Set(ids), signal);
  const found: Tag[] = [];
  const missing = new Set(ids);
  if (SINGLE_MAX < ids.length) {
    const { items } = await api.get<Page<Tag>>('tags', { limit: PAGE }, signal);
    found.push(...items.filter((tag) => missing.delete(tag.id)));
  }
  const rest = await Promise.all([...missing].map((id) => tagById(id, signal)));
  return [...found, ...rest.filter((tag) => tag !== null)];
}

/** Returns those that the reader sees, without asking for the others. */
async function seenOf(ids: ReadonlySet<string>, signal?: AbortSignal): Promise<Tag[]> {
  return (await all<Tag>('tags', {}, signal)).filter(({ id }) => ids.has(id));
}

async function tagById(id: string, signal?: AbortSignal): Promise<Tag | null> {
  try {
    return await api.get<Tag>(`tags/${id}`, {}, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** More than so many tags come faster as the whole list. */
const EACH_MAX = 40;

/** Returns the tags of ids in order of path, however many they are. */
export async function tagsOfIds(ids: readonly string[], signal?: AbortSignal): Promise<Tag[]> {
  const wanted = new Set(ids);
  if (wanted.size === 0) return [];
  const found =
    EACH_MAX < wanted.size
      ? await all<Tag>('tags', {}, signal)
      : await Promise.all([...wanted].map((id) => tagById(id, signal)));
  return found
    .filter((tag) => tag !== null)
    .filter(({ id }) => wanted.has(id))
    .sort((a, b) => a.path.localeCompare(b.path));
}
