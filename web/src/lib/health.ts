/** What the checks of the hub say, in the reader's words. */
import { formatNumber } from './format.ts';
import { FINE } from './health-sentences.ts';
import { i18n, t } from './i18n.svelte.ts';
import type { Said } from './said.ts';

/** Returns what a check found; of what is not fine the server's own words say most. */
export function findings(check: string, detail: string): Said {
  for (const [name, says, key] of FINE) {
    const found = name === check ? says.exec(detail) : null;
    if (!found) continue;
    const figures = Object.entries(found.groups ?? {}).map(([place, digits]) => [
      place,
      formatNumber(Number(digits), i18n.locale, 0),
    ]);
    return { text: t(key, Object.fromEntries(figures)) };
  }
  return { text: detail, lang: 'en' };
}
