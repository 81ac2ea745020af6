// What was raised of late, and when a shift ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../../src/lib/api.gen.ts';
import {
  nextAt,
  raisedOf,
  repeatsOf,
  shiftEnds,
  sourcesOf,
  urgentOf,
  type Duty,
} from '../../src/lib/alarm-recent.ts';

const SECOND = 1_000_000;

function entry(alarm: string, second: number, path: string | null, priority = 3): Entry {
  const transition = { cause: 'raised', time_us: second * SECOND };
  return { alarm, name: alarm, path, priority, transition } as unknown as Entry;
}

test('only what was raised counts', () => {
  const again = entry('a', 1, null);
  again.transition.cause = 're_alarmed';
  assert.deepEqual(raisedOf([again, entry('a', 2, null)]).length, 1);
});

test('three within a minute chatter, in whatever order the entries come', () => {
  const times = (...seconds: number[]): Entry[] => seconds.map((one) => entry('a', one, null));
  const chatters = (...seconds: number[]): boolean | undefined =>
    repeatsOf(times(...seconds)).get('a')?.isChattering;
  assert.equal(chatters(10), undefined, 'once is no repeat');
  assert.equal(chatters(10, 20), false);
  assert.equal(chatters(70, 10, 40), true);
  assert.equal(chatters(10, 40, 71), false, 'a minute and a second');
  assert.equal(chatters(0, 100, 200, 230, 260), true);
  assert.deepEqual(repeatsOf(times(70, 10, 40)).get('a'), {
    count: 3,
    firstUs: 10 * SECOND,
    lastUs: 70 * SECOND,
    isChattering: true,
  });
});

test('a flood is told by device, the most urgent first', () => {
  const raised = [
    entry('a', 1, 'p/boiler/temp'),
    entry('b', 2, 'p/boiler/flow'),
    entry('c', 3, 'p/pump/speed', 1),
    entry('d', 4, null, 2),
    entry('c', 5, 'p/pump/speed', 1),
  ];
  assert.deepEqual(sourcesOf(raised), [
    { folder: 'p/pump', count: 2, worst: 1 },
    { folder: '', count: 1, worst: 2 },
    { folder: 'p/boiler', count: 2, worst: 3 },
  ]);
  assert.deepEqual(
    urgentOf(raised).map(({ alarm, transition }) => [alarm, transition.time_us]),
    [['c', 5 * SECOND]],
  );
});

test('a time of day is the next one', () => {
  const noon = new Date(2026, 10, 21, 12, 0).getTime();
  const shown = (time: string): string | undefined => {
    const ms = nextAt(time, noon);
    return ms === null ? undefined : new Date(ms).toString().slice(8, 21);
  };
  assert.equal(shown('14:30'), '21 2026 14:30');
  assert.equal(shown('12:00'), '22 2026 12:00');
  assert.equal(shown('6:00'), '22 2026 06:00');
  for (const wrong of ['', '24:00', '12:60', '12', 'noon']) assert.equal(nextAt(wrong, noon), null);
});

test("one's own shift goes before those of others", () => {
  const duty = (roster: string, account: string, until: number | null): Duty => ({
    roster: { name: roster, people: [{ name: 'Ada', account }] },
    ends: [{ name: 'Ada', until_us: until }],
  });
  const duties = [duty('two', 'ada', 20), duty('one', 'bert', 10), duty('ever', 'ada', null)];
  assert.deepEqual(shiftEnds(duties, 'ada'), [{ untilUs: 20, roster: 'two', isOwn: true }]);
  assert.deepEqual(
    shiftEnds(duties, 'eve').map(({ untilUs }) => untilUs),
    [10, 20],
  );
  assert.deepEqual(shiftEnds([duty('two', '', 20)], ''), [
    { untilUs: 20, roster: 'two', isOwn: false },
  ]);
  assert.deepEqual(shiftEnds([], 'ada'), []);
});
