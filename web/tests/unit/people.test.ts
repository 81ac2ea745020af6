import assert from 'node:assert/strict';
import test from 'node:test';
import { browserOf } from '../../src/lib/agents.ts';
import { difference } from '../../src/lib/difference.ts';
import type { ShownSection, ShownSetting } from '../../src/lib/api.gen.ts';
import { holds } from '../../src/lib/patterns.ts';
import { asToml, findSettings } from '../../src/lib/settings.ts';

test('patterns select paths as the server does', () => {
  const path = 'demo/heating/boiler/supply_setpoint';
  const deep = ['**', 'demo/**', '**/supply_setpoint', 'demo/**/supply*'];
  const selecting = [...deep, 'demo/*/boiler/*', path];
  for (const pattern of selecting) assert.ok(holds([pattern], path), pattern);
  const others = ['demo/*', 'demo/heating', '**/return', 'Demo/**', 'demo/*/*', 'demo/heat.ng/**'];
  for (const pattern of others) assert.ok(!holds([pattern], path), pattern);
  assert.ok(holds(null, path));
  assert.ok(!holds([], path));
  assert.ok(holds(['water/**', 'demo/**'], path));
});

test('a browser is named by what it is, not by what it descends from', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)';
  const name = (agent: string): string => browserOf(agent);
  assert.equal(name(`${chrome} HeadlessChrome/156.0.0.0 Safari/537.36`), 'Chromium 156, Linux');
  const windows = chrome.replace('X11; Linux x86_64', 'Windows NT 10.0; Win64; x64');
  const edge = `${windows} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`;
  assert.equal(name(edge), 'Edge 140, Windows');
  assert.equal(
    name('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'),
    'Firefox 140, Linux',
  );
  assert.equal(name('curl/8.5.0'), 'curl/8.5.0');
  assert.equal(name(''), '');
});

test('what changed in an object is told place by place', () => {
  const before = { name: 'plc', settings: { port: 502, hosts: ['a', 'b'] }, gone: true, same: 1 };
  const after = { name: 'plc', settings: { port: 503, hosts: ['a'] }, same: 1, note: null };
  assert.deepEqual(difference(before, after), [
    { path: 'settings.port', before: '502', after: '503' },
    { path: 'settings.hosts', before: '["a","b"]', after: '["a"]' },
    { path: 'gone', before: 'true', after: null },
    { path: 'note', before: null, after: 'null' },
  ]);
  assert.deepEqual(difference(null, { role: 'viewer' }), [
    { path: 'role', before: null, after: 'viewer' },
  ]);
  assert.deepEqual(difference(before, before), []);
});

test('settings are found by all words, and written as in the file', () => {
  const setting = (key: string, description: string, value: unknown, source = 'default') =>
    ({ key, description, value, source }) as ShownSetting;
  const sections = [
    {
      name: 'server',
      description: '',
      settings: [
        setting('listen', 'Address and port.', '127.0.0.1:8080', 'file'),
        setting('hosts', 'Names of the server.', ['a', 'b']),
      ],
    },
    { name: 'log', description: '', settings: [setting('level', 'Lines.', 'info')] },
  ] as ShownSection[];
  const found = (search: string, givenOnly = false): string[] =>
    findSettings(sections, search, givenOnly).flatMap(({ name, settings }) =>
      settings.map(({ key }) => `${name}.${key}`),
    );
  assert.deepEqual(found(''), ['server.listen', 'server.hosts', 'log.level']);
  assert.deepEqual(found(' SERVER.  port'), ['server.listen']);
  assert.deepEqual(found('port info'), []);
  assert.deepEqual(found('', true), ['server.listen']);
  assert.equal(asToml(['a', 'b']), '["a", "b"]');
  assert.equal(asToml(250), '250');
  assert.equal(asToml(false), 'false');
  assert.equal(asToml(''), '""');
});
