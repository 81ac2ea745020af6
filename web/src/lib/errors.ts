/** Errors as words. */
import { ApiError } from './api.ts';
import { t, word } from './i18n.svelte.ts';

/** What is wrong with a part of what was sent. */
export type Problem = ApiError['errors'][number];

/**
 * Returns what failed and why: our words for the code, the server's words for the detail.
 *
 * `who` names the part that a problem is about; its JSON pointer when absent.
 */
export function reason(
  error: unknown,
  who: (problem: Problem, all: readonly Problem[]) => string = ({ pointer }) => pointer,
): string {
  if (error instanceof ApiError) {
    if (error.status === 0) return t('error.no_answer');
    const title = word(`error.code.${error.code}`, '');
    const fields = error.errors
      .map((problem, _, all) => `${who(problem, all)}: ${problem.detail}`)
      .join('; ');
    const detail = fields || error.message;
    return title ? `${title}: ${detail}` : detail;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Returns the code and status of an error, for a report to somebody who can help. */
export function errorCode(error: unknown): string {
  if (error instanceof ApiError)
    return error.status === 0 ? error.code : `${error.status} ${error.code}`;
  return '';
}

/** Returns the problems by field, keyed by JSON pointer. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(error.errors.map(({ pointer, detail }) => [pointer, detail]));
}
