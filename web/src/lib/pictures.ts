/** Pictures of dashboards, and the servers whose pages dashboards may frame. */
import { api, apiPath } from './api.ts';
import type { FrameSources, PictureItem } from './api.gen.ts';
import { freeName } from './picture-rules.ts';
import { all } from './plant.ts';
import { upload } from './upload.ts';

export type Picture = PictureItem;

/** So long the tiles of a page share one answer. */
const SHARED_MS = 10_000;

interface Shared<T> {
  answer: Promise<T>;
  untilMs: number;
}

let list: Shared<Picture[]> | null = null;
let sources: Shared<string[]> | null = null;

function share<T>(known: Shared<T> | null, ask: () => Promise<T>): Shared<T> {
  const nowMs = performance.now();
  return known && nowMs < known.untilMs ? known : { answer: ask(), untilMs: nowMs + SHARED_MS };
}

/** Returns the pictures there are; tiles that ask together share one answer. */
export function pictures(): Promise<Picture[]> {
  list = share(list, () => all<Picture>('pictures'));
  list.answer.catch(() => (list = null));
  return list.answer;
}

/** Returns the servers whose pages dashboards may show. */
export function frameSources(): Promise<string[]> {
  sources = share(sources, () =>
    api.get<FrameSources>('frame-sources').then(({ items }) => items),
  );
  sources.answer.catch(() => (sources = null));
  return sources.answer;
}

/** Returns where the bytes of a picture are; what is there never changes. */
export const pictureUrl = ({ id, hash }: Pick<Picture, 'id' | 'hash'>): string =>
  apiPath(`pictures/${id}/content`, { hash });

/** Sends a file as a picture, under a name that is free. */
export async function addPicture(file: File, signal: AbortSignal): Promise<Picture> {
  const taken = (await all<Picture>('pictures', {}, signal)).map(({ name }) => name);
  const query = { name: freeName(file.name, taken) };
  const made = await upload<Picture>('pictures', query, file, { signal, watch: () => undefined });
  list = null;
  return made;
}

export async function deletePicture({ id, revision }: Picture): Promise<void> {
  await api.delete(`pictures/${id}`, {}, revision);
  list = null;
}
