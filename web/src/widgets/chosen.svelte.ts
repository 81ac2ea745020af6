/** The tags of a table or grid: those it names and those its filter selects. */
import { api } from '../lib/api.ts';
import { live } from '../lib/live.svelte.ts';
import { tagsOfIds } from '../lib/plant.ts';
import { resource, type Resource } from '../lib/resource.svelte.ts';
import type { Page, Tag, Widget } from '../lib/types.ts';

const PAGE = 1000;

export interface Chosen {
  tags: Tag[];
  /** How many there are, also those that are not read. */
  total: number;
}

async function filtered(
  filter: NonNullable<Widget['filter']>,
  most: number,
  signal: AbortSignal,
): Promise<Chosen> {
  const tags: Tag[] = [];
  let cursor: string | null = null;
  let total = 0;
  do {
    const query = { ...filter, limit: Math.min(PAGE, most - tags.length), cursor };
    const page: Page<Tag> = await api.get<Page<Tag>>('tags', query, signal);
    tags.push(...page.items);
    ({ total, next_cursor: cursor } = page);
  } while (cursor && tags.length < most);
  return { tags, total };
}

async function load(
  ids: string[],
  filter: Widget['filter'] | null,
  most: number,
  signal: AbortSignal,
): Promise<Chosen> {
  const named = 0 < ids.length ? await tagsOfIds(ids, signal) : [];
  if (!filter || Object.values(filter).every((one) => !one))
    return { tags: named, total: named.length };
  const known = new Set(ids);
  const { tags, total } = await filtered(filter, most, signal);
  const more = tags.filter(({ id }) => !known.has(id));
  return {
    tags: [...named, ...more],
    total: named.length + total - (tags.length - more.length),
  };
}

/** Reads the tags of a widget, at most `most` of its filter, and again when the plant changes. */
export function chosenTags(widget: () => Widget, most: number): Resource<Chosen> {
  // A widget that is the same in other words is not read again.
  const asked = $derived(
    JSON.stringify([widget().filter ?? null, widget().bindings.map(({ tag }) => tag)]),
  );
  return resource((signal) => {
    void live.generation;
    const [filter, ids] = JSON.parse(asked) as [Widget['filter'] | null, string[]];
    return load(ids, filter, most, signal);
  });
}
