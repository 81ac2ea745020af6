/** Lists of edits: applied whole or not at all, tried before, taken back after. */
import { api, ApiError } from './api.ts';
import type { EditRow, EditsDone } from './api.gen.ts';
import { reason } from './errors.ts';
import { t } from './i18n.svelte.ts';
import { toasts } from './toasts.svelte.ts';

export type { EditRow } from './api.gen.ts';

/** Looks whether edits would work; throws what the server says against them. */
export function tryEdits(edits: readonly EditRow[], signal?: AbortSignal): Promise<EditsDone> {
  return api.post<EditsDone>('edits', { dry_run: true, edits }, {}, signal);
}

/** Applies edits as one change, says so, and offers to take it back. */
export async function applyEdits(
  edits: readonly EditRow[],
  said: string,
): Promise<EditsDone> {
  const done = await api.post<EditsDone>('edits', { edits });
  offerUndo(said, done.change);
  return done;
}

/** Says what was done, with the way back. */
export function offerUndo(said: string, change: number | null): void {
  toasts.say(
    said,
    change === null ? null : { text: t('edits.undo'), run: () => void undo(change) },
  );
}

/** Takes a change back; a refusal says why. */
export async function undo(change: number): Promise<boolean> {
  try {
    await api.post<EditsDone>(`changes/${change}/undo`);
    toasts.say(t('edits.undone'));
    return true;
  } catch (error) {
    toasts.fail(t('edits.undo_failed', { reason: reason(error) }));
    return false;
  }
}

/** Returns what an answer says against each row; what concerns none of them is left out. */
export function problemsByRow(
  error: unknown,
  edits: readonly EditRow[],
): Map<number, string> {
  const found = new Map<number, string>();
  if (!(error instanceof ApiError)) return found;
  const row = error.isConflict ? rowNamed(error.message, edits) : -1;
  if (0 <= row) found.set(row, error.message);
  for (const { pointer, detail } of error.errors) {
    const match = /^\/edits\/(\d+)(?:\/(?:body|patch)(?=\/|$))?(?:\/(.+))?$/.exec(pointer);
    if (!match) continue;
    const at = Number(match[1]);
    const text = match[2] ? `${match[2]}: ${detail}` : detail;
    found.set(at, [found.get(at), text].filter(Boolean).join('; '));
  }
  return found;
}

/** A conflict names the object by its id, and that stands in one row. */
function rowNamed(text: string, edits: readonly EditRow[]): number {
  return edits.findIndex(({ id }) => Boolean(id) && text.includes(id as string));
}
