/** Tags as the rows of a table that spreadsheets copy and paste: tabs between, names at the top. */
import type { EditRow } from './edits.ts';
import { parseNumber } from './format.ts';
import type { Asset, Device, Tag } from './types.ts';

/** Columns in the order of the tag tables; `path` is only read. */
export const COLUMNS = [
  'path',
  'device',
  'name',
  'address',
  'formula',
  'data_type',
  'order',
  'length',
  'scale',
  'offset',
  'unit',
  'decimals',
  'min',
  'max',
  'invalid',
  'period_ms',
  'enabled',
  'writable',
  'history',
  'max_step',
  'max_rate_per_s',
  'freeze_s',
  'expected_period_ms',
  'by_exception',
  'asset',
  'description',
] as const;
export type ColumnName = (typeof COLUMNS)[number];

const NUMBERS = new Set<ColumnName>([
  'length',
  'scale',
  'offset',
  'decimals',
  'min',
  'max',
  'period_ms',
  'max_step',
  'max_rate_per_s',
  'freeze_s',
  'expected_period_ms',
]);
const SWITCHES = new Set<ColumnName>(['enabled', 'writable', 'history', 'by_exception']);
/** What stands in the part of a tag that says which samples are doubtful. */
const CHECKS = [
  'max_step',
  'max_rate_per_s',
  'freeze_s',
  'expected_period_ms',
  'by_exception',
] as const;
const isCheck = (column: string): column is (typeof CHECKS)[number] =>
  CHECKS.some((one) => one === column);

/** One pasted row: its cells by column. */
export interface TableRow {
  id: string;
  cells: Partial<Record<ColumnName, string>>;
}

/** What was pasted. */
export interface Table {
  columns: ColumnName[];
  rows: TableRow[];
  /** Heads that are no column of ours. */
  unknown: string[];
}

const plain = (text: string): string => text.replace(/[\t\r\n]+/g, ' ');

/** Returns tags as such a table; assets stand there by their paths. */
export function tableOf(tags: readonly Tag[], assets: readonly Asset[] = []): string {
  const paths = new Map(assets.map(({ id, path }) => [id, path]));
  const cell = (tag: Tag, column: ColumnName): string => {
    if (column === 'device') return plain(tag.device_name);
    if (column === 'asset') return plain(paths.get(tag.asset ?? '') ?? tag.asset ?? '');
    if (column === 'invalid') return (tag.invalid ?? []).join(';');
    const value = isCheck(column) ? tag.validation?.[column] : tag[column];
    return value === null || value === undefined ? '' : plain(String(value));
  };
  const lines = tags.map((tag) => COLUMNS.map((column) => cell(tag, column)).join('\t'));
  return [COLUMNS.join('\t'), ...lines].join('\n');
}

/** Reads a table with its heads in the first line. */
export function parseTable(text: string): Table {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const heads = (lines[0] ?? '').split('\t').map((head) => head.trim().toLowerCase());
  const isColumn = (head: string): head is ColumnName => COLUMNS.some((one) => one === head);
  const rows = lines.slice(1).map((line, at): TableRow => {
    const cells = line.split('\t');
    const known = heads.flatMap((head, place) =>
      isColumn(head) ? [[head, (cells[place] ?? '').trim()] as const] : [],
    );
    return { id: String(at), cells: Object.fromEntries(known) };
  });
  return {
    columns: COLUMNS.filter((column) => heads.includes(column)),
    rows,
    unknown: heads.filter((head) => head !== '' && !isColumn(head)),
  };
}

/** Returns the text of a cell as the API takes it; what is none is told by the server. */
export function valueOf(column: ColumnName, text: string): unknown {
  if (text === '') return null;
  if (NUMBERS.has(column)) return parseNumber(text) ?? text;
  if (column === 'invalid') return numbersOf(text);
  if (SWITCHES.has(column)) {
    const word = text.toLowerCase();
    if (['true', '1', 'yes'].includes(word)) return true;
    return ['false', '0', 'no'].includes(word) ? false : text;
  }
  return text;
}

/** Returns numbers between semicolons; what is none is told by the server, at this row. */
function numbersOf(text: string): unknown[] {
  return text
    .split(/[;\s]+/)
    .filter(Boolean)
    .map((part) => parseNumber(part) ?? part);
}

/** Puts what belongs to the checks of a tag where the API has it. */
function nested(flat: Record<string, unknown>): Record<string, unknown> {
  const checks = Object.entries(flat).filter(([column]) => isCheck(column));
  const rest = Object.entries(flat).filter(([column]) => !isCheck(column));
  return Object.fromEntries(
    checks.length === 0 ? rest : [...rest, ['validation', Object.fromEntries(checks)]],
  );
}

/** Returns one edit per row: a change of the tag that has this name, else a new tag. */
export function editsOf(
  table: Table,
  devices: readonly Device[],
  tags: readonly Tag[],
  assets: readonly Asset[] = [],
): EditRow[] {
  const byName = new Map(devices.map(({ id, name }) => [name, id]));
  const byPath = new Map(assets.map(({ id, path }) => [path, id]));
  const known = new Map(tags.map((tag) => [`${tag.device}\n${tag.name}`, tag]));
  return table.rows.map(({ cells }) => {
    const given = Object.entries(cells).filter(([column]) => column !== 'path');
    const body: Record<string, unknown> = Object.fromEntries(
      given.map(([column, text]) => [column, valueOf(column as ColumnName, text ?? '')]),
    );
    // A name that is none is refused by the server, at this row and field.
    body['device'] = byName.get(cells.device ?? '') ?? cells.device ?? '';
    if (cells.asset) body['asset'] = byPath.get(cells.asset) ?? cells.asset;
    const old = known.get(`${String(body['device'])}\n${cells.name ?? ''}`);
    if (old) return { op: 'patch', id: old.id, revision: old.revision, patch: nested(body) };
    const present = Object.entries(body).filter(([, value]) => value !== null);
    return { op: 'create', kind: 'tag', body: nested(Object.fromEntries(present)) };
  });
}
