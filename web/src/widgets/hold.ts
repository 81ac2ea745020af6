/** Hold to run: a value is written after half a second, and another when the button is let go. */

/** So long a button is held before it writes. */
export const HOLD_MS = 500;
/** A release that failed is tried again so often: it must not be lost with the link. */
const TRIES = 20;
const AGAIN_MS = 500;

export type HoldPhase = 'idle' | 'waiting' | 'held';

export interface HoldActs {
  /** Writes the value; false when that failed. */
  start: () => Promise<boolean>;
  /** Writes the release value; false when that failed. */
  release: () => Promise<boolean>;
  onphase: (phase: HoldPhase) => void;
}

export class Hold {
  private phase: HoldPhase = 'idle';
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Writes wait for each other. */
  private last: Promise<unknown> = Promise.resolve();
  private acts: HoldActs;

  constructor(acts: HoldActs) {
    this.acts = acts;
  }

  down(): void {
    if (this.phase !== 'idle') return;
    this.turn('waiting');
    this.timer = setTimeout(() => {
      this.turn('held');
      this.last = this.last.then(() => this.acts.start());
    }, HOLD_MS);
  }

  /** Let go, by whatever: the pointer, the focus, the window, the link. */
  up(): void {
    clearTimeout(this.timer);
    const wasHeld = this.phase === 'held';
    this.turn('idle');
    // Whether the start came through or not, nobody knows better than the device.
    if (wasHeld) this.last = this.last.then(() => this.releaseSurely());
  }

  private async releaseSurely(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (await this.acts.release()) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  private turn(phase: HoldPhase): void {
    if (phase === this.phase) return;
    this.phase = phase;
    this.acts.onphase(phase);
  }
}
