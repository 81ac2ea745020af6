/** The window of time of the trends page, as it stands in the address. */

export interface TimeWindow {
  /** Shown span in milliseconds. */
  spanMs: number;
  /** End of the window in server milliseconds; absent when it follows the present. */
  endMs: number | null;
}

const SPAN_MS_MIN = 1_000;
const SPAN_MS_MAX = 370 * 86_400_000;
const SPAN_MS_DEFAULT = 3_600_000;

export function readWindow(query: URLSearchParams): TimeWindow {
  const span = Number(query.get('span'));
  const end = Number(query.get('end'));
  return {
    spanMs: SPAN_MS_MIN <= span && span <= SPAN_MS_MAX ? span : SPAN_MS_DEFAULT,
    endMs: 0 < end ? end : null,
  };
}

/** Returns the query of a window; one that reaches the present follows it again. */
export function windowQuery(
  startMs: number,
  endMs: number,
  nowMs: number,
): { span: string; end: string | null } {
  const span = Math.round(Math.min(SPAN_MS_MAX, Math.max(SPAN_MS_MIN, endMs - startMs)));
  const isNow = nowMs <= endMs;
  return { span: String(span), end: isNow ? null : String(Math.round(endMs)) };
}
