/** The pages: one table for the rail, the bottom bar, the palette, the keys and the router. */
import type { Component } from 'svelte';
import type { IconName } from '../components/Icon.svelte';
import Dashboards from '../pages/Dashboards.svelte';
import type { Key } from './i18n.keys.gen.ts';
import { needWords } from './i18n.svelte.ts';

export interface PageEntry {
  /** First part of the path. */
  name: string;
  title: Key;
  icon: IconName;
  group: 'view' | 'configure' | 'system';
  /** The letter after `g`. */
  key: string;
  load: () => Promise<PageModule>;
}

type PageModule = { default: Component };

/** Loads a page together with the words that the first page does not need. */
async function withSystem(page: Promise<PageModule>): Promise<PageModule> {
  const [loaded] = await Promise.all([page, needWords('system')]);
  return loaded;
}

export const PAGES: PageEntry[] = [
  {
    name: 'd',
    title: 'page.dashboards',
    icon: 'dashboards',
    group: 'view',
    key: 'd',
    load: async () => ({ default: Dashboards }),
  },
  {
    name: 'trends',
    title: 'page.trends',
    icon: 'trends',
    group: 'view',
    key: 'r',
    load: () => withSystem(import('../pages/Trends.svelte')),
  },
  {
    name: 'tags',
    title: 'page.tags',
    icon: 'tags',
    group: 'view',
    key: 't',
    load: () => withSystem(import('../pages/Tags.svelte')),
  },
  {
    name: 'connections',
    title: 'page.connections',
    icon: 'connections',
    group: 'configure',
    key: 'c',
    load: () => import('../pages/Connections.svelte'),
  },
  {
    name: 'devices',
    title: 'page.devices',
    icon: 'devices',
    group: 'configure',
    key: 'v',
    load: () => import('../pages/Devices.svelte'),
  },
  {
    name: 'exchange',
    title: 'page.exchange',
    icon: 'exchange',
    group: 'system',
    key: 'x',
    load: () => withSystem(import('../pages/Exchange.svelte')),
  },
  {
    name: 'storage',
    title: 'page.storage',
    icon: 'storage',
    group: 'system',
    key: 's',
    load: () => withSystem(import('../pages/Storage.svelte')),
  },
  {
    name: 'backups',
    title: 'page.backups',
    icon: 'backups',
    group: 'system',
    key: 'b',
    load: () => withSystem(import('../pages/Backups.svelte')),
  },
  {
    name: 'health',
    title: 'page.health',
    icon: 'health',
    group: 'system',
    key: 'h',
    load: () => import('../pages/Health.svelte'),
  },
];

/** Returns the page of a path; the empty path is the first page. */
export function pageOf(part: string | undefined): PageEntry | undefined {
  return part === undefined ? PAGES[0] : PAGES.find((page) => page.name === part);
}
