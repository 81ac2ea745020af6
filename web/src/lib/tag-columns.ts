/** Columns of the table of tags: what each shows, and how its cells are edited. */
import type { Column } from '../components/VirtualTable.svelte';
import type { CellField } from './cells.svelte.ts';
import { DATA_TYPES } from './data-types.ts';
import { t } from './i18n.svelte.ts';
import { ORDERS } from './registers.ts';
import { valueOf, type ColumnName } from './tag-table.ts';
import type { Tag } from './types.ts';

/** Shown until somebody chooses others. */
export const DEFAULT_COLUMNS = [
  'path',
  'value',
  'age',
  'device',
  'address',
  'data_type',
  'period',
] as const;

const SWITCH = ['true', 'false'] as const;

/** Returns every column that a table of tags may have; the first one always stands. */
export function tagColumns(): Column[] {
  return [
    { key: 'path', title: t('tag.path'), width: 'minmax(140px, 3fr)', canSort: true },
    { key: 'value', title: t('tag.value'), width: 'minmax(110px, 1.2fr)', isEnd: true },
    { key: 'age', title: t('tag.age'), width: '84px', isEnd: true, isWide: true },
    { key: 'unit', title: t('tag.unit'), width: '72px', isWide: true },
    { key: 'device', title: t('tag.device'), width: 'minmax(90px, 1fr)', isWide: true },
    { key: 'address', title: t('tag.address'), width: 'minmax(80px, 0.8fr)', isWide: true },
    { key: 'data_type', title: t('tag.data_type'), width: '92px', isWide: true },
    { key: 'order', title: t('registers.order'), width: '80px', isWide: true },
    { key: 'scale', title: t('tag.scale'), width: '84px', isEnd: true, isWide: true },
    { key: 'offset', title: t('tag.offset'), width: '84px', isEnd: true, isWide: true },
    { key: 'decimals', title: t('tag.decimals'), width: '84px', isEnd: true, isWide: true },
    { key: 'min', title: t('tag.min'), width: '84px', isEnd: true, isWide: true },
    { key: 'max', title: t('tag.max'), width: '84px', isEnd: true, isWide: true },
    { key: 'period', title: t('tag.period'), width: '92px', isEnd: true, isWide: true },
    { key: 'enabled', title: t('tag.enabled'), width: '84px', isWide: true },
    { key: 'writable', title: t('tag.writable'), width: '84px', isWide: true },
    { key: 'history', title: t('tag.history'), width: '84px', isWide: true },
    {
      key: 'description',
      title: t('field.description'),
      width: 'minmax(120px, 1.6fr)',
      isWide: true,
    },
  ];
}

/** What a column holds of a tag where it is not of the same name. */
const FIELDS: Record<string, ColumnName> = { path: 'name', period: 'period_ms' };
/** What means something to tags that are read from a device only. */
const OF_DEVICE = new Set(['address', 'order', 'scale', 'offset', 'writable']);
const OF_NUMBERS = new Set(['scale', 'offset', 'decimals', 'min', 'max']);
const NUMBERS = new Set([...OF_NUMBERS, 'period']);
/** What stands for a field that is not set. */
const DEFAULTS: Record<string, string> = {
  enabled: 'true',
  history: 'true',
  writable: 'false',
  scale: '1',
  offset: '0',
};

/** Returns a field of a tag as it is typed. */
export function cellText(tag: Tag, key: string): string {
  const value = tag[(FIELDS[key] ?? key) as keyof Tag];
  return value === null || value === undefined ? (DEFAULTS[key] ?? '') : String(value);
}

function applies(tag: Tag, key: string): boolean {
  if (tag.formula && OF_DEVICE.has(key)) return false;
  const isNumber = tag.data_type !== 'bool' && tag.data_type !== 'string';
  return isNumber || !OF_NUMBERS.has(key);
}

function choicesOf(key: string): readonly string[] | null {
  if (key === 'data_type') return DATA_TYPES;
  if (key === 'order') return ['', ...ORDERS];
  return key === 'enabled' || key === 'writable' || key === 'history' ? SWITCH : null;
}

/** Returns the columns whose cells can be edited in place. */
export function tagFields(): CellField<Tag>[] {
  const shown = new Set(['value', 'age', 'device']);
  return tagColumns()
    .filter(({ key }) => !shown.has(key))
    .map(({ key, title }) => {
      const choices = choicesOf(key);
      const field = FIELDS[key] ?? (key as ColumnName);
      return {
        key,
        field,
        label: key === 'path' ? t('field.name') : title,
        ...(choices && { choices }),
        isNumber: NUMBERS.has(key),
        text: (tag: Tag) => cellText(tag, key),
        value: (text: string) => valueOf(field, text),
        applies: (tag: Tag) => applies(tag, key),
      };
    });
}

/** Returns rows as a table with tabs: the columns that are shown, with their heads. */
export function asTable(tags: readonly Tag[], columns: readonly Column[]): string {
  const plain = (text: string): string => text.replace(/[\t\r\n]+/g, ' ');
  const cell = (tag: Tag, key: string): string => {
    if (key === 'path') return tag.path;
    if (key === 'device') return tag.device_name;
    if (key === 'address') return tag.formula ? `= ${tag.formula}` : (tag.address ?? '');
    if (key === 'value') return tag.current ? String(tag.current.value ?? '') : '';
    if (key === 'age') return tag.current ? new Date(tag.current.time_us / 1000).toISOString() : '';
    return cellText(tag, key);
  };
  const lines = tags.map((tag) => columns.map(({ key }) => plain(cell(tag, key))).join('\t'));
  return [columns.map(({ title }) => plain(title)).join('\t'), ...lines].join('\n');
}
