// Columns of the table of tags, cells as they are typed, and calls as lines for a shell.
import './browser.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { asCurl, asUpload } from '../../src/lib/bodies.ts';
import { asTable, cellText, tagColumns, tagFields } from '../../src/lib/tag-columns.ts';
import type { Tag } from '../../src/lib/types.ts';
import { leastOf } from '../../src/lib/virtual.ts';

const tag = (rest: Partial<Tag> = {}): Tag =>
  ({
    id: 'a',
    name: 'flow',
    path: 'plant/flow',
    device_name: 'Pump',
    address: 'HR0',
    data_type: 'int16',
    current: null,
    ...rest,
  }) as unknown as Tag;

const field = (key: string) => tagFields().find((one) => one.key === key)!;

test('a cell holds what is set, else what holds without it', () => {
  assert.equal(cellText(tag(), 'path'), 'flow');
  assert.equal(cellText(tag(), 'scale'), '1');
  assert.equal(cellText(tag({ scale: 0.1 }), 'scale'), '0.1');
  assert.equal(cellText(tag(), 'enabled'), 'true');
  assert.equal(cellText(tag({ enabled: false }), 'enabled'), 'false');
  assert.equal(cellText(tag(), 'unit'), '');
  assert.equal(cellText(tag({ period_ms: 500 }), 'period'), '500');
});

test('what is typed is sent as the field takes it', () => {
  assert.equal(field('path').field, 'name');
  assert.equal(field('scale').value('0,1'), 0.1);
  assert.equal(field('period').value(''), null, 'an empty cell brings the default back');
  assert.equal(field('writable').value('true'), true);
  assert.equal(field('unit').value('5'), '5');
  for (const key of ['value', 'age', 'device']) assert.equal(field(key), undefined, key);
});

test('cells that mean nothing to a tag cannot be edited', () => {
  const applies = (key: string, rest: Partial<Tag>) => field(key).applies?.(tag(rest));
  assert.equal(applies('address', {}), true);
  assert.equal(applies('address', { formula: 'a + b' }), false);
  assert.equal(applies('scale', { data_type: 'bool' }), false);
  assert.equal(applies('decimals', { data_type: 'string' }), false);
  assert.equal(applies('unit', { data_type: 'string' }), true);
});

test('a table is copied with its heads and without breaking its rows', () => {
  const columns = tagColumns().filter(({ key }) => ['path', 'unit', 'address'].includes(key));
  const rows = [tag({ unit: 'm\t3' }), tag({ path: 'plant/sum', formula: 'a + b' })];
  const lines = asTable(rows, columns).split('\n');
  assert.equal(lines.length, 3);
  assert.deepEqual(lines[1]!.split('\t'), ['plant/flow', 'm 3', 'HR0']);
  assert.deepEqual(lines[2]!.split('\t'), ['plant/sum', '', '= a + b']);
});

test('columns scroll once they are as narrow as they may be', () => {
  assert.equal(leastOf('38px minmax(140px, 3fr) 84px 1fr'), 262);
  assert.equal(leastOf('minmax(70px, 1.4fr)'), 70);
});

/** Returns what a shell gives to curl. */
function said(line: string): string[] {
  const script = `curl() { printf '%s\\n' "$@"; }; ${line}`;
  return execFileSync('sh', ['-c', script], { env: { HEADWORKS_TOKEN: 't' } })
    .toString()
    .split('\n');
}

test('a copied upload names the file and what is said with it', () => {
  const parts = said(asUpload('imports', { dry_run: true, decimal: ',' }, `John's "list".csv`));
  assert.ok(parts.includes(`@John's "list".csv`), parts.join(' | '));
  assert.ok(parts.some((part) => part.endsWith('/api/v1/imports?dry_run=true&decimal=%2C')));
  assert.ok(parts.includes('authorization: Bearer t'));
});

test('a copied call says in a shell what was copied, and holds no secret', () => {
  const body = { text: `it's "quoted" $HOME \`date\`` };
  const line = asCurl('PUT', 'tags/1', body, 7);
  assert.match(line, /"authorization: Bearer \$HEADWORKS_TOKEN"/);
  const parts = said(line);
  assert.ok(parts.includes(JSON.stringify(body)), parts.join(' | '));
  assert.ok(parts.includes('if-match: "7"'));
  assert.ok(parts.includes('authorization: Bearer t'));
});
