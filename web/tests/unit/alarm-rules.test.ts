import './browser.ts';
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  bodyFor,
  bodyOfDraft,
  draftOfRule,
  freshDraft,
  missingOf,
  readStates,
  readValue,
  shownValue,
  tagsOfCondition,
} from '../../src/lib/alarm-rules.ts';
import type { AlarmRule } from '../../src/lib/api.gen.ts';

const TAG = '0192d3c0-0000-7000-8000-00000000000a';
const OTHER = '0192d3c0-0000-7000-8000-00000000000b';

function rule(rest: Partial<AlarmRule>): AlarmRule {
  return {
    id: '0192d3c0-0000-7000-8000-000000000001',
    revision: 3,
    updated_us: 1,
    path: 'plant/level',
    name: 'Level',
    tag: TAG,
    condition: { kind: 'high', limit: 80 },
    priority: 2,
    shelve_max_s: 28_800,
    ...rest,
  };
}

const CONDITIONS: AlarmRule['condition'][] = [
  { kind: 'high_high', limit: 90 },
  { kind: 'high', limit: { tag: OTHER } },
  { kind: 'low', limit: -1.5 },
  { kind: 'low_low', limit: 0 },
  { kind: 'range', low: 1, high: { tag: OTHER } },
  { kind: 'deviation', setpoint: { tag: OTHER }, max: 5 },
  { kind: 'rate_of_change', direction: 'falling', max_per_s: 0.5, over_s: 30 },
  { kind: 'discrete', states: [true, 3, 'a, b', '7', ''] },
  { kind: 'equals', value: false },
  { kind: 'not_equals', value: 'auto' },
  { kind: 'expression', text: 'tag("a") > 1' },
  { kind: 'bad_quality', uncertain: true },
  { kind: 'stale', after_s: 90 },
];

test('every kind of condition comes out of a form as it went in', () => {
  for (const condition of CONDITIONS) {
    const draft = draftOfRule(rule({ condition }));
    assert.deepEqual(bodyOfDraft(draft)['condition'], condition);
    assert.deepEqual(missingOf(draft), [], condition.kind);
  }
});

test('the whole rule comes out of a form as it went in', () => {
  const given = {
    deadband: 2,
    on_bad: 'raise' as const,
    on_delay_ms: 1500,
    off_delay_ms: 20_000,
    latching: true,
    group: 'trip',
    re_alarm_s: 600,
    shelve_max_s: 3600,
    suppress_when: 'not tag("run")',
    enabled: false,
    message: '{tag} at {value} {unit}',
    translations: { de: '{tag} bei {value}' },
    cause: 'a',
    consequence: 'b',
    action: 'c',
    description: 'd',
  };
  const { id: _id, revision: _r, updated_us: _u, path: _p, ...body } = rule(given);
  assert.deepEqual(bodyOfDraft(draftOfRule(rule(given))), body);
  assert.deepEqual(bodyFor(rule(given), OTHER), { ...body, tag: OTHER });
});

test('what does not apply to a kind is not sent', () => {
  const draft = draftOfRule(rule({ deadband: 2, on_bad: 'clear' }));
  draft.kind = 'stale';
  const body = bodyOfDraft(draft);
  assert.equal(body['deadband'], 0);
  assert.equal(body['on_bad'], 'hold');
  draft.kind = 'high';
  assert.equal(bodyOfDraft(draft)['deadband'], 2, 'it comes back with the kind');
});

test('a new rule says what is missing, and out of which range a time is', () => {
  const pointers = (draft = freshDraft()): string[] =>
    missingOf(draft).map(({ pointer }) => pointer);
  assert.deepEqual(pointers(), ['/name', '/tag', '/condition/limit']);
  assert.deepEqual(pointers({ ...freshDraft(), kind: 'expression', name: 'a' }), [
    '/condition/text',
  ]);
  const late = { ...freshDraft(TAG), name: 'a', kind: 'stale' as const, after_s: 0 };
  assert.deepEqual(missingOf({ ...late, re_alarm_s: 5 }), [
    { pointer: '/condition/after_s', range: [1, 31_536_000] },
    { pointer: '/re_alarm_s', range: [10, 604_800] },
  ]);
  const limit = draftOfRule(rule({}));
  limit.limits.limit = { isTag: true, value: 80, tag: '' };
  assert.deepEqual(pointers(limit), ['/condition/limit']);
  limit.limits.limit = { isTag: false, value: Number.NaN, tag: '' };
  assert.deepEqual(pointers(limit), ['/condition/limit']);
});

test('values are typed as they are meant', () => {
  for (const value of [true, false, 3, -1.5, 'auto', '3', 'true', ' a', 'say "x"', ''])
    assert.deepEqual(readValue(shownValue(value)), value);
  assert.deepEqual(readStates('true, 3; "a, b", on'), [true, 3, 'a, b', 'on']);
  assert.deepEqual(readStates(' , ; '), []);
});

test('the tags that limits name are found', () => {
  assert.deepEqual(tagsOfCondition({ kind: 'range', low: { tag: OTHER }, high: { tag: TAG } }), [
    OTHER,
    TAG,
  ]);
  assert.deepEqual(tagsOfCondition({ kind: 'high', limit: 3 }), []);
});
