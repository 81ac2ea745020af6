import assert from 'node:assert/strict';
import test from 'node:test';
import { csvOf } from '../../src/lib/csv.ts';
import { LineSeries as Series } from '../../src/lib/trends/series.ts';

const SECOND = 1_000_000;

/** Rows of the server: one sample per bucket. */
const rows = (...points: [number, number | null][]) =>
  points.map(([second, value]) => [
    second * SECOND,
    value,
    value,
    value,
    value === null ? 0 : 1,
    value === null ? 1 : 0,
  ]);

test('samples that come slower than buckets are joined, not broken', () => {
  const series = new Series(SECOND, 0, 5000);
  series.load(rows([0, 1], [5, 2], [10, 3]));
  const { times, mean } = series.columns(0, 10 * SECOND);
  assert.deepEqual(times, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(mean, [
    1,
    undefined,
    undefined,
    undefined,
    undefined,
    2,
    undefined,
    undefined,
    undefined,
    undefined,
    3,
  ]);
});

test('a gap longer than expected breaks the line in every bucket', () => {
  const series = new Series(SECOND, 0, 1000);
  series.load(rows([0, 1], [1, 2], [6, 3]));
  assert.deepEqual(series.columns(0, 6 * SECOND).mean, [1, 2, null, null, null, null, 3]);
});

test('a bad sample breaks the line from the last good one to the next', () => {
  const series = new Series(SECOND, 0, 10_000);
  series.load(rows([0, 1], [3, null], [6, 2]));
  assert.deepEqual(series.columns(0, 6 * SECOND).mean, [1, null, null, null, null, null, 2]);
  assert.equal(series.at(4 * SECOND), null);
});

test('live samples go on where history ends', () => {
  const series = new Series(SECOND, 500_000, 1000);
  series.load([[500_000, 1, 3, 2, 2, 0]]);
  assert.equal(series.push(900_000, 8), false);
  assert.equal(series.push(1_600_000, 4), true);
  assert.deepEqual(series.at(900_000), { min: 1, max: 8, mean: 4, bad: 0 });
  assert.deepEqual(series.columns(500_000, 1_600_000).times, [0.5, 1.5]);
  assert.deepEqual(series.summary(), { min: 1, max: 8, last: 4 });
  series.trim(1_500_000);
  assert.deepEqual(series.summary(), { min: 4, max: 4, last: 4 });
});

test('a line keeps the spike of a column, and breaks where samples were bad', () => {
  const series = new Series(4 * SECOND, 0, 1000);
  series.loadLine({
    times_us: [0, 1, 2, 3, 4, 8].map((second) => second * SECOND),
    values: [5, 90, 1, 4, null, true],
    worst: ['good', 'good', 'good', 'good', 'bad', 'good'],
  });
  const { times, values } = series.line(0, 8 * SECOND);
  assert.deepEqual(times.slice(0, 5), [0, 1, 2, 3, 4]);
  assert.deepEqual(values.slice(0, 4), [5, 90, 1, 4]);
  assert.deepEqual(values.slice(4, 8), [null, null, null, null]);
  assert.deepEqual(values.slice(8), [1, undefined, undefined, undefined]);
  assert.deepEqual(series.at(SECOND), { min: 1, max: 90, mean: 4, bad: 0 });
  assert.deepEqual(series.states(0, 8 * SECOND), [{ from: 4, to: 8, state: 'bad' }]);
  assert.deepEqual(series.over(-SECOND, 8 * SECOND), { min: 1, max: 90, mean: 1 });
});

test('a line of two samples in a column has no steps', () => {
  const series = new Series(2 * SECOND, 0, 1000);
  const times_us = [0, SECOND];
  series.loadLine({ times_us, values: [1, 2], worst: ['good', 'good'] });
  assert.deepEqual(series.line(0, SECOND).values, [1, undefined, undefined, 2]);
  series.push(1_500_000, 9);
  assert.deepEqual(series.line(0, SECOND).values, [1, undefined, undefined, 9]);
});

test('a span is aggregated by weight', () => {
  const series = new Series(SECOND, 0, 1000);
  series.load([
    [SECOND, 0, 2, 1, 1, 0],
    [2 * SECOND, 4, 6, 5, 3, 0],
  ]);
  assert.deepEqual(series.over(0, 2 * SECOND), { min: 0, max: 6, mean: 4 });
  assert.equal(series.over(5 * SECOND, 9 * SECOND), null);
});

test('the points of a chart become a table without formulas', () => {
  const series = new Series(1_000_000, 0, 1000);
  series.load([
    [0, 1, 3, 2, 2, 0],
    [1_000_000, -1, 5, 2.5, 2, 0],
    [5_000_000, 0, 0, 0, 0, 1],
  ]);
  const columns = series.columns(0, 6_000_000);
  const text = csvOf([
    { name: '=a,"b"', unit: '°C', columns, quality: series.worst(0, 6_000_000) },
  ]);
  assert.deepEqual(text.split('\r\n'), [
    `time,"'=a,""b"" last (°C)","'=a,""b"" min (°C)","'=a,""b"" max (°C)","'=a,""b"" quality"`,
    '1970-01-01T00:00:00.000Z,2,1,3,good',
    '1970-01-01T00:00:01.000Z,2.5,-1,5,good',
    '1970-01-01T00:00:05.000Z,,,,bad',
    '',
  ]);
});

test('bad samples hold until the next, and a longer pause is a gap', () => {
  const series = new Series(SECOND, 0, 1000);
  series.load([
    [0, 1, 1, 1, 1, 0],
    [SECOND, 1, 1, 1, 1, 2],
    [2 * SECOND, null, null, null, 0, 1],
    [4 * SECOND, 1, 1, 1, 1, 0],
    [9 * SECOND, 1, 1, 1, 1, 0],
  ]);
  assert.deepEqual(series.states(0, 9 * SECOND), [
    { from: 1, to: 4, state: 'bad' },
    { from: 5, to: 9, state: 'gap' },
  ]);
  // A window between samples knows what came before it and what comes after it.
  assert.deepEqual(series.states(3 * SECOND, 3 * SECOND), [{ from: 3, to: 4, state: 'bad' }]);
  assert.deepEqual(series.states(6 * SECOND, 7 * SECOND), [{ from: 6, to: 8, state: 'gap' }]);
  assert.equal(series.stateAt(3 * SECOND), 'bad');
  assert.equal(series.stateAt(4 * SECOND), null);
  assert.equal(series.stateAt(8 * SECOND), 'gap');
  assert.deepEqual(series.worst(SECOND, 4 * SECOND), ['bad', 'bad', '', 'good']);
});

test('nothing at all is a gap, but not for a tag that speaks only when it changes', () => {
  const silent = new Series(SECOND, 0, 1000);
  assert.deepEqual(silent.states(0, 4 * SECOND), [{ from: 0, to: 5, state: 'gap' }]);
  const calculated = new Series(SECOND, 0, Number.POSITIVE_INFINITY);
  calculated.push(0, 5, true);
  assert.deepEqual(calculated.states(0, 99 * SECOND), [
    { from: 0, to: 100, state: 'uncertain' },
  ]);
});

test('a line comes in from the sample before a window and goes to the one after', () => {
  const series = new Series(SECOND, 0, 4000);
  series.load(rows([0, 1], [4, 2], [10, 3], [40, 4]));
  assert.deepEqual(series.edges(SECOND, 3 * SECOND), {
    before: { time: 0, value: 1 },
    after: { time: 4, value: 2 },
  });
  // Too far away to be joined.
  assert.deepEqual(series.edges(9 * SECOND, 12 * SECOND), {
    before: { time: 4, value: 2 },
    after: null,
  });
});
