import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { notThere } from '../../scripts/words-there.mjs';

const LOADERS = `const withPeople = (page: Promise<Page>): Promise<Page> =>
  withWords(page, 'people');
export const LOADERS = {
  users: () => withPeople(import('../Users.svelte')),
  lists: () => withWords(import('../Lists.svelte'), 'system'),
};`;

test('words that a page or what comes with it names without loading them are told', () => {
  const root = `${mkdtempSync(join(tmpdir(), 'headworks-words-'))}/`;
  const sources = {
    'main.ts': `import './lib/loaders.ts';`,
    'lib/loaders.ts': LOADERS,
    'Users.svelte': `import Form from './Form.svelte'; t('user.name'); t('toast.shared')`,
    'Form.svelte': `t('action.save')`,
    'Lists.svelte': `import Form from './Form.svelte'; import('./More.svelte');`,
    'More.svelte': `t('user.name'); void needWords('people');`,
  };
  mkdirSync(join(root, 'lib'));
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(root, name), text);
  const keys = { 'user.name': 'people', 'action.save': 'system', 'toast.shared': '' };
  const found = notThere(root, { parts: ['people', 'system'], keys });
  rmSync(root, { recursive: true });
  assert.deepEqual(found, [
    'Form.svelte: action.save is in words that Users.svelte does not load',
  ]);
});
