import assert from 'node:assert/strict';
import { test } from 'node:test';

import { order } from '../../src/widgets/bars.ts';
import { Hold, HOLD_MS } from '../../src/widgets/hold.ts';
import { direction, Rate } from '../../src/widgets/rate.ts';
import { shownState, spansOf, urgency } from '../../src/widgets/states.ts';
import { askedOf, pieces, shiftStarts, stretchesOf } from '../../src/widgets/time-bars.ts';
import { zoneOf, zonesOfOwn, zonesOfRules } from '../../src/widgets/zones.ts';

test('the first row that fits says what a value means', () => {
  const states = {
    rows: [
      { value: 3, text: 'fault', symbol: 'cross' as const, severity: 1 },
      { value: 1, up_to: 9, text: 'runs' },
    ],
  };
  assert.deepEqual(shownState(3, states), { text: 'fault', symbol: 'cross', severity: 1 });
  assert.equal(shownState(9, states).text, 'runs');
  assert.deepEqual(shownState(0, states), { text: '', symbol: 'outline', severity: 0 });
  assert.equal(shownState(true, states).text, 'runs');
  assert.equal(shownState(false, { invert: true }).symbol, 'filled');
  assert.equal(shownState('1', states).text, '');
});

test('cells that need a look come first, then what is not known', () => {
  const ranks = [urgency(0, false), urgency(0, true), urgency(4, false), urgency(1, true)];
  assert.deepEqual(ranks, [6, 5, 4, 1]);
});

test('samples become spans within the window', () => {
  const spans = spansOf([0, 10, 20, 30, 40], [1, 1, 2, null, 2], 5, 45);
  assert.deepEqual(spans, [
    { fromUs: 5, toUs: 20, value: 1 },
    { fromUs: 20, toUs: 30, value: 2 },
    { fromUs: 30, toUs: 40, value: null },
    { fromUs: 40, toUs: 45, value: 2 },
  ]);
  assert.deepEqual(spansOf([], [], 0, 10), []);
});

test('bars are put in order, those without a value last', () => {
  assert.deepEqual(order([2, null, 1], 'ascending'), [2, 0, 1]);
  assert.deepEqual(order([2, null, 3], 'descending'), [2, 0, 1]);
  assert.deepEqual(order([2, null, 1]), [0, 1, 2]);
});

test('stacked pieces go up from zero, and negative ones down', () => {
  const stacked = pieces(
    [
      [1, null],
      [2, -1],
      [-3, -2],
    ],
    true,
  );
  assert.deepEqual(
    stacked[0]?.map(({ from, to }) => [from, to]),
    [
      [0, 1],
      [1, 3],
      [0, -3],
    ],
  );
  assert.deepEqual(
    stacked[1]?.map(({ from, to }) => [from, to]),
    [
      [0, -1],
      [-1, -3],
    ],
  );
});

test('shifts follow the clock, over midnight too', () => {
  const shifts = { start: '06:00', hours: 8 };
  const starts = shiftStarts(shifts, new Date(2026, 10, 21, 3, 30).getTime(), 4);
  assert.deepEqual(
    starts.map((ms) => [new Date(ms).getDate(), new Date(ms).getHours()]),
    [
      [19, 22],
      [20, 6],
      [20, 14],
      [20, 22],
      [21, 6],
    ],
  );
  const exact = shiftStarts(shifts, new Date(2026, 10, 21, 6).getTime(), 1);
  assert.deepEqual(
    exact.map((ms) => new Date(ms).getHours()),
    [6, 14],
  );
  const many = shiftStarts({ start: '23:30', hours: 4 }, new Date(2026, 2, 3).getTime(), 62);
  assert.equal(many.length, 63);
  const last = new Date(many.at(-2) ?? 0);
  assert.deepEqual([last.getHours(), last.getMinutes()], [23, 30]);
});

test('shifts are asked for at once, and apart where clocks were changed', () => {
  const hour = 3_600_000;
  const at = (...hours: number[]): number[] => hours.map((one) => one * hour);
  assert.deepEqual(stretchesOf(at(0, 8, 16, 24)), [
    { startMs: 0, endMs: 24 * hour, interval: 8 * hour * 1000 },
  ]);
  const [before, changed, after] = stretchesOf(at(0, 8, 15, 23, 31));
  assert.deepEqual(
    [before, changed, after].map((one) => Number(one?.interval) / hour / 1000),
    [8, 7, 8],
  );
  assert.equal(after?.endMs, 31 * hour);
  const [days] = askedOf({ by: 'day', count: 2 }, new Date(2026, 10, 21, 13).getTime());
  assert.equal(days?.interval, '1d');
  assert.equal(days?.startMs, new Date(2026, 10, 20).getTime());
});

test('the most urgent zone that holds a value counts', () => {
  const zones = zonesOfOwn({ low: 10, high: 80, high_high: 90 });
  assert.equal(zoneOf(zones, 50), null);
  assert.equal(zoneOf(zones, 85)?.priority, 3);
  assert.equal(zoneOf(zones, 95)?.priority, 2);
  assert.equal(zoneOf(zones, 5)?.priority, 3);
});

test('rules that are off, or whose limit is a tag, have no zone', () => {
  const rule = (condition: object, more: object = {}) =>
    ({ condition, priority: 2, ...more }) as unknown as Parameters<typeof zonesOfRules>[0][0];
  const zones = zonesOfRules([
    rule({ kind: 'high', limit: 5 }, { enabled: false }),
    rule({ kind: 'high', limit: { tag: 'x' } }),
    rule({ kind: 'range', low: 1, high: 9 }),
    rule({ kind: 'high_high', limit: 12 }, { priority: 1 }),
  ]);
  assert.deepEqual(zones, [
    { from: null, to: 1, priority: 2 },
    { from: 9, to: null, priority: 2 },
    { from: 12, to: null, priority: 1 },
  ]);
});

test('an arrow needs a rise that can be seen', () => {
  const rate = new Rate();
  assert.equal(rate.perMinute(), null);
  rate.push(0, 10);
  rate.push(6000, 11);
  assert.equal(rate.perMinute(), 10);
  assert.equal(direction(10, 100), 1);
  assert.equal(direction(-0.1, 100), 0);
  assert.equal(direction(null, 100), 0);
});

test('a button writes after half a second, and always what lets go', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const acts: string[] = [];
  const failing = [false, true];
  const hold = new Hold({
    start: () => {
      acts.push('start');
      return Promise.resolve(true);
    },
    release: () => {
      acts.push('release');
      return Promise.resolve(failing.shift() ?? true);
    },
    onphase: (phase) => acts.push(phase),
  });
  const settle = async (): Promise<void> => {
    for (let at = 0; at < 10; at += 1) await Promise.resolve();
  };
  hold.down();
  context.mock.timers.tick(HOLD_MS - 1);
  hold.up();
  await settle();
  assert.deepEqual(acts.splice(0), ['waiting', 'idle'], 'too short');
  hold.down();
  context.mock.timers.tick(HOLD_MS);
  await settle();
  hold.up();
  hold.up();
  await settle();
  assert.deepEqual(acts.splice(0), ['waiting', 'held', 'start', 'idle', 'release']);
  context.mock.timers.tick(500);
  await settle();
  assert.deepEqual(acts, ['release'], 'a release that failed is tried again');
});
