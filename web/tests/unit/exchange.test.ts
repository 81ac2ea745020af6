import assert from 'node:assert/strict';
import test from 'node:test';
import { Backoff } from '../../src/lib/backoff.ts';
import { applies, exportBody, freshExport } from '../../src/lib/exchange.ts';
import { columnName } from '../../src/lib/imports.ts';
import { fromField, spanOf, toField } from '../../src/lib/periods.ts';
import { DAYS_DEFAULT, shorterThanFiner } from '../../src/lib/retention.ts';

test('periods end where the calendar of the browser says', () => {
  const now = new Date(2026, 2, 30, 15, 4, 5).getTime();
  const day = (month: number, date: number): number => new Date(2026, month, date).getTime();
  assert.deepEqual(spanOf('hour', now), { startMs: now - 3_600_000, endMs: now });
  assert.deepEqual(spanOf('today', now), { startMs: day(2, 30), endMs: now });
  assert.deepEqual(spanOf('yesterday', now), { startMs: day(2, 29), endMs: day(2, 30) });
  assert.deepEqual(spanOf('this_month', now), { startMs: day(2, 1), endMs: now });
  assert.deepEqual(spanOf('last_month', now), { startMs: day(1, 1), endMs: day(2, 1) });
  assert.deepEqual(spanOf('all', now), { startMs: null, endMs: null });
  const january = new Date(2026, 0, 5).getTime();
  assert.equal(spanOf('last_month', january).startMs, new Date(2025, 11, 1).getTime());
});

test('a field of local time keeps the instant to the second', () => {
  const ms = new Date(2026, 10, 21, 7, 8, 9).getTime();
  assert.equal(toField(ms), '2026-11-21T07:08:09');
  assert.equal(fromField(toField(ms)), ms);
  assert.equal(fromField(''), null);
  assert.equal(fromField('2026-13-01T00:00'), null);
});

test('an export says only what means something for its format', () => {
  const form = { ...freshExport('Europe/Berlin'), pattern: ' a/** ' };
  const span = { startMs: 1000, endMs: null };
  assert.deepEqual(exportBody({ ...form, format: 'parquet' }, span), {
    pattern: 'a/**',
    format: 'parquet',
    start_us: 1_000_000,
    quality: 'auto',
  });
  const csv = exportBody({ ...form, format: 'csv', layout: 'wide' }, span);
  assert.equal(csv['delimiter'], 'comma');
  assert.equal('quality' in csv, false);
  // The layout that was chosen for CSV does not hide the quality of a format without layouts.
  assert.equal(applies({ ...form, format: 'jsonl', layout: 'wide' }, 'quality'), true);
});

test('columns are named by number where their name would not tell', () => {
  const columns = ['time', 'value', 'value', '4', ''];
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((number) => columnName(columns, number)),
    ['time', '2', '3', '4', '5'],
  );
});

test('waits grow to their bound and start again', () => {
  const backoff = new Backoff(100, 400, 2);
  assert.deepEqual([1, 2, 3, 4].map(() => backoff.next()), [100, 200, 400, 400]);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});

test('tiers that go before finer ones are found, for ever counts as longest', () => {
  assert.deepEqual(shorterThanFiner(DAYS_DEFAULT), []);
  assert.deepEqual(shorterThanFiner({ ...DAYS_DEFAULT, raw: 60 }), ['minute', 'five_minutes']);
  assert.deepEqual(shorterThanFiner({ ...DAYS_DEFAULT, hour: null }), ['day', 'week']);
});
