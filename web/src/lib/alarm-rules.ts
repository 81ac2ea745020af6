/** Alarm rules as forms: one draft holds what every kind of condition needs. */
import type { AlarmRule, ConditionInput, Direction, Limit, OnBad } from './api.gen.ts';
import { parseNumber } from './format.ts';

export const KINDS = [
  'high_high',
  'high',
  'low',
  'low_low',
  'range',
  'deviation',
  'rate_of_change',
  'discrete',
  'equals',
  'not_equals',
  'expression',
  'bad_quality',
  'stale',
] as const;
export type ConditionKind = (typeof KINDS)[number];

export type LimitName = 'limit' | 'low' | 'high' | 'setpoint' | 'max' | 'max_per_s';

/** The limits of each kind, in the order of the form; other kinds have none. */
export const LIMITS: Partial<Record<ConditionKind, readonly LimitName[]>> = {
  high_high: ['limit'],
  high: ['limit'],
  low: ['limit'],
  low_low: ['limit'],
  range: ['low', 'high'],
  deviation: ['setpoint', 'max'],
  rate_of_change: ['max_per_s'],
};

/** A limit in a form: both forms of it, so that a change of mind loses nothing. */
export interface LimitDraft {
  isTag: boolean;
  value: number | null;
  tag: string;
}

export interface Draft {
  name: string;
  tag: string;
  kind: ConditionKind;
  limits: Record<LimitName, LimitDraft>;
  direction: Direction;
  over_s: number | null;
  states: string;
  value: string;
  text: string;
  uncertain: boolean;
  after_s: number | null;
  deadband: number | null;
  on_bad: OnBad;
  priority: number;
  on_delay_s: number | null;
  off_delay_s: number | null;
  latching: boolean;
  group: string;
  re_alarm_s: number | null;
  shelve_max_min: number | null;
  suppress_when: string;
  enabled: boolean;
  message: string;
  translations: { language: string; text: string }[];
  cause: string;
  consequence: string;
  action: string;
  description: string;
}

type Body = Record<string, unknown>;

const LIMIT_NAMES = ['limit', 'low', 'high', 'setpoint', 'max', 'max_per_s'] as const;

/** Whether a value of a tag is judged, so that quality and deadband mean something. */
export const judgesValues = (kind: ConditionKind): boolean =>
  kind !== 'bad_quality' && kind !== 'stale';
export const hasDeadband = (kind: ConditionKind): boolean => kind in LIMITS;

export function freshDraft(tag = ''): Draft {
  const limit = (): LimitDraft => ({ isTag: false, value: null, tag: '' });
  return {
    name: '',
    tag,
    kind: 'high',
    limits: {
      limit: limit(),
      low: limit(),
      high: limit(),
      setpoint: limit(),
      max: limit(),
      max_per_s: limit(),
    },
    direction: 'either',
    over_s: 60,
    states: '',
    value: '',
    text: '',
    uncertain: false,
    after_s: 300,
    deadband: null,
    on_bad: 'hold',
    priority: 3,
    on_delay_s: null,
    off_delay_s: null,
    latching: false,
    group: '',
    re_alarm_s: null,
    shelve_max_min: 480,
    suppress_when: '',
    enabled: true,
    message: '',
    translations: [],
    cause: '',
    consequence: '',
    action: '',
    description: '',
  };
}

type Value = boolean | number | string;

/** Returns a value as it is typed; a text that looks like something else is in quotes. */
export function shownValue(value: Value): string {
  if (typeof value !== 'string') return String(value);
  const isPlain = value.trim() === value && !/[",]/.test(value) && readValue(value) === value;
  return isPlain && value !== '' ? value : JSON.stringify(value);
}

/** Returns what was typed: `true` and `false`, a number, or a text. */
export function readValue(text: string): Value {
  const plain = text.trim();
  if (plain === 'true' || plain === 'false') return plain === 'true';
  if (/^".*"$/.test(plain)) {
    try {
      return String(JSON.parse(plain));
    } catch {
      return plain;
    }
  }
  return parseNumber(plain) ?? plain;
}

/** Returns the states of a list between semicolons or, without one, commas. */
export function readStates(text: string): Value[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|[^";,])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '').map(readValue);
}

const draftLimit = (limit: Limit | undefined): LimitDraft =>
  typeof limit === 'object'
    ? { isTag: true, value: null, tag: limit.tag }
    : { isTag: false, value: limit ?? null, tag: '' };

/** Returns what a form starts with for a rule that is there. */
export function draftOfRule(rule: AlarmRule): Draft {
  const { condition } = rule;
  const fresh = freshDraft(rule.tag ?? '');
  const given = condition as unknown as Record<string, unknown>;
  const limits = Object.fromEntries(
    LIMIT_NAMES.map((name) => [name, draftLimit(given[name] as Limit | undefined)]),
  ) as Record<LimitName, LimitDraft>;
  return {
    ...fresh,
    name: rule.name,
    kind: condition.kind,
    limits,
    ...(condition.kind === 'rate_of_change' && {
      direction: condition.direction,
      over_s: condition.over_s,
    }),
    ...(condition.kind === 'discrete' && {
      states: condition.states.map(shownValue).join(', '),
    }),
    ...((condition.kind === 'equals' || condition.kind === 'not_equals') && {
      value: shownValue(condition.value),
    }),
    ...(condition.kind === 'expression' && { text: condition.text }),
    ...(condition.kind === 'bad_quality' && { uncertain: condition.uncertain }),
    ...(condition.kind === 'stale' && { after_s: condition.after_s }),
    deadband: rule.deadband || null,
    on_bad: rule.on_bad ?? 'hold',
    priority: rule.priority,
    on_delay_s: rule.on_delay_ms ? rule.on_delay_ms / 1000 : null,
    off_delay_s: rule.off_delay_ms ? rule.off_delay_ms / 1000 : null,
    latching: rule.latching ?? false,
    group: rule.group ?? '',
    re_alarm_s: rule.re_alarm_s ?? null,
    shelve_max_min: rule.shelve_max_s / 60,
    suppress_when: rule.suppress_when ?? '',
    enabled: rule.enabled ?? true,
    message: rule.message ?? '',
    translations: Object.entries(rule.translations ?? {}).map(([language, text]) => ({
      language,
      text,
    })),
    cause: rule.cause ?? '',
    consequence: rule.consequence ?? '',
    action: rule.action ?? '',
    description: rule.description ?? '',
  };
}

const limitOf = ({ isTag, value, tag }: LimitDraft): Limit =>
  isTag ? { tag } : (value as number);

function conditionOf(draft: Draft): ConditionInput {
  const { kind } = draft;
  const limits = Object.fromEntries(
    (LIMITS[kind] ?? []).map((name) => [name, limitOf(draft.limits[name])]),
  );
  const rest: Partial<Record<ConditionKind, Body>> = {
    rate_of_change: { direction: draft.direction, over_s: draft.over_s },
    discrete: { states: readStates(draft.states) },
    equals: { value: readValue(draft.value) },
    not_equals: { value: readValue(draft.value) },
    expression: { text: draft.text },
    bad_quality: { uncertain: draft.uncertain },
    stale: { after_s: draft.after_s },
  };
  return { kind, ...limits, ...rest[kind] } as unknown as ConditionInput;
}

/** Returns a draft as the API takes it; what does not apply is left out. */
export function bodyOfDraft(draft: Draft): Body {
  const { kind } = draft;
  const ms = (seconds: number | null): number => Math.round((seconds ?? 0) * 1000);
  const translations = Object.fromEntries(
    draft.translations
      .filter(({ language, text }) => language !== '' && text !== '')
      .map(({ language, text }) => [language, text]),
  );
  const body: Body = {
    name: draft.name.trim(),
    ...(draft.tag !== '' && { tag: draft.tag }),
    condition: conditionOf(draft),
    deadband: hasDeadband(kind) ? (draft.deadband ?? 0) : 0,
    on_bad: judgesValues(kind) ? draft.on_bad : 'hold',
    priority: draft.priority,
    on_delay_ms: ms(draft.on_delay_s),
    off_delay_ms: ms(draft.off_delay_s),
    latching: draft.latching,
    group: draft.group.trim(),
    re_alarm_s: draft.re_alarm_s,
    shelve_max_s: Math.round((draft.shelve_max_min ?? 480) * 60),
    suppress_when: draft.suppress_when.trim(),
    enabled: draft.enabled,
    message: draft.message.trim(),
    translations,
    cause: draft.cause.trim(),
    consequence: draft.consequence.trim(),
    action: draft.action.trim(),
    description: draft.description.trim(),
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** What keeps a draft from being sent: fields that are missing, and times out of their range. */
export interface Missing {
  pointer: string;
  range?: [number, number];
}

/** Returns the fields that a person still has to fill in, by JSON pointer. */
export function missingOf(draft: Draft): Missing[] {
  const found: Missing[] = [];
  const need = (pointer: string, isThere: boolean): void => {
    if (!isThere) found.push({ pointer });
  };
  const within = (
    pointer: string,
    value: number | null,
    range: [number, number],
    isNeeded = false,
  ): void => {
    if (value === null ? isNeeded : !(range[0] <= value && value <= range[1]))
      found.push({ pointer, range });
  };
  const { kind } = draft;
  need('/name', draft.name.trim() !== '');
  need('/tag', draft.tag !== '' || kind === 'expression');
  for (const name of LIMITS[kind] ?? []) {
    const { isTag, value, tag } = draft.limits[name];
    need(`/condition/${name}`, isTag ? tag !== '' : value !== null && Number.isFinite(value));
  }
  if (kind === 'rate_of_change')
    within('/condition/over_s', draft.over_s, [1, 86_400], true);
  if (kind === 'stale') within('/condition/after_s', draft.after_s, [1, 31_536_000], true);
  if (kind === 'discrete') need('/condition/states', 0 < readStates(draft.states).length);
  if (kind === 'equals' || kind === 'not_equals')
    need('/condition/value', draft.value.trim() !== '');
  if (kind === 'expression') need('/condition/text', draft.text.trim() !== '');
  if (hasDeadband(kind)) within('/deadband', draft.deadband, [0, Number.MAX_VALUE]);
  within('/on_delay_ms', draft.on_delay_s, [0, 86_400]);
  within('/off_delay_ms', draft.off_delay_s, [0, 86_400]);
  within('/re_alarm_s', draft.re_alarm_s, [10, 604_800]);
  within('/shelve_max_s', draft.shelve_max_min, [1, 43_200]);
  return found;
}

/** Returns the tags that limits of a condition name. */
export function tagsOfCondition(condition: AlarmRule['condition']): string[] {
  const given = condition as unknown as Record<string, unknown>;
  return LIMIT_NAMES.map((name) => given[name] as Limit | undefined)
    .map((limit) => (typeof limit === 'object' ? limit.tag : ''))
    .filter((tag) => tag !== '');
}

/** Returns a rule as a body for another tag, with a name that is free there. */
export function bodyFor(rule: AlarmRule, tag: string): Body {
  return { ...bodyOfDraft(draftOfRule(rule)), tag };
}
