/** Expressions: tried on the server while they are written, and the functions they may call. */
import { api } from './api.ts';
import { formatPlain } from './format.ts';
import { besideWords, said, type Said } from './said.ts';
import type { Scalar } from './types.ts';
import type { CheckAnswer, ExpressionKind, FunctionItem, Input, Mistake } from './api.gen.ts';

export type { CheckAnswer, ExpressionKind, FunctionItem, Input, Mistake };

/** Where an expression stands: what its bare names are, and whose value it is given. */
export interface ExpressionScope {
  device?: string | null | undefined;
  tag?: string | null | undefined;
}

/** Most characters of an expression. */
export const LENGTH_MAX = 4096;

const KEYWORDS = new Set(['and', 'or', 'not', 'if', 'else', 'true', 'false', 'True', 'False']);

export function check(
  text: string,
  kind: ExpressionKind,
  { device, tag }: ExpressionScope,
  signal: AbortSignal,
): Promise<CheckAnswer> {
  const body = { text, kind, ...(device && { device }), ...(tag && { tag }) };
  return api.post<CheckAnswer>('expressions/check', body, {}, signal);
}

let library: Promise<FunctionItem[]> | null = null;

/** Returns the functions; they do not change while the server runs. */
export function functions(): Promise<FunctionItem[]> {
  const asked = (): Promise<{ items: FunctionItem[] }> => api.get('expressions/functions');
  library ??= besideWords('functions', asked()).then(({ items }) => items);
  library.catch(() => (library = null));
  return library;
}

/** Returns what a function does; several share a name, so that their parameters are in the key. */
export const about = ({ signature, doc }: FunctionItem): Said =>
  said(`function.${signature.replace(/\s/g, '')}`, doc);

/** Returns the functions whose name or text holds all words of a search. */
export function search(items: readonly FunctionItem[], text: string): FunctionItem[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => {
    const all = `${item.signature} ${item.group} ${about(item).text}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** Returns how a tag is written in an expression: by its name beside it, else by its path. */
export function reference(
  tag: { id: string; name: string; path: string; device: string },
  device: string | null | undefined,
  value: string | null = null,
): string {
  if (tag.id === value) return 'value';
  const isWord = /^[\p{Alphabetic}_][\p{Alphabetic}\p{N}_]*$/u.test(tag.name);
  if (tag.device === device && isWord && !KEYWORDS.has(tag.name)) return tag.name;
  return `tag("${tag.path.replace(/["\\]/g, '\\$&')}")`;
}

/** Returns a text before, at and behind what is wrong with it. */
export function marked(text: string, mistake: Mistake | null): [string, string, string] {
  if (!mistake) return [text, '', ''];
  const characters = [...text];
  const start = Math.min(mistake.column - 1, characters.length);
  const end = start + mistake.length;
  const part = (from: number, to?: number): string => characters.slice(from, to).join('');
  return [part(0, start), part(start, end), part(end)];
}

/** Digits beyond these are what computing with floats leaves. */
const DIGITS = 12;

/** Returns a value of an expression as text; a dash where there is none. */
export function shown(value: Scalar | null | undefined, locale: string): string {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  return formatPlain(Number(value.toPrecision(DIGITS)), locale);
}

/** An expression has one line; what is pasted with more of them is the same in one. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
