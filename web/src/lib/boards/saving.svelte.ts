/** Saving of an edited dashboard: drafts that stay in the browser, and two editors of one. */
import { api, ApiError } from '../api.ts';
import { reason } from '../errors.ts';
import { t } from '../i18n.svelte.ts';
import { session } from '../session.svelte.ts';
import { toasts } from '../toasts.svelte.ts';
import type { History } from '../api.gen.ts';
import type { Dashboard } from '../types.ts';
import { bodyOfDraft, type Draft } from './draft.ts';
import type { Editor } from './editor.svelte.ts';
import { dropDraft, keepDraft, keptDraft, type Kept } from './kept.ts';
import { matched, merge } from './merge.ts';
import { NEW } from './start.ts';

/** A problem of one field, with the tile that it is in. */
export interface Problem {
  /** Key of the tile; null where it is none. */
  tile: string | null;
  /** Path within the tile, or within the dashboard. */
  path: string;
  text: string;
}

/** What somebody saved, with the keys of our base. */
export interface Theirs {
  draft: Draft;
  revision: number;
}

/** What was saved while we edit; null in the place of the author is ourselves, elsewhere. */
export type News = Theirs & { author: string | null };

export class Saving {
  isBusy = $state(false);
  problems = $state.raw<Problem[]>([]);
  /** Why saving failed, where no field is to blame. */
  failed = $state('');
  /** What somebody else saved in the meantime, to be decided upon. */
  theirs = $state.raw<Theirs | null>(null);
  /** What somebody else saved in the meantime, told without getting in the way. */
  news = $state.raw<News | null>(null);
  /** The newest revision that the reader has put off. */
  private putOff = 0;
  /** The dashboard was deleted meanwhile. */
  isGone = $state(false);
  /** The browser has no room for the draft. */
  isUnkept = $state(false);
  /** A draft of an earlier time that waits for a decision. */
  offered = $state.raw<Kept | null>(null);

  constructor(private readonly editor: Editor) {
    const kept = keptDraft(this.user, editor.id);
    if (kept) this.offered = kept;
  }

  private get user(): string {
    return session.me?.id ?? '';
  }

  /** Keeps what is not saved yet, or forgets what is. */
  keep(): void {
    if (this.offered) return;
    const { base, draft, revision, isDirty } = this.editor;
    if (!isDirty) dropDraft(this.user, this.editor.id);
    else
      this.isUnkept = !keepDraft(this.user, this.editor.id, {
        revision,
        base,
        draft,
        keptMs: Date.now(),
      });
  }

  resume(): void {
    const kept = this.offered;
    this.offered = null;
    if (kept) this.editor.resume(kept.draft, kept.base, kept.revision);
  }

  discardOffer(): void {
    this.offered = null;
    dropDraft(this.user, this.editor.id);
  }

  /** Publishes the draft; returns whether it was taken. */
  async save(): Promise<boolean> {
    const { draft, id, revision } = this.editor;
    return this.put(draft, () =>
      api.put<Dashboard>(`dashboards/${id}`, bodyOfDraft(draft), revision),
    );
  }

  /** Looks whether somebody else saved or deleted the dashboard. */
  async watch(signal: AbortSignal): Promise<void> {
    const { editor } = this;
    // The page of a new dashboard is about to give way to that of the saved one.
    if (editor.isNew || editor.id === NEW) return;
    try {
      const stored = await api.get<Dashboard>(`dashboards/${editor.id}`, {}, signal);
      this.isGone = false;
      if (stored.revision <= editor.revision) this.news = null;
      else if (this.putOff < stored.revision) await this.tell(stored, signal);
    } catch (error) {
      // Whatever else went wrong is told when somebody saves.
      if (error instanceof ApiError && error.status === 404) this.isGone = true;
    }
  }

  private async tell(stored: Dashboard, signal: AbortSignal): Promise<void> {
    const { id, base } = this.editor;
    const { items } = await api.get<History>(`dashboards/${id}/history`, {}, signal);
    const author = items.find(({ revision }) => revision === stored.revision)?.author ?? '';
    const isOwn = author === session.me?.name;
    const { revision } = stored;
    this.news = { draft: matched(base, stored), revision, author: isOwn ? null : author };
  }

  /** Brings what somebody else saved into our draft; asks where both changed the same. */
  takeIn(): void {
    const { editor, news } = this;
    if (!news) return;
    this.news = null;
    const { base, draft: mine } = editor;
    const { draft, clashes } = merge({ base, mine, theirs: news.draft }, new Map());
    if (0 < clashes.length) {
      this.theirs = news;
      return;
    }
    editor.apply(draft);
    editor.saved(news.draft, news.revision);
    editor.said = t('boards.news.taken');
  }

  later(): void {
    this.putOff = this.news?.revision ?? 0;
    this.news = null;
  }

  /** Saves a draft that is based on what they saved. */
  async saveOver(draft: Draft): Promise<boolean> {
    const { theirs } = this;
    if (!theirs) return false;
    this.editor.apply(draft);
    this.editor.saved(theirs.draft, theirs.revision);
    this.theirs = null;
    return this.save();
  }

  takeTheirs(): void {
    if (this.theirs) this.editor.take(this.theirs.draft, this.theirs.revision);
    this.theirs = null;
  }

  /** Makes a new dashboard of the draft, which has none yet or whose old one is gone. */
  async saveNew(): Promise<string | null> {
    const { draft } = this.editor;
    let made: Dashboard | null = null;
    await this.put(draft, async () => {
      made = await api.post<Dashboard>('dashboards', bodyOfDraft(draft));
      return made;
    });
    return (made as Dashboard | null)?.id ?? null;
  }

  private async put(draft: Draft, send: () => Promise<Dashboard>): Promise<boolean> {
    this.isBusy = true;
    this.problems = [];
    this.failed = '';
    try {
      const stored = await send();
      this.editor.saved(draft, stored.revision);
      this.keep();
      toasts.say(t('boards.saved', { name: stored.name, revision: stored.revision }));
      return true;
    } catch (error) {
      await this.refused(error, draft);
      return false;
    } finally {
      this.isBusy = false;
    }
  }

  private async refused(error: unknown, draft: Draft): Promise<void> {
    if (error instanceof ApiError && error.isConflict) return this.look();
    this.isGone = error instanceof ApiError && error.status === 404;
    const errors = error instanceof ApiError ? error.errors : [];
    this.problems = errors.map(({ pointer, detail }) => problemAt(draft, pointer, detail));
    if (errors.length === 0) this.failed = reason(error);
    const tile = this.problems.find((one) => one.tile)?.tile;
    if (tile) this.editor.choose(tile);
  }

  /** Reads what somebody else saved, to be put together with ours. */
  async look(): Promise<void> {
    try {
      const stored = await api.get<Dashboard>(`dashboards/${this.editor.id}`);
      this.theirs = { draft: matched(this.editor.base, stored), revision: stored.revision };
    } catch (error) {
      this.isGone = error instanceof ApiError && error.status === 404;
      this.failed = reason(error);
    }
  }
}

/** Returns the tile that a pointer of the body is about. */
function problemAt(draft: Draft, pointer: string, text: string): Problem {
  const [, group, tile, path = ''] = /^\/groups\/(\d+)\/widgets\/(\d+)\/?(.*)$/.exec(pointer) ?? [];
  const found = draft.groups[Number(group)]?.tiles[Number(tile)];
  return found
    ? { tile: found.key, path, text }
    : { tile: null, path: pointer.replace(/^\//, ''), text };
}
