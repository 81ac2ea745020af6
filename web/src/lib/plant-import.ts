/** Files of the plant: what they are, how they are read, and what would come of them. */
import { ApiError } from './api.ts';
import type { PlanAnswer } from './api.gen.ts';

/** Formats of projects, as the server names them, after the table of tags. */
export const FORMATS = [
  'tag_table',
  'kepware_csv',
  'kepware_json',
  'telegraf',
  'iobroker',
  'thingsboard',
  'fuxa',
  'home_assistant',
  'modpoll',
  'routing',
  'headworks_dashboards',
] as const;
export type Format = (typeof FORMATS)[number];

/** What a file is sent as. */
export type Target = 'tag-table' | 'dashboard-file' | 'plant-imports';

/** Files of these are called so. */
export const ACCEPT = '.csv,.tsv,.txt,.xlsx,.xls,.ods,.json,.toml,.conf,.yaml,.yml';

/** How a file is to be read; what is empty is left to the server. */
export interface Options {
  format: Format | '';
  /** Of a table: what becomes of the tags. */
  mode: 'merge' | 'replace' | 'delete';
  /** Of a table: the connection that gets devices which do not exist yet. */
  createDevices: string;
  /** Of others: what becomes of names that the plant has already; only dashboards replace. */
  clash: 'suffix' | 'report' | 'replace';
  endpoint: string;
  device: string;
  table: '' | 'holding' | 'input' | 'coil' | 'discrete';
  path: string;
  /** Of dashboards: what becomes of tags that the plant does not have. */
  missing: 'report' | 'leave_out';
  /** Of dashboards: the folder of their tags, and that of the plant. */
  from: string;
  to: string;
}

export const fresh = (): Options => ({
  format: '',
  mode: 'merge',
  createDevices: '',
  clash: 'suffix',
  endpoint: '',
  device: '',
  table: '',
  path: '',
  missing: 'report',
  from: '',
  to: '',
});

/** Archives begin so, and spreadsheets of today are archives. */
const ZIP = 'PK';
/** Spreadsheets of old begin so. */
const OLE = '\u00d0\u00cf\u0011\u00e0';

/** Returns whether a file is a table of tags: a spreadsheet, or text with our columns. */
export function isTagTable(head: string): boolean {
  if (head.startsWith(ZIP) || head.startsWith(OLE)) return true;
  const first = head.replace(/^\ufeff|^ï»¿/, '').split(/\r?\n/)[0] ?? '';
  const cells = first.split(/[,;\t]/).map((cell) => cell.trim().replaceAll('"', '').toLowerCase());
  const has = (name: string): boolean => cells.includes(name);
  return has('path') || (has('device') && has('name'));
}

/** Returns what a file is by its begin. */
export function targetOf(head: string): Target {
  if (isTagTable(head)) return 'tag-table';
  return /^\s*\{/.test(head) && head.includes('"headworks_dashboards"')
    ? 'dashboard-file'
    : 'plant-imports';
}

/** Returns what a file is sent as when somebody says its format. */
export function targetFor(format: Format): Target {
  if (format === 'tag_table') return 'tag-table';
  return format === 'headworks_dashboards' ? 'dashboard-file' : 'plant-imports';
}

/** Returns with which query a file is sent. */
export function queryOf(
  options: Options,
  target: Target,
  isTrial: boolean,
): Record<string, string | boolean> {
  const given = (fields: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(fields).filter(([, text]) => text.trim() !== ''));
  const { mode, createDevices, format, clash, endpoint, device, table, path } = options;
  if (target === 'tag-table')
    return { mode, dry_run: isTrial, ...given({ create_devices: createDevices }) };
  if (target === 'dashboard-file') {
    const { missing, from, to } = options;
    return { dry_run: isTrial, on_clash: clash, missing, ...given({ from, to }) };
  }
  return {
    dry_run: isTrial,
    on_clash: clash === 'replace' ? 'suffix' : clash,
    ...given({ format, endpoint, device, table, path }),
  };
}

/** Returns whether a file was not understood as what it was sent for. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'unreadable_file';
}

/** A line of what a plan counts: kind of objects, and how many are made, changed and deleted. */
export interface Count {
  kind: string;
  created: number;
  updated: number;
  deleted: number;
}

const KINDS = ['connection', 'asset', 'template', 'device', 'tag', 'group', 'dashboard'];

export function countsOf({ created, updated, deleted }: PlanAnswer): Count[] {
  const kinds = new Set([created, updated, deleted].flatMap((counts) => Object.keys(counts)));
  const rank = (kind: string): number => {
    const at = KINDS.indexOf(kind);
    return at < 0 ? KINDS.length : at;
  };
  return [...kinds]
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map((kind) => ({
      kind,
      created: created[kind] ?? 0,
      updated: updated[kind] ?? 0,
      deleted: deleted[kind] ?? 0,
    }));
}

export const sumOf = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Returns how many objects a plan makes, changes or deletes. */
export const changesOf = (plan: PlanAnswer): number =>
  sumOf(plan.created) + sumOf(plan.updated) + sumOf(plan.deleted);
