import assert from 'node:assert/strict';
import test from 'node:test';
import {
  devicesOf,
  draftOf,
  mapEnd,
  overlapping,
  picksOf,
  scaled,
  stretches,
  sureness,
  tagEdits,
  type Candidate,
  type Decoded,
  type TableFound,
} from '../../src/lib/discovery.ts';
import { newId } from '../../src/lib/ids.ts';
import type { Device } from '../../src/lib/types.ts';

const at = (zero_based: number): Candidate['notations'] => ({
  kind: 'holding',
  zero_based,
  hex: '',
  tag: `HR${zero_based}`,
  five_digits: null,
  six_digits: '',
});

function candidate(start: number, rest: Partial<Candidate> = {}): Candidate {
  return {
    address: `HR${start}`,
    notations: at(start),
    registers: 1,
    data_type: 'uint16',
    order: 'ABCD',
    length: null,
    scale: 1,
    unit: '',
    confidence: 0.9,
    values: [1, 2],
    reasons: [],
    ...rest,
  };
}

function table(parts: [number, number, boolean?][], rest: Partial<TableFound> = {}): TableFound {
  return {
    table: 'holding',
    first: 0,
    last: 65_535,
    end: 'complete',
    words: '',
    counts: { total: 65_536, settled: 65_536, found: 3, asked: 9 },
    read_max: null,
    parts: parts.map(([first, count, isBlank = false]) => ({
      first: at(first),
      last: at(first + count - 1),
      count,
      is_blank: isBlank,
      values: [],
    })),
    parts_left_out: 0,
    ...rest,
  };
}

test('a map ends soon behind what was found, and never behind what was asked for', () => {
  const found = table([[0, 10], [90, 10]]);
  assert.equal(mapEnd(found), 104);
  assert.equal(mapEnd(table([[0, 10]], { last: 12 })), 12);
  assert.equal(mapEnd(table([])), 16, 'nothing found is a short map');
});

test('while a scan goes on the map shows what was not asked yet', () => {
  const counts = { total: 65_536, settled: 50, found: 10, asked: 9 };
  const running = table([[0, 10], [40, 5, true]], { end: null, counts });
  assert.deepEqual(stretches(running), [
    { from: 0, count: 10, kind: 'found' },
    { from: 40, count: 5, kind: 'blank' },
    { from: 50, count: mapEnd(running) - 49, kind: 'ahead' },
  ]);
  assert.ok(stretches(table([[0, 10]])).every(({ kind }) => kind === 'found'));
});

const decoded: Decoded = {
  unit_id: 3,
  samples: 2,
  refused: null,
  values: [
    { candidates: [candidate(0), candidate(0, { registers: 2, data_type: 'float32' })] },
    { candidates: [candidate(1, { unit: 'V', scale: 0.1 })] },
    { candidates: [] },
  ],
};

test('another reading that reaches into the next value is told', () => {
  const best = picksOf(decoded, new Map());
  assert.deepEqual(best.map(({ id }) => id), ['HR0', 'HR1']);
  assert.equal(overlapping(best).size, 0);
  const wider = picksOf(decoded, new Map([['HR0', 1]]));
  assert.equal(wider[0]?.chosen.data_type, 'float32');
  assert.deepEqual([...overlapping(wider)], ['HR1']);
  const none = picksOf(decoded, new Map([['HR0', 9]]));
  assert.equal(none[0]?.chosen, none[0]?.candidates[0], 'a choice that is gone is no choice');
});

test('tags of values hold what is not the default, and what is no number as it was typed', () => {
  const drafts = picksOf(decoded, new Map([['HR0', 1]])).map(draftOf);
  const [first, second] = tagEdits(drafts, { device: 'd' });
  assert.deepEqual(first, {
    op: 'create',
    kind: 'tag',
    body: { device: 'd', name: 'hr0', address: 'HR0', data_type: 'float32', order: 'ABCD' },
  });
  assert.deepEqual(second && 'body' in second && second.body, {
    device: 'd',
    name: 'hr1',
    address: 'HR1',
    data_type: 'uint16',
    scale: 0.1,
    unit: 'V',
  });
  const scale = (text: string): unknown => {
    const [edit] = tagEdits([{ ...draftOf(picksOf(decoded, new Map())[0]!), scale: text }], {
      device: 'd',
    });
    return edit && 'body' in edit ? edit.body['scale'] : null;
  };
  assert.deepEqual(['', '1', '0,01', 'x'].map(scale), [undefined, undefined, 0.01, 'x']);
});

test('a new device, and its connection, stand before its tags and are named by them', () => {
  const target = {
    device: null,
    connection: { name: 'line', settings: { endpoint: 'h:502' } },
    name: 'meter',
    path: 'plant/meter',
    unitId: 7,
    maxRegisters: 60,
  };
  const edits = tagEdits(picksOf(decoded, new Map()).map(draftOf), target);
  const [connection, device, tag] = edits as { id?: string; kind: string; body: object }[];
  assert.deepEqual(edits.map((edit) => 'kind' in edit && edit.kind), [
    'connection',
    'device',
    'tag',
    'tag',
  ]);
  assert.deepEqual(device?.body, {
    name: 'meter',
    path: 'plant/meter',
    connection: connection?.id,
    settings: { unit_id: 7, max_registers: 60 },
  });
  assert.equal((tag?.body as { device: string }).device, device?.id);
  const saved = tagEdits([], { ...target, connection: 'c', maxRegisters: null });
  assert.equal(saved.length, 1);
});

test('devices of the unit come first, those of other links not at all', () => {
  const device = (name: string, connection: string, unit?: number): Device =>
    ({ name, connection, settings: unit === undefined ? {} : { unit_id: unit } }) as Device;
  const all = [device('b', 'x', 2), device('a', 'x', 3), device('c', 'y', 2), device('d', 'x')];
  const names = (unit: number): string[] => devicesOf(all, 'x', unit).map(({ name }) => name);
  assert.deepEqual(names(2), ['b', 'a', 'd']);
  assert.deepEqual(names(1), ['d', 'a', 'b'], 'a unit id that is not said is 1');
});

test('values are scaled without the noise of binary fractions', () => {
  assert.equal(scaled(536, 0.1), 53.6);
  assert.equal(scaled(46_465_561, 1), 46_465_561);
  assert.equal(scaled(18_422.123046875, 1), 18_422.12);
  assert.equal(scaled('abc', 0.1), 'abc');
  assert.equal(scaled(null, 1), null);
  assert.equal(sureness(candidate(0, { confidence: 0.9996 }), 'en'), '99%');
});

test('ids are UUIDs of version 7 in the order of their making', () => {
  const [a, b] = [newId(1_700_000_000_000), newId(1_700_000_000_001)];
  assert.match(a, /^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(a < b);
  assert.notEqual(newId(1), newId(1));
});
