import assert from 'node:assert/strict';
import test from 'node:test';
import { wrongTerms } from '../../scripts/i18n.mjs';

const GLOSSARY = {
  never: { de: ['Variable'] },
  terms: { tag: { english: 'tags?\\b', de: ['datenpunkt'], except: ['page.import'] } },
};
const found = (english: string, german: string, key = 'tag.text'): string[] =>
  wrongTerms({ [key]: english }, { [key]: german }, 'de', GLOSSARY);

test('a text with the fixed term is right, in any case and form', () => {
  assert.deepEqual(found('All tags', 'Alle Datenpunkte'), []);
  assert.deepEqual(found('Tag', 'des Datenpunkts'), []);
});

test('another word for a term is a mistake', () => {
  assert.equal(found('All tags', 'Alle Tags').length, 1);
  assert.equal(found('All tags', 'Alle Variablen').length, 2);
  assert.equal(found('Values', 'Variablen').length, 1, 'also where English has another word');
});

test('places and longer words are no terms, and some texts say it otherwise', () => {
  assert.deepEqual(found('{tag} is high', '{tag} ist hoch'), []);
  assert.deepEqual(found('Stages', 'Stufen'), []);
  assert.deepEqual(found('Tags from files', 'Import aus Dateien', 'page.import'), []);
});
