/** How the interface looks and speaks, as one person chose it, wherever they sign in. */
import { LANGUAGES, type Language } from './i18n.svelte.ts';
import { Own } from './own.ts';
import {
  chooseLanguage,
  isSaid,
  prefs,
  recall,
  watchChoices,
  type Density,
  type Theme,
} from './prefs.svelte.ts';

const THEMES: readonly string[] = ['system', 'light', 'dark', 'contrast'];
const DENSITIES: readonly string[] = ['comfortable', 'compact'];

/** How each choice is taken; what is no choice is left alone. */
const TAKES: Record<string, (value: string) => void> = {
  theme: (value) => {
    if (THEMES.includes(value)) prefs.theme = value as Theme;
  },
  density: (value) => {
    if (DENSITIES.includes(value)) prefs.density = value as Density;
  },
  keys: (value) => {
    prefs.keys = value !== 'off';
  },
  zone: (value) => {
    prefs.zone = value;
  },
  language: (value) => {
    if (value in LANGUAGES) void chooseLanguage(value as Language);
  },
};

/** Returns what was chosen in this browser, or nothing when nothing ever was. */
export function chosenHere(read: (key: string) => string | null = recall): object | null {
  const known = Object.keys(TAKES)
    .map((key) => [key, read(key)] as const)
    .filter(([, value]) => value !== null);
  return known.length === 0 ? null : Object.fromEntries(known);
}

/** Keeps the look of who is signed in the same as the hub has it. Returns how to stop. */
export function keepLook(): () => void {
  let isTaking = false;
  const own = new Own({
    key: 'look',
    here: chosenHere,
    take(value) {
      if (typeof value !== 'object' || value === null) return;
      isTaking = true;
      for (const [key, next] of Object.entries(value)) {
        const isNew = typeof next === 'string' && next !== recall(key) && !isSaid(key);
        if (isNew) TAKES[key]?.(next);
      }
      isTaking = false;
    },
  });
  watchChoices((key) => {
    if (!isTaking && key in TAKES) own.changed();
  });
  void own.start();
  return () => {
    watchChoices(null);
    own.end();
  };
}
