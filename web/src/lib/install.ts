/** What a page does once it is there: the offline shell, and news of a new version. */
import { BASE } from './router.svelte.ts';

/** Makes the browser keep the page that says when the hub cannot be reached. */
export async function keepShell(): Promise<void> {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(`${BASE}sw.js`, { scope: BASE });
  } catch {
    // Plain HTTP, an unknown certificate or a browser that keeps nothing: no shell, all else works.
  }
}

/** The script that this page was started with; its name holds a hash. */
const started = document.querySelector<HTMLScriptElement>('script[type="module"]')?.src ?? '';

/** Returns whether the hub now serves other files than those of this page. */
export async function isUpdated(): Promise<boolean> {
  if (import.meta.env.DEV) return false;
  try {
    const answer = await fetch(BASE, { headers: { accept: 'text/html' }, cache: 'no-store' });
    const text = await answer.text();
    const [, path] = /<script[^>]+type="module"[^>]+src="([^"]+)"/.exec(text) ?? [];
    return answer.ok && path !== undefined && new URL(path, started).href !== started;
  } catch {
    return false;
  }
}
