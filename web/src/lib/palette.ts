/** What the palette finds: pages and actions here, objects of the plant on the server. */
import type { IconName } from '../components/Icon.svelte';
import { api } from './api.ts';
import { LANGUAGES, t, type Language } from './i18n.svelte.ts';
import { pagesOf } from './pages.ts';
import { chooseLanguage, prefs, type Theme } from './prefs.svelte.ts';
import { go } from './router.svelte.ts';
import { screen } from './screen.svelte.ts';
import { session, type Permission } from './session.svelte.ts';
import type { Page } from './types.ts';

export interface Hit {
  id: string;
  icon: IconName;
  text: string;
  detail: string;
  run: () => void;
}

/** So many of each kind are asked for. */
const HITS_MAX = 8;

interface Found {
  id: string;
  name?: string;
  path?: string;
  device_name?: string;
}

interface Source {
  list: string;
  icon: IconName;
  needs: Permission;
  text: (one: Found) => string;
  detail: (one: Found) => string;
  path: (one: Found) => string;
}

const nameOf = ({ name = '' }: Found): string => name;

const SOURCES: Source[] = [
  {
    list: 'dashboards',
    icon: 'dashboards',
    needs: 'view',
    text: nameOf,
    detail: () => t('page.dashboards'),
    path: ({ id }) => `/d/${id}`,
  },
  {
    list: 'devices',
    icon: 'devices',
    needs: 'view',
    text: nameOf,
    detail: ({ path = '' }) => path,
    path: ({ id }) => `/devices/${id}`,
  },
  {
    list: 'tags',
    icon: 'tags',
    needs: 'view',
    text: ({ path = '' }) => path,
    detail: ({ device_name = '' }) => device_name,
    path: ({ id }) => `/tags/${id}`,
  },
  {
    list: 'connections',
    icon: 'connections',
    needs: 'configure',
    text: nameOf,
    detail: () => t('page.connections'),
    path: ({ id }) => `/connections/${id}`,
  },
  {
    list: 'alarm-rules',
    icon: 'alarm-rules',
    needs: 'configure',
    text: nameOf,
    detail: () => t('page.alarm_rules'),
    path: ({ id }) => `/alarm-rules/${id}`,
  },
  {
    list: 'routes',
    icon: 'routes',
    needs: 'configure',
    text: nameOf,
    detail: () => t('page.routes'),
    path: ({ id }) => `/routes/${id}`,
  },
];

/** Returns the objects that the server finds; a list that fails does not hide the others. */
export async function findObjects(search: string, signal: AbortSignal): Promise<Hit[]> {
  const asked = SOURCES.filter(({ needs }) => session.may(needs)).map(async (source) => {
    const query = { search, limit: HITS_MAX };
    const { items } = await api.get<Page<Found>>(source.list, query, signal);
    return items.map((one) => ({
      id: one.id,
      icon: source.icon,
      text: source.text(one),
      detail: source.detail(one),
      run: () => go(source.path(one)),
    }));
  });
  const answers = await Promise.allSettled(asked);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

export function pageHits(): Hit[] {
  return pagesOf().map((page) => ({
    id: page.name,
    icon: page.icon,
    text: t(page.title),
    detail: '',
    run: () => go(`/${page.name}`),
  }));
}

function action(icon: IconName, text: string, run: () => void): Hit {
  return { id: `do ${text}`, icon, text, detail: t('palette.action'), run };
}

const theme = (value: Theme, icon: IconName, name: string): Hit =>
  action(icon, `${t('prefs.theme')}: ${name}`, () => (prefs.theme = value));

/** Returns what can be done from everywhere. */
export function actionHits(): Hit[] {
  const makes: [Permission, string, string][] = [
    ['configure', t('palette.add_connection'), '/connections?do=add'],
    ['configure', t('palette.add_device'), '/devices?do=add'],
    ['configure', t('palette.add_tag'), '/tags?do=add'],
    ['configure', t('palette.add_rule'), '/alarm-rules?do=add'],
    ['configure', t('palette.add_route'), '/routes/new'],
    ['administer', t('palette.add_user'), '/users?do=add'],
  ];
  return [
    ...makes
      .filter(([needs]) => session.may(needs))
      .map(([, text, path]) => action('add', text, () => go(path))),
    theme('system', 'system', t('prefs.theme.system')),
    theme('light', 'sun', t('prefs.theme.light')),
    theme('dark', 'moon', t('prefs.theme.dark')),
    theme('contrast', 'contrast', t('prefs.theme.contrast')),
    ...Object.entries(LANGUAGES).map(([code, name]) =>
      action('settings', `${t('prefs.language')}: ${name}`, () => {
        void chooseLanguage(code as Language);
      }),
    ),
    action('table', t('prefs.compact'), () => {
      prefs.density = prefs.density === 'compact' ? 'comfortable' : 'compact';
    }),
    action('full', t('screen.full'), () => screen.toggle()),
    action('help', t('help.title'), () => screen.ask('help')),
    action('play', t('tour.start'), () => screen.ask('tour')),
    action('sign-out', t('signout'), () => void session.signOut()),
  ];
}
