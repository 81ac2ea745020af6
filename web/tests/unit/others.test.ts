import assert from 'node:assert/strict';
import test from 'node:test';
import { compare, languages, read, twice } from '../../scripts/i18n.mjs';
import { parseBulk, problemsByItem } from '../../src/lib/bulk.ts';
import { parseMarkup } from '../../src/lib/markup.ts';
import { filled, grownRange, roundUp, statedRange } from '../../src/lib/range.ts';
import { reveal, view } from '../../src/lib/virtual.ts';
import { readWindow, windowQuery } from '../../src/lib/window.ts';
import { wireEntries } from '../../src/lib/wire.ts';

test('all five languages have all keys with the same places', () => {
  assert.deepEqual([...languages()].sort(), ['de', 'en', 'it', 'nl', 'zh']);
  for (const language of languages()) {
    assert.deepEqual(compare(read('en'), read(language), language), []);
    assert.deepEqual(twice(language), []);
  }
});

test('a missing key, an empty text and another place are found', () => {
  const english = { a: 'x {n}', b: 'y', c: 'z' };
  const problems = compare(english, { a: 'x {m}', b: ' ', d: 'q' }, 'de');
  assert.equal(problems.length, 4);
});

test('only the rows on screen are rendered', () => {
  assert.deepEqual(view(0, 600, 36, 10_000, 0), { start: 0, end: 17, top: 0, height: 360_000 });
  const middle = view(180_000, 600, 36, 10_000, 6);
  assert.deepEqual([middle.start, middle.end, middle.top], [4994, 5023, 4994 * 36]);
  assert.equal(view(1e9, 600, 36, 10_000).end, 10_000);
  assert.deepEqual(view(0, 600, 36, 0), { start: 0, end: 0, top: 0, height: 0 });
});

test('a table longer than a browser can lay out still reaches its last row', () => {
  const end = view(12_000_000 - 600, 600, 36, 1_000_000, 0);
  assert.equal(end.height, 12_000_000);
  assert.equal(end.end, 1_000_000);
  const lastBottom = end.top + (end.end - end.start) * 36;
  assert.ok(Math.abs(lastBottom - 12_000_000) < 36, `${lastBottom}`);
});

test('a row is revealed with as little scrolling as possible', () => {
  assert.equal(reveal(2, 0, 360, 36), 0);
  assert.equal(reveal(20, 0, 360, 36), 21 * 36 - 360);
  assert.equal(reveal(1, 100, 360, 36), 36);
});

test('ranges are round, and bars begin at zero where the range holds it', () => {
  assert.deepEqual([0.03, 7, 10, 11, 480].map(roundUp), [0.05, 10, 10, 20, 500]);
  assert.deepEqual(grownRange(null, 37), { min: 0, max: 50 });
  assert.deepEqual(grownRange({ min: 0, max: 50 }, -3), { min: -5, max: 50 });
  assert.deepEqual(filled(-5, { min: -10, max: 10 }), { from: 0.25, to: 0.5 });
  assert.deepEqual(filled(30, { min: 20, max: 40 }), { from: 0, to: 0.5 });
  const point = { min: 1, max: 5 } as Parameters<typeof statedRange>[1];
  assert.deepEqual(statedRange({ mode: 'static', min: 0, max: 9 }, point), { min: 0, max: 9 });
  assert.deepEqual(statedRange({ mode: 'auto' }, point), { min: 1, max: 5 });
});

test('pasted lines become tags, and problems find their line', () => {
  const lines = parseBulk('flow; 40001; float32; m³/h; 0,1\n\nlevel\t40003\n', 'd');
  assert.deepEqual(
    lines.map(({ line, tag }) => [line, tag]),
    [
      [
        1,
        {
          device: 'd',
          name: 'flow',
          address: '40001',
          data_type: 'float32',
          unit: 'm³/h',
          scale: 0.1,
        },
      ],
      [3, { device: 'd', name: 'level', address: '40003', data_type: 'uint16' }],
    ],
  );
  const problems = problemsByItem({
    '/items/1/address': 'is no address',
    '/items/1/name': 'is taken',
  });
  assert.deepEqual([...problems], [[1, 'address: is no address; name: is taken']]);
});

test('a note is data, never HTML', () => {
  const [heading, item, plain] = parseMarkup('# Pump\n- **stop** first\n<b>x</b>');
  assert.equal(heading?.kind, 'heading');
  assert.deepEqual(item?.spans, [
    { text: 'stop', style: 'bold' },
    { text: ' first', style: 'plain' },
  ]);
  assert.deepEqual(plain?.spans, [{ text: '<b>x</b>', style: 'plain' }]);
});

test('the window of trends stands in the address', () => {
  assert.deepEqual(readWindow(new URLSearchParams('span=60000&end=123')), {
    spanMs: 60_000,
    endMs: 123,
  });
  assert.deepEqual(readWindow(new URLSearchParams('span=nonsense')), {
    spanMs: 3_600_000,
    endMs: null,
  });
  assert.deepEqual(windowQuery(1000, 61_000, 70_000), { span: '60000', end: '61000' });
  assert.deepEqual(windowQuery(1000, 71_000, 70_000), { span: '70000', end: null });
});

test('frames are shown as pairs of digits', () => {
  const frame = { time_us: 1, direction: 'sent', note: '' };
  const [hex, text] = wireEntries({
    enabled: true,
    entries: [
      { ...frame, bytes: '0001ff' },
      { ...frame, bytes: ':0103' },
    ],
  });
  assert.deepEqual([hex?.bytes, text?.bytes], ['00 01 FF', ':0103']);
});
