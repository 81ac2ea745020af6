/** An expression that is tried on the server whenever it, or what it reads, may have changed. */
import { reason } from './errors.ts';
import {
  check,
  type CheckAnswer,
  type ExpressionKind,
  type ExpressionScope,
} from './expressions.ts';

const REST_MS = 250;
/** Between two looks at the present values. */
const AGAIN_MS = 2000;

export class Checked {
  /** What the server said of `text`; none while it is empty. */
  answer = $state.raw<CheckAnswer | null>(null);
  /** The text that the answer is about. */
  text = $state('');
  /** Why there is no answer. */
  failed = $state('');

  constructor(what: () => { text: string; kind: ExpressionKind; scope: ExpressionScope }) {
    $effect(() => {
      const { text, kind, scope } = what();
      if (text.trim() === '') {
        this.answer = null;
        this.failed = '';
        return undefined;
      }
      const abort = new AbortController();
      let timer = 0;
      const ask = async (): Promise<void> => {
        if (!document.hidden) await this.run(text, kind, scope, abort.signal);
        if (!abort.signal.aborted) timer = window.setTimeout(ask, AGAIN_MS);
      };
      timer = window.setTimeout(ask, REST_MS);
      return () => {
        window.clearTimeout(timer);
        abort.abort();
      };
    });
  }

  private async run(
    text: string,
    kind: ExpressionKind,
    scope: ExpressionScope,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const answer = await check(text, kind, scope, signal);
      if (signal.aborted) return;
      this.answer = answer;
      this.text = text;
      this.failed = '';
    } catch (error) {
      if (!signal.aborted) this.failed = reason(error);
    }
  }
}
