/** Unsaved drafts, kept in this browser for each user until they are saved or thrown away. */
import { recall, remember } from '../prefs.svelte.ts';
import type { Draft } from './draft.ts';

export interface Kept {
  /** The revision that the draft began with, and what it was. */
  revision: number;
  base: Draft;
  draft: Draft;
  keptMs: number;
}

const keyOf = (user: string, board: string): string => `draft.${user}.${board}`;

/** Returns a kept draft; one that is damaged is as good as none. */
export function keptDraft(user: string, board: string): Kept | null {
  try {
    const kept = JSON.parse(recall(keyOf(user, board)) ?? 'null') as Kept | null;
    const isWhole =
      kept !== null &&
      Number.isInteger(kept.revision) &&
      Array.isArray(kept.draft.groups) &&
      Array.isArray(kept.base.groups);
    return isWhole ? kept : null;
  } catch {
    return null;
  }
}

/** Keeps a draft; returns whether the browser had room for it. */
export function keepDraft(user: string, board: string, kept: Kept): boolean {
  const text = JSON.stringify(kept);
  remember(keyOf(user, board), text);
  return recall(keyOf(user, board)) === text;
}

export function dropDraft(user: string, board: string): void {
  try {
    localStorage.removeItem(`headworks.${keyOf(user, board)}`);
  } catch {
    // A browser that keeps nothing has nothing to drop.
  }
}
