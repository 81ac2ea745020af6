import './browser.ts';
import assert from 'node:assert/strict';
import test from 'node:test';
import { barsOf, held, lookOf, seenOf, type AlarmItem } from '../../src/lib/alarms.ts';
import { hoursOf } from '../../src/lib/alarm-ranges.ts';
import { reportCsv } from '../../src/lib/alarm-report.ts';
import type { AlarmReport as Report } from '../../src/lib/api.gen.ts';

const item = (id: string, rest: Partial<AlarmItem> = {}): AlarmItem => ({
  id,
  name: id,
  path: `plant/${id}`,
  tag: null,
  priority: 2,
  state: 'unacknowledged',
  active: true,
  unacknowledged: true,
  event: { id: 7, raised_us: 5 },
  since_us: 5,
  text: id,
  value: 1,
  limit: 0,
  unit: '',
  group: '',
  first_out: false,
  shelf: null,
  by: null,
  comment: null,
  cause: '',
  consequence: '',
  action: '',
  fault: null,
  ...rest,
});
const ids = (rows: readonly AlarmItem[]): string[] => rows.map(({ id }) => id);

test('nothing moves under a pointer, and what came since is counted', () => {
  const shown = [item('a'), item('b'), item('c')];
  const fresh = [item('new'), item('c'), item('a', { state: 'acknowledged' }), item('newer')];
  const { rows, added, gone } = held(shown, fresh);
  assert.deepEqual(ids(rows), ['a', 'b', 'c']);
  assert.equal(rows[0]?.state, 'acknowledged', 'a row says what has become of it');
  assert.deepEqual([...gone], ['b']);
  assert.equal(added, 2);
  assert.deepEqual(held(shown, shown).added, 0);
  assert.deepEqual(held([], fresh).added, 4);
  assert.deepEqual(held(shown, []), { rows: shown, added: 0, gone: new Set(['a', 'b', 'c']) });
});

test('only events that ask for it are acknowledged, each by its number', () => {
  const items = [
    item('a', { event: { id: 3, raised_us: 1 } }),
    item('b', { unacknowledged: false }),
    item('c', { event: null }),
  ];
  assert.deepEqual(seenOf(items), [{ alarm: 'a', event: 3 }]);
});

test('states have their looks', () => {
  assert.equal(lookOf('unacknowledged'), 'unacknowledged');
  assert.equal(lookOf('latched_unacknowledged'), 'returned');
  assert.equal(lookOf('shelved'), 'quiet');
});

const PERIOD = 600_000_000;

test('bars keep the peaks of the periods they stand for', () => {
  const load = { newest_periods: [0, 1, 9, 2, 3, 4, 5] };
  const report = { end_us: 7 * PERIOD, load };
  assert.deepEqual(
    barsOf(report, 0, 7).map(({ count }) => count),
    [0, 1, 9, 2, 3, 4, 5],
  );
  assert.deepEqual(barsOf(report, 0, 3), [
    { startUs: 0, count: 9 },
    { startUs: 3 * PERIOD, count: 4 },
    { startUs: 6 * PERIOD, count: 5 },
  ]);
  assert.deepEqual(barsOf({ end_us: 0, load: { newest_periods: [] } }, 0, 10), []);
});

test('counts of which only the newest are kept stand at the end of the range', () => {
  const bars = barsOf({ end_us: 10 * PERIOD, load: { newest_periods: [4, 5] } }, 0, 10);
  assert.deepEqual(
    bars.map(({ startUs }) => startUs / PERIOD),
    [8, 9],
  );
});

test('an address names hours that are offered, or a day', () => {
  assert.equal(hoursOf(new URLSearchParams('hours=168')), 168);
  assert.equal(hoursOf(new URLSearchParams('hours=7')), 24);
  assert.equal(hoursOf(new URLSearchParams()), 24);
});

test('figures go into a file, and no name becomes a formula', () => {
  const report: Report = {
    start_us: 0,
    end_us: PERIOD,
    load: {
      events: 3,
      periods: 1,
      newest_periods: [3],
      period_peak: 3,
      above_target_percent: 100,
      overloaded_percent: 0,
      floods: 0,
      newest_floods: [],
      flood_percent: null,
    },
    per_period_and_operator: 3,
    priorities: [{ priority: 1, events: 3, percent: 100, target_percent: 5 }],
    top: [{ alarm: 'x', count: 3 }],
    top_percent: 100,
    chattering: 1,
    most_chattering: [{ alarm: 'x', count: 1 }],
    stale: 0,
    longest_stale: [],
    names: [{ alarm: 'x', name: 'X', path: null }],
    acknowledged: 0,
    acknowledged_p50_s: null,
    acknowledged_p90_s: null,
    acknowledged_p95_s: null,
    acknowledged_p99_s: null,
  };
  const lines = reportCsv(report, () => '=1+1, "x"').split('\r\n');
  assert.equal(lines[0], 'section,name,value');
  assert.ok(lines.includes('range,to,1970-01-01T00:10:00.000Z'));
  assert.ok(lines.includes('load,events,3'));
  assert.ok(lines.includes('load,time in flood %,'), 'what is not known is empty');
  assert.ok(lines.includes(`top,"'=1+1, ""x""",3`), lines.join('\n'));
});
