/** What the keys do in the chart of a trend. */
import { panned, zoomed, type Span } from './moves.ts';

/** Steps of the cursor in pixels, alone and with Ctrl. */
const STEP_PX = 4;
const JUMP_PX = 20;

export type KeyMove =
  | { what: 'cursor'; to: (left: number, width: number) => number }
  /** `share` is where the cursor stands in the window. */
  | { what: 'window'; to: (span: Span, share: number) => Span }
  | { what: 'mark' | 'clear' };

type Keys = Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>;

/** Arrows move the cursor, with Shift the window; plus and minus zoom; M sets the mark. */
export function keyMove({ key, altKey, ctrlKey, metaKey, shiftKey }: Keys): KeyMove | null {
  if (altKey) return null;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const isMore = ctrlKey || metaKey;
  if (step && shiftKey) return window((span) => panned(span, step / 10));
  const far = step === undefined ? 0 : step * (isMore ? JUMP_PX : STEP_PX);
  if (step) return cursor((left, width) => (left < 0 ? width / 2 : left + far));
  if (isMore) return null;
  switch (key) {
    case 'Home':
      return cursor(() => 0);
    case 'End':
      return cursor((_, width) => width);
    case 'PageUp':
      return window((span) => panned(span, -0.5));
    case 'PageDown':
      return window((span) => panned(span, 0.5));
    case '+':
      return window((span, share) => zoomed(span, 0.5, share));
    case '-':
      return window((span, share) => zoomed(span, 2, share));
    case 'm':
    case 'M':
      return { what: 'mark' };
    case 'Escape':
      return { what: 'clear' };
    default:
      return null;
  }
}

const cursor = (to: (left: number, width: number) => number): KeyMove => ({
  what: 'cursor',
  to,
});
const window = (to: (span: Span, share: number) => Span): KeyMove => ({ what: 'window', to });
