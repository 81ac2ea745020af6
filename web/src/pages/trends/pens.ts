/** What the parts of the trends page hand each other. */
import type { Point } from '../../lib/plant.ts';
import type { Lane } from '../../lib/trends/lines.ts';
import type { Span } from '../../lib/trends/moves.ts';

export interface Pen {
  point: Point;
  /** `t1` to `t6`. */
  color: string;
  /** The number at its line and in the list, from 1. */
  number: number;
}

export interface Cursor {
  timeMs: number;
  /** Moved by a key, so that its values are read out. */
  isByKey?: boolean;
}

/** What the chart shows, for the table, the file and the words. */
export interface Shown {
  now: Lane[];
  earlier: Lane[];
  span: Span;
}
