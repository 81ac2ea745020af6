/**
 * Words of the interface in the reader's language; each language is a file of its own, and so are
 * the words that only some pages need.
 */
import type { Key, PluralKey } from './i18n.keys.gen.ts';
import type { Part } from './parts.ts';

export const LANGUAGES = {
  en: 'English',
  zh: '简体中文',
  de: 'Deutsch',
  nl: 'Nederlands',
  it: 'Italiano',
} as const;
export type Language = keyof typeof LANGUAGES;

type Params = Record<string, string | number>;

/** Where the words of each language lie. */
export type Files = Record<Language, () => Promise<{ default: Record<string, string> }>>;

const FILES: Files = {
  en: () => import('../locales/en.json'),
  zh: () => import('../locales/zh.json'),
  de: () => import('../locales/de.json'),
  nl: () => import('../locales/nl.json'),
  it: () => import('../locales/it.json'),
};

const needed = new Set<Files>();
let words = $state.raw<Record<string, string>>({});
let chosen = $state<Language>('en');
let plurals = new Intl.PluralRules('en');

export const i18n = {
  get language(): Language {
    return chosen;
  },
  /** How numbers and times are written: as the browser's region does, in the chosen language. */
  get locale(): string {
    return localeOf(chosen, navigator.languages);
  },
};

/** Returns the language to start with: the one kept, else the first of the browser's we have. */
export function firstLanguage(kept: string | null, wanted: readonly string[]): Language {
  for (const tag of [kept ?? '', ...wanted]) {
    const language = tag.toLowerCase().split('-')[0] ?? '';
    if (language in LANGUAGES) return language as Language;
  }
  return 'en';
}

/** Returns the browser's regional form of a language; without one that of Europe. */
export function localeOf(language: Language, wanted: readonly string[]): string {
  const regional = wanted.find(
    (tag) => tag.toLowerCase().split('-')[0] === language && tag.includes('-'),
  );
  return regional ?? (language === 'en' ? 'en-GB' : language);
}

async function read(language: Language): Promise<Record<string, string>> {
  const files = [FILES, ...needed].map((part) => part[language]);
  const read = await Promise.all(files.map((file) => file()));
  return Object.assign({}, ...read.map((file) => file.default)) as Record<string, string>;
}

/** Loads the words of a part; they stay, in every language chosen later. */
export async function needWords(name: Part): Promise<void> {
  const { PARTS } = await import('./parts.ts');
  const part: Files = PARTS[name];
  if (needed.has(part)) return;
  const before = chosen;
  const { default: more } = await part[before]();
  needed.add(part);
  // Another language that was chosen meanwhile is read again, now with this part.
  words = before === chosen ? { ...words, ...more } : await read(chosen);
}

export async function setLanguage(language: Language): Promise<void> {
  words = await read(language);
  plurals = new Intl.PluralRules(language);
  chosen = language;
  document.documentElement.lang = language === 'zh' ? 'zh-Hans' : language;
}

function fill(text: string, params: Params | undefined): string {
  return params
    ? text.replace(/\{(\w+)\}/g, (all, name: string) => String(params[name] ?? all))
    : text;
}

/** Returns the words of a key with its places filled in. */
export function t(key: Key, params?: Params): string {
  return fill(words[key] ?? key, params);
}

/** Returns the words for a number of things; `{n}` is the number as the language writes it. */
export function tn(key: PluralKey, count: number, params: Params = {}): string {
  const n = count.toLocaleString(chosen);
  const form = words[`${key}.${plurals.select(count)}`] ?? words[`${key}.other`] ?? key;
  return fill(form, { n, ...params });
}

/** Returns the words of a key made at run time, or `otherwise` where there are none. */
export function word(key: string, otherwise: string): string {
  return words[key] ?? otherwise;
}
