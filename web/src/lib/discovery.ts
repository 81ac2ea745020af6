/** What discovery finds on a link, and how it becomes devices and tags. */
import type { EditRow } from './edits.ts';
import { formatPercent, parseNumber } from './format.ts';
import { newId } from './ids.ts';
import type { DataType, Device, Settings } from './types.ts';

export const TABLES = ['holding', 'input', 'coil', 'discrete'] as const;
export type TableName = (typeof TABLES)[number];

/** Addresses that can be decoded at once. */
export const DECODE_MAX = 250;

/** The link that is asked: a saved connection, or settings of one. */
export interface Line {
  connection?: string;
  settings?: Settings;
  pause_ms?: number;
  timeout_ms?: number;
}

export interface Guess {
  code: string;
  words: string;
}

export interface FoundUnit {
  unit_id: number;
  identity: { name: string; text: string }[];
  tables: { table: TableName; value: number | null; exception: number | null; words: string }[];
  is_broken: boolean;
  sunspec_base: number | null;
  guess: Guess;
  same_as: number | null;
}

export interface UnitsFound {
  units: FoundUnit[];
  end: 'complete' | 'one_device' | null;
}

/** An address in every notation that manuals use. */
export interface Notations {
  kind: TableName;
  zero_based: number;
  hex: string;
  tag: string;
  five_digits: string | null;
  six_digits: string;
}

export interface Part {
  first: Notations;
  last: Notations;
  count: number;
  is_blank: boolean;
  values: number[];
}

export interface TableFound {
  table: TableName;
  first: number;
  last: number;
  end: string | null;
  words: string;
  counts: { total: number; settled: number; found: number; asked: number };
  read_max: number | null;
  parts: Part[];
  parts_left_out: number;
}

export interface RegistersFound {
  unit_id: number;
  tables: TableFound[];
}

/** A way to read registers, with all that a tag needs. */
export interface Candidate {
  address: string;
  notations: Notations;
  registers: number;
  data_type: DataType;
  order: string;
  length: number | null;
  scale: number;
  unit: string;
  confidence: number;
  values: (number | string | boolean | null)[];
  reasons: Guess[];
}

export interface Decoded {
  unit_id: number;
  samples: number;
  refused: string | null;
  values: { candidates: Candidate[] }[];
}

/** How far a scan is, as its job says. */
export interface ScanDetail {
  found: number;
  asked: number;
  remaining: number;
  requests_per_s: number;
  remaining_s: number;
}

/** A stretch of the map of a table, in addresses. */
export interface Stretch {
  from: number;
  count: number;
  kind: 'found' | 'blank' | 'ahead';
}

/** Returns the last address that a map shows: what lies behind the last found is cut short. */
export function mapEnd({ first, last, counts, parts, end }: TableFound): number {
  const found = parts.at(-1)?.last.zero_based ?? first;
  const reached = end === null ? first + counts.settled : found;
  const shown = Math.max(found, reached, first + 15);
  return Math.min(last, shown + Math.ceil((shown - first) / 20));
}

/** Returns what a map shows: what was found, and what was not asked for yet; the rest are holes. */
export function stretches(table: TableFound, endsAt = mapEnd(table)): Stretch[] {
  const shown: Stretch[] = table.parts
    .filter(({ first }) => first.zero_based <= endsAt)
    .map(({ first, count, is_blank: isBlank }) => ({
      from: first.zero_based,
      count,
      kind: isBlank ? 'blank' : 'found',
    }));
  const next = table.first + table.counts.settled;
  if (table.end === null && next <= endsAt)
    shown.push({ from: next, count: endsAt - next + 1, kind: 'ahead' });
  return shown;
}

/** A value of a block with the reading that was chosen for it. */
export interface Pick {
  /** Its first address; no other value of the block has it. */
  id: string;
  candidates: Candidate[];
  chosen: Candidate;
}

/** Returns the values of a block, with the readings that somebody chose instead of the best. */
export function picksOf(
  { values }: Decoded,
  choices: ReadonlyMap<string, number>,
): Pick[] {
  return values.flatMap(({ candidates }) => {
    const best = candidates[0];
    if (!best) return [];
    const id = best.address;
    return [{ id, candidates, chosen: candidates[choices.get(id) ?? 0] ?? best }];
  });
}

/** Returns values that would share registers with a value before them. */
export function overlapping(picks: readonly Pick[]): Set<string> {
  const found = new Set<string>();
  let end = -1;
  const ordered = picks.toSorted(
    (a, b) => a.chosen.notations.zero_based - b.chosen.notations.zero_based,
  );
  for (const { id, chosen } of ordered) {
    const { notations, registers } = chosen;
    if (notations.zero_based < end) found.add(id);
    end = Math.max(end, notations.zero_based + registers);
  }
  return found;
}

/** A tag that is to be made of a value. */
export interface Draft {
  id: string;
  name: string;
  unit: string;
  /** As it is typed. */
  scale: string;
  chosen: Candidate;
}

export function draftOf({ id, chosen }: Pick): Draft {
  const name = chosen.address.toLowerCase().replaceAll(':', '_');
  return { id, name, unit: chosen.unit, scale: String(chosen.scale), chosen };
}

/** The device that gets the tags: one of the plant, or a new one, perhaps with its connection. */
export type Target =
  | { device: string }
  | {
      device: null;
      connection: string | { name: string; settings: Settings };
      name: string;
      path: string;
      unitId: number;
      maxRegisters: number | null;
    };

/** Returns the edits that make tags of values, after those of a new connection and device. */
export function tagEdits(drafts: readonly Draft[], target: Target): EditRow[] {
  const before: EditRow[] = [];
  const device = target.device ?? newDevice(target, before);
  return [...before, ...drafts.map((draft): EditRow => tagEdit(draft, device))];
}

function newDevice(target: Target & { device: null }, edits: EditRow[]): string {
  let { connection } = target;
  if (typeof connection !== 'string') {
    const id = newId();
    const body = { ...connection, protocol: 'modbus', enabled: true };
    edits.push({ op: 'create', kind: 'connection', id, body });
    connection = id;
  }
  const id = newId();
  const settings = {
    unit_id: target.unitId,
    ...(target.maxRegisters !== null && { max_registers: target.maxRegisters }),
  };
  const { name, path } = target;
  edits.push({ op: 'create', kind: 'device', id, body: { name, path, connection, settings } });
  return id;
}

function tagEdit({ name, unit, scale, chosen }: Draft, device: string): EditRow {
  const { address, data_type: dataType, order, registers, length } = chosen;
  // What is no number is refused by the server, at this row.
  const factor = scale.trim() === '' ? 1 : (parseNumber(scale) ?? scale);
  const body = {
    device,
    name: name.trim(),
    address,
    data_type: dataType,
    ...((1 < registers || order !== 'ABCD') && { order }),
    ...(length !== null && { length }),
    ...(factor !== 1 && { scale: factor }),
    ...(unit.trim() !== '' && { unit: unit.trim() }),
  };
  return { op: 'create', kind: 'tag', body };
}

/** Returns the devices behind a connection, those of the unit first. */
export function devicesOf(
  devices: readonly Device[],
  connection: string | undefined,
  unitId: number,
): Device[] {
  const isUnit = (device: Device): boolean => (device.settings['unit_id'] ?? 1) === unitId;
  return devices
    .filter((device) => device.connection === connection)
    .toSorted((a, b) => Number(isUnit(b)) - Number(isUnit(a)) || a.name.localeCompare(b.name));
}

/** Returns how sure a reading is, in whole percent that never say more than is known. */
export function sureness({ confidence }: Candidate, locale: string): string {
  return formatPercent(Math.floor(confidence * 100) / 100, locale);
}

/** Returns a scaled value as it would be shown, without the noise of binary fractions. */
export function scaled(
  value: number | string | boolean | null | undefined,
  scale: number | null,
): number | string | boolean | null {
  if (typeof value !== 'number') return value ?? null;
  return Number((value * (scale ?? 1)).toPrecision(Number.isInteger(value) ? 15 : 7));
}
