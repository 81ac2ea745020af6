// The interface has words of its own for what the server says in English; no browser is needed.
import '../scripts/ts-hook.mjs';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { languages, read } from '../scripts/i18n.mjs';
import { Server } from './helpers.mjs';
import * as words from './server-words.mjs';

const { FINE } = await import('../src/lib/health-sentences.ts');

const server = new Server();
const english = read('en');

before(() => server.start());
after(() => server.end());

const SAID = [
  ['protocols', words.protocolWords, 'hint.'],
  ['system/settings', words.settingWords, 'config.'],
  ['expressions/functions', words.functionWords, 'function.'],
  ['history/aggregates', words.aggregateWords, 'aggregate.'],
  ['channel-presets', words.presetWords, /^channel\.(?:hint|place)\./],
  ['template-library', words.libraryWords, 'library.'],
];

for (const [path, wordsOf, ours] of SAID) {
  test(`each text of ${path} is in the files of words, as the server gives it`, async () => {
    const given = wordsOf(await server.call('GET', path));
    assert.ok(Object.keys(given).length > 10, 'the server says something');
    const isOurs = (key) => (ours instanceof RegExp ? ours.test(key) : key.startsWith(ours));
    const known = Object.fromEntries(Object.entries(english).filter(([key]) => isOurs(key)));
    assert.deepEqual(known, given);
  });
}

test('what the checks of a sound hub say has words in every language', async () => {
  const { checks } = await server.call('GET', 'system/health');
  for (const [name, check] of Object.entries(checks)) {
    if (!check?.ok) continue;
    const fits = FINE.filter(([one, form]) => one === name && form.test(check.detail));
    assert.equal(fits.length, 1, `${name}: ${check.detail}`);
  }
  for (const language of languages())
    for (const [, , key] of FINE) assert.ok(read(language)[key], `${language}: ${key}`);
});

test('each code of a refusal has words in every language', () => {
  const path = fileURLToPath(new URL('../../api/openapi.json', import.meta.url));
  const { info } = JSON.parse(readFileSync(path, 'utf8'));
  const codes = [...info.description.matchAll(/^\* `(\w+)` \(\d+\)/gm)].map(([, code]) => code);
  assert.ok(codes.length > 30, 'the codes are listed');
  const wanted = codes.map((code) => `error.code.${code}`).sort();
  for (const language of languages()) {
    const found = Object.keys(read(language)).filter((key) => key.startsWith('error.code.'));
    assert.deepEqual(found.sort(), wanted, language);
  }
});
