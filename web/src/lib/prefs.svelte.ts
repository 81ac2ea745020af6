/** What a reader chose for this browser: theme, language, density, time zone, short cuts. */
import { setTimeZone } from './format.ts';
import { firstLanguage, setLanguage, type Language } from './i18n.svelte.ts';

export type Theme = 'system' | 'light' | 'dark' | 'contrast';
export type Density = 'comfortable' | 'compact';

const PREFIX = 'headworks.';
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');
const systemContrast = window.matchMedia('(prefers-contrast: more)');
/** The link of a wall screen may say how it looks; that is not kept. */
const said = new URLSearchParams(window.location.search);

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // A browser that keeps nothing still works; it forgets the choice.
  }
  chosen?.(key);
}

let chosen: ((key: string) => void) | null = null;

/** Has somebody told of every choice. */
export function watchChoices(tell: typeof chosen): void {
  chosen = tell;
}

const first = (key: string): string | null => said.get(key) ?? recall(key);
/** Whether the link of the page says it. */
export const isSaid = (key: string): boolean => said.has(key);
let theme = $state<Theme>((first('theme') as Theme | null) ?? 'system');
let density = $state<Density>((first('density') as Density | null) ?? 'comfortable');
let keys = $state(recall('keys') !== 'off');
let wall = $state(first('wall') === 'on');
let zone = $state(setTimeZone(first('zone')));
let look = $state('');

function applyTheme(): void {
  const isDark = theme === 'dark' || (theme !== 'light' && systemDark.matches);
  const isStrong = theme === 'contrast' || (theme === 'system' && systemContrast.matches);
  const set = document.documentElement.dataset;
  set['theme'] = isDark ? 'dark' : 'light';
  set['contrast'] = isStrong ? 'more' : 'normal';
  set['density'] = density;
  set['wall'] = wall ? 'on' : 'off';
  look = `${set['theme']} ${set['contrast']}`;
}

systemDark.addEventListener('change', applyTheme);
systemContrast.addEventListener('change', applyTheme);
applyTheme();

export const prefs = {
  get theme(): Theme {
    return theme;
  },
  set theme(value: Theme) {
    theme = value;
    remember('theme', value);
    applyTheme();
  },
  get density(): Density {
    return density;
  },
  set density(value: Density) {
    density = value;
    remember('density', value);
    applyTheme();
  },
  /** Whether single letters are short cuts (WCAG 2.1.4). */
  get keys(): boolean {
    return keys;
  },
  set keys(value: boolean) {
    keys = value;
    remember('keys', value ? 'on' : 'off');
  },
  /** Large type and no list of pages, for a screen that is read from afar. */
  get wall(): boolean {
    return wall;
  },
  set wall(value: boolean) {
    wall = value;
    remember('wall', value ? 'on' : 'off');
    applyTheme();
  },
  /** The time zone in which times are written; empty for that of the device. */
  get zone(): string {
    return zone;
  },
  set zone(value: string) {
    zone = setTimeZone(value);
    remember('zone', zone);
  },
  /** Changes with everything that decides colours: what paints them itself reads it. */
  get look(): string {
    return look;
  },
};

export function loadLanguage(): Promise<void> {
  return setLanguage(firstLanguage(first('language'), navigator.languages));
}

export async function chooseLanguage(language: Language): Promise<void> {
  remember('language', language);
  await setLanguage(language);
}
