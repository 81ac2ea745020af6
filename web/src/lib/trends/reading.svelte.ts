/** A question to the hub that another one takes the place of, and how long it takes already. */

/** Reading that takes longer is said. */
const SLOW_MS = 400;
const LONG_MS = 4000;
/** Questions that follow each other faster are asked once. */
const PAUSE_MS = 120;

export class Reading {
  state = $state<'' | 'slow' | 'long'>('');
  private askedAtMs = 0;

  /** Reads; returns how to give it up. */
  run(
    read: (signal: AbortSignal) => Promise<void>,
    failed: (error: unknown) => void,
  ): () => void {
    const abort = new AbortController();
    const waitMs = Math.max(0, this.askedAtMs + PAUSE_MS - Date.now());
    this.askedAtMs = Date.now();
    const timers = [
      window.setTimeout(() => {
        read(abort.signal)
          .catch((error: unknown) => abort.signal.aborted || failed(error))
          .finally(() => abort.signal.aborted || ended());
      }, waitMs),
      window.setTimeout(() => (this.state = 'slow'), waitMs + SLOW_MS),
      window.setTimeout(() => (this.state = 'long'), waitMs + LONG_MS),
    ];
    const ended = (): void => {
      timers.forEach((one) => window.clearTimeout(one));
      this.state = '';
    };
    return () => {
      abort.abort();
      ended();
    };
  }
}
