/** Where an image stands in its tile, and the values on it. */
import type { Binding, ImageOptions } from '../lib/api.gen.ts';

export interface Box {
  width: number;
  height: number;
}

/** Returns the size of an image in a tile; one that has no size of its own fills it. */
export function imageBox(fit: ImageOptions['fit'], image: Box, tile: Box): Box {
  if (!(0 < image.width && 0 < image.height)) return tile;
  const [x, y] = [tile.width / image.width, tile.height / image.height];
  const scale = fit === 'none' ? 1 : fit === 'cover' ? Math.max(x, y) : Math.min(x, y);
  return { width: image.width * scale, height: image.height * scale };
}

const FIRST_PERCENT = 10;
const STEP_PERCENT = 12;
const STEPS = 7;

/** Returns where a value stands in percent: as it says, else below the one before. */
export function placeOf({ x, y }: Pick<Binding, 'x' | 'y'>, at: number): { x: number; y: number } {
  return {
    x: x ?? FIRST_PERCENT + 30 * (Math.floor(at / STEPS) % 3),
    y: y ?? FIRST_PERCENT + STEP_PERCENT * (at % STEPS),
  };
}
