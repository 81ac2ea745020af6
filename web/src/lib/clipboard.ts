/** Copying, with a word about it. */
import { reason } from './errors.ts';
import { t } from './i18n.svelte.ts';
import { toasts } from './toasts.svelte.ts';

export async function copyText(text: string): Promise<void> {
  try {
    if (window.isSecureContext) await navigator.clipboard.writeText(text);
    else copySelected(text);
    toasts.say(t('toast.copied'));
  } catch (error) {
    toasts.fail(reason(error));
  }
}

/** Over plain HTTP browsers copy only what is selected. */
function copySelected(text: string): void {
  const before = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  // Beside the button, so that it can be focused inside an open dialog.
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  if (!isCopied) throw new Error(t('toast.copy_refused'));
}
