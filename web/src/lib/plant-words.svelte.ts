/** The plant's own texts, such as names of tags, in the reader's language: its dictionary's. */
import { api } from './api.ts';
import type { Words } from './api.gen.ts';

type Texts = ReadonlyMap<string, string>;

let words = $state.raw<Texts>(new Map());
let messages = $state.raw<Texts>(new Map());
/** The language that was asked for last. */
let wanted = '';

/** Returns a text of the plant in the reader's language; without a word it is as it was. */
export function local(text: string): string {
  return words.get(text) ?? text;
}

/** Everything that is translated, for what looks at more than a whole text. */
export const dictionary = {
  get words(): Texts {
    return words;
  },
  /** Messages of alarms whose rules have a translation of their own. */
  get messages(): Texts {
    return messages;
  },
};

export function takeWords(all: Words): void {
  words = new Map(Object.entries(all.words));
  messages = new Map(Object.entries(all.messages));
}

/** Reads the dictionary of a language. Without an answer texts stay as they were shown. */
export async function readWords(language: string): Promise<void> {
  wanted = language;
  try {
    const all = await api.get<Words>('dictionaries/words', { language });
    if (language === wanted) takeWords(all);
  } catch {
    // The frame says that the hub is lost, and asks again when it is back.
  }
}
