/** Export and import as the pages speak of them. */
import type { TimeSpan } from './periods.ts';

export const FORMATS = ['csv', 'xlsx', 'parquet', 'jsonl'] as const;
export type Format = (typeof FORMATS)[number];

export const CHOICES = {
  layout: ['long', 'wide'],
  time: ['iso', 'plain', 'micros'],
  quality: ['auto', 'name', 'code', 'none'],
  delimiter: ['comma', 'semicolon', 'tab', 'pipe'],
  decimal: ['point', 'comma'],
  packing: ['none', 'gzip', 'zstd'],
} as const;
export type Choice = keyof typeof CHOICES;

/** What the form of an export holds; fields that do not apply keep their values. */
export interface ExportForm {
  pattern: string;
  format: Format;
  layout: (typeof CHOICES.layout)[number];
  time: (typeof CHOICES.time)[number];
  quality: (typeof CHOICES.quality)[number];
  delimiter: (typeof CHOICES.delimiter)[number];
  decimal: (typeof CHOICES.decimal)[number];
  packing: (typeof CHOICES.packing)[number];
  header: boolean;
  guard_formulas: boolean;
  zone: string;
}

export function freshExport(zone: string): ExportForm {
  return {
    pattern: '**',
    format: 'csv',
    layout: 'long',
    time: 'iso',
    quality: 'auto',
    delimiter: 'comma',
    decimal: 'point',
    packing: 'none',
    header: true,
    guard_formulas: true,
    zone,
  };
}

/** Options that mean something for a format. */
const APPLY: Record<Format, readonly (keyof ExportForm)[]> = {
  csv: [
    'layout',
    'delimiter',
    'decimal',
    'time',
    'quality',
    'zone',
    'packing',
    'header',
    'guard_formulas',
  ],
  xlsx: ['layout', 'quality', 'zone'],
  parquet: ['quality'],
  jsonl: ['time', 'quality', 'zone', 'packing'],
};

/** Returns whether an option means something with what else is chosen. */
export function applies(form: ExportForm, option: keyof ExportForm): boolean {
  if (option === 'quality' && form.layout === 'wide' && applies(form, 'layout')) return false;
  return APPLY[form.format].includes(option);
}

/** Returns the body of the call: what does not apply is left out. */
export function exportBody(form: ExportForm, span: TimeSpan): Record<string, unknown> {
  const { pattern, format, ...options } = form;
  const kept = Object.entries(options).filter(([name]) =>
    applies(form, name as keyof ExportForm),
  );
  return {
    pattern: pattern.trim(),
    format,
    ...(span.startMs !== null && { start_us: Math.round(span.startMs * 1000) }),
    ...(span.endMs !== null && { end_us: Math.round(span.endMs * 1000) }),
    ...Object.fromEntries(kept),
  };
}
