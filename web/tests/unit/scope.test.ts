import './browser.ts';
import assert from 'node:assert/strict';
import test from 'node:test';
import { fold, PATTERNS_MAX, scopeOf } from '../../src/lib/boards/scope.ts';

const numbered = (folder: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${folder}/tag${at}`);

test('few paths stay as they are, each once and in order', () => {
  assert.deepEqual(fold(['b/y', 'a/x', 'b/y']), ['a/x', 'b/y']);
  assert.deepEqual(fold([]), []);
});

test('the fullest folder stands for its tags, and no more than is needed', () => {
  const paths = [...numbered('north/hall', 70), ...numbered('south/hall', 20), 'west/one'];
  const south = numbered('south/hall', 20);
  assert.deepEqual(fold(paths), ['north/hall/**', ...south, 'west/one'].sort());
});

test('folders of folders are folded again', () => {
  const paths = Array.from({ length: 200 }, (_, at) => `plant/line${at}/speed`);
  assert.deepEqual(fold([...paths, 'office/lamp']), ['office/lamp', 'plant/**']);
});

test('what a folder covers already is not said again', () => {
  const paths = [...numbered('plant', 80), 'plant/line/deep', 'other/one'];
  assert.deepEqual(fold(paths), ['other/one', 'plant/**']);
});

test('paths without anything in common are all there is', () => {
  assert.deepEqual(fold(Array.from({ length: 100 }, (_, at) => `top${at}`)), ['**']);
  assert.deepEqual(fold(Array.from({ length: 100 }, (_, at) => `top${at}/one`)), ['**']);
});

test('however many there are, the server takes what comes out', () => {
  for (const count of [64, 65, 300, 2000]) {
    const paths = Array.from({ length: count }, (_, at) => `a${at % 7}/b${at % 31}/c${at}`);
    const folded = fold(paths);
    assert.ok(folded.length <= PATTERNS_MAX);
    for (const path of paths)
      assert.ok(
        folded.some((one) => one === path || path.startsWith(one.replace(/\*\*$/, ''))),
        path,
      );
  }
});

test('a dashboard without tags takes all of them, or the link would not open it', () => {
  assert.deepEqual(scopeOf([]), { patterns: null, isWider: false, isEmpty: true });
});

test('the scope names what is shown, and says where it takes more', () => {
  const few = { patterns: ['a/x', 'b/**'], isWider: false, isEmpty: false };
  assert.deepEqual(scopeOf(['b/**', 'a/x']), few);
  const many = { patterns: ['hall/**'], isWider: true, isEmpty: false };
  assert.deepEqual(scopeOf(numbered('hall', 70)), many);
  const asked = { patterns: null, isWider: false, isEmpty: false };
  assert.deepEqual(scopeOf(['a/x', '**']), asked);
  const tooMany = { patterns: null, isWider: true, isEmpty: false };
  assert.deepEqual(scopeOf(Array.from({ length: 100 }, (_, at) => `top${at}`)), tooMany);
});
