/** Deleting what can be brought back: the way back is offered. */
import { applyEdits } from './edits.ts';
import { reason } from './errors.ts';
import { t } from './i18n.svelte.ts';
import { toasts } from './toasts.svelte.ts';
import type { Stored } from './types.ts';

/** Deletes an object, with `cascade` also what hangs on it; throws why the server refuses. */
export async function deleteObject(
  { id, revision }: Stored,
  name: string,
  cascade = false,
): Promise<void> {
  const edit = { op: 'delete' as const, id, revision, ...(cascade && { cascade }) };
  await applyEdits([edit], t('toast.deleted', { name }));
}

/** Deletes an object that nobody is asked about before; returns whether it is gone. */
export async function removeObject(item: Stored, name: string): Promise<boolean> {
  try {
    await deleteObject(item, name);
    return true;
  } catch (error) {
    toasts.fail(reason(error));
    return false;
  }
}
