/**
 * Messages of alarms in the reader's language. The hub fills in values when an alarm is raised, so
 * that a message is compared with the texts of the dictionary place by place.
 */
import { dictionary } from './plant-words.svelte.ts';

/** A text with places, to be found in a message. */
interface Pattern {
  shape: RegExp;
  /** What the groups of the shape are, e.g. `value`. */
  places: readonly string[];
  translation: string;
  /** Letters that do not stand in a place: the more, the surer. */
  letters: number;
}

const PIECES = /\{\{|\}\}|\{(value|limit|tag|unit)\}/g;
/** So many messages are remembered; lists of alarms ask for the same again and again. */
const KNOWN_MAX = 1000;

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Returns a text as a pattern; nothing where it has no places, or nothing else. */
export function patternOf(text: string, translation: string): Pattern | null {
  const places: string[] = [];
  let shape = '';
  let plain = '';
  let end = 0;
  const add = (part: string): void => {
    shape += escape(part);
    plain += part;
  };
  for (const { 0: piece, 1: place, index } of text.matchAll(PIECES)) {
    add(text.slice(end, index));
    end = index + piece.length;
    const known = places.indexOf(place ?? '');
    if (place === undefined) add(piece.slice(0, 1));
    else if (0 <= known) shape += `\\${known + 1}`;
    else {
      places.push(place);
      shape += '(.*?)';
    }
  }
  if (end === 0) return null;
  add(text.slice(end));
  const letters = plain.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  if (letters === 0) return null;
  return { shape: new RegExp(`^${shape}$`, 's'), places, translation, letters };
}

/** Returns a translation with its places filled in; a place that the text has not stays. */
function fill(translation: string, values: ReadonlyMap<string, string>): string {
  return translation.replace(PIECES, (piece, place: string | undefined) =>
    place === undefined ? piece.slice(0, 1) : (values.get(place) ?? piece),
  );
}

type Texts = ReadonlyMap<string, string>;

/** Returns how messages are translated by these texts; those of `first` count more. */
export function translator(first: Texts, then: Texts): (message: string) => string {
  const all = [...first, ...[...then].filter(([text]) => !first.has(text))];
  const patterns = all
    .flatMap(([text, translation]) => patternOf(text, translation) ?? [])
    .sort((a, b) => b.letters - a.letters);
  return (message) => {
    const whole = first.get(message) ?? then.get(message);
    if (whole !== undefined) return whole;
    for (const { shape, places, translation } of patterns) {
      const found = shape.exec(message);
      if (!found) continue;
      return fill(translation, new Map(places.map((place, at) => [place, found[at + 1] ?? ''])));
    }
    return message;
  };
}

let made: { of: Texts; run: (message: string) => string; known: Map<string, string> } | null =
  null;

/** Returns the message of an alarm in the reader's language. */
export function localMessage(message: string): string {
  const { words, messages } = dictionary;
  if (made?.of !== words) made = { of: words, run: translator(messages, words), known: new Map() };
  const known = made.known.get(message);
  if (known !== undefined) return known;
  if (KNOWN_MAX <= made.known.size) made.known.clear();
  const text = made.run(message);
  made.known.set(message, text);
  return text;
}
