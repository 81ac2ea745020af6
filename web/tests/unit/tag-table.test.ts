import assert from 'node:assert/strict';
import test from 'node:test';
import { COLUMNS, editsOf, parseTable, tableOf } from '../../src/lib/tag-table.ts';
import type { Asset, Device, Tag } from '../../src/lib/types.ts';

const devices = [{ id: 'd1', name: 'Pump' }] as Device[];
const assets = [{ id: 'a1', path: 'berlin/hall' }] as Asset[];
const known = {
  id: 't1',
  device: 'd1',
  device_name: 'Pump',
  name: 'speed',
  path: 'plant/pump/speed',
  address: 'HR0',
  data_type: 'uint16',
  revision: 4,
  asset: 'a1',
  invalid: [-32768, 65535],
  description: 'two\nlines\tand a tab',
  validation: { max_step: 2.5, by_exception: true },
} as unknown as Tag;

const edit = (heads: string, row: string) =>
  editsOf(parseTable(`${heads}\n${row}`), devices, [known], assets)[0] as unknown as {
    op: string;
    id?: string;
    revision?: number;
    body?: Record<string, unknown>;
    patch?: Record<string, unknown>;
  };

test('the columns stand in the order of the tag tables', () => {
  assert.equal(
    COLUMNS.join(),
    'path,device,name,address,formula,data_type,order,length,scale,offset,unit,decimals,min,max,' +
      'invalid,period_ms,enabled,' +
      'writable,history,max_step,max_rate_per_s,freeze_s,expected_period_ms,' +
      'by_exception,asset,description',
  );
});

test('a tag goes into the table and comes back as it was', () => {
  const text = tableOf([known], assets);
  const table = parseTable(text);
  assert.equal(table.rows.length, 1);
  assert.deepEqual(table.unknown, []);
  const { cells } = table.rows[0]!;
  assert.equal(cells.invalid, '-32768;65535');
  assert.equal(cells.max_step, '2.5');
  assert.equal(cells.asset, 'berlin/hall');
  assert.equal(cells.description, 'two lines and a tab');
  const [back] = editsOf(table, devices, [known], assets) as { patch: Record<string, unknown> }[];
  assert.deepEqual(back?.patch['invalid'], [-32768, 65535]);
  assert.equal(back?.patch['asset'], 'a1');
  assert.deepEqual(back?.patch['validation'], {
    max_step: 2.5,
    max_rate_per_s: null,
    freeze_s: null,
    expected_period_ms: null,
    by_exception: true,
  });
  assert.equal(tableOf([known]).split('\t').at(-2), 'a1', 'an asset that is not known is its id');
});

test('a known name is changed at its revision, an unknown one is made', () => {
  const changed = edit('device\tname\tmax_step\tinvalid', 'Pump\tspeed\t\t');
  assert.deepEqual([changed.op, changed.id, changed.revision], ['patch', 't1', 4]);
  assert.deepEqual(changed.patch, {
    device: 'd1',
    name: 'speed',
    invalid: null,
    validation: { max_step: null },
  });
  const made = edit('device\tname\taddress\tscale\tmax_step\tunit', 'Pump\tflow\tHR2\t0,1\t1,5\t');
  assert.equal(made.op, 'create');
  assert.deepEqual(made.body, {
    device: 'd1',
    name: 'flow',
    address: 'HR2',
    scale: 0.1,
    validation: { max_step: 1.5 },
  });
});

test('a column that is not there is left alone, and the path is only read', () => {
  const changed = edit('Path\tDevice\tName\tUnit', 'x/y\tPump\tspeed\tm/s');
  assert.deepEqual(changed.patch, { device: 'd1', name: 'speed', unit: 'm/s' });
});

test('what cannot be is left as it was typed, for the server to refuse by row and field', () => {
  const heads = 'device\tname\tscale\tenabled\tinvalid\tasset\tfreeze_s';
  const made = edit(heads, 'Nowhere\tflow\tmuch\tperhaps\t1; x\tberlin/no\tlong');
  assert.deepEqual(made.body, {
    device: 'Nowhere',
    name: 'flow',
    scale: 'much',
    enabled: 'perhaps',
    invalid: [1, 'x'],
    asset: 'berlin/no',
    validation: { freeze_s: 'long' },
  });
});

test('switches are read in the words of spreadsheets, and unknown columns are named', () => {
  const table = parseTable('device\tname\tenabled\tcolour\n\nPump\ta\tTRUE\tred\r\nPump\tb\tno\t');
  assert.deepEqual(table.unknown, ['colour']);
  const bodies = editsOf(table, devices, []) as { body: { enabled: unknown } }[];
  assert.deepEqual(bodies.map(({ body }) => body.enabled), [true, false]);
});
