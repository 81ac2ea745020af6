import assert from 'node:assert/strict';
import test from 'node:test';
import type { ChannelItem, PolicyItem, RosterItem } from '../../src/lib/api.gen.ts';
import {
  channelBody,
  channelDraft,
  headerLines,
  headersOf,
  linesOf,
  policyBody,
  policyDraft,
  rosterBody,
  rosterDraft,
  withPreset,
} from '../../src/lib/notification.ts';

const stored = { id: '0192d3c0-0000-7000-8000-000000000001', revision: 2, updated_us: 1 };
const bodyOf = ({ id: _i, revision: _r, updated_us: _u, ...body }: typeof stored): object => body;
const person = { name: 'Ada', email: 'ada@example.org', language: 'de', account: 'ada' };
const hours = { days: ['mon' as const, 'fri' as const], from: '06:00', to: '14:00' };

test('lines and headers are read as they are written', () => {
  assert.deepEqual(linesOf(' a \n\n b'), ['a', 'b']);
  const headers = { Authorization: 'Bearer ${secret:hook}', 'X-Title': 'a: b' };
  assert.deepEqual(headersOf(headerLines(headers)), headers);
  assert.deepEqual(headersOf('X-Empty'), { 'X-Empty': '' }, 'the server says what is wrong');
});

test('channels come out of their form as they went in', () => {
  const base = { ...stored, name: 'Team', description: '', enabled: true, language: 'nl' };
  const items: ChannelItem[] = [
    { ...base, target: { kind: 'email', to: ['a@example.org', 'b@example.org'] } },
    {
      ...base,
      target: {
        kind: 'webhook',
        method: 'PUT',
        url: 'https://localhost/hook',
        headers: { 'X-Title': '{title}' },
        body_type: 'text',
        body: '{text}\n',
      },
    },
  ];
  for (const item of items) assert.deepEqual(channelBody(channelDraft(item)), bodyOf(item));
});

test('a ready-made webhook replaces the target and nothing else', () => {
  const draft = { ...channelDraft(null), name: 'Mine' };
  const webhook = {
    method: 'POST' as const,
    url: 'https://localhost/x',
    headers: {},
    body_type: 'json' as const,
    body: '{"t": "{title}"}',
  };
  const preset = { id: 'x', name: 'X', hint: '', secret: '', webhook };
  const body = channelBody(withPreset(draft, preset));
  assert.equal(body['name'], 'Mine');
  assert.deepEqual(body['target'], { kind: 'webhook', ...webhook });
});

test('rosters come out of their form as they went in', () => {
  const item: RosterItem = {
    ...stored,
    name: 'Night',
    description: 'd',
    time_zone: 'Europe/Berlin',
    people: [person],
    shifts: [{ people: ['Ada'], hours, on_days_off: 'only' }],
    days_off: ['2026-12-25'],
  };
  assert.deepEqual(rosterBody(rosterDraft(item)), bodyOf(item));
});

test('policies come out of their form as they went in', () => {
  const item: PolicyItem = {
    ...stored,
    name: 'Urgent',
    description: '',
    enabled: false,
    priorities: [1, 2],
    areas: ['north/**'],
    groups: ['trip'],
    steps: [
      { after_min: 0, channel: stored.id, rosters: [stored.id], people: [] },
      { after_min: 15, channel: stored.id, rosters: [], people: [person] },
    ],
    repeat_min: 30,
    stop_when_over: true,
    tell_over: true,
    tell_acknowledged: false,
    group_by: 'area',
    group_s: 60,
    digest_min: 20,
    time_zone: 'UTC',
    hours: [hours],
    quiet: { hours: [hours], through: [1] },
  };
  assert.deepEqual(policyBody(policyDraft(item)), bodyOf(item));
  const loud = { ...policyDraft(item), isQuiet: false };
  assert.equal(policyBody(loud)['quiet'], null, 'quiet hours are taken away, not forgotten');
  assert.equal(loud.quietHours.length, 1);
});
