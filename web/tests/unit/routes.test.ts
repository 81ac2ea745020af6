import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteItem } from '../../src/lib/routes.ts';
import {
  freshTarget,
  heldBack,
  missingOf,
  routeBody,
  routeDraft,
  said,
} from '../../src/lib/routes.ts';

const ITEM: RouteItem = {
  id: 'r',
  revision: 3,
  updated_us: 1,
  name: 'Boiler to the office',
  description: '',
  enabled: true,
  dry_run: true,
  from: ['plant/boiler/*', 'plant/pump'],
  except: ['plant/boiler/raw'],
  accept: 'good',
  when: 'value > 80',
  transform: 'scale(0.001)',
  window: { function: 'avg', seconds: 60 },
  rules: { every_sample: true, deadband: 0.5, min_interval_ms: 1500, max_per_minute: 60 },
  schedule: { days: ['mon'], from: '22:00', to: '06:00' },
  back: null,
  to: [
    { kind: 'tag', tag: 't' },
    {
      kind: 'webhook',
      url: 'https://office.example/boiler',
      method: 'PUT',
      headers: { 'X-Key': '${secret:office}' },
      body_type: 'text',
      body: '{value}',
      timeout_ms: 2500,
      tries: 4,
    },
  ],
};

test('a route that is opened and saved stays what it is', () => {
  const { id, revision, updated_us: updated, ...body } = ITEM;
  assert.deepEqual([id, revision, updated], ['r', 3, 1]);
  assert.deepEqual(routeBody(routeDraft(ITEM)), body);
});

test('a new route leaves to the server what is not given', () => {
  const draft = routeDraft(null);
  draft.from = ' plant/** \n\n';
  draft.to[0] = { ...draft.to[0]!, kind: 'webhook', url: ' http://x/ ' };
  const body = routeBody(draft);
  assert.deepEqual(body.from, ['plant/**']);
  assert.equal(body.window, null);
  assert.equal(body.schedule, null);
  assert.ok(body.to[0]?.kind === 'webhook');
  assert.equal(body.to[0].url, 'http://x/');
  assert.ok(!('tries' in body.to[0]) && !('timeout_ms' in body.to[0]));
});

test('what is wrong in a list is said at its field, and at no other', () => {
  const errors = { '/from/1': 'no path', '/to/10/url': 'no address' };
  assert.equal(said(errors, '/from'), 'no path');
  assert.equal(said(errors, '/to/1'), '');
});

test('what held back most comes first', () => {
  assert.deepEqual(heldBack({ rate: 2, loop: 0, quality: 7 }), [
    ['quality', 7],
    ['rate', 2],
  ]);
});

test('what a route still needs is said before the server is asked', () => {
  const draft = routeDraft(null);
  draft.to.push({ ...freshTarget(), kind: 'webhook', url: ' ' });
  assert.deepEqual(missingOf(draft), ['/name', '/from', '/to/0/tag', '/to/1/url']);
  assert.deepEqual(missingOf(routeDraft(ITEM)), []);
});
