// The interface has words of its own for what the server says in English; no browser is needed.
import '../scripts/ts-hook.mjs';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { languages, read } from '../scripts/i18n.mjs';
import { Server } from './helpers.mjs';
import * as words from './server-words.mjs';

const server = new Server();
const english = read('en');
const path = fileURLToPath(new URL('../../api/openapi.json', import.meta.url));
const document = JSON.parse(readFileSync(path, 'utf8'));

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

/** What a check finds for a reason that only the server's sentence tells. */
const TOLD_BY_THE_SERVER = ['audit_old_stay'];

test('each finding of a check has words with its figures in every language', async () => {
  const { oneOf } = document.components.schemas.HealthCode;
  const codes = oneOf.map((one) => one.const).filter((code) => !TOLD_BY_THE_SERVER.includes(code));
  assert.ok(codes.length > 20, 'the codes are listed');
  const wanted = codes.map((code) => `health.says.${code}`).sort();
  for (const language of languages()) {
    const found = Object.keys(read(language)).filter((key) => key.startsWith('health.says.'));
    assert.deepEqual(found.sort(), wanted, language);
  }
  const { checks } = await server.call('GET', 'system/health');
  for (const [name, check] of Object.entries(checks).filter(([, one]) => one)) {
    const places = english[`health.says.${check.code}`].matchAll(/\{(\w+)\}/g);
    for (const [, place] of places) assert.ok(place in check.figures, `${name}: {${place}}`);
  }
});

test('each code of a refusal has words in every language', () => {
  const listed = document.info.description.matchAll(/^\* `(\w+)` \(\d+\)/gm);
  const codes = [...listed].map(([, code]) => code);
  assert.ok(codes.length > 30, 'the codes are listed');
  const wanted = codes.map((code) => `error.code.${code}`).sort();
  for (const language of languages()) {
    const found = Object.keys(read(language)).filter((key) => key.startsWith('error.code.'));
    assert.deepEqual(found.sort(), wanted, language);
  }
});
