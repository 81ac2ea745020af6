import './browser.ts';
import assert from 'node:assert/strict';
import test from 'node:test';

const expressions = await import('../../src/lib/expressions.ts');

type Mistake = import('../../src/lib/api.gen.ts').Mistake;

const mistake = (column: number, length: number): Mistake => ({
  column,
  length,
  message: 'wrong',
  hint: null,
});

test('a mistake is marked by characters, not by units of UTF-16', () => {
  assert.deepEqual(expressions.marked('a + b', mistake(5, 1)), ['a + ', 'b', '']);
  assert.deepEqual(expressions.marked('"𝛼𝛽" + b', mistake(8, 1)), ['"𝛼𝛽" + ', 'b', '']);
  assert.deepEqual(expressions.marked('a +', mistake(4, 0)), ['a +', '', '']);
  assert.deepEqual(expressions.marked('a', mistake(9, 3)), ['a', '', '']);
  assert.deepEqual(expressions.marked('a + b', null), ['a + b', '', '']);
});

test('a tag beside the formula is its name, any other its path', () => {
  const tag = { id: 'a', name: 'flow', path: 'plant/boiler/flow', device: 'one' };
  assert.equal(expressions.reference(tag, 'one'), 'flow');
  assert.equal(expressions.reference(tag, 'two'), 'tag("plant/boiler/flow")');
  assert.equal(expressions.reference(tag, null), 'tag("plant/boiler/flow")');
  assert.equal(expressions.reference(tag, 'one', 'a'), 'value', 'what an alarm is given');
  assert.equal(expressions.reference(tag, 'one', 'b'), 'flow');
  for (const name of ['not', 'True', '2nd', 'flow-1', 'flow 1']) {
    const other = { ...tag, name, path: `plant/boiler/${name}` };
    assert.equal(expressions.reference(other, 'one'), `tag("plant/boiler/${name}")`);
  }
  assert.equal(expressions.reference({ ...tag, name: 'Zähler_2' }, 'one'), 'Zähler_2');
  const odd = { ...tag, name: 'a"b', path: 'p/a"b' };
  assert.equal(expressions.reference(odd, 'one'), 'tag("p/a\\"b")');
});

test('an expression stays in one line, and results show no rest of floats', () => {
  assert.equal(expressions.oneLine('a\r\n+\tb'), 'a + b');
  assert.equal(expressions.shown(18.199999999999996, 'en-GB'), '18.2');
  assert.equal(expressions.shown(true, 'en-GB'), 'true');
  assert.equal(expressions.shown('on', 'en-GB'), 'on');
  assert.equal(expressions.shown(null, 'en-GB'), '–');
});

test('functions are found by any of their words', () => {
  const item = (signature: string, doc: string) =>
    ({ signature, doc, group: 'math' }) as unknown as Parameters<typeof expressions.search>[0][0];
  const all = [item('clamp(x, low, high)', 'Keeps x between two bounds.'), item('abs(x)', 'Size.')];
  assert.equal(expressions.search(all, 'BOUNDS clamp').length, 1);
  assert.equal(expressions.search(all, '').length, 2);
  assert.equal(expressions.search(all, 'nothing').length, 0);
});
