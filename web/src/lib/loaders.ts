/** Where the pages lie, each loaded together with the words that the first page does not need. */
import { needWords } from './i18n.svelte.ts';
import type { PageModule } from './pages.ts';
import type { Part } from './parts.ts';

type Loader = () => Promise<PageModule>;

async function withWords(page: Promise<PageModule>, ...parts: Part[]): Promise<PageModule> {
  const [loaded] = await Promise.all([page, ...parts.map(needWords)]);
  return loaded;
}

const withSystem = (page: Promise<PageModule>): Promise<PageModule> => withWords(page, 'system');
/** Pages of the plant have forms in common with those of the system. */
const withPlant = (page: Promise<PageModule>): Promise<PageModule> =>
  withWords(page, 'system', 'plant');
const withOnboarding = (page: Promise<PageModule>): Promise<PageModule> =>
  withWords(page, 'system', 'plant', 'onboarding');
/** Pages with expressions: formulas, conditions, transforms. */
const withLogic = (page: Promise<PageModule>): Promise<PageModule> =>
  withWords(page, 'system', 'plant', 'logic');
const withPeople = (page: Promise<PageModule>): Promise<PageModule> =>
  withWords(page, 'system', 'people');

const withAlarms = (page: Promise<PageModule>): Promise<PageModule> =>
  withWords(page, 'system', 'plant', 'alarmbar', 'alarms');

export const LOADERS = {
  trends: () => withWords(import('../pages/Trends.svelte'), 'system', 'trends'),
  tags: () => withLogic(import('../pages/Tags.svelte')),
  calculated: () => withLogic(import('../pages/Calculated.svelte')),
  alarms: () => withAlarms(import('../pages/Alarms.svelte')),
  'alarm-rules': () =>
    withAlarms(withLogic(import('../pages/AlarmRules.svelte'))),
  notification: () =>
    withWords(
      import('../pages/Notification.svelte'),
      'system',
      'plant',
      'alarmbar',
      'notification',
    ),
  routes: () =>
    withWords(
      import('../pages/Routes.svelte'),
      'system',
      'plant',
      'logic',
      'notification',
      'routes',
    ),
  connections: () => withPlant(import('../pages/Connections.svelte')),
  devices: () => withPlant(import('../pages/Devices.svelte')),
  discovery: () => withOnboarding(import('../pages/Discovery.svelte')),
  plant: () => withPlant(import('../pages/Assets.svelte')),
  groups: () => withPlant(import('../pages/Groups.svelte')),
  templates: () => withOnboarding(import('../pages/Templates.svelte')),
  translations: () =>
    withWords(import('../pages/Translations.svelte'), 'system', 'plant', 'translations'),
  import: () => withOnboarding(import('../pages/PlantImport.svelte')),
  changes: () => withPlant(import('../pages/Changes.svelte')),
  exchange: () => withSystem(import('../pages/Exchange.svelte')),
  storage: () => withPlant(import('../pages/Storage.svelte')),
  backups: () => withSystem(import('../pages/Backups.svelte')),
  health: () => withSystem(import('../pages/Health.svelte')),
  logs: () => withPeople(import('../pages/Logs.svelte')),
  errors: () => withPeople(import('../pages/Errors.svelte')),
  settings: () => withPeople(import('../pages/Settings.svelte')),
  users: () => withPeople(import('../pages/Users.svelte')),
  // The link for a wall has a theme, as the preferences have.
  tokens: () => withWords(import('../pages/Tokens.svelte'), 'frame', 'system', 'people'),
  audit: () => withPeople(import('../pages/Audit.svelte')),
  account: () => withPeople(import('../pages/Account.svelte')),
} satisfies Record<string, Loader>;
