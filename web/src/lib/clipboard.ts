/** Copying, with a word about it. */
import { reason } from './errors.ts';
import { t } from './i18n.svelte.ts';
import { toasts } from './toasts.svelte.ts';

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.say(t('toast.copied'));
  } catch (error) {
    toasts.fail(reason(error));
  }
}
