/** The pages: one table for the rail, the bottom bar, the palette, the keys and the router. */
import type { Component } from 'svelte';
import type { IconName } from '../components/Icon.svelte';
import Dashboards from '../pages/Dashboards.svelte';
import type { Key } from './i18n.keys.gen.ts';
import { needWords, type Part } from './i18n.svelte.ts';
import { session, type Permission } from './session.svelte.ts';

export interface PageEntry {
  /** First part of the path. */
  name: string;
  title: Key;
  icon: IconName;
  group: 'view' | 'configure' | 'system' | 'people';
  /** The letter after `g`. */
  key: string;
  /** What the page is of no use without. */
  needs: Permission;
  /** Reached from the menu of the account, not from the rail. */
  isHidden?: boolean;
  load: () => Promise<PageModule>;
}

type PageModule = { default: Component };

/** Loads a page together with the words that the first page does not need. */
async function withWords(page: Promise<PageModule>, ...parts: Part[]): Promise<PageModule> {
  const [loaded] = await Promise.all([page, ...parts.map(needWords)]);
  return loaded;
}

const withSystem = (page: Promise<PageModule>): Promise<PageModule> => withWords(page, 'system');
/** Pages of the plant have forms in common with those of the system. */
const withPlant = (page: Promise<PageModule>): Promise<PageModule> =>
  withWords(page, 'system', 'plant');
const withPeople = (page: Promise<PageModule>): Promise<PageModule> => withWords(page, 'people');

export const PAGES: PageEntry[] = [
  {
    name: 'd',
    title: 'page.dashboards',
    icon: 'dashboards',
    group: 'view',
    key: 'd',
    needs: 'view',
    load: async () => ({ default: Dashboards }),
  },
  {
    name: 'trends',
    title: 'page.trends',
    icon: 'trends',
    group: 'view',
    key: 'r',
    needs: 'view',
    load: () => withSystem(import('../pages/Trends.svelte')),
  },
  {
    name: 'tags',
    title: 'page.tags',
    icon: 'tags',
    group: 'view',
    key: 't',
    needs: 'view',
    load: () => withPlant(import('../pages/Tags.svelte')),
  },
  {
    name: 'connections',
    title: 'page.connections',
    icon: 'connections',
    group: 'configure',
    key: 'c',
    needs: 'configure',
    load: () => withPlant(import('../pages/Connections.svelte')),
  },
  {
    name: 'devices',
    title: 'page.devices',
    icon: 'devices',
    group: 'configure',
    key: 'v',
    needs: 'view',
    load: () => withPlant(import('../pages/Devices.svelte')),
  },
  {
    // The files of the build lie below `/assets/`.
    name: 'plant',
    title: 'page.assets',
    icon: 'assets',
    group: 'configure',
    key: 'p',
    needs: 'view',
    load: () => withPlant(import('../pages/Assets.svelte')),
  },
  {
    name: 'groups',
    title: 'page.groups',
    icon: 'groups',
    group: 'configure',
    key: 'g',
    needs: 'view',
    load: () => withPlant(import('../pages/Groups.svelte')),
  },
  {
    name: 'changes',
    title: 'page.changes',
    icon: 'changes',
    group: 'configure',
    key: 'n',
    needs: 'view',
    load: () => withPlant(import('../pages/Changes.svelte')),
  },
  {
    name: 'exchange',
    title: 'page.exchange',
    icon: 'exchange',
    group: 'system',
    key: 'x',
    needs: 'operate',
    load: () => withSystem(import('../pages/Exchange.svelte')),
  },
  {
    name: 'storage',
    title: 'page.storage',
    icon: 'storage',
    group: 'system',
    key: 's',
    needs: 'view',
    load: () => withSystem(import('../pages/Storage.svelte')),
  },
  {
    name: 'backups',
    title: 'page.backups',
    icon: 'backups',
    group: 'system',
    key: 'b',
    needs: 'administer',
    load: () => withSystem(import('../pages/Backups.svelte')),
  },
  {
    name: 'health',
    title: 'page.health',
    icon: 'health',
    group: 'system',
    key: 'h',
    needs: 'view',
    load: () => withSystem(import('../pages/Health.svelte')),
  },
  {
    name: 'logs',
    title: 'page.logs',
    icon: 'log',
    group: 'system',
    key: 'l',
    needs: 'administer',
    load: () => withPeople(import('../pages/Logs.svelte')),
  },
  {
    name: 'errors',
    title: 'page.errors',
    icon: 'warning',
    group: 'system',
    key: 'e',
    needs: 'administer',
    load: () => withPeople(import('../pages/Errors.svelte')),
  },
  {
    name: 'settings',
    title: 'page.settings',
    icon: 'settings',
    group: 'system',
    key: 'o',
    needs: 'administer',
    load: () => withWords(import('../pages/Settings.svelte'), 'system', 'people'),
  },
  {
    name: 'users',
    title: 'page.users',
    icon: 'users',
    group: 'people',
    key: 'u',
    needs: 'administer',
    load: () => withPeople(import('../pages/Users.svelte')),
  },
  {
    name: 'tokens',
    title: 'page.tokens',
    icon: 'tokens',
    group: 'people',
    key: 'k',
    needs: 'view',
    load: () => withPeople(import('../pages/Tokens.svelte')),
  },
  {
    name: 'audit',
    title: 'page.audit',
    icon: 'audit',
    group: 'people',
    key: 'a',
    needs: 'administer',
    load: () => withWords(import('../pages/Audit.svelte'), 'system', 'people'),
  },
  {
    name: 'account',
    title: 'page.account',
    icon: 'user',
    group: 'people',
    key: 'm',
    needs: 'view',
    isHidden: true,
    load: () => withPeople(import('../pages/Account.svelte')),
  },
];

/** Returns the pages that the reader may use. */
export function pagesOf(): PageEntry[] {
  return session.isKiosk ? [] : PAGES.filter(({ needs }) => session.may(needs));
}

/** Returns the page of a path; the empty path is the first page. */
export function pageOf(part: string | undefined): PageEntry | undefined {
  return part === undefined ? PAGES[0] : PAGES.find((page) => page.name === part);
}
