import assert from 'node:assert/strict';
import test from 'node:test';
import { LineSeries as Series } from '../../src/lib/trends/series.ts';
import {
  clustersOf,
  episodesOf,
  limitsOf,
  withLimits,
} from '../../src/lib/trends/alarms.ts';
import { apart, emptySpans } from '../../src/lib/trends/layers.ts';
import { alignedLines, columnsFor, margins } from '../../src/lib/trends/lines.ts';
import {
  brushed,
  overviewMs,
  overviewOf,
  panned,
  pinched,
  zoomed,
} from '../../src/lib/trends/moves.ts';
import { strip } from '../../src/lib/trends/strip.ts';
import { readView, shiftMs } from '../../src/lib/trends/view.ts';
import {
  NAME_MAX,
  parseViews,
  VIEWS_MAX,
  withoutView,
  withView,
} from '../../src/lib/trends/views.ts';
import type { Entry } from '../../src/lib/api.gen.ts';

const SECOND = 1_000_000;
const HOUR_MS = 3_600_000;

test('the instant under the pointer stays where it is', () => {
  assert.deepEqual(zoomed({ startMs: 0, endMs: 10_000 }, 0.5, 0.2), {
    startMs: 1000,
    endMs: 6000,
  });
  assert.deepEqual(panned({ startMs: 0, endMs: 100 }, -0.5), { startMs: -50, endMs: 50 });
  const deepest = zoomed({ startMs: 0, endMs: 1500 }, 0.1);
  assert.equal(deepest.endMs - deepest.startMs, 1000);
});

test('the instants under two fingers stay under them', () => {
  const span = { startMs: 0, endMs: 100_000 };
  const next = pinched(span, [0.4, 0.6], [0.2, 0.8]);
  const at = (share: number): number => next.startMs + (next.endMs - next.startMs) * share;
  assert.ok(Math.abs(at(0.2) - 40_000) < 1, String(at(0.2)));
  assert.ok(Math.abs(at(0.8) - 60_000) < 1, String(at(0.8)));
  // Fingers on one spot do not divide by nothing.
  const together = pinched(span, [0.4, 0.6], [0.5, 0.5]);
  assert.ok(Number.isFinite(together.startMs) && together.startMs < together.endMs);
});

test('the strip shows at least four windows, and holds one of long ago', () => {
  assert.equal(overviewMs(HOUR_MS, null), 8 * HOUR_MS);
  assert.equal(overviewMs(3 * HOUR_MS, null), 24 * HOUR_MS);
  assert.equal(overviewMs(HOUR_MS, HOUR_MS), HOUR_MS);
  // Narrower than the window would be no whole.
  assert.equal(overviewMs(9 * HOUR_MS, HOUR_MS), 7 * 24 * HOUR_MS);
  assert.deepEqual(overviewOf({ startMs: 70, endMs: 80 }, 100, 100), { startMs: 0, endMs: 100 });
  assert.deepEqual(overviewOf({ startMs: 1000, endMs: 1020 }, 100, 5000), {
    startMs: 960,
    endMs: 1060,
  });
});

test('the brush stays inside the whole and keeps a width', () => {
  const whole = { startMs: 0, endMs: 100_000 };
  const span = { startMs: 80_000, endMs: 90_000 };
  assert.deepEqual(brushed(span, 'middle', 50_000, whole), { startMs: 90_000, endMs: 100_000 });
  assert.deepEqual(brushed(span, 'start', 50_000, whole), { startMs: 89_000, endMs: 90_000 });
  assert.deepEqual(brushed(span, 'end', 50_000, whole), { startMs: 80_000, endMs: 100_000 });
});

test('an address is a view, and nonsense in it is left out', () => {
  const text = 'tags=a,b,a&off=b&compare=window&mark=nan&limits=off&span=60000';
  const query = new URLSearchParams(text);
  const view = readView(query);
  assert.deepEqual(view.ids, ['a', 'b']);
  assert.deepEqual([view.compare, view.markMs, view.hasLimits], ['window', null, false]);
  assert.equal(shiftMs(view, 0), 60_000);
  assert.equal(shiftMs(readView(new URLSearchParams('compare=-5')), 0), 0);
  const many = Array.from({ length: 99 }, (_, at) => `t${at}`).join();
  assert.equal(readView(new URLSearchParams({ tags: many })).ids.length, 8);
});

test('views have names of their own, a bound, and survive a store that is broken', () => {
  assert.deepEqual(parseViews('{'), []);
  assert.deepEqual(parseViews('{"a":1}'), []);
  assert.deepEqual(parseViews('[null, {"name":1}, {"name":"a","query":"q","x":2}]'), [
    { name: 'a', query: 'q' },
  ]);
  let views = withView([], { name: ' b ', query: '1' });
  views = withView(views, { name: 'a', query: '2' });
  views = withView(views, { name: 'b', query: '3' });
  assert.deepEqual(views, [
    { name: 'a', query: '2' },
    { name: 'b', query: '3' },
  ]);
  assert.deepEqual(withoutView(views, 'a'), [{ name: 'b', query: '3' }]);
  assert.equal(withView([], { name: '  ', query: '1' }).length, 0);
  assert.equal(withView([], { name: 'x'.repeat(500), query: '' })[0]?.name.length, NAME_MAX);
  const full = Array.from({ length: VIEWS_MAX }, (_, at) => ({ name: `a${at}`, query: '' }));
  assert.equal(withView(full, { name: 'z', query: '' }).length, VIEWS_MAX);
});

const entry = (alarm: string, second: number, cause: string, more: object = {}): Entry =>
  ({
    alarm,
    name: alarm,
    number: second,
    priority: 2,
    transition: { time_us: second * SECOND, cause, after: { state: 'normal' } },
    ...more,
  }) as unknown as Entry;

test('entries of the journal are times during which alarms were active', () => {
  const entries = [
    entry('b', 50, 'raised', { text: 'too high', path: 'x/y' }),
    entry('a', 40, 'cleared'),
    entry('a', 35, 'acknowledged'),
    entry('a', 30, 'raised'),
    entry('c', 20, 'cleared'),
  ];
  const found = episodesOf(entries, 5000);
  assert.deepEqual(
    found.map(({ alarm, startMs, endMs }) => [alarm, startMs, endMs]),
    [
      ['c', 5000, 20_000],
      ['a', 30_000, 40_000],
      ['b', 50_000, null],
    ],
  );
  assert.equal(found[2]?.text, 'too high');
});

test('what stood before the window began goes on in it', () => {
  const left = (alarm: string, state: string): Entry =>
    entry(alarm, 9, 'acknowledged', {
      transition: {
        time_us: 9 * SECOND,
        cause: 'acknowledged',
        after: { state, event: { id: 1, raised_us: 4 * SECOND } },
      },
    });
  const before = [left('a', 'acknowledged'), left('b', 'unacknowledged'), left('c', 'normal')];
  const found = episodesOf([entry('b', 30, 'cleared')], 10_000, before);
  assert.deepEqual(
    found.map(({ alarm, startMs, endMs }) => [alarm, startMs, endMs]),
    [
      ['a', 4000, null],
      ['b', 4000, 30_000],
    ],
  );
});

test('flags that would cover each other are one, with the most urgent', () => {
  const flags = [
    { timeMs: 10, priority: 3 },
    { timeMs: 12, priority: 1 },
    { timeMs: 60, priority: 2 },
    { timeMs: 101, priority: 1 },
  ];
  const clusters = clustersOf(flags, { startMs: 0, endMs: 100 }, 1000, 26, 48);
  assert.deepEqual(
    clusters.map(({ left, priority, flags: of }) => [left, priority, of.length]),
    [
      [100, 1, 2],
      [600, 2, 1],
    ],
  );
});

test('a flag that says how many it stands for has room for it', () => {
  const flags = [10, 12, 14, 16].map((timeMs) => ({ timeMs, priority: 3 }));
  const counts = (counted: number): number[] =>
    clustersOf(flags, { startMs: 0, endMs: 100 }, 1000, 26, counted).map((one) => one.flags.length);
  assert.deepEqual(counts(48), [3, 1]);
  assert.deepEqual(counts(26), [2, 2]);
});

test('limits that are numbers are lines; off, by another tag or of another kind none', () => {
  const of = (condition: object, more = {}): [number, string][] =>
    limitsOf({ condition, priority: 1, name: 'n', ...more } as never, '°C').map((line) => [
      line.value,
      line.side,
    ]);
  assert.deepEqual(of({ kind: 'high', limit: 85 }), [[85, 'above']]);
  assert.deepEqual(of({ kind: 'low_low', limit: 0 }), [[0, 'below']]);
  assert.deepEqual(of({ kind: 'range', low: 1, high: { tag: 'x' } }), [[1, 'below']]);
  assert.deepEqual(of({ kind: 'deviation', setpoint: 50, max: 5 }), [
    [45, 'below'],
    [55, 'above'],
  ]);
  assert.deepEqual(of({ kind: 'stale', after_s: 5 }), []);
  assert.deepEqual(of({ kind: 'high', limit: 85 }, { enabled: false }), []);
});

test('an axis holds limits that are near, and is not pressed flat by those far away', () => {
  assert.deepEqual(withLimits(40, 60, [{ value: 65 }, { value: 500 }]), [40, 65]);
  assert.deepEqual(withLimits(40, 60, []), [40, 60]);
});

test('lines of now and of earlier stand on one row of times, with the points outside', () => {
  const now = new Series(SECOND, 10 * SECOND, 2000);
  const earlier = new Series(SECOND, 4 * SECOND, 2000);
  for (const [second, value] of [
    [9, 1],
    [11, 2],
    [14, 3],
  ])
    now.push((second as number) * SECOND, value as number);
  earlier.push(5 * SECOND, 7);
  const data = alignedLines(
    [
      { series: now, shiftUs: 0 },
      { series: earlier, shiftUs: 6 * SECOND },
    ],
    10 * SECOND,
    12 * SECOND,
  );
  const [times = [], first = [], second = []] = data;
  assert.equal(times[0], 9);
  assert.equal(times.at(-1), 14);
  assert.ok(times.every((time, at) => at === 0 || (times[at - 1] as number) < (time as number)));
  assert.deepEqual([first[0], first.at(-1)], [1, 3]);
  assert.equal(first[times.indexOf(11)], 2);
  // What was at 5 s stands at 11 s.
  assert.equal(second[times.indexOf(11)], 7);
  assert.deepEqual([first.length, second.length], [times.length, times.length]);
});

test('at most two points are asked for each pixel, and not far beyond the window', () => {
  assert.ok(columnsFor(1600) * 4 <= 2 * 1600);
  assert.equal(columnsFor(10), 100);
  assert.equal(margins([1000], SECOND, 500), 4);
  assert.equal(margins([Number.POSITIVE_INFINITY], SECOND, 500), 1000);
});

test('only where every line lacks values the whole height is hatched', () => {
  const gap = (from: number, to: number) => ({ from, to, state: 'gap' as const });
  assert.deepEqual(emptySpans([[gap(0, 10)], [gap(5, 20)]]), [{ from: 5, to: 10 }]);
  assert.deepEqual(emptySpans([[gap(0, 10)], []]), []);
  assert.deepEqual(emptySpans([[{ from: 0, to: 9, state: 'uncertain' }]]), []);
});

test('numbers at the ends of lines do not cover each other', () => {
  assert.deepEqual(apart([50, 52, 10], 15, 0, 100), [50, 65, 10]);
  assert.deepEqual(apart([99, 98], 15, 0, 100), [100, 85]);
});

test('the strip goes from the least to the greatest and breaks at gaps', () => {
  const series = new Series(SECOND, 0, 1000);
  for (const [second, value] of [
    [0, 10],
    [1, 20],
    [8, 15],
  ])
    series.push((second as number) * SECOND, value as number);
  const path = strip(series, { startMs: 0, endMs: 10_000 });
  assert.equal(path, 'M0.0 40.0L100.0 0.0M800.0 20.0');
  assert.equal(strip(new Series(SECOND, 0, 1000), { startMs: 0, endMs: 10_000 }), '');
});
