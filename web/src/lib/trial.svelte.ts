/** A list of edits that is tried on the server each time it has changed. */
import { reason } from './errors.ts';
import { problemsByRow, tryEdits, type EditRow } from './edits.ts';

const REST_MS = 250;

export class Trial {
  /** What was said against single rows. */
  problems = $state.raw<Map<number, string>>(new Map());
  /** What was said against the whole. */
  failed = $state<string>('');
  /** Whether the present edits were tried and would work. */
  isGood = $state(false);

  constructor(edits: () => readonly EditRow[]) {
    $effect(() => {
      const rows = edits();
      this.isGood = false;
      if (rows.length === 0) return this.take(null, rows);
      const abort = new AbortController();
      const timer = window.setTimeout(() => void this.run(rows, abort.signal), REST_MS);
      return () => {
        window.clearTimeout(timer);
        abort.abort();
      };
    });
  }

  private async run(rows: readonly EditRow[], signal: AbortSignal): Promise<void> {
    try {
      await tryEdits(rows, signal);
      if (signal.aborted) return;
      this.take(null, rows);
      this.isGood = true;
    } catch (error) {
      if (!signal.aborted) this.take(error, rows);
    }
  }

  /** Takes what an answer says; also that to the edits themselves. */
  take(error: unknown, rows: readonly EditRow[]): void {
    this.problems = problemsByRow(error, rows);
    this.failed = error === null || 0 < this.problems.size ? '' : reason(error);
    if (error !== null) this.isGood = false;
  }
}
