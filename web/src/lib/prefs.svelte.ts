/** What a reader chose for this browser: theme, language, density, single-letter keys. */
import { firstLanguage, setLanguage, type Language } from './i18n.svelte.ts';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

const PREFIX = 'headworks.';
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');

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
}

let theme = $state<Theme>((recall('theme') as Theme | null) ?? 'system');
let density = $state<Density>((recall('density') as Density | null) ?? 'comfortable');
let keys = $state(recall('keys') !== 'off');
let dark = $state(false);

function applyTheme(): void {
  dark = theme === 'dark' || (theme === 'system' && systemDark.matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  document.documentElement.dataset['density'] = density;
}

systemDark.addEventListener('change', applyTheme);
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
  get isDark(): boolean {
    return dark;
  },
};

export function loadLanguage(): Promise<void> {
  return setLanguage(firstLanguage(recall('language'), navigator.languages));
}

export async function chooseLanguage(language: Language): Promise<void> {
  remember('language', language);
  await setLanguage(language);
}
