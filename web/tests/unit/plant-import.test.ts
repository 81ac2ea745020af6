import './browser.ts';
import assert from 'node:assert/strict';
import test from 'node:test';

const { changesOf, countsOf, fresh, isTagTable, isUnreadable, queryOf, targetOf } = await import(
  '../../src/lib/plant-import.ts'
);
const { ApiError } = await import('../../src/lib/api.ts');

type Plan = import('../../src/lib/api.gen.ts').PlanAnswer;

test('spreadsheets and texts with our columns are tables of tags', () => {
  assert.ok(isTagTable('PK\u0003\u0004…'));
  assert.ok(isTagTable('\u00d0\u00cf\u0011\u00e0'));
  assert.ok(isTagTable('Device;Name;Address\nx'));
  assert.ok(isTagTable('\ufeff"path","unit"\r\n'));
  assert.ok(isTagTable('ï»¿path\tunit'), 'the mark of UTF-8, byte by byte');
  assert.ok(!isTagTable('Tag Name,Address,Data Type'), 'of Kepware');
  assert.ok(!isTagTable('{"path": 1, "device": 2}'));
  assert.ok(!isTagTable('name;address\n'), 'a name alone says nothing of the device');
});

test('a table and a project are sent to their places with what was said of them', () => {
  const options = { ...fresh(), mode: 'replace' as const, createDevices: 'Line 1' };
  assert.deepEqual(queryOf(options, 'tag-table', true), {
    mode: 'replace',
    dry_run: true,
    create_devices: 'Line 1',
  });
  const project = { ...options, format: 'fuxa' as const, endpoint: ' ', path: 'plant/a' };
  assert.deepEqual(queryOf(project, 'plant-imports', false), {
    dry_run: false,
    on_clash: 'suffix',
    format: 'fuxa',
    path: 'plant/a',
  });
  const boards = { ...fresh(), clash: 'replace' as const, from: 'north', to: 'south' };
  assert.deepEqual(queryOf(boards, 'dashboard-file', true), {
    dry_run: true,
    on_clash: 'replace',
    missing: 'report',
    from: 'north',
    to: 'south',
  });
  const clash = queryOf(boards, 'plant-imports', true)['on_clash'];
  assert.equal(clash, 'suffix', 'projects replace nothing');
});

test('a file says by its begin what it is', () => {
  assert.equal(targetOf('{ "format": "headworks_dashboards", "version": 1'), 'dashboard-file');
  assert.equal(targetOf('{"master": {"slaves": ['), 'plant-imports');
  assert.equal(targetOf('about "headworks_dashboards"'), 'plant-imports');
  assert.equal(targetOf('path;unit'), 'tag-table');
});

test('a plan is counted by kind, what others rest on first', () => {
  const plan = {
    created: { tag: 3, connection: 1 },
    updated: { tag: 2 },
    deleted: { strange: 4 },
  } as unknown as Plan;
  assert.deepEqual(countsOf(plan), [
    { kind: 'connection', created: 1, updated: 0, deleted: 0 },
    { kind: 'tag', created: 3, updated: 2, deleted: 0 },
    { kind: 'strange', created: 0, updated: 0, deleted: 4 },
  ]);
  assert.equal(changesOf(plan), 10);
});

test('only a file that was not understood is tried as something else', () => {
  assert.ok(isUnreadable(new ApiError(422, 'unreadable_file', 'none of the formats')));
  assert.ok(!isUnreadable(new ApiError(422, 'invalid_body', 'a wrong option')));
  assert.ok(!isUnreadable(new Error('no answer')));
});
