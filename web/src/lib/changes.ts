/** Words for changes of the configuration, and for what they were made to. */
import type { ChangeCount, Kind } from './api.gen.ts';
import { tn, word } from './i18n.svelte.ts';
import type { Kind as Path } from './types.ts';

/** Where the objects of each kind lie in the API. */
export const PATHS: Record<Kind, Path> = {
  asset: 'assets',
  connection: 'connections',
  template: 'templates',
  device: 'devices',
  tag: 'tags',
  group: 'groups',
  alarm: 'alarm-rules',
  route: 'routes',
  channel: 'channels',
  roster: 'rosters',
  policy: 'notification-policies',
  dashboard: 'dashboards',
  picture: 'pictures',
  retention: 'retention-policies',
  dictionary: 'dictionaries',
};

/** Pages that show one object of a kind. */
const PAGES: Partial<Record<Kind, string>> = {
  asset: 'plant',
  connection: 'connections',
  device: 'devices',
  tag: 'tags',
  group: 'groups',
  alarm: 'alarm-rules',
  dashboard: 'd',
  template: 'templates',
};

export function pageOfObject(kind: Kind | null, id: string): string | null {
  const page = kind ? PAGES[kind] : undefined;
  return page ? `/${page}/${id}` : null;
}

export const kindName = (kind: Kind | null): string =>
  word(`change.kind.${kind ?? 'unknown'}`, kind ?? '?');

export const actionName = (action: string): string =>
  word(`change.action.${action}`, action);

/** Returns what an object is called by its body, or the end of its id. */
export function nameOf(body: unknown, id: string): string {
  const known = body as { name?: unknown; language?: unknown } | null;
  // A dictionary is called by its language.
  const name = known?.name ?? known?.language;
  return typeof name === 'string' && name !== '' ? name : `…${id.slice(-8)}`;
}

/** Returns e.g. `Tag: 50 made, 1 changed`. */
export function countsByKind(counts: readonly ChangeCount[]): string[] {
  const found = new Map<Kind | null, string[]>();
  for (const { kind, action, count } of counts) {
    const text = tn(
      action === 'created'
        ? 'change.created'
        : action === 'deleted'
          ? 'change.deleted'
          : 'change.updated',
      count,
    );
    found.set(kind, [...(found.get(kind) ?? []), text]);
  }
  return [...found].map(([kind, texts]) => `${kindName(kind)}: ${texts.join(', ')}`);
}
