/** Translations of the plant's own texts: edits of a dictionary, and files for translators. */
import type { DictionaryItem, EditRow, Kind, TextItem } from './api.gen.ts';
import { cell } from './csv.ts';
import { i18n, LANGUAGES } from './i18n.svelte.ts';

/** A text of the plant as a row of the table. */
export interface TextRow {
  id: string;
  revision: number;
  /** The text as it was written. */
  path: string;
  translation: string;
  usedBy: readonly Kind[];
}

export const rowOf = ({ text, translation, used_by }: TextItem): TextRow => ({
  id: text,
  revision: 0,
  path: text,
  translation: translation ?? '',
  usedBy: used_by,
});

/** What the hub takes as one text. */
const TEXT_MAX = 4000;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Why a text cannot be a word of a dictionary. */
export type Misfit = 'too_long' | 'control';

export function misfitOf(text: string): Misfit | null {
  if (TEXT_MAX < [...text].length) return 'too_long';
  return CONTROL.test(text) ? 'control' : null;
}

const LANGUAGE_MAX = 35;

/** Returns whether a text looks like a tag of a language, as the hub takes it. */
export const isLanguage = (tag: string): boolean =>
  tag.length <= LANGUAGE_MAX && /^[a-z]{2,3}(?:-[a-z0-9]{1,8})*$/i.test(tag);

/** Returns what a language is called in that of the reader. */
export function languageName(tag: string): string {
  try {
    const name = new Intl.DisplayNames(i18n.locale, { type: 'language' }).of(tag);
    return name && name !== tag ? `${name} (${tag})` : tag;
  } catch {
    return tag;
  }
}

/** Returns the languages to choose from: those of the interface, and those there are words of. */
export function languagesOf(known: readonly DictionaryItem[], chosen: string): string[] {
  const tags = new Map<string, string>();
  for (const tag of [...known.map(({ language }) => language), ...Object.keys(LANGUAGES), chosen])
    if (!tags.has(tag.toLowerCase())) tags.set(tag.toLowerCase(), tag);
  return [...tags.values()].sort((a, b) => languageName(a).localeCompare(languageName(b)));
}

/** Returns the dictionary of a language, upper and lower case as one. */
export const dictionaryOf = (
  known: readonly DictionaryItem[],
  language: string,
): DictionaryItem | null =>
  known.find((one) => one.language.toLowerCase() === language.toLowerCase()) ?? null;

/**
 * Returns the edit that gives a dictionary these words, and makes it where there is none; an empty
 * word goes.
 */
export function wordEdits(
  dictionary: Pick<DictionaryItem, 'id' | 'revision'> | null,
  language: string,
  words: readonly (readonly [string, string])[],
): EditRow[] {
  if (words.length === 0) return [];
  if (dictionary) {
    const { id, revision } = dictionary;
    const patch = Object.fromEntries(words.map(([text, word]) => [text, word || null]));
    return [{ op: 'patch', id, revision, patch: { words: patch } }];
  }
  const given = Object.fromEntries(words.filter(([, word]) => word !== ''));
  return [{ op: 'create', kind: 'dictionary', body: { language, words: given } }];
}

const HEADS = ['base', 'translation'] as const;
/** Spreadsheets take a file without it for one in the encoding of the country. */
const BYTE_ORDER_MARK = '\ufeff';

/** Returns texts and their translations as a file that spreadsheets read. */
export function wordsCsv(texts: readonly TextItem[]): string {
  const rows = texts.map(({ text, translation }) => [text, translation ?? '']);
  const lines = [HEADS, ...rows].map((cells) => cells.map(cell).join(','));
  return `${BYTE_ORDER_MARK}${lines.join('\r\n')}\r\n`;
}

/** Why a row of a file cannot be taken. */
export type RowProblem = Misfit | 'columns' | 'no_base' | 'twice';

/** What a file of a translator holds. */
export interface WordFile {
  words: Map<string, string>;
  /** Rows without a translation. */
  empty: number;
  problems: { line: number; reason: RowProblem }[];
  /** Whether the first row has the names of both columns. */
  hasHeads: boolean;
}

/** Reads a file of a translator; what cannot be taken is told with its line. */
export function readWordsCsv(text: string): WordFile {
  const rows = cellsOf(text.replace(/^\ufeff/, ''));
  const heads = (rows[0]?.cells ?? []).map((head) => head.trim().toLowerCase());
  const [base, translation] = HEADS.map((head) => heads.indexOf(head)) as [number, number];
  const file: WordFile = { words: new Map(), empty: 0, problems: [], hasHeads: true };
  if (base < 0 || translation < 0) return { ...file, hasHeads: false };
  for (const { line, cells } of rows.slice(1)) {
    const reason = takeRow(file, cells, heads.length, base, translation);
    if (reason) file.problems.push({ line, reason });
  }
  return file;
}

function takeRow(
  file: WordFile,
  cells: readonly string[],
  count: number,
  base: number,
  translation: number,
): RowProblem | null {
  if (count < cells.length || cells.length <= Math.min(base, translation)) return 'columns';
  const text = unguarded(cells[base] ?? '');
  const word = unguarded(cells[translation] ?? '').trim();
  if (text.trim() === '') return 'no_base';
  if (word === '') {
    file.empty += 1;
    return null;
  }
  const misfit = misfitOf(text) ?? misfitOf(word);
  if (misfit) return misfit;
  const known = file.words.get(text);
  if (known !== undefined && known !== word) return 'twice';
  file.words.set(text, word);
  return null;
}

/** Takes off the apostrophe that keeps a spreadsheet from taking a text for a formula. */
const unguarded = (text: string): string => text.replace(/^'(?=[=+\-@\t\r])/, '');

interface Row {
  /** The line on which it begins, from 1. */
  line: number;
  cells: string[];
}

/** Returns the sign between cells: the one that the first line has most of. */
function separatorOf(text: string): string {
  const first = (/^[^\r\n]*/.exec(text)?.[0] ?? '').replace(/"[^"]*"/g, '');
  const count = (sign: string): number => first.split(sign).length;
  return [',', ';', '\t'].reduce((best, sign) => (count(best) < count(sign) ? sign : best));
}

/** Takes a table apart as RFC 4180 says; rows without anything are left out. */
function cellsOf(text: string): Row[] {
  const separator = separatorOf(text);
  const rows: Row[] = [];
  let row: Row = { line: 1, cells: [] };
  let line = 1;
  let at = 0;
  const end = (): void => {
    if (row.cells.some((one) => one !== '')) rows.push(row);
  };
  while (at < text.length) {
    const [one, next] = cellAt(text, at, separator);
    row.cells.push(one);
    line += text.slice(at, next).split('\n').length - 1;
    at = next + 1;
    if (text[next] === separator) continue;
    if (text[next] === '\r' && text[at] === '\n') at += 1;
    line += 1;
    end();
    row = { line, cells: [] };
  }
  end();
  return rows;
}

/** Returns the cell that begins at a place, and where it ends. */
function cellAt(text: string, start: number, separator: string): [string, number] {
  let at = start;
  let quoted = '';
  if (text[at] === '"') {
    for (at += 1; at < text.length; at += 1) {
      if (text[at] !== '"') quoted += text[at];
      else if (text[at + 1] === '"') quoted += text[(at += 1)];
      else break;
    }
    at += 1;
  }
  const rest = at;
  while (at < text.length && text[at] !== separator && text[at] !== '\r' && text[at] !== '\n')
    at += 1;
  return [quoted + text.slice(rest, at), Math.min(at, text.length)];
}
