import assert from 'node:assert/strict';
import test from 'node:test';
import * as format from '../../src/lib/format.ts';

test('numbers are understood with a comma or a point', () => {
  const cases: [string, number | null][] = [
    ['71.4', 71.4],
    ['71,4', 71.4],
    ['-3', -3],
    ['−3', -3],
    ['+2,5', 2.5],
    ['1 234,5', 1234.5],
    ["1'234.5", 1234.5],
    ['1.234,5', 1234.5],
    ['1,234.5', 1234.5],
    ['1,234,567.8', 1234567.8],
    ['1e3', 1000],
    ['1,5e-3', 0.0015],
    ['.5', 0.5],
    ['5.', 5],
    ['0', 0],
  ];
  for (const [text, want] of cases) assert.equal(format.parseNumber(text), want, text);
});

test('what is no number is refused', () => {
  const cases = [
    '',
    '-',
    '.',
    ',',
    'abc',
    '1.2.3',
    '1,2,3',
    '1,23.4',
    '12,34,567.8',
    '1e',
    '0x10',
    'NaN',
    'Infinity',
    '1e999',
    '--1',
    '1-2',
    '5 °C',
  ];
  for (const text of cases) assert.equal(format.parseNumber(text), null, text);
});

test('a number shows about four digits unless told otherwise', () => {
  const shown = (value: number, decimals?: number) =>
    format.formatNumber(value, 'en-GB', decimals);
  assert.equal(shown(0), '0');
  assert.equal(shown(71.4159), '71.42');
  assert.equal(shown(71), '71.00');
  assert.equal(shown(714.159), '714.2');
  assert.equal(shown(7141.59), '7,142');
  assert.equal(shown(0.0071416), '0.00714');
  assert.equal(shown(12, 2), '12.00');
  assert.equal(shown(1e15), '1.000e+15');
  assert.equal(format.formatNumber(1234.5, 'de', 1), '1.234,5');
});

test('marks of an axis are told apart', () => {
  const steps = [20, 5, 2.5, 0.5, 0.25, 0.001, 1e-9];
  assert.deepEqual(steps.map(format.stepDecimals), [0, 0, 1, 1, 2, 3, 6]);
});

test('spans are said in their two largest units', () => {
  const cases: [number, string][] = [
    [400, '400 ms'],
    [1000, '1 s'],
    [2500, '2.5 s'],
    [12_000, '12 s'],
    [65_000, '1 min 5 s'],
    [60_000, '1 min'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 d 1 h'],
    [-5000, '5 s'],
  ];
  for (const [ms, want] of cases) assert.equal(format.formatSpan(ms, 'en-GB'), want);
  assert.equal(format.formatAge(300, 'en-GB'), '< 1 s');
  assert.equal(format.formatAge(1900, 'en-GB'), '1 s');
  assert.match(format.formatSpan(2000, 'zh'), /秒/);
});

test('values of every kind have words', () => {
  const words = { yes: 'On', no: 'Off' };
  assert.equal(format.formatValue(true, 'en', null, words), 'On');
  assert.equal(format.formatValue(null, 'en', null, words), '–');
  assert.equal(format.formatValue('idle', 'en', null, words), 'idle');
  assert.equal(format.formatMicros(1250, 'en-GB'), '1.3 ms');
  assert.equal(format.formatMicros(null, 'en-GB'), '–');
  assert.equal(format.formatBytes(45_300_000, 'en-GB'), '45.3 MB');
  assert.equal(format.formatPercent(0.9972, 'en-GB'), '99.72%');
});
