import './browser.ts';
import assert from 'node:assert/strict';
import test from 'node:test';
import { readClips, rebound, writeClips } from '../../src/lib/boards/clips.ts';
import * as d from '../../src/lib/boards/draft.ts';
import * as grid from '../../src/lib/boards/grid.ts';
import { countChanges, matched, merge, type Side } from '../../src/lib/boards/merge.ts';
import { valueAt, withValue } from '../../src/lib/boards/paths.ts';
import { begin, redo, step, undo } from '../../src/lib/boards/undo.ts';
import type { Widget } from '../../src/lib/types.ts';

interface Cell extends grid.Keyed {
  key: string;
}
const cell = (key: string, x: number, y: number, w: number, h: number): Cell => ({
  key,
  x,
  y,
  w,
  h,
});
const places = (cells: readonly Cell[]): Record<string, number[]> =>
  Object.fromEntries(cells.map(({ key, x, y, w, h }) => [key, [x, y, w, h]]));

function assertApart(cells: readonly Cell[]): void {
  for (const [at, a] of cells.entries())
    for (const b of cells.slice(at + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      assert.ok(apart, `${JSON.stringify(a)} overlaps ${JSON.stringify(b)}`);
    }
}

test('what is moved keeps its place and neighbours make room below', () => {
  const cells = [cell('a', 0, 0, 2, 1), cell('b', 2, 0, 2, 1), cell('c', 2, 1, 2, 1)];
  const moved = grid.moveBy(cells, new Set(['a']), 2, 0);
  assert.deepEqual(places(moved), { a: [2, 0, 2, 1], b: [2, 1, 2, 1], c: [2, 2, 2, 1] });
  assert.deepEqual(
    moved.map(({ key }) => key),
    ['a', 'b', 'c'],
    'the order of the keys stays',
  );
});

test('tiles moved together keep their distances and stop at the edges together', () => {
  const cells = [cell('a', 1, 1, 2, 1), cell('b', 8, 1, 2, 1), cell('c', 4, 0, 1, 1)];
  const moved = grid.moveBy(cells, new Set(['a', 'b']), 9, -9);
  assert.deepEqual(places(moved), { a: [3, 0, 2, 1], b: [10, 0, 2, 1], c: [4, 1, 1, 1] });
});

test('a size stays between the least of the type and the grid', () => {
  const cells = [cell('a', 8, 0, 2, 2), cell('b', 10, 0, 2, 1)];
  const min = (): grid.Size => ({ w: 2, h: 1 });
  const wide = grid.resizeBy(cells, new Set(['a']), 9, 0, min);
  assert.deepEqual(places(wide), { a: [8, 0, 4, 2], b: [10, 2, 2, 1] });
  const small = grid.resizeBy(cells, new Set(['a']), -9, -9, min);
  assert.deepEqual(places(small)['a'], [8, 0, 2, 1]);
});

test('the first free cell is the first that has room, row by row', () => {
  const cells = [cell('a', 0, 0, 5, 1), cell('b', 6, 0, 6, 2)];
  assert.deepEqual(grid.firstFree(cells, { w: 1, h: 1 }), { x: 5, y: 0 });
  assert.deepEqual(grid.firstFree(cells, { w: 2, h: 1 }), { x: 0, y: 1 });
  assert.deepEqual(grid.firstFree(cells, { w: 12, h: 1 }), { x: 0, y: 2 });
  assert.deepEqual(grid.firstFree([], { w: 99, h: 1 }), { x: 0, y: 0 });
});

test('gaps are closed without changing what stands beside each other', () => {
  const cells = [cell('a', 0, 3, 4, 1), cell('b', 4, 1, 4, 2), cell('c', 0, 6, 8, 1)];
  const closed = grid.closeGaps(cells);
  assert.deepEqual(places(closed), { a: [0, 0, 4, 1], b: [4, 0, 4, 2], c: [0, 2, 8, 1] });
});

test('neighbours in reading order change places', () => {
  const row = [cell('a', 0, 0, 2, 1), cell('b', 2, 0, 6, 1)];
  assert.deepEqual(places(grid.swapBy(row, 'b', -1)), { a: [6, 0, 2, 1], b: [0, 0, 6, 1] });
  const column = [cell('a', 0, 0, 12, 1), cell('b', 0, 1, 6, 3)];
  assert.deepEqual(places(grid.swapBy(column, 'a', 1)), { a: [0, 3, 12, 1], b: [0, 0, 6, 3] });
  assert.deepEqual(grid.swapBy(row, 'a', -1), row, 'the first has none before it');
});

test('no list of moves ends with an overlap or outside the grid', () => {
  let seed = 7;
  const random = (below: number): number =>
    (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 200; round += 1) {
    let cells = grid.settle(
      Array.from({ length: 2 + random(14) }, (_, at) => {
        const w = 1 + random(12);
        return cell(String(at), random(13 - w), random(8), w, 1 + random(4));
      }),
      new Set(),
    );
    for (let turn = 0; turn < 12; turn += 1) {
      const key = String(random(cells.length));
      const keys = new Set([key, ...(random(3) === 0 ? [String(random(cells.length))] : [])]);
      const by = [random(9) - 4, random(9) - 4] as const;
      const min = (): grid.Size => ({ w: 1, h: 1 });
      const turns = [
        () => grid.moveBy(cells, keys, ...by),
        () => grid.resizeBy(cells, keys, ...by, min),
        () => grid.putAt(cells, key, { x: random(20) - 4, y: random(9) - 2, w: random(15) }, min()),
        () => grid.swapBy(cells, key, random(2) === 0 ? 1 : -1),
        () => grid.closeGaps(cells),
      ];
      cells = (turns[random(turns.length)] as () => Cell[])();
      assertApart(cells);
      assert.ok(
        cells.every(({ x, y, w, h }) => 0 <= x && 0 <= y && 1 <= w && 1 <= h && x + w <= 12),
      );
    }
  }
});

test('a pointer is at the cell whose corner is nearest', () => {
  const box = { left: 100, top: 50, width: 12 * 92 - 8 };
  assert.deepEqual(grid.cellAt({ x: 100, y: 50 }, box), { x: 0, y: 0 });
  assert.deepEqual(grid.cellAt({ x: 100 + 92 * 3 + 40, y: 50 + 72 + 40 }, box), { x: 3, y: 2 });
});

test('steps are undone and redone, and typing into one field is one step', () => {
  let all = begin('');
  for (const [at, text] of ['a', 'ab', 'abc'].entries()) all = step(all, text, 'title', at * 100);
  all = step(all, 'moved', null, 400);
  all = step(all, 'moved x', 'title', 500);
  assert.equal(all.past.length, 3);
  all = undo(undo(all));
  assert.equal(all.present, 'abc');
  assert.equal(undo(all).present, '');
  assert.equal(undo(undo(undo(all))).present, '');
  assert.equal(redo(redo(all)).present, 'moved x');
  assert.equal(step(all, 'other', null, 900).future.length, 0);
});

test('values inside a widget are set by path and taken out', () => {
  const before = { axis: { mode: 'auto' }, title: 'x' };
  assert.deepEqual(withValue(before, 'axis/min', 3), {
    axis: { mode: 'auto', min: 3 },
    title: 'x',
  });
  assert.deepEqual(withValue(before, 'title', undefined), { axis: { mode: 'auto' } });
  assert.deepEqual(withValue(before, 'status/on', 'yes'), { ...before, status: { on: 'yes' } });
  assert.equal(valueAt(before, 'axis/mode'), 'auto');
  assert.equal(valueAt(before, 'a/b/c'), undefined);
  assert.deepEqual(before, { axis: { mode: 'auto' }, title: 'x' });
});

const ID = '0192d3c0-0000-7000-8000-00000000000';
const widget = (title: string, x: number, y = 0, change: Partial<Widget> = {}): Widget => ({
  type: 'value',
  title,
  x,
  y,
  w: 2,
  h: 1,
  bindings: [{ tag: `${ID}1` }],
  trend: { enabled: false, aggregation: 'band', range_min: 15 },
  format: { show_unit: true, size: 'fit' },
  axis: { mode: 'auto' },
  show_legend: false,
  ...change,
});
const body = (widgets: Widget[], more: Partial<d.Body> = {}): d.Body => ({
  name: 'Board',
  order: 0,
  groups: [{ name: 'One', collapsed: false, widgets }],
  ...more,
});
const titles = (draft: d.Draft): string[] => d.tilesOf(draft).map(({ title }) => title);
const keyOf = (draft: d.Draft, title: string): string =>
  d.tilesOf(draft).find((tile) => tile.title === title)?.key ?? '';

test('a draft gives back what it was made of', () => {
  const board = body([widget('a', 0), widget('b', 2)]);
  assert.deepEqual(d.bodyOfDraft(d.draftOf(board)), board);
  const stored = { ...board, id: ID, revision: 3, updated_us: 9 };
  assert.deepEqual(d.bodyOfDraft(d.draftOf(stored)), board, 'without what the server sets');
});

test('tiles move between groups to a cell or to the first free one', () => {
  const board = body([widget('a', 0), widget('b', 2)]);
  const draft = d.addGroup(d.draftOf(board), d.newGroup('Two'));
  const two = draft.groups[1]?.key ?? '';
  const moved = d.moveTiles(draft, new Set([keyOf(draft, 'b')]), two, { x: 11, y: 4 });
  assert.deepEqual(
    moved.groups.map(({ tiles }) => tiles.length),
    [1, 1],
  );
  const { x, y } = moved.groups[1]?.tiles[0] ?? {};
  assert.deepEqual([x, y], [10, 4], 'it stays on the grid');
  const free = d.moveTiles(moved, new Set([keyOf(moved, 'a')]), two, null);
  assert.deepEqual(
    free.groups[1]?.tiles.map((tile) => [tile.title, tile.x, tile.y]),
    [
      ['b', 10, 4],
      ['a', 0, 0],
    ],
  );
});

test('groups change their order and go, and what is not there changes nothing', () => {
  let draft = d.draftOf(body([], { groups: [] }));
  for (const name of ['a', 'b', 'c']) draft = d.addGroup(draft, d.newGroup(name));
  const names = (): string => draft.groups.map(({ name }) => name).join('');
  const key = draft.groups[0]?.key ?? '';
  draft = d.moveGroup(draft, key, 9);
  assert.equal(names(), 'bca');
  assert.equal(d.moveGroup(draft, 'nobody', 0), draft);
  draft = d.removeGroup(draft, key);
  assert.equal(names(), 'bc');
});

test('widgets go through the clipboard, to other hubs by the paths of their tags', () => {
  const draft = d.draftOf(body([widget('a', 0)]));
  const points = new Map([[`${ID}1`, { path: 'site/power' }]]);
  const read = readClips(writeClips(d.tilesOf(draft), points));
  assert.ok('widgets' in read);
  assert.deepEqual(read.widgets[0]?.paths, ['site/power']);
  const here = rebound(read.widgets, new Set([`${ID}1`]), new Map());
  assert.deepEqual(here, [widget('a', 0)]);
  const there = rebound(read.widgets, new Set(), new Map([['site/power', `${ID}7`]]));
  assert.deepEqual(there[0]?.bindings, [{ tag: `${ID}7` }]);
  assert.deepEqual(rebound(read.widgets, new Set(), new Map())[0]?.bindings, [{ tag: `${ID}1` }]);
});

test('a text that holds no widgets is refused with the place', () => {
  const text = (widgets: unknown[], more: object = {}): string =>
    JSON.stringify({ format: 'headworks_widgets', version: 1, widgets, ...more });
  for (const none of ['', 'hello', '[]', 'null', '{"widgets":[]}', text([])])
    assert.deepEqual(readClips(none), { error: 'none' }, none);
  assert.deepEqual(readClips(text([widget('a', 0)], { version: 2 })), { error: 'version' });
  assert.deepEqual(readClips(text(Array(257).fill(widget('a', 0)))), { error: 'many' });
  const wrong = (change: object): unknown =>
    readClips(text([widget('a', 0), { ...widget('b', 0), ...change }]));
  assert.deepEqual(wrong({ x: 11 }), { error: 'wrong', place: 'widgets/1/x' });
  assert.deepEqual(wrong({ h: 25 }), { error: 'wrong', place: 'widgets/1/h' });
  assert.deepEqual(wrong({ type: '<b>' }), { error: 'wrong', place: 'widgets/1/type' });
  assert.deepEqual(wrong({ title: 5 }), { error: 'wrong', place: 'widgets/1/title' });
  assert.deepEqual(wrong({ bindings: [{ tag: '../x' }] }), {
    error: 'wrong',
    place: 'widgets/1/bindings',
  });
});

function three(base: d.Body, change: (draft: d.Draft) => d.Draft, theirs: d.Body) {
  const start = d.draftOf(base);
  return { base: start, mine: change(start), theirs: matched(start, theirs) };
}
const none = new Map<string, Side>();

test('two editors of different tiles lose nothing', () => {
  const base = body([widget('a', 0), widget('b', 2), widget('c', 4)]);
  const theirs = body([widget('a2', 0), widget('b', 2), widget('d', 6)]);
  const all = three(
    base,
    (draft) => {
      const keys = new Set([keyOf(draft, 'b')]);
      const renamed = d.changeTiles(draft, keys, (tile) => ({ ...tile, title: 'b2' }));
      return d.addTiles(renamed, draft.groups[0]?.key ?? '', [d.keyed(widget('e', 0))]);
    },
    theirs,
  );
  // `a2` shows the same tag at the same place, `c` was deleted and `d` made by them.
  const { draft, clashes } = merge(all, none);
  assert.deepEqual(clashes, []);
  assert.deepEqual(titles(draft).sort(), ['a2', 'b2', 'd', 'e']);
  assertApart(draft.groups[0]?.tiles ?? []);
});

test('fields of one tile that each changed alone come together', () => {
  const base = body([widget('a', 0)]);
  const theirs = body([widget('a', 4, 2)]);
  const all = three(
    base,
    (draft) =>
      d.changeTiles(draft, new Set([keyOf(draft, 'a')]), (tile) => ({ ...tile, title: 'mine' })),
    theirs,
  );
  const { draft, clashes } = merge(all, none);
  assert.deepEqual(clashes, []);
  const [tile] = d.tilesOf(draft);
  assert.deepEqual([tile?.title, tile?.x, tile?.y], ['mine', 4, 2]);
});

test('what both changed is asked for, also when one deleted it', () => {
  const base = body([widget('a', 0), widget('b', 2, 0, { bindings: [{ tag: `${ID}2` }] })]);
  const theirs = body([widget('theirs', 0)]);
  const all = three(
    base,
    (draft) =>
      d.changeTiles(draft, new Set(d.tilesOf(draft).map(({ key }) => key)), (tile) => ({
        ...tile,
        title: `my ${tile.title}`,
      })),
    theirs,
  );
  const { draft, clashes } = merge(all, none);
  assert.deepEqual(
    clashes.map(({ kind, theirs: other }) => [kind, other === null]),
    [
      ['tile', false],
      ['tile', true],
    ],
  );
  assert.deepEqual(titles(draft), ['my a', 'my b']);
  const sides = new Map(clashes.map(({ key }) => [key, 'theirs' as const]));
  assert.deepEqual(titles(merge(all, sides).draft), ['theirs']);
});

test('a group that one deleted stays with the tile that the other put into it', () => {
  const base = body([], {
    groups: [
      { name: 'One', collapsed: false, widgets: [widget('a', 0)] },
      { name: 'Two', collapsed: false, widgets: [] },
    ],
  });
  const theirs = {
    ...base,
    groups: [base.groups[0], { ...base.groups[1], widgets: [widget('new', 0)] }],
  } as d.Body;
  const all = three(base, (draft) => d.removeGroup(draft, draft.groups[1]?.key ?? ''), theirs);
  const { draft } = merge(all, none);
  assert.deepEqual(
    draft.groups.map(({ name, tiles }) => [name, tiles.length]),
    [
      ['One', 1],
      ['Two', 1],
    ],
  );
});

test('the name is merged too, and changes are counted', () => {
  const base = body([widget('a', 0)]);
  const all = three(base, (draft) => ({ ...draft, name: 'Mine' }), { ...base, name: 'Theirs' });
  const { clashes, draft } = merge(all, none);
  assert.deepEqual(
    clashes.map(({ key }) => key),
    ['dashboard'],
  );
  assert.equal(draft.name, 'Mine');
  assert.equal(merge(all, new Map([['dashboard', 'theirs']])).draft.name, 'Theirs');
  assert.equal(countChanges(all.base, all.mine), 1);
  assert.equal(countChanges(all.base, d.removeTiles(all.mine, new Set([keyOf(all.base, 'a')]))), 2);
});
