import assert from 'node:assert/strict';
import test from 'node:test';
import { restoreCommand } from '../../src/lib/backups.ts';
import { chosenOf, classOf, formatAggregate, stepsFor } from '../../src/lib/statistics.ts';

test('intervals make more than one row and not thousands', () => {
  const names = (spanMs: number) => stepsFor(spanMs).map(({ step }) => step);
  assert.deepEqual(names(30_000), []);
  assert.deepEqual(names(3_600_000), ['1m', '15m']);
  assert.deepEqual(names(30 * 86_400_000), ['1h', '1d', '1w']);
});

test('aggregates come in the order of the server, and unknown ones are left out', () => {
  assert.deepEqual(chosenOf('Count,Nothing,Average', ['Average', 'Count', 'Range']), [
    'Average',
    'Count',
  ]);
  assert.deepEqual(chosenOf(null, ['Range', 'Maximum']), ['Maximum']);
});

test('each aggregate is written in its own unit', () => {
  const text = (name: string, value: unknown) => formatAggregate(name, value, 'en-GB', 1);
  assert.equal(text('PercentGood', 57.14), '57.1 %');
  assert.equal(text('DurationGood', 97_000), '1 min 37 s');
  assert.equal(text('Count', 1234), '1,234');
  assert.equal(text('Minimum', 68), '68.0');
  assert.equal(text('Average', 74.9), '74.90');
  assert.equal(text('WorstQuality', 0x80000000), '0x80000000');
  assert.equal(text('Start', null), '–');
});

test('the class of a status is in its top bits', () => {
  const codes = [0x00000405, 0x40a40000, 0x80000000, 0xc0000000];
  assert.deepEqual(codes.map(classOf), ['good', 'uncertain', 'bad', 'bad']);
});

test('a path with spaces or quotes stays one word of the command', () => {
  assert.equal(
    restoreCommand("/mnt/bob's disk", '20261121T100626.183Z', '/var/lib/headworks'),
    String.raw`headworks backup restore '/mnt/bob'\''s disk' --id 20261121T100626.183Z ` +
      '--data /var/lib/headworks --replace',
  );
});
