/** Short cuts: Ctrl K always, single letters unless the reader turned them off. */
import { pagesOf } from './pages.ts';
import { prefs } from './prefs.svelte.ts';
import { go } from './router.svelte.ts';
import { screen } from './screen.svelte.ts';

const TYPING = 'input, textarea, select, [contenteditable]';

/** Listens for short cuts; returns how to stop. */
export function startKeys(): () => void {
  let isGoing = false;
  const onkeydown = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      screen.ask('palette');
      return;
    }
    if (!prefs.keys || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
      return;
    if ((event.target as Element).closest?.(TYPING) || document.querySelector('dialog[open]'))
      return;
    const wasGoing = isGoing;
    isGoing = event.key === 'g';
    const page = wasGoing ? pagesOf().find(({ key }) => key === event.key) : undefined;
    if (page) go(`/${page.name}`);
    else if (event.key === '?') screen.ask('help');
    else if (event.key === 'f') screen.toggle();
    else if (event.key === '/') focusFilter(event);
  };
  window.addEventListener('keydown', onkeydown);
  return () => window.removeEventListener('keydown', onkeydown);
}

function focusFilter(event: KeyboardEvent): void {
  const field = document.querySelector<HTMLInputElement>('[data-filter]');
  if (!field) return;
  event.preventDefault();
  field.focus();
}
