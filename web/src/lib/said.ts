/** What the server says in English, in the reader's words where there are any. */
import { needWords, word } from './i18n.svelte.ts';
import type { Part } from './parts.ts';

/** A text, with its language where that is not the reader's. */
export interface Said {
  text: string;
  lang?: 'en' | undefined;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Returns the words of a key; the server's own where nobody has translated them. */
export function said(key: string, text: string): Said {
  const own = word(key, '');
  return own === '' ? { text: oneLine(text), lang: 'en' } : { text: own };
}

/** Asks, and loads words beside it; without them the server's own are shown. */
export async function besideWords<T>(part: Part, asked: Promise<T>): Promise<T> {
  const [found] = await Promise.all([asked, needWords(part).catch(() => undefined)]);
  return found;
}
