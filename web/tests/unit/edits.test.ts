import './browser.ts';
import assert from 'node:assert/strict';
import test from 'node:test';

const { ApiError } = await import('../../src/lib/api.ts');
const { problemsByRow } = await import('../../src/lib/edits.ts');
const { renamed } = await import('../../src/lib/rename.ts');

type EditRow = import('../../src/lib/edits.ts').EditRow;

const refused = (...errors: [string, string][]): Error =>
  new ApiError(
    422,
    'invalid_body',
    'not accepted',
    errors.map(([pointer, detail]) => ({ pointer, detail })),
  );

test('what is said against edits is put to their rows, by field', () => {
  const error = refused(
    ['/edits/0', 'is there already'],
    ['/edits/2/body/scale', 'is 0'],
    ['/edits/2/patch/unit', 'is too long'],
    ['/edits/3/body', 'is no tag'],
    ['/edits/3/bodyguard', 'is strange'],
    ['/dry_run', 'concerns no row'],
  );
  assert.deepEqual(
    [...problemsByRow(error, [])],
    [
      [0, 'is there already'],
      [2, 'scale: is 0; unit: is too long'],
      [3, 'is no tag; bodyguard: is strange'],
    ],
  );
  assert.equal(problemsByRow(new Error('no answer'), []).size, 0);
});

test('a conflict belongs to the row whose object it names', () => {
  const rows: EditRow[] = [
    { op: 'delete', id: 'aaa' },
    { op: 'patch', id: 'bbb', patch: {} },
  ];
  const conflict = (text: string): Error => new ApiError(412, 'conflict', text);
  assert.deepEqual([...problemsByRow(conflict('tag bbb is at revision 4'), rows)], [
    [1, 'tag bbb is at revision 4'],
  ]);
  assert.equal(problemsByRow(conflict('tag ccc is at revision 4'), rows).size, 0);
});

const names = (find: string, replace: string, isRegex = false): string[] =>
  renamed(['pump_1', 'pump_2', 'valve'], { find, replace, isRegex }).names;

test('names are changed by a text as it stands, with counters of the hits', () => {
  assert.deepEqual(names('pump', 'p'), ['p_1', 'p_2', 'valve']);
  assert.deepEqual(names('', 'x'), ['pump_1', 'pump_2', 'valve']);
  assert.deepEqual(names('p', 'b'), ['bumb_1', 'bumb_2', 'valve'], 'everywhere in a name');
  assert.deepEqual(names('.', 'x'), ['pump_1', 'pump_2', 'valve'], 'a point is a point');
  assert.deepEqual(names('pump', '$1$&'), ['$1$&_1', '$1$&_2', 'valve']);
  assert.deepEqual(names('_', '_{nnn}_'), ['pump_001_1', 'pump_002_2', 'valve']);
});

test('an expression takes groups along, and one that is none says why', () => {
  assert.deepEqual(names('^(\\w+)_(\\d)$', '$2_$1_{n}', true), ['1_pump_1', '2_pump_2', 'valve']);
  const wrong = renamed(['a'], { find: '(', replace: '', isRegex: true });
  assert.deepEqual(wrong.names, ['a']);
  assert.notEqual(wrong.error, '');
});
