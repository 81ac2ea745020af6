import assert from 'node:assert/strict';
import test from 'node:test';
import { columnsFor, narrow, settle, type Place } from '../../src/lib/layout.ts';

const tile = (x: number, y: number, w: number, h: number): Place => ({ x, y, w, h });

function assertApart(tiles: Place[]): void {
  for (const [at, a] of tiles.entries()) {
    for (const b of tiles.slice(at + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      assert.ok(apart, `${JSON.stringify(a)} overlaps ${JSON.stringify(b)}`);
    }
  }
}

test('tiles that fit keep their places', () => {
  const tiles = [tile(0, 0, 2, 1), tile(2, 0, 2, 1), tile(0, 1, 12, 3)];
  assert.deepEqual(settle(tiles), tiles);
});

test('an overlapping tile moves below what is in its way, and pushes on', () => {
  const settled = settle([tile(0, 0, 4, 2), tile(2, 1, 4, 2), tile(5, 2, 2, 1)]);
  assert.deepEqual(
    settled.map(({ y }) => y),
    [0, 2, 4],
  );
  assertApart(settled);
});

test('no set of tiles ends with an overlap, on any width', () => {
  let seed = 42;
  const random = (below: number): number =>
    (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 300; round += 1) {
    const tiles = Array.from({ length: 1 + random(20) }, () => {
      const w = 1 + random(12);
      return tile(random(13 - w), random(8), w, 1 + random(4));
    });
    for (const columns of [12, 6, 2]) {
      const placed = narrow(tiles, columns, ({ w }) => 6 <= w);
      assertApart(placed);
      assert.ok(placed.every(({ x, w }) => 0 <= x && 1 <= w && x + w <= columns));
    }
  }
});

test('on a phone small tiles stand in pairs and charts take the width', () => {
  const tiles = [tile(0, 0, 2, 1), tile(2, 0, 2, 1), tile(4, 0, 2, 1), tile(0, 1, 12, 3)];
  const placed = narrow(tiles, 2, ({ w }) => w === 12);
  assert.deepEqual(placed, [
    tile(0, 0, 1, 1),
    tile(1, 0, 1, 1),
    tile(0, 1, 1, 1),
    tile(0, 2, 2, 3),
  ]);
});

test('the width of the board decides on its columns', () => {
  assert.deepEqual([366, 480, 700, 720, 1400].map(columnsFor), [2, 6, 6, 12, 12]);
});
