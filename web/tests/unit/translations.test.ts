import './browser.ts';
import assert from 'node:assert/strict';
import test from 'node:test';
import type { DictionaryItem, TextItem } from '../../src/lib/api.gen.ts';

const { local, takeWords } = await import('../../src/lib/plant-words.svelte.ts');
const { localMessage, patternOf, translator } = await import('../../src/lib/plant-messages.ts');
const { dictionaryOf, isLanguage, languagesOf, readWordsCsv, wordEdits, wordsCsv } =
  await import('../../src/lib/translations.ts');

const texts = (words: Record<string, string>) => new Map(Object.entries(words));

test('a text is shown in the reader’s language, and as it was written without a word', () => {
  takeWords({ words: { boiler: 'Kessel', ['__proto__']: 'x' }, messages: {} });
  assert.equal(local('boiler'), 'Kessel');
  assert.equal(local('Boiler'), 'Boiler');
  assert.equal(local(''), '');
  assert.equal(local('constructor'), 'constructor');
  takeWords({ words: {}, messages: {} });
  assert.equal(local('boiler'), 'boiler');
});

test('a message is found by its text around the values', () => {
  const run = translator(
    texts({ '{tag} is hot: {value} {unit}': '{value} {unit} bei {tag}' }),
    texts({
      '{tag} is hot: {value} {unit}': 'of the dictionary',
      'below {limit}': 'unter {limit}',
      'below {limit} for long': 'lange unter {limit}',
      '{value} is {value}': '{value} bleibt {value}',
      'set {{a}} to {value}': '{{a}} wird {value}',
      Stopped: 'Steht',
    }),
  );
  for (const [message, wanted] of [
    ['a/b is hot: 81.5 °C', '81.5 °C bei a/b'],
    ['below 3', 'unter 3'],
    ['below 3 for long', 'lange unter 3'],
    ['1 is 1', '1 bleibt 1'],
    ['1 is 2', '1 is 2'],
    ['set {a} to 7', '{a} wird 7'],
    ['Stopped', 'Steht'],
    ['stopped', 'stopped'],
    ['', ''],
  ] as const)
    assert.equal(run(message), wanted);
});

test('a text of places alone is no pattern', () => {
  for (const text of ['{value}', '{value} {unit}', '{tag}: {value}', 'plain', ''])
    assert.equal(patternOf(text, 'x'), null, text);
  assert.ok(patternOf('at {value}', 'x'));
});

test('messages follow the dictionary', () => {
  takeWords({ words: { 'hot: {value}': 'heiß: {value}' }, messages: {} });
  assert.equal(localMessage('hot: 3'), 'heiß: 3');
  takeWords({ words: {}, messages: { 'hot: {value}': 'caldo: {value}' } });
  assert.equal(localMessage('hot: 3'), 'caldo: 3');
});

const item = (text: string, translation: string | null = null): TextItem => ({
  text,
  translation,
  used_by: ['tag'],
});

test('a file that was saved is read again as it was', () => {
  const words = {
    boiler: 'Kessel',
    'a, "b"': 'c; "d"',
    'two\nlines': 'zwei\nZeilen',
    '=1+1': '-x',
    "'quoted": "'so",
  };
  const csv = wordsCsv([...Object.entries(words).map(([a, b]) => item(a, b)), item('new')]);
  const read = readWordsCsv(csv);
  assert.deepEqual(Object.fromEntries(read.words), words);
  assert.deepEqual([read.empty, read.problems], [1, []]);
});

test('files of other spreadsheets are read, and what cannot be is told with its line', () => {
  const semicolons = readWordsCsv('Translation;Base;note\r\nKessel;boiler;x\r\n');
  assert.deepEqual([...semicolons.words], [['boiler', 'Kessel']]);
  assert.deepEqual([...readWordsCsv('base\ttranslation\na\tb').words], [['a', 'b']]);
  assert.equal(readWordsCsv('text,german\na,b').hasHeads, false);
  assert.equal(readWordsCsv('').hasHeads, false);
  const long = 'x'.repeat(4001);
  const lines = ['a,"b', 'c"', 'd,e,f', ',g', `h,${long}`, 'i,\u0007', 'a,other', 'j', ''];
  const wrong = readWordsCsv(['base,translation', ...lines].join('\n'));
  assert.deepEqual([...wrong.words], [['a', 'b\nc']]);
  assert.deepEqual(wrong.problems, [
    { line: 4, reason: 'columns' },
    { line: 5, reason: 'no_base' },
    { line: 6, reason: 'too_long' },
    { line: 7, reason: 'control' },
    { line: 8, reason: 'twice' },
  ]);
  assert.equal(wrong.empty, 1, 'a row without its second cell');
});

const german = { id: '1', revision: 4, language: 'de', updated_us: 0, word_count: 1 };

test('words become one edit of the dictionary, or make it', () => {
  const words = [
    ['a', 'b'],
    ['c', ''],
  ] as const;
  assert.deepEqual(wordEdits(german, 'de', words), [
    { op: 'patch', id: '1', revision: 4, patch: { words: { a: 'b', c: null } } },
  ]);
  assert.deepEqual(wordEdits(null, 'nl', words), [
    { op: 'create', kind: 'dictionary', body: { language: 'nl', words: { a: 'b' } } },
  ]);
  assert.deepEqual(wordEdits(german, 'de', []), []);
});

test('languages are those of the interface and of the dictionaries, each once', () => {
  const known: DictionaryItem[] = [german, { ...german, id: '2', language: 'de-AT' }];
  assert.deepEqual(languagesOf(known, 'DE').sort(), ['de', 'de-AT', 'en', 'it', 'nl', 'zh']);
  assert.ok(languagesOf([], 'fr').includes('fr'));
  assert.equal(dictionaryOf(known, 'DE-at')?.id, '2');
  assert.equal(dictionaryOf(known, 'fr'), null);
  for (const tag of ['de', 'de-AT', 'zh-Hant-TW', 'deu']) assert.ok(isLanguage(tag), tag);
  for (const tag of ['', 'd', 'German', 'de_AT', 'de-', `de-${'a-'.repeat(20)}a`])
    assert.ok(!isLanguage(tag), tag);
});
