/** Wheel and fingers on a chart; the mouse is the chart's own. */
import { panned, pinched, zoomed, type Span } from './moves.ts';

/** What the gestures move. */
export interface Moved {
  /** The window at present. */
  span: () => Span;
  /** Shows a window without asking for its data yet. */
  preview: (span: Span) => void;
  /** Goes to a window. */
  settle: (span: Span) => void;
}

/** A finger has to move so far before it is no tap. */
const SLOP_PX = 8;
const WHEEL_STEP = 0.25;

/** Zooms with Ctrl and the wheel; sideways, or with Shift, it pans. Else the page scrolls. */
export function onWheel(event: WheelEvent, over: HTMLElement, moved: Moved): void {
  const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
  const down = event.shiftKey ? 0 : Math.abs(event.deltaY);
  const isPan = !event.ctrlKey && down < Math.abs(sideways);
  if (!isPan && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  if (isPan) return moved.settle(panned(moved.span(), sideways / over.clientWidth));
  const { left, width } = over.getBoundingClientRect();
  const factor = Math.exp(Math.sign(event.deltaY) * WHEEL_STEP);
  moved.settle(zoomed(moved.span(), factor, (event.clientX - left) / width));
}

/** One finger moves the window, two stretch it. Returns how to stop listening. */
export function touch(over: HTMLElement, moved: Moved): () => void {
  const fingers = new Map<number, number>();
  let from: { span: Span; shares: number[] } | null = null;
  let next: Span | null = null;
  const share = (event: PointerEvent): number => {
    const { left, width } = over.getBoundingClientRect();
    return (event.clientX - left) / width;
  };
  const begin = (): void => {
    const shares = [...fingers.values()];
    from = 0 < shares.length ? { span: next ?? moved.span(), shares } : null;
  };
  const down = (event: PointerEvent): void => {
    if (event.pointerType !== 'touch' || 2 <= fingers.size) return;
    fingers.set(event.pointerId, share(event));
    begin();
  };
  const move = (event: PointerEvent): void => {
    if (!from || !fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, share(event));
    const [one = 0, two] = [...fingers.values()];
    const [first = 0, second = first] = from.shares;
    if (two === undefined) {
      const by = first - one;
      if (next === null && Math.abs(by) * over.clientWidth < SLOP_PX) return;
      next = panned(from.span, by);
    } else next = pinched(from.span, [first, second], [one, two]);
    moved.preview(next);
  };
  const up = (event: PointerEvent): void => {
    if (!fingers.delete(event.pointerId)) return;
    begin();
    if (0 < fingers.size || !next) return;
    moved.settle(next);
    next = null;
  };
  over.addEventListener('pointerdown', down);
  over.addEventListener('pointermove', move);
  over.addEventListener('pointerup', up);
  over.addEventListener('pointercancel', up);
  return () => {
    over.removeEventListener('pointerdown', down);
    over.removeEventListener('pointermove', move);
    over.removeEventListener('pointerup', up);
    over.removeEventListener('pointercancel', up);
  };
}

/** Moves the window with the mouse held down. */
export function pan(event: MouseEvent, over: HTMLElement, moved: Moved): void {
  const from = event.clientX;
  const span = moved.span();
  let next: Span | null = null;
  const move = (at: MouseEvent): void => {
    next = panned(span, (from - at.clientX) / over.clientWidth);
    moved.preview(next);
  };
  const end = (): void => {
    removeEventListener('mousemove', move);
    removeEventListener('mouseup', end);
    if (next) moved.settle(next);
  };
  addEventListener('mousemove', move);
  addEventListener('mouseup', end);
}
