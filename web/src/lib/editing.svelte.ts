/** An object in a form: what is stored of it, what is typed, and what somebody else saved. */
import { untrack } from 'svelte';
import { t } from './i18n.svelte.ts';
import { guardLeave } from './router.svelte.ts';
import { Saver } from './save.svelte.ts';
import type { Kind, Stored } from './types.ts';

interface Options<T extends Stored, D> {
  kind: Kind;
  /** What is edited; nothing for a new object. */
  item: T | null;
  /** Returns what the form begins with. */
  begin: (item: T | null) => D;
  /** Returns the body that is sent. */
  body: (draft: D) => unknown;
  onsaved: (saved: T) => void;
  /** Returns whether it may be sent; says itself what is missing. */
  isReady?: () => boolean;
  /** Called when what is stored took the place of what was typed. */
  ontaken?: () => void;
}

/** Made while a component starts: the reader is asked before what they typed would be lost. */
export class Editing<T extends Stored, D> {
  draft = $state() as D;
  stored = $state.raw<T | null>(null);
  readonly saver: Saver<T>;
  private first = $state.raw('');

  constructor(private readonly options: Options<T, D>) {
    const { kind, item, begin } = options;
    this.saver = new Saver<T>(kind);
    this.stored = item;
    this.draft = untrack(() => begin(item));
    this.rebase();
    $effect(() => guardLeave(() => this.isDirty, t('form.leave')));
  }

  /** Whether something was typed that is not stored. */
  get isDirty(): boolean {
    return JSON.stringify(this.draft) !== this.first;
  }

  get body(): unknown {
    return this.options.body(this.draft);
  }

  /** What the server said of each field. */
  get errors(): Record<string, string> {
    return this.saver.errors;
  }

  /** The call that saving makes. */
  get call(): { method: 'POST' | 'PUT'; path: string; revision?: number } {
    const { kind } = this.options;
    return this.stored
      ? { method: 'PUT', path: `${kind}/${this.stored.id}`, revision: this.stored.revision }
      : { method: 'POST', path: kind };
  }

  /** What stands in the form now is no work of the reader. */
  rebase(): void {
    this.first = untrack(() => JSON.stringify(this.draft));
  }

  /** Takes what is stored in the place of what was typed. */
  take(theirs: T): void {
    this.stored = theirs;
    this.draft = this.options.begin(theirs);
    this.rebase();
    this.saver.theirs = null;
    this.saver.error = null;
    this.options.ontaken?.();
  }

  /**
   * Saves over `target`: what is stored, or what somebody else saved meanwhile; returns whether it
   * was saved.
   */
  async send(target: T | null = this.stored): Promise<boolean> {
    if (this.options.isReady?.() === false) return false;
    const saved = await this.saver.save(this.body, target);
    if (!saved) return false;
    this.take(saved);
    this.options.onsaved(saved);
    return true;
  }
}
