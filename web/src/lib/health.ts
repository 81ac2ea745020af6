/** What the checks of the hub say, in the reader's words. */
import type { Check } from './api.gen.ts';
import { formatNumber } from './format.ts';
import { i18n, t, word } from './i18n.svelte.ts';
import type { Key } from './i18n.keys.gen.ts';
import type { Said } from './said.ts';

/** Returns what a check found; in the server's own words where there are no others. */
export function findings({ code, figures, detail }: Check): Said {
  if (word(`health.says.${code}`, '') === '') return { text: detail, lang: 'en' };
  const shown = Object.entries(figures).map(([name, figure]) => [
    name,
    formatNumber(figure, i18n.locale, 0),
  ]);
  return { text: t(`health.says.${code}` as Key, Object.fromEntries(shown)) };
}
