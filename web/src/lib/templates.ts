/** Templates: their parameters, the devices made of them, and what is said against those. */
import { ApiError } from './api.ts';
import type { Drift, LibraryItem, TemplateItem, TemplateParameter } from './api.gen.ts';
import { parseNumber } from './format.ts';
import { said, type Said } from './said.ts';
import type { Device, Tag } from './types.ts';

/** What the descriptions of the library end with. */
const NOTE = / (A subset of what the manual lists; .*)$/;

/** Returns what a template of the library is for, and what all of them have in common. */
export function aboutItem({ name, description }: LibraryItem): Said[] {
  const key = name.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  const note = NOTE.exec(description)?.[1];
  const own = said(`library.${key}`, description.replace(NOTE, ''));
  return note ? [own, said('library.note', note)] : [own];
}

/** Returns the parameters of a template, those of its base first. */
export function parametersOf(
  template: TemplateItem,
  all: readonly TemplateItem[],
): TemplateParameter[] {
  const base = all.find(({ id }) => id === template.base);
  const own = template.parameters ?? [];
  const names = new Set(own.map(({ name }) => name));
  return [...(base?.parameters ?? []).filter(({ name }) => !names.has(name)), ...own];
}

/** Returns the tags of a template, its own in the place of those of its base. */
export function tagsOf(
  template: TemplateItem,
  all: readonly TemplateItem[],
): Record<string, unknown>[] {
  const base = all.find(({ id }) => id === template.base);
  const own = (template.tags ?? []) as Record<string, unknown>[];
  const names = new Set(own.map((tag) => tag['name']));
  const inherited = (base?.tags ?? []) as Record<string, unknown>[];
  return [...inherited.filter((tag) => !names.has(tag['name'])), ...own];
}

/** A device that is to be made: everything as it was typed. */
export interface DeviceRow {
  id: string;
  name: string;
  path: string;
  parameters: Record<string, string>;
}

let nextRow = 1;

export function emptyRow(name = '', path = ''): DeviceRow {
  nextRow += 1;
  return { id: `row-${nextRow}`, name, path, parameters: {} };
}

/** Reads rows of a spreadsheet: names of columns at the top, or name, path and the parameters. */
export function parseDevices(
  text: string,
  parameters: readonly TemplateParameter[],
): { rows: DeviceRow[]; unknown: string[] } {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(line.includes('\t') ? '\t' : ';').map((cell) => cell.trim()));
  const known = ['name', 'path', ...parameters.map(({ name }) => name)];
  const first = (lines[0] ?? []).map((cell) => cell.toLowerCase());
  const hasHead = first.includes('name');
  const heads = hasHead
    ? first.map((head) => known.find((one) => one.toLowerCase() === head) ?? '')
    : known;
  const rows = lines.slice(hasHead ? 1 : 0).map((cells) => {
    const row = emptyRow();
    heads.forEach((head, at) => {
      const cell = cells[at] ?? '';
      if (head === 'name' || head === 'path') row[head] = cell;
      else if (head !== '' && cell !== '') row.parameters[head] = cell;
    });
    return row;
  });
  return { rows, unknown: first.filter((_, at) => hasHead && heads[at] === '') };
}

/** Returns the value of a parameter from what was typed; what is none is told by the server. */
export function parameterValue(text: string, { type }: TemplateParameter): unknown {
  const plain = text.trim();
  if (plain === '') return undefined;
  if (type === 'number' || type === 'integer') return parseNumber(plain) ?? plain;
  if (type === 'boolean') {
    if (/^(?:true|yes|1)$/i.test(plain)) return true;
    return /^(?:false|no|0)$/i.test(plain) ? false : plain;
  }
  return plain;
}

/** Returns the devices as the server is told of them. */
export function newDevices(
  rows: readonly DeviceRow[],
  parameters: readonly TemplateParameter[],
  connection: string,
  asset: string,
): unknown[] {
  return rows.map((row) => {
    const given = parameters.flatMap((one) => {
      const value = parameterValue(row.parameters[one.name] ?? '', one);
      return value === undefined ? [] : [[one.name, value] as const];
    });
    return {
      name: row.name.trim(),
      connection,
      path: row.path.trim(),
      ...(asset !== '' && { asset }),
      parameters: Object.fromEntries(given),
    };
  });
}

/** Returns what an answer says against each device. */
export function problemsByDevice(error: unknown): Map<number, string> {
  const found = new Map<number, string>();
  if (!(error instanceof ApiError)) return found;
  for (const { pointer, detail } of error.errors) {
    const match = /^\/devices\/(\d+)(?:\/(?:parameters\/)?(.+))?$/.exec(pointer);
    if (!match) continue;
    const text = match[2] ? `${match[2]}: ${detail}` : detail;
    found.set(Number(match[1]), [found.get(Number(match[1])), text].filter(Boolean).join('; '));
  }
  return found;
}

/** Returns a path from a name: without the characters that a path cannot hold. */
export function pathOf(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[/+#$*]/g, ' ')
    .trim()
    .toLowerCase();
  return plain === '' ? '' : `plant/${plain.replace(/\s+/g, '-')}`;
}

/** Returns how many things of a device are not as its template makes them. */
export function differences({ settings, changed, missing, extra }: Drift): number {
  return settings.length + changed.length + missing.length + extra.length;
}

/** Fields of a tag that belong to the device or to the place of the tag, not to its type. */
const OWN_FIELDS = new Set([
  'id',
  'revision',
  'updated_us',
  'device',
  'device_name',
  'path',
  'index',
  'poll_ms',
  'current',
  'asset',
]);

/** Returns a template that makes devices like this one, with the unit id as its parameter. */
export function templateOf(device: Device, tags: readonly Tag[], protocol: string): object {
  const isAddressed = 'unit_id' in device.settings || protocol === 'modbus';
  const unit = Number(device.settings['unit_id'] ?? 1);
  return {
    name: device.name,
    version: '1.0',
    protocol,
    period_ms: device.period_ms,
    settings: { ...device.settings, ...(isAddressed && { unit_id: '${unit_id}' }) },
    ...(isAddressed && {
      parameters: [{ name: 'unit_id', type: 'integer', default: unit, min: 0, max: 255 }],
    }),
    tags: tags.map((tag) =>
      Object.fromEntries(
        Object.entries(tag).filter(([key, value]) => !OWN_FIELDS.has(key) && value !== null),
      ),
    ),
  };
}

/** Returns the problems of a field, among them those of what stands in it. */
export function problemsOf(errors: Record<string, string>, field: string): string {
  return Object.entries(errors)
    .filter(([pointer]) => pointer === field || pointer.startsWith(`${field}/`))
    .map(([pointer, detail]) =>
      pointer === field ? detail : `${pointer.slice(field.length + 1)}: ${detail}`,
    )
    .join('; ');
}
