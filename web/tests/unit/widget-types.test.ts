import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newWidget, optionsOf, suits, typeFor, typeOf, TYPES } from '../../src/widgets/types.ts';

test('a tag gets the type that suits it', () => {
  assert.equal(typeFor({ data_type: 'bool' }), 'status');
  assert.equal(typeFor({ data_type: 'float64' }), 'value');
  assert.equal(typeFor({ data_type: 'string' }), 'value');
  assert.ok(!suits('gauge', { data_type: 'string' }));
});

test('every type starts at a size that it may have', () => {
  for (const { type, min, size } of TYPES) {
    assert.ok(min.w <= size.w && min.h <= size.h && size.w <= 12, type);
  }
});

test('an option is said once and where it lies', () => {
  for (const { type } of TYPES) {
    const paths = optionsOf(type).map(({ path }) => path);
    assert.equal(new Set(paths).size, paths.length, type);
    for (const option of optionsOf(type))
      if (option.when) assert.ok(paths.includes(option.when.path), `${type} ${option.path}`);
  }
});

test('a new widget has the tags that its type takes', () => {
  const tags = Array.from({ length: 12 }, (_, at) => ({ id: `t${at}` }));
  assert.equal(newWidget('line', tags).bindings.length, typeOf('line').tags[1]);
  assert.equal(newWidget('text', tags).bindings.length, 0);
  assert.equal(newWidget('value', tags).w, 2);
});
