/** The pages: one table for the rail, the bottom bar, the palette, the keys and the router. */
import type { Component } from 'svelte';
import type { IconName } from '../components/Icon.svelte';
import Dashboards from '../pages/Dashboards.svelte';
import type { Key } from './i18n.keys.gen.ts';
import type { LOADERS } from './loaders.ts';
import { session, type Permission } from './session.svelte.ts';

export interface PageEntry {
  /** First part of the path. */
  name: 'd' | keyof typeof LOADERS;
  title: Key;
  icon: IconName;
  group: 'view' | 'configure' | 'system' | 'people';
  /** The letter after `g`. */
  key: string;
  /** What the page is of no use without. */
  needs: Permission;
  /** Reached from the menu of the account, not from the rail. */
  isHidden?: boolean;
}

export type PageModule = { default: Component };

export const PAGES: PageEntry[] = [
  {
    name: 'd',
    title: 'page.dashboards',
    icon: 'dashboards',
    group: 'view',
    key: 'd',
    needs: 'view',
  },
  {
    name: 'alarms',
    title: 'page.alarms',
    icon: 'alarms',
    group: 'view',
    key: 'a',
    needs: 'view',
  },
  {
    name: 'trends',
    title: 'page.trends',
    icon: 'trends',
    group: 'view',
    key: 'r',
    needs: 'view',
  },
  {
    name: 'tags',
    title: 'page.tags',
    icon: 'tags',
    group: 'view',
    key: 't',
    needs: 'view',
  },
  {
    name: 'connections',
    title: 'page.connections',
    icon: 'connections',
    group: 'configure',
    key: 'c',
    needs: 'configure',
  },
  {
    name: 'devices',
    title: 'page.devices',
    icon: 'devices',
    group: 'configure',
    key: 'v',
    needs: 'view',
  },
  {
    name: 'discovery',
    title: 'page.discovery',
    icon: 'discovery',
    group: 'configure',
    key: 'f',
    needs: 'configure',
  },
  {
    // The files of the build lie below `/assets/`.
    name: 'plant',
    title: 'page.assets',
    icon: 'assets',
    group: 'configure',
    key: 'p',
    needs: 'view',
  },
  {
    name: 'groups',
    title: 'page.groups',
    icon: 'groups',
    group: 'configure',
    key: 'g',
    needs: 'view',
  },
  {
    name: 'alarm-rules',
    title: 'page.alarm_rules',
    icon: 'alarm-rules',
    group: 'configure',
    key: 'w',
    needs: 'configure',
  },
  {
    // No letter is left.
    name: 'routes',
    title: 'page.routes',
    icon: 'routes',
    group: 'configure',
    key: '1',
    needs: 'configure',
  },
  {
    name: 'notification',
    title: 'page.notification',
    icon: 'notification',
    group: 'configure',
    key: 'q',
    needs: 'configure',
  },
  {
    name: 'templates',
    title: 'page.templates',
    icon: 'templates',
    group: 'configure',
    key: 'y',
    needs: 'view',
  },
  {
    name: 'calculated',
    title: 'page.calculated',
    icon: 'calculated',
    group: 'configure',
    key: 'z',
    needs: 'view',
  },
  {
    name: 'translations',
    title: 'page.translations',
    icon: 'translations',
    group: 'configure',
    key: '2',
    needs: 'configure',
  },
  {
    name: 'import',
    title: 'page.import',
    icon: 'import',
    group: 'configure',
    key: 'i',
    needs: 'view',
  },
  {
    name: 'changes',
    title: 'page.changes',
    icon: 'changes',
    group: 'configure',
    key: 'n',
    needs: 'view',
  },
  {
    name: 'exchange',
    title: 'page.exchange',
    icon: 'exchange',
    group: 'system',
    key: 'x',
    needs: 'operate',
  },
  {
    name: 'storage',
    title: 'page.storage',
    icon: 'storage',
    group: 'system',
    key: 's',
    needs: 'view',
  },
  {
    name: 'backups',
    title: 'page.backups',
    icon: 'backups',
    group: 'system',
    key: 'b',
    needs: 'administer',
  },
  {
    name: 'health',
    title: 'page.health',
    icon: 'health',
    group: 'system',
    key: 'h',
    needs: 'view',
  },
  {
    name: 'logs',
    title: 'page.logs',
    icon: 'log',
    group: 'system',
    key: 'l',
    needs: 'administer',
  },
  {
    name: 'errors',
    title: 'page.errors',
    icon: 'warning',
    group: 'system',
    key: 'e',
    needs: 'administer',
  },
  {
    name: 'settings',
    title: 'page.settings',
    icon: 'settings',
    group: 'system',
    key: 'o',
    needs: 'administer',
  },
  {
    name: 'users',
    title: 'page.users',
    icon: 'users',
    group: 'people',
    key: 'u',
    needs: 'administer',
  },
  {
    name: 'tokens',
    title: 'page.tokens',
    icon: 'tokens',
    group: 'people',
    key: 'k',
    needs: 'view',
  },
  {
    name: 'audit',
    title: 'page.audit',
    icon: 'audit',
    group: 'people',
    key: 'j',
    needs: 'administer',
  },
  {
    name: 'account',
    title: 'page.account',
    icon: 'user',
    group: 'people',
    key: 'm',
    needs: 'view',
    isHidden: true,
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

/** Loads a page; where all but the first one lie is known to a part of its own. */
export async function loadPage({ name }: PageEntry): Promise<PageModule> {
  if (name === 'd') return { default: Dashboards };
  const { LOADERS } = await import('./loaders.ts');
  return LOADERS[name]();
}
