/** Something read from the server: data, error and a slow start, read again when needed. */

const SLOW_MS = 150;

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<unknown>(null);
  /** Reading takes long enough that a skeleton is better than nothing. */
  isSlow = $state(false);
  private again = $state(0);

  constructor(load: (signal: AbortSignal) => Promise<T> | null) {
    $effect(() => {
      void this.again;
      const abort = new AbortController();
      const promise = load(abort.signal);
      if (!promise) return undefined;
      const timer = window.setTimeout(() => (this.isSlow = this.data === null), SLOW_MS);
      promise
        .then(
          (data) => {
            if (abort.signal.aborted) return;
            this.data = data;
            this.error = null;
          },
          (error: unknown) => {
            if (!abort.signal.aborted) this.error = error;
          },
        )
        .finally(() => {
          window.clearTimeout(timer);
          if (!abort.signal.aborted) this.isSlow = false;
        });
      return () => {
        abort.abort();
        window.clearTimeout(timer);
      };
    });
  }

  reload(): void {
    this.again += 1;
  }
}

/** Reads what `load` returns, and again when state that `load` reads at once has changed. */
export function resource<T>(load: (signal: AbortSignal) => Promise<T> | null): Resource<T> {
  return new Resource(load);
}
