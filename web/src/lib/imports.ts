/** Import of files: what a file is taken for, and what may be said of it. */
import { CHOICES, FORMATS } from './exchange.ts';
import type { ImportReport } from './api.gen.ts';


/** Options that are found out from the file unless somebody chooses. */
export const FOUND = {
  format: FORMATS,
  encoding: ['utf8', 'utf16_le', 'utf16_be', 'latin1'],
  delimiter: CHOICES.delimiter,
  decimal: CHOICES.decimal,
  layout: CHOICES.layout,
  time_format: [
    'iso',
    'day_first',
    'month_first',
    'epoch_s',
    'epoch_ms',
    'epoch_us',
    'epoch_ns',
    'excel',
  ],
} as const;
export type Found = keyof typeof FOUND;

export const COLUMNS = ['time_column', 'path_column', 'value_column', 'quality_column'] as const;
export type Column = (typeof COLUMNS)[number];

export const POLICIES = {
  duplicates: ['overwrite', 'keep_existing', 'refuse'],
  unknown_tags: ['refuse', 'skip'],
  not_a_number: ['error', 'bad'],
} as const;
export type Policy = keyof typeof POLICIES;

/** What is said of a file, by the names of the query; what is absent is found out. */
export type Options = Partial<
  Record<Found | Column | Policy | 'sheet' | 'tag' | 'prefix' | 'names' | 'zone', string>
>;

/** Returns the options that mean something for what the file is. */
export function foundOf(report: ImportReport): Found[] {
  const isText = report.format === 'csv' || report.format === 'jsonl';
  return [
    'format',
    ...(isText ? (['encoding'] as const) : []),
    ...(report.format === 'csv' ? (['delimiter', 'decimal'] as const) : []),
    ...(report.format === 'csv' || report.format === 'xlsx' ? (['layout'] as const) : []),
    'time_format',
  ];
}

/** Returns the columns that can be chosen: in the wide layout only that of the time. */
export function columnsOf(report: ImportReport): Column[] {
  return report.layout === 'wide' ? ['time_column'] : [...COLUMNS];
}

/** Returns how the server is told of a column: by its name, or its number where that is none. */
export function columnName(columns: readonly string[], number: number): string {
  const name = columns[number - 1] ?? '';
  const isClear = name !== '' && !/^\d+$/.test(name);
  return isClear && columns.indexOf(name) === columns.lastIndexOf(name) ? name : String(number);
}

/** Returns the names that a person has given to tags of the file. */
export function namesOf(options: Options): Record<string, string> {
  return options.names ? (JSON.parse(options.names) as Record<string, string>) : {};
}
