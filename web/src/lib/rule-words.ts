/** What an alarm rule does, in words. */
import type { AlarmRule } from './api.gen.ts';
import { LIMITS, shownValue, type ConditionKind, type LimitName } from './alarm-rules.ts';
import { formatPlain, formatSpan } from './format.ts';
import { i18n, t, word } from './i18n.svelte.ts';

/** What the words need to know beside the rule. */
export interface Names {
  /** Path of the tag of the rule. */
  tag: string;
  unit: string;
  /** Paths of the tags that are limits, by id. */
  paths: ReadonlyMap<string, string>;
}

/** A rule as far as it is known; a form that is half filled in has gaps. */
export type Said = Omit<AlarmRule, 'id' | 'revision' | 'updated_us' | 'path'>;

export const kindName = (kind: ConditionKind): string => t(`rule.kind.${kind}`);
export const priorityName = (priority: number): string =>
  word(`alarm.priority.${priority}`, String(priority));

const GAP = '…';

/** Returns a number with its unit. */
function quantity(value: unknown, unit: string): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return GAP;
  return `${formatPlain(value, i18n.locale)}${unit ? ` ${unit}` : ''}`;
}

function limitText(condition: Said['condition'], name: LimitName, names: Names): string {
  const limit = (condition as unknown as Record<string, unknown>)[name];
  if (typeof limit === 'object' && limit !== null) {
    const { tag } = limit as { tag: string };
    return names.paths.get(tag) ?? GAP;
  }
  return quantity(limit, name === 'max_per_s' && names.unit ? `${names.unit}/s` : names.unit);
}

const span = (ms: number | null | undefined): string =>
  ms === null || ms === undefined || !Number.isFinite(ms) ? GAP : formatSpan(ms, i18n.locale);

/** Returns what raises the alarm, as one sentence. */
export function conditionSentence(rule: Pick<Said, 'condition'>, names: Names): string {
  const { condition } = rule;
  const { kind } = condition;
  const tag = names.tag || GAP;
  const limits = Object.fromEntries(
    (LIMITS[kind] ?? []).map((name) => [name, limitText(condition, name, names)]),
  );
  switch (condition.kind) {
    case 'rate_of_change':
      return t(`rule.says.rate.${condition.direction}`, {
        tag,
        ...limits,
        time: span(condition.over_s * 1000),
      });
    case 'discrete':
      return t('rule.says.discrete', {
        tag,
        states: condition.states.map(shownValue).join(', ') || GAP,
      });
    case 'equals':
    case 'not_equals':
      return t(`rule.says.${condition.kind}`, { tag, value: shownValue(condition.value) });
    case 'expression':
      return t('rule.says.expression', { text: condition.text.trim() || GAP });
    case 'bad_quality':
      return t(condition.uncertain ? 'rule.says.uncertain' : 'rule.says.bad_quality', { tag });
    case 'stale':
      return t('rule.says.stale', { tag, time: span(condition.after_s * 1000) });
    default:
      return t(`rule.says.${condition.kind}`, { tag, ...limits });
  }
}

/** Returns what raises the alarm in signs that need no language, for a column of a table. */
export function conditionSigns({ condition }: Pick<Said, 'condition'>, names: Names): string {
  const limit = (name: LimitName): string => limitText(condition, name, names);
  switch (condition.kind) {
    case 'high_high':
    case 'high':
      return `> ${limit('limit')}`;
    case 'low':
    case 'low_low':
      return `< ${limit('limit')}`;
    case 'range':
      return `< ${limit('low')} | > ${limit('high')}`;
    case 'deviation':
      return `${limit('setpoint')} ± ${limit('max')}`;
    case 'rate_of_change':
      return `${ARROWS[condition.direction]} > ${limit('max_per_s')}`;
    case 'discrete':
      return `= ${condition.states.map(shownValue).join(' | ')}`;
    case 'equals':
      return `= ${shownValue(condition.value)}`;
    case 'not_equals':
      return `≠ ${shownValue(condition.value)}`;
    case 'expression':
      return condition.text;
    case 'stale':
      return `> ${span(condition.after_s * 1000)}`;
    default:
      return '–';
  }
}

const ARROWS = { either: '↕', rising: '↑', falling: '↓' } as const;

/** Returns what a rule does, sentence by sentence. */
export function ruleSentences(rule: Said, names: Names): string[] {
  const said = [conditionSentence(rule, names)];
  if (rule.on_delay_ms) said.push(t('rule.says.on_delay', { time: span(rule.on_delay_ms) }));
  said.push(
    t('rule.says.priority', { priority: rule.priority, name: priorityName(rule.priority) }),
  );
  if (rule.deadband)
    said.push(t('rule.says.deadband', { distance: quantity(rule.deadband, names.unit) }));
  if (rule.off_delay_ms) said.push(t('rule.says.off_delay', { time: span(rule.off_delay_ms) }));
  if (rule.latching) said.push(t('rule.says.latching'));
  if (rule.on_bad && rule.on_bad !== 'hold') said.push(t(`rule.says.on_bad.${rule.on_bad}`));
  if (rule.re_alarm_s) said.push(t('rule.says.re_alarm', { time: span(rule.re_alarm_s * 1000) }));
  if (rule.group) said.push(t('rule.says.group', { group: rule.group }));
  if (rule.suppress_when) said.push(t('rule.says.suppress', { text: rule.suppress_when }));
  if (rule.enabled === false) said.push(t('rule.says.disabled'));
  return said;
}
