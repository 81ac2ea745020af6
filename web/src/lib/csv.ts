/** What a chart shows, as a file that spreadsheets read. */
import type { Columns } from './series.ts';

/** A line of a chart with its points. */
export interface ShownLine {
  name: string;
  unit: string;
  columns: Columns;
  /** What the samples of each bucket are worth; nothing where there are none. */
  quality: string[];
}

/** Returns a cell; what a spreadsheet would take for a formula gets an apostrophe before it. */
export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : String(value);

/**
 * Returns the points of lines on one grid of times: last, least and greatest of each bucket, and
 * the worst quality in it.
 */
export function csvOf(lines: readonly ShownLine[]): string {
  const heads = lines.flatMap(({ name, unit }) => [
    ...['last', 'min', 'max'].map((what) => cell(`${name} ${what}${unit ? ` (${unit})` : ''}`)),
    cell(`${name} quality`),
  ]);
  const rows = (lines[0]?.columns.times ?? []).flatMap((time, at) => {
    const cells = lines.flatMap(({ columns, quality }) => [
      ...[columns.mean, columns.min, columns.max].map((column) => number(column[at])),
      quality[at] ?? '',
    ]);
    // Instants at which no line has a point are gaps, not rows.
    return cells.every((one) => one === '') ? [] : [[stamp(time), ...cells].join(',')];
  });
  return [['time', ...heads].join(','), ...rows, ''].join('\r\n');
}

function stamp(secs: number): string {
  return new Date(Math.round(secs * 1000)).toISOString();
}

/** Hands a text to the browser as a file to be kept. */
export function saveText(name: string, text: string, type = 'text/csv;charset=utf-8'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 1000);
}
