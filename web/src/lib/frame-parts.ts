/** Parts of the frame that are there when somebody asks for them, with their words. */
import { needWords } from './i18n.svelte.ts';
import type { Part } from './parts.ts';

async function withWords<T>(load: Promise<T>, ...parts: Part[]): Promise<T> {
  const [loaded] = await Promise.all([load, ...parts.map(needWords)]);
  return loaded;
}

export const PARTS_OF_FRAME = {
  palette: () => withWords(import('../components/Palette.svelte'), 'frame'),
  help: () => withWords(import('../components/Help.svelte'), 'frame', 'help'),
  tour: () => withWords(import('../components/Tour.svelte'), 'frame'),
  bare: () => withWords(import('../components/BareFrame.svelte'), 'frame'),
  updated: () => withWords(import('../components/Updated.svelte'), 'frame'),
  prefs: () => withWords(import('../components/PreferencesForm.svelte'), 'frame'),
  demo: () => withWords(import('../components/DemoButton.svelte'), 'frame'),
  denied: () => withWords(import('../components/Denied.svelte'), 'frame'),
  not_found: () => withWords(import('../components/NotFound.svelte'), 'frame'),
  view_empty: () =>
    withWords(import('../pages/dashboards/ViewEmpty.svelte'), 'frame', 'system'),
  view_menu: () =>
    withWords(
      import('../pages/dashboards/ViewMenu.svelte'),
      'boards',
      'frame',
      'people',
      'plant',
      'system',
    ),
  first: () => withWords(import('../account/FirstSteps.svelte'), 'frame', 'people'),
};
