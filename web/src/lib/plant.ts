/** Objects of the plant as lists and by id, with few calls. */
import { api, ApiError } from './api.ts';
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

/** Returns the protocols; they do not change while the server runs. */
export function protocols(): Promise<Protocol[]> {
  protocolList ??= api.get<{ items: Protocol[] }>('protocols').then(({ items }) => items);
  protocolList.catch(() => (protocolList = null));
  return protocolList;
}

/** What a live value needs to know of its tag. */
export interface Point {
  id: string;
  index: number;
  path: string;
  name: string;
  unit: string;
  decimals: number | null;
  min: number | null;
  max: number | null;
  periodMs: number;
  dataType: string;
}

const DEFAULT_PERIOD_MS = 1000;

/** Returns the decimals that whole raw numbers can have after scaling; floats have no bound. */
function decimalsOf({ data_type: type, scale = 1, offset = 0 }: Tag): number | null {
  if (type.startsWith('float')) return null;
  const digits = (number: number): number => String(number).split('.')[1]?.length ?? 0;
  return Math.min(6, Math.max(digits(scale), digits(offset)));
}

export function pointOf(tag: Tag, periods: ReadonlyMap<string, number>): Point {
  return {
    id: tag.id,
    index: tag.index,
    path: tag.path,
    name: tag.name,
    unit: tag.unit ?? '',
    decimals: tag.decimals ?? decimalsOf(tag),
    min: tag.min ?? null,
    max: tag.max ?? null,
    periodMs: tag.period_ms ?? periods.get(tag.device) ?? DEFAULT_PERIOD_MS,
    dataType: tag.data_type,
  };
}

export async function periodsByDevice(signal?: AbortSignal): Promise<Map<string, number>> {
  return new Map((await devices(signal)).map((device) => [device.id, device.period_ms]));
}

/** Returns the points of tags; a tag that is gone is left out. */
export async function points(
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, Point>> {
  const wanted = [...new Set(ids)];
  const [periods, tags] = await Promise.all([periodsByDevice(signal), tagsById(wanted, signal)]);
  return new Map(tags.map((tag) => [tag.id, pointOf(tag, periods)]));
}

/** More than so many tags come faster as a page of the list than one by one. */
const SINGLE_MAX = 8;

async function tagsById(ids: string[], signal?: AbortSignal): Promise<Tag[]> {
  const found: Tag[] = [];
  const missing = new Set(ids);
  if (SINGLE_MAX < ids.length) {
    const { items } = await api.get<Page<Tag>>('tags', { limit: PAGE }, signal);
    found.push(...items.filter((tag) => missing.delete(tag.id)));
  }
  const rest = await Promise.all([...missing].map((id) => tagById(id, signal)));
  return [...found, ...rest.filter((tag) => tag !== null)];
}

async function tagById(id: string, signal?: AbortSignal): Promise<Tag | null> {
  try {
    return await api.get<Tag>(`tags/${id}`, {}, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
