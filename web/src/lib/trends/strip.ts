/** The line of a tag as a path of the strip below a chart: as high as the strip is. */
import type { Series } from '../series.ts';
import type { Span } from './moves.ts';

const WIDTH = 1000;
const HEIGHT = 40;

/** Returns a path from the least at the foot to the greatest at the top, broken at gaps. */
export function strip(series: Series, { startMs, endMs }: Span): string {
  const { times, min, max, mean } = series.columns(startMs * 1000, endMs * 1000);
  const range = series.summary(startMs * 1000, endMs * 1000);
  if (!range) return '';
  const high = range.max - range.min || 1;
  const isFlat = range.max === range.min;
  const y = (value: number): string =>
    (isFlat ? HEIGHT / 2 : HEIGHT - ((value - range.min) / high) * HEIGHT).toFixed(1);
  let pen = 'M';
  return mean
    .map((cell, at) => {
      if (cell === null) pen = 'M';
      if (typeof cell !== 'number') return '';
      const share = ((times[at] ?? 0) * 1000 - startMs) / (endMs - startMs);
      const x = (share * WIDTH).toFixed(1);
      const [low, top] = [min[at] ?? cell, max[at] ?? cell];
      const spread = low === top ? '' : `L${x} ${y(low)}L${x} ${y(top)}`;
      const part = `${pen}${x} ${y(cell)}${spread}${spread ? `L${x} ${y(cell)}` : ''}`;
      pen = 'L';
      return part;
    })
    .join('');
}
