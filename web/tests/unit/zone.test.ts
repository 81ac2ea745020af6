import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDateTime, setTimeZone } from '../../src/lib/format.ts';
import { nextAt } from '../../src/lib/alarm-recent.ts';
import {
  daysBack,
  fromField,
  spanOf,
  startOf,
  toField,
  zoneName,
} from '../../src/lib/periods.ts';
import { readView, shiftMs } from '../../src/lib/trends/view.ts';

const HOUR_MS = 3_600_000;

const SUMMER = Date.UTC(2026, 6, 1, 22, 30, 15);

test('times are written and typed in the zone that was chosen', () => {
  assert.equal(setTimeZone('Asia/Kolkata'), 'Asia/Kolkata');
  assert.equal(zoneName(), 'Asia/Kolkata');
  assert.equal(formatDateTime(SUMMER, 'en-GB'), '02/07/2026, 04:00:15');
  assert.equal(toField(SUMMER), '2026-07-02T04:00:15');
  assert.equal(fromField('2026-07-02T04:00:15'), SUMMER);
  assert.equal(fromField('2026-07-02T04:00'), SUMMER - 15_000);
  const { startMs } = spanOf('today', SUMMER);
  assert.equal(startMs, Date.UTC(2026, 6, 1, 18, 30));
});

test('days begin at midnight on both sides of a change of the clocks', () => {
  setTimeZone('Europe/Berlin');
  const changed = Date.UTC(2026, 2, 29, 12);
  const yesterday = spanOf('yesterday', changed + 86_400_000);
  assert.equal(yesterday.startMs, Date.UTC(2026, 2, 28, 23));
  assert.equal(yesterday.endMs, Date.UTC(2026, 2, 29, 22));
  const { startMs } = spanOf('this_month', changed);
  assert.equal(startMs, Date.UTC(2026, 1, 28, 23));
});

test('yesterday at noon stands over noon, also over a change of the clocks', () => {
  setTimeZone('Europe/Berlin');
  const day = readView(new URLSearchParams('compare=86400000'));
  const week = readView(new URLSearchParams('compare=604800000'));
  const shift = readView(new URLSearchParams('compare=28800000'));
  const window = readView(new URLSearchParams('compare=window&span=86400000'));
  // The clocks go forward on the 29th of March and back on the 25th of October 2026.
  const spring = Date.UTC(2026, 2, 29, 10);
  const autumn = Date.UTC(2026, 9, 25, 11);
  assert.equal(shiftMs(day, spring), 23 * HOUR_MS);
  assert.equal(shiftMs(day, autumn), 25 * HOUR_MS);
  assert.equal(shiftMs(week, spring), 167 * HOUR_MS);
  assert.equal(shiftMs(day, spring + 24 * HOUR_MS), 24 * HOUR_MS);
  // What is no day, and what stood just before, is as long as it says.
  assert.equal(shiftMs(shift, spring), 8 * HOUR_MS);
  assert.equal(shiftMs(window, spring), 24 * HOUR_MS);
  assert.equal(daysBack(spring + 437, 1), 23 * HOUR_MS);
  setTimeZone('Asia/Kolkata');
  assert.equal(shiftMs(day, spring), 24 * HOUR_MS);
});

test('hours, days, weeks and months start where the clock of the zone says', () => {
  setTimeZone('Asia/Kolkata');
  const at = Date.UTC(2026, 10, 21, 20, 7, 3) + 250; // a Sunday there, 01:37
  assert.equal(startOf('hour', at), Date.UTC(2026, 10, 21, 19, 30));
  assert.equal(startOf('day', at), Date.UTC(2026, 10, 21, 18, 30));
  assert.equal(startOf('week', at), Date.UTC(2026, 10, 15, 18, 30));
  assert.equal(startOf('week', at, -1), Date.UTC(2026, 10, 8, 18, 30));
  assert.equal(startOf('month', at, 1), Date.UTC(2026, 10, 30, 18, 30));
  setTimeZone('Europe/Berlin');
  // Two o'clock comes twice: both hours are hours, and the day has 25.
  const second = Date.UTC(2026, 9, 25, 1, 20);
  assert.equal(startOf('hour', second), Date.UTC(2026, 9, 25, 1));
  assert.equal(startOf('hour', second, -1), Date.UTC(2026, 9, 25, 0));
  assert.equal(startOf('day', second, 1) - startOf('day', second), 25 * HOUR_MS);
});

test('a shelf until a time of day ends when the clock of the zone shows it', () => {
  setTimeZone('Asia/Kolkata');
  assert.equal(nextAt('06:00', SUMMER), Date.UTC(2026, 6, 2, 0, 30));
  assert.equal(nextAt('03:00', SUMMER), Date.UTC(2026, 6, 2, 21, 30));
});

test('an unknown zone leaves the times of the device', () => {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const odd of ['Mars/Olympus', '', null]) {
    assert.equal(setTimeZone(odd), '');
    assert.equal(zoneName(), own);
  }
  assert.equal(fromField(''), null);
  assert.equal(fromField('soon'), null);
});
