/**
 * What a person chose, kept under their account on the hub. The browser has a copy: for the first
 * paint, and for times without a hub.
 */
import { api } from './api.ts';
import { recall, remember } from './prefs.svelte.ts';
import { session } from './session.svelte.ts';

/** What is chosen in quick succession is sent once. */
const PAUSE_MS = 600;

interface Kept {
  value: unknown;
}

interface Options {
  /** What it is about, as the hub names it. */
  key: string;
  /** Returns the copy of the browser; nothing when nothing was ever chosen. */
  here: () => unknown;
  /** Takes what the hub has, which may be anything. */
  take: (value: unknown) => void;
}

/** One choice of the person who is signed in now. */
export class Own {
  private timer = 0;
  private isOver = false;
  private readonly user = session.isKiosk ? '' : (session.me?.name ?? '');

  constructor(private readonly options: Options) {}

  private get path(): string {
    return `me/preferences/${this.options.key}`;
  }

  private get unsent(): string {
    return `unsent.${this.options.key}.${this.user}`;
  }

  /** Takes what the hub has; what it does not have, or not yet, is sent to it. */
  async start(): Promise<void> {
    if (this.user === '') return;
    try {
      if (recall(this.unsent)) return await this.send();
      const { value } = await api.get<Kept>(this.path);
      if (this.isOver || recall(this.unsent)) return;
      if (value !== null) this.options.take(value);
      else if (this.options.here() !== null) await this.send();
    } catch {
      // The copy of the browser goes on, and what is new in it is sent the next time.
    }
  }

  /** Something was chosen: the copy has it, the hub gets it soon. */
  changed(): void {
    if (this.user === '' || this.isOver) return;
    remember(this.unsent, '1');
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send().catch(() => undefined), PAUSE_MS);
  }

  /** Sends at once what waits; nothing is taken or sent afterwards. */
  end(): void {
    const isWaiting = this.timer !== 0 && recall(this.unsent);
    this.isOver = true;
    window.clearTimeout(this.timer);
    if (isWaiting) void this.send().catch(() => undefined);
  }

  private async send(): Promise<void> {
    this.timer = 0;
    // What one person chose is not kept for another who signed in meanwhile.
    if (session.me?.name !== this.user) return;
    const value = this.options.here();
    await api.put(this.path, { value });
    if (JSON.stringify(value) === JSON.stringify(this.options.here())) remember(this.unsent, '');
  }
}
